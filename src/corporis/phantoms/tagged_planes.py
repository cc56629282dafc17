"""A virtual heart, tagged and seen on any image plane: in-plane tags of a beating wall."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy import fft

FINE = 4


class BeatingWall(Protocol):
    """What is imaged: a wall whose material places are known at all times."""

    @property
    def box_mm(self) -> tuple[float, float, float]:
        """Radius about the third axis, lowest and highest place along it: no wall is beyond."""

    def is_muscle(self, now: np.ndarray, phase: float) -> np.ndarray:
        """Whether places (n, 3) are in the wall at a phase."""

    def backward(self, now: np.ndarray, phase: float) -> np.ndarray:
        """Material places (n, 3) that are at places `now`."""


@dataclass(frozen=True, eq=False)
class TaggedPlane:
    """A plane through a heart with two families of tags perpendicular to it.

    The tags are planes of the magnetisation at rest, ``prod_a (1 + cos(k_a . X)) / 2``, that ride
    on the muscle and fade with T1; blood gives no signal. The image is the central part of the
    k-space of a `FINE` times finer one.

    Parameters
    ----------
    origin : array, (3,)
        Centre of pixel (0, 0) in the heart's frame, in mm.
    steps : array, (2, 3)
        From a pixel to the next row, and to the next column, in mm, of equal length.
    side : int
        Pixels a side.
    spacing_mm : float
        Distance of neighbouring tags at rest, > 0.
    t1_ms, beat_ms : float

    Examples
    --------
    >>> plane = short_axis(30.0)
    >>> plane.places(np.array([[31.5, 31.5]])).round(9).tolist()
    [[0.0, 0.0, 30.0]]
    """

    origin: np.ndarray
    steps: np.ndarray
    side: int = 64
    spacing_mm: float = 6.0
    t1_ms: float = 850.0
    beat_ms: float = 800.0

    def __post_init__(self):
        if np.shape(self.origin) != (3,) or np.shape(self.steps) != (2, 3):
            raise ValueError("origin must be (3,) and steps (2, 3)")
        if not (self.spacing_mm > 0 and self.t1_ms > 0 and self.beat_ms > 0 and self.side > 3):
            raise ValueError("spacing_mm, t1_ms and beat_ms must be > 0, side > 3")

    @property
    def wave_vectors(self) -> np.ndarray:
        """Of the tags at rest in space, (2, 3) in rad/mm: on the diagonals of the plane."""
        axes = self.steps / np.linalg.norm(self.steps, axis=1, keepdims=True)
        diagonals = np.array([[1.0, 1.0], [-1.0, 1.0]]) / np.sqrt(2)
        return 2 * np.pi / self.spacing_mm * diagonals @ axes

    def places(self, pixels: np.ndarray) -> np.ndarray:
        """Places (n, 3) in mm of pixels (n, 2), (row, column)."""
        return self.origin + np.asarray(pixels, dtype=float) @ self.steps

    def images(
        self, heart: BeatingWall, phases: np.ndarray, snr: float = np.inf, seed: int = 0
    ) -> np.ndarray:
        """Magnitude images (n_phases, side, side) with Rician noise.

        Parameters
        ----------
        heart : BeatingWall
            A `VirtualHeart` or a `ProlateHeart`.
        phases : array, (n_phases,)
            Shares of the beat, tags being made at 0.
        snr : float
            Signal of the untagged wall over the noise in each of the real and imaginary channels,
            > 0; infinite for none.
        seed : int
            Of the noise.
        """
        if not snr > 0:
            raise ValueError(f"snr must be > 0, got {snr}")
        kept = np.stack([self.kspace(heart, float(p)) for p in np.atleast_1d(phases)])
        clean = fft.ifft2(fft.ifftshift(kept, axes=(1, 2)))
        noise = np.random.default_rng(seed).standard_normal((2, *clean.shape))
        return np.abs(clean + (noise[0] + 1j * noise[1]) / snr)

    def kspace(self, heart: BeatingWall, phase: float) -> np.ndarray:
        """Central k-space (side, side) of a `FINE` times finer image, frequency 0 in the middle."""
        n = FINE * self.side
        line = (np.arange(n) - (FINE - 1) / 2) / FINE
        grid = np.stack(np.meshgrid(line, line, indexing="ij"), axis=-1).reshape(-1, 2)
        places = self.places(grid)
        reach, low, high = heart.box_mm
        near = np.hypot(places[:, 0], places[:, 1]) < reach
        near &= (places[:, 2] > low) & (places[:, 2] < high)
        signal = np.zeros(len(places))
        at = np.flatnonzero(near)[heart.is_muscle(places[near], phase)]
        rest = heart.backward(places[at], phase)
        tags = np.prod([(1 + np.cos(rest @ k)) / 2 for k in self.wave_vectors], axis=0)
        signal[at] = 1 - np.exp(-phase * self.beat_ms / self.t1_ms) * (1 - tags)
        spectrum = fft.fftshift(fft.fft2(signal.reshape(n, n)))
        start = (n - self.side) // 2
        kept = spectrum[start : start + self.side, start : start + self.side] / FINE**2
        shift = np.exp(2j * np.pi * fft.fftshift(fft.fftfreq(self.side)) * (FINE - 1) / (2 * FINE))
        return kept * np.outer(shift, shift)


def short_axis(height_mm: float, pixel_mm: float = 1.5, **options) -> TaggedPlane:
    """A plane across the axis, at a height below the base, centred on the axis."""
    side = options.get("side", 64)
    steps = pixel_mm * np.array([[1.0, 0, 0], [0, 1.0, 0]])
    origin = np.array([0, 0, height_mm]) - 0.5 * (side - 1) * steps.sum(axis=0)
    return TaggedPlane(origin, steps, **options)


def long_axis(angle_rad: float, middle_mm: float, pixel_mm: float = 1.5, **options) -> TaggedPlane:
    """A plane through the axis, at an angle, centred at a height below the base."""
    side = options.get("side", 64)
    across = np.array([np.cos(angle_rad), np.sin(angle_rad), 0.0])
    steps = pixel_mm * np.stack([across, [0, 0, 1.0]])
    origin = np.array([0, 0, middle_mm]) - 0.5 * (side - 1) * steps.sum(axis=0)
    return TaggedPlane(origin, steps, **options)
