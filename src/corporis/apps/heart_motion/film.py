"""The motion that one film shows: what a report needs of it, whatever it was made from."""

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from corporis.apps.heart_motion.plane_wall import PlaneWall
from corporis.apps.heart_motion.quality import TagQuality
from corporis.apps.heart_motion.regions import Region
from corporis.apps.heart_motion.sectors import Sectors
from corporis.apps.heart_motion.tags import Tags

REJECTED = 0.5
"""Trust below which an observation counts as rejected."""


class PlaneMotion(Protocol):
    """What moves material points of a plane."""

    def forward(self, rest: np.ndarray) -> np.ndarray: ...

    def displacement(self, rest: np.ndarray) -> np.ndarray: ...

    def gradient(self, rest: np.ndarray) -> np.ndarray: ...


@dataclass(frozen=True, eq=False)
class Observations:
    """What was seen, and how far it was believed.

    Parameters
    ----------
    places : array, (n, 2)
        Material points.
    trust : array, (n_frames, n)
        0 to 1: of each point the least believed datum.
    """

    places: np.ndarray
    trust: np.ndarray

    @property
    def rejected(self) -> np.ndarray:
        """Which were set aside as grossly wrong, (n_frames, n) bool."""
        return self.trust < REJECTED


@dataclass(frozen=True, eq=False)
class FilmMotion:
    """Motion and strain of one slice, in pixels of its film.

    Parameters
    ----------
    name : str
    source : {"tags", "one family of tags", "displacements", "cine"}
    images : array, (n_frames, rows, columns)
        What is looked at.
    corner : (int, int)
        First row and column of `images` in the film that was read.
    wall, motion, sectors : PlaneWall, PlaneMotion, Sectors
    regions : tuple of Region
    n_reported : int
        Frames whose numbers are given.
    observations : Observations
    tags : Tags or None
    quality : TagQuality or None
    times_ms : array or None
        As the file or the user gives them.
    pixel_mm : (float, float) or None
    place : array, (4, 4), or None
        Affine of the film in the patient, (slice, row, column) to mm, where it is known.
    shows : str
        What the images are, where `source` does not say it.
    """

    name: str
    source: str
    images: np.ndarray
    corner: tuple[int, int]
    wall: PlaneWall
    motion: PlaneMotion
    sectors: Sectors
    regions: tuple[Region, ...]
    n_reported: int
    observations: Observations
    tags: Tags | None = None
    quality: TagQuality | None = None
    times_ms: np.ndarray | None = None
    pixel_mm: tuple[float, float] | None = None
    place: np.ndarray | None = None
    shows: str = ""
    warnings: tuple[str, ...] = field(default=())

    @property
    def n_frames(self) -> int:
        """Frames of the film."""
        return len(self.observations.trust)

    @property
    def enclosed(self) -> np.ndarray:
        """Area that the line in the middle of the wall encloses, pixels^2, (n_frames,)."""
        y, x = np.moveaxis(self.motion.forward(self.wall.middle), -1, 0)
        area = 0.5 * np.abs(np.sum(x * np.roll(y, -1, axis=1) - y * np.roll(x, -1, axis=1), axis=1))
        return np.where(np.arange(len(area)) < self.n_reported, area, np.nan)

    @property
    def rotation(self) -> np.ndarray:
        """Mean turn in degrees of the line in the middle, about its centre, (n_frames,).

        Anticlockwise as displayed; NaN in frames that are not reported.
        """
        line = self.motion.forward(self.wall.middle)
        off = line - line.mean(axis=1, keepdims=True)
        angle = np.arctan2(off[..., 1], off[..., 0])
        turn = np.angle(np.exp(1j * (angle - angle[0])))
        found = np.rad2deg(np.unwrap(turn, axis=0)).mean(axis=1)
        return np.where(np.arange(len(found)) < self.n_reported, found, np.nan)

    @property
    def whole(self) -> Region:
        """Strain of the whole wall."""
        return next(r for r in self.regions if r.is_whole)

    @property
    def rejected_share(self) -> float:
        """Share of observations set aside, of the frames that are reported but the first."""
        return float(self.observations.rejected[1 : max(self.n_reported, 2)].mean())
