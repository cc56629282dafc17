"""Composite splitting against independent minimisers, and the published algorithm as published."""

import itertools
import math

import numpy as np
import pytest

from corporis.functionals import L1, QuadraticMisfit, RealImage, TotalVariation, Transformed, Zero
from corporis.interfaces import Iterate
from corporis.operators import Cartesian, Identity, Wavelet
from corporis.solvers import (
    CompositeGap,
    TotalVariationProx,
    WarmProximable,
    composite_splitting,
    fcsa,
    primal_dual,
    run,
)
from corporis.solvers._total_variation_kernel import descend

SIDE = 32


def after(iterates, count) -> Iterate:
    return next(itertools.islice(iterates, count - 1, None))


@pytest.fixture(scope="module")
def scan():
    """A third of the k-space of a piecewise constant image in [0, 1], with noise."""
    rng = np.random.default_rng(3)
    image = np.kron(rng.uniform(0, 1, (4, 4)), np.ones((8, 8)))
    mask = rng.random((SIDE, SIDE)) < 0.35
    mask[SIDE // 2 - 3 : SIDE // 2 + 3, SIDE // 2 - 3 : SIDE // 2 + 3] = True
    encoding = Cartesian((SIDE, SIDE), mask)
    noise = rng.standard_normal((2, SIDE, SIDE)) * 0.01
    return encoding, encoding @ image + mask * (noise[0] + 1j * noise[1]), image


def problem(scan, alpha, beta, n_inner=10, box=(0.0, 1.0)):
    encoding, data, _ = scan
    misfit = RealImage(QuadraticMisfit(encoding, data, bound=1.0))
    tv = TotalVariationProx(TotalVariation((SIDE, SIDE), alpha), *box, n_inner)
    return misfit, [tv, Transformed(L1(beta), Wavelet((SIDE, SIDE), "db2", levels=3))]


@pytest.mark.parametrize(("alpha", "beta"), [(3e-3, 3e-3), (1e-3, 3.5e-2)])
def test_the_minimum_is_that_of_another_solver(scan, alpha, beta):
    misfit, penalties = problem(scan, alpha, beta)
    tv, wavelets = penalties
    found = np.clip(
        after(composite_splitting(misfit, penalties, np.zeros((SIDE, SIDE))), 400).x, 0, 1
    )
    objective = CompositeGap(misfit, penalties).objective
    # no box here: the image lies inside of it, and the objectives are comparable from above
    other = primal_dual(misfit, wavelets, tv.penalty.penalty, tv.penalty.gradient_operator, found)
    reference = np.clip(run(other, at_most=3000).x, 0, 1)
    assert objective(found) <= objective(reference) * (1 + 1e-3)
    # and the published algorithm stays above it
    published = fcsa(
        misfit, [TotalVariationProx(tv.penalty), wavelets], found * 0, low=0.0, high=1.0
    )
    assert objective(after(published, 400).x) > objective(found) * (1 + 2e-3)


@pytest.mark.parametrize("box", [(0.0, 1.0), (-math.inf, math.inf)])
def test_the_gap_certifies_itself_small(scan, box):
    misfit, penalties = problem(scan, 3e-3, 3e-3, n_inner=20, box=box)
    gap = CompositeGap(misfit, penalties)
    iterates = composite_splitting(misfit, penalties, np.zeros((SIDE, SIDE)))
    result = run(iterates, at_most=1500, audit=gap, every=100)
    assert result.gap < 5e-4 * gap.objective(np.clip(result.x, *box))
    assert result.trace[0] > result.trace[-1]
    with pytest.raises(ValueError, match="not both"):
        run(iterates, at_most=1, audit=gap, certificate=lambda x: 0.0)


def test_fcsa_is_the_recurrence_of_the_paper_bit_for_bit(scan):
    encoding, data, _ = scan
    misfit, (tv, wavelets) = problem(scan, 2e-3, 4e-3, box=(-math.inf, math.inf))
    r = x = np.zeros((SIDE, SIDE))
    t, dual = 1.0, np.zeros((2, SIDE, SIDE))
    for _ in range(30):
        forward = r - 1.0 * (encoding.H @ (encoding @ r - data)).real
        x1, dual = tv.prox_from(forward, 2.0, dual)
        x2 = wavelets.prox(forward, 2.0)
        new = np.clip((x1 + x2) / 2, 0.0, 1.0)
        grown = (1 + math.sqrt(1 + 4 * t**2)) / 2
        r = new + ((t - 1) / grown) * (new - x)
        x, t = new, grown
    found = after(fcsa(misfit, [tv, wavelets], np.zeros((SIDE, SIDE)), low=0.0, high=1.0), 30)
    np.testing.assert_array_equal(found.x, x)


def test_more_total_variation_than_evidence_leaves_a_mean(scan):
    misfit, penalties = problem(scan, 10.0, 1e-6)
    x = after(composite_splitting(misfit, penalties, np.zeros((SIDE, SIDE))), 600).x
    assert np.ptp(x) < 0.02 and x.mean() == pytest.approx(scan[2].mean(), abs=0.02)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64, np.complex128])
@pytest.mark.parametrize("spacing", [1.0, (2.0, 0.5)])
def test_the_kernel_is_the_plain_version(rng, dtype, spacing):
    x = rng.standard_normal((9, 7)).astype(dtype)
    if x.dtype.kind == "c":
        x += (1j * rng.standard_normal((9, 7))).astype(dtype)
    box = {} if x.dtype.kind == "c" else {"low": -0.4, "high": 0.9}
    prox = TotalVariationProx(TotalVariation((9, 7), 0.6, spacing=spacing), n_inner=13, **box)
    dual = prox.rest(x)
    limits, spaces = (prox.low, prox.high), tuple(np.broadcast_to(spacing, 2).tolist())
    compiled = descend(x, dual, 0.6 * 0.8, limits, spaces, 13)
    plain = prox._descend(x, dual, 0.6 * 0.8)
    tolerance = 2e-5 if np.finfo(dtype).eps > 1e-10 else 1e-12
    np.testing.assert_allclose(compiled, plain, atol=tolerance)
    assert compiled.dtype == dtype and prox.prox(x, 0.8).dtype == dtype
    assert not dual.any()  # what was handed in is untouched


def test_the_dual_gap_of_denoising_closes(rng):
    x = np.kron(np.eye(4), np.ones((8, 8)))
    x = x + 0.1 * rng.standard_normal(x.shape)
    prox = TotalVariationProx(TotalVariation(x.shape, 0.15), n_inner=20000)
    z, dual = prox.prox_from(x, 1.0, prox.rest(x))
    assert prox.gap(z, x, 1.0, dual) < 1e-6
    assert prox.gap(x, x, 1.0, prox.rest(x)) > 1.0
    assert np.linalg.norm(dual, axis=0).max() <= 1 + 1e-12


def test_a_warm_start_saves_steps(rng):
    x = rng.random((24, 24))
    few = TotalVariationProx(TotalVariation(x.shape, 0.3), n_inner=10)
    exact = TotalVariationProx(TotalVariation(x.shape, 0.3), n_inner=3000).prox(x, 1.0)
    dual = few.rest(x)
    distance = []
    for _ in range(8):
        near, dual = few.prox_from(x, 1.0, dual)
        distance.append(np.linalg.norm(near - exact))
    assert distance == sorted(distance, reverse=True) and distance[-1] < 0.5 * distance[0]


def test_torch_gives_the_same_iterates(scan):
    import torch

    encoding, data, _ = scan
    tv = TotalVariationProx(TotalVariation((SIDE, SIDE), 3e-3), n_inner=5)
    start = np.zeros((SIDE, SIDE), complex)
    wavelets = Transformed(L1(3e-3), Identity((SIDE, SIDE)))
    by_numpy = after(
        composite_splitting(QuadraticMisfit(encoding, data, bound=1.0), [tv, wavelets], start), 12
    )
    misfit = QuadraticMisfit(encoding, torch.from_numpy(data), bound=1.0)
    by_torch = after(composite_splitting(misfit, [tv, wavelets], torch.from_numpy(start)), 12)
    np.testing.assert_allclose(by_torch.x.numpy(), by_numpy.x, atol=1e-10)


def test_what_cannot_be_solved_is_refused():
    misfit = QuadraticMisfit(Identity((3,)), np.ones(3), bound=1.0)
    with pytest.raises(ValueError, match="at least one"):
        next(composite_splitting(misfit, [], np.zeros(3)))
    with pytest.raises(ValueError, match="inertia"):
        next(composite_splitting(misfit, [L1()], np.zeros(3), inertia=1.0))
    with pytest.raises(ValueError, match="step"):
        next(fcsa(misfit, [L1()], np.zeros(3), step=-1.0))
    with pytest.raises(ValueError, match="low"):
        TotalVariationProx(TotalVariation((3,)), low=1.0, high=0.0)
    with pytest.raises(ValueError, match="n_inner"):
        TotalVariationProx(TotalVariation((3,)), n_inner=0)
    boxed = TotalVariationProx(TotalVariation((3,)), low=0.0)
    with pytest.raises(ValueError, match="real images"):
        boxed.prox(np.zeros(3, complex), 1.0)
    with pytest.raises(ValueError, match="box or a norm"):
        CompositeGap(misfit, [Zero()])
    weighted = QuadraticMisfit(Identity((3,)), np.ones(3), np.ones(3), bound=1.0)
    with pytest.raises(ValueError, match="weights"):
        CompositeGap(weighted, [L1()])
    assert isinstance(boxed, WarmProximable) and not isinstance(L1(), WarmProximable)
    assert boxed(np.array([-1.0, 0, 0])) == math.inf
