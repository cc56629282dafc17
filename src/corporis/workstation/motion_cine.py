"""Plain cine of several planes: the heart study finds the endocardium, motion carries it."""

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from corporis.apps.heart_motion.cine import CineSlice
from corporis.apps.heart_motion.clinical import DEFINITIONS
from corporis.apps.heart_motion.given import Given
from corporis.apps.heart_motion.regions import Region, select
from corporis.apps.heart_motion.surface import DIRECTIONS, SurfaceInMotion, SurfaceMotion
from corporis.apps.heart_motion.tagged_film import shows_grid
from corporis.cohorts.heart import check_modality, heart_study
from corporis.imaging import Image, write_measures, write_pvd
from corporis.interfaces import Case, Report
from corporis.workstation.motion_page import MotionPage, write_motion_page
from corporis.workstation.motion_tables import (
    CURVE_COLUMNS,
    REGION_COLUMNS,
    curve_lines,
    region_lines,
    write_json,
    write_table,
)
from corporis.workstation.panel import Curve, View
from corporis.workstation.rings import MovingRing, moving_bullseye
from corporis.workstation.scene import Camera, Colouring, Look

CROSSING = 0.8
"""Cosine between normals of planes that count as crossing."""
COLUMNS = (
    "Region", "Circumferential peak, %", "End-systolic, %", "Longitudinal peak, %",
    "End-systolic, %", "Time to peak, ms", "Post-systolic, %",
)  # fmt: skip
SURFACE_COLOURINGS = (
    Colouring("circumferential", "Circumferential strain", "%", -40.0, 40.0, "RdBu_r"),
    Colouring("longitudinal", "Longitudinal strain", "%", -40.0, 40.0, "RdBu_r"),
)


def is_cine_study(case: Case, given: Given) -> bool:
    """Whether a case is plain cine of planes that cross, without tags, no wall given or drawn."""
    normals = []
    for name, image in case.images.items():
        if not isinstance(image, Image):
            return False
        says = {"contrast", "landmarks", "endo_xy"} & set(image.facts)
        if says or (name.startswith("expert_") and ("myo" in name or "wall" in name)):
            return False
        if image.size("time") > 3 and image.length_unit == "mm":
            if "channel" not in image.axes and shows_grid(image.stack()[0]):
                return False
            normals.append(image.normal)
    crossing = [abs(a @ b) < CROSSING for a in normals for b in normals]
    return any(crossing) and not given.walls


def follow_surface(
    case: Case, source: Path | str, tell: Callable[[str, float], None]
) -> tuple[Case, Report]:
    """Outline a heart and carry its endocardium through the beat.

    Raises
    ------
    BadInput, NotFound
        If there is no heart to outline, or its surface cuts no plane.
    """
    check_modality(case, source)
    case, _ = heart_study(progress=lambda text, share: tell(text, 0.5 * share))(case)
    return carry_surface(case, lambda text, share: tell(text, 0.5 + 0.3 * share))


def carry_surface(case: Case, tell: Callable[[str, float], None]) -> tuple[Case, Report]:
    """Carry the endocardium of a heart that was outlined through the beat.

    Raises
    ------
    BadInput
        If the surface cuts no plane.
    """
    stack, views = case.facts["short_axis"], case.facts["long_axis"]
    numbers = case.facts["heart_numbers"]
    slices = [
        _slice(frames, affine, phases)
        for frames, affine, phases in zip(stack.frames, stack.affines, stack.phases)
    ]
    slices += [_slice(v.frames, v.image.affine, v.phases) for v in views if len(v.phases) > 3]
    phases = stack.phases.mean(axis=0)
    facts = {
        "cine_slices": slices,
        "phases": phases - phases[0],
        "axis": stack.normal,
        "vertex_segment": vertex_segments(numbers.wall, case.meshes["left_endocardium"]),
        "n_angles": numbers.wall.segment.shape[1],
        "end_diastole": numbers.phases.ed,
        "times_ms": stack.times_ms,
    }
    both = case.with_report(Report("planes", facts=facts))
    found = SurfaceInMotion(progress=tell)(both)
    return both.with_report(found), found


def vertex_segments(wall, surface) -> np.ndarray:
    """AHA segments of the vertices of the heart study's left surface, -1 on base and tip."""
    n_angles = wall.segment.shape[1]
    n_rings = (np.shape(surface.points)[-2] - 2) // n_angles
    fractions = np.sin(0.5 * np.pi * np.arange(n_rings) / n_rings)
    nearest = np.abs(fractions[:, None] - wall.fractions).argmin(axis=1)
    return np.append(wall.segment[nearest].reshape(-1), [-1, -1])


def _slice(frames, affine, phases) -> CineSlice:
    steps = np.stack([affine[:3, 1], affine[:3, 2]])
    order = np.argsort(phases)
    return CineSlice(frames[order], affine[:3, 3], steps, phases[order] - phases[order][0])


def write_surface(
    case: Case, result: Report, provenance: Mapping[str, Any], folder: Path
) -> MotionPage:
    """Leave tables, the moving surface (VTP), report.json and report.html, whose parts it gives."""
    found: SurfaceMotion = result.facts["surface"]
    write_measures([result], folder / "measures.csv")
    rows = [row for r in found.regions for row in region_lines(r, found.clinical)]
    write_table(folder / "regions.csv", REGION_COLUMNS, rows)
    rows = [row for r in found.regions for row in curve_lines(r, found.times_ms)]
    write_table(folder / "curves.csv", CURVE_COLUMNS, rows)
    write_pvd(found.surface, folder / "meshes", "endocardium")
    content = {
        "case": case.name,
        "study": "motion of the endocardium",
        "measures": [asdict(m) for m in result.measures],
        "plane_residual_mm": found.residual_mm,
        "plane_trust": found.trust,
        "definitions": DEFINITIONS,
        "warnings": [*case.facts.get("warnings", ()), *result.warnings],
        "methods": list(result.methods),
        "references": list(result.references),
        "provenance": provenance,
    }
    write_json(folder / "report.json", content)
    page = surface_page(case, result, provenance)
    write_motion_page(page, folder / "report.html")
    return page


def surface_page(case: Case, result: Report, provenance: Mapping[str, Any]) -> MotionPage:
    """Everything the report shows."""
    found: SurfaceMotion = result.facts["surface"]
    return MotionPage(
        case_name=case.name,
        sentence=_sentence(found),
        measures=result.measures,
        headline=[
            "global circumferential strain (GCS), end-systolic",
            "global longitudinal strain (GLS), end-systolic",
            "dyssynchrony",
            "ejection fraction of the moved surface",
            "residual",
        ],
        views=_views(case, found),
        meshes={"endocardium": found.surface},
        colourings=SURFACE_COLOURINGS,
        looks={"endocardium": Look("#c0392b")},
        camera=Camera(),
        rings=_rings(found),
        curves=_curves(found),
        columns=COLUMNS,
        rows=_rows(found),
        n_frames=len(found.volume_ml),
        times_ms=found.times_ms,
        end_systole=found.end_systole,
        definitions=DEFINITIONS,
        methods=result.methods,
        references=result.references,
        warnings=[*case.facts.get("warnings", ()), *result.warnings],
        provenance=provenance,
        date=datetime.date.today().isoformat(),
    )


def _sentence(found: SurfaceMotion) -> str:
    shorter = [f"{-float(found.lines[w].min()):.0f} % shorter {how}"
               for w, how in zip(DIRECTIONS, ("around", "along the axis"))
               if w in found.lines]  # fmt: skip
    return (
        f"The endocardium was followed through {len(found.volume_ml)} frames of cine on "
        f"{int(np.isfinite(found.trust).sum())} planes: at its peak it is {' and '.join(shorter)}."
    )


def _segments(found: SurfaceMotion) -> list[Region]:
    return [r for r in select(found.regions) if r.segment is not None]


def _rings(found: SurfaceMotion) -> list[MovingRing]:
    """A bull's-eye over time for each direction, where segments are numbered."""
    segments = _segments(found)
    return [moving_bullseye(f"{w.capitalize()} strain", _values(segments, w), low=-40.0, high=40.0)
            for w in found.directions] if segments else []  # fmt: skip


def _values(segments: Sequence[Region], word: str) -> np.ndarray:
    values = np.full((len(segments[0].strain[word]), 17), np.nan)
    for region in segments:
        values[:, (region.segment or 1) - 1] = region.strain[word]
    return values


def _views(case: Case, found: SurfaceMotion) -> list[View]:
    """Short- and long-axis films with the moved surface where it cuts them."""
    stack, views = case.facts["short_axis"], case.facts["long_axis"]
    films = [(f"slice {k + 1}", f, a, "Short axis")
             for k, (f, a) in enumerate(zip(stack.frames, stack.affines))]  # fmt: skip
    films += [(v.name, v.frames, v.image.affine, "Long axis") for v in views]
    shown = []
    for name, frames, affine, group in films:
        lines = [_cut(mesh, affine) for mesh in _frames(found, len(frames))]
        pixel = (float(np.linalg.norm(affine[:3, 1])), float(np.linalg.norm(affine[:3, 2])))
        shown.append(View(name, frames, {"endocardium": lines}, pixel, group))
    return shown


def _frames(found: SurfaceMotion, count: int):
    """The surface at the phases of a film with another number of frames."""
    n = len(found.volume_ml)
    return [found.surface.at(round(t * n / count) % n) for t in range(count)]


def _cut(surface, affine) -> list[np.ndarray]:
    """Pieces of line where triangles cut the plane of an image, (row, column)."""
    inverse = np.linalg.inv(affine)
    index = np.asarray(surface.points) @ inverse[:3, :3].T + inverse[:3, 3]
    height = index[:, 0]
    pieces = []
    for cell in np.asarray(surface.cells):
        above = height[cell] >= 0
        if above.all() or not above.any():
            continue
        ends = []
        for i, j in ((0, 1), (1, 2), (2, 0)):
            a, b = cell[i], cell[j]
            if above[i] != above[j]:
                share = height[a] / (height[a] - height[b])
                ends.append(index[a, 1:] + share * (index[b, 1:] - index[a, 1:]))
        pieces.append(np.stack(ends))
    return pieces


def _curves(found: SurfaceMotion) -> dict[str, list[Curve]]:
    """Diagrams by heading: the whole, its volume, and segments by level."""
    segments = _segments(found)
    diagrams = {
        "Global strain of the endocardium": [Curve(w, "%", v) for w, v in found.lines.items()],
        "Volume": [Curve("cavity", "ml", found.volume_ml)],
    }
    for level, first, last in (("Basal", 1, 6), ("Middle", 7, 12), ("Apical", 13, 16)):
        rows = [r for r in segments if first <= (r.segment or 0) <= last]
        if rows:
            diagrams[f"{level} segments: circumferential strain"] = [
                Curve(f"segment {r.segment}", "%", r.strain["circumferential"]) for r in rows
            ]
    return diagrams


def _rows(found: SurfaceMotion) -> list[list[str | float | None]]:
    """The table by region."""
    return [_row(found, r) for r in [found.whole, *_segments(found)]]


def _row(found: SurfaceMotion, region: Region) -> list[str | float | None]:
    around, along = (found.clinical(region, w) for w in DIRECTIONS)
    return [
        region.name,
        around.peak,
        around.end_systolic,
        along.peak,
        along.end_systolic,
        around.time_to_peak_ms,
        around.post_systolic,
    ]
