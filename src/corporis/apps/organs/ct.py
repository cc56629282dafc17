"""Liver, lungs and kidneys in computed tomography: outlined, measured, and doubted where due."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import scipy

from corporis.apps.organs.ct_evidence import ORGANS, STEP_MM, TrunkEvidence
from corporis.apps.organs.ct_input import OUTSIDE, single_ct
from corporis.apps.organs.distance_shapes import DistanceShapes
from corporis.apps.organs.fusion import one_piece
from corporis.apps.organs.millimetre import MillimetreGrid
from corporis.apps.organs.straight import StraightGrid
from corporis.apps.organs.upright import voxel_mm3
from corporis.apps.organs.volume_fusion import (
    chance_of,
    chances,
    doubt,
    expected_dice,
    fused,
    large_pieces,
    volume_deviation,
)
from corporis.errors import NotFound
from corporis.interfaces import Case, Measure, Report

LEAST_OVERLAP = (0.90, 0.93, 0.93, 0.85, 0.85)
"""Dice overlap that is expected of a good outline of each of `ORGANS`: below, it is marked
uncertain."""
MOST_MISFIT = 3.0
"""Misfit above which what was found is unlike the organ."""
LEAST_ML = (150.0, 100.0, 100.0, 20.0, 20.0)
"""Volumes below it are none of these organs, where the scan shows them whole."""
LEAST_PART_ML = 10.0
"""The same of the part of an organ that the scan cuts off."""
CLEAR, LOST, BLUR = 0.2, 0.6, 1.0
"""Doubt of a clear border, and of one of which nothing is known, of voxels so far around."""
WEAK_MM, STRONG_MM = 15.0, 2.0
"""So much depth in the expected shape counts as one unit of log odds: where the evidence is
clear, and where it is lost."""
NOTHING, LEAST_SEEN = -900.0, 0.01
"""Hounsfield units below which there is nothing, and the share of a slice that shows a body."""
FINEST_MM = 1.5
"""Finer steps tell nothing of organs of this size, and take gigabytes."""
ROOM = 6
"""Voxels around an organ in which its shape may add to it."""
AIRY = -400.0
"""Hounsfield units below which, at the border of a lung, it is lung."""
BORDER = 2.0
"""Voxels of the network about a lung's border in which grey values decide."""


@dataclass(frozen=True, eq=False)
class FoundOrgan:
    """One organ on the voxels that were given (axes up, forward and to the right).

    Parameters
    ----------
    mask, alone : bool array, (a, b, c)
        With the shape prior, and by the evidence alone.
    chance : array, (a, b, c)
        Probability of being inside.
    overlap : float
        Dice overlap with the truth that is expected.
    misfit : float or None
        Of the evidence to the shapes, about 1 where it is usual; None where no shape was asked.
    is_cut : bool
        Whether it reaches the first or last slice.
    """

    mask: np.ndarray
    alone: np.ndarray
    chance: np.ndarray
    overlap: float
    misfit: float | None
    is_cut: bool


@dataclass(frozen=True)
class TrunkCT:
    """Outlines liver, lungs and kidneys; shapes speak where the evidence fails.

    Parameters
    ----------
    evidence : TrunkEvidence
    shapes : mapping of str to DistanceShapes
        Fitted, by organ; an organ without shapes is the evidence's alone.
    progress : callable(text, fraction) or None
    """

    evidence: TrunkEvidence
    shapes: Mapping[str, DistanceShapes]
    progress: Callable[[str, float], None] | None = None

    def find(
        self, hounsfield: np.ndarray, spacing_mm: tuple[float, float, float]
    ) -> dict[str, FoundOrgan]:
        """Find all organs in Hounsfield units (a, b, c); axes run up, forward and right."""
        a, b, c = (float(step) / STEP_MM for step in spacing_mm)
        grid = MillimetreGrid(hounsfield.shape, (a, b, c))
        seen = grid.seen(hounsfield)
        alone = self.evidence(seen)
        logs = alone.copy()
        logs[:, lost_slices(seen)] = -np.log(2.0)  # of which nothing is known
        self._tell("comparing with shapes", 0.5)
        totals, found = np.full(logs.shape, -np.inf, np.float32), {}
        doubts, misfits = {}, {}
        for number, organ in enumerate(ORGANS, 1):
            log_odds = _log_odds(logs, number)
            doubts[organ] = doubt(chance_of(log_odds), CLEAR, LOST, BLUR)
            total, misfits[organ] = self._with_shape(organ, log_odds, doubts[organ])
            totals[number] = total
        rivals = np.maximum.reduce(totals[1:])
        for number, organ in enumerate(ORGANS, 1):
            own = np.where(totals[number] >= rivals, totals[number], -np.abs(totals[number]))
            given = grid.back(np.stack([own, _log_odds(alone, number), doubts[organ]]))
            found[organ] = _organ(organ, given, hounsfield, misfits[organ], spacing_mm)
        return found

    def _with_shape(self, organ, log_odds, doubts):
        """Log odds of evidence and shape, and the misfit; the evidence's where it is cut."""
        mask = large_pieces(log_odds > 0)
        shapes = self.shapes.get(organ)
        is_cut = mask[0].any() or mask[-1].any()
        least = LEAST_ML[ORGANS.index(organ)] * 1000 / STEP_MM**3
        if shapes is None or is_cut or np.count_nonzero(mask) < least:
            return log_odds, None
        here = _box(mask, ROOM)
        shape = shapes.expect(mask[here], (STEP_MM,) * 3, 1 - doubts[here])
        if shape.misfit > MOST_MISFIT:
            return log_odds, shape.misfit
        total = log_odds.copy()
        total[here] = fused(log_odds[here], doubts[here], shape.distance_mm, WEAK_MM, STRONG_MM)
        return total, shape.misfit

    def __call__(self, case: Case) -> Report:
        """Outline and measure the organs of the one scan of a case.

        Raises
        ------
        BadInput
            If the case holds no single CT volume with its spacing.
        NotFound
            If none of the organs is there.
        """
        image, volume = single_ct(case)
        grid = StraightGrid.of(volume.shape, image.affine, FINEST_MM)
        turned, steps = grid.seen(volume, OUTSIDE), grid.steps
        self._tell("finding the organs", 0.1)
        found = self.find(turned, steps)
        present = {organ: one for organ, one in found.items() if one.mask.any()}
        if not present:
            raise NotFound(
                f"{case.name}: expected a scan with liver, lungs or kidneys, found none of them: "
                "check that it is a CT of the trunk and how it is turned"
            )
        self._tell("measuring", 0.8)
        label = np.zeros(turned.shape, np.uint8)
        alone, overruled = label.copy(), label.copy()
        for number, organ in enumerate(ORGANS, 1):
            label[found[organ].mask] = number
            alone[found[organ].alone] = number
            overruled |= (found[organ].mask != found[organ].alone).astype(np.uint8)
        layers = {"organs": label, "evidence_alone": alone, "overruled": overruled}
        return Report(
            "organs in CT",
            ct_measures(found, voxel_mm3(grid.affine)),
            {key: _image_like(image, grid.back(layer)) for key, layer in layers.items()},
            facts={
                "found": found,
                "upright": turned,
                "spacing_mm": steps,
                "affine": grid.affine,
                "label": label,
            },
            methods=METHODS,
            references=REFERENCES,
            warnings=_warnings(found),
        )

    def _tell(self, text: str, fraction: float) -> None:
        if self.progress is not None:
            self.progress(text, fraction)


def is_uncertain(organ: str, found: FoundOrgan) -> bool:
    """Whether an outline is not to be relied upon."""
    is_unlike = found.misfit is not None and found.misfit > MOST_MISFIT
    return is_unlike or found.overlap < LEAST_OVERLAP[ORGANS.index(organ)]


def ct_measures(found: Mapping[str, FoundOrgan], voxel_mm3: float) -> list[Measure]:
    """Volumes in ml with 95 % intervals, and expected overlaps."""
    measures = []
    for organ, one in found.items():
        if not one.mask.any():
            measures.append(Measure(f"{organ}: volume", None, "ml", note="not found"))
            continue
        volume = np.count_nonzero(one.mask) * voxel_mm3 / 1000
        spread = 1.96 * volume_deviation(one.chance, voxel_mm3) / 1000
        notes = ["cut by the scan's end: a part only"] if one.is_cut else []
        notes += ["uncertain: check the outline"] if is_uncertain(organ, one) else []
        low, high = max(volume - spread, 0.0), volume + spread
        measures.append(Measure(f"{organ}: volume", volume, "ml", low, high, "; ".join(notes)))
        measures.append(Measure(f"{organ}: expected overlap (Dice)", one.overlap, ""))
    return measures


def _organ(organ, maps, hounsfield, misfit, spacing_mm) -> FoundOrgan:
    """One organ on the given voxels, or nothing where too little was found.

    `maps` are log odds with the shape, those of the evidence, and its doubts.
    """
    total, log_odds, doubts = maps
    chance = chances(total, doubts)
    mask, alone = one_piece(total > 0), one_piece(log_odds > 0)
    if organ.endswith("lung"):
        mask, alone = (_airy(m, hounsfield, spacing_mm) for m in (mask, alone))
    mask, alone = (_large(m, organ, float(np.prod(spacing_mm)) / 1000) for m in (mask, alone))
    return FoundOrgan(
        mask,
        alone,
        chance.astype(np.float32),
        expected_dice(chance),
        misfit,
        bool(mask[0].any() or mask[-1].any()),
    )


def _large(mask, organ, voxel_ml):
    """The mask, or nothing where it is too small for the organ, or for a part of it."""
    is_cut = mask[0].any() or mask[-1].any()
    least = LEAST_PART_ML if is_cut else LEAST_ML[ORGANS.index(organ)]
    return mask if np.count_nonzero(mask) * voxel_ml >= least else np.zeros_like(mask)


def _airy(mask, hounsfield, spacing_mm):
    """A lung whose border is where the air ends; what lies deep inside stays, vessels too."""
    if not mask.any():
        return mask
    reach = [BORDER * STEP_MM / step for step in spacing_mm]
    near = scipy.ndimage.gaussian_filter(mask.astype(np.float32), [r / 2 for r in reach])
    airy = scipy.ndimage.gaussian_filter(hounsfield.astype(np.float32), 0.5) < AIRY
    found = (near > 0.95) | ((near > 0.05) & airy)
    return one_piece(scipy.ndimage.binary_closing(found, iterations=2) | found)


def lost_slices(hounsfield: np.ndarray) -> np.ndarray:
    """Whether a slice shows nothing, though slices below and above do, (a,).

    Examples
    --------
    >>> scan = np.zeros((5, 4, 4))
    >>> scan[2] = scan[4] = -1000
    >>> lost_slices(scan).tolist()
    [False, False, True, False, False]
    """
    is_seen = np.mean(hounsfield > NOTHING, axis=(1, 2)) > LEAST_SEEN
    known = np.flatnonzero(is_seen)
    found = ~is_seen
    found[: known[0] if len(known) else None] = False
    found[known[-1] + 1 if len(known) else 0 :] = False
    return found


def _log_odds(logs, number):
    """Of one class against all others; 0 where nothing is known."""
    others = np.logaddexp.reduce(np.delete(logs, number, 0), axis=0)
    is_known = logs.max(axis=0) != logs.min(axis=0)
    return np.where(is_known, logs[number] - others, 0.0).astype(np.float32)


def _box(mask, room):
    places = np.argwhere(mask)
    low, high = places.min(axis=0) - room, places.max(axis=0) + room + 1
    return tuple(slice(max(int(a), 0), int(b)) for a, b in zip(low, high, strict=True))


def _image_like(image, label):
    return image.with_data(label, axes=("slice", "row", "column"), unit="label", times_ms=None)


def _warnings(found):
    warnings = []
    for organ, one in found.items():
        if not one.mask.any():
            continue
        if one.misfit is not None and one.misfit > MOST_MISFIT:
            warnings.append(
                f"{organ}: uncertain, unlike those learned from, misfit {one.misfit:.1f}, usual 1"
            )
        elif is_uncertain(organ, one):
            warnings.append(
                f"{organ}: uncertain, a Dice overlap of {one.overlap:.2f} with an expert's "
                "outline is expected"
            )
        if one.is_cut:
            warnings.append(f"{organ}: reaches the end of the scan, its volume is that of a part")
    return warnings


METHODS = (
    "A small network in three dimensions gives for every voxel of 4 mm the probability of each "
    "organ. It learned from rendered torsos only: real livers and kidneys in bodies drawn from "
    "simple forms, three of ten with metal, few photons, lost slices or breathing.",
    "Signed distances of the training livers and kidneys, in one place, size and direction, are "
    "the shapes. Mean and modes explain the evidence, each place as far as it is decided; organs "
    "that the scan cuts off are not compared.",
    "Log odds of evidence and expected shape add up. At a clear border the shape weighs little; "
    "where the evidence is undecided it decides. The border of a lung is where its air ends, "
    f"at {AIRY:g} HU.",
    "The expected overlap is that of the outline under the probabilities; below a limit the "
    "outline is marked uncertain. Intervals are 95 %.",
)
REFERENCES = (
    "Zhang et al., Towards robust and effective shape modeling: sparse shape composition, Medical "
    "Image Analysis 16:265-277, 2012, doi:10.1016/j.media.2011.08.004",
    "Leventon, Grimson & Faugeras, Statistical shape influence in geodesic active contours, CVPR "
    "2000, 316-323, doi:10.1109/CVPR.2000.855835",
)
