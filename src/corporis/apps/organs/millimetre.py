"""A volume of any spacing on a grid of 1 mm that a network sees, and maps brought back."""

from dataclasses import dataclass

import numpy as np
import scipy


@dataclass(frozen=True)
class MillimetreGrid:
    """How a volume lies on a grid of cubic millimetres whose middle is its own.

    Parameters
    ----------
    shape : (int, int, int)
        Voxels of the volume along each axis.
    spacing_mm : (float, float, float)
        Steps along them, > 0.

    Raises
    ------
    ValueError
        If a step is not > 0.

    Examples
    --------
    >>> MillimetreGrid((10, 10, 10), (1.0, 2.0, 0.5)).sides
    (10, 20, 5)
    """

    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]

    def __post_init__(self):
        if not min(self.spacing_mm) > 0:
            raise ValueError(f"steps must be > 0, got {self.spacing_mm}")

    @property
    def sides(self) -> tuple[int, int, int]:
        """Voxels of 1 mm along each axis."""
        a, b, c = (
            n if _is_one(step) else max(1, round(n * step))
            for n, step in zip(self.shape, self.spacing_mm)
        )
        return a, b, c

    def seen(self, volume: np.ndarray) -> np.ndarray:
        """Grey values of a volume (`shape`) on the grid, (`sides`), float32."""
        found = np.asarray(volume, np.float32)
        for axis, (n, side, step) in enumerate(zip(self.shape, self.sides, self.spacing_mm)):
            if _is_one(step):
                continue
            if step < 1:  # several voxels become one: details between them would be noise
                blur = 0.4 * np.sqrt(step**-2 - 1)
                found = scipy.ndimage.gaussian_filter1d(found, blur, axis, mode="nearest")
            index = (np.arange(side) - (side - 1) / 2) / step + (n - 1) / 2
            found = _along(found, axis, index)
        return found

    def back(self, maps: np.ndarray) -> np.ndarray:
        """Maps (..., `sides`) on the voxels of the volume, (..., `shape`)."""
        found = np.asarray(maps, np.float32)
        for axis, (n, side, step) in enumerate(zip(self.shape, self.sides, self.spacing_mm)):
            if not _is_one(step):
                index = (np.arange(n) - (n - 1) / 2) * step + (side - 1) / 2
                found = _along(found, found.ndim - 3 + axis, index)
        return found


def _is_one(step):
    return abs(step - 1) < 0.01


def _along(volume, axis, index):
    """Values at places along one axis by interpolation; the last ones beyond the ends."""
    n = volume.shape[axis]
    index = np.clip(index, 0, n - 1)
    low = np.minimum(index.astype(int), max(n - 2, 0))
    share = (index - low).astype(np.float32)
    share = share.reshape([-1 if k == axis else 1 for k in range(volume.ndim)])
    high = np.minimum(low + 1, n - 1)
    return np.take(volume, low, axis) * (1 - share) + np.take(volume, high, axis) * share
