"""How a scanner would see a moving, tagged ring: the central part of its exact k-space."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import fft

from corporis.apps.heart_motion import _ring_kernel
from corporis.apps.heart_motion._ring_kernel import SHAPE, WIDTH
from corporis.arrays import n_threads


@dataclass(frozen=True)
class Scanner:
    """Images of points with values: the sum of their Dirichlet kernels, one image a frame.

    The transform of scattered points is done by the window method: the points are spread on a
    grid twice as fine with a Kaiser-Bessel window, whose own transform is divided out.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns, even.

    References
    ----------
    Greengard & Lee (2004), SIAM Review 46, 443-454, doi:10.1137/S003614450343200X

    Examples
    --------
    >>> seen = Scanner((8, 8))(np.array([[[3.0, 5.0]]]), np.array([[[2.0]]]))
    >>> seen.shape, float(seen[0, 0, 3, 5].round(4)), float(abs(seen[0, 0, 4, 5]).round(4))
    ((1, 1, 8, 8), 2.0, 0.0)
    """

    shape: tuple[int, int]

    def __post_init__(self):
        if any(n % 2 or n < WIDTH for n in self.shape):
            raise ValueError(f"rows and columns must be even and >= {WIDTH}, got {self.shape}")

    def __call__(self, places: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Real images (t, c, rows, columns) of values (t, n, c) at places (t, n, 2) in pixels."""
        n_times, _, n_parts = values.shape
        rows, columns = self.shape
        grid = np.zeros((n_times, n_parts, 2 * rows, 2 * columns))
        _ring_kernel.scatter(
            np.ascontiguousarray(2.0 * places), np.ascontiguousarray(values), self._window, grid
        )
        workers = {"workers": n_threads()}
        spectrum = fft.rfft2(grid, **workers)
        half = rows // 2
        kept = np.concatenate([spectrum[:, :, :half], spectrum[:, :, -half:]], axis=2)[
            ..., : columns // 2 + 1
        ]
        return fft.irfft2(kept * self._correction, self.shape, **workers)

    @cached_property
    def _window(self):
        """Kaiser-Bessel window at distances 0 to half its width, and beyond."""
        distance = np.linspace(0, WIDTH / 2, 4096)
        inside = np.sqrt(np.maximum(1 - (2 * distance / WIDTH) ** 2, 0))
        return np.append(np.i0(SHAPE * inside), 0.0)

    @cached_property
    def _correction(self):
        """One over the window's transform, at the frequencies kept."""
        rows, columns = self.shape
        lines = []
        for frequency in (fft.fftfreq(rows), fft.rfftfreq(columns)):
            root = np.sqrt(SHAPE**2 - (np.pi * WIDTH * frequency / 2) ** 2)
            lines.append(root / (WIDTH * np.sinh(root)))
        return np.outer(*lines)
