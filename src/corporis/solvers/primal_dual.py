"""Primal-dual splitting (Condat-Vu, Chambolle-Pock): a norm behind an operator."""

import math
from collections.abc import Iterator

from corporis.arrays import namespace
from corporis.interfaces import Array, Iterate, LinearOperator, Proximable, Smooth
from corporis.operators import operator_norm
from corporis.solvers.proximal import relative_change


def primal_dual(
    smooth: Smooth,
    proximable: Proximable,
    behind: Proximable,
    operator: LinearOperator,
    start: Array | Iterate,
    *,
    bound: float | None = None,
    balance: float = 1.0,
) -> Iterator[Iterate]:
    r"""Minimise ``f(x) + g(x) + h(K x)`` without solving a system or inverting ``K``.

    ``x+ = prox_{tau g}(x - tau (grad f(x) + K^H y))``,
    ``y+ = prox_{sigma h*}(y + sigma K (2 x+ - x))``, with
    ``1/tau - sigma ||K||^2 >= lipschitz(f) / 2``.

    Parameters
    ----------
    smooth, proximable, behind : Smooth, Proximable, Proximable
        ``f``, ``g`` and ``h``, convex; `Zero` where there is none.
    operator : LinearOperator
        ``K``, for instance the gradient of total variation.
    start : array or Iterate
        First guess of `x` (the dual starts at zero), or an iterate to continue from.
    bound : float or None
        Upper bound of ``||K||``; None estimates it.
    balance : float
        Ratio of dual to primal step length, > 0; larger moves the dual faster.

    Yields
    ------
    Iterate
        `memory` is the dual variable ``y``; `change` is the larger of the relative changes of
        ``x`` and ``y``.

    Raises
    ------
    ValueError
        If `balance` is not positive and finite.

    References
    ----------
    Condat (2013), J. Optim. Theory Appl. 158, 460-479, doi:10.1007/s10957-012-0245-9;
    Chambolle & Pock (2011), J. Math. Imaging Vis. 40, 120-145, doi:10.1007/s10851-010-0251-1

    Examples
    --------
    >>> import numpy as np
    >>> from corporis.functionals import QuadraticMisfit, TotalVariation, Zero
    >>> from corporis.operators import Identity
    >>> from corporis.solvers import run
    >>> tv = TotalVariation((2,), weight=1.0)
    >>> f = QuadraticMisfit(Identity((2,)), np.array([0.0, 10.0]))
    >>> iterates = primal_dual(f, Zero(), tv.penalty, tv.gradient_operator, np.zeros(2))
    >>> run(iterates, at_most=500, tolerance=1e-12).x.round(6).tolist()    # the jump shrinks by 2
    [1.0, 9.0]
    """
    if not 0 < balance < math.inf:
        raise ValueError(f"balance must be finite and > 0, got {balance}")
    x, count = (start.x, start.count) if isinstance(start, Iterate) else (start, 0)
    bound = 1.01 * operator_norm(operator, like=x) if bound is None else bound
    # sigma = balance tau turns the step condition into a quadratic equation for tau.
    half = smooth.lipschitz / 2
    stretch = balance * bound**2
    tau = 2 / (half + math.sqrt(half**2 + 4 * stretch)) if half + stretch > 0 else 1.0
    tau, sigma = float(tau), float(balance * tau)
    if isinstance(start, Iterate):
        dual = start.memory
    else:
        dual = namespace(x).zeros_like(operator.forward(x))
    while True:
        new = proximable.prox(x - tau * (smooth.gradient(x) + operator.adjoint(dual)), tau)
        ahead = dual + sigma * operator.forward(2 * new - x)
        # Moreau: prox of sigma h* from the prox of h / sigma.
        pulled = ahead - sigma * behind.prox(ahead / sigma, 1 / sigma)
        count += 1
        # From a start where f is flat, x rests until the dual has moved: both must come to rest.
        change = max(relative_change(new, x), relative_change(pulled, dual))
        x, dual = new, pulled
        yield Iterate(x, count, change, dual)
