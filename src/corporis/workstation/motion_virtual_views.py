"""What the report of a virtual patient shows: planes with lines, the body, segments and truth."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
from skimage.measure import find_contours

from corporis.apps.heart_motion.body import RINGS, SEGMENTS, WEAK, BodyMotion, segments_of
from corporis.apps.heart_motion.clinical import DEFINITIONS
from corporis.apps.heart_motion.plane_check import REJECTED, PlaneCheck
from corporis.apps.heart_motion.regions import COMPONENTS, Region, select
from corporis.interfaces import Measure, Mesh, Report
from corporis.workstation.motion_page import MotionPage
from corporis.workstation.panel import Curve, View
from corporis.workstation.rings import moving_bullseye
from corporis.workstation.scene import Camera, Colouring, Look
from corporis.workstation.surfaces import RESPONSIBLE
from corporis.workstation.text import pretty_number

EMPTY = 0.3
"""Share of the first frame's pixels of muscle, below which a plane is said to be empty."""
CROSS_PX, MOST_CROSSES = 0.5, 40
COLOURINGS = (
    Colouring("circumferential", "Circumferential strain", "%", -30.0, 30.0, "RdBu_r"),
    Colouring("longitudinal", "Longitudinal strain", "%", -30.0, 30.0, "RdBu_r"),
    Colouring("radial", "Radial strain", "%", -60.0, 60.0, "RdBu_r"),
)
LEVELS = ("Basal", "Middle", "Apical")
COLUMNS = (
    "Segment",
    "Circumferential peak, %",
    "± (95 %)",
    "True, %",
    "Longitudinal peak, %",
    "True, %",
    "Radial peak, %",
    "True, %",
    "Time to peak, ms",
)


def virtual_page(
    study, result: Report, compared: Sequence[Measure], provenance: Mapping[str, Any]
) -> MotionPage:
    """Everything the report shows."""
    body, truth = study.body, study.truth
    marked = body.weak
    return MotionPage(
        case_name="virtual-patient",
        sentence=_sentence(study),
        measures=result.measures,
        headline=[
            "global circumferential strain, peak",
            "global longitudinal strain, peak",
            "global radial strain, peak",
            "peak torsion",
            "ejection fraction of the body",
            "weak segments",
        ],
        views=[_view(name, film, study.checks[name]) for name, film in study.planes.items()],
        meshes=_marked(result.meshes, body),
        colourings=COLOURINGS,
        looks={"endocardium": Look("#c0392b"), "epicardium": Look("#d98880")},
        camera=_camera(body),
        rings=[
            moving_bullseye("Circumferential strain, measured", _values(body), marked),
            moving_bullseye("Circumferential strain, true", _values(truth), tuple(study.weak)),
        ],
        curves=_curves(body, truth),
        columns=COLUMNS,
        rows=[_row(body, truth, k) for k in SEGMENTS],
        n_frames=len(body.times_ms),
        times_ms=body.times_ms,
        end_systole=body.end_systole,
        definitions=DEFINITIONS,
        methods=result.methods,
        references=result.references,
        warnings=[
            "A virtual patient: its anatomy, its motion and the shifts of its planes are known "
            "exactly. The study is given images, where planes say that they lie, and where the "
            "wall begins and ends.",
            *_emptied(study),
        ],
        provenance=provenance,
        beside=[
            ("infarct", "Segments found weak, beside the truth", _verdicts(study), ""),
            ("shifts", "Shifts between breath-holds, beside the truth", _shifts(study), ""),
        ],
    )


def _sentence(study) -> str:
    given = sorted(study.weak)
    found = study.body.weak
    planted = (
        f"An infarct was planted in segment{'s' if len(given) > 1 else ''} {_listed(given)}"
        if given
        else "No infarct was planted"
    )
    hit = [k for k in given if k in found]
    beside = [k for k in found if k not in given]
    if given:
        answer = f"{len(hit)} of {len(given)} found"
        truly = [k for k in beside if study.truth.scores[k] > WEAK]
        wrongly = [k for k in beside if k not in truly]
        answer += f"; beside it, truly weak as well: {_listed(truly)}" if truly else ""
        answer += f"; wrongly found weak: {_listed(wrongly)}" if wrongly else ""
    else:
        answer = f"wrongly found weak: {_listed(found) or 'none'}"
    around = study.body.clinical(study.body.whole, "circumferential").peak
    true = study.truth.clinical(study.truth.whole, "circumferential").peak
    return (
        f"{planted}; {answer}. Peak circumferential strain of the wall {pretty_number(around)} %, "
        f"true {pretty_number(true)} %."
    )


def _emptied(study) -> list[str]:
    """Planes that muscle leaves."""
    found = []
    for name, check in study.checks.items():
        empty = int(np.sum(check.n_compared < EMPTY * check.n_compared[0]))
        if empty:
            found.append(
                f"{name}: muscle leaves the plane in {empty} of {len(check.trust)} frames; the "
                "other planes see it there"
            )
    return found


def _listed(numbers) -> str:
    return ", ".join(str(k) for k in numbers)


def _view(name: str, film, check: PlaneCheck) -> View:
    contours: dict[str, list[list[np.ndarray]]] = {
        "tag lines": [_dark_lines(frame) for frame in check.phases]
    }
    crosses = [_crosses(frame) if t else [] for t, frame in enumerate(check.trust)]
    if any(crosses):
        contours["rejected"] = crosses
    pixel = float(np.linalg.norm(film.steps[0]))
    group = "Tagged planes across the axis" if name.startswith("short") else "Along the axis"
    return View(name, film.images, contours, pixel, group)


def _dark_lines(phases) -> list[np.ndarray]:
    """Lines of half a turn, of each family."""
    lines: list[np.ndarray] = []
    for field in phases:
        known = field[np.isfinite(field)]
        if not len(known):
            continue
        first, last = np.ceil(known.min() / (2 * np.pi) - 0.5), np.floor(known.max() / (2 * np.pi))
        for count in np.arange(first, last + 1):
            found = find_contours(field, (count + 0.5) * 2 * np.pi)
            lines += [line[np.unique([*range(0, len(line), 2), len(line) - 1])] for line in found]
    return [line for line in lines if len(line) > 1]


def _crosses(trust) -> list[np.ndarray]:
    places = np.argwhere(np.nan_to_num(trust, nan=1.0) < REJECTED).astype(float)
    places = places[:: max(1, -(-len(places) // MOST_CROSSES))]
    strokes = CROSS_PX * np.array([[[-1, -1], [1, 1]], [[-1, 1], [1, -1]]])
    return [place + stroke for place in places for stroke in strokes]


def _marked(meshes: Mapping[str, Mesh], body: BodyMotion) -> dict[str, Mesh]:
    """The shells, with the segments that were found weak marked on the epicardium."""
    found = dict(meshes)
    shell = found["epicardium"]
    material = body.motion.wall.material
    level = material[len(material) // 2 :]
    mine = np.isin(segments_of(level, body.cavity_mm), body.weak).astype(float)
    found["epicardium"] = Mesh(
        shell.points,
        shell.cells,
        {**shell.point_data, RESPONSIBLE: mine},
        shell.times_ms,
    )
    return found


def _camera(body: BodyMotion) -> Camera:
    """From the side of what is weak, a little from the base, which is up."""
    rest = body.motion.wall.lattice(1, 72, 18)
    weak = np.isin(segments_of(rest, body.cavity_mm), body.weak)
    middle = rest[weak, :2].mean(axis=0) if weak.any() else np.array([1.0, 0.4])
    side = middle / max(float(np.linalg.norm(middle)), 1e-9)
    return Camera((float(side[0]), float(side[1]), -0.45), (0.0, 0.0, -1.0), is_anatomical=False)


def _values(body: BodyMotion) -> np.ndarray:
    values = np.full((len(body.times_ms), 17), np.nan)
    for region in select(body.regions):
        if region.segment is not None:
            values[:, region.segment - 1] = region.strain["circumferential"]
    return values


def _of(body: BodyMotion, segment: int) -> Region:
    return next(r for r in body.regions if r.segment == segment and r.layer == "all")


def _curves(body: BodyMotion, truth: BodyMotion) -> dict[str, list[Curve]]:
    diagrams: dict[str, list[Curve]] = {}
    for level, ring in zip(LEVELS, RINGS):
        diagrams[f"{level} segments: circumferential strain"] = [
            Curve(f"segment {k}", "%", _of(body, k).strain["circumferential"]) for k in ring
        ]
    for word in COMPONENTS[::-1]:
        values = body.whole.strain[word]
        diagrams[f"Whole wall: {word} strain"] = [
            Curve("measured", "%", values),
            Curve("true", "%", truth.whole.strain[word]),
        ]
    diagrams["Torsion"] = [Curve("measured", "°/mm", body.torsion)]
    diagrams["Volume of the cavity"] = [Curve("measured", "ml", body.volume_ml)]
    return diagrams


def _row(body: BodyMotion, truth: BodyMotion, segment: int) -> list[str | float | None]:
    region, known = _of(body, segment), _of(truth, segment)
    row: list[str | float | None] = [region.name]
    for word in ("circumferential", "longitudinal", "radial"):
        found = body.clinical(region, word)
        row.append(found.peak)
        if word == "circumferential":
            frame = found.peak_frame
            spread = region.deviation[word]
            row.append(None if frame is None else 1.96 * float(spread[frame]))
        row.append(truth.clinical(known, word).peak)
    row.append(body.clinical(region, "circumferential").time_to_peak_ms)
    return row


def _shifts(study) -> str:
    """A table of planes: how far they lie off where they say, found and true."""
    rows, off = [], []
    for name, (found, true) in study.shifts_mm.items():
        off.append(float(np.linalg.norm(found - true)))
        pairs = (f"{a:+.1f}, {b:+.1f}" for a, b in (found, true))
        rows.append([name, *pairs, f"{off[-1]:.2f}"])
    none = float(np.mean([np.linalg.norm(true) for _, true in study.shifts_mm.values()]))
    columns = ("Plane", "Found, mm down and right", "True", "Off, mm")
    note = (
        f"On average a shift is found to {np.mean(off):.2f} mm; without correction planes lie "
        f"{none:.1f} mm off."
    )
    return f'{_table(columns, rows)}<p class="aside">{note}</p>'


def _table(columns, rows) -> str:
    head = "".join(f'<th scope="col">{c}</th>' for c in columns)
    body = "".join("<tr>" + "".join(f"<td>{c}</td>" for c in row) + "</tr>" for row in rows)
    return (
        f'<div class="table"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
        "</div>"
    )


def _verdicts(study) -> str:
    """A table of segments: what was planted, what was found."""
    columns = ("Segment", "Loss of contraction planted", "Score", "True score", "Found")
    rows = []
    for k in SEGMENTS:
        planted = study.weak.get(k)
        is_found = k in study.body.weak
        if planted is None and not is_found:
            continue
        words = {
            (True, True): "weak, as planted",
            (True, False): "missed",
            (False, True): "weak, beside what was planted",
        }[planted is not None, is_found]
        rows.append(
            (
                escape(_of(study.body, k).name),
                "–" if planted is None else f"{100 * planted:.0f} %",
                f"{study.body.scores[k]:.3f}",
                f"{study.truth.scores[k]:.3f}",
                words,
            )
        )
    if not rows:
        return '<p class="aside">No segment was planted weak, and none was found weak.</p>'
    note = (
        f"The score is the peak circumferential Green strain less the median of the ring; above "
        f"{WEAK} a segment counts as weak. A planted loss is smooth in space, so that segments "
        "beside it truly contract less as well: the true score says how much."
    )
    return f'{_table(columns, rows)}<p class="aside">{note}</p>'
