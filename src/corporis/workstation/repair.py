"""Repair as a person meets it: a mask in, the mended organ, what was overruled and a report out."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from corporis.apps.organs.repair_overruled import overruled_parts
from corporis.apps.organs.upright import steps_of, upright, voxel_mm3
from corporis.cohorts.kept_repair import known_repair
from corporis.cohorts.organ_masks import box, inside, mask_case, single_volume
from corporis.cohorts.study import Provenance
from corporis.errors import BadInput
from corporis.imaging import Image, OutputFolder, read
from corporis.interfaces import Measure, Mesh, Report
from corporis.shapes import is_closed, mask_contours, oriented_outward
from corporis.workstation.organs import OrganRun, page_of, write_result
from corporis.workstation.panel import View
from corporis.workstation.scene import Colouring
from corporis.workstation.text import pretty_number

Progress = Callable[[str, float], None] | None
UNLIKE = 3.0
"""Misfit above which a mask does not look like the organ."""
UNUSUAL = 3.5
"""Standard deviations of the volume's logarithm beyond which a mask is not this organ's size."""
MOST_OVERRULED = 0.5
"""Of the larger of both volumes: beyond it what was mended says little of what was given."""
LOW_OVERLAP = 0.85
"""Expected overlap with the organ below which what was mended is uncertain."""
UNSURE = (0.1, 0.9)
MOST_UNSURE = 0.08
"""Of the volume: beyond it the judge could not say what belongs to the organ."""
LEAST_CHANGE = 0.002
"""Of the volume: below it nothing worth the name was mended."""
WAYS = (("above", "below"), ("in front", "behind"), ("to the right", "to the left"))
NOTHING = "Nowhere by more than 0.1 ml in one piece."
FEW = 40
"""Sound organs below which damage may be left: the judge is seldom sure then."""


def run_repair(
    source: Path | str,
    output: Path | str,
    organ: str,
    shapes: Path | str | None = None,
    *,
    model: Path | str | None = None,
    image: Path | str | None = None,
    labels: Sequence[int] = (),
    name: str | None = None,
    progress: Progress = None,
) -> OrganRun:
    """Mend a mask by what organs of its kind look like.

    Parameters
    ----------
    source : path
        A mask as `corporis.cohorts.organ_masks.mask_case` takes it, 0 outside.
    output : path
        Folder for report.html, report.json, measures.csv, repaired.nii.gz, overruled.nii.gz,
        chance.nii.gz, how probably a voxel is the organ's, and distance_mm.nii.gz, the distance
        from the border that was expected.
    organ : str
        Its name, for the report.
    shapes : path or None
        Folder with masks or surfaces of sound organs, as `corporis.cohorts.organs.learn_repair`
        takes it; None with a `model` that has learned.
    model : path or None
        File where what was learned is kept, as `corporis.cohorts.kept_repair.known_repair` does.
    image : path or None
        The scan that the mask was drawn in, with the same voxels: what it supports is kept.
    labels : sequence of int
        The organ's in the mask, where it holds several.

    Raises
    ------
    CorporisError
        If an input cannot be read or the output cannot be written.
    """
    clock = Provenance.start()
    with OutputFolder(output) as folder:
        case = mask_case(source, name)
        own, values = single_volume(case)
        mask = inside(values, labels, Path(source).name)
        grey = None if image is None else _grey(image, own)
        learned, said = known_repair(shapes, model, organ, progress)
        if progress is not None:
            progress("mending", 0.9)
        turned, turn = upright(mask, own.affine)
        here = box(turned, margin=max(4, max(mask.shape) // 20))
        seen = None if grey is None else upright(grey, own.affine)[0][here]
        found = learned.model.repair(turned[here], steps_of(own.affine), seen)
        layers = {"repaired": found.mask, "overruled": found.overruled}
        layers["chance"] = found.chance.astype(np.float32)
        layers["distance_mm"] = found.expected_mm.astype(np.float32)
        empty = {"repaired": 0, "overruled": 0, "chance": 0, "distance_mm": np.nan}
        images = {key: _placed(own, part, here, turn, empty[key]) for key, part in layers.items()}
        result = _report(organ, mask, found, images, own, learned, image is not None)
        voxel_ml = voxel_mm3(own.affine) / 1000
        parts = overruled_parts(turned[here] != 0, found, steps_of(own.affine), voxel_ml)
        views, is_certain = [_view(turned[here], found, own, seen)], not result.facts["doubts"]
        page = replace(
            page_of("repair report", case, result, clock, _sentence(result), is_certain, views),
            meshes=_surface(found, own, here),
            colourings=(COLOURING,),
            first_frame=most_changed(turned[here], found.mask),
            reasons=[_reason(part) for part in parts] or [NOTHING],
        )
        write_result(folder, page, result, {"overruled": parts})
    return OrganRun(Path(output) / "report.html", result, page.warnings, said)


def _sentence(result: Report) -> str:
    """The first doubt, or how much was changed."""
    if result.facts["doubts"]:
        return f"This {result.facts['doubts'][0]}."
    ml = {m.name: m.value or 0.0 for m in result.measures}
    if ml["added"] + ml["removed"] < LEAST_CHANGE * ml["volume, as given"]:
        unsure = pretty_number(ml["unsure"])
        return f"Next to nothing of the mask was overruled ({unsure} ml are unsure)."
    organ = result.facts["organ"]
    return (
        f"The mask was mended as a {organ}: {pretty_number(ml['added'])} ml added, "
        f"{pretty_number(ml['removed'])} ml removed."
    )


def _reason(part) -> str:
    words = [
        f"{abs(mm):.0f} mm {ahead if mm > 0 else behind}"
        for mm, (ahead, behind) in zip(part["away_mm"], WAYS, strict=True)
    ]
    return (
        f"{pretty_number(part['volume_ml'])} ml {part['change']}, {', '.join(words)} of the "
        f"organ's middle: the chance that it belongs to the organ is {part['chance']:.2f}"
    )


def _grey(path, mask: Image) -> np.ndarray:
    """Grey values of the mask's voxels."""
    case = read(path)
    images = [image for image in case.images.values() if isinstance(image, Image)]
    shapes = [image.stack().shape for image in images]
    wanted = mask.stack().shape
    if shapes != [wanted] or not np.allclose(images[0].affine, mask.affine, atol=0.05):
        raise BadInput(
            f"{Path(path).name}: expected an image of the mask's voxels, {wanted} in the same "
            f"place, got {shapes}: resample it to the mask"
        )
    return np.asarray(images[0].stack()[:, 0], float)


def _placed(image, part, here, turn, empty):
    """A part of the upright volume as an image that lies as the input does."""
    shape = upright(image.stack()[:, 0], image.affine)[0].shape
    whole = np.full(shape, empty, np.uint8 if part.dtype == bool else part.dtype)
    whole[here] = part
    whole = np.ascontiguousarray(turn.back(whole))
    return Image(whole, ("slice", "row", "column"), image.affine, image.length_unit)


def _report(organ, mask, found, images, image, learned, has_image) -> Report:
    voxel = voxel_mm3(image.affine) / 1000
    after = int(images["repaired"].data.sum())
    added = int(np.sum((images["repaired"].data != 0) & ~mask))
    chance = images["chance"].data
    is_unsure = (chance > UNSURE[0]) & (chance < UNSURE[1])
    unsure = float(np.sum(is_unsure))
    measures = [
        Measure("volume, mended", after * voxel, "ml"),
        Measure("volume, as given", float(mask.sum()) * voxel, "ml"),
        Measure("added", added * voxel, "ml"),
        Measure("removed", float(mask.sum() + added - after) * voxel, "ml"),
        Measure("unsure", unsure * voxel, "ml", note="chance between 10 and 90 %"),
        Measure("expected overlap", found.expected_overlap, "", note="Dice, with the true organ"),
        Measure("misfit", found.misfit, "", note=f"1 is usual for a {organ}"),
        Measure("size", found.size_deviation, "", note=f"deviations from a usual {organ}"),
    ]
    methods = (
        f"Signed distances of {learned.n_shapes} sound organs, in one place, size and direction, "
        "are the shapes. They explain the mask by sparse composition with gross errors, by "
        "principal modes, and by a Gaussian field through the border less its wrong patches. A "
        "judge that saw spoilt masks of these organs weighs the explanations against the mask; "
        "where it is sure the mask is overruled, elsewhere it stays to the voxel.",
        *(["Grey values told the organ from what is around."] if has_image else []),
        *learned.notes,
    )
    references = (
        "Zhang et al., Medical Image Analysis 16:265-277, 2012, doi:10.1016/j.media.2011.08.004",
        "Wolpert, Neural Networks 5:241-259, 1992, doi:10.1016/S0893-6080(05)80023-1",
    )
    left = np.count_nonzero(is_unsure & ((images["repaired"].data != 0) == mask))
    doubts = _doubts(organ, mask, found, after, added, left / max(after, 1))
    facts, warnings = {"doubts": doubts, "organ": organ}, list(doubts)
    if learned.n_shapes < FEW:
        warnings.append(
            f"only {learned.n_shapes} sound organs to learn from: damage may be left as it is; "
            f"give {FEW} or more"
        )
    return Report(
        f"repair of a {organ}", measures, images, {}, facts, methods, references, warnings
    )


def _doubts(organ, mask, found, after, added, undecided):
    """What speaks against the result; `undecided` is the share of the volume left as it was."""
    warnings = []
    if found.misfit > UNLIKE:
        warnings.append(f"does not look like a {organ}: misfit {found.misfit:.1f}, usual 1")
    if abs(found.size_deviation) > UNUSUAL:
        side = "larger" if found.size_deviation > 0 else "smaller"
        warnings.append(
            f"does not look like a {organ}: {side} than usual by {abs(found.size_deviation):.1f} "
            "standard deviations of their size"
        )
    changed = (float(mask.sum()) - after + 2 * added) / max(float(mask.sum()), after)
    if changed > MOST_OVERRULED:
        warnings.append(
            f"does not look like one {organ}: {100 * changed:.0f} % of it would be overruled"
        )
    if undecided > MOST_UNSURE:
        warnings.append(
            f"mended {organ} is uncertain: of {100 * undecided:.0f} % of its volume the judge "
            "cannot say whether it belongs to it, and leaves it as it was given"
        )
    if found.expected_overlap < LOW_OVERLAP:
        warnings.append(
            f"mended {organ} is uncertain: expected overlap {found.expected_overlap:.2f} with the "
            "true one"
        )
    return warnings


COLOURING = Colouring("overruled", "overruled", "", 0.0, 1.0, "coolwarm")


def _surface(found, image, here) -> dict[str, Mesh]:
    """The mended border in mm, RAS+, coloured by where the mask was overruled; if there is one."""
    from scipy.ndimage import gaussian_filter, map_coordinates
    from skimage.measure import marching_cubes

    if not found.mask.any():
        return {}
    mask = np.pad(found.mask, 3).astype(np.float32)
    solid = gaussian_filter(mask, 0.8)
    if solid.max() <= 0.5:  # of a thin mask smoothing leaves nothing
        solid = mask
    points, cells, _, _ = marching_cubes(solid, 0.5)
    at = points.T - 3
    overruled = map_coordinates(found.overruled.astype(np.float32), at, order=1, mode="nearest")
    first = np.array([part.start for part in here])
    up, forward, right = ((points - 3 + first) * steps_of(image.affine)).T
    border = Mesh(np.stack([right, forward, up], axis=1), cells, {"overruled": overruled})
    return {"mended": oriented_outward(border) if is_closed(border) else border}


def most_changed(given: np.ndarray, mended: np.ndarray) -> int | None:
    """The plane along the first axis where two masks differ most; None where they are alike."""
    differs = np.count_nonzero(given != mended, axis=(1, 2))
    return int(np.argmax(differs)) if differs.any() else None


def _view(mask, found, image, grey) -> View:
    """The planes of the volume one after the other."""
    contours = {
        "as given": [mask_contours(plane) for plane in mask],
        "mended": [mask_contours(plane) for plane in found.mask],  # drawn last, it lies on top
    }
    shade = np.where(found.overruled, 1.0, 0.35 * mask + 0.05)
    words = "axial, bright where overruled"
    if grey is not None:
        low, high = np.percentile(grey, [2, 99])
        shade, words = np.clip((grey - low) / max(high - low, 1e-9), 0, 1), "axial, the image"
    return View(words, shade, contours, steps_of(image.affine)[1:], "Mask", (0.0, 1.0))
