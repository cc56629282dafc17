"""The motion of a ring of muscle over a film, and the strain that follows from it."""

from dataclasses import dataclass

import numpy as np

from corporis.apps.heart_motion.equations import deformation
from corporis.deformables import Annulus, green_strain, in_axes, polar_axes


@dataclass(frozen=True, eq=False)
class RingMotion:
    """Where every piece of a ring goes, in pixels, since the first frame.

    Parameters
    ----------
    ring : Annulus
    numbers : array, (n_frames, modes, 2)
        Of the ring at every frame; zero at the first.
    times_ms : array, (n_frames,)
    noise : float
        Deviation of a good datum about the motion: of a phase in radians, or of a coordinate of a
        tracked point in pixels.
    trust : array, (n_frames, n_places, n_data)
        How far each datum was believed, 0 to 1; low where it is grossly wrong.
    places : array, (n_places, 2)
        Material points of the data.
    covariance : array, (n_frames, 2 modes, 2 modes), or None
        Of `numbers`, where it is known.
    """

    ring: Annulus
    numbers: np.ndarray
    times_ms: np.ndarray
    noise: float
    trust: np.ndarray
    places: np.ndarray
    covariance: np.ndarray | None = None

    def displacement(self, rest: np.ndarray) -> np.ndarray:
        """Displacement (n_frames, n, 2) of material points (n, 2)."""
        return np.matmul(self.ring.basis(rest), self.numbers)

    def gradient(self, rest: np.ndarray) -> np.ndarray:
        """F (n_frames, n, 2, 2) in image axes at material points (n, 2)."""
        return deformation(self.ring.basis_gradient(rest), self.numbers)

    def strain(self, rest: np.ndarray) -> np.ndarray:
        """Green strain (n_frames, n, 2, 2) in reference radial and circumferential axes."""
        axes = polar_axes(rest, self.ring.centre)
        return in_axes(green_strain(self.gradient(rest)), axes)

    def forward(self, rest: np.ndarray) -> np.ndarray:
        """Where material points (n, 2) are, (n_frames, n, 2)."""
        return rest + self.displacement(rest)

    @property
    def believed(self) -> np.ndarray:
        """Share of the wall's data believed in each frame, (n_frames,)."""
        return np.mean(self.trust > 0.5, axis=(1, 2))
