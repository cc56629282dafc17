"""The CMU region as one tile and as many: the same nuclei, with the same outlines."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

from corporis.apps.nuclei.evidence import NucleusEvidence
from corporis.apps.nuclei.whole_slide import WholeSlide
from corporis.imaging.slide import Slide
from corporis.shapes import fill_polygon, jaccard

CUTS = ((512, (0, 0)), (700, (300, 123)), (1024, (77, 900)))


def row(test: Path, network, voting):
    """Counts, and the least IoU between partners, of every way to cut."""
    path = Path(test) / "histology" / "CMU-1-Small-Region.svs"
    if not path.is_file():
        return []
    # seen as it is, a quarter of the pixels: how it is cut is what matters here
    slide = replace(Slide.open(path), um_per_px=None)
    evidence = NucleusEvidence(network, n_views=1)
    side = max(slide.shape)
    whole = outlines(WholeSlide(evidence, voting, side)(slide))
    rows = []
    for side, offset in CUTS:
        cut = outlines(WholeSlide(evidence, voting, side)(slide, offset=offset))
        found = {"side": side, "offset": offset, "whole": len(whole), "cut": len(cut)}
        rows.append(("seams", found | {"least_iou": least_iou(whole, cut)}))
    return rows


def outlines(tiles) -> list[np.ndarray]:
    """Of all tiles."""
    return [outline for tile in tiles for outline in tile.outlines]


def least_iou(one, other) -> float:
    """The smallest IoU of an outline with the one whose centre is nearest."""
    if not one or not other:
        return float(not one and not other)
    _, nearest = cKDTree([o.mean(axis=0) for o in other]).query([o.mean(axis=0) for o in one])
    return min(_iou(a, other[j]) for a, j in zip(one, nearest, strict=True))


def _iou(a, b):
    low = np.floor(np.minimum(a.min(axis=0), b.min(axis=0)))
    shape = np.ceil(np.maximum(a.max(axis=0), b.max(axis=0)) - low).astype(int) + 1
    return jaccard(fill_polygon(a - low, tuple(shape)), fill_polygon(b - low, tuple(shape)))


def figures(rows) -> dict:
    """The worst over all cuts."""
    mine = [r for kind, r in rows if kind == "seams"]
    if not mine:
        return {}
    return {
        "seams_count_difference": max(abs(r["cut"] - r["whole"]) for r in mine),
        "seams_least_iou": min(r["least_iou"] for r in mine),
    }
