"""The hippocampus as a person meets it: an MR crop in, outlines, volumes and a report out."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import scipy

from corporis.apps.organs.hippocampus import FoundHippocampus, single_crop
from corporis.apps.organs.upright import upright_affine
from corporis.cohorts.organ_masks import read_crop
from corporis.cohorts.organ_outliners import load_hippocampus
from corporis.cohorts.study import Provenance
from corporis.imaging import OutputFolder, write_vtp
from corporis.interfaces import Mesh, Report
from corporis.shapes import mask_contours
from corporis.shapes.mesh import oriented_outward
from corporis.workstation.meanwhile import REPORT, load_meanwhile
from corporis.workstation.organs import OrganRun, page_of, write_result
from corporis.workstation.panel import View
from corporis.workstation.scene import Look
from corporis.workstation.stage import OUTLINE_COLOURS

N_PLANES = 24
PLANES = (("coronal", 1), ("sagittal", 2), ("axial", 0))
OUTLINES = ("evidence alone", "expected shape", "anterior", "posterior")
"""In the order in which they are drawn: what was found lies over what led to it."""
LOOKS = {
    name: Look(colour, 0.3 if name == "expected shape" else 1.0)
    for name, colour in zip(OUTLINES, OUTLINE_COLOURS)
}
"""In space as on the planes."""


def run_hippocampus(
    source: Path | str,
    output: Path | str,
    weights: Path | str,
    *,
    name: str | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> OrganRun:
    """Outline and measure the hippocampus in one MR crop.

    Parameters
    ----------
    source : path
        NIfTI, DICOM, or ``.npz`` with ``image`` and ``affine``.
    output : path
        Folder for report.html, report.json, measures.csv, and as NIfTI the labels (1 anterior, 2
        posterior), those of the evidence alone, the chance of being inside and what was overruled;
        the parts' surfaces as VTP.
    weights : path
        What `corporis.cohorts.hippocampi.train_hippocampus` left.
    name : str or None
        A neutral label, never a patient's name.

    Raises
    ------
    CorporisError
        If an input cannot be read or is no such crop, or the output cannot be written.
    """
    clock = Provenance.start()
    load_meanwhile(*REPORT)
    with OutputFolder(output) as folder:
        application = load_hippocampus(weights, progress)
        case = read_crop(source, name=name)
        result = application(case)
        found = result.facts["found"]
        image, volume = single_crop(case)
        meshes = surfaces(found, upright_affine(image.affine, volume.shape))
        for key, mesh in meshes.items():
            write_vtp(mesh, folder / f"{key.replace(' ', '_')}.vtp")
        said, is_certain, views = _sentence(result), not found.is_uncertain, _views(result)
        page = replace(
            page_of("hippocampus report", case, result, clock, said, is_certain, views),
            meshes=meshes,
            looks=LOOKS,
            reasons=[_reason(part) for part in result.facts["overruled"]] or [NOTHING],
        )
        write_result(folder, page, result, {"overruled": result.facts["overruled"]})
    return OrganRun(Path(output) / "report.html", result, page.warnings)


def surfaces(found: FoundHippocampus, affine: np.ndarray) -> dict[str, Mesh]:
    """Smooth surfaces in RAS+ mm of both parts and of the expected shape, where they exist."""
    # islands that are no part of the outline lie beyond one voxel of it
    near = found.chance * scipy.ndimage.binary_dilation(found.label > 0)
    fields = {
        "anterior": near * found.anterior,
        "posterior": near * (1 - found.anterior),
        "expected shape": 0.5 - np.clip(found.expected_mm, -5, 5) / 10,
    }
    meshes = {key: _surface(field, affine) for key, field in fields.items()}
    return {key: mesh for key, mesh in meshes.items() if mesh is not None}


def _surface(field, affine):
    from skimage.measure import marching_cubes

    padded = np.pad(field, 1)
    if not padded.max() > 0.5:
        return None
    points, cells, *_ = marching_cubes(padded.astype(np.float32), 0.5)
    placed = (points - 1) @ affine[:3, :3].T + affine[:3, 3]
    return oriented_outward(Mesh(placed, cells))


def _views(result: Report) -> list[View]:
    """Planes through the organ in three directions, as a radiologist looks at them."""
    found, steps = result.facts["found"], result.facts["spacing_mm"]
    label, volume = found.label, result.facts["upright"]
    places, views = np.argwhere(label > 0), []
    for name, axis in PLANES:
        low, high = places[:, axis].min() - 1, places[:, axis].max() + 1
        index = np.linspace(max(low, 0), min(high, label.shape[axis] - 1), N_PLANES).round()
        chosen = index.astype(int)

        def seen(array, axis=axis, chosen=chosen):
            return np.moveaxis(array, axis, 0)[chosen][:, ::-1, ::-1]

        layers = found.evidence > 0, found.expected_mm < 0, label == 1, label == 2
        contours = {name: _contours(seen(layer)) for name, layer in zip(OUTLINES, layers)}
        plane_mm = tuple(step for other, step in enumerate(steps) if other != axis)
        views.append(View(name, seen(volume), contours, (plane_mm[0], plane_mm[1]), "Planes"))
    return views


def _contours(planes):
    return [mask_contours(plane) for plane in planes]


def _sentence(result: Report) -> str:
    found = result.facts["found"]
    volume = next(m for m in result.measures if m.value is not None)
    said = f"The hippocampus has {volume.value:.0f} mm\u00b3"
    if volume.low is not None:
        said += f" ({volume.low:.0f} to {volume.high:.0f})"
    return f"{said}: check the outline." if found.is_uncertain else f"{said}."


def _reason(part) -> str:
    up, forward, right = part["middle_mm"]
    return (
        f"{part['volume_mm3']:.0f} mm\u00b3 {part['change']} at {up:.0f} mm from below, "
        f"{forward:.0f} from behind and {right:.0f} from the left of the crop: {part['why']}"
    )


NOTHING = "Nowhere by more than 10 mm\u00b3 in one piece."
