"""Values by hand, what is refused, and the same answers with torch; the laws are in tests/laws."""

import math

import array_api_compat.torch as torch
import numpy as np
import pytest
from sklearn.metrics import log_loss

from corporis.functionals import (
    L0,
    L1,
    L21,
    Box,
    GroupL2,
    Huber,
    Leading,
    LogisticLoss,
    NonNegative,
    Norm,
    Nuclear,
    QuadraticForm,
    QuadraticMisfit,
    Simplex,
    SparseGroup,
    SquaredL2,
    TotalVariation,
    Zero,
)
from corporis.interfaces import Proximable, Smooth
from corporis.operators import Dictionary, FiniteDifference, Identity

RNG = np.random.default_rng(5)
LABELS = [0, 1, 1, 2]
LOSS = LogisticLoss(RNG.standard_normal((6, 3)), [0, 1, 2, 0, 1, 2], 3, has_intercept=True)
PROXIMABLE = {
    "L0": L0(0.3),
    "L1": L1(0.3),
    "L1 with weights": L1(np.array([[0.1], [0.2], [0.0], [1.0]])),
    "L21": L21(0.3, axis=1),
    "Box": Box(-0.5, np.full((4, 1), 0.5)),
    "GroupL2": GroupL2(0.3, LABELS),
    "SparseGroup": SparseGroup(0.1, 0.2, LABELS),
    "Huber": Huber(0.5),
    "Leading": Leading(L1(0.3), 3),
    "NonNegative": NonNegative(),
    "Nuclear": Nuclear(0.3),
    "Simplex": Simplex(),
    "SquaredL2": SquaredL2(0.3),
    "Zero": Zero(),
}
SMOOTH = {
    "Huber": Huber(0.5, 2.0),
    "LogisticLoss": LOSS,
    "QuadraticForm": QuadraticForm(FiniteDifference((4, 3)), 0.5),
    "QuadraticMisfit": QuadraticMisfit(
        Dictionary(RNG.standard_normal((5, 4)), columns=(3,)),
        torch.asarray(RNG.standard_normal((5, 3))),
        np.arange(5.0)[:, None],
    ),
    "SquaredL2": SquaredL2(0.3),
}
POINTS = [RNG.standard_normal((4, 3)), 0 * RNG.standard_normal((4, 3)), 9 * np.ones((4, 3))]


@pytest.mark.parametrize("name", PROXIMABLE)
def test_prox_is_the_same_with_torch(name):
    f = PROXIMABLE[name]
    assert isinstance(f, Proximable)
    for x in POINTS:
        there = f.prox(torch.asarray(x), 0.7)
        np.testing.assert_allclose(there.numpy(), f.prox(x, 0.7), atol=1e-12)
        assert f.prox(torch.asarray(x, dtype=torch.float32), 0.7).dtype == torch.float32
        assert math.isclose(f(torch.asarray(x)), f(x), rel_tol=1e-12, abs_tol=1e-12)


@pytest.mark.parametrize("name", [n for n, f in PROXIMABLE.items() if isinstance(f, Norm)])
def test_dual_norm_is_the_same_with_torch(name):
    f = PROXIMABLE[name]
    x = POINTS[0]
    assert math.isclose(f.polar(torch.asarray(x)), f.polar(x), rel_tol=1e-9)
    assert f.polar(0 * x) == 0


@pytest.mark.parametrize("name", SMOOTH)
def test_gradient_is_the_same_with_torch(name):
    f = SMOOTH[name]
    assert isinstance(f, Smooth)
    if name == "QuadraticMisfit":
        here = QuadraticMisfit(f.operator, f.data.numpy(), f.weights)
        assert math.isclose(f.lipschitz, here.lipschitz, rel_tol=1e-9)
    else:
        here = f
    for x in POINTS:
        there = f.gradient(torch.asarray(x))
        np.testing.assert_allclose(there.numpy(), here.gradient(x), atol=1e-10)
        assert math.isclose(f(torch.asarray(x)), here(x), rel_tol=1e-10, abs_tol=1e-12)


@pytest.mark.parametrize("name", PROXIMABLE)
@pytest.mark.parametrize("step", [0.0, -1.0, float("nan")])
def test_step_must_be_positive(name, step):
    with pytest.raises(ValueError, match="step must be > 0"):
        PROXIMABLE[name].prox(np.ones((4, 3)), step)


@pytest.mark.parametrize("kind", [L0, L1, L21, Nuclear, SquaredL2])
@pytest.mark.parametrize("weight", [-1.0, float("nan"), float("inf")])
def test_weight_must_be_finite_and_not_negative(kind, weight):
    with pytest.raises(ValueError, match="weight must be finite"):
        kind(weight)


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: L1(np.array([1.0, -1.0])), "weight must be finite"),
        (lambda: GroupL2(-1.0, LABELS), "weight must be finite"),
        (lambda: SparseGroup(-1.0, 0.0, LABELS), "l1 must be finite"),
        (lambda: SparseGroup(1.0, np.inf, LABELS), "group must be finite"),
        (lambda: SparseGroup(1.0, 1.0, [0, 2]), "labels must be 0 to"),
        (lambda: SparseGroup(1.0, 1.0, [-1, 0]), "labels must be 0 to"),
        (lambda: SparseGroup(1.0, 1.0, [0.0, 1.0]), "list of integers"),
        (lambda: SparseGroup(1.0, 1.0, LABELS, [1.0]), "group_weights must be 3"),
        (lambda: Huber(0.0), "width must be"),
        (lambda: Huber(1.0, -1.0), "weight must be"),
        (lambda: Box(1.0, 0.0), "lower must be"),
        (lambda: Simplex(0.0), "total must be"),
        (lambda: Leading(L1(), 0), "n_rows must be"),
        (lambda: TotalVariation((3,), -1.0), "weight must be"),
        (lambda: TotalVariation((3,), boundary="mirror"), "boundary must be"),
        (lambda: QuadraticForm(Identity((2,)), -1.0), "weight must be"),
        (lambda: QuadraticMisfit(Identity((2,)), np.zeros(3)), "data must have shape"),
        (lambda: QuadraticMisfit(Identity((1,)), np.array([np.nan])), "data must be finite"),
        (lambda: QuadraticMisfit(Identity((1,)), np.zeros(1), -1.0), "weights must be"),
        (lambda: LogisticLoss(np.zeros((2, 1)), [0, 2]), "labels must be 0 to"),
        (lambda: LogisticLoss(np.zeros((2, 1)), [0, 1, 1]), "needed, got"),
        (lambda: LogisticLoss(np.zeros((2, 1)), [0, 1], 2, [1.0, -1.0]), "sample_weights"),
        (lambda: LogisticLoss(np.zeros((2, 1)), [0, 1], 2, [0.0, 0.0]), "some sample weight"),
        (lambda: LogisticLoss(np.full((2, 1), np.inf), [0, 1]), "features must be finite"),
    ],
)
def test_refused_at_birth(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_indicators_are_infinite_outside():
    assert Box(0, 1)(np.array([1.1])) == NonNegative()(np.array([-0.1])) == math.inf
    assert Simplex()(np.array([0.5, 0.4])) == Simplex()(np.array([1.5, -0.5])) == math.inf
    assert Box(0, 1)(np.array([1.0])) == NonNegative()(np.array([0.0])) == 0


def test_free_entries_have_no_dual_norm():
    assert L1(np.array([0.0, 1.0])).polar(np.array([0.1, 1.0])) == math.inf
    assert L1(np.array([0.0, 1.0])).polar(np.array([0.0, 1.0])) == 1.0
    for f in (L21(0.0), Nuclear(0.0)):
        assert f.polar(np.ones((2, 2))) == math.inf and f.polar(np.zeros((2, 2))) == 0
    assert GroupL2(0.0, [0, 0]).polar(np.ones(2)) == math.inf
    assert SparseGroup(0.0, 1.0, [0, 1], [0.0, 1.0]).polar(np.ones(2)) == math.inf


def test_group_prox_with_one_group_a_row_is_l21(rng):
    x = rng.standard_normal((5, 3))
    f, g = GroupL2(0.4, np.arange(5)), L21(0.4, axis=1)
    np.testing.assert_allclose(f.prox(x, 0.5), g.prox(x, 0.5), atol=1e-15)
    assert math.isclose(f(x), g(x)) and math.isclose(f.polar(x), g.polar(x))


def test_groups_may_be_renamed_and_rows_permuted(rng):
    x, labels, order = rng.standard_normal(6), np.array([0, 0, 1, 1, 2, 2]), rng.permutation(6)
    weights = np.array([1.0, 2.0, 0.5])
    first = SparseGroup(0.1, 0.3, labels, weights)
    other = SparseGroup(0.1, 0.3, 2 - labels[order], weights[::-1])
    np.testing.assert_allclose(first.prox(x, 1.0)[order], other.prox(x[order], 1.0), atol=1e-15)


def test_logistic_loss_is_the_log_loss(rng):
    features, labels = rng.standard_normal((20, 3)), np.arange(20) % 3
    weights = rng.random(20)
    loss = LogisticLoss(features, labels, 3, weights / weights.sum())
    x = rng.standard_normal((3, 3))
    expected = log_loss(labels, loss.probabilities(x), sample_weight=weights)
    assert math.isclose(loss(x), expected, rel_tol=1e-12)


def test_two_classes_are_the_multinomial_of_two(rng):
    features, labels = rng.standard_normal((20, 3)), np.arange(20) % 2
    x = rng.standard_normal(3)
    odds = features @ x
    by_hand = np.mean(np.logaddexp(0, -np.where(labels == 1, odds, -odds)))
    assert math.isclose(LogisticLoss(features, labels)(x), by_hand, rel_tol=1e-12)


def test_logistic_loss_survives_huge_scores():
    loss = LogisticLoss(np.array([[1.0], [-1.0]]), [0, 1])
    assert loss(np.array([1e5])) == 1e5
    assert loss.gradient(np.array([1e5])).tolist() == [1.0]


def test_a_datum_of_weight_zero_says_nothing():
    f = QuadraticMisfit(Identity((2,)), np.array([1.0, 5.0]), np.array([1.0, 0.0]))
    assert f(np.array([1.0, 100.0])) == 0
    assert f.gradient(np.array([2.0, 100.0])).tolist() == [1.0, 0.0]


def test_total_variation_of_a_disc_is_its_rim_for_any_spacing():
    for n, spacing in ((200, 0.01), (400, 0.005)):
        centre = (np.arange(n) - n / 2 + 0.5) * spacing
        radius = np.hypot(centre[:, None], centre)
        # A ramp of finite width, because forward differences of a jump depend on its direction.
        disc = np.clip((0.6 - radius) / 0.1 + 0.5, 0, 1)
        value = TotalVariation((n, n), spacing=spacing)(disc) * spacing**2
        assert abs(value / (2 * np.pi * 0.6) - 1) < 0.01
