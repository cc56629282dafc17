"""Alternating directions with a copy of the image for each penalty, the data met exactly."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from corporis.arrays import namespace
from corporis.interfaces import Array, Iterate, Proximable
from corporis.solvers import _splitting_kernel
from corporis.solvers.proximal import relative_change
from corporis.solvers.warm import WarmProximable, rest, warm_prox

FIRST, LAST, N_GROWING = 0.05, 1.6, 50
FALLING = (150, 300)
"""Between these iterations the price falls to half: copies agree, duals still settle."""


@dataclass(frozen=True)
class Copies:
    """What `consensus_admm` remembers.

    ``z`` are the copies, one a penalty along the first axis, ``duals`` how far each was pulled
    from the image in total, scaled by the ``price`` of disagreement, ``warm`` each penalty's own
    memory and ``fit`` that of the misfit.
    """

    z: Array
    duals: Array
    warm: tuple[Any, ...]
    fit: Any
    price: float

    @property
    def pulls(self) -> tuple[Array, ...]:
        """A subgradient of each penalty at its copy, which a certificate reads."""
        return tuple(self.price * dual for dual in self.duals)


def consensus_admm(
    fit: Proximable | WarmProximable,
    penalties: Sequence[Proximable | WarmProximable],
    start: Array | Iterate,
    first: float = FIRST,
    last: float = LAST,
    *,
    relaxation: float = 1.8,
) -> Iterator[Iterate]:
    r"""Minimise ``f(x) + sum_i g_i(x)`` where the prox of ``f`` is exact: data met in k-space.

    With ``m`` penalties and the price ``r``: ``x = prox_{f / (m r)}(mean(z_i - u_i))``,
    ``z_i = prox_{g_i / r}(h_i + u_i)`` with ``h_i = relaxation x + (1 - relaxation) z_i``, and
    ``u_i`` takes what is left. A step of `composite_splitting` is bounded by the curvature of
    ``f``; here it is not, so that frequencies without a sample move at once. The price grows
    from `first` to `last` over fifty iterations, coarse contrast being settled before fine
    detail; from the 150th to the 300th it falls to half, for the certificate's sake, and stays, so
    that the known convergence holds.

    Parameters
    ----------
    fit : Proximable or WarmProximable
        ``f``: for k-space of one coil, `QuadraticProx` costs one pair of transforms.
    penalties : sequence of Proximable or WarmProximable
        ``g_i``, convex, at least one.
    start : array or Iterate
        First guess, or an iterate to continue from, bit for bit.
    first, last : float
        Prices of disagreement, > 0, in units of the curvature of ``f``: they change the speed,
        not the answer. A copy moves by about ``weight / price``: for images about 1, fifteen and
        five hundred times the weight of the penalties is near the best; the defaults suit 3e-3.
    relaxation : float
        In (0, 2).

    Yields
    ------
    Iterate
        ``x`` is the mean of the copies, `memory` is `Copies`.

    Raises
    ------
    ValueError
        If there is no penalty, a price is not positive and finite, or `relaxation` not in (0, 2).

    References
    ----------
    Boyd, Parikh, Chu, Peleato & Eckstein (2011), Found. Trends Mach. Learn. 3, 1-122, sections
    3.4 and 7, doi:10.1561/2200000016

    Examples
    --------
    >>> import numpy as np
    >>> from corporis.functionals import L1, NonNegative, QuadraticMisfit
    >>> from corporis.operators import Identity
    >>> from corporis.solvers import QuadraticProx, run
    >>> fit = QuadraticProx(QuadraticMisfit(Identity((2,)), np.array([3.0, -2.0])))
    >>> iterates = consensus_admm(fit, [L1(), NonNegative()], np.zeros(2))
    >>> run(iterates, at_most=200).x.round(4).tolist()
    [2.0, 0.0]
    """
    growth, m = _growth(penalties, first, last, relaxation), len(penalties)
    if isinstance(start, Iterate):
        x, count, state = start.x, start.count, start.memory
    else:
        x, count, xp = start, 0, namespace(start)
        z = xp.stack([x] * m)
        warm = tuple(rest(g, x) for g in penalties)
        state = Copies(z, xp.zeros_like(z), warm, rest(fit, x), float(first))
    while True:
        price = _price(count, first, last, growth)
        scale = state.price / price
        centre = middle(state.z, state.duals, scale)
        near, memory = warm_prox(fit, centre, 1 / (m * price), state.fit)
        arguments = reach(near, state.z, state.duals, relaxation, scale)
        pairs = [
            warm_prox(penalty, argument, 1 / price, own)
            for argument, penalty, own in zip(arguments, penalties, state.warm)
        ]
        z, duals, x, change = settle(arguments, [copy for copy, _ in pairs], x)
        state = Copies(z, duals, tuple(own for _, own in pairs), memory, price)
        count += 1
        yield Iterate(x, count, change, state)


def middle(z: Array, duals: Array, scale: float) -> Array:
    """Mean of ``z_i - scale u_i``."""
    if _splitting_kernel.fits(z):
        return _splitting_kernel.middle(z, duals, scale)
    return namespace(z).mean(z - scale * duals, axis=0)


def reach(near: Array, z: Array, duals: Array, relaxation: float, scale: float) -> Array:
    """``relaxation x + (1 - relaxation) z_i + scale u_i``: the argument of each prox."""
    if _splitting_kernel.fits(z):
        return _splitting_kernel.reach(near, z, duals, relaxation, scale)
    return relaxation * near + (1 - relaxation) * z + scale * duals


def settle(
    arguments: Array, copies: Sequence[Array], old: Array
) -> tuple[Array, Array, Array, float]:
    """Copies, duals ``argument_i - z_i``, the mean, and its relative change since `old`."""
    if _splitting_kernel.fits(arguments):
        return _splitting_kernel.settle(arguments, copies, old)
    xp = namespace(arguments)
    z = xp.stack(list(copies))
    new = xp.mean(z, axis=0)
    return z, arguments - z, new, relative_change(new, old)


def _price(count, first, last, growth):
    if count < N_GROWING:
        return first * growth**count
    begin, end = FALLING
    return last * 0.5 ** min(max(count - begin, 0) / (end - begin), 1)


def _growth(penalties, first, last, relaxation) -> float:
    if not penalties:
        raise ValueError("penalties must be at least one, got none")
    for name, value in (("first", first), ("last", last)):
        if not 0 < value < math.inf:
            raise ValueError(f"{name} must be finite and > 0, got {value}")
    if not 0 < relaxation < 2:
        raise ValueError(f"relaxation must be in (0, 2), got {relaxation}")
    return (last / first) ** (1 / N_GROWING)
