"""A pig never seen in training; its contours are automatic, not an expert's."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from corporis.apps.heart_shape.evidence import evidence_labels, to_source
from corporis.apps.heart_shape.planes import choose_planes
from corporis.cohorts.gallery import outline_contoured
from corporis.imaging import read
from heart_rows.score import cavity_masks, polygon_masks, slice_dice

SLICES = slice(2, 14)  # 0 is the apex; above, the contours follow aorta and atrium


def find(folder: Path) -> list[Path]:
    """Files with a cine stack and endo- and epicardial contours on all of it."""
    found = []
    for path in sorted(folder.rglob("*.npz")):
        with np.load(path, allow_pickle=False) as archive:
            if {"image", "endo_xy", "epi_xy"} <= set(archive.files):
                found.append(path)
    return found


def rows(folder: Path, evidence, prior) -> dict:
    """Mean Dice over slices 2 to 13 and all frames; nothing where there is no such file."""
    scores = [_one(path, evidence, prior) for path in find(folder)]
    if not scores:
        return {}
    return {key: float(np.mean([s[key] for s in scores])) for key in scores[0]}


def _one(path: Path, evidence, prior) -> dict:
    with np.load(path, allow_pickle=False) as archive:
        endo, epi = archive["endo_xy"], archive["epi_xy"]
    stack, _ = choose_planes(read(path).images)
    # The stack is ordered along its normal; the file's contours are ordered by slice location.
    with np.load(path, allow_pickle=False) as archive:
        if not np.array_equal(archive["image"][0, 0], np.round(stack.frames[0, 0])):
            endo, epi = endo[::-1], epi[::-1]
            picked = slice(len(endo) - SLICES.stop, len(endo) - SLICES.start)
        else:
            picked = SLICES
    part = replace(
        stack,
        frames=stack.frames[picked],
        affines=stack.affines[picked],
        phases=stack.phases[picked],
        heights=stack.heights[picked],
        missing=stack.missing[picked],
        names=stack.names[picked],
    )
    shape = part.frames.shape[2:]
    true_endo = polygon_masks(endo[picked], shape)
    true_epi = polygon_masks(epi[picked], shape)
    maps = evidence(part.frames)
    labels = evidence_labels(maps)
    cavity, outer = cavity_masks(part, outline_contoured(part, maps, prior=prior))
    every = ~part.missing
    alone = to_source(labels == 1, maps, shape)
    alone_outer = to_source((labels == 1) | (labels == 2), maps, shape)
    return {
        "pig_endo_dice": float(slice_dice(cavity, true_endo, every).mean()),
        "pig_epi_dice": float(slice_dice(outer, true_epi, every).mean()),
        "pig_endo_dice_evidence_only": float(slice_dice(alone, true_endo, every).mean()),
        "pig_epi_dice_evidence_only": float(slice_dice(alone_outer, true_epi, every).mean()),
    }
