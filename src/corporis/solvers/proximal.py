"""Proximal gradient iterations: plain, and accelerated with restart (FISTA)."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from corporis.arrays import inner, norm
from corporis.interfaces import Array, Iterate, Proximable, Smooth
from corporis.solvers.warm import WarmProximable, rest, warm_prox


@dataclass(frozen=True, eq=False)
class Momentum:
    """What FISTA goes on with.

    Parameters
    ----------
    ahead : array
        The extrapolated point.
    number : float
        The momentum number, >= 1.
    warm : tuple
        The memory of the penalty, alone.
    forward, x : array
        Argument and result of the last prox.
    step : float
    """

    ahead: Array
    number: float
    warm: tuple[Any, ...]
    forward: Array
    x: Array
    step: float

    @property
    def pulls(self) -> tuple[Array, ...]:
        """A subgradient of the penalty at the iterate, alone: for a certificate."""
        return ((self.forward - self.x) / self.step,)


def proximal_gradient(
    smooth: Smooth, proximable: Proximable, start: Array | Iterate, *, step: float | None = None
) -> Iterator[Iterate]:
    r"""Minimise ``f(x) + g(x)`` by ``x <- prox_{step g}(x - step grad f(x))``.

    The objective never rises; the error falls as 1/count.

    Parameters
    ----------
    smooth, proximable : Smooth, Proximable
        ``f`` and ``g``; ``g`` may be non-convex, then the limit is a stationary point.
    start : array or Iterate
        First guess, or an iterate of an earlier run to continue from, bit for bit.
    step : float or None
        In (0, 2 / lipschitz); None takes ``1 / smooth.lipschitz``.

    Yields
    ------
    Iterate
        `change` is ``||x_new - x|| / max(||x_new||, tiny)``.

    Raises
    ------
    ValueError
        If the step is not positive and finite.

    References
    ----------
    Combettes & Wajs (2005), Multiscale Model. Simul. 4, 1168-1200, doi:10.1137/050626090

    Examples
    --------
    >>> import numpy as np
    >>> from corporis.functionals import L1, SquaredL2
    >>> x = next(proximal_gradient(SquaredL2(), L1(), np.array([3.0]))).x
    >>> x.tolist()
    [0.0]
    """
    step = _valid_step(smooth, step)
    x, count = _resume(start)
    while True:
        new = proximable.prox(x - step * smooth.gradient(x), step)
        count += 1
        change = relative_change(new, x)
        x = new
        yield Iterate(x, count, change)


def fista(
    smooth: Smooth,
    proximable: Proximable | WarmProximable,
    start: Array | Iterate,
    *,
    restart: bool = True,
    step: float | None = None,
) -> Iterator[Iterate]:
    r"""Minimise ``f(x) + g(x)`` by accelerated proximal gradient; the error falls as 1/count^2.

    Parameters
    ----------
    smooth, proximable : Smooth, Proximable or WarmProximable
        ``f`` and ``g``, both convex.
    start : array or Iterate
        First guess, or an iterate of an earlier run to continue from, bit for bit.
    restart : bool
        Drop the momentum whenever it points uphill; linear convergence near a strict minimum.
    step : float or None
        In (0, 1 / lipschitz]; None takes ``1 / smooth.lipschitz``.

    Yields
    ------
    Iterate
        `memory` is a `Momentum`.

    Raises
    ------
    ValueError
        If the step is not positive and finite.

    References
    ----------
    Beck & Teboulle (2009), SIAM J. Imaging Sci. 2, 183-202, doi:10.1137/080716542;
    O'Donoghue & Candes (2015), Found. Comput. Math. 15, 715-732,
    doi:10.1007/s10208-013-9150-3

    Examples
    --------
    >>> import numpy as np
    >>> from corporis.functionals import L1, SquaredL2
    >>> next(fista(SquaredL2(), L1(), np.array([3.0]))).x.tolist()
    [0.0]
    """
    step = _valid_step(smooth, step)
    x, count = _resume(start)
    if isinstance(start, Iterate) and start.memory is not None:
        state = start.memory
    else:
        state = Momentum(x, 1.0, (rest(proximable, x),), x, x, step)
    while True:
        ahead, number = state.ahead, state.number
        forward = ahead - step * smooth.gradient(ahead)
        new, warm = warm_prox(proximable, forward, step, state.warm[0])
        count += 1
        if restart and _points_uphill(ahead, new, x):
            number = 1.0
        grown = (1 + math.sqrt(1 + 4 * number**2)) / 2
        ahead = new + ((number - 1) / grown) * (new - x)
        change = relative_change(new, x)
        state, x = Momentum(ahead, grown, (warm,), forward, new, step), new
        yield Iterate(x, count, change, state)


def relative_change(new: Array, old: Array) -> float:
    """``||new - old|| / ||new||``, and the plain length where `new` is zero."""
    length = norm(new)
    return norm(new - old) / (length if length > 0 else 1.0)


def _points_uphill(ahead, new, old) -> bool:
    """Whether the generalised gradient at `ahead` opposes the last move."""
    return inner(ahead - new, new - old).real > 0


def _valid_step(smooth, step) -> float:
    if step is None:
        lipschitz = smooth.lipschitz
        step = 1 / lipschitz if lipschitz > 0 else 1.0
    if not 0 < step < math.inf:
        raise ValueError(f"step must be finite and > 0, got {step}")
    return float(step)


def _resume(start):
    if isinstance(start, Iterate):
        return start.x, start.count
    return start, 0
