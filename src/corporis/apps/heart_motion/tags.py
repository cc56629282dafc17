"""Tags: their spacing and direction, found from the spectrum of one image."""

from dataclasses import dataclass

import numpy as np
from scipy import fft, optimize

from corporis.errors import NotFound

FINEST, COARSEST = 2.5, 16.0
"""Spacings in pixels that are looked for."""
PROMINENCE = 4.5
"""A peak is at least so many times the median of the spectrum at its distance from zero."""
APART_RAD = np.deg2rad(30)


@dataclass(frozen=True)
class Tags:
    """One or two families of parallel tag planes: at rest the tissue at X has phase ``k . X + p``.

    Parameters
    ----------
    wave_vectors : array, (n, 2)
        In radians a pixel, (row, column); n is 1 for lines and 2 for a grid.
    phases : array, (n,)
        At pixel (0, 0).

    Examples
    --------
    >>> tags = Tags(np.array([[0.0, np.pi / 3]]), np.zeros(1))
    >>> tags.spacing_px.round(9).tolist(), tags.phase(np.array([5.0, 2.0])).round(3).tolist()
    ([6.0], [2.094])
    """

    wave_vectors: np.ndarray
    phases: np.ndarray

    @property
    def spacing_px(self) -> np.ndarray:
        """Distance of neighbouring tags, (n,)."""
        return 2 * np.pi / np.linalg.norm(self.wave_vectors, axis=1)

    @property
    def angle_deg(self) -> np.ndarray:
        """Direction of the wave vectors against the first image axis, (n,)."""
        return np.rad2deg(np.arctan2(self.wave_vectors[:, 1], self.wave_vectors[:, 0]))

    def phase(self, rest: np.ndarray) -> np.ndarray:
        """Phases (..., n) of material points (..., 2)."""
        return rest @ self.wave_vectors.T + self.phases


def find_tags(image: np.ndarray, window: np.ndarray | None = None, most: int = 2) -> Tags:
    """The strongest families of tags in an image.

    The spectrum, divided by what is usual at the same distance from zero, is searched for its
    highest peaks, at least 30 degrees apart; their places are refined on the spectrum between the
    frequencies of the discrete transform. Of a grid, whose product has peaks at the sums and
    differences as well, the nearer, stronger ones are taken.

    Parameters
    ----------
    image : array, (rows, columns)
        An early frame, in which tags are straight and strong.
    window : array, (rows, columns), or None
        Where to look, 0 to 1; None takes the middle of the image.
    most : int
        Families looked for, 1 or 2.

    Raises
    ------
    NotFound
        If no peak stands out.

    Examples
    --------
    >>> y, x = np.mgrid[:48, :48]
    >>> tags = find_tags(2 + np.cos(2 * np.pi * x / 6.3))
    >>> tags.spacing_px.round(2).tolist()
    [6.3]
    """
    image = np.asarray(image, dtype=float)
    if window is None:
        window = np.outer(*[np.hanning(n + 2)[1:-1] for n in image.shape])
    flat = window * (image - np.average(image, weights=window + 1e-12))
    padded = [4 * n for n in image.shape]
    power = np.abs(fft.fft2(flat, padded))
    lines = [2 * np.pi * fft.fftfreq(n) for n in padded]
    ky, kx = np.meshgrid(*lines, indexing="ij")
    length = np.hypot(ky, kx)
    usual = _usual(power, length)
    score = np.where((length > 2 * np.pi / COARSEST) & (length < 2 * np.pi / FINEST), power, 0)
    score = np.where(power > PROMINENCE * usual, score, 0)
    score[(ky < 0) | ((ky == 0) & (kx < 0))] = 0
    direction = np.arctan2(kx, ky)
    found: list[np.ndarray] = []
    while len(found) < most and score.max() > 0:
        at = np.unravel_index(np.argmax(score), score.shape)
        found.append(_refined(flat, np.array([ky[at], kx[at]])))
        turn = np.abs(_half_turn(direction - direction[at]))
        score = np.where(turn > APART_RAD, score, 0)
        score = np.where(power > 0.4 * power[at], score, 0)
    if not found:
        raise NotFound(
            f"no tags between {FINEST} and {COARSEST} pixels apart stand out of the image's "
            "spectrum: give an earlier frame, or a window around the heart"
        )
    vectors = np.array(found)
    return Tags(vectors, np.angle(_transform(flat, vectors)))


def _usual(power, length):
    """Median of the spectrum on rings."""
    ring = np.minimum((length / length.max() * 40).astype(int), 39)
    medians = np.array([np.median(power[ring == i]) if np.any(ring == i) else 0 for i in range(40)])
    return medians[ring]


def _refined(flat, start):
    step = np.pi / max(flat.shape)
    result = optimize.minimize(
        lambda k: -abs(_transform(flat, k[None])[0]),
        start,
        method="Nelder-Mead",
        options={"initial_simplex": start + step * np.array([[0, 0], [0.5, 0], [0, 0.5]])},
    )
    return result.x


def _transform(flat, vectors):
    """The Fourier transform at any frequency, phases as of pixel (0, 0)."""
    y, x = (np.arange(n) for n in flat.shape)
    return np.array([np.exp(-1j * k[0] * y) @ flat @ np.exp(-1j * k[1] * x) for k in vectors])


def _half_turn(angle):
    return angle - np.pi * np.round(angle / np.pi)
