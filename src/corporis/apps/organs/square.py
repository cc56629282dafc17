"""An image of any size on the square that a network sees, and maps brought back from there."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Square:
    """How an image lies on a square: ``place = (index + 1/2) * steps + start - 1/2``.

    Parameters
    ----------
    shape : (int, int)
        Rows and columns of the image.
    side : int
        Of the square, pixels; the longer side of the image fills it, the other is centred.
    pixel : (float, float)
        Height and width of the image's pixels in any unit: on the square proportions are true.

    Examples
    --------
    >>> Square((100, 200), 256, (1.4, 0.7)).steps.tolist()         # a square of 140 mm
    [2.56, 1.28]
    """

    shape: tuple[int, int]
    side: int
    pixel: tuple[float, float] = (1.0, 1.0)

    @property
    def steps(self) -> np.ndarray:
        """Pixels of the square for one of the image, along (rows, columns)."""
        pixel = np.array(self.pixel)
        return self.side * pixel / float(np.max(pixel * self.shape))

    @property
    def start(self) -> np.ndarray:
        """Where the image begins, (row, column)."""
        return (self.side - np.array(self.shape) * self.steps) / 2

    def seen(self, image: np.ndarray) -> np.ndarray:
        """Grey values (side, side) of an image (rows, columns); its least value around it."""
        image = np.asarray(image, np.float32)
        cells = [
            (np.arange(self.side + 1) - start) / step
            for start, step in zip(self.start.tolist(), self.steps.tolist())
        ]
        middles = [(cell[1:] + cell[:-1]) / 2 - 0.5 for cell in cells]
        # several pixels become one: their mean, not one of them
        found = image
        for axis, (cell, step) in enumerate(zip(cells, self.steps)):
            found = _means(found, axis, cell) if step < 1 else _at(found, axis, middles[axis])
        beyond = [(i < -0.5) | (i > n - 0.5) for i, n in zip(middles, self.shape)]
        return np.where(beyond[0][:, None] | beyond[1], image.min(), found).astype(np.float32)

    def back(self, maps: np.ndarray, scale: float = 1.0) -> np.ndarray:
        """Maps (..., side, side) on the pixels of the image, (..., rows, columns).

        A `scale` of 2 gives them on a grid of twice as many rows and columns.
        """
        maps = np.asarray(maps, np.float32)
        shape = [round(n * scale) for n in self.shape]
        rows, columns = (
            (np.arange(n) + 0.5) / scale * step + start - 0.5
            for n, step, start in zip(shape, self.steps.tolist(), self.start.tolist())
        )
        flat = maps.reshape(-1, *maps.shape[-2:])
        found = np.stack([_at(_at(m, 0, rows), 1, columns) for m in flat])
        return found.reshape(*maps.shape[:-2], *shape)

    def points_back(self, points: np.ndarray) -> np.ndarray:
        """Places (..., 2) of the square in pixels of the image."""
        return (np.asarray(points) + 0.5 - self.start) / self.steps - 0.5


def _at(image, axis, index):
    """Values at places along one axis by interpolation."""
    n = image.shape[axis]
    index = np.clip(index, 0, n - 1)
    low = np.minimum(index.astype(int), max(n - 2, 0))
    share = np.expand_dims((index - low).astype(np.float32), 1 - axis)
    high = np.minimum(low + 1, n - 1)
    return np.take(image, low, axis) * (1 - share) + np.take(image, high, axis) * share


def _means(image, axis, ends):
    """Means over cells whose ends are given, pixels from -1/2 to 1/2 about their centres."""
    n = image.shape[axis]
    ends = np.clip(ends, 0, n)
    total = np.cumsum(image, axis=axis, dtype=float)
    total = np.concatenate([np.zeros_like(np.take(total, [0], axis)), total], axis=axis)
    low = np.minimum(ends.astype(int), n - 1)
    share = np.expand_dims(ends - low, 1 - axis)
    reached = np.take(total, low, axis) * (1 - share) + np.take(total, low + 1, axis) * share
    width = np.maximum(np.expand_dims(np.diff(ends), 1 - axis), 1e-9)
    return np.diff(reached, axis=axis) / width
