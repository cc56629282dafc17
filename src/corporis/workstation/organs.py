"""Organs as a person meets them: an image or a mask in, outlines, numbers and a report out."""

import datetime
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from nibabel import orientations

from corporis.apps.organs.chest_shape import ORGANS
from corporis.apps.organs.radiograph import pixel_mm, single_plane
from corporis.cohorts.organs import box, learn_repair, load_chest, steps_of, upright
from corporis.cohorts.study import Provenance
from corporis.errors import BadInput
from corporis.imaging import Image, OutputFolder, read, write_measures, write_nifti
from corporis.imaging.output import write_bytes
from corporis.interfaces import Case, Measure, Report
from corporis.shapes import mask_contours
from corporis.workstation.organ_page import OrganPage, write_organ_page
from corporis.workstation.panel import View

Progress = Callable[[str, float], None] | None
UNLIKE = 3.0
"""Misfit above which a mask does not look like the organ."""
MOST_OVERRULED = 0.5
"""Of the larger of both volumes: beyond it what was mended says little of what was given."""


@dataclass(frozen=True)
class OrganRun:
    """Where the report is, and what it says."""

    report: Path
    result: Report


def run_chest(
    source: Path | str,
    output: Path | str,
    weights: Path | str,
    *,
    name: str | None = None,
    progress: Progress = None,
) -> OrganRun:
    """Outline lungs, heart and clavicles in one radiograph.

    Parameters
    ----------
    source : path
        DICOM, NIfTI, PNG or JPEG.
    output : path
        Folder for report.html, report.json, measures.csv, a NIfTI mask of each organ, and
        overruled.nii.gz, where the shape prior changed what the evidence says.
    weights : path
        What `corporis.cohorts.organs.train_chest` left.
    name : str or None
        A neutral label, never a patient's name.

    Raises
    ------
    CorporisError
        If an input cannot be read or the output cannot be written.
    """
    clock = Provenance.start()
    with OutputFolder(output) as folder:
        application = load_chest(weights, progress)
        case = read(source, name=name, pictures=True)
        image, pixels = single_plane(case)
        result = application(case)
        masks, alone = result.facts["masks"], result.facts["alone"]
        contours = {o: [mask_contours(m)] for o, m in zip(ORGANS, masks, strict=True)}
        evidence = {f"{o}, evidence": [mask_contours(m)] for o, m in zip(ORGANS[:3], alone[:3])}
        views = [
            View("outlines", pixels[None], contours, pixel_mm(image), "Radiograph"),
            View("evidence alone", pixels[None], evidence, pixel_mm(image), "Radiograph"),
        ]
        doubts = result.facts["found_organs"].is_uncertain
        doubted = [organ for organ, doubt in zip(ORGANS, doubts, strict=True) if doubt]
        sentence = "All five organs were outlined."
        if doubted:
            sentence = f"Outlines to check: {', '.join(doubted)}."
        page = _page("radiograph report", case, result, clock, sentence, not doubted, views)
        write_organ(folder, page, result)
    return OrganRun(Path(output) / "report.html", result)


def run_repair(
    source: Path | str,
    output: Path | str,
    organ: str,
    shapes: Path | str,
    *,
    name: str | None = None,
    progress: Progress = None,
) -> OrganRun:
    """Mend a mask by what organs of its kind look like.

    Parameters
    ----------
    source : path
        A mask (NIfTI), everything but 0 inside.
    output : path
        Folder for report.html, report.json, measures.csv, repaired.nii.gz, overruled.nii.gz and
        distance_mm.nii.gz, the distance from the border that was expected.
    organ : str
        Its name, for the report.
    shapes : path
        Folder with masks of sound organs, as `corporis.cohorts.organs.learn_repair` takes it.

    Raises
    ------
    CorporisError
        If an input cannot be read or the output cannot be written.
    """
    clock = Provenance.start()
    with OutputFolder(output) as folder:
        case = read(source, name=name)
        image, mask = _volume(case)
        model, n_masks = learn_repair(shapes, progress)
        if progress is not None:
            progress("mending", 0.7)
        turned, back = upright(mask, image.affine)
        here = box(turned, margin=max(4, max(mask.shape) // 20))
        found = model.repair(turned[here], steps_of(image.affine))
        layers = {"repaired": found.mask, "overruled": found.overruled}
        layers["distance_mm"] = found.expected_mm.astype(np.float32)
        images = {
            key: _placed(image, part, here, back, 0 if part.dtype == bool else np.nan)
            for key, part in layers.items()
        }
        result = _repair_report(organ, mask, found, images, image, n_masks)
        is_like = not result.warnings
        sentence = f"The mask was mended as a {organ}."
        if not is_like:
            sentence = f"This {result.warnings[0]}."
        views = [_repair_view(turned[here], found, image)]
        page = _page("repair report", case, result, clock, sentence, is_like, views)
        write_organ(folder, page, result)
    return OrganRun(Path(output) / "report.html", result)


def _volume(case: Case) -> tuple[Image, np.ndarray]:
    images = [image for image in case.images.values() if isinstance(image, Image)]
    shapes = [image.stack().shape for image in images]
    if len(images) != 1 or shapes[0][1] != 1 or min(shapes[0]) < 1 or shapes[0][0] < 2:
        raise BadInput(f"{case.name}: expected one volume, got shapes {shapes}: give a mask")
    if images[0].length_unit != "mm":
        raise BadInput(f"{case.name}: expected a mask with its spacing in mm: give a NIfTI file")
    mask = np.asarray(images[0].stack()[:, 0]) != 0
    if not mask.any():
        raise BadInput(f"{case.name}: expected a mask with a voxel inside, got none")
    return images[0], mask


def _placed(image, part, here, back, empty):
    """A part of the upright volume as an image that lies as the input does."""
    shape = upright(image.stack()[:, 0], image.affine)[0].shape
    whole = np.full(shape, empty, np.uint8 if part.dtype == bool else part.dtype)
    whole[here] = part
    whole = np.ascontiguousarray(orientations.apply_orientation(whole, back))
    return Image(whole, ("slice", "row", "column"), image.affine, image.length_unit)


def _repair_report(organ, mask, found, images, image, n_masks) -> Report:
    voxel = float(np.prod(image.spacing)) / 1000
    after = int(images["repaired"].data.sum())
    added = int(np.sum((images["repaired"].data != 0) & ~mask))
    measures = [
        Measure("volume, mended", after * voxel, "ml"),
        Measure("volume, as given", float(mask.sum()) * voxel, "ml"),
        Measure("added", added * voxel, "ml"),
        Measure("removed", float(mask.sum() + added - after) * voxel, "ml"),
        Measure("misfit", found.misfit, "", note=f"1 is usual for a {organ}"),
    ]
    methods = (
        f"Signed distances of {n_masks} masks of sound organs, in one place, size and direction, "
        "are the shapes. Sparse composition with gross errors explains the mask; where both "
        "disagree deeply the mask is overruled, elsewhere it stays to the voxel.",
    )
    warnings = []
    if found.misfit > UNLIKE:
        warnings.append(f"does not look like a {organ}: misfit {found.misfit:.1f}, usual 1")
    changed = (float(mask.sum()) - after + 2 * added) / max(float(mask.sum()), after)
    if changed > MOST_OVERRULED:
        warnings.append(
            f"does not look like one {organ}: {100 * changed:.0f} % of it would be overruled"
        )
    references = (
        "Zhang et al., Medical Image Analysis 16:265-277, 2012, doi:10.1016/j.media.2011.08.004",
    )
    return Report(f"repair of a {organ}", measures, images, {}, {}, methods, references, warnings)


def _repair_view(mask, found, image) -> View:
    """The planes of the volume one after the other."""
    contours = {
        "mended": [mask_contours(plane) for plane in found.mask],
        "as given": [mask_contours(plane) for plane in mask],
    }
    shade = np.where(found.overruled, 1.0, 0.35 * mask + 0.05)
    return View(
        "planes, bright where overruled", shade, contours, steps_of(image.affine)[1:], "Mask"
    )


def _page(kind, case, result, clock, sentence, is_certain, views) -> OrganPage:
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
        clock.facts(case, {}),
        datetime.date.today().isoformat(),
    )


def write_organ(
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
