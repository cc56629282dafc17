"""The hippocampus in an MR crop: outlined, measured, and doubted where due."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from corporis.apps.organs.distance_shapes import DistanceShapes
from corporis.apps.organs.fusion import one_piece
from corporis.apps.organs.grey import single_precision
from corporis.apps.organs.hippocampus_evidence import PARTS, HippocampusEvidence
from corporis.apps.organs.millimetre import MillimetreGrid
from corporis.apps.organs.pieces import changed_pieces
from corporis.apps.organs.upright import check_angles, steps_of, upright, voxel_mm3
from corporis.apps.organs.volume_fusion import (
    chance_of,
    chances,
    doubt,
    expected_dice,
    fused,
    large_pieces,
    volume_deviation,
)
from corporis.errors import BadInput, NotFound
from corporis.imaging.image import Image
from corporis.interfaces import Case, Measure, Report

LEAST_OVERLAP = 0.84
"""Dice overlap that is expected of a good outline: below, it is marked uncertain."""
MOST_MISFIT = 1.3
"""Misfit above which what was found is unlike a hippocampus: none of 63 crops that networks had not
seen had more than 1.12, no mirror image of them less than 1.41."""
MIRRORED = 0.7
"""A mirror image whose misfit is so much less is the right one."""
LEAST_MM3 = 300.0
"""A volume below it is no hippocampus."""
SIDES_MM = (24.0, 90.0)
"""Least and most side of a crop."""
MOST_STEP_MM = 2.5
HOUNSFIELD = -300.0
"""Grey values below it are those of CT, or of nothing."""
LEAST_PART = 10.0
"""mm^3 of a part that was overruled, to be listed."""


@dataclass(frozen=True, eq=False)
class FoundHippocampus:
    """What was found, on the voxels that were given (axes up, forward and to the right).

    Parameters
    ----------
    label : array, (a, b, c)
        0 outside, 1 anterior, 2 posterior.
    evidence : array, (a, b, c)
        The same by the evidence alone.
    chance, alone : array, (a, b, c)
        Probability of being inside, with the shape prior and by the evidence alone.
    anterior : array, (a, b, c)
        Probability that what is inside is anterior.
    doubts : array, (a, b, c)
        How undecided the evidence is nearby, 0 to 1.
    expected_mm : array, (a, b, c)
        From the border of the shape that was expected, negative inside.
    overlap : float
        Dice overlap with the truth that is expected.
    misfit : float
        Of the evidence to the shapes, about 1 where it is usual.
    is_mirrored : bool
        Whether the crop was taken for one of the other side.
    """

    label: np.ndarray
    evidence: np.ndarray
    chance: np.ndarray
    alone: np.ndarray
    anterior: np.ndarray
    doubts: np.ndarray
    expected_mm: np.ndarray
    overlap: float
    misfit: float
    is_mirrored: bool = False

    @property
    def is_uncertain(self) -> bool:
        """Whether the outline is not to be relied upon."""
        return self.overlap < LEAST_OVERLAP or self.misfit > MOST_MISFIT


@dataclass(frozen=True)
class HippocampusMR:
    """Outlines a hippocampus in an MR crop; the shape prior speaks where the evidence fails.

    Parameters
    ----------
    evidence : HippocampusEvidence
    shapes : DistanceShapes
        Fitted.
    progress : callable(text, fraction) or None
    """

    evidence: HippocampusEvidence
    shapes: DistanceShapes
    progress: Callable[[str, float], None] | None = None

    def find(self, volume: np.ndarray, spacing_mm: tuple[float, float, float]) -> FoundHippocampus:
        """Find it in grey values (a, b, c) of any scale; axes run up, forward, to the right.

        A crop whose outline is uncertain is looked at in the mirror too: the other side's
        hippocampus is this one's mirror image, and only there does it look like one.
        """
        found = self._seen(volume, spacing_mm)
        if found.is_uncertain:
            mirrored = self._seen(volume[..., ::-1], spacing_mm)
            if not mirrored.is_uncertain and mirrored.misfit < MIRRORED * found.misfit:
                return _mirrored(mirrored)
        return found

    def _seen(self, volume, spacing_mm):
        grid = MillimetreGrid(volume.shape, spacing_mm)
        logs = self.evidence(grid.seen(volume))
        log_odds = np.logaddexp(logs[1], logs[2]) - logs[0]
        alone = chance_of(log_odds)
        doubts, mask = doubt(alone), large_pieces(log_odds > 0)
        total, expected, misfit = log_odds, np.full(mask.shape, np.inf, np.float32), np.inf
        if mask.sum() > LEAST_MM3:
            shape = self.shapes.expect(mask, (1.0, 1.0, 1.0), 1 - doubts)
            expected, misfit = shape.distance_mm, shape.misfit
            total = fused(log_odds, doubts, expected)
        overlap = expected_dice(chances(total, doubts))
        maps = np.stack([total, log_odds, logs[1] - logs[2], doubts])
        total, log_odds, forward, doubts = grid.back(maps)
        return FoundHippocampus(
            _label(total, forward),
            _label(log_odds, forward),
            chances(total, doubts),
            chance_of(log_odds),
            chance_of(forward),
            doubts,
            grid.back(expected),
            overlap,
            misfit,
        )

    def __call__(self, case: Case) -> Report:
        """Outline and measure the one crop of a case.

        Raises
        ------
        BadInput
            If the case holds no single MR volume with its spacing, of a crop's size.
        NotFound
            If nothing in it looks like a hippocampus.
        """
        image, volume = single_crop(case)
        turned, turn = upright(volume, image.affine)
        self._tell("finding the hippocampus", 0.2)
        steps = steps_of(image.affine)
        found = self.find(turned, steps)
        voxel = voxel_mm3(image.affine)
        if np.count_nonzero(found.label) * voxel < LEAST_MM3:
            raise NotFound(
                f"{case.name}: expected a T1-weighted crop round one hippocampus, found nothing "
                "like one: check what the image shows and how it is turned"
            )
        self._tell("measuring", 0.7)
        overruled = overruled_parts(found, steps, voxel)
        layers = {
            "hippocampus": found.label,
            "evidence_alone": found.evidence,
            "chance": found.chance.astype(np.float32),
            "overruled": ((found.label > 0) != (found.evidence > 0)).astype(np.uint8),
        }
        return Report(
            "hippocampus",
            hippocampus_measures(found, voxel),
            {key: _image_like(image, layer, turn) for key, layer in layers.items()},
            facts={"found": found, "upright": turned, "spacing_mm": steps, "overruled": overruled},
            methods=METHODS,
            references=REFERENCES,
            warnings=_warnings(found),
        )

    def _tell(self, text: str, fraction: float) -> None:
        if self.progress is not None:
            self.progress(text, fraction)


def single_crop(case: Case) -> tuple[Image, np.ndarray]:
    """The one volume of a case and its voxels (slices, rows, columns).

    Raises
    ------
    BadInput
        If there are several, it is not MR, its spacing is not known, its axes are not at right
        angles, it has no contrast or values beyond single precision, or it is no crop round a
        hippocampus by its size.
    """
    images = [image for image in case.images.values() if isinstance(image, Image)]
    shapes = [image.stack().shape for image in images]
    if len(images) != 1 or shapes[0][1] != 1 or min(shapes[0][0], *shapes[0][2:]) < 2:
        raise BadInput(
            f"{case.name}: expected one MR volume, got {len(images)} images of shapes {shapes}: "
            "give a single crop"
        )
    image = images[0]
    if image.length_unit != "mm":
        raise BadInput(f"{case.name}: expected steps in mm, got none: give a NIfTI file with them")
    check_angles(image.affine, case.name)
    modality = str(image.facts.get("modality", "") or case.facts.get("modality", ""))
    volume = single_precision(image.stack()[:, 0], case.name)
    low, high = float(volume.min()), float(volume.max())
    if modality not in ("", "MR") or low < HOUNSFIELD:
        raise BadInput(
            f"{case.name}: expected an MR image, got {modality or 'grey values as in CT'} "
            f"({low:g} to {high:g}): give a T1-weighted crop"
        )
    if not np.isfinite([low, high]).all() or not high > low:
        raise BadInput(f"{case.name}: expected an image with contrast, got {low:g} to {high:g}")
    sides = np.array(volume.shape) * image.spacing
    if max(image.spacing) > MOST_STEP_MM or not np.all(
        (sides >= SIDES_MM[0]) & (sides <= SIDES_MM[1])
    ):
        got = " x ".join(f"{side:.0f}" for side in sides)
        raise BadInput(
            f"{case.name}: expected a crop round one hippocampus, {SIDES_MM[0]:.0f} to "
            f"{SIDES_MM[1]:.0f} mm a side in steps of at most {MOST_STEP_MM:g} mm, got {got} mm in "
            f"steps up to {max(image.spacing):.2g} mm: crop it, about 35 x 50 x 35 mm"
        )
    return image, volume


def hippocampus_measures(found: FoundHippocampus, voxel_mm3: float) -> list[Measure]:
    """Volumes of the whole and its parts in mm^3 with 95 % intervals, and the expected overlap."""
    note = "uncertain: check the outline" if found.is_uncertain else ""
    inside = found.label > 0
    share = {"": inside, "anterior": found.label == 1, "posterior": found.label == 2}
    chances = {
        "": found.chance,
        "anterior": found.chance * found.anterior,
        "posterior": found.chance * (1 - found.anterior),
    }
    measures = []
    for part in ("", *PARTS):
        volume = float(np.count_nonzero(share[part])) * voxel_mm3
        spread = 1.96 * volume_deviation(chances[part], voxel_mm3)
        name = f"{part} part: volume" if part else "hippocampus: volume"
        low, high = max(volume - spread, 0.0), volume + spread
        measures.append(Measure(name, volume, "mm^3", low, high, note))
    measures.append(Measure("expected overlap (Dice)", found.overlap, "", note=note))
    measures.append(Measure("misfit", found.misfit, "", note="1 is usual for a hippocampus"))
    return measures


def overruled_parts(found: FoundHippocampus, steps, voxel: float) -> list[dict]:
    """Connected parts where the prior changed the outline, the largest first, with the reason."""
    parts: list[dict] = []
    pieces = changed_pieces(found.evidence > 0, found.label > 0, LEAST_PART / voxel)
    for change, here in pieces:
        chance, away = float(found.alone[here].mean()), float(found.expected_mm[here].mean())
        is_lost = float(found.doubts[here].mean()) > 0.5 or 0.2 < chance < 0.8
        why = (
            f"the evidence is undecided there (chance {chance:.2f})"
            if is_lost
            else f"it lies {abs(away):.1f} mm {'inside' if away < 0 else 'outside'} of the shape"
        )
        parts.append(
            {
                "volume_mm3": round(np.count_nonzero(here) * voxel, 1),
                "change": change,
                "middle_mm": [
                    round(float(m) * s, 1) for m, s in zip(np.argwhere(here).mean(axis=0), steps)
                ],
                "why": why,
            }
        )
    return sorted(parts, key=lambda part: -part["volume_mm3"])


def _label(log_odds, forward):
    inside = one_piece(log_odds > 0)
    return np.where(inside, np.where(forward > 0, 1, 2), 0).astype(np.uint8)


def _mirrored(found):
    arrays = ("label", "evidence", "chance", "alone", "anterior", "doubts", "expected_mm")
    turned = [getattr(found, name)[..., ::-1] for name in arrays]
    return FoundHippocampus(*turned, found.overlap, found.misfit, True)


def _image_like(image, layer, turn):
    data = np.ascontiguousarray(turn.back(layer))
    return Image(data, ("slice", "row", "column"), image.affine, image.length_unit)


def _warnings(found):
    warnings = []
    if found.overlap < LEAST_OVERLAP:
        warnings.append(
            f"uncertain: a Dice overlap of {found.overlap:.2f} with an expert's outline is expected"
        )
    if found.misfit > MOST_MISFIT:
        warnings.append(
            f"uncertain: unlike the hippocampi learned from, misfit {found.misfit:.1f}, usual 1"
        )
    if found.is_mirrored:
        warnings.append(
            "the crop was looked at in the mirror: it shows the other side than the crops that "
            "were learned from, or its left and right are exchanged"
        )
    edge = [found.label.take(end, axis=axis).any() for axis in range(3) for end in (0, -1)]
    if any(edge):
        warnings.append("the hippocampus reaches the border of the crop and may be cut off")
    return warnings


METHODS = (
    "A small network in three dimensions trained on outlined crops, three of ten shown with an "
    "artefact, gives for every voxel the probability of the anterior and the posterior part.",
    "Signed distances of the training outlines, in one place, size and direction, are the shapes. "
    "Mean and modes explain the evidence, each place as far as the evidence there is decided and "
    "agrees with the explanation.",
    "Log odds of evidence and expected shape add up. At a clear border the shape weighs little, so "
    "that detail stays; where the evidence is undecided it decides.",
    "The expected overlap is that of the outline under the probabilities; below a limit the "
    "outline is marked uncertain. Intervals are 95 %.",
)
REFERENCES = (
    "Zhang et al., Towards robust and effective shape modeling: sparse shape composition, Medical "
    "Image Analysis 16:265-277, 2012, doi:10.1016/j.media.2011.08.004",
    "Leventon, Grimson & Faugeras, Statistical shape influence in geodesic active contours, CVPR "
    "2000, 316-323, doi:10.1109/CVPR.2000.855835",
)
