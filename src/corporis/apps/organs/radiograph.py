"""Chest radiographs: lungs, heart and clavicles outlined, measured, and doubted where due."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from corporis.apps.organs.chest_shape import ORGANS, ChestShapes
from corporis.apps.organs.frontal import Frontal, single_plane
from corporis.apps.organs.fusion import expected_overlap, fused, log_odds, organ_masks
from corporis.apps.organs.radiograph_doubts import (
    CLEAR_AGREEMENT,
    LEAST_OVERLAP,
    LEAST_VISIBLE,
    MIRRORED,
    MOST_CUT,
    FoundOrgans,
    agreements,
    doubts,
    visible_shares,
)
from corporis.apps.organs.radiograph_evidence import SIDE, RadiographEvidence
from corporis.apps.organs.radiograph_overruled import overruled_parts
from corporis.apps.organs.square import Square
from corporis.interfaces import Case, Measure, Report

EDGE_PX = 0.8
"""Deviation of an outline that follows the evidence, on the network's square."""
CORRELATED_PX = 12.0
"""Along the outline its errors are alike over so many pixels of the network's square."""

DOUBTED = 0.5
"""Of the area that the probabilities leave open, what enters the area's deviation."""
EXPERT_AREA = (0.015, 0.015, 0.065)
"""Standard deviation of an organ's area by the manual outline, as a share of it, where the outline
is clear to us: experts place the heart's upper and lower border, which no edge shows, differently.
Chosen on the first of five folds of JSRT."""
EXPERT_WIDTH = (0.025, 0.005)
"""The same of the widths of heart and chest."""


@dataclass(frozen=True)
class ChestRadiograph:
    """Outlines lungs, heart and clavicles; the shape prior speaks where the evidence fails.

    Parameters
    ----------
    evidence : RadiographEvidence
    shapes : ChestShapes
        Fitted.
    progress : callable(text, fraction) or None
    """

    evidence: RadiographEvidence
    shapes: ChestShapes
    progress: Callable[[str, float], None] | None = None

    def find(self, seen: np.ndarray) -> FoundOrgans:
        """Find the organs in grey values (256, 256) of any scale."""
        logits = self.evidence(seen)
        alone = 1 / (1 + np.exp(-logits))
        outlines = self.shapes.outline(alone)
        chances = fused(logits, outlines)
        overlap = np.array([expected_overlap(chance) for chance in chances])
        agreement = agreements(alone, outlines)
        is_mirrored = min(agreement[:3]) < CLEAR_AGREEMENT and self._is_mirrored(seen, outlines)
        return FoundOrgans(alone, chances, outlines, overlap, agreement, is_mirrored)

    def _is_mirrored(self, seen, outlines):
        """Whether the mirror image looks more like a chest."""
        other = 1 / (1 + np.exp(-self.evidence(seen[:, ::-1])))
        return self.shapes.outline(other).nats < MIRRORED * outlines.nats

    def __call__(self, case: Case) -> Report:
        """Outline and measure the one radiograph of a case.

        Raises
        ------
        BadInput
            If the case holds no single plane, or one without contrast.
        """
        image, pixels = single_plane(case)
        frontal = Frontal.of(image)
        square = frontal.square(pixels.shape, SIDE)
        self._tell("finding the organs", 0.1)
        found = self.find(square.seen(pixels))
        self._tell("measuring", 0.8)
        masks = organ_masks(found.chances, square)
        visible = visible_shares(masks, found, square)
        odds = log_odds(found.evidence, square)
        alone = odds > 0
        measures = [
            *chest_measures(masks, found, square, frontal.pixel_mm, visible),
            *(
                Measure(f"{organ}: expected overlap", float(value), "", note=_note(doubt, least))
                for organ, value, doubt, least in zip(
                    ORGANS, found.overlap, found.is_uncertain, LEAST_OVERLAP, strict=True
                )
            ),
        ]
        layers = {
            organ.replace(" ", "_"): frontal.image_like(image, mask)
            for organ, mask in zip(ORGANS, masks)
        }
        changed = frontal.image_like(image, np.any(masks != alone, axis=0))
        chances = 1 / (1 + np.exp(-odds))
        parts = overruled_parts(masks, alone, chances, frontal.pixel_mm)
        return Report(
            "chest radiograph",
            measures,
            {**layers, "overruled": changed},
            facts={
                "found_organs": found,
                "square": square,
                "masks": masks,
                "alone": alone,
                "overruled": parts,
                "frontal": frontal,
            },
            methods=METHODS,
            references=REFERENCES,
            warnings=[*doubts(found, pixels, masks, square), *frontal.notes(masks)],
        )

    def _tell(self, text: str, fraction: float) -> None:
        if self.progress is not None:
            self.progress(text, fraction)


def chest_measures(
    masks, found: FoundOrgans, square: Square, pixel_mm, visible=(1.0, 1.0, 1.0)
) -> list[Measure]:
    """Cardiothoracic ratio and areas of lungs and heart, with 95 % intervals.

    Parameters
    ----------
    masks : bool array, (5, rows, columns)
        Upright, as is all that was found.
    found : FoundOrgans
    square : Square
        How the masks' pixels lie on it.
    pixel_mm : float, (float, float) or None
        Side of a pixel, or its height and width; None where they are not known.
    visible : sequence of float
        Shares of the first organs, at least three, that lie on the image.
    """
    measures = [_ratio(masks, found, square, visible)]
    unit, factor = "px^2", 1.0
    if pixel_mm is not None:
        unit, factor = "cm^2", float(np.prod(np.broadcast_to(pixel_mm, (2,)))) / 100
    for organ in range(3):
        if visible[organ] < LEAST_VISIBLE:
            measures.append(Measure(f"{ORGANS[organ]}: area", None, unit, note="not found"))
            continue
        area = float(masks[organ].sum()) * factor
        ours = area_deviation(found, organ) / float(np.prod(square.steps)) * factor
        spread = 1.96 * float(np.hypot(ours, EXPERT_AREA[organ] * area))
        low, high = max(area - spread, 0.0), area + spread
        note = "cut off by the border of the image" if visible[organ] < MOST_CUT else ""
        measures.append(Measure(f"{ORGANS[organ]}: area", area, unit, low, high, note))
    return measures


def deviations(found: FoundOrgans) -> np.ndarray:
    """Deviation of each landmark's outline, pixels of the square, (k,)."""
    trust, prior = found.outlines.trust, found.outlines.deviation
    prior = np.where(np.isfinite(prior), prior, SIDE / 4)
    return np.sqrt(EDGE_PX**2 + (1 - trust) * prior**2)


def area_deviation(found: FoundOrgans, organ: int) -> float:
    """Standard deviation of an organ's area, square pixels of the square."""
    part = found.outlines.parts[organ]
    points, spread = found.outlines.points[part], deviations(found)[part]
    after = np.linalg.norm(np.roll(points, -1, axis=0) - points, axis=1)
    share = (after + np.roll(after, 1)) / 2  # of the outline that a landmark stands for
    place = np.cumsum(after) - after
    away = np.abs(place[:, None] - place)
    away = np.minimum(away, after.sum() - away)
    alike = np.exp(-away / CORRELATED_PX)
    weighted = spread * share
    chance = found.chances[organ]
    undecided = DOUBTED * float(np.minimum(chance, 1 - chance).sum())
    return float(np.hypot(np.sqrt(weighted @ alike @ weighted), undecided))


def _ratio(masks, found, square, visible) -> Measure:
    name = "cardiothoracic ratio"
    if min(visible[:3]) < MOST_CUT:
        return Measure(name, None, "", note="heart or a lung was not found, or is cut off")
    if found.is_unlike:
        return Measure(name, None, "", note="the image does not look like a chest from the front")
    widths = [np.flatnonzero(np.any(m, axis=0)) for m in (masks[2], masks[0] | masks[1])]
    heart, chest = (float(w[-1] - w[0] + 1) for w in widths)
    ratio = heart / chest
    spread = deviations(found) / square.steps[1]
    errors = [np.sqrt(2) * _at_sides(found, spread, organs) for organs in ((2,), (0, 1))]
    shares = [errors[0] / heart, errors[1] / chest, *EXPERT_WIDTH]
    deviation = ratio * float(np.linalg.norm(shares))
    low, high = max(ratio - 1.96 * deviation, 0.0), ratio + 1.96 * deviation
    note = "an organ it rests on is uncertain" if found.is_uncertain[:3].any() else ""
    return Measure(name, ratio, "", low, float(high), note)


def _at_sides(found, spread, organs):
    """Deviation of the outermost landmarks, the mean of left and right."""
    points = np.concatenate([found.outlines.points[found.outlines.parts[k]] for k in organs])
    mine = np.concatenate([spread[found.outlines.parts[k]] for k in organs])
    ends = [int(np.argmin(points[:, 1])), int(np.argmax(points[:, 1]))]
    return float(mine[ends].mean())


def _note(is_doubted, least) -> str:
    """What the expected overlap is."""
    words = f"Jaccard, with an expert's outline; uncertain below {least:.2f}"
    return f"uncertain, check the outline: {words}" if is_doubted else words


METHODS = (
    "A small network trained on outlined radiographs, two of five shown with an artefact, gives "
    "for every pixel the probability of lying in each lung, the heart and each clavicle.",
    "Landmarks on the organs' outlines look along their normals for the edge of this evidence. "
    "Within an organ, runs of edges that the shapes of the training subjects do not explain are "
    "set aside by description length; what is left is explained by all five organs together.",
    "Log odds of evidence and shapes add up. At a clear and believed edge the shapes weigh little, "
    "so that detail stays; where the evidence is undecided they decide.",
    "The expected overlap is that of the outline under the probabilities; below a limit the organ "
    "is marked uncertain. Intervals are 95 %, for what one expert's outline would give: they hold "
    "how unsure our outline is and how differently experts draw.",
)
REFERENCES = (
    "Zhang et al., Towards robust and effective shape modeling: sparse shape composition, Medical "
    "Image Analysis 16:265-277, 2012, doi:10.1016/j.media.2011.08.004",
    "van Ginneken, Stegmann & Loog, Segmentation of anatomical structures in chest radiographs "
    "using supervised methods, Medical Image Analysis 10:19-40, 2006, "
    "doi:10.1016/j.media.2005.02.002 (the SCR outlines)",
)
