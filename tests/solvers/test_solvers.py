"""Rates, agreement between solvers, and what they refuse; the laws are in tests/laws."""

import itertools
import math

import array_api_compat.torch as torch
import numpy as np
import pytest

from corporis.functionals import (
    L1,
    LogisticLoss,
    QuadraticMisfit,
    SquaredL2,
    TotalVariation,
    Zero,
)
from corporis.interfaces import Iterate
from corporis.operators import Diagonal, Dictionary, Identity
from corporis.solvers import (
    LogisticGap,
    QuadraticGap,
    admm,
    conjugate_gradient,
    fista,
    orthogonal_matching_pursuit,
    primal_dual,
    proximal_gradient,
    refine_intercept,
    run,
)

RNG = np.random.default_rng(12)
# Singular values that fall slowly to nearly zero: the hard case for first-order methods.
HARD = Diagonal(1.0 / np.arange(1, 200))
HARD_MISFIT = QuadraticMisfit(HARD, np.ones(199), bound=1.0)


def values(iterates, count, objective):
    """Objective after each of the first iterations."""
    return np.array([objective(i.x) for i in itertools.islice(iterates, count)])


def test_proximal_gradient_never_rises():
    objective = lambda x: HARD_MISFIT(x) + L1(0.01)(x)  # noqa: E731
    fall = values(proximal_gradient(HARD_MISFIT, L1(0.01), np.zeros(199)), 100, objective)
    assert np.all(np.diff(fall) <= 0)


@pytest.mark.parametrize("restart", [False, True])
def test_fista_keeps_its_promised_rate(restart):
    # f(x_k) - f* <= 2 L ||x_0 - x*||^2 / (k + 1)^2, with L = 1 and f* = 0.
    errors = values(fista(HARD_MISFIT, Zero(), np.zeros(199), restart=restart), 150, HARD_MISFIT)
    count = np.arange(1, 151)
    distance = float(np.sum(np.arange(1.0, 200) ** 2))
    assert np.all(errors <= 2 * distance / (count + 1) ** 2)


def test_fista_is_faster_than_proximal_gradient_and_restart_faster_than_without():
    matrix = RNG.standard_normal((80, 60))
    misfit, penalty = QuadraticMisfit(Dictionary(matrix), RNG.standard_normal(80)), L1(1.0)
    gap = QuadraticGap(misfit, penalty)

    def n_needed(iterates):
        return run(iterates, at_most=20000, tolerance=1e-8, certificate=gap, every=1).count

    start = np.zeros(60)
    plain = n_needed(proximal_gradient(misfit, penalty, start))
    steady = n_needed(fista(misfit, penalty, start, restart=False))
    restarted = n_needed(fista(misfit, penalty, start))
    assert restarted < steady < plain


@pytest.mark.parametrize("solver", [fista, proximal_gradient])
def test_step_is_checked_and_used(solver):
    with pytest.raises(ValueError, match="step must be"):
        next(solver(HARD_MISFIT, Zero(), np.zeros(199), step=0.0))
    first = next(solver(HARD_MISFIT, Zero(), np.zeros(199), step=0.5))
    np.testing.assert_allclose(first.x, 0.5 / np.arange(1, 200))


def torch_or_numpy(library, dtype):
    """The lasso in one library and precision: its misfit and start."""
    atoms = np.random.default_rng(1).standard_normal((8, 5))
    data = np.random.default_rng(2).standard_normal(8)
    misfit = QuadraticMisfit(Dictionary(atoms), library.asarray(data.astype(dtype)))
    return misfit, library.zeros(5, dtype=getattr(library, dtype))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_torch_gives_the_same_lasso(dtype):
    found = []
    for library in (np, torch):
        misfit, start = torch_or_numpy(library, dtype)
        last = run(fista(misfit, L1(0.3), start), at_most=300).x
        assert last.dtype == getattr(library, dtype)
        found.append(np.asarray(last))
    np.testing.assert_allclose(found[0], found[1], atol=1e-5 if dtype == "float32" else 1e-12)


@pytest.mark.parametrize("solver", ["primal_dual", "admm", "conjugate_gradient"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_torch_gives_the_same_answer(solver, dtype):
    found = []
    for library in (np, torch):
        misfit, start = torch_or_numpy(library, dtype)
        iterates = {
            "primal_dual": primal_dual(misfit, Zero(), L1(0.3), Identity((5,)), start),
            "admm": admm(misfit, L1(0.3), Identity((5,)), start, inner_tolerance=1e-6),
            "conjugate_gradient": conjugate_gradient(
                misfit.operator.H @ misfit.operator, misfit.operator.H @ misfit.data, start
            ),
        }[solver]
        last = run(iterates, at_most=60, tolerance=1e-6).x
        assert last.dtype == getattr(library, dtype)
        found.append(np.asarray(last))
    np.testing.assert_allclose(found[0], found[1], atol=1e-4 if dtype == "float32" else 1e-6)


def test_complex_lasso_has_the_phases_of_its_data():
    data = np.array([3 + 4j, -2j, 0.1 + 0.1j])
    misfit = QuadraticMisfit(Identity((3,)), data)
    x = run(fista(misfit, L1(1.0), np.zeros(3, complex)), at_most=200, tolerance=1e-12).x
    np.testing.assert_allclose(x, [2.4 + 3.2j, -1j, 0], atol=1e-9)


def test_conjugate_gradients_end_after_as_many_steps_as_eigenvalues():
    values = np.repeat([1.0, 3.0, 10.0], 20)
    A = Diagonal(values)
    result = run(conjugate_gradient(A, np.ones(60), np.zeros(60)), at_most=20, tolerance=1e-12)
    assert result.count == 3
    np.testing.assert_allclose(result.x, 1 / values, rtol=1e-12)


def test_conjugate_gradients_at_the_answer_and_where_none_exists():
    only = list(conjugate_gradient(Identity((2,)), np.ones(2), np.ones(2)))
    assert [i.change for i in only] == [0.0]
    assert run(conjugate_gradient(Identity((2,)), np.zeros(2), np.zeros(2)), at_most=3).x.any() == 0
    with pytest.raises(ValueError, match="positive semidefinite"):
        list(conjugate_gradient(Diagonal(np.array([1.0, -2.0])), np.ones(2), np.zeros(2)))


def test_admm_and_primal_dual_agree_on_a_noisy_image():
    image = np.kron(np.array([[0.0, 1.0], [2.0, 1.0]]), np.ones((8, 8)))
    noisy = image + 0.2 * RNG.standard_normal(image.shape)
    misfit, tv = QuadraticMisfit(Identity((16, 16)), noisy), TotalVariation((16, 16), 0.3)
    start = np.zeros((16, 16))
    one = run(
        primal_dual(misfit, Zero(), tv.penalty, tv.gradient_operator, start),
        at_most=4000,
        tolerance=1e-9,
    )
    other = run(admm(misfit, tv.penalty, tv.gradient_operator, start), at_most=1000, tolerance=1e-8)
    np.testing.assert_allclose(one.x, other.x, atol=1e-3)
    # The dual bounds the minimum: P(x) - D(y) with y inside the unit discs.
    y = one.last.memory
    assert np.linalg.norm(y, axis=0).max() <= 0.3 * (1 + 1e-9)
    pulled = tv.gradient_operator.H @ y
    dual = float(np.sum(pulled * noisy) - 0.5 * np.sum(pulled**2))
    for result in (one, other):
        assert 0 <= misfit(result.x) + tv(result.x) - dual < 1e-4
    assert np.linalg.norm(one.x - image) < 0.5 * np.linalg.norm(noisy - image)


@pytest.mark.parametrize("balance", [0.1, 10.0])
def test_balance_changes_the_way_not_the_answer(balance):
    tv = TotalVariation((10,), 0.5)
    misfit = QuadraticMisfit(Identity((10,)), np.arange(10.0))
    iterates = primal_dual(
        misfit, Zero(), tv.penalty, tv.gradient_operator, np.zeros(10), balance=balance
    )
    x = run(iterates, at_most=5000, tolerance=1e-12).x
    # A ramp stays a ramp whose ends are cut: plateaus one level in.
    np.testing.assert_allclose(x, np.clip(np.arange(10.0), 0.5, 8.5), atol=1e-6)


def test_primal_dual_does_not_rest_at_a_start_where_the_misfit_is_flat():
    data, tv = np.array([0.0, 10.0]), TotalVariation((2,))
    misfit = QuadraticMisfit(Identity((2,)), data)
    iterates = primal_dual(misfit, Zero(), tv.penalty, tv.gradient_operator, data)
    assert run(iterates, at_most=500, tolerance=1e-9).x.round(6).tolist() == [1.0, 9.0]


@pytest.mark.parametrize("wrong", [0.0, -1.0, math.inf])
def test_splittings_refuse(wrong):
    with pytest.raises(ValueError, match="balance must be"):
        next(primal_dual(SquaredL2(), Zero(), L1(), Identity((2,)), np.ones(2), balance=wrong))
    with pytest.raises(ValueError, match="penalty must be"):
        next(admm(SquaredL2(), L1(), Identity((2,)), np.ones(2), penalty=wrong))


def test_pursuit_finds_the_atoms_that_made_the_data():
    rng = np.random.default_rng(3)
    atoms = rng.standard_normal((4, 10, 80)) * rng.uniform(0.5, 5, 80)
    code = np.zeros(80)
    code[[3, 40, 77]] = [1.0, -2.0, 0.5]
    dictionary = Dictionary(atoms)
    found = list(orthogonal_matching_pursuit(dictionary, dictionary @ code))
    assert len(found) == 3 and found[-1].change < 1e-12
    np.testing.assert_allclose(found[-1].x, code, atol=1e-10)


def test_pursuit_ends_when_atoms_are_used_up_and_skips_empty_ones():
    atoms = np.array([[1.0, 0.0], [0.0, 0.0]])
    (only,) = orthogonal_matching_pursuit(Dictionary(atoms), np.array([2.0, 1.0]))
    assert only.x.tolist() == [2.0, 0.0]
    single = orthogonal_matching_pursuit(Dictionary(atoms), np.array([2.0, 1.0], np.float32))
    assert next(single).x.dtype == np.float32
    with pytest.raises(ValueError, match="all zero"):
        next(orthogonal_matching_pursuit(Dictionary(atoms), np.zeros(2)))


def halves():
    """A solver that halves."""
    for count in itertools.count(1):
        yield Iterate(np.array(2.0**-count), count, 2.0**-count)


def test_run_stops_for_a_reason():
    assert run(halves(), at_most=3).reason == "at_most"
    assert run(halves(), at_most=9, tolerance=0.3).count == 2
    assert run(itertools.islice(halves(), 4), at_most=9).reason == "ended"
    broken = iter([Iterate(np.array(np.nan), 1, math.nan)])
    assert run(broken, at_most=9).reason == "diverged"
    with pytest.raises(ValueError, match="no iterate"):
        run(iter([]), at_most=3)
    with pytest.raises(ValueError, match=">= 1"):
        run(halves(), at_most=0)


def test_run_reports_gaps_and_lets_others_watch():
    seen = []
    result = run(
        halves(), at_most=25, watch=[seen.append], certificate=lambda x: float(x), every=10
    )
    assert [i.count for i in seen] == list(range(1, 26))
    assert result.trace == (2.0**-10, 2.0**-20, 2.0**-25)
    assert result.gap == 2.0**-25 and result.last.count == 25
    early = run(halves(), at_most=25, tolerance=1e-2, certificate=lambda x: float(x), every=1)
    assert (early.reason, early.count) == ("tolerance", 7)
    ended = run(itertools.islice(halves(), 4), at_most=9, certificate=lambda x: float(x))
    assert ended.gap == 2.0**-4


def test_refined_intercept_has_no_slope(rng):
    for n_classes in (2, 4):
        labels = np.arange(24) % n_classes
        labels[:12] = 0
        loss = LogisticLoss(
            rng.standard_normal((24, 3)), labels, n_classes, rng.random(24), has_intercept=True
        )
        x = 2 * rng.standard_normal(loss.shape)
        refined = refine_intercept(loss, x)
        np.testing.assert_array_equal(refined[:-1], x[:-1])
        assert np.abs(loss.gradient(refined)[-1]).max() < 1e-12
        assert loss(refined) <= loss(x)


def test_gap_of_the_null_model_is_zero_from_the_strongest_penalty_on(rng):
    loss = LogisticLoss(rng.standard_normal((30, 5)), np.arange(30) % 2, has_intercept=True)
    null = refine_intercept(loss, np.zeros(6))
    strongest = L1().polar(loss.gradient(null)[:-1])
    assert LogisticGap(loss, L1(strongest * 1.0001))(null) < 1e-14
    assert LogisticGap(loss, L1(strongest * 0.9))(null) > 1e-6


def test_gap_of_exact_data_is_the_penalty():
    misfit = QuadraticMisfit(Identity((2,)), np.array([1.0, 2.0]))
    assert QuadraticGap(misfit, L1(0.5))(np.array([1.0, 2.0])) == 1.5
