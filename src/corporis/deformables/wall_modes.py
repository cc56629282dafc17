r"""The wall of a left ventricle, moved by waves around it and polynomials across and along it.

A place of the still wall has three numbers: `rho` from -1 at the endocardium to 1 at the
epicardium, the angle about the axis, and `zeta` from -1 at the base to 1 at the apex. The
displacement is ``u(X) = sum P_i(rho) (cos m theta, sin m theta) P_j(zeta) q``, for each of the
three axes of space.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.polynomial import legendre
from scipy.interpolate import RectBivariateSpline

from corporis.functionals import QuadraticForm
from corporis.interfaces import LinearOperator, Mesh
from corporis.operators import Matrix
from corporis.shapes import grid_surface

BEYOND_ACROSS, BEYOND_ALONG = 1.5, 1.2
"""Where polynomials stop growing outside the wall."""
STEP_MM = 0.05
PADDED = 4
"""Angles repeated on each side, so that splines close around."""
THINNEST_MM = 3.0


@dataclass(frozen=True, eq=False)
class WallModes:
    """A deformable wall about the third axis of its own frame.

    Parameters
    ----------
    heights : array, (n_levels,)
        Along the axis, increasing from the base towards the apex, in mm, at least 4.
    inner, outer : array, (n_levels, n_angles)
        Radii of the still endo- and epicardium in mm at angles ``2 pi k / n_angles``.
    degree, n_waves, degree_along : int
        Polynomials across the wall, waves around it, polynomials along it.
    stiffness : float
        Price of modes, > 0: it grows with the fourth power of their number of waves.
    stiffness_along : float
        How much more displacements along the axis cost that vary around it, > 0: they are seen on
        few planes only.

    Raises
    ------
    ValueError
        If shapes do not match or a number is out of range.

    Examples
    --------
    >>> heights, ring = np.linspace(0, 80, 9), np.ones((9, 12))
    >>> wall = WallModes(heights, 25 * ring, 35 * ring)
    >>> wall.coordinates(np.array([[30.0, 0.0, 40.0]])).round(9).tolist()
    [[0.0, 0.0, 0.0]]
    """

    heights: np.ndarray
    inner: np.ndarray
    outer: np.ndarray
    degree: int = 2
    n_waves: int = 4
    degree_along: int = 5
    stiffness: float = 3.0
    stiffness_along: float = 30.0

    def __post_init__(self):
        shape = np.shape(self.inner)
        if len(shape) != 2 or np.shape(self.outer) != shape or len(self.heights) != shape[0]:
            raise ValueError(
                "inner and outer must be (n_levels, n_angles) with n_levels heights, got "
                f"{shape}, {np.shape(self.outer)} and {len(self.heights)}"
            )
        if shape[0] < 4 or shape[1] < 2 * PADDED or not np.all(np.diff(self.heights) > 0):
            raise ValueError("a wall has at least 4 increasing heights and 8 angles")
        if min(self.degree, self.n_waves, self.degree_along) < 1:
            raise ValueError("degree, n_waves and degree_along must be >= 1")
        if not (0 < self.stiffness < np.inf and 0 < self.stiffness_along < np.inf):
            raise ValueError("stiffness and stiffness_along must be finite and > 0")

    @property
    def shape(self) -> tuple[int, int]:
        """Shape of q: (modes, 3)."""
        return (self.degree + 1) * (2 * self.n_waves + 1) * (self.degree_along + 1), 3

    @cached_property
    def material(self) -> np.ndarray:
        """Vertices of the still endocardium, then of the epicardium, rings from base to apex."""
        angle = 2 * np.pi * np.arange(np.shape(self.inner)[1]) / np.shape(self.inner)[1]
        z = np.broadcast_to(np.asarray(self.heights)[:, None], np.shape(self.inner))
        shells = [
            np.stack([radius * np.cos(angle), radius * np.sin(angle), z], axis=-1).reshape(-1, 3)
            for radius in (np.asarray(self.inner), np.asarray(self.outer))
        ]
        return np.concatenate(shells)

    @property
    def rest(self) -> Mesh:
        """Both still shells, open at base and apex."""
        n_levels, n_angles = np.shape(self.inner)
        rings = grid_surface(n_levels, n_angles)
        rings = rings[np.all(rings < n_levels * n_angles, axis=1)]
        return Mesh(self.material, np.concatenate([rings, rings + n_levels * n_angles]))

    def points(self, q) -> np.ndarray:
        """Vertices (n, 3) for numbers q of shape (modes, 3)."""
        if np.shape(q) != self.shape:
            raise ValueError(f"q must have shape {self.shape}, got {np.shape(q)}")
        return self.material + self._own_basis @ q

    def tangent(self, q) -> LinearOperator:
        """Derivative of `points`, the same for every q: (modes, 3) to (n, 3)."""
        flat = np.kron(self._own_basis, np.eye(3))
        return Matrix(flat, self.shape, self.material.shape)

    def internal(self) -> QuadraticForm:
        """The price of modes: of all but the constant one, so that a shift costs nothing."""
        root = np.sqrt(self.prices.reshape(-1))
        bound = float(root.max()) * (1 + 1e-9)
        return QuadraticForm(Matrix(np.diag(root), self.shape, self.shape), bound=bound)

    @cached_property
    def prices(self) -> np.ndarray:
        """Of the squares of q, (modes, 3)."""
        m = np.concatenate([[0], *2 * [np.arange(1, self.n_waves + 1)]])
        i, m, j = np.meshgrid(
            np.arange(self.degree + 1), m, np.arange(self.degree_along + 1), indexing="ij"
        )
        sideways = (0.5 * i**2 + 0.3 * m**2 + 0.3 * j**2).reshape(-1) ** 2
        along = (0.5 * i**2 + m**2 + 0.3 * j**2).reshape(-1) ** 2
        return self.stiffness * np.stack([sideways, sideways, self.stiffness_along * along], -1)

    def coordinates(self, places: np.ndarray) -> np.ndarray:
        """(rho, angle, zeta) of places (n, 3) of the still wall."""
        x, y, z = np.asarray(places, dtype=float).T
        angle = np.mod(np.arctan2(y, x), 2 * np.pi)
        low, high = self.heights[0], self.heights[-1]
        inside = np.clip(z, low, high)
        inner, outer = (spline.ev(inside, angle) for spline in self.shells)
        rho = 2 * (np.hypot(x, y) - inner) / np.maximum(outer - inner, THINNEST_MM) - 1
        return np.stack([rho, angle, 2 * (z - low) / (high - low) - 1], axis=-1)

    def basis(self, places: np.ndarray) -> np.ndarray:
        """Values of the modes at material places (n, 3): (n, modes)."""
        rho, angle, zeta = self.coordinates(places).T
        across = legendre.legvander(np.clip(rho, -BEYOND_ACROSS, BEYOND_ACROSS), self.degree)
        along = legendre.legvander(np.clip(zeta, -BEYOND_ALONG, BEYOND_ALONG), self.degree_along)
        turned = angle[:, None] * np.arange(1, self.n_waves + 1)
        around = np.concatenate([np.ones((len(rho), 1)), np.cos(turned), np.sin(turned)], axis=1)
        product = across[:, :, None, None] * around[:, None, :, None] * along[:, None, None, :]
        return product.reshape(len(rho), self.shape[0])

    def basis_gradient(self, places: np.ndarray) -> np.ndarray:
        """Their slopes (n, modes, 3), by central differences over 0.1 mm."""
        return np.stack(
            [
                (self.basis(places + STEP_MM * e) - self.basis(places - STEP_MM * e))
                / (2 * STEP_MM)
                for e in np.eye(3)
            ],
            axis=-1,
        )

    def lattice(self, n_across: int, n_around: int, n_along: int) -> np.ndarray:
        """Material places (n_across * n_around * n_along, 3) inside the wall."""
        rho = (np.arange(n_across) + 0.5) / n_across
        angle = 2 * np.pi * np.arange(n_around) / n_around
        low, high = self.heights[0], self.heights[-1]
        z = low + (np.arange(n_along) + 0.5) / n_along * (high - low)
        depth, turn, height = (v.ravel() for v in np.meshgrid(rho, angle, z, indexing="ij"))
        inner, outer = (spline.ev(height, turn) for spline in self.shells)
        radius = inner + depth * (outer - inner)
        return np.stack([radius * np.cos(turn), radius * np.sin(turn), height], axis=-1)

    @cached_property
    def _own_basis(self):
        return self.basis(self.material)

    @cached_property
    def shells(self) -> list[RectBivariateSpline]:
        """Splines of the inner and the outer radius over height and angle, in [0, 2 pi]."""
        n_angles = np.shape(self.inner)[1]
        angle = 2 * np.pi * np.arange(-PADDED, n_angles + PADDED + 1) / n_angles
        around = np.arange(-PADDED, n_angles + PADDED + 1) % n_angles
        return [
            RectBivariateSpline(self.heights, angle, np.asarray(radius, float)[:, around])
            for radius in (self.inner, self.outer)
        ]
