"""One entry of a leading axis."""

from dataclasses import dataclass

from corporis.arrays import check_shape, namespace
from corporis.interfaces import LinearOperator, Shape


@dataclass(frozen=True)
class Component(LinearOperator):
    """``A x = x[index]``: the image among an image and its slopes, one contrast among several.

    Parameters
    ----------
    shape : tuple of int
        Shape of the arrays taken, of at least one axis.
    index : int
        Which entry of the first axis.

    Raises
    ------
    ValueError
        If there is no such entry.

    Examples
    --------
    >>> import numpy as np
    >>> A = Component((2, 2), index=1)
    >>> (A @ np.array([[1.0, 2.0], [3.0, 4.0]])).tolist(), (A.H @ np.array([5.0, 6.0])).tolist()
    ([3.0, 4.0], [[0.0, 0.0], [5.0, 6.0]])
    """

    shape: Shape
    index: int = 0

    def __post_init__(self):
        shape = tuple(int(n) for n in self.shape)
        if not shape or not -shape[0] <= self.index < shape[0]:
            raise ValueError(f"index must be among the first axis of {shape}, got {self.index}")
        object.__setattr__(self, "shape", shape)
        object.__setattr__(self, "index", int(self.index) % shape[0])

    domain = property(lambda self: self.shape)
    codomain = property(lambda self: self.shape[1:])

    def forward(self, x):
        """The entry; a view of `x` where the library has views."""
        check_shape(x, self.domain)
        return x[self.index, ...]

    def adjoint(self, y):
        """The entry at its place, zeros elsewhere."""
        check_shape(y, self.codomain, "y")
        zero = namespace(y).zeros_like(y)
        rows = [y if row == self.index else zero for row in range(self.shape[0])]
        return namespace(y).stack(rows, axis=0)
