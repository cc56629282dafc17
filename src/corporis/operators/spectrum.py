"""How much an operator can stretch."""

import math

import numpy as np

from corporis.arrays import matched, norm
from corporis.interfaces import Array, LinearOperator


def operator_norm(
    operator: LinearOperator,
    *,
    like: Array | None = None,
    seed: int = 0,
    tolerance: float = 1e-6,
    at_most: int = 300,
) -> float:
    """Largest singular value, ``max ||A x|| / ||x||``, by power iteration on ``A^H A``.

    The estimate approaches the norm from below; leave a little room where a bound is needed.

    Parameters
    ----------
    operator : LinearOperator
    like : array or None
        An array of the library, device and precision to work in; None is NumPy float64.
    seed : int
        Seed of the random start, so that the same operator gives the same number.
    tolerance : float
        Stop when the estimate's relative change is below this.
    at_most : int
        Number of iterations, >= 1.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If ``at_most < 1``.

    Examples
    --------
    >>> import numpy as np
    >>> from corporis.operators import Diagonal
    >>> round(operator_norm(Diagonal(np.array([1.0, -3.0, 2.0]))), 4)
    3.0
    """
    if at_most < 1:
        raise ValueError(f"at_most must be >= 1, got {at_most}")
    like = np.zeros(1) if like is None else like
    x = matched(np.random.default_rng(seed).standard_normal(operator.domain), like)
    estimate = 0.0
    for _ in range(at_most):
        length = norm(x)
        if length == 0:
            return 0.0
        x = operator.adjoint(operator.forward(x / length))
        previous, estimate = estimate, math.sqrt(norm(x))
        if abs(estimate - previous) <= tolerance * estimate:
            break
    return estimate
