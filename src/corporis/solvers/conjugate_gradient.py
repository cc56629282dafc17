"""Conjugate gradients for symmetric positive definite systems."""

import math
from collections.abc import Callable, Iterator

from corporis.arrays import inner, norm
from corporis.interfaces import Array, Iterate, LinearOperator


def conjugate_gradient(
    operator: LinearOperator | Callable[[Array], Array], rhs: Array, start: Array | Iterate
) -> Iterator[Iterate]:
    r"""Solve ``A x = rhs`` for Hermitian positive (semi)definite ``A``.

    Without rounding it ends after as many iterations as ``A`` has distinct eigenvalues.

    Parameters
    ----------
    operator : LinearOperator or callable
        ``A``, from arrays to arrays of the same shape; it must not change its input.
    rhs : array
        Right-hand side; in the range of ``A`` where ``A`` is singular.
    start : array or Iterate
        First guess, or an iterate of an earlier run to continue from, bit for bit.

    Yields
    ------
    Iterate
        `change` is the relative residual ``||rhs - A x|| / ||rhs||`` (as updated along the way);
        the solver ends by itself once it is zero.

    Raises
    ------
    ValueError
        If a direction of negative curvature appears: ``A`` is not positive semidefinite.

    References
    ----------
    Hestenes & Stiefel (1952), J. Res. Natl. Bur. Stand. 49, 409-436, doi:10.6028/jres.049.044

    Examples
    --------
    >>> import numpy as np
    >>> from corporis.solvers import run
    >>> A = np.diag([1.0, 2.0])
    >>> iterates = conjugate_gradient(lambda x: A @ x, np.array([1.0, 4.0]), np.zeros(2))
    >>> result = run(iterates, at_most=9, tolerance=1e-12)
    >>> result.x.round(12).tolist(), result.count
    ([1.0, 2.0], 2)
    """
    apply = operator.forward if isinstance(operator, LinearOperator) else operator
    scale = norm(rhs) or 1.0
    if isinstance(start, Iterate):
        x, count = start.x, start.count
        residual, direction, energy = start.memory
    else:
        x, count = start, 0
        residual = rhs - apply(x)
        direction, energy = residual, inner(residual, residual).real
        if energy == 0:
            yield Iterate(x, count, 0.0, (residual, direction, energy))
    while energy > 0:
        image = apply(direction)
        curvature = inner(direction, image).real
        if curvature < 0:
            raise ValueError(f"A must be positive semidefinite, got a curvature of {curvature:.3g}")
        if curvature == 0:
            return
        length = energy / curvature
        x = x + length * direction
        residual = residual - length * image
        previous, energy = energy, inner(residual, residual).real
        direction = residual + (energy / previous) * direction
        count += 1
        yield Iterate(x, count, math.sqrt(energy) / scale, (residual, direction, energy))
