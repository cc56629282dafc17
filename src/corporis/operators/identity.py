"""The map that changes nothing."""

from dataclasses import dataclass

from corporis.arrays import check_shape
from corporis.interfaces import LinearOperator, Shape


@dataclass(frozen=True)
class Identity(LinearOperator):
    """``A x = x``.

    Parameters
    ----------
    shape : tuple of int
        Shape of the arrays.

    Examples
    --------
    >>> import numpy as np
    >>> (2 * Identity((2,)) @ np.array([1.0, 2.0])).tolist()
    [2.0, 4.0]
    """

    shape: Shape

    domain = property(lambda self: tuple(self.shape))
    codomain = property(lambda self: tuple(self.shape))

    def forward(self, x):
        """`x` itself."""
        check_shape(x, self.domain)
        return x

    def adjoint(self, y):
        """`y` itself."""
        check_shape(y, self.codomain, "y")
        return y
