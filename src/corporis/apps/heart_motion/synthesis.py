"""Images of a fitted motion, as the scanner would have seen it."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from corporis.apps.heart_motion.equations import deformation
from corporis.apps.heart_motion.scanner import Scanner
from corporis.apps.heart_motion.tags import Tags
from corporis.deformables import Annulus

INSIDE, OUTSIDE = 0.5, 0.1
"""How much of a pixel is muscle, to be fitted to, and to be left as it was measured."""


@dataclass(frozen=True, eq=False)
class Synthesis:
    """A moving, tagged ring of even signal, put into the measured surroundings.

    A band-pass filter mixes the phase at a place with that of its neighbourhood, and near the
    edges of the wall there is none on one side. What it does to the measured images it does to
    these as well, so that what is left between them is motion.

    Parameters
    ----------
    ring : Annulus
    images : array, (t, rows, columns)
        As measured, magnitudes.
    n_rings, n_angles : int
        Points of the quadrature, enough for the finest detail that an image can hold.
    """

    ring: Annulus
    images: np.ndarray
    n_rings: int = 20
    n_angles: int = 224

    def __call__(self, numbers: np.ndarray, tags: Tags) -> np.ndarray:
        """Magnitude images (t, rows, columns) of a motion with numbers (t, modes, 2).

        In every frame the signal of the muscle is a sum of an even part and of each product of
        the tags' cosines, with amplitudes fitted to the measured pixels inside the wall: fading,
        flip angles and coil need not be known.
        """
        rest, area, basis, slopes = self._sources
        F = deformation(slopes, numbers)
        det = F[..., 0, 0] * F[..., 1, 1] - F[..., 0, 1] * F[..., 1, 0]
        waves = np.cos(tags.phase(rest))
        parts = np.concatenate([np.ones((len(rest), 1)), waves], axis=1)
        if waves.shape[1] == 2:
            parts = np.concatenate([parts, waves[:, :1] * waves[:, 1:]], axis=1)
        seen = self._scanner(rest + np.matmul(basis, numbers), (area * det)[..., None] * parts)
        made = np.empty(self.images.shape)
        for t, (image, layers) in enumerate(zip(self.images, seen)):
            inside, outside = layers[0] > INSIDE, layers[0] < OUTSIDE
            amplitudes = np.linalg.lstsq(layers[:, inside].T, image[inside], rcond=None)[0]
            made[t] = np.abs(np.tensordot(amplitudes, layers, 1))
            made[t][outside] = image[outside]
        return made

    @cached_property
    def _sources(self):
        rest, area = self.ring.quadrature(self.n_rings, self.n_angles)
        return rest, area, self.ring.basis(rest), self.ring.basis_gradient(rest)

    @cached_property
    def _scanner(self):
        return Scanner(self.images.shape[1:])
