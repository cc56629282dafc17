"""The endocardium in motion: a surface of the first frame, carried by cine, and its strain."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from corporis.apps.heart_motion.cine import CineMotion, CineSlice
from corporis.apps.heart_motion.clinical import Clinical, clinical, dyssynchrony
from corporis.apps.heart_motion.regions import WHOLE, Region, select
from corporis.apps.heart_motion.sectors import WALLS
from corporis.apps.heart_motion.surface_lines import DIRECTIONS, line_strain
from corporis.errors import BadInput, Unsupported
from corporis.interfaces import Case, Measure, Mesh, Report

PART = "endocardium"
ALONG = 0.8
"""Cosine of a plane's normal with the axis below which it shows length along the axis."""
SHORT = {"circumferential": "GCS", "longitudinal": "GLS"}
LEAST_MM2 = 1e-3
NAMES = {k: f"segment {k}, {WALLS[k if k > 12 else (k - 1) % 6 + 1]}" for k in range(1, 17)}
"""Of segments that are reported: at the tip, segment 17, planes see too little."""


@dataclass(frozen=True, eq=False)
class SurfaceMotion:
    """A moving endocardium and its numbers.

    Parameters
    ----------
    surface : Mesh
        Moving, with strain in per cent on its vertices.
    times_ms : array, (n_frames,), or None
    regions : tuple of Region
    volume_ml : array, (n_frames,)
    residual_mm, trust : array, (n_slices,)
        What the body leaves of each plane's displacements, and how far it was believed; NaN where
        the surface does not cut the plane.
    lines : mapping of str to array, (n_frames,)
        Global strain, of lines around and along the surface (`line_strain`), in per cent; without
        the direction in which no plane shows length.
    end_diastole : int
        Frame of the lines' first lengths.
    """

    surface: Mesh
    times_ms: np.ndarray | None
    regions: tuple[Region, ...]
    volume_ml: np.ndarray
    residual_mm: np.ndarray
    trust: np.ndarray
    lines: Mapping[str, np.ndarray] = field(default_factory=dict)
    end_diastole: int = 0

    @property
    def directions(self) -> tuple[str, ...]:
        """Those in which strain is known."""
        return tuple(self.whole.strain)

    @property
    def end_systole(self) -> int:
        """Frame of the least volume."""
        return int(np.argmin(self.volume_ml))

    @property
    def whole(self) -> Region:
        """The whole surface."""
        return next(r for r in self.regions if r.is_whole)

    def clinical(self, region: Region, component: str) -> Clinical:
        """Numbers of one region along one direction; all None where it is not known."""
        if component not in region.strain:
            return Clinical()
        return clinical(region.strain[component], self.end_systole, self.times_ms)

    def across(self, component: str) -> Clinical:
        """Numbers of the whole as clinics define them: of lines since end-diastole."""
        if component not in self.lines:
            return Clinical()
        return clinical(self.lines[component], self.end_systole, self.times_ms)


@dataclass(frozen=True)
class SurfaceInMotion:
    """Carries the endocardium of the first frame through the beat by cine of several planes.

    It reads the facts ``cine_slices`` (sequence of `CineSlice`), ``phases`` (of the frames wanted),
    ``axis`` (direction of the long axis, (3,)), ``vertex_segment`` (AHA number of each vertex, 0
    where it has none, -1 on what closes the surface), ``n_angles`` (vertices of each ring, from
    base to tip; then follow the tip and the middle of the base), ``end_diastole`` (frame) and
    ``times_ms`` (or None), and the mesh ``left_endocardium``, of which the first frame is taken.
    It gives the fact ``surface`` (`SurfaceMotion`) and the mesh ``endocardium``.

    Parameters
    ----------
    motion : CineMotion
    progress : callable(text, fraction) or None
    """

    motion: CineMotion = field(default_factory=CineMotion)
    progress: Callable[[str, float], None] | None = None

    def __call__(self, case: Case) -> Report:
        """Follow the surface.

        Raises
        ------
        Unsupported
            If a fact or the mesh is missing.
        BadInput
            If the surface cuts none of the planes.
        """
        wanted = (
            *("cine_slices", "phases", "axis", "vertex_segment"),
            *("n_angles", "end_diastole", "times_ms"),
        )
        missing = [name for name in wanted if name not in case.facts]
        if missing or "left_endocardium" not in case.meshes:
            raise Unsupported(
                f"a moving surface needs the mesh left_endocardium and the facts "
                f"{', '.join(wanted)}, got none of {', '.join(missing) or 'the mesh'}: give them"
            )
        start: Mesh = replace(case.meshes["left_endocardium"].at(0), point_data={})
        slices: Sequence[CineSlice] = case.facts["cine_slices"]
        if self.progress is not None:
            self.progress("following the endocardium", 0.0)
        try:
            fit = self.motion(list(slices), start, np.asarray(case.facts["phases"], dtype=float))
        except ValueError as error:
            raise BadInput(str(error)) from error
        axis = np.asarray(case.facts["axis"], dtype=float)
        shows = [abs(film.normal @ axis) < ALONG * np.linalg.norm(axis) for film in slices]
        directions = DIRECTIONS if any(shows) else DIRECTIONS[:1]
        moved = surface_strain(
            Mesh(fit.surface.points, start.cells, {}, None, start.length_unit),
            axis,
            np.asarray(case.facts["vertex_segment"], dtype=int),
            case.facts["times_ms"],
            directions,
        )
        first = int(case.facts["end_diastole"])
        lines = line_strain(fit.surface.points, case.facts["n_angles"], first)
        found = replace(
            moved,
            residual_mm=fit.residual_mm,
            trust=fit.trust,
            lines={k: lines[k] for k in directions},
            end_diastole=first,
        )
        return Report(
            "heart motion",
            surface_measures(found),
            {},
            {"endocardium": found.surface},
            {"surface": found},
            _METHODS,
            _REFERENCES,
            tuple(_doubts(found)),
        )


def surface_strain(
    surface: Mesh,
    axis: np.ndarray,
    segment: np.ndarray,
    times_ms: np.ndarray | None,
    directions: Sequence[str] = DIRECTIONS,
) -> SurfaceMotion:
    """Strain of a moving closed surface along and around an axis, in its own plane everywhere.

    Parameters
    ----------
    surface : Mesh
        Vertices (n_frames, n, 3).
    axis : array, (3,)
    segment : int array, (n,)
        Of the vertices; a triangle with a vertex of -1 counts for nothing.
    times_ms : array or None
    directions : sequence of str
        Of `DIRECTIONS`, those wanted.
    """
    points, cells = np.asarray(surface.points, dtype=float), np.asarray(surface.cells)
    corners = points[:, cells]
    edges = np.stack([corners[:, :, 1] - corners[:, :, 0], corners[:, :, 2] - corners[:, :, 0]], -1)
    across = np.cross(edges[0, ..., 0], edges[0, ..., 1])
    area = 0.5 * np.linalg.norm(across, axis=1)
    counts = (segment[cells].min(axis=1) >= 0) & (area > LEAST_MM2)
    area = np.where(counts, area, 0.0)
    normal = across / np.maximum(2 * area, LEAST_MM2)[:, None]
    around = np.cross(axis / np.linalg.norm(axis), normal)
    around /= np.maximum(np.linalg.norm(around, axis=1), 1e-9)[:, None]
    stretches = {}
    for name, direction in zip(DIRECTIONS, (around, np.cross(normal, around))):
        if name not in directions:
            continue
        parts = np.einsum("mij,mj->mi", np.linalg.pinv(edges[0]), direction)
        stretches[name] = np.linalg.norm(np.einsum("tmji,mi->tmj", edges, parts), axis=-1)
    regions = _regions(stretches, area, segment[cells].max(axis=1))
    values = {
        k: _on_vertices(100 * (v - 1), cells, area, len(segment)) for k, v in stretches.items()
    }
    coloured = replace(surface, point_data=values, times_ms=times_ms)
    none = np.zeros(0)
    return SurfaceMotion(coloured, times_ms, regions, _volume(points, cells), none, none)


def _regions(stretches, area, segment):
    """The whole and the segments that are there."""
    parts: list[tuple[str, int | None, np.ndarray]] = [(WHOLE, None, np.ones(len(area), bool))]
    parts += [(name, k, segment == k) for k, name in NAMES.items() if np.any(segment == k)]
    found = []
    for name, number, inside in parts:
        weight = np.where(inside, area, 0)
        if not weight.sum() > 0:
            continue
        weight = weight / weight.sum()
        found.append(
            Region(
                PART,
                name,
                "all",
                number,
                {k: 100 * (v @ weight - 1) for k, v in stretches.items()},
                {k: 0.5 * (v**2 @ weight - 1) for k, v in stretches.items()},
            )
        )
    return tuple(found)


def _on_vertices(values, cells, area, n):
    """Means over the triangles of each vertex, (n_frames, n); NaN where none counts."""
    weight = sum(np.bincount(cells[:, k], area, n) for k in range(3))
    found = np.empty((len(values), n))
    for t, course in enumerate(values):
        total = sum(np.bincount(cells[:, k], area * course, n) for k in range(3))
        found[t] = np.where(weight > 0, total / np.maximum(weight, 1e-12), np.nan)
    return found


def _volume(points, cells):
    """That the closed surface holds, in ml where lengths are mm."""
    a, b, c = (points[:, cells[:, k]] for k in range(3))
    return np.abs(np.einsum("tmi,tmi->t", a, np.cross(b, c))) / 6000


def surface_measures(found: SurfaceMotion) -> tuple[Measure, ...]:
    """The table of one surface."""
    rows = [m for word in DIRECTIONS for m in _global(found, word)]
    why = "the surface alone does not show it"
    rows.append(Measure("global radial strain", None, "%", note=why))
    peaks = [found.clinical(r, DIRECTIONS[0]) for r in select(found.regions)]
    spread = dyssynchrony(peaks)
    why = "" if spread is not None else "segments or times of frames are not known"
    rows.append(Measure("dyssynchrony", spread, "ms", note=why))
    full = float(found.volume_ml[0])
    emptied = 100 * (1 - float(found.volume_ml.min()) / full)
    why = "of the surface that registration moves, which smooths: too low"
    rows.append(Measure("ejection fraction of the moved surface", emptied, "%", note=why))
    left = float(np.sqrt(np.nanmean(found.residual_mm**2)))
    note = "root mean square of what the motion leaves of the planes' displacements"
    rows.append(Measure("residual", left, "mm", note=note))
    return tuple(rows)


def _global(found: SurfaceMotion, word: str):
    """Strain of the whole in one direction, as clinics define it."""
    numbers, name = found.across(word), f"global {word} strain"
    said, unknown = f"{name} ({SHORT[word]})", "needs a film along the axis"
    since = f"of the endocardium since end-diastole (frame {found.end_diastole + 1})"
    end = f"{since[:-1]}, to {found.end_systole + 1})"
    known = word in found.lines
    yield Measure(
        f"{said}, end-systolic", numbers.end_systolic, "%", note=end if known else unknown
    )
    yield Measure(f"{said}, peak", numbers.peak, "%", note=since if known else unknown)
    if known:
        yield Measure(f"{name}, time to peak", numbers.time_to_peak_ms, "ms")
        yield Measure(f"{name} rate, systolic", numbers.systolic_rate, "1/s")
        yield Measure(f"{name} rate, diastolic", numbers.diastolic_rate, "1/s")


def _doubts(found: SurfaceMotion):
    if len(found.regions) == 1:
        yield (
            "the insertion of the right ventricle was not seen: strain is of the whole "
            "endocardium, not of segments"
        )
    yield (
        "no tags: the endocardium is followed by what cine shows of it; muscle that slides along "
        "its own border is not seen to move"
    )


_METHODS = (
    "The endocardium of the first frame is that of the heart study. On every plane neighbouring "
    "frames are registered, and points where the surface cuts the plane ride on the displacements, "
    "forwards from the first frame and backwards from the last; all planes together move one "
    "sparse elastic body in cyclic waves, and courses that disagree are set aside.",
    "Strain of a segment is the stretch of its triangles around and along the axis, mean over "
    "their area at rest. Global longitudinal strain is that of lines from base to tip and up "
    "again, the mean of all around; global circumferential strain that of lines around the "
    "cavity, the mean of a basal, a middle and an apical one: change of length since end-diastole.",
)
_REFERENCES = (
    "Yu et al., Deformable models with sparsity constraints for cardiac motion analysis, "
    "Med. Image Anal. 18:927-937, 2014, doi:10.1016/j.media.2014.03.002",
    "Cerqueira et al., Standardized myocardial segmentation and nomenclature, Circulation "
    "105:539-542, 2002, doi:10.1161/hc0402.102975",
)
