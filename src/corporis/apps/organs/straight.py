"""Volumes at a slant brought onto the body's axes, and what was found there brought back."""

from dataclasses import dataclass

import numpy as np
import scipy

from corporis.apps.organs.upright import Turn, steps_of, upright

SLANT = 0.05
"""Sine of the angle to the body's axes (about 3 degrees) from which a volume is resampled."""
SAR = np.array([[0, 0, 1, 0], [0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1.0]])
"""Up, forward and to the right as right, forward and up, and the other way round."""


@dataclass(frozen=True, eq=False)
class StraightGrid:
    """How voxels of a volume lie on a grid whose axes run up, forward and to the right.

    A volume that lies along the body's axes is only turned; one at a slant, or with finer steps
    than are asked for, is resampled on the box round it.

    Parameters
    ----------
    shape : (int, int, int)
        Of the volume as it was given.
    own : array, (4, 4)
        From its indices to RAS+ mm.
    affine : array, (4, 4)
        From indices of the grid to RAS+ mm.
    sides : (int, int, int)
        Of the grid.
    is_resampled : bool
    """

    shape: tuple[int, int, int]
    own: np.ndarray
    affine: np.ndarray
    sides: tuple[int, int, int]
    is_resampled: bool

    @classmethod
    def of(
        cls, shape: tuple[int, int, int], affine: np.ndarray, finest_mm: float = 0.0
    ) -> "StraightGrid":
        """For a volume (a, b, c) with an affine from its indices to RAS+ mm.

        Steps below `finest_mm` become as large.

        Examples
        --------
        >>> StraightGrid.of((4, 5, 6), np.diag([2.0, 1, 1, 1])).sides    # the first runs right
        (6, 5, 4)
        """
        affine = np.asarray(affine, float)
        steps = np.maximum(steps_of(affine), finest_mm)
        directions = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
        is_straight = np.abs(directions).max(axis=0).min() ** 2 > 1 - SLANT**2
        if is_straight and min(steps_of(affine)) >= finest_mm:
            turn = Turn.of(affine)
            a, b, c = (shape[axis] for axis in turn.order)
            return cls(shape, affine, turn.affine(affine, shape), (a, b, c), False)
        corners = np.indices((2, 2, 2)).reshape(3, -1).T * (np.array(shape) - 1)
        reach = (corners @ affine[:3, :3].T + affine[:3, 3])[:, ::-1]  # up, forward, right
        low, high = reach.min(axis=0), reach.max(axis=0)
        a, b, c = (int(n) for n in np.ceil((high - low) / steps - 1e-6) + 1)
        placed = SAR @ np.diag([*steps, 1.0])
        placed[:3, 3] = low[::-1]
        return cls(shape, affine, placed, (a, b, c), True)

    @property
    def steps(self) -> tuple[float, float, float]:
        """Steps of the grid upwards, forward and to the right."""
        up, forward, right = np.linalg.norm(self.affine[:3, :3], axis=0)
        return float(up), float(forward), float(right)

    def seen(self, volume: np.ndarray, outside: float) -> np.ndarray:
        """Grey values on the grid (`sides`); `outside` where the volume shows nothing."""
        if not self.is_resampled:
            return upright(volume, self.own)[0]
        way = np.linalg.inv(self.own) @ self.affine
        found = scipy.ndimage.affine_transform(
            np.asarray(volume, np.float32), way[:3, :3], way[:3, 3], self.sides, order=1,
            mode="constant", cval=outside,
        )  # fmt: skip
        return found

    def back(self, maps: np.ndarray, order: int = 0) -> np.ndarray:
        """Labels (`sides`), or with `order` 1 a field, on the voxels that were given."""
        if not self.is_resampled:
            return np.ascontiguousarray(Turn.of(self.own).back(maps))
        way = np.linalg.inv(self.affine) @ self.own
        return scipy.ndimage.affine_transform(
            maps, way[:3, :3], way[:3, 3], self.shape, order=order, mode="nearest"
        )
