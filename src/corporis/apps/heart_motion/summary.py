"""The slices of one heart together: end-systole, twist, dyssynchrony, numbers of every region."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from corporis.apps.heart_motion.clinical import Clinical, clinical, dyssynchrony
from corporis.apps.heart_motion.film import FilmMotion
from corporis.apps.heart_motion.regions import ACROSS_TAGS, Region, select

ORDER = ("basal", "mid", "apical")


@dataclass(frozen=True, eq=False)
class Twist:
    """Turn of the most apical slice against the most basal one.

    Parameters
    ----------
    upper, lower : str
        Names of the slices.
    degrees : array, (n_frames,)
    distance_mm : float or None
    note : str
        Why it may not be relied upon.
    """

    upper: str
    lower: str
    degrees: np.ndarray
    distance_mm: float | None
    note: str = ""

    @property
    def peak(self) -> float | None:
        """Of the largest size, in degrees."""
        known = self.degrees[np.isfinite(self.degrees)]
        return float(known[np.argmax(np.abs(known))]) if len(known) else None


@dataclass(frozen=True, eq=False)
class Summary:
    """All slices, and what they say together.

    Parameters
    ----------
    films : tuple of FilmMotion
    end_systole : tuple of (int or None)
        Frame of each film.
    twist : Twist or None
    """

    films: tuple[FilmMotion, ...]
    end_systole: tuple[int | None, ...]
    twist: Twist | None

    @classmethod
    def of(cls, films: Sequence[FilmMotion]) -> "Summary":
        """Of the films of one heart."""
        ends: dict[int, int | None] = {}
        for n in {f.n_frames for f in films}:
            sure = [f for f in films if f.n_frames == n and not is_doubted(f)]
            same = sure or [f for f in films if f.n_frames == n]
            enclosed = np.sum([f.enclosed / f.enclosed[0] for f in same], axis=0)
            ends[n] = _least(enclosed)
        return cls(tuple(films), tuple(ends[f.n_frames] for f in films), _twist(films))

    def clinical(self, region: Region, component: str) -> Clinical:
        """Numbers of one region along one direction; all None where it is not known."""
        number = next(k for k, f in enumerate(self.films) if f.name == region.part)
        if component not in region.strain:
            return Clinical()
        course = region.strain[component]
        shortens = component != "radial"
        if component == ACROSS_TAGS and np.isfinite(course).any():
            # lines of tags run across the wall here and along it there: no sign is that of systole
            shortens = bool(course[np.nanargmax(np.abs(course))] < 0)
        return clinical(
            course, self.end_systole[number], self.films[number].times_ms, shortens=shortens
        )

    @property
    def dyssynchrony_ms(self) -> float | None:
        """Over the sectors of all slices that are not doubted."""
        rows = [r for f in self.films if not is_doubted(f) for r in select(f.regions)]
        return dyssynchrony([self.clinical(r, "circumferential") for r in rows])

    def mean(self, component: str) -> np.ndarray | None:
        """Course of the mean over slices that are not doubted, where their frames are equal."""
        wholes = [f.whole.strain for f in self.films if not is_doubted(f)]
        courses = [w[component] for w in wholes if component in w]
        if not courses or len({len(c) for c in courses}) > 1:
            return None
        return np.mean(courses, axis=0)


def _least(enclosed) -> int | None:
    """The frame of the least area; None where it may lie in frames that are not known."""
    known = np.flatnonzero(np.isfinite(enclosed))
    if len(known) < 2:
        return None
    frame = int(np.nanargmin(enclosed))
    return None if frame == known[-1] and len(known) < len(enclosed) else frame


def is_doubted(film: FilmMotion) -> bool:
    """Whether tissue leaves through the plane."""
    return film.quality is not None and film.quality.leaves_plane is not None


def _twist(films):
    by_level = {f.sectors.level: f for f in films if f.sectors.level is not None}
    levels = [level for level in ORDER if level in by_level]
    if len(levels) < 2:
        return None
    upper, lower = by_level[levels[0]], by_level[levels[-1]]
    if upper.n_frames != lower.n_frames:
        return None
    doubted = [f.name for f in (upper, lower) if is_doubted(f)]
    note = f"{' and '.join(doubted)}: tissue leaves through the plane" if doubted else ""
    return Twist(
        upper.name, lower.name, lower.rotation - upper.rotation, _distance(upper, lower), note
    )


def _distance(one, other):
    """Of two parallel slices whose places are known, in mm."""
    if one.place is None or other.place is None:
        return None
    normals = [np.cross(f.place[:3, 1], f.place[:3, 2]) for f in (one, other)]
    normals = [n / np.linalg.norm(n) for n in normals]
    if abs(normals[0] @ normals[1]) < 0.98:
        return None
    found = abs(float((other.place[:3, 3] - one.place[:3, 3]) @ normals[0]))
    return found if found > 0 else None
