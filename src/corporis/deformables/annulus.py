"""A ring of muscle in one plane, moved by waves around it and polynomials across its wall."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.polynomial import legendre

from corporis.functionals import QuadraticForm
from corporis.interfaces import LinearOperator, Mesh
from corporis.operators import Matrix


@dataclass(frozen=True, eq=False)
class Annulus:
    r"""``x(X) = X + sum_lm P_l(rho) (cos m theta, sin m theta) q_lm``, a thin plate's stiffness.

    `rho` runs from -1 at the inner to 1 at the outer rim at rest; `theta` is the angle from the
    first axis. The energy is ``stiffness/2`` times the integral of the squared second derivatives
    of the displacement over the ring: it has no unit, is the same for a ring of any size, and
    every affine motion, so every small rigid one, is free.

    Parameters
    ----------
    centre : array, (2,)
        In the unit of the radii.
    inner, outer : float
        Radii at rest, 0 < inner < outer.
    n_waves : int
        Waves around the ring, >= 1.
    degree : int
        Of the polynomials across the wall, >= 1.
    stiffness : float
        Price of bending, >= 0.
    n_rings, n_angles : int
        Points of the mesh across and around, >= 2 and >= 3.

    Raises
    ------
    ValueError
        If a number is out of its range.

    Examples
    --------
    >>> ring = Annulus(np.zeros(2), 2.0, 4.0, n_waves=1, degree=1, n_rings=2, n_angles=4)
    >>> q = np.zeros(ring.shape)
    >>> q[0] = [0.0, 5.0]                    # the constant mode: a shift along the second axis
    >>> ring.points(q)[0].tolist()
    [2.0, 5.0, 0.0]
    """

    centre: np.ndarray
    inner: float
    outer: float
    n_waves: int = 8
    degree: int = 3
    stiffness: float = 1.0
    n_rings: int = 7
    n_angles: int = 72

    def __post_init__(self):
        object.__setattr__(self, "centre", np.asarray(self.centre, dtype=float))
        if self.centre.shape != (2,) or not 0 < self.inner < self.outer < np.inf:
            raise ValueError(
                "a ring has a centre (2,) and radii 0 < inner < outer, got "
                f"{self.centre.shape}, {self.inner}, {self.outer}"
            )
        if min(self.n_waves, self.degree) < 1 or self.n_rings < 2 or self.n_angles < 3:
            raise ValueError("n_waves and degree must be >= 1, n_rings >= 2 and n_angles >= 3")
        if not 0 <= self.stiffness < np.inf:
            raise ValueError(f"stiffness must be finite and >= 0, got {self.stiffness}")

    @property
    def shape(self) -> tuple[int, int]:
        """Shape of q: (modes, 2), degree by degree, each with 1, cosines and sines."""
        return (self.degree + 1) * (2 * self.n_waves + 1), 2

    @property
    def n_points(self) -> int:
        """Points of the mesh."""
        return self.n_rings * self.n_angles

    @cached_property
    def material(self) -> np.ndarray:
        """Material points of the mesh, (n_rings * n_angles, 2), ring by ring, inner first."""
        radius = np.linspace(self.inner, self.outer, self.n_rings)
        angle = 2 * np.pi * np.arange(self.n_angles) / self.n_angles
        around = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
        return self.centre + (radius[:, None, None] * around).reshape(-1, 2)

    @cached_property
    def cells(self) -> np.ndarray:
        """Triangles of the mesh, seen counter-clockwise from the third axis."""
        ring, angle = np.meshgrid(
            np.arange(self.n_rings - 1), np.arange(self.n_angles), indexing="ij"
        )
        here = (ring * self.n_angles + angle).ravel()
        beside = (ring * self.n_angles + (angle + 1) % self.n_angles).ravel()
        out, across = here + self.n_angles, beside + self.n_angles
        return np.concatenate(
            [np.stack([here, out, across], axis=1), np.stack([here, across, beside], axis=1)]
        )

    @property
    def rest(self) -> Mesh:
        """The still ring, in the plane where the third coordinate is 0."""
        return Mesh(_in_space(self.material), self.cells, length_unit="pixel")

    def points(self, q) -> np.ndarray:
        """Vertices (n_points, 3) for numbers q of shape (modes, 2)."""
        if np.shape(q) != self.shape:
            raise ValueError(f"q must have shape {self.shape}, got {np.shape(q)}")
        return _in_space(self.material + self._own_basis @ q)

    def tangent(self, q) -> LinearOperator:
        """Derivative of `points`, the same for every q: (modes, 2) to (n_points, 3)."""
        flat = np.kron(self._own_basis, np.eye(3, 2))
        return Matrix(flat, self.shape, (self.n_points, 3))

    def internal(self) -> QuadraticForm:
        """The bending energy."""
        gram = self.bending
        value, axes = np.linalg.eigh(gram)
        root = np.sqrt(np.maximum(value, 0))[:, None] * axes.T
        bound = float(np.sqrt(max(value[-1], 0.0))) * (1 + 1e-9)
        operator = Matrix(np.kron(root, np.eye(2)), self.shape, self.shape)
        return QuadraticForm(operator, self.stiffness, bound=bound)

    @cached_property
    def bending(self) -> np.ndarray:
        """Integrals of products of second derivatives of the modes, (modes, modes)."""
        places, area = self.quadrature(self.degree + 2, 4 * self.n_waves + 4)
        parts = self._derivatives(places, second=True)
        weights = (1.0, 2.0, 1.0)
        return sum(w * part.T @ (area[:, None] * part) for w, part in zip(weights, parts))

    def basis(self, places: np.ndarray) -> np.ndarray:
        """Values of the modes at material points (..., 2): (..., modes)."""
        rho, theta, _, _ = self._polar(places)
        return _product(_polynomials(rho, self.degree, 0), _waves(theta, self.n_waves, 0))

    def basis_gradient(self, places: np.ndarray) -> np.ndarray:
        """Their slopes along the two axes at material points (..., 2): (..., modes, 2)."""
        along, around = self._derivatives(places, second=False)
        _, theta, _, _ = self._polar(places)
        cos, sin = np.cos(theta)[..., None], np.sin(theta)[..., None]
        return np.stack([cos * along - sin * around, sin * along + cos * around], axis=-1)

    def quadrature(self, n_rings: int, n_angles: int) -> tuple[np.ndarray, np.ndarray]:
        """Material points (n, 2) and their areas (n,): Gauss across the wall, even around it."""
        rho, weight = legendre.leggauss(n_rings)
        half = 0.5 * (self.outer - self.inner)
        radius = 0.5 * (self.outer + self.inner) + half * rho
        angle = 2 * np.pi * np.arange(n_angles) / n_angles
        around = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
        places = self.centre + (radius[:, None, None] * around).reshape(-1, 2)
        return places, np.repeat(weight * half * radius * 2 * np.pi / n_angles, n_angles)

    @cached_property
    def _own_basis(self):
        return self.basis(self.material)

    def _polar(self, places):
        off = np.asarray(places, dtype=float) - self.centre
        radius, half = np.hypot(off[..., 0], off[..., 1]), 0.5 * (self.outer - self.inner)
        rho = (radius - 0.5 * (self.outer + self.inner)) / half
        return rho, np.arctan2(off[..., 1], off[..., 0]), radius[..., None], half

    def _derivatives(self, places, *, second):
        """In (radial, circumferential) axes: the slopes, or rr, rc and cc second derivatives."""
        rho, theta, radius, half = self._polar(places)
        p = [_polynomials(rho, self.degree, n) / half**n for n in range(3)]
        w = [_waves(theta, self.n_waves, n) for n in range(3)]
        along, around = _product(p[1], w[0]), _product(p[0], w[1]) / radius
        if not second:
            return along, around
        mixed = (_product(p[1], w[1]) - around) / radius
        return _product(p[2], w[0]), mixed, (along + _product(p[0], w[2]) / radius) / radius


def _in_space(flat):
    return np.concatenate([flat, np.zeros((*flat.shape[:-1], 1))], axis=-1)


def _product(across, around):
    """All products of the last axes, the first one slowest."""
    return (across[..., :, None] * around[..., None, :]).reshape(*across.shape[:-1], -1)


def _polynomials(rho, degree, derivative):
    """Legendre polynomials 0 to `degree`, or a derivative of theirs, (..., degree + 1)."""
    columns = [
        legendre.legval(rho, legendre.legder(np.eye(degree + 1)[n], derivative))
        for n in range(degree + 1)
    ]
    return np.stack([np.broadcast_to(c, np.shape(rho)) for c in columns], axis=-1)


def _waves(theta, n_waves, derivative):
    """1, cosines and sines of m theta, or a derivative of theirs, (..., 2 n_waves + 1)."""
    m = np.arange(1, n_waves + 1)
    turned = m * theta[..., None] + 0.5 * np.pi * derivative
    first = np.full((*np.shape(theta), 1), 0.0 if derivative else 1.0)
    return np.concatenate(
        [first, m**derivative * np.cos(turned), m**derivative * np.sin(turned)], axis=-1
    )
