"""Alternating directions: a quadratic misfit and a norm behind an operator."""

import math
from collections.abc import Iterator

from corporis.arrays import namespace, norm
from corporis.interfaces import Array, Iterate, LinearOperator, Proximable, Smooth
from corporis.solvers.conjugate_gradient import conjugate_gradient
from corporis.solvers.run import run


def admm(
    quadratic: Smooth,
    behind: Proximable,
    operator: LinearOperator,
    start: Array | Iterate,
    *,
    penalty: float = 1.0,
    inner_at_most: int = 50,
    inner_tolerance: float = 1e-9,
) -> Iterator[Iterate]:
    r"""Minimise ``f(x) + h(z)`` with ``z = K x``, for quadratic ``f``.

    Each iteration solves ``(f'' + penalty K^H K) x = ...`` by conjugate gradients from the last
    `x`, takes the prox of ``h``, and adds the disagreement ``K x - z`` to a running sum. It
    needs few, costly iterations, where `primal_dual` needs many cheap ones.

    Parameters
    ----------
    quadratic : Smooth
        ``f``, with an affine gradient: `QuadraticMisfit`, `QuadraticForm`, `SquaredL2`.
    behind : Proximable
        ``h``, convex.
    operator : LinearOperator
        ``K``; the sum of both quadratics must be positive definite.
    start : array or Iterate
        First guess, or an iterate of an earlier run to continue from, bit for bit.
    penalty : float
        Price of disagreement, > 0: it changes the speed, not the answer.
    inner_at_most, inner_tolerance : int, float
        Iterations of conjugate gradients, and their relative residual.

    Yields
    ------
    Iterate
        `memory` is ``(z, scaled dual)``; `change` is the larger of the relative primal and
        dual residuals.

    Raises
    ------
    ValueError
        If `penalty` is not positive and finite.

    References
    ----------
    Boyd, Parikh, Chu, Peleato & Eckstein (2011), Found. Trends Mach. Learn. 3, 1-122,
    doi:10.1561/2200000016

    Examples
    --------
    >>> import numpy as np
    >>> from corporis.functionals import L1, QuadraticMisfit
    >>> from corporis.operators import Identity
    >>> f = QuadraticMisfit(Identity((2,)), np.array([3.0, 0.5]))
    >>> iterates = admm(f, L1(), Identity((2,)), np.zeros(2))
    >>> run(iterates, at_most=200, tolerance=1e-10).x.round(6).tolist()
    [2.0, 0.0]
    """
    if not 0 < penalty < math.inf:
        raise ValueError(f"penalty must be finite and > 0, got {penalty}")
    penalty = float(penalty)
    x, count = (start.x, start.count) if isinstance(start, Iterate) else (start, 0)
    if isinstance(start, Iterate):
        split, dual = start.memory
    else:
        split = operator.forward(x)
        dual = namespace(split).zeros_like(split)
    constant = quadratic.gradient(namespace(x).zeros_like(x))

    def system(v):
        curved = quadratic.gradient(v) - constant
        return curved + penalty * operator.adjoint(operator.forward(v))

    while True:
        wanted = penalty * operator.adjoint(split - dual) - constant
        steps = conjugate_gradient(system, wanted, x)
        x = run(steps, at_most=inner_at_most, tolerance=inner_tolerance).x
        image = operator.forward(x)
        new = behind.prox(image + dual, 1 / penalty)
        dual = dual + image - new
        primal = norm(image - new) / max(norm(image), norm(new), 1e-30)
        moved = norm(new - split) / max(norm(dual), norm(new), 1e-30)
        split, count = new, count + 1
        yield Iterate(x, count, max(primal, moved), (split, dual))
