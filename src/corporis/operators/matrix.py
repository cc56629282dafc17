"""A matrix as an operator between n-dimensional arrays."""

import math
from dataclasses import dataclass

from scipy import sparse

from corporis.arrays import check_shape, matched, namespace
from corporis.interfaces import Array, LinearOperator, Shape


@dataclass(frozen=True, eq=False)
class Matrix(LinearOperator):
    """A dense or SciPy sparse matrix that acts on flattened arrays (C order).

    Dense matrices work with every array library, sparse ones with NumPy only.

    Parameters
    ----------
    matrix : array or sparse array, (prod(codomain), prod(domain))
    source, target : tuple of int
        The domain and the codomain: shapes taken and given.

    Raises
    ------
    ValueError
        If the matrix has another shape than source and target ask for.

    Examples
    --------
    >>> import numpy as np
    >>> A = Matrix(np.array([[1.0, 2.0]]), source=(2, 1), target=(1,))
    >>> (A @ np.array([[3.0], [4.0]])).tolist()
    [11.0]
    """

    matrix: Array
    source: Shape
    target: Shape

    domain = property(lambda self: tuple(self.source))
    codomain = property(lambda self: tuple(self.target))

    def __post_init__(self):
        expected = (math.prod(self.codomain), math.prod(self.domain))
        if tuple(self.matrix.shape) != expected:
            raise ValueError(
                f"a matrix from {self.domain} to {self.codomain} has shape {expected}, "
                f"got {tuple(self.matrix.shape)}"
            )

    def forward(self, x):
        """The matrix times `x`, in the precision of `x`."""
        check_shape(x, self.domain)
        flat = namespace(x).reshape(x, (-1,))
        return namespace(x).reshape(self._times(self.matrix, flat), self.codomain)

    def adjoint(self, y):
        """The conjugate transpose times `y`, in the precision of `y`."""
        check_shape(y, self.codomain, "y")
        flat = namespace(y).reshape(y, (-1,))
        return namespace(y).reshape(self._times(self.matrix.conj().T, flat), self.domain)

    def _times(self, matrix, flat):
        if sparse.issparse(matrix):
            return matched(matrix @ flat, flat)
        matrix, xp = matched(matrix, flat), namespace(flat)
        if xp.isdtype(flat.dtype, "complex floating"):
            matrix = xp.astype(matrix, flat.dtype, copy=False)
        elif xp.isdtype(matrix.dtype, "complex floating"):
            flat = xp.astype(flat, matrix.dtype)
        return matrix @ flat
