"""The heart study's motion: tags or DENSE beside the cine where they are, else the cine itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from corporis.apps.heart_motion.application import HeartMotion
from corporis.apps.heart_motion.cine import section
from corporis.apps.heart_motion.given import Given
from corporis.apps.heart_motion.sectors import LEVELS, Insertion
from corporis.apps.heart_motion.slices import FEWEST_FRAMES
from corporis.deformables import aha_segment
from corporis.errors import CorporisError
from corporis.imaging import Image
from corporis.interfaces import Case, Measure, Mesh, Report
from corporis.workstation.motion import write_films
from corporis.workstation.motion_cine import carry_surface, vertex_segments, write_surface
from corporis.workstation.motion_page import MotionPage

ACROSS = 0.8
"""Cosine between the axis and a plane's normal from which the plane crosses the ventricle."""
FEWEST_POINTS = 8
PAINTED = ("left_endocardium", "left_epicardium")


@dataclass(frozen=True, eq=False)
class Followed:
    """The motion of a heart that was outlined.

    Parameters
    ----------
    case : Case or None
        With what motion added; None where nothing could be followed.
    report : Report
        Measures of strain; without values where nothing could be followed.
    by_cine : bool
        Whether the cine itself was followed.
    """

    case: Case | None
    report: Report
    by_cine: bool = False

    def write(self, provenance: Mapping[str, Any], folder: Path) -> MotionPage | None:
        """Leave motion's own files and report in a folder; the parts of the report are given."""
        if self.case is None:
            return None
        folder.mkdir()
        write = write_surface if self.by_cine else write_films
        return write(self.case, self.report, provenance, folder)

    def painted(self, heart: Case) -> Case:
        """The heart with the strain of its endocardium on its surfaces' vertices."""
        if not self.by_cine:
            return heart
        values = self.report.facts["surface"].surface.point_data
        meshes = {
            name: replace(mesh, point_data={**mesh.point_data, **values})
            for name, mesh in heart.meshes.items()
            if name in PAINTED
        }
        return heart.with_report(Report("strain on the surfaces", meshes=meshes))


def follow_heart(
    heart: Case, beside: Case | None, tell: Callable[[str, float], None] = lambda text, share: None
) -> Followed:
    """Follow the muscle of a heart that was outlined.

    Parameters
    ----------
    heart : Case
        As the heart study left it.
    beside : Case or None
        Tagged films, displacements or DENSE of the same heart.
    tell : callable(text, fraction)
    """
    doubts = []
    if beside is not None:
        try:
            found = HeartMotion(given_by(heart, beside), tell)(beside)
            return Followed(beside, found)
        except CorporisError as error:
            doubts.append(f"what shows motion beside the cine was not followed: {error}")
    why = _why_not(heart)
    if not why:
        try:
            case, found = carry_surface(heart, tell)
            return Followed(case, replace(found, warnings=(*doubts, *found.warnings)), True)
        except CorporisError as error:
            why = str(error)
    measures = [Measure(f"global {w} strain", None, "%", note=why) for w in _WORDS]
    return Followed(None, Report("heart motion", measures, warnings=doubts))


_WORDS = ("circumferential", "longitudinal")


def _why_not(heart: Case) -> str:
    stack = heart.facts["short_axis"]
    if "left_endocardium" not in heart.meshes or stack.length_unit != "mm":
        return "needs slices a known distance apart, in mm"
    if stack.frames.shape[1] < FEWEST_FRAMES:
        return f"needs at least {FEWEST_FRAMES} frames of the beat"
    return ""


def given_by(heart: Case, beside: Case) -> Given:
    """Walls, insertions and levels of films from the outlines of the heart, where all films lie in
    its space and cross it; else nothing is given.
    """
    images = [i for i in beside.images.values() if isinstance(i, Image)]
    placed = all(
        i.length_unit == "mm"
        and i.facts.get("is_placed", True)
        and "channel" not in i.axes
        and i.facts.get("contrast") != "dense"
        for i in images
    )
    if not placed or not set(PAINTED) <= set(heart.meshes):
        return Given()
    where = _Place.of(heart)
    planes = []
    for image in images:
        for s in range(image.size("slice")):
            affine = image.affine.copy()
            affine[:3, 3] += s * affine[:3, 0]
            planes.append(affine)
    walls = [where.wall(affine) for affine in planes]
    known = [wall for wall in walls if wall is not None]
    if len(known) < len(walls):
        return Given()
    insertions = [where.insertion(affine) for affine in planes]
    seen = [i for i in insertions if i is not None]
    levels = [where.level(affine) for affine in planes]
    return Given(known, seen if len(seen) == len(planes) else (), levels)


@dataclass(frozen=True, eq=False)
class _Place:
    """The left ventricle in the first frame: what planes through it show."""

    inner: Mesh
    outer: Mesh
    base: np.ndarray
    axis: np.ndarray
    corners: tuple[np.ndarray, np.ndarray] | None

    @classmethod
    def of(cls, heart: Case) -> "_Place":
        inner, outer = (heart.meshes[name].at(0) for name in PAINTED)
        wall = heart.facts["heart_numbers"].wall
        n_angles = wall.segment.shape[1]
        base = inner.points[:n_angles].mean(axis=0)
        segment = vertex_segments(wall, inner)[:-2].reshape(-1, n_angles)
        rings = inner.points[:-2].reshape(*segment.shape, 3)
        middle = next((k for k, row in enumerate(segment) if 7 in row), None)
        corners = None
        if middle is not None:
            ring, row = rings[middle], segment[middle]
            corners = tuple(_corner(ring, row, pair) for pair in ((7, 8), (9, 10)))
        return cls(inner, outer, base, inner.points[-2] - base, corners)

    def wall(self, affine) -> tuple[float, float, float, float] | None:
        """Centre and radii in pixels of a plane; None where it does not cross the ventricle."""
        normal = np.cross(affine[:3, 1], affine[:3, 2])
        cosine = abs(normal @ self.axis) / np.linalg.norm(normal) / np.linalg.norm(self.axis)
        cuts = [section(m, affine[:3, 3], normal) for m in (self.inner, self.outer)]
        if cosine < ACROSS or min(len(c) for c in cuts) < FEWEST_POINTS:
            return None
        lines = [_pixels(cut, affine) for cut in cuts]
        centre = lines[0].mean(axis=0)
        inner, outer = (float(np.hypot(*(line - centre).T).mean()) for line in lines)
        return (float(centre[0]), float(centre[1]), inner, outer) if inner < outer else None

    def depth(self, affine) -> float:
        """Of a plane, where it meets the axis: 0 at the base, 1 at the tip."""
        normal = np.cross(affine[:3, 1], affine[:3, 2])
        return float((affine[:3, 3] - self.base) @ normal / (self.axis @ normal))

    def level(self, affine) -> str:
        """Name of the level."""
        number = int(aha_segment(0.0, float(np.clip(self.depth(affine), 0, 0.9))))
        return tuple(LEVELS)[min((number - 1) // 6, 2)]

    def insertion(self, affine) -> Insertion | None:
        """Anterior and inferior insertion carried along the axis into a plane."""
        if self.corners is None:
            return None
        normal = np.cross(affine[:3, 1], affine[:3, 2])
        places = []
        for corner in self.corners:
            step = (affine[:3, 3] - corner) @ normal / (self.axis @ normal)
            places.append(_pixels(corner + step * self.axis, affine))
        return Insertion(*((float(p[0]), float(p[1])) for p in places))


def _corner(ring, row, pair):
    """Between the neighbouring vertices of a ring at which one segment meets another."""
    n = len(row)
    for k in range(n):
        if {int(row[k]), int(row[(k + 1) % n])} == set(pair):
            return 0.5 * (ring[k] + ring[(k + 1) % n])
    raise ValueError(f"segments {pair} do not meet")


def _pixels(places, affine) -> np.ndarray:
    """(row, column) of places in patient's space."""
    inverse = np.linalg.inv(affine)
    return (np.asarray(places) @ inverse[:3, :3].T + inverse[:3, 3])[..., 1:]
