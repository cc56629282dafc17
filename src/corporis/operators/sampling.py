"""Keeping some samples and leaving out the others."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from corporis.arrays import check_shape, namespace
from corporis.interfaces import Array, LinearOperator, Shape


@dataclass(frozen=True, eq=False)
class Sampling(LinearOperator):
    """The samples where a mask is true, as a list; all leading axes are kept.

    Parameters
    ----------
    shape : tuple of int
        Shape of the arrays.
    mask : bool array
        Shape of the last axes of `shape`: a mask of k-space serves all coils and frames.

    Raises
    ------
    ValueError
        If the mask is not boolean, does not match the last axes, or is false everywhere.

    Examples
    --------
    >>> import numpy as np
    >>> A = Sampling((2, 3), np.array([True, False, True]))
    >>> (A @ np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])).tolist()
    [[1.0, 3.0], [4.0, 6.0]]
    >>> (A.H @ np.ones((2, 2))).tolist()
    [[1.0, 0.0, 1.0], [1.0, 0.0, 1.0]]
    """

    shape: Shape
    mask: Array

    def __post_init__(self):
        mask, shape = np.asarray(self.mask), tuple(self.shape)
        if mask.dtype != bool or not mask.any():
            raise ValueError("mask must be boolean and true somewhere")
        if mask.ndim > len(shape) or mask.shape != shape[len(shape) - mask.ndim :]:
            raise ValueError(f"mask must have the last axes of {shape}, got {mask.shape}")
        object.__setattr__(self, "mask", mask)

    domain = property(lambda self: tuple(self.shape))
    codomain = property(lambda self: (*self._leading, int(self._kept.size)))

    def forward(self, x):
        """The kept samples, in C order of the mask."""
        check_shape(x, self.domain)
        xp = namespace(x)
        flat = xp.reshape(x, (*self._leading, math.prod(self.mask.shape)))
        return xp.take(flat, xp.asarray(self._kept), axis=-1)

    def adjoint(self, y):
        """The samples at their places, zero elsewhere."""
        check_shape(y, self.codomain, "y")
        xp = namespace(y)
        # Gathering from a copy that ends in one zero places samples without writing by index.
        padded = xp.concat([y, xp.zeros_like(y[..., :1])], axis=-1)
        return xp.reshape(xp.take(padded, xp.asarray(self._home), axis=-1), self.domain)

    @property
    def _leading(self):
        return tuple(self.shape)[: len(self.shape) - self.mask.ndim]

    @cached_property
    def _kept(self):
        return np.flatnonzero(self.mask)

    @cached_property
    def _home(self):
        home = np.full(self.mask.size, self._kept.size)
        home[self._kept] = np.arange(self._kept.size)
        return home
