"""A virtual patient in motion: imaged with tags, followed as a body, compared with its truth."""

import datetime
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from corporis.apps.heart_motion.body import (
    SEGMENTS,
    BodyInMotion,
    BodyMotion,
    body_truth,
)
from corporis.apps.heart_motion.clinical import DEFINITIONS
from corporis.apps.heart_motion.fusion import TaggedFilm
from corporis.apps.heart_motion.plane_check import PlaneCheck, check_plane
from corporis.apps.heart_motion.regions import COMPONENTS
from corporis.apps.heart_motion.rest_fit import RestFit, RestFound
from corporis.cohorts.study import Provenance
from corporis.deformables import WallModes
from corporis.errors import BadInput
from corporis.imaging import OutputFolder, atomic_path, write_measures, write_pvd
from corporis.interfaces import Case, Measure, Report
from corporis.phantoms import TaggedPlane, VirtualHeart, long_axis, short_axis
from corporis.workstation.motion_page import write_motion_page
from corporis.workstation.motion_tables import (
    CURVE_COLUMNS,
    REGION_COLUMNS,
    curve_lines,
    region_lines,
    write_json,
    write_table,
)
from corporis.workstation.motion_virtual_views import virtual_page

HEART = VirtualHeart()
N_FRAMES, BEAT_MS, SIDE = 20, 800.0, 72
N_ACROSS, N_ALONG = 6, 3
LOSS = 0.7
"""Of contraction in a segment of the infarct, where none is given."""
SHIFT_MM = 2.5
SPANNED = 0.97
"""Share of the cavity's length that the body spans: at its tip the wall closes."""


@dataclass(frozen=True)
class VirtualRun:
    """Where the report is, what was found, and how near to the truth it is."""

    report: Path
    result: Report
    compared: tuple[Measure, ...]


@dataclass(frozen=True, eq=False)
class VirtualStudy:
    """A virtual patient's planes, the body found and the true one.

    Parameters
    ----------
    planes : mapping of str to TaggedFilm
    checks : mapping of str to PlaneCheck
    body, truth : BodyMotion
        The truth without a motion of its own: its regions and courses alone are known.
    weak : mapping of int to float
        Loss of contraction of segments.
    shifts_mm : mapping of str to (found, true)
        Of each plane between breath-holds, along its rows and columns.
    """

    planes: Mapping[str, TaggedFilm]
    checks: Mapping[str, PlaneCheck]
    body: BodyMotion
    truth: BodyMotion
    weak: Mapping[int, float]
    shifts_mm: Mapping[str, tuple[np.ndarray, np.ndarray]]


def parsed_segments(text: str | None) -> dict[int, float]:
    """Segments of an infarct and their loss of contraction: "7,12" or "7:0.9,12".

    Raises
    ------
    BadInput
        If a segment is not 1 to 16, or a loss not in (0, 1].

    Examples
    --------
    >>> parsed_segments("7:0.9,12")
    {7: 0.9, 12: 0.7}
    """
    found: dict[int, float] = {}
    for part in [p.strip() for p in (text or "").split(",") if p.strip()]:
        number, _, loss = part.partition(":")
        try:
            segment, value = int(number), float(loss) if loss else LOSS
        except ValueError:
            segment, value = 0, 0.0
        if segment not in SEGMENTS or not 0 < value <= 1:
            raise BadInput(
                f"--infarct: expected segments 1 to 16 as in 7,12 or 7:0.9, got {part[:40]!r}"
            )
        found[segment] = value
    return found


def run_virtual_motion(
    output: Path | str,
    infarct: Mapping[int, float],
    *,
    heart: VirtualHeart = HEART,
    snr: float = 10.0,
    seed: int = 0,
    n_frames: int = N_FRAMES,
    shift_mm: float = SHIFT_MM,
    progress: Callable[[str, float], None] | None = None,
) -> VirtualRun:
    """Image a virtual heart with tags, follow it, compare, and leave all results in a folder.

    The study is given the images, where planes say that they lie, and where the wall begins and
    ends: it finds the tags, the wall at rest, and the shifts of the planes between breath-holds.

    Parameters
    ----------
    output : path
        Folder for report.html, report.json, measures.csv, regions.csv, curves.csv, the moving
        shells (VTP) and motion.npz; it appears complete or not at all.
    infarct : mapping of int to float
        Loss of contraction of segments, 0 to 1.
    heart : VirtualHeart
    snr : float
        Of the images, > 0.
    seed : int
        Of their noise.
    n_frames : int
        Of a beat.
    shift_mm : float
        Deviation of the shifts of planes along each of their axes, >= 0.
    progress : callable(text, fraction) or None
    """
    clock = Provenance.start()
    tell = progress or (lambda text, fraction: None)
    heart = replace(heart, weak=dict(infarct))
    with OutputFolder(output) as folder:
        tell("imaging a virtual heart", 0.0)
        planes, shifts = shifted(tagged_planes(heart, n_frames, snr, seed), shift_mm, seed)
        times = BEAT_MS / n_frames * np.arange(n_frames)
        facts = {
            "tagged_planes": tuple(planes.values()),
            "span_mm": (0.0, SPANNED * heart.length_mm),
            "cavity_mm": heart.length_mm,
            "times_ms": times,
            "beat_ms": BEAT_MS,
        }
        case = Case("virtual-patient", facts=facts)
        application = BodyInMotion(
            rest=RestFit(), progress=lambda text, share: tell(text, 0.15 + 0.6 * share)
        )
        result = application(case)
        body: BodyMotion = result.facts["body"]
        found: RestFound = result.facts["rest"]
        planes = dict(zip(planes, found.films))
        tell("comparing with the truth", 0.8)
        truth = body_truth(body, _true_strain(heart, times))
        checks = {k: check_plane(f, body.motion, application.fusion) for k, f in planes.items()}
        both = _both_shifts(planes, found.slips_mm, shifts)
        study = VirtualStudy(planes, checks, body, truth, dict(infarct), both)
        parameters = {"study": "motion virtual", "infarct": {str(k): v for k, v in infarct.items()},
                      "snr": snr, "seed": seed, "frames": n_frames,
                      "shift_mm": shift_mm}  # fmt: skip
        provenance = clock.facts(case, parameters)
        tell("writing", 0.9)
        compared = compare(study)
        _write(study, result, compared, provenance, folder)
        page = virtual_page(study, result, compared, provenance)
        write_motion_page(replace(page, date=datetime.date.today().isoformat()),
                          folder / "report.html")  # fmt: skip
    tell("done", 1.0)
    return VirtualRun(Path(output) / "report.html", result, compared)


def tagged_planes(
    heart: VirtualHeart, n_frames: int, snr: float, seed: int
) -> dict[str, TaggedFilm]:
    """Films of six planes across the axis and three along it."""
    heights = np.linspace(0.06, 0.88, N_ACROSS) * heart.length_mm
    turns = np.pi / N_ALONG * np.arange(N_ALONG)
    planes: dict[str, TaggedPlane] = {}
    for number, height in enumerate(heights, 1):
        planes[f"short axis {number}"] = short_axis(float(height), side=SIDE)
    for number, turn in enumerate(turns, 1):
        middle = 0.5 * heart.length_mm
        planes[f"long axis {number}"] = long_axis(float(turn), middle, side=SIDE)
    phases = np.arange(n_frames) / n_frames
    return {
        name: TaggedFilm(
            plane.images(heart, phases, snr, 100 * seed + k),
            plane.origin,
            plane.steps,
            plane.wave_vectors,
        )
        for k, (name, plane) in enumerate(planes.items())
    }


def shifted(
    planes: Mapping[str, TaggedFilm], shift_mm: float, seed: int
) -> tuple[dict[str, TaggedFilm], dict[str, np.ndarray]]:
    """Films that lie off where they say, of whose tags nothing is known, and the true shifts (3,).

    Every breath-hold leaves the heart elsewhere; a shift is in the plane of its film.
    """
    rng = np.random.default_rng([seed, 77])
    films, shifts = {}, {}
    for name, film in planes.items():
        axes = film.steps / np.linalg.norm(film.steps, axis=1, keepdims=True)
        shifts[name] = shift_mm * rng.standard_normal(2) @ axes
        films[name] = TaggedFilm(film.images, film.origin - shifts[name], film.steps)
    return films, shifts


def _both_shifts(planes, found, true):
    """Found and true shift of each plane along its rows and columns."""
    return {
        name: tuple(f.steps @ s / np.linalg.norm(f.steps, axis=1) for s in (slip, true[name]))
        for (name, f), slip in zip(planes.items(), found)
    }


def wall_at_rest(heart: VirtualHeart) -> WallModes:
    """The still wall, as a cine study would give it."""
    heights, angle = np.linspace(0, SPANNED * heart.length_mm, 40), 2 * np.pi * np.arange(72) / 72
    inner, outer = (
        np.sqrt(2 * surface(heights[:, None], angle)) for surface in (heart.inner, heart.outer)
    )
    return WallModes(heights, inner, outer)


def _true_strain(heart: VirtualHeart, times):
    """Of material places, (n_frames, n, 3, 3)."""
    return lambda rest: np.stack([heart.strain(rest, t / BEAT_MS) for t in times])


def compare(study: VirtualStudy) -> tuple[Measure, ...]:
    """Measured numbers, the true ones as their notes."""
    rows = []
    for word in COMPONENTS:
        found = study.body.clinical(study.body.whole, word)
        true = study.truth.clinical(study.truth.whole, word)
        rows.append(
            Measure(f"global {word} strain, peak", found.peak, "%", note=_number(true.peak))
        )
    for segment in study.weak:
        pair = [_peak(body, segment) for body in (study.body, study.truth)]
        name = f"segment {segment}, peak circumferential strain"
        rows.append(Measure(name, pair[0], "%", note=_number(pair[1])))
    return tuple(rows)


def _peak(body, segment):
    region = next(r for r in body.regions if r.segment == segment and r.layer == "all")
    return body.clinical(region, "circumferential").peak


def _number(value) -> str:
    return "" if value is None else f"{value:.2f}"


def _write(study, result, compared, provenance: Mapping[str, Any], folder: Path) -> None:
    body = study.body
    write_measures([result], folder / "measures.csv")
    rows = [row for r in body.regions for row in region_lines(r, body.clinical)]
    write_table(folder / "regions.csv", REGION_COLUMNS, rows)
    rows = [row for r in body.regions for row in curve_lines(r, body.times_ms)]
    write_table(folder / "curves.csv", CURVE_COLUMNS, rows)
    for name, mesh in result.meshes.items():
        write_pvd(mesh, folder / "meshes", name)
    rest = body.motion.wall.lattice(3, 36, 12)
    with atomic_path(folder / "motion.npz") as temporary:
        np.savez_compressed(
            temporary,
            material_mm=rest.astype(np.float32),
            displacement_mm=(body.motion.forward(rest) - rest).astype(np.float32),
            deformation_gradient=body.motion.gradient(rest).astype(np.float32),
            times_ms=body.times_ms,
        )
    content = {
        "case": "virtual-patient",
        "study": "motion virtual",
        "measures": [asdict(m) for m in result.measures],
        "truth": [{"name": m.name, "measured": m.value, "true": m.note} for m in compared],
        "infarct": {str(k): v for k, v in study.weak.items()},
        "shifts_mm": {k: {"found": f, "true": t} for k, (f, t) in study.shifts_mm.items()},
        "segments_found_weak": body.weak,
        "scores": {str(k): v for k, v in body.scores.items()},
        "true_scores": {str(k): v for k, v in study.truth.scores.items()},
        "rejected_share": {k: c.rejected_share for k, c in study.checks.items()},
        "definitions": DEFINITIONS,
        "methods": list(result.methods),
        "references": list(result.references),
        "provenance": provenance,
    }
    write_json(folder / "report.json", content)
