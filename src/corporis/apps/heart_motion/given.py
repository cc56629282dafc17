"""What a person gives besides the images: the wall, insertions, levels, times between frames."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from corporis.apps.heart_motion.sectors import LEVELS, Insertion
from corporis.deformables import Annulus
from corporis.errors import BadInput


@dataclass(frozen=True)
class Given:
    """Each sequence is empty, holds one for all slices, or one a slice.

    Parameters
    ----------
    walls : sequence of (row, column, inner, outer)
        Centre and radii of the muscle in the first frame, in pixels.
    insertions : sequence of Insertion
    levels : sequence of str
        Of `LEVELS`.
    frame_ms : float or None
        Time between frames, where the file does not say, > 0.

    Raises
    ------
    ValueError
        If a wall or the time is out of range, or a level is unknown.
    """

    walls: Sequence[tuple[float, float, float, float]] = ()
    insertions: Sequence[Insertion] = ()
    levels: Sequence[str] = ()
    frame_ms: float | None = None

    def __post_init__(self):
        for row, column, inner, outer in self.walls:
            if not (0 < inner < outer < np.inf and np.isfinite([row, column]).all()):
                raise ValueError(
                    "a wall is row,column,inner,outer with 0 < inner < outer pixels, got "
                    f"{row:g},{column:g},{inner:g},{outer:g}"
                )
        for level in self.levels:
            if level not in LEVELS:
                raise ValueError(f"a level is one of {', '.join(LEVELS)}, got {level!r}")
        if self.frame_ms is not None and not 0 < self.frame_ms < np.inf:
            raise ValueError(f"the time between frames must be > 0 ms, got {self.frame_ms:g}")

    def check(self, n_slices: int) -> None:
        """Refuse numbers of walls, insertions or levels that fit no slice.

        Raises
        ------
        BadInput
            If there are neither none, one nor as many as slices.
        """
        named = {"--wall": self.walls, "--insertion": self.insertions, "--level": self.levels}
        for option, values in named.items():
            if len(values) not in (0, 1, n_slices):
                raise BadInput(
                    f"{option}: expected one for all or one for each of {n_slices} slices, got "
                    f"{len(values)}"
                )

    def wall(self, number: int) -> Annulus | None:
        """Of a slice."""
        found = _of(self.walls, number)
        return None if found is None else Annulus(np.array(found[:2]), found[2], found[3])

    def insertion(self, number: int, shape: tuple[int, ...]) -> Insertion | None:
        """Of a slice with so many rows and columns.

        Raises
        ------
        BadInput
            If it lies outside of the image.
        """
        found = _of(self.insertions, number)
        for place in () if found is None else (found.anterior, found.inferior):
            if place is not None and not all(-0.5 <= p <= n - 0.5 for p, n in zip(place, shape)):
                raise BadInput(
                    f"--insertion: {place[0]:g},{place[1]:g} does not lie in the image of "
                    f"{shape[0]} x {shape[1]} pixels: correct it"
                )
        return found

    def level(self, number: int, name: str) -> str | None:
        """Of a slice: as given, else by its name."""
        return _of(self.levels, number) or (name if name in LEVELS else None)


def _of(values, number):
    if not values:
        return None
    return values[0] if len(values) == 1 else values[number]
