"""The motion study as a person meets it: films in, the moving muscle and its strain out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from corporis.apps.heart_motion.application import HeartMotion
from corporis.apps.heart_motion.clinical import DEFINITIONS
from corporis.apps.heart_motion.film import FilmMotion
from corporis.apps.heart_motion.given import Given
from corporis.apps.heart_motion.sectors import Insertion
from corporis.cohorts.heart import naming, split_motion
from corporis.cohorts.study import Provenance
from corporis.errors import BadInput
from corporis.imaging import OutputFolder, atomic_path, read, write_measures
from corporis.interfaces import Case, Report
from corporis.workstation.motion_cine import follow_surface, is_cine_study, write_surface
from corporis.workstation.motion_page import MotionPage, write_motion_page
from corporis.workstation.motion_tables import (
    CURVE_COLUMNS,
    REGION_COLUMNS,
    curve_lines,
    region_lines,
    write_json,
    write_table,
)
from corporis.workstation.motion_views import motion_page


@dataclass(frozen=True)
class MotionRun:
    """Where the report is, the case, and what was found."""

    report: Path
    case: Case
    result: Report


def run_motion(
    source: Path | str,
    output: Path | str,
    *,
    given: Given | None = None,
    name: str | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> MotionRun:
    """Read films, follow the muscle, and leave all results in a folder.

    Parameters
    ----------
    source : path
        As `corporis.imaging.read` takes it: tagged films, DENSE displacements, or cine.
    output : path
        Folder for report.html, report.json, measures.csv, regions.csv, curves.csv and a
        motion_<slice>.npz a slice; it appears complete or not at all.
    given : Given or None
        The wall, insertions, levels and times, where the files do not hold them.
    name : str or None
        A neutral label; by default made from the input's hash.
    progress : callable(text, fraction) or None

    Raises
    ------
    CorporisError
        If the input cannot be read or used, or the output cannot be written.
    """
    clock, given = Provenance.start(), given or Given()
    tell = progress or (lambda text, fraction: None)
    with OutputFolder(output) as folder:
        tell("reading", 0.0)
        case = read(source, name=name)
        cine, moving = split_motion(case)
        if cine is not None and moving is not None:  # tags show more than the cine beside them
            case = moving
        parameters = _parameters(given)
        if is_cine_study(case, given):
            with naming(source):
                case, result = follow_surface(case, source, tell)
            tell("writing", 0.87)
            write_surface(case, result, clock.facts(case, parameters), folder)
        else:
            study = HeartMotion(given, lambda text, share: tell(text, 0.05 + 0.8 * share))
            with naming(source):
                result = study(case)
            tell("writing", 0.87)
            write_films(case, result, clock.facts(case, parameters), folder)
    tell("done", 1.0)
    return MotionRun(Path(output) / "report.html", case, result)


def parsed_given(
    walls: Sequence[str], insertions: Sequence[str], levels: Sequence[str], frame_ms: float | None
) -> Given:
    """What a command line gives.

    Raises
    ------
    BadInput
        If numbers are missing or out of range.
    """
    rings = [_numbers("--wall", text, (4,), "ROW,COLUMN,INNER,OUTER") for text in walls]
    words = "ROW,COLUMN or ROW,COLUMN,ROW,COLUMN"
    places = [_numbers("--insertion", text, (2, 4), words) for text in insertions]
    found = [Insertion((p[0], p[1]), (p[2], p[3]) if len(p) == 4 else None) for p in places]
    circles = [(r[0], r[1], r[2], r[3]) for r in rings]
    parts: dict[str, dict[str, Any]] = {
        "--wall": {"walls": circles},
        "--level": {"levels": levels},
        "--frame-ms": {"frame_ms": frame_ms},
    }
    for option, part in parts.items():  # alone, so that the line names the right one
        try:
            Given(**part)
        except ValueError as error:
            raise BadInput(f"{option}: {error}") from None
    return Given(circles, found, levels, frame_ms)


def _numbers(option: str, text: str, counts: tuple[int, ...], words: str) -> list[float]:
    try:
        found = [float(part) for part in text.split(",")]
    except ValueError:
        found = []
    if len(found) not in counts or not np.isfinite(found).all():
        raise BadInput(f"{option}: expected {words} in pixels, got {text[:60]!r}")
    return found


def _parameters(given: Given) -> dict[str, Any]:
    return {
        "study": "motion",
        "walls": [list(w) for w in given.walls] or "from the file",
        "insertions": [list(i.anterior) for i in given.insertions] or "not given",
        "levels": list(given.levels) or "by name",
        "frame_ms": given.frame_ms or "from the file",
    }


def write_films(
    case: Case, result: Report, provenance: Mapping[str, Any], folder: Path
) -> MotionPage:
    """Leave tables, the motion itself (npz), report.json and report.html, whose parts it gives."""
    _write(case, result, provenance, folder)
    page = motion_page(case, result, provenance)
    write_motion_page(page, folder / "report.html")
    return page


def _write(case: Case, result: Report, provenance: Mapping[str, Any], folder: Path) -> None:
    summary = result.facts["motion"]
    write_measures([result], folder / "measures.csv")
    regions = [(f, r) for f in summary.films for r in f.regions]
    rows = [row for _, r in regions for row in region_lines(r, summary.clinical)]
    write_table(folder / "regions.csv", REGION_COLUMNS, rows)
    rows = [row for f, r in regions for row in curve_lines(r, f.times_ms)]
    write_table(folder / "curves.csv", CURVE_COLUMNS, rows)
    for film in summary.films:
        _write_field(film, folder / f"motion_{_file_name(film.name)}.npz")
    content = {
        "case": case.name,
        "study": "motion",
        "measures": [asdict(m) for m in result.measures],
        "slices": [_slice(f, e) for f, e in zip(summary.films, summary.end_systole)],
        "definitions": DEFINITIONS,
        "warnings": [*case.facts.get("warnings", ()), *result.warnings],
        "methods": list(result.methods),
        "references": list(result.references),
        "provenance": provenance,
    }
    write_json(folder / "report.json", content)


def _slice(film: FilmMotion, end: int | None) -> dict[str, Any]:
    quality = film.quality
    return {
        "name": film.name,
        "source": film.source,
        "frames": film.n_frames,
        "frames_reported": film.n_reported,
        "end_systolic_frame": None if end is None else end + 1,
        "tag_spacing_pixels": None if film.tags is None else film.tags.spacing_px,
        "tag_angle_degrees": None if film.tags is None else film.tags.angle_deg,
        "tag_agreement": None if quality is None else quality.agreement.min(axis=1),
        "tag_signal": None if quality is None else quality.signal,
        "leaves_plane_share": None if quality is None else quality.leaves_plane,
        "rejected_share": film.observations.rejected.mean(axis=1),
        "rotation_degrees": film.rotation,
        "circumferential_strain_percent": film.whole.strain.get("circumferential"),
        "radial_strain_percent": film.whole.strain.get("radial"),
    }


def _write_field(film: FilmMotion, path: Path) -> None:
    """Displacement and F of material points; coordinates are those of the film that was read."""
    rest = film.wall.places
    fields: dict[str, Any] = {
        "material_rc": (rest + film.corner).astype(np.float32),
        "displacement_rc": film.motion.displacement(rest).astype(np.float32),
        "deformation_gradient": film.motion.gradient(rest).astype(np.float32),
        "frames_reported": film.n_reported,
        "observation_rc": (film.observations.places + film.corner).astype(np.float32),
        "observation_trust": film.observations.trust.astype(np.float32),
    }
    if film.times_ms is not None:
        fields["times_ms"] = film.times_ms
    with atomic_path(path) as temporary:
        np.savez_compressed(temporary, **fields)


def _file_name(name: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in name)[:60]
