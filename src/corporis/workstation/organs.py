"""Organs as a person meets them: an image in, outlines, numbers and a report out."""

import datetime
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from corporis.apps.organs.chest_shape import ORGANS
from corporis.apps.organs.frontal import single_plane
from corporis.cohorts.corrected import IMAGE
from corporis.cohorts.organ_outliners import load_chest
from corporis.cohorts.study import Provenance
from corporis.imaging import OutputFolder, read, write_measures, write_nifti
from corporis.imaging.output import write_bytes
from corporis.imaging.segmentation import Segment, single_dicom, write_seg
from corporis.interfaces import Report
from corporis.shapes import mask_contours
from corporis.workstation.meanwhile import REPORT, load_meanwhile
from corporis.workstation.organ_page import OrganPage, write_organ_page
from corporis.workstation.panel import View
from corporis.workstation.text import pretty_number, pretty_unit

Progress = Callable[[str, float], None] | None
CODES = {
    "lung": ("39607008", "Lung"),
    "heart": ("80891009", "Heart"),
    "clavicle": ("51299004", "Clavicle"),
}
"""SNOMED CT."""


@dataclass(frozen=True)
class OrganRun:
    """Where the report is, what it says, its warnings, and what else a person should know."""

    report: Path
    result: Report
    warnings: Sequence[str] = ()
    note: str = ""


def run_chest(
    source: Path | str,
    output: Path | str,
    weights: Path | str,
    *,
    name: str | None = None,
    gives_seg: bool = False,
    progress: Progress = None,
) -> OrganRun:
    """Outline lungs, heart and clavicles in one radiograph.

    Parameters
    ----------
    source : path
        DICOM, NIfTI, PNG or JPEG.
    output : path
        Folder for report.html, report.json, measures.csv, a NIfTI mask of each organ,
        radiograph.nii.gz, and overruled.nii.gz, where the shape prior changed what the evidence
        says.
    weights : path
        What `corporis.cohorts.organs.train_chest` left.
    name : str or None
        A neutral label, never a patient's name.
    gives_seg : bool
        Whether organs.dcm (DICOM SEG) is written too; the source must be DICOM, whose patient and
        study it names.

    Raises
    ------
    CorporisError
        If an input cannot be read or the output cannot be written.
    """
    clock = Provenance.start()
    load_meanwhile(*REPORT)
    with OutputFolder(output) as folder:
        application = load_chest(weights, progress)
        case = read(source, name=name, pictures=True)
        image, pixels = single_plane(case)
        if gives_seg:
            single_dicom(source)  # says what is missing, before the work
        result = application(case)
        masks, alone = result.facts["masks"], result.facts["alone"]
        frontal = result.facts["frontal"]
        contours = {o: [mask_contours(m)] for o, m in zip(ORGANS, masks, strict=True)}
        evidence = {o: [mask_contours(m)] for o, m in zip(ORGANS, alone, strict=True)}
        views = [
            View("outlines", pixels[None], contours, frontal.pixel_mm, "Radiograph"),
            View("evidence alone", pixels[None], evidence, frontal.pixel_mm, "Radiograph"),
        ]
        doubts = result.facts["found_organs"].is_uncertain
        doubted = [organ for organ, doubt in zip(ORGANS, doubts, strict=True) if doubt]
        sentence = "All five organs were outlined."
        if result.facts["found_organs"].is_unlike:
            sentence = f"The image {result.warnings[0]}."
        elif doubted:
            sentence = f"Outlines to check: {', '.join(doubted)}."
        page = page_of("radiograph report", case, result, clock, sentence, not doubted, views)
        parts = result.facts["overruled"]
        page = replace(page, reasons=[_reason(part) for part in parts] or [NOTHING])
        write_result(folder, page, result, {"overruled": parts})
        write_nifti(image, folder / IMAGE)
        if gives_seg:
            segments = [
                Segment(organ, mask, CODES[organ.split()[-1]], _side(organ))
                for organ, mask in zip(ORGANS, frontal.back(masks)[:, 0], strict=True)
            ]
            write_seg(segments, source, folder / "organs.dcm")
    return OrganRun(Path(output) / "report.html", result, page.warnings)


NOTHING = "Nowhere by more than half a per cent of an organ."


def _reason(part) -> str:
    size = f"{pretty_number(part['area'])} {pretty_unit(part['unit'])}"
    return (
        f"{size} {part['change']} in the {part['third']} third of the "
        f"{part['organ']}, towards the patient's {part['side']}: {part['why']}"
    )


def _side(organ) -> str:
    """The patient's side that an organ's name says; empty for neither."""
    first, _, rest = organ.partition(" ")
    return first if rest else ""


def page_of(kind, case, result, clock, sentence, is_certain, views) -> OrganPage:
    """The page of one case, without surfaces and reasons."""
    return OrganPage(
        kind,
        case.name,
        sentence,
        is_certain,
        result.measures,
        views,
        len(views[0].frames),
        result.methods,
        result.references,
        (*result.warnings, *case.facts.get("warnings", ())),
        {**clock.facts(case, {}), **result.provenance},
        datetime.date.today().isoformat(),
    )


def write_result(
    folder: Path, page: OrganPage, result: Report, more: Mapping[str, Any] | None = None
) -> None:
    """Leave images, the table, report.json (with `more` in it) and report.html in a folder."""
    for key, image in result.images.items():
        write_nifti(image, folder / f"{key}.nii.gz")
    write_measures([result], folder / "measures.csv")
    content: dict[str, Any] = {
        "case": page.case_name,
        "study": result.application,
        "sentence": page.sentence,
        "measures": [asdict(m) for m in result.measures],
        "warnings": list(page.warnings),
        "methods": list(result.methods),
        "references": list(result.references),
        **(more or {}),
        "provenance": page.provenance,
    }
    write_bytes(folder / "report.json", json.dumps(content, indent=1).encode())
    write_organ_page(page, folder / "report.html")
