"""The heart study as a person meets it: one call reads, measures, judges and writes the report."""

import datetime
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from corporis.apps.heart_motion import HeartMotion
from corporis.apps.heart_shape import Border
from corporis.cohorts.heart import (
    check_modality,
    heart_study,
    naming,
    split_motion,
    write_results,
)
from corporis.cohorts.study import Provenance
from corporis.errors import BadInput
from corporis.imaging import OutputFolder, read
from corporis.interfaces import Case, Report
from corporis.workstation.heart_motion import follow_heart
from corporis.workstation.motion import write_films
from corporis.workstation.motion_cine import SURFACE_COLOURINGS
from corporis.workstation.motion_page import MotionPage
from corporis.workstation.page import HeartPage, write_heart_page
from corporis.workstation.panel import BullsEye, Conclusion, Curve, Finding, View
from corporis.workstation.scene import Camera, Colouring, Look

HEADLINE = (
    "end-diastolic volume",
    "end-systolic volume",
    "stroke volume",
    "ejection fraction",
    "left ventricular mass",
    "mean wall thickness at end-diastole",
    "global longitudinal strain (GLS), end-systolic",
    "global circumferential strain (GCS), end-systolic",
    "global circumferential strain, end-systolic",
)
ON_ENDOCARDIUM = [replace(c, label=f"{c.label} of the endocardium") for c in SURFACE_COLOURINGS]
MOTION = "motion"
"""Folder of the motion's own report."""
OUTLINED = 0.65
"""Share of the work when the heart is outlined and motion begins."""
NO_CINE = (
    "no cine: the heart is not outlined, its volumes and wall are not measured, and it is not "
    "judged; this is the report of its motion"
)
OUTLINES = {"cavity": "left endocardium", "outer": "left epicardium", "right": "right ventricle"}
VERDICTS = {
    "normal": "normal",
    "abnormal": "abnormal",
    "uncertain": "uncertain",
    "unlike any known": "unknown",
    "not judged": "none",
}


@dataclass(frozen=True)
class HeartRun:
    """Where the report is, and the enriched case with its reports."""

    report: Path
    case: Case
    reports: tuple[Report, ...]


def run_heart(
    source: Path | str,
    output: Path | str,
    *,
    name: str | None = None,
    series: str | None = None,
    weights: Path | str | None = None,
    border: Border = Border.EXPERT,
    follows_motion: bool = True,
    progress: Callable[[str, float], None] | None = None,
) -> HeartRun:
    """Read cine images, run the heart study and leave all results in a folder.

    Where tags or DENSE alone are there, and no cine, the motion study is run on them.

    Parameters
    ----------
    source : path
        A DICOM or npz folder, a NIfTI or npz file.
    output : path
        Folder for report.html, report.json, meshes, masks and measures; it appears complete or
        not at all.
    name : str or None
        A neutral label; by default made from the input's hash.
    series : str or None
        Which series is the short axis, where the input leaves a choice.
    weights : path or None
        A folder that ``corporis train heart`` wrote; by default what is shipped.
    border : Border
        Where the border of the left cavity is drawn.
    follows_motion : bool
        Whether the muscle is followed through the beat, which leaves a folder motion/ with its own
        report: by tags or DENSE that lie beside the cine, else by the cine.
    progress : callable(text, fraction) or None

    Raises
    ------
    CorporisError
        If the input cannot be read or used, no heart is found, or the output cannot be written.
    """
    clock = Provenance.start()

    def tell(text: str, fraction: float) -> None:
        if progress is not None:
            progress(text, fraction)

    with OutputFolder(output) as folder:
        tell("reading", 0.0)
        case = read(source, name=name)
        check_modality(case, source)
        cine, moving = split_motion(case)
        if cine is None and moving is not None:
            reports = _motion_alone(moving, source, clock, folder, tell)
        else:
            study = heart_study(
                weights=weights, series=series, border=border,
                progress=lambda text, share: tell(text, OUTLINED * share),
            )  # fmt: skip
            with naming(source):
                case, reports = study(cine or case)
            followed = None
            if follows_motion:
                followed = follow_heart(
                    case, moving, lambda t, share: tell(t, OUTLINED + 0.25 * share)
                )
                case, reports = followed.painted(case), (*reports, followed.report)
            tell("writing", 0.9)
            provenance = clock.facts(case, _parameters(study, series, weights))
            page = None if followed is None else followed.write(provenance, folder / MOTION)
            write_results(case, reports, provenance, folder)
            write_heart_page(heart_page(case, reports, provenance, page), folder / "report.html")
    tell("done", 1.0)
    return HeartRun(Path(output) / "report.html", case, reports)


def _motion_alone(moving, source, clock, folder, tell) -> tuple[Report, ...]:
    """Tags or DENSE without a cine: there is nothing to outline, and the motion is the report."""
    with naming(source):
        try:
            report = HeartMotion(progress=lambda text, share: tell(text, 0.85 * share))(moving)
        except BadInput as error:
            raise BadInput(f"{error} (options of corporis motion)") from error
    report = replace(report, warnings=(NO_CINE, *report.warnings))
    write_films(moving, report, clock.facts(moving, {"study": "heart, by motion alone"}), folder)
    return (report,)


def _parameters(study, series, weights) -> dict[str, Any]:
    """What was chosen, without paths of this machine."""
    shape = study.steps[0][1]
    return {
        "study": study.name,
        "series": series or "automatic",
        "weights": "shipped" if weights is None else "trained by the user",
        "border": str(shape.border),
        "rigidity": asdict(shape.rigidity),
    }


def heart_page(
    case: Case,
    reports: Sequence[Report],
    provenance: dict[str, Any],
    strain: MotionPage | None = None,
) -> HeartPage:
    """Everything the report shows, from the case that the study enriched, and its motion."""
    numbers = case.facts["heart_numbers"]
    stack = case.facts["short_axis"]
    meshes = {k: case.meshes[k] for k in _SURFACES if k in case.meshes}
    times = stack.times_ms
    measures = [m for report in reports for m in report.measures]
    named = {m.name for m in measures if m.value is not None}
    return HeartPage(
        case_name=case.name,
        conclusion=_conclusion(case),
        measures=measures,
        views=[*_short_axis_views(case, stack), *_long_axis_views(case, stack)],
        meshes=meshes,
        curves=_curves(numbers),
        bullseyes=_bullseyes(case, numbers),
        findings=[_finding(f) for f in case.facts.get("findings", ())],
        probabilities=case.facts.get("probabilities", {}),
        methods=[m for report in reports for m in report.methods],
        references=[r for report in reports for r in report.references],
        warnings=[
            *(str(w) for w in case.facts.get("warnings", ())),
            *(w for report in reports for w in report.warnings),
        ],
        provenance=provenance,
        times_ms=times if times is not None and numbers.is_beating else None,
        ed_index=numbers.phases.ed,
        es_index=numbers.phases.es if numbers.is_beating else None,
        date=datetime.date.today().isoformat(),
        headline=[n for n in HEADLINE if n in named],
        colourings=[*_colourings(numbers), *ON_ENDOCARDIUM],
        looks={
            "left_endocardium": Look("#c0392b", 0.55),
            "left_epicardium": Look("#d98880", 0.9),
            "right_endocardium": Look("#2e6da4", 0.45),
        },
        camera=Camera(is_anatomical=numbers.length_unit == "mm"),
        strain=strain,
        strain_path=f"{MOTION}/report.html",
    )


_SURFACES = ("left_epicardium", "left_endocardium", "right_endocardium")


def _conclusion(case: Case) -> Conclusion:
    state = VERDICTS.get(str(case.facts.get("state", "uncertain")), "uncertain")
    probabilities = case.facts.get("probabilities", {})
    probability = None
    if probabilities and state in ("normal", "abnormal"):
        normal = float(probabilities.get("normal", np.nan))
        probability = normal if state == "normal" else 1 - normal
    sentence = str(case.facts.get("conclusion", "No judgement."))
    return Conclusion(sentence, state, probability, str(case.facts.get("caution", "")))


def _closed(ring: np.ndarray | None) -> list[np.ndarray]:
    return [] if ring is None else [np.concatenate([ring, ring[:1]])]


def _short_axis_views(case: Case, stack) -> list[View]:
    pixel = stack.pixel if stack.length_unit == "mm" else None
    views = []
    for s, frames in enumerate(stack.frames):
        contours = {
            OUTLINES[key]: [_closed(ring) for ring in rings[s]]
            for key, rings in case.facts["contours"].items()
        }
        views.append(View(f"slice {s + 1}", frames, contours, pixel, "Short axis"))
    return views


def _long_axis_views(case: Case, stack) -> list[View]:
    names = {
        "left_endocardium": OUTLINES["cavity"],
        "left_epicardium": OUTLINES["outer"],
        "right_endocardium": OUTLINES["right"],
    }
    n_times = stack.frames.shape[1]
    views = []
    for view in case.facts["long_axis"]:
        # Each picture shows the frame nearest in phase: images are not blended for looking.
        phases = stack.phases.mean(axis=0)
        nearest = [
            int(np.argmin(np.abs((view.phases - p + 0.5) % 1 - 0.5))) for p in phases[:n_times]
        ]
        contours = {
            names[key]: [[_closed(piece)[0] for piece in lines[k]] for k in nearest]
            for key, lines in case.facts["long_axis_contours"][view.name].items()
        }
        rows, columns = view.image.spacing[1:]
        views.append(View(view.name, view.frames[nearest], contours, (rows, columns), "Long axis"))
    return views


def _curves(numbers) -> list[Curve]:
    curves: list[Curve] = []
    if not numbers.has_volume:
        area = numbers.left.volume / max(numbers.long_axis_ed, 1e-9)
        return [Curve("left cavity's area", numbers.length_unit + "^2", area)]
    for name, curve in (("left ventricle", numbers.left), ("right ventricle", numbers.right)):
        if curve is not None:
            values, spread = curve.volume / numbers.per_ml, curve.spread / numbers.per_ml
            curves.append(
                Curve(
                    name,
                    numbers.volume_unit,
                    values,
                    np.maximum(values - 1.96 * spread, 0),
                    values + 1.96 * spread,
                )
            )
    return curves


def _bullseyes(case: Case, numbers) -> list[BullsEye]:
    responsible = frozenset(int(s) for s in case.facts.get("responsible_segments", ()))
    numbered = bool(np.isfinite(numbers.thickness_ed).any())
    out: list[BullsEye] = []
    if not numbered:
        return out
    if numbers.is_beating:
        out.append(
            BullsEye("Systolic thickening", "%", numbers.thickening_percent, responsible, numbered)
        )
    unit = numbers.length_unit
    out.append(BullsEye("Wall at end-diastole", unit, numbers.thickness_ed, responsible, numbered))
    return out


def _finding(found) -> Finding:
    return Finding(
        str(found["text"]), str(found.get("direction", "neutral")), str(found.get("reference", ""))
    )


def _colourings(numbers) -> list[Colouring]:
    unit = numbers.length_unit
    thickness = Colouring("wall_thickness_" + unit, "Wall thickness", unit)
    if not numbers.is_beating:
        return [thickness]
    return [
        Colouring("thickening_percent", "Wall thickening", "%", 0.0, 80.0),
        thickness,
    ]
