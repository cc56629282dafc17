"""Volumes turned so that their axes run up, forward and to the right."""

from dataclasses import dataclass
from itertools import permutations

import numpy as np

from corporis.errors import BadInput

MOST_SHEAR_DEG = 3.0
"""So far from right angles the axes of a volume may be that is looked at as if they were not."""
UPRIGHT = (2, 1, 0)
"""Axes of RAS+ mm that the turned axes follow: up, forward, to the right."""


@dataclass(frozen=True)
class Turn:
    """Axes in another order, some of them reversed: how a volume comes to stand upright.

    Parameters
    ----------
    order : (int, int, int)
        The volume's axis that runs most up or down, the one that runs most forward or back, and
        the one that runs most to the right or left.
    is_reversed : (bool, bool, bool)
        Whether each of these runs down, back, or to the left.

    Examples
    --------
    >>> Turn.of(np.diag([1.0, -1.0, 1.0, 1.0]))                 # columns, rows from the front back
    Turn(order=(2, 1, 0), is_reversed=(False, True, False))
    """

    order: tuple[int, int, int]
    is_reversed: tuple[bool, bool, bool]

    @classmethod
    def of(cls, affine: np.ndarray) -> "Turn":
        """For a volume with an affine (4, 4) from its indices to RAS+ mm, oblique or not.

        Raises
        ------
        ValueError
            If the affine has another shape or does not span space.
        """
        affine = np.asarray(affine, float)
        is_sound = affine.shape == (4, 4) and np.isfinite(affine).all()
        if not is_sound or np.linalg.det(affine[:3, :3]) == 0:
            raise ValueError(f"expected an affine (4, 4) that spans space, got {affine.tolist()}")
        directions = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
        along = directions[list(UPRIGHT)]
        a, b, c = max(permutations(range(3)), key=lambda p: np.abs(along[range(3), p]).sum())
        up, forward, right = (bool(v < 0) for v in along[range(3), [a, b, c]])
        return cls((a, b, c), (up, forward, right))

    def __call__(self, volume: np.ndarray) -> np.ndarray:
        """The volume (a, b, c) upright; a view."""
        return volume.transpose(self.order)[self._flips]

    def back(self, volume: np.ndarray) -> np.ndarray:
        """An upright volume as it lay before; a view."""
        return volume[self._flips].transpose(np.argsort(self.order))

    def affine(self, affine: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        """From indices of the turned volume to RAS+ mm, from the affine and shape as given."""
        affine = np.array(affine, float)
        for axis, is_reversed in zip(self.order, self.is_reversed):
            if is_reversed:
                affine[:3, 3] += affine[:3, axis] * (shape[axis] - 1)
                affine[:3, axis] *= -1
        affine[:3, :3] = affine[:3, list(self.order)]
        return affine

    @property
    def _flips(self):
        return tuple(slice(None, None, -1 if flip else 1) for flip in self.is_reversed)


def upright(volume: np.ndarray, affine: np.ndarray) -> tuple[np.ndarray, Turn]:
    """A volume turned so that its axes run up, forward and to the right, and how.

    Parameters
    ----------
    volume : array, (a, b, c)
    affine : array, (4, 4)
        From indices along its axes, in their order, to RAS+ mm.

    Examples
    --------
    >>> down = np.arange(8).reshape(2, 2, 2)                    # slices from the head down
    >>> affine = np.array([[0, 0, 1, 0], [0, 1, 0, 0], [-1, 0, 0, 0], [0, 0, 0, 1.0]])
    >>> turned, turn = upright(down, affine)
    >>> turned[0, 0].tolist(), turn.back(turned)[0, 0].tolist()
    ([4, 5], [0, 1])
    """
    turn = Turn.of(affine)
    return turn(volume), turn


def steps_of(affine) -> tuple[float, float, float]:
    """Steps upwards, forward and to the right, of the axis that runs most that way, in mm."""
    steps = np.linalg.norm(np.asarray(affine)[:3, :3], axis=0)
    up, forward, right = (float(steps[axis]) for axis in Turn.of(affine).order)
    return up, forward, right


def voxel_mm3(affine) -> float:
    """Volume of a voxel: that of the box of its steps, at right angles or not.

    Examples
    --------
    >>> sheared = np.array([[1.0, 0.9, 0, 0], [0, 1, 0, 0], [0, 0, 2, 0], [0, 0, 0, 1]])
    >>> round(voxel_mm3(sheared), 6)
    2.0
    """
    return float(abs(np.linalg.det(np.asarray(affine, float)[:3, :3])))


def check_angles(affine, name: str) -> None:
    """Refuse a volume whose axes are not at right angles: shapes in it would be distorted.

    Raises
    ------
    BadInput
        If two axes are more than `MOST_SHEAR_DEG` from a right angle.
    """
    steps = np.asarray(affine, float)[:3, :3]
    directions = steps / np.linalg.norm(steps, axis=0)
    cosines = np.abs(directions.T @ directions - np.eye(3)).max()
    away = float(np.degrees(np.arcsin(min(cosines, 1.0))))
    if away > MOST_SHEAR_DEG:
        raise BadInput(
            f"{name}: expected axes at right angles, got {away:.0f} degrees away from it (shear): "
            "resample the volume to a grid without shear"
        )


def upright_affine(affine: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """From indices of the turned volume to RAS+ mm, (4, 4).

    Parameters
    ----------
    affine : array, (4, 4)
        Of the volume as it was given.
    shape : (int, int, int)
        As it was given.

    Examples
    --------
    >>> affine = np.array([[0, 0, 1, 0], [0, 1, 0, 0], [-1, 0, 0, 9], [0, 0, 0, 1.0]])
    >>> (upright_affine(affine, (10, 4, 4)) @ [0, 0, 0, 1]).tolist()     # the lowest slice
    [0.0, 0.0, 0.0, 1.0]
    """
    return Turn.of(affine).affine(affine, shape)
