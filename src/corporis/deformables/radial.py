"""Bodies given by their squared radius about an axis: tubes that may close, like a ventricle.

A point at height ``h`` and angle ``a`` lies at distance ``sqrt(q(h, a))`` from a centre line.
The *squared* radius is the coordinate because it is what areas and volumes are linear in
(``area = 1/2 * integral of q``), and because it crosses zero with a finite slope where a smooth
body closes, so that apex and wall are described by one smooth function.
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from corporis.functionals import QuadraticForm
from corporis.interfaces import LinearOperator, Mesh
from corporis.operators import Matrix
from corporis.shapes import grid_surface


@dataclass(frozen=True)
class RadialSurface:
    """A closed surface around a centre line, moved by its squared radii.

    Parameters
    ----------
    heights : array, (n_levels,)
        Height of each ring along the axis, from the base to just before the apex.
    centres : array, (n_levels, 2)
        Centre line, in the plane of the ring.
    n_angles : int
        Points on a ring, at least 3; ring angles are ``2 pi k / n_angles``.
    apex : array, (3,)
        The closing vertex below the last ring, in the same frame.
    stiffness : tuple of float
        Weights of the squared second differences of q along the axis and around it.

    Notes
    -----
    ``points(q)`` takes q of shape (n_levels, n_angles), in squared length, >= 0, and returns
    (n_levels * n_angles + 2, 3): rings, then the apex, then the basal cap's centre.

    Examples
    --------
    >>> import numpy as np
    >>> tube = RadialSurface(np.array([0.0, 1.0]), np.zeros((2, 2)), 4, np.array([0, 0, 2.0]))
    >>> tube.points(np.full((2, 4), 9.0))[0].tolist()
    [3.0, 0.0, 0.0]
    """

    heights: np.ndarray
    centres: np.ndarray
    n_angles: int
    apex: np.ndarray
    stiffness: tuple[float, float] = (1.0, 1.0)

    def __post_init__(self):
        n_levels = len(self.heights)
        if n_levels < 2 or self.n_angles < 3:
            raise ValueError(
                f"a surface needs at least 2 levels and 3 angles, got {n_levels} and "
                f"{self.n_angles}"
            )
        if np.shape(self.centres) != (n_levels, 2) or np.shape(self.apex) != (3,):
            raise ValueError(
                f"centres must be ({n_levels}, 2) and apex (3,), got "
                f"{np.shape(self.centres)} and {np.shape(self.apex)}"
            )

    @property
    def shape(self) -> tuple[int, int]:
        """Shape of q: (n_levels, n_angles)."""
        return len(self.heights), self.n_angles

    @property
    def directions(self) -> np.ndarray:
        """Unit vectors of the angles, (n_angles, 2)."""
        angle = 2 * np.pi * np.arange(self.n_angles) / self.n_angles
        return np.stack([np.cos(angle), np.sin(angle)], axis=1)

    @property
    def cells(self) -> np.ndarray:
        """Triangles, the same for every q."""
        return grid_surface(len(self.heights), self.n_angles)

    @property
    def rest(self) -> Mesh:
        """The surface of unit radius."""
        return Mesh(self.points(np.ones(self.shape)), self.cells)

    def points(self, q) -> np.ndarray:
        """Vertices (n_levels * n_angles + 2, 3) for squared radii q (n_levels, n_angles)."""
        if np.shape(q) != self.shape:
            raise ValueError(f"q must have shape {self.shape}, got {np.shape(q)}")
        radius = np.sqrt(np.maximum(q, 0.0))
        across = self.centres[:, None] + radius[..., None] * self.directions
        height = np.broadcast_to(self.heights[:, None, None], (*self.shape, 1))
        rings = np.concatenate([across, height], axis=-1).reshape(-1, 3)
        cap = np.append(self.centres[0], self.heights[0])
        return np.concatenate([rings, np.asarray(self.apex, dtype=float)[None], cap[None]])

    def tangent(self, q) -> LinearOperator:
        """Derivative of `points` at q > 0: (n_levels, n_angles) to (n_points, 3)."""
        radius = np.sqrt(np.asarray(q, dtype=float))
        if not np.all(radius > 0):
            raise ValueError("the tangent exists where every squared radius is > 0")
        n = radius.size
        slope = np.tile(self.directions, (len(self.heights), 1)) / (2 * radius.reshape(-1, 1))
        rows = 3 * np.arange(n)[:, None] + np.arange(2)
        columns = np.broadcast_to(np.arange(n)[:, None], (n, 2))
        matrix = sparse.csr_array(
            (slope.ravel(), (rows.ravel(), columns.ravel())), shape=(3 * (n + 2), n)
        )
        return Matrix(matrix, self.shape, (n + 2, 3))

    def internal(self) -> QuadraticForm:
        """Bending: half the weighted squared second differences along and around the axis."""
        n_levels, n_angles = self.shape
        along = sparse.kron(second_difference(n_levels), sparse.eye_array(n_angles))
        around = sparse.kron(sparse.eye_array(n_levels), second_difference(n_angles, cyclic=True))
        bending = sparse.vstack(
            [np.sqrt(self.stiffness[0]) * along, np.sqrt(self.stiffness[1]) * around]
        ).tocsr()
        return QuadraticForm(Matrix(bending, self.shape, (bending.shape[0],)))


def second_difference(n: int, *, cyclic: bool = False):
    """Second differences of n samples as a sparse matrix; empty where n is too small.

    Examples
    --------
    >>> second_difference(3).toarray().tolist()
    [[1.0, -2.0, 1.0]]
    """
    if n < 3:
        return sparse.csr_array((0, n))
    if cyclic:
        rows = np.repeat(np.arange(n), 3)
        columns = (rows + np.tile([-1, 0, 1], n)) % n
        return sparse.csr_array((np.tile([1.0, -2.0, 1.0], n), (rows, columns)), shape=(n, n))
    rows = np.repeat(np.arange(n - 2), 3)
    columns = rows + np.tile([0, 1, 2], n - 2)
    return sparse.csr_array((np.tile([1.0, -2.0, 1.0], n - 2), (rows, columns)), shape=(n - 2, n))
