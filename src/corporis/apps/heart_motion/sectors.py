"""Sectors around a ring: numbered from the insertion of the right ventricle, or by the clock."""

from dataclasses import dataclass

import numpy as np

from corporis.deformables import aha_segment

LEVELS = {"basal": 0.16, "mid": 0.475, "apical": 0.8}
"""Height of a slice in the ventricle, 0 at the base."""
WALLS = {
    1: "anterior",
    2: "anteroseptal",
    3: "inferoseptal",
    4: "inferior",
    5: "inferolateral",
    6: "anterolateral",
    13: "anterior",
    14: "septal",
    15: "inferior",
    16: "lateral",
    17: "apex",
}


@dataclass(frozen=True)
class Insertion:
    """Where the right ventricle meets the wall, (row, column) in pixels.

    Parameters
    ----------
    anterior : (float, float)
    inferior : (float, float) or None
        Without it the septum is taken to lie anticlockwise of the anterior one, as on a short-axis
        image seen from the apex.
    """

    anterior: tuple[float, float]
    inferior: tuple[float, float] | None = None


@dataclass(frozen=True)
class Sectors:
    """Equal parts of a ring.

    Parameters
    ----------
    level : str or None
        One of `LEVELS`: apical rings have four sectors, others six.
    insertion : Insertion or None
        None leaves sectors unnumbered; they are named by the clock as displayed.

    Raises
    ------
    ValueError
        If the level is not one of `LEVELS`.

    Examples
    --------
    >>> ring = Sectors("apical")
    >>> [ring.names[k] for k in ring.labels(np.deg2rad([0.0, 90.0, 180.0]), np.zeros(2))]
    ["6 o'clock", "3 o'clock", "12 o'clock"]
    >>> Sectors("mid", Insertion((0.0, -10.0))).names[0]
    'segment 7, anterior'
    """

    level: str | None = None
    insertion: Insertion | None = None

    def __post_init__(self):
        if self.level is not None and self.level not in LEVELS:
            raise ValueError(f"level must be one of {', '.join(LEVELS)}, got {self.level!r}")

    @property
    def count(self) -> int:
        """How many there are."""
        return 4 if self.level == "apical" else 6

    @property
    def segments(self) -> tuple[int | None, ...]:
        """AHA numbers; None where the insertion or the level is not known."""
        if self.insertion is None or self.level is None:
            return (None,) * self.count
        return tuple(self._first + k for k in range(self.count))

    @property
    def names(self) -> tuple[str, ...]:
        """What each is called."""
        if self.insertion is None:
            hours = 12 // self.count
            return tuple(f"{(k * hours) or 12} o'clock" for k in range(self.count))
        walls = [WALLS[k + (13 if self.level == "apical" else 1)] for k in range(self.count)]
        if self.level is None:
            return tuple(walls)
        return tuple(f"segment {k}, {w}" for k, w in zip(self.segments, walls))

    def labels(self, angle_rad: np.ndarray, centre: np.ndarray) -> np.ndarray:
        """Index of the sector of angles from the first image axis towards the second."""
        if self.insertion is None:
            # 12 o'clock is where the first axis, which points down, comes from
            turn = np.mod(np.pi - np.asarray(angle_rad), 2 * np.pi) / (2 * np.pi) * self.count
            return np.mod(np.rint(turn).astype(int), self.count)
        start, sign = self._septum(np.asarray(centre, dtype=float))
        height = LEVELS[self.level or "mid"]
        number = aha_segment(sign * (np.asarray(angle_rad) - start), height)
        return number - (self._first if self.level else 7)

    def edges(self, centre: np.ndarray) -> np.ndarray:
        """Angle in radians at which each sector begins and ends, (count, 2), growing."""
        fine = 2 * np.pi * (np.arange(7200) + 0.5) / 7200
        label = self.labels(fine, centre)
        found = []
        for k in range(self.count):
            middle = np.angle(np.mean(np.exp(1j * fine[label == k])))
            found.append(middle + np.pi / self.count * np.array([-1.0, 1.0]))
        return np.array(found)

    @property
    def _first(self):
        return {"basal": 1, "mid": 7, "apical": 13}[self.level]

    def _septum(self, centre):
        """Angle of the anterior insertion, and the sense in which the septum follows."""
        first = _angle(self.insertion.anterior, centre)
        if self.insertion.inferior is None:
            return first, 1.0
        off = np.angle(np.exp(1j * (_angle(self.insertion.inferior, centre) - first)))
        return first, 1.0 if off >= 0 else -1.0


def _angle(place, centre):
    return float(np.arctan2(place[1] - centre[1], place[0] - centre[0]))
