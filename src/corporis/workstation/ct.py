"""Organs in CT as a person meets them: a scan in, outlines, volumes and a report out."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import chain
from pathlib import Path

import numpy as np
import scipy

from corporis.apps.organs.ct import FoundOrgan, is_uncertain
from corporis.apps.organs.ct_evidence import ORGANS
from corporis.apps.organs.ct_input import single_ct
from corporis.apps.organs.ct_overruled import LEAST_ML, overruled_parts
from corporis.apps.organs.millimetre import MillimetreGrid
from corporis.cohorts.organ_outliners import load_ct
from corporis.cohorts.study import Provenance
from corporis.imaging import OutputFolder, read, write_vtp
from corporis.imaging.segmentation import Segment
from corporis.imaging.volume_segmentation import slice_files, write_volume_seg
from corporis.interfaces import Mesh, Report
from corporis.shapes import mask_contours
from corporis.shapes.mesh import oriented_outward
from corporis.workstation.organs import OrganRun, page_of, write_result
from corporis.workstation.panel import View
from corporis.workstation.scene import Look
from corporis.workstation.stage import OUTLINE_COLOURS

N_PLANES = 32
PLANES = (("axial", 0), ("coronal", 1), ("sagittal", 2))
SOFT_TISSUE = (-160.0, 240.0)
"""Hounsfield units shown black and white."""
SURFACE_MM = 3.0
"""Fineness of the surfaces: finer, they would not travel inside a page."""
MOST_REASONS = 20
CODES = {
    "liver": ("10200004", "Liver"),
    "lung": ("39607008", "Lung"),
    "kidney": ("64033007", "Kidney"),
}
"""SNOMED CT."""
LOOKS = {
    organ: Look(colour, 0.35 if organ.endswith("lung") else 1.0)
    for organ, colour in zip(ORGANS, OUTLINE_COLOURS[1:], strict=True)
}
"""As their outlines, of which the evidence's is the first; what lies behind lungs is seen."""


def run_ct(
    source: Path | str,
    output: Path | str,
    weights: Path | str,
    *,
    name: str | None = None,
    gives_seg: bool = False,
    progress: Callable[[str, float], None] | None = None,
) -> OrganRun:
    """Outline and measure liver, lungs and kidneys in one CT scan.

    Parameters
    ----------
    source : path
        NIfTI, or a folder with one DICOM series.
    output : path
        Folder for report.html, report.json, measures.csv, and as NIfTI organs (1 liver, 2 left
        lung, 3 right lung, 4 left kidney, 5 right kidney), evidence_alone (the same without the
        shapes) and overruled; the organs' surfaces as VTP.
    weights : path
        What `corporis.cohorts.trunks.train_ct` left.
    name : str or None
        A neutral label, never a patient's name.
    gives_seg : bool
        Whether organs.dcm (DICOM SEG) is written too; the source must be a DICOM series, whose
        patient and study it names.

    Raises
    ------
    CorporisError
        If an input cannot be read or is no such scan, or the output cannot be written.
    """
    clock = Provenance.start()
    with OutputFolder(output) as folder:
        application = load_ct(weights, progress)
        case = read(source, name=name)
        image, _ = single_ct(case)
        if gives_seg:
            slice_files(image, source)  # says what is missing, before the work
        result = application(case)
        found, steps = result.facts["found"], result.facts["spacing_mm"]
        meshes = surfaces(found, steps, result.facts["affine"])
        for organ, mesh in meshes.items():
            write_vtp(mesh, folder / f"{organ.replace(' ', '_')}.vtp")
        parts = overruled_parts(found, steps)
        said, is_certain, views = _sentence(found), not _doubted(found), _views(result)
        page = replace(
            page_of("CT report", case, result, clock, said, is_certain, views),
            measures=sorted(result.measures, key=lambda measure: measure.unit != "ml"),
            meshes=meshes,
            looks=LOOKS,
            reasons=_reasons(parts),
            first_frame=fullest_plane(result.facts["label"], steps),
        )
        write_result(folder, page, result, {"overruled": parts})
        if gives_seg:
            label = np.asarray(result.images["organs"].data)
            write_volume_seg(segments(label), image, source, folder / "organs.dcm")
    return OrganRun(Path(output) / "report.html", result, page.warnings)


def segments(label: np.ndarray) -> list[Segment]:
    """Masks of the organs in labels (slices, rows, columns), with their codes and sides."""
    found = []
    for number, organ in enumerate(ORGANS, 1):
        mask, (side, _, word) = label == number, organ.rpartition(" ")
        if mask.any():
            found.append(Segment(organ, mask, CODES[word], side))
    return found


def surfaces(
    found: Mapping[str, FoundOrgan], steps: tuple[float, float, float], affine: np.ndarray
) -> dict[str, Mesh]:
    """Smooth surfaces in RAS+ mm of all organs that were found.

    Parameters
    ----------
    found : mapping of str to FoundOrgan
        On axes that run up, forward and to the right.
    steps : (float, float, float)
        mm along them.
    affine : array, (4, 4)
        From indices along them to RAS+ mm.
    """
    return {o: _surface(one.mask, steps, affine) for o, one in found.items() if one.mask.any()}


def _surface(mask, steps, affine):
    from skimage.measure import marching_cubes

    # the pad keeps the border off the grid's ends, where it would be left open
    pad = [int(np.ceil(2 * SURFACE_MM / step)) for step in steps]
    box = scipy.ndimage.find_objects(mask.astype(np.uint8))[0]
    cut = np.pad(mask[box], [(p, p) for p in pad])
    a, b, c = (step / SURFACE_MM for step in steps)
    field = scipy.ndimage.gaussian_filter(MillimetreGrid(cut.shape, (a, b, c)).seen(cut), 0.5)
    points, cells, *_ = marching_cubes(field, 0.5)
    middle = (np.array(field.shape) - 1) / 2
    index = (points - middle) / (a, b, c) + (np.array(cut.shape) - 1) / 2
    index += [part.start - p for part, p in zip(box, pad, strict=True)]
    return oriented_outward(Mesh(index @ affine[:3, :3].T + affine[:3, 3], cells))


def _views(result: Report) -> list[View]:
    """Planes through the organs in three directions, as a radiologist looks at them."""
    found, steps = result.facts["found"], result.facts["spacing_mm"]
    label, volume = result.facts["label"], result.facts["upright"]
    views = []
    for (name, axis), chosen in zip(PLANES, _chosen(label), strict=True):

        def seen(array, axis=axis, chosen=chosen):
            return np.moveaxis(array, axis, 0)[chosen][:, ::-1, ::-1]

        # the evidence is drawn first: it is seen where it differs, and nowhere else
        alone = [_contours(seen(one.alone)) for one in found.values()]
        contours = {"evidence alone": [list(chain(*lines)) for lines in zip(*alone, strict=True)]}
        contours |= {organ: _contours(seen(one.mask)) for organ, one in found.items()}
        plane_mm = tuple(step for other, step in enumerate(steps) if other != axis)
        views.append(
            View(name, seen(volume), contours, (plane_mm[0], plane_mm[1]), "Planes", SOFT_TISSUE)
        )
    return views


def _chosen(label):
    """Indices of the planes that are shown, for each direction."""
    places = np.argwhere(label > 0)
    low, high = places.min(axis=0), places.max(axis=0)
    return [np.linspace(low[k], high[k], N_PLANES).round().astype(int) for _, k in PLANES]


def fullest_plane(label: np.ndarray, steps: tuple[float, float, float]) -> int:
    """Which of the planes, seen in three directions at once, show most of the organs.

    Parameters
    ----------
    label : int array, (a, b, c)
        0 outside; something is inside.
    steps : (float, float, float)
        mm along its axes.

    Returns
    -------
    int
        0 to `N_PLANES` - 1, counted from the lowest, hindmost and leftmost.
    """
    area_mm2 = np.zeros(N_PLANES)
    for (_, axis), chosen in zip(PLANES, _chosen(label), strict=True):
        planes = np.moveaxis(label > 0, axis, 0)[chosen]
        area_mm2 += np.count_nonzero(planes, axis=(1, 2)) * np.prod(steps) / steps[axis]
    return int(np.argmax(area_mm2))


def _contours(planes):
    return [mask_contours(plane) for plane in planes]


def _doubted(found) -> list[str]:
    return [organ for organ, one in found.items() if one.mask.any() and is_uncertain(organ, one)]


def _sentence(found) -> str:
    there = [organ for organ, one in found.items() if one.mask.any()]
    missing = [organ for organ in found if organ not in there]
    doubted = _doubted(found)
    said = f"Outlined: {', '.join(there)}."
    if missing:
        said += f" Not found: {', '.join(missing)}."
    if doubted:
        said += f" Outlines to check: {', '.join(doubted)}."
    return said


def _reasons(parts) -> list[str]:
    if not parts:
        return [f"Nowhere by {LEAST_ML:g} ml or more in one piece."]
    said = [_reason(part) for part in parts[:MOST_REASONS]]
    if len(parts) > MOST_REASONS:
        said.append(f"And {len(parts) - MOST_REASONS} smaller parts, listed in report.json.")
    return said


def _reason(part) -> str:
    up, forward, right = part["middle_mm"]
    return (
        f"{part['organ'].capitalize()}: {part['volume_ml']:.1f} ml {part['change']}, up to "
        f"{part['reach_mm']:.0f} mm from the evidence's outline, at {up:.0f} mm from below, "
        f"{forward:.0f} from behind and {right:.0f} from the left of the scan: {part['why']}"
    )
