"""Values of a grid between its samples."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from corporis.arrays import check_shape, matched
from corporis.interfaces import Array, LinearOperator, Shape

OUTSIDE = ("nearest", "zero", "cyclic")


@dataclass(frozen=True, eq=False)
class Interpolation(LinearOperator):
    """Linear interpolation of an n-d grid at given points, with its exact adjoint. NumPy only.

    Parameters
    ----------
    shape : tuple of int
        Shape of the grid.
    points : array, (..., n_axes)
        Positions in index units, 0 at the first sample.
    outside : {"nearest", "zero", "cyclic"} or tuple of them
        What lies beyond the first and last samples: their value again, zero at once, or the
        grid repeated; one word or one an axis.

    Raises
    ------
    ValueError
        If the points have the wrong last axis or are not finite, or a word is unknown.

    Examples
    --------
    >>> A = Interpolation((3,), np.array([[0.5], [9.0]]))
    >>> (A @ np.array([1.0, 3.0, 4.0])).tolist()
    [2.0, 4.0]
    >>> (A.H @ np.array([2.0, 1.0])).tolist()
    [1.0, 1.0, 1.0]
    """

    shape: Shape
    points: Array
    outside: str | Sequence[str] = "nearest"

    def __post_init__(self):
        points, n_axes = np.asarray(self.points, dtype=float), len(self.shape)
        if points.ndim < 1 or points.shape[-1] != n_axes or not np.all(np.isfinite(points)):
            raise ValueError(f"points must be finite, (..., {n_axes}), got {points.shape}")
        outside = (self.outside,) * n_axes if isinstance(self.outside, str) else self.outside
        if len(outside) != n_axes or not set(outside) <= set(OUTSIDE):
            raise ValueError(f"outside must be one of {OUTSIDE} an axis, got {outside}")
        object.__setattr__(self, "points", points)
        object.__setattr__(self, "outside", tuple(outside))

    domain = property(lambda self: tuple(self.shape))
    codomain = property(lambda self: self.points.shape[:-1])

    def forward(self, x):
        """Values at the points, (...)."""
        check_shape(x, self.domain)
        return matched(self.matrix @ x.reshape(-1), x).reshape(self.codomain)

    def adjoint(self, y):
        """Every value spread over the neighbours it was read from, `shape`."""
        check_shape(y, self.codomain, "y")
        return matched(self.matrix.T @ y.reshape(-1), y).reshape(self.domain)

    @cached_property
    def matrix(self) -> sparse.csr_array:
        """The operator as a sparse matrix, (n_points, n_samples)."""
        points = self.points.reshape(-1, len(self.shape))
        corners = [
            _corners(points[:, axis], size, self.outside[axis])
            for axis, size in enumerate(self.shape)
        ]
        rows, columns, values = [], [], []
        for choice in itertools.product((0, 1), repeat=len(self.shape)):
            chosen = [corner[side] for corner, side in zip(corners, choice)]
            rows.append(np.arange(len(points)))
            columns.append(np.ravel_multi_index([index for index, _ in chosen], self.shape))
            values.append(np.prod([weight for _, weight in chosen], axis=0))
        return sparse.csr_array(
            (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))),
            shape=(len(points), int(np.prod(self.shape))),
        )


def _corners(position, size, outside):
    """Lower and upper neighbour along one axis: ``((index, weight), (index, weight))``."""
    is_inside = np.ones(position.shape)
    if outside == "cyclic":
        position = position % size
    else:
        if outside == "zero":
            is_inside = ((position >= 0) & (position <= size - 1)).astype(float)
        position = np.clip(position, 0, size - 1)
    lower = np.floor(position).astype(int)
    share = position - lower
    if outside == "cyclic":
        pair = lower % size, (lower + 1) % size
    else:
        pair = lower, np.minimum(lower + 1, size - 1)
    return (pair[0], (1 - share) * is_inside), (pair[1], share * is_inside)
