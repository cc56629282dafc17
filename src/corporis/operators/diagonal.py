"""Weights on every entry."""

from dataclasses import dataclass

from corporis.arrays import check_shape, matched, namespace
from corporis.interfaces import Array, LinearOperator


@dataclass(frozen=True, eq=False)
class Diagonal(LinearOperator):
    """``(A x)_i = weights_i x_i``: masks, coil sensitivities, noise levels.

    Parameters
    ----------
    weights : array
        Real or complex; its shape is that of `x`.

    Examples
    --------
    >>> import numpy as np
    >>> A = Diagonal(np.array([2.0, 1j]))
    >>> (A @ np.array([1.0, 1.0])).tolist()
    [(2+0j), 1j]
    """

    weights: Array

    domain = property(lambda self: tuple(self.weights.shape))
    codomain = property(lambda self: tuple(self.weights.shape))

    def forward(self, x):
        """``weights * x``."""
        check_shape(x, self.domain)
        return matched(self.weights, x) * x

    def adjoint(self, y):
        """``conj(weights) * y``."""
        check_shape(y, self.codomain, "y")
        xp, weights = namespace(y), matched(self.weights, y)
        is_complex = xp.isdtype(weights.dtype, "complex floating")
        return (xp.conj(weights) if is_complex else weights) * y
