"""Normal equations of a ring's motion: one block a frame, put together over time.

A datum of frame `t` at a material point is ``slope . u(X, t) = value``. As the modes of space and
of time are products, the blocks of the frames are formed first, in the modes of space alone, and
only then multiplied with products of the courses of time.
"""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from scipy import linalg

from corporis.apps.heart_motion.timeline import Timeline
from corporis.deformables import Annulus


@dataclass(frozen=True)
class Smoothness:
    """How smooth a heart moves: prices of unevenness, each without a unit.

    Parameters
    ----------
    space : float
        Of the squared second derivatives of the displacement over the ring, a second.
    time : float
        Of the squared acceleration, in mean radii a second squared, a second.
    both : float
        Of the squared acceleration of those second derivatives: fine patterns change slowly.
    """

    space: float = 12000.0
    time: float = 5.0
    both: float = 40.0

    def __post_init__(self):
        if not 0 <= min(self.space, self.time, self.both):
            raise ValueError("prices of unevenness must be >= 0")


@dataclass(frozen=True, eq=False)
class RingCourses:
    """The numbers of a ring over a film: modes of space times courses of time.

    Parameters
    ----------
    ring : Annulus
    timeline : Timeline
    smoothness : Smoothness
    n_rings, n_angles : int
        Material points at which data are asked.
    """

    ring: Annulus
    timeline: Timeline
    smoothness: Smoothness = field(default_factory=Smoothness)
    n_rings: int = 7
    n_angles: int = 72

    @cached_property
    def places(self) -> np.ndarray:
        """Material points, (n, 2)."""
        return self.ring.quadrature(self.n_rings, self.n_angles)[0]

    @cached_property
    def area(self) -> np.ndarray:
        """Their areas, (n,)."""
        return self.ring.quadrature(self.n_rings, self.n_angles)[1]

    @cached_property
    def basis(self) -> np.ndarray:
        """Modes at the points, (n, modes)."""
        return self.ring.basis(self.places)

    @cached_property
    def slopes(self) -> np.ndarray:
        """Slopes of the modes at the points, (n, modes, 2)."""
        return self.ring.basis_gradient(self.places)

    @cached_property
    def prior(self) -> np.ndarray:
        """Matrix of the quadratic price, over (course, mode, component)."""
        ring, time = self.ring, self.timeline
        seconds = (time.times_ms[-1] - time.times_ms[0]) / 1000
        radius = 0.5 * (ring.inner + ring.outer)
        bending = ring.bending / radius**2
        mass = self.basis.T @ (self.area[:, None] * self.basis) / self.area.sum() / radius**2
        extent = time.values.T @ time.values / len(time.values)
        price = self.smoothness
        scalar = seconds * (
            np.kron(extent, price.space * bending)
            + np.kron(time.acceleration, price.time * mass + price.both * bending)
        )
        return np.kron(scalar, np.eye(2))

    def at_frames(self, courses: np.ndarray) -> np.ndarray:
        """Numbers of the ring (n_frames, modes, 2) from those of the courses."""
        return np.tensordot(self.timeline.values, courses, 1)

    def through(self, numbers: np.ndarray) -> np.ndarray:
        """Courses (n_courses, modes, 2) nearest to numbers at the frames."""
        flat = numbers.reshape(len(numbers), -1)
        found = np.linalg.lstsq(self.timeline.values, flat, rcond=None)[0]
        return found.reshape(-1, *numbers.shape[1:])

    def geometry(self, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where the points are (t, n, 2), and F there (t, n, 2, 2)."""
        return (
            self.places + np.matmul(self.basis, numbers),
            deformation(self.slopes, numbers),
        )

    def step(self, courses: np.ndarray, blocks: np.ndarray, right: np.ndarray) -> np.ndarray:
        """The step that minimises data and price, from blocks (t, 2m, 2m) and (t, 2m)."""
        pull = (self.timeline.values.T @ right).ravel() - self.prior @ courses.ravel()
        factor = linalg.cho_factor(self.matrix(blocks), overwrite_a=True, check_finite=False)
        return linalg.cho_solve(factor, pull, check_finite=False).reshape(courses.shape)

    def covariance(self, blocks: np.ndarray) -> np.ndarray:
        """Of the ring's numbers at every frame, (t, 2m, 2m), where data have unit deviation."""
        width, values = blocks.shape[1], self.timeline.values
        whole = linalg.inv(self.matrix(blocks), overwrite_a=True, check_finite=False)
        whole = whole.reshape(values.shape[1], width, values.shape[1], width)
        half = np.tensordot(values, whole, 1)
        return np.einsum("twdv,td->twv", half, values)

    def matrix(self, blocks: np.ndarray) -> np.ndarray:
        """Of the normal equations of data and price, over (course, mode, component)."""
        values, width = self.timeline.values, blocks.shape[1]
        count = values.shape[1]
        pairs = (values[:, :, None] * values[:, None, :]).reshape(len(values), -1)
        matrix = (pairs.T @ blocks.reshape(len(blocks), -1)).reshape(count, count, width, width)
        matrix = matrix.transpose(0, 2, 1, 3).reshape(count * width, -1) + self.prior
        matrix[np.diag_indices_from(matrix)] *= 1 + 1e-9
        return matrix


def deformation(slopes: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """F (t, n, 2, 2) from slopes of modes (n, modes, 2) and numbers (t, modes, 2)."""
    columns = [np.matmul(slopes[..., j], numbers) for j in range(2)]
    return np.eye(2) + np.stack(columns, axis=-1)


def data_blocks(basis, slope, value, weight) -> tuple[np.ndarray, np.ndarray]:
    """Blocks (t, 2m, 2m) and right-hand sides (t, 2m) of weighted data.

    Parameters
    ----------
    basis : array, (n, m)
    slope : array, (t, n, a, 2)
        Of datum `a` at every point.
    value, weight : array, (t, n, a)
    """
    n_times, m = len(slope), basis.shape[1]
    blocks = np.empty((n_times, m, 2, m, 2))
    for i, j in ((0, 0), (0, 1), (1, 1)):
        part = np.sum(weight * slope[..., i] * slope[..., j], axis=2)
        blocks[:, :, i, :, j] = np.matmul(basis.T * part[:, None, :], basis)
    blocks[:, :, 1, :, 0] = blocks[:, :, 0, :, 1]
    pulls = np.einsum("tna,tnai->tni", weight * value, slope)
    right = np.matmul(basis.T, pulls).reshape(n_times, -1)
    return blocks.reshape(n_times, 2 * m, 2 * m), right


def area_blocks(slopes, F, weight) -> tuple[np.ndarray, np.ndarray]:
    """Blocks and right-hand sides of ``sum weight/2 (det F - 1)^2``, linearised, as above.

    Parameters
    ----------
    slopes : array, (n, m, 2)
    F : array, (t, n, 2, 2)
    weight : array, (n,)
    """
    det = F[..., 0, 0] * F[..., 1, 1] - F[..., 0, 1] * F[..., 1, 0]
    cofactor = np.empty_like(F)
    cofactor[..., 0, 0], cofactor[..., 1, 1] = F[..., 1, 1], F[..., 0, 0]
    cofactor[..., 0, 1], cofactor[..., 1, 0] = -F[..., 1, 0], -F[..., 0, 1]
    n, m, _ = slopes.shape
    rows = np.empty((len(F), n, m, 2))
    for i in range(2):
        along, across = cofactor[:, :, None, i, 0], cofactor[:, :, None, i, 1]
        rows[..., i] = slopes[..., 0] * along + slopes[..., 1] * across
    rows = rows.reshape(len(F), n, 2 * m)
    weighted = rows * weight[:, None]
    blocks = np.matmul(weighted.transpose(0, 2, 1), rows)
    return blocks, -np.einsum("tnk,tn->tk", weighted, det - 1)


def phase_slopes(F: np.ndarray, wave_vectors: np.ndarray) -> np.ndarray:
    """Gradients ``F^-T k`` of the phases, (t, n, a, 2), where det F is positive."""
    det = F[..., 0, 0] * F[..., 1, 1] - F[..., 0, 1] * F[..., 1, 0]
    det = np.maximum(det, 0.1)[..., None]
    first = wave_vectors[:, 0] * F[..., 1, 1, None] - wave_vectors[:, 1] * F[..., 1, 0, None]
    second = wave_vectors[:, 1] * F[..., 0, 0, None] - wave_vectors[:, 0] * F[..., 0, 1, None]
    return np.stack([first / det, second / det], axis=-1)
