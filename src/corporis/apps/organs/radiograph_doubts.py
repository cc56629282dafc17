"""What was found in a radiograph, and what of it is not to be relied upon."""

from dataclasses import dataclass

import numpy as np
import scipy

from corporis.apps.organs.chest_shape import ORGANS, Outlines, polygon
from corporis.apps.organs.square import Square
from corporis.shapes import jaccard

LEAST_OVERLAP = (0.93, 0.93, 0.87, 0.77, 0.77)
"""Jaccard overlaps that are expected of a good outline of each of `ORGANS`: below, it is marked
uncertain. For lungs and heart human observers differ by about as much."""
LEAST_AGREEMENT = (0.75, 0.75, 0.75, 0.6, 0.6)
"""Jaccard overlaps of the evidence with what the shapes make of it: of 49 chests none had less than
0.9 for lungs and heart, of images of something else hardly one had more."""
CLEAR_AGREEMENT = 0.95
"""Below it for a lung or the heart, the mirror image is looked at as well."""
MIRRORED = 0.88
"""A mirror image that takes so much less to describe is the right one."""
MOST_NATS = 3.6
"""To describe an edge; chests take 1 to 2.2, with noise over them 3."""
LEAST_VISIBLE, MOST_CUT = 0.05, 0.95
"""Shares of an organ on the image: below the first it was not found, below the second it is cut."""
FLAT_PX, MOST_FLAT = 5, 0.03
"""A place is flat where so many pixels across are all alike; of the organs' area."""


@dataclass(frozen=True, eq=False)
class FoundOrgans:
    """What was found on the network's square.

    Parameters
    ----------
    evidence : array, (5, 256, 256)
        Probabilities of being inside, by the evidence alone.
    chances : array, (5, 256, 256)
        The same with the shape prior.
    outlines : Outlines
        Of the prior.
    overlap : array, (5,)
        Jaccard overlap with the truth that is expected.
    agreement : array, (5,)
        Jaccard overlap of the evidence with the prior's outline.
    is_mirrored : bool
        Whether the mirror image looks more like a chest.
    """

    evidence: np.ndarray
    chances: np.ndarray
    outlines: Outlines
    overlap: np.ndarray
    agreement: np.ndarray
    is_mirrored: bool = False

    @property
    def is_unlike(self) -> bool:
        """Whether the whole does not look like a chest."""
        return self.outlines.nats > MOST_NATS or self.is_mirrored

    @property
    def is_uncertain(self) -> np.ndarray:
        """Whether an organ's outline is not to be relied upon, (5,)."""
        is_low = (self.overlap < LEAST_OVERLAP) | (self.agreement < LEAST_AGREEMENT)
        return is_low | self.is_unlike


def agreements(evidence: np.ndarray, outlines: Outlines) -> np.ndarray:
    """Jaccard overlap of evidence (5, rows, columns) with the prior's outlines, (5,)."""
    found = np.zeros(len(evidence))
    for organ, (chance, part) in enumerate(zip(evidence, outlines.parts, strict=True)):
        mask = chance > 0.5
        if mask.any():
            found[organ] = jaccard(mask, polygon(outlines.points[part], mask.shape))
    return found


def visible_shares(masks: np.ndarray, found: FoundOrgans, square: Square) -> np.ndarray:
    """Share of each organ (5,) that lies on the image's own pixels, 0 to 1."""
    on_square = (found.chances > 0.5).sum(axis=(1, 2)) / np.prod(square.steps)
    return np.minimum(masks.sum(axis=(1, 2)) / np.maximum(on_square, 1), 1.0)


def doubts(found: FoundOrgans, pixels, masks, square: Square) -> list[str]:
    """What a reader must know, a sentence each: what is unlike a chest, lost, hidden or cut."""
    said, visible = [], visible_shares(masks, found, square)
    if found.is_mirrored and min(visible[:3]) >= MOST_CUT:
        said.append(
            "looks like the mirror image of a chest: left and right are exchanged, or the heart "
            "lies on the right; check before anything else"
        )
    elif found.is_unlike:
        said.append("does not look like a whole chest from the front: nothing found is sure")
    for organ, share in zip(ORGANS, visible, strict=True):
        if share < LEAST_VISIBLE:
            said.append(f"{organ}: not found on the image")
    said += [
        f"{organ}: uncertain, {_reason(overlap, agreement, least)}"
        for organ, overlap, agreement, least, doubt, share in zip(
            ORGANS, found.overlap, found.agreement, LEAST_OVERLAP, found.is_uncertain, visible
        )
        if doubt and share >= LEAST_VISIBLE and not found.is_unlike
    ]
    return said + _of_pixels(pixels, masks, visible)


def _reason(overlap, agreement, least) -> str:
    if overlap < least:
        return f"a Jaccard overlap of {overlap:.2f} with an expert's outline is expected"
    return f"evidence and shapes contradict each other (a Jaccard overlap of {agreement:.2f})"


def _of_pixels(pixels, masks, visible):
    said, lungs = [], masks[0] | masks[1]
    if lungs.any() and masks[2].any() and pixels[lungs].mean() > pixels[masks[2]].mean():
        said.append("the lungs are brighter than the heart: grey values seem to be inverted")
    border = np.concatenate([lungs[0], lungs[-1], lungs[:, 0], lungs[:, -1]])
    if border.any():
        said.append("a lung reaches the border of the image and may be cut off")
    elif np.any((visible[:3] >= LEAST_VISIBLE) & (visible[:3] < MOST_CUT)):
        said.append("a lung or the heart is cut off by the border of the image")
    organs = np.any(masks[:3], axis=0)
    if organs.any():
        low = scipy.ndimage.minimum_filter(pixels, FLAT_PX)
        high = scipy.ndimage.maximum_filter(pixels, FLAT_PX)
        hidden = float(np.mean((low == high)[organs]))
        if hidden > MOST_FLAT:
            said.append(
                f"{100 * hidden:.0f} % of lungs and heart lie under one flat grey: what is hidden "
                "there was guessed by the shapes"
            )
    return said
