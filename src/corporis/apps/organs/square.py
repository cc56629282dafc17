"""An image of any size on the square that a network sees, and maps brought back from there."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Square:
    """How an image lies on a square: ``place = (index + 1/2) * step + start - 1/2``.

    Parameters
    ----------
    shape : (int, int)
        Rows and columns of the image.
    side : int
        Of the square, pixels; the longer side of the image fills it, the other is centred.
    """

    shape: tuple[int, int]
    side: int

    @property
    def step(self) -> float:
        """Pixels of the square for one of the image."""
        return self.side / max(self.shape)

    @property
    def start(self) -> np.ndarray:
        """Where the image begins, (row, column)."""
        return (self.side - np.array(self.shape) * self.step) / 2

    def seen(self, image: np.ndarray) -> np.ndarray:
        """Grey values (side, side) of an image (rows, columns); its least value around it."""
        image = np.asarray(image, np.float32)
        cells = [(np.arange(self.side + 1) - start) / self.step for start in self.start.tolist()]
        middles = [(cell[1:] + cell[:-1]) / 2 - 0.5 for cell in cells]
        # several pixels become one: their mean, not one of them
        found = _means(image, *cells) if self.step < 1 else _at(image, *middles)
        beyond = [(i < -0.5) | (i > n - 0.5) for i, n in zip(middles, self.shape)]
        return np.where(beyond[0][:, None] | beyond[1], image.min(), found).astype(np.float32)

    def back(self, maps: np.ndarray, scale: float = 1.0) -> np.ndarray:
        """Maps (..., side, side) on the pixels of the image, (..., rows, columns).

        A `scale` of 2 gives them on a grid of twice as many rows and columns.
        """
        maps = np.asarray(maps, np.float32)
        shape = [round(n * scale) for n in self.shape]
        index = [
            (np.arange(n) + 0.5) / scale * self.step + start - 0.5
            for n, start in zip(shape, self.start.tolist())
        ]
        flat = maps.reshape(-1, *maps.shape[-2:])
        return np.stack([_at(m, *index) for m in flat]).reshape(*maps.shape[:-2], *shape)

    def points_back(self, points: np.ndarray) -> np.ndarray:
        """Places (..., 2) of the square in pixels of the image."""
        return (np.asarray(points) + 0.5 - self.start) / self.step - 0.5


def _at(image, rows, columns):
    """Values at a grid of rows and columns by interpolation along one axis after the other."""
    for axis, index in ((0, rows), (1, columns)):
        n = image.shape[axis]
        index = np.clip(index, 0, n - 1)
        low = np.minimum(index.astype(int), max(n - 2, 0))
        share = (index - low).astype(np.float32)
        share = share[:, None] if axis == 0 else share[None]
        high = np.minimum(low + 1, n - 1)
        image = np.take(image, low, axis) * (1 - share) + np.take(image, high, axis) * share
    return image


def _means(image, rows, columns):
    """Means over cells whose ends are given, pixels from -1/2 to 1/2 about their centres."""
    for axis, ends in ((0, rows), (1, columns)):
        n = image.shape[axis]
        ends = np.clip(ends, 0, n)
        total = np.cumsum(image, axis=axis, dtype=float)
        total = np.concatenate([np.zeros_like(np.take(total, [0], axis)), total], axis=axis)
        low = np.minimum(ends.astype(int), n - 1)
        share = np.expand_dims(ends - low, 1 - axis)
        reached = np.take(total, low, axis) * (1 - share) + np.take(total, low + 1, axis) * share
        width = np.maximum(np.expand_dims(np.diff(ends), 1 - axis), 1e-9)
        image = np.diff(reached, axis=axis) / width
    return image
