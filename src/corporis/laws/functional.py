"""Laws of functionals: proxes, norms and gradients."""

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from corporis.arrays import inner, norm
from corporis.interfaces import Array, Proximable, Smooth
from corporis.laws.breach import LawBroken, check_kind, normal_like


def check_convex_prox(
    f: Proximable,
    x: Array,
    step: float,
    rng: np.random.Generator,
    *,
    others: Sequence[Array] = (),
) -> None:
    """The prox ``p`` satisfies ``f(z) >= f(p) + Re<x - p, z - p> / step`` for all ``z``.

    The ``z`` are near ``p`` and far, along single entries and all at once, on the way from
    ``p`` to `x`, and inside the domain of an indicator.

    Parameters
    ----------
    f : Proximable
        Convex.
    x : array
        Double precision, NumPy.
    step : float
    rng : numpy.random.Generator
    others : sequence of array
        More points ``z``, for functionals that are infinite almost everywhere.

    Raises
    ------
    LawBroken
    """
    p = _valid_prox(f, x, step)
    value, slope = f(p), (x - p) / step
    if not math.isfinite(value):
        raise LawBroken(f"{f}: the prox is outside the domain, f(p) = {value}")
    n_finite = 0
    for z in itertools.chain(_around(f, x, p, step, rng), others):
        there = f(z)
        if not math.isfinite(there):
            continue
        n_finite += 1
        rise = inner(slope, z - p).real
        rounding = 1e-9 * (abs(value) + abs(there) + norm(slope) * norm(z - p)) + 1e-13
        if there < value + rise - rounding:
            raise LawBroken(
                f"{f}: f(z) = {there} < {value + rise} = f(p) + Re<x - p, z - p>/step "
                f"at distance {norm(z - p):.3g}, step {step}"
            )
    if n_finite < 20:
        raise LawBroken(f"{f}: only {n_finite} points z in the domain, give more as `others`")


def check_nonconvex_prox(
    f: Proximable, x: Array, step: float, *, axis: int | tuple[int, ...] | None = None
) -> None:
    """No other value of any entry (or length of any group) has a smaller objective.

    Parameters
    ----------
    f : Proximable
        A sum over entries, or over groups along `axis`, of functions of the magnitude.
    x : array
        NumPy.
    step : float
    axis : int, tuple of int or None
        Axes that form a group; None takes single entries.

    Raises
    ------
    LawBroken
    """
    p = _valid_prox(f, x, step)

    def objective(z):
        return step * f(z) + 0.5 * norm(z - x) ** 2

    best = objective(p)
    axes = () if axis is None else (axis,) if isinstance(axis, int) else axis
    grid_shape = [1 if a in [b % x.ndim for b in axes] else n for a, n in enumerate(x.shape)]
    shares = np.unique(np.concatenate([np.linspace(-0.5, 1.5, 801), [0.0, 1.0]]))
    for place in np.ndindex(*grid_shape):
        unit = np.zeros(grid_shape, dtype=bool)
        unit[place] = True
        unit = np.broadcast_to(unit, x.shape)
        for share in shares:
            z = np.where(unit, share * x, p)
            if objective(z) < best - 1e-12 * (1 + abs(best)):
                raise LawBroken(
                    f"{f}: {share} times the entry at {place} has the objective {objective(z)}, "
                    f"the prox {best}"
                )


def check_norm(f: Any, u: Array, rng: np.random.Generator) -> None:
    """The dual norm bounds every inner product, and is the smallest number that does.

    Where ``t > polar(u)``, ``u / t`` is a subgradient at zero, so ``prox(u / t, 1) = 0``; where
    ``t < polar(u)`` it is not.

    Parameters
    ----------
    f : Norm
        Proximable, with ``polar``.
    u : array
        Not zero.
    rng : numpy.random.Generator

    Raises
    ------
    LawBroken
    """
    polar = f.polar(u)
    if not 0 < polar < math.inf:
        raise LawBroken(f"{f}: polar must be positive and finite here, got {polar}")
    for _ in range(100):
        z = normal_like(rng, u) * rng.choice([0.0, 1.0, 10.0], size=u.shape)
        if inner(u, z).real > polar * f(z) * (1 + 1e-9) + 1e-12:
            raise LawBroken(f"{f}: Re<u, z> = {inner(u, z).real} > polar(u) f(z) = {polar * f(z)}")
    if norm(f.prox(u / (polar * (1 + 1e-6)), 1.0)) > 1e-12 * norm(u) / polar:
        raise LawBroken(f"{f}: polar(u) = {polar} is too small")
    if norm(f.prox(u / (polar * (1 - 1e-4)), 1.0)) == 0:
        raise LawBroken(f"{f}: polar(u) = {polar} is too large")


def check_smooth(f: Smooth, x: Array, rng: np.random.Generator) -> None:
    """The gradient is the derivative of the values, and no steeper than `lipschitz` allows.

    Parameters
    ----------
    f : Smooth
    x : array
        Double precision, NumPy.
    rng : numpy.random.Generator

    Raises
    ------
    LawBroken
    """
    before = x.copy()
    gradient = f.gradient(x)
    if not np.array_equal(before, x):
        raise LawBroken(f"{f} changed its input")
    check_kind(f, gradient, x, x.shape)
    for _ in range(10):
        direction = normal_like(rng, x)
        h = 1e-5 * max(norm(x), 1.0) / norm(direction)
        measured = (f(x + h * direction) - f(x - h * direction)) / (2 * h)
        stated = inner(gradient, direction).real
        rounding = 1e-9 * abs(f(x)) / (h * norm(direction))
        limit = 1e-4 * norm(gradient) + rounding + 1e-8
        if abs(measured - stated) > limit * norm(direction):
            raise LawBroken(f"{f}: slope {measured} by differences, {stated} by the gradient")
    for size in (1e-3, 1.0, 30.0):
        move = size * normal_like(rng, x)
        for _ in range(20):
            change = f.gradient(x + move) - gradient
            if norm(change) > f.lipschitz * norm(move) * (1 + 1e-7) + 1e-10 * (1 + norm(gradient)):
                ratio = norm(change) / norm(move)
                raise LawBroken(f"{f}: gradient changes by {ratio} a unit, bound {f.lipschitz}")
            if norm(change) == 0:
                break
            # Follow the change to where the curvature is largest.
            move = change * (norm(move) / norm(change))


def _valid_prox(f: Proximable, x, step):
    before = x.copy()
    p = f.prox(x, step)
    if not np.array_equal(before, x):
        raise LawBroken(f"{f} changed its input")
    if p.shape != x.shape or p.dtype != x.dtype:
        raise LawBroken(f"{f}: {x.dtype}{x.shape} came in, {p.dtype}{p.shape} went out")
    kind = np.complex64 if np.iscomplexobj(x) else np.float32
    # A step that NumPy computed is a float64 scalar: it must not widen single precision.
    single = f.prox(x.astype(kind), np.float64(step))
    if single.dtype != kind or norm(single - p) > 1e-3 * (1 + norm(p)):
        raise LawBroken(f"{f}: single precision gives {single.dtype}, {norm(single - p):.3g} off")
    return p


def _around(f, x, p, step, rng):
    """Points near and far, sparse and dense, inside the domain of `f`."""
    yield x
    yield 0 * x
    for share in (-0.5, 1e-3, 0.01, 0.1, 0.5, 0.9, 1.1, 2.0):
        yield p + share * (x - p)
        yield p * (1 + share)
        yield p * (1 - share)
    for size in (1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0):
        for _ in range(10):
            yield p + size * normal_like(rng, x)
            yield p + size * normal_like(rng, x) * (rng.random(x.shape) < 2 / x.size)
            inside = f.prox(x + size * normal_like(rng, x), step)
            yield inside
            yield p + 0.1 * (inside - p)
    for place in np.ndindex(*x.shape):
        for size in (1e-3, -1e-3, 0.1, -0.1, 1.0, -1.0):
            z = p.copy()
            z[place] += size
            yield z
        z = p.copy()
        z[place] = 0
        yield z
