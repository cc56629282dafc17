"""Plain harmonic phase tracking: every point for itself, frame after frame, by its two phases."""

from dataclasses import dataclass, field

import numpy as np

from corporis.apps.heart_motion.harmonic import BandPass, HarmonicImages, wrapped
from corporis.apps.heart_motion.tags import Tags

HALF = 0.5
"""Distance in pixels at which differences of phase are taken to each side."""


@dataclass(frozen=True)
class HarmonicTracking:
    """Harmonic phase (HARP) tracking, ``x <- x - [grad phi]^-1 W(phi(x, t) - phi_0)``.

    A point keeps the phases it had in the first frame. It begins at the place it had in the frame
    before, and lands on the neighbouring tag where it moved by more than half their distance.

    Parameters
    ----------
    filter : BandPass
    n_steps : int
        Of Newton a frame, >= 1.
    longest : float
        Longest step, in tag spacings.

    References
    ----------
    Osman, Kerwin, McVeigh & Prince (1999), Magn. Reson. Med. 42, 1048-1060,
    doi:10.1002/(SICI)1522-2594(199912)42:6<1048::AID-MRM9>3.0.CO;2-M

    Examples
    --------
    >>> y, x = np.mgrid[:48, :48]
    >>> def grid(dx):
    ...     return (1 + np.cos(np.pi * (x - dx) / 4)) * (1 + np.cos(np.pi * y / 4))
    >>> tags = Tags(np.array([[0.0, np.pi / 4], [np.pi / 4, 0.0]]), np.zeros(2))
    >>> images = np.stack([grid(0.0), grid(1.5)])
    >>> tracked, _ = HarmonicTracking()(images, tags, np.array([[24.0, 20.0]]))
    >>> tracked[1].round(6).tolist()
    [[24.0, 21.5]]
    """

    filter: BandPass = field(default_factory=lambda: BandPass(share=0.5))
    n_steps: int = 10
    longest: float = 0.5

    def __post_init__(self):
        if self.n_steps < 1 or not self.longest > 0:
            raise ValueError("n_steps must be >= 1 and longest > 0")

    def __call__(
        self, images: np.ndarray, tags: Tags, rest: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Places (t, n, 2) of points (n, 2) of the first frame, and F (t, n, 2, 2) there.

        Parameters
        ----------
        images : array, (t, rows, columns)
        tags : Tags
            Two families.
        rest : array, (n, 2)
            In pixels.
        """
        waves = tags.wave_vectors
        harmonics = HarmonicImages(self.filter(images, waves), waves)
        longest = self.longest * float(tags.spacing_px.min())
        places = np.empty((len(images), *np.shape(rest)))
        places[0] = x = np.asarray(rest, dtype=float)
        first = harmonics(x[None], slice(0, 1))[0]
        gradients = np.empty((*places.shape, 2))
        for t in range(len(images)):
            frame = slice(t, t + 1)
            for _ in range(self.n_steps if t else 0):
                slope = _gradient(harmonics, x, frame)
                wrong = np.angle(harmonics(x[None], frame)[0] * np.conj(first)).T
                step = -_solved(slope, wrong[..., None])[..., 0]
                length = np.linalg.norm(step, axis=1, keepdims=True)
                x = x + step * np.minimum(1, longest / np.maximum(length, 1e-12))
            places[t] = x
            # grad phi_a = F^-T k_a, so that the rows of the slopes are K F^-1
            slope = _gradient(harmonics, x, frame)
            gradients[t] = _solved(slope, np.broadcast_to(waves, slope.shape))
        return places, gradients


def _gradient(harmonics, x, frame):
    """Rows: gradients of the phases, as wrapped differences across a pixel, (n, a, 2)."""
    columns = []
    for axis in np.eye(2) * HALF:
        ahead, behind = harmonics((x + axis)[None], frame), harmonics((x - axis)[None], frame)
        columns.append(wrapped(np.angle(ahead[0] * np.conj(behind[0]))).T / (2 * HALF))
    return np.stack(columns, axis=-1)


def _solved(matrix, right):
    """``matrix^-1 right`` for 2 x 2 matrices, which may come close to singular."""
    det = matrix[..., 0, 0] * matrix[..., 1, 1] - matrix[..., 0, 1] * matrix[..., 1, 0]
    det = np.where(np.abs(det) < 1e-6, 1e-6, det)
    inverse = np.empty_like(matrix)
    inverse[..., 0, 0], inverse[..., 1, 1] = matrix[..., 1, 1], matrix[..., 0, 0]
    inverse[..., 0, 1], inverse[..., 1, 0] = -matrix[..., 0, 1], -matrix[..., 1, 0]
    return inverse @ right / det[..., None, None]
