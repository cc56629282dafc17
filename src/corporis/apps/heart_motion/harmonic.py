r"""Harmonic images: one spectral peak of the tags, cut out, whose phase rides on the tissue.

With `k` a tag's wave vector, the tissue at `x` that was at `X` has the phase ``k . X``. The peak is
cut out of the spectrum by a disc with a soft edge; what is left is complex, its angle is that
phase, wrapped, and its length tells how far to believe it.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import fft, ndimage

from corporis.apps.heart_motion import _ring_kernel
from corporis.operators.fourier import unitary_fft

PLANE = (-2, -1)


@dataclass(frozen=True)
class BandPass:
    """A disc with soft edge around one peak, with radius a share of its distance from zero.

    Parameters
    ----------
    share : float
        Radius where the filter has fallen to one half, over the length of the wave vector, 0 to 1.
    softness : float
        Width over which it falls, over its radius, 0 to 1.

    Raises
    ------
    ValueError
        If a number is out of its range.

    References
    ----------
    Osman, Kerwin, McVeigh & Prince (1999), Magn. Reson. Med. 42, 1048-1060

    Examples
    --------
    >>> column = np.arange(32)
    >>> image = np.tile(1 + np.cos(2 * np.pi * column / 4), (32, 1))
    >>> harmonic = BandPass()(image[None], np.array([[0.0, np.pi / 2]]))
    >>> np.round(np.angle(harmonic[0, 0, 5, [1, 3]]) / np.pi, 6).tolist()    # quarters of a tag
    [0.5, -0.5]
    """

    share: float = 0.55
    softness: float = 0.4

    def __post_init__(self):
        if not 0 < self.share < 1 or not 0 <= self.softness <= 1:
            raise ValueError(
                f"share must be in (0, 1) and softness in [0, 1], got {self.share} and "
                f"{self.softness}"
            )

    def __call__(self, images: np.ndarray, wave_vectors: np.ndarray) -> np.ndarray:
        """Harmonic images (t, a, rows, columns) of images (t, rows, columns).

        Parameters
        ----------
        images : array, (t, rows, columns)
        wave_vectors : array, (a, 2)
            In radians a pixel.
        """
        spectrum = unitary_fft(images + 0j, PLANE)[:, None]
        passed = self.response(images.shape[1:], wave_vectors)
        return unitary_fft(spectrum * passed, PLANE, is_inverse=True, is_free=True)

    def response(self, shape, wave_vectors: np.ndarray) -> np.ndarray:
        """What is let through, 0 to 1, (a, rows, columns), frequency 0 first."""
        lines = [2 * np.pi * fft.fftfreq(n) for n in shape]
        frequency = np.stack(np.meshgrid(*lines, indexing="ij"), axis=-1)
        rows = []
        for k in np.atleast_2d(wave_vectors):
            length = np.linalg.norm(k)
            off = np.linalg.norm(wrapped(frequency - k), axis=-1) / (self.share * length)
            ramp = np.clip((off - 1) / max(self.softness, 1e-9) + 0.5, 0, 1)
            rows.append(0.5 + 0.5 * np.cos(np.pi * ramp))
        return np.stack(rows)

    def bandwidth(self, shape, wave_vectors: np.ndarray) -> float:
        """Independent complex numbers a pixel that are let through, mean over the tags."""
        return float(np.mean(self.response(shape, wave_vectors) ** 2))


@dataclass(frozen=True, eq=False)
class HarmonicImages:
    """Harmonic images that can be asked between pixels.

    The carrier wave is taken off before, and put back after, splines pass through the pixels, so
    that what they see is smooth.

    Parameters
    ----------
    values : complex array, (t, a, rows, columns)
    wave_vectors : array, (a, 2)
        In radians a pixel.
    """

    values: np.ndarray
    wave_vectors: np.ndarray

    @cached_property
    def _coefficients(self):
        rows, columns = np.indices(self.values.shape[2:])
        carrier = np.exp(
            -1j
            * (
                self.wave_vectors[:, 0, None, None] * rows
                + self.wave_vectors[:, 1, None, None] * columns
            )
        )
        smooth = self.values * carrier
        for axis in (2, 3):
            smooth = ndimage.spline_filter1d(smooth, 3, axis=axis, mode="mirror", output=complex)
        return np.ascontiguousarray(smooth)

    def __call__(self, places: np.ndarray, frames=slice(None)) -> np.ndarray:
        """Complex values (t, a, n) at places (t, n, 2) in pixels, (row, column)."""
        coefficients = self._coefficients[frames]
        places = np.ascontiguousarray(places, dtype=float)
        out = np.empty((len(coefficients), coefficients.shape[1], places.shape[1]), complex)
        _ring_kernel.sample(coefficients, places, out)
        return out * np.exp(1j * np.einsum("ai,tni->tan", self.wave_vectors, places))


def wrapped(angle: np.ndarray) -> np.ndarray:
    """An angle, or its twin a number of turns away, in [-pi, pi].

    Examples
    --------
    >>> float(wrapped(np.array(2 * np.pi + 1.0)).round(12))
    1.0
    """
    return angle - 2 * np.pi * np.round(angle / (2 * np.pi))
