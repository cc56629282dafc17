"""Composite splitting: several penalties, each by its own prox, on one smooth misfit."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from corporis.arrays import namespace
from corporis.interfaces import Array, Iterate, Proximable, Smooth
from corporis.solvers import _splitting_kernel
from corporis.solvers.proximal import relative_change
from corporis.solvers.warm import WarmProximable, rest, warm_prox

Penalty = Proximable | WarmProximable


@dataclass(frozen=True)
class Splits:
    """What composite splitting remembers: the split variables, and each penalty's own memory.

    ``z``, one a penalty along the first axis, average to the point that is improved; ``before``
    are those of the iteration before, ``forward`` is the point after the gradient step, and
    ``reach`` the step of each prox.
    """

    z: Array
    before: Array
    warm: tuple[Any, ...]
    forward: Array
    reach: float

    @property
    def pulls(self) -> tuple[Array, ...]:
        """``(argument - prox) / step`` of each penalty: subgradients that a certificate reads."""
        # argument = forward + centre - split and z = split + prox - centre
        return tuple((self.forward - split) / self.reach for split in self.z)


def composite_splitting(
    smooth: Smooth,
    penalties: Sequence[Penalty],
    start: Array | Iterate,
    *,
    step: float | None = None,
    inertia: float = 0.3,
) -> Iterator[Iterate]:
    r"""Minimise ``f(x) + sum_i g_i(x)``, the splits' corrections carried on.

    With ``m`` penalties, ``g = x - step grad f(x)`` and ``c_i = x - z_i``:
    ``x_i = prox_{m step g_i}(g + c_i)``, ``x = mean x_i``, ``z_i += x_i - x ...``: the composite
    splitting algorithm with one pass, whose corrections are not thrown away. Without inertia it
    is generalised forward-backward, which converges to the stated minimum; the fast algorithm as
    published (`fcsa`) forgets the corrections and stops above it.

    Parameters
    ----------
    smooth : Smooth
        ``f``.
    penalties : sequence of Proximable or WarmProximable
        ``g_i``, convex, at least one. A box belongs inside the prox of total variation.
    start : array or Iterate
        First guess, or an iterate to continue from, bit for bit.
    step : float or None
        In (0, 2 / lipschitz); None takes ``1 / smooth.lipschitz``.
    inertia : float
        In [0, 1): how far the splits go on in their last direction.

    Yields
    ------
    Iterate
        `memory` is a `Splits`.

    Raises
    ------
    ValueError
        If there is no penalty, the step is not positive and finite, or `inertia` not in [0, 1).

    References
    ----------
    Huang, Zhang, Li & Metaxas (2011), Comput. Vis. Image Underst. 115, 1610-1622 (splitting);
    Raguet, Fadili & Peyre (2013), SIAM J. Imaging Sci. 6, 1199-1226, doi:10.1137/120872802

    Examples
    --------
    >>> import numpy as np
    >>> from corporis.functionals import L1, NonNegative, SquaredL2
    >>> iterates = composite_splitting(SquaredL2(), [L1(), NonNegative()], np.array([3.0]))
    >>> next(iterates).x.tolist()
    [0.0]
    """
    step, m = _settled(smooth, penalties, step, inertia), len(penalties)
    if isinstance(start, Iterate):
        x, count, state = start.x, start.count, start.memory
    else:
        x, count = start, 0
        z = namespace(x).stack([x] * m)
        state = Splits(z, z, tuple(rest(g, x) for g in penalties), x, m * step)
    while True:
        ahead, centre = depart(state.z, state.before, inertia)
        forward, arguments = aim(ahead, centre, smooth.gradient(centre), step)
        near, warm = [], []
        for argument, penalty, memory in zip(arguments, penalties, state.warm):
            found, memory = warm_prox(penalty, argument, m * step, memory)
            near.append(found)
            warm.append(memory)
        moved, x, change = arrive(ahead, centre, near, x)
        state, count = Splits(moved, state.z, tuple(warm), forward, m * step), count + 1
        yield Iterate(x, count, change, state)


def depart(z: Array, before: Array, inertia: float) -> tuple[Array, Array]:
    """Splits gone on in their last direction, and their mean."""
    if _splitting_kernel.fits(z):
        return _splitting_kernel.depart(z, before, inertia)
    ahead = z + inertia * (z - before)
    return ahead, namespace(z).mean(ahead, axis=0)


def aim(ahead: Array, centre: Array, gradient: Array, step: float) -> tuple[Array, Array]:
    """``forward = centre - step gradient``, and the argument of each prox."""
    if _splitting_kernel.fits(ahead):
        return _splitting_kernel.aim(ahead, centre, gradient, step)
    forward = centre - step * gradient
    return forward, forward + (centre - ahead)


def arrive(
    ahead: Array, centre: Array, near: Sequence[Array], old: Array
) -> tuple[Array, Array, float]:
    """Splits moved by their prox, their mean, and its relative change since `old`."""
    if _splitting_kernel.fits(ahead):
        return _splitting_kernel.arrive(ahead, centre, near, old)
    xp = namespace(ahead)
    moved = ahead + (xp.stack(list(near)) - centre)
    new = xp.mean(moved, axis=0)
    return moved, new, relative_change(new, old)


def fcsa(
    smooth: Smooth,
    penalties: Sequence[Penalty],
    start: Array | Iterate,
    *,
    step: float | None = None,
    low: float = -math.inf,
    high: float = math.inf,
) -> Iterator[Iterate]:
    r"""The fast composite splitting algorithm as published: the mean of proxes, with momentum.

    ``x_i = prox_{m step g_i}(r - step grad f(r))``, ``x = clip(mean x_i)``, and the extrapolation
    of FISTA. It minimises the proximal average instead of the sum, so it stops above the minimum
    of the stated objective, by some per cent at strong penalties; `composite_splitting` does not.

    Parameters
    ----------
    smooth : Smooth
        ``f``.
    penalties : sequence of Proximable or WarmProximable
        ``g_i``, at least one.
    start : array or Iterate
        First guess, or an iterate to continue from, bit for bit.
    step : float or None
        In (0, 1 / lipschitz]; None takes ``1 / smooth.lipschitz``.
    low, high : float
        Limits to which a real mean is clipped.

    Yields
    ------
    Iterate
        `memory` holds the extrapolated point, the momentum number and the penalties' memories.

    Raises
    ------
    ValueError
        If there is no penalty or the step is not positive and finite.

    References
    ----------
    Huang, Zhang & Metaxas (2011), Med. Image Anal. 15, 670-679,
    doi:10.1016/j.media.2011.06.001

    Examples
    --------
    >>> import numpy as np
    >>> from corporis.functionals import L1, SquaredL2
    >>> next(fcsa(SquaredL2(), [L1()], np.array([3.0]))).x.tolist()
    [0.0]
    """
    step, m = _settled(smooth, penalties, step, 0.0), len(penalties)
    if isinstance(start, Iterate):
        x, count = start.x, start.count
        ahead, momentum, warm = start.memory
    else:
        x, count, ahead, momentum = start, 0, start, 1.0
        warm = tuple(rest(g, x) for g in penalties)
    has_box = math.isfinite(low) or math.isfinite(high)
    while True:
        forward = ahead - step * smooth.gradient(ahead)
        pairs = [warm_prox(g, forward, m * step, w) for g, w in zip(penalties, warm)]
        warm = tuple(memory for _, memory in pairs)
        new = sum((near for near, _ in pairs[1:]), pairs[0][0]) / m
        if has_box:
            new = namespace(new).clip(new, low, high)
        grown = (1 + math.sqrt(1 + 4 * momentum**2)) / 2
        ahead = new + ((momentum - 1) / grown) * (new - x)
        count += 1
        change = relative_change(new, x)
        x, momentum = new, grown
        yield Iterate(x, count, change, (ahead, momentum, warm))


def _settled(smooth, penalties, step, inertia) -> float:
    if not penalties:
        raise ValueError("penalties must be at least one, got none")
    if not 0 <= inertia < 1:
        raise ValueError(f"inertia must be in [0, 1), got {inertia}")
    if step is None:
        step = 1 / smooth.lipschitz if smooth.lipschitz > 0 else 1.0
    if not 0 < step < math.inf:
        raise ValueError(f"step must be finite and > 0, got {step}")
    return float(step)
