"""Agreeing copies against composite splitting, its certificate, and the compiled arithmetic."""

import itertools
import sys

import numpy as np
import pytest

from corporis.functionals import L1, QuadraticMisfit, RealImage, TotalVariation, Transformed
from corporis.operators import Cartesian, Wavelet
from corporis.solvers import (
    CompositeGap,
    QuadraticProx,
    TotalVariationProx,
    _splitting_kernel,
    composite_splitting,
    consensus_admm,
    run,
)

SHAPE = (32, 32)


def scan(box):
    """Half of the k-space of a piecewise constant image in [0, 1], with noise; its penalties."""
    rng = np.random.default_rng(5)
    image = np.kron(rng.uniform(0, 1, (4, 4)), np.ones((8, 8)))
    mask = rng.random(SHAPE) < 0.4
    mask[12:20, 12:20] = True
    A = Cartesian(SHAPE, mask)
    noise = 0.01 * (rng.standard_normal(SHAPE) + 1j * rng.standard_normal(SHAPE))
    misfit = QuadraticMisfit(A, A @ image + mask * noise, bound=1.0)
    penalties = [
        TotalVariationProx(TotalVariation(SHAPE, 3e-3), *box),
        Transformed(L1(3e-3), Wavelet(SHAPE, "db2", levels=3)),
    ]
    return misfit, penalties


@pytest.mark.parametrize("is_real", [True, False])
def test_it_is_nearer_to_the_minimum_than_gradient_steps_and_says_so(is_real):
    misfit, penalties = scan((0.0, 1.0) if is_real else (-np.inf, np.inf))
    smooth = RealImage(misfit) if is_real else misfit
    start = misfit.operator.adjoint(misfit.data)
    start = start.real if is_real else start
    gap = CompositeGap(smooth, penalties)
    inside = (lambda x: np.clip(x, 0, 1)) if is_real else (lambda x: x)
    exact = consensus_admm(QuadraticProx(smooth), penalties, start)
    seen = list(itertools.islice(exact, 400))
    best = gap.objective(inside(seen[-1].x))
    assert gap(seen[-1]) < 2e-4 * best
    # the certificate is never below the true distance, at any iterate
    assert all(gap(it) >= gap.objective(inside(it.x)) - best - 1e-9 for it in seen[:60])
    slow = run(composite_splitting(smooth, penalties, start), at_most=25).x
    above = [gap.objective(inside(x)) / best - 1 for x in (seen[24].x, slow)]
    assert above[0] < 0.5 * above[1]


def test_numbers_out_of_range_are_refused():
    misfit, penalties = scan((-np.inf, np.inf))
    fit, start = QuadraticProx(misfit), np.zeros(SHAPE, complex)
    for wrong, words in (
        ({"first": 0.0}, "first must be finite and > 0, got 0.0"),
        ({"last": float("inf")}, "last must be finite"),
        ({"relaxation": 2.0}, r"relaxation must be in \(0, 2\), got 2.0"),
    ):
        with pytest.raises(ValueError, match=words):
            next(consensus_admm(fit, penalties, start, **wrong))
    with pytest.raises(ValueError, match="at least one"):
        next(consensus_admm(fit, [], start))


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64, np.complex128])
def test_the_compiled_arithmetic_is_the_plain_one(dtype, monkeypatch):
    module = sys.modules[composite_splitting.__module__]
    consensus = sys.modules[consensus_admm.__module__]
    rng = np.random.default_rng(2)

    def draw(*shape):
        x = rng.standard_normal(shape) + 1j * rng.standard_normal(shape)
        return (x if np.dtype(dtype).kind == "c" else x.real).astype(dtype)

    # a part of a larger array, so that it is not contiguous
    z, before, x, gradient = draw(3, 5, 8)[:, :, ::2], draw(3, 5, 4), draw(5, 4), draw(5, 4)
    calls = [
        lambda: module.depart(z, before, 0.3),
        lambda: module.aim(z, x, gradient, 0.7),
        lambda: module.arrive(z, x, list(before), gradient),
        lambda: (consensus.middle(z, before, 0.8),),
        lambda: (consensus.reach(x, z, before, 1.8, 0.6),),
        lambda: consensus.settle(z, list(before), gradient),
    ]
    compiled = [call() for call in calls]
    monkeypatch.setattr(_splitting_kernel, "fits", lambda _: False)
    bound = 20 * np.finfo(dtype).eps
    for call, found in zip(calls, compiled, strict=True):
        for one, other in zip(call(), found, strict=True):
            assert np.allclose(one, other, rtol=bound, atol=bound)
            assert getattr(one, "dtype", None) == getattr(other, "dtype", None)
