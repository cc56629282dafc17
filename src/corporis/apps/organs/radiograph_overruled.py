"""Where the shapes changed what the evidence alone says of organs in a radiograph, and why."""

import numpy as np
import scipy

from corporis.apps.organs.chest_shape import ORGANS
from corporis.apps.organs.pieces import changed_pieces

LEAST_SHARE = 0.005
"""Of an organ's area, in a part that was overruled, to be listed."""
UNDECIDED = (0.2, 0.8)
"""Chances between which the evidence does not say what a place is."""
THIRDS = ("upper", "middle", "lower")


def overruled_parts(
    masks: np.ndarray,
    alone: np.ndarray,
    chances: np.ndarray,
    pixel_mm: tuple[float, float] | None,
) -> list[dict]:
    """Connected parts where an outline differs from the evidence's, the largest first.

    Parameters
    ----------
    masks, alone : bool arrays, (5, rows, columns)
        `ORGANS` with the shapes and by the evidence alone, head up, the patient's left on the
        right.
    chances : array, (5, rows, columns)
        Probability of being inside by the evidence alone.
    pixel_mm : (float, float) or None
        Height and width of a pixel; None where they are not known.

    Returns
    -------
    list of dict
        ``organ``, ``area`` with ``unit`` ("cm^2" or "px^2"), ``change`` ("added" or "removed"),
        ``third`` ("upper", "middle" or "lower" of the organ), ``side`` of the organ's middle as
        the patient has it ("left" or "right"), ``why``.
    """
    parts = []
    for organ, mask, before, chance in zip(ORGANS, masks, alone, chances, strict=True):
        either = mask | before
        if not either.any():
            continue
        box = scipy.ndimage.find_objects(either.astype(np.uint8))[0]
        least = LEAST_SHARE * np.count_nonzero(either)
        for change, here in changed_pieces(before[box], mask[box], least):
            known = _area(here, pixel_mm) | _place(here) | {"change": change}
            why = _why(change, here, before[box], float(chance[box][here].mean()))
            parts.append({"organ": organ, **known, "why": why})
    return sorted(parts, key=lambda part: -part["area"])


def _area(here, pixel_mm):
    unit, factor = ("px^2", 1.0) if pixel_mm is None else ("cm^2", float(np.prod(pixel_mm)) / 100)
    return {"area": round(np.count_nonzero(here) * factor, 2), "unit": unit}


def _place(here):
    """In which third and on which side of an organ's box a part has its middle."""
    (row, column), (rows, columns) = np.argwhere(here).mean(axis=0), here.shape
    third = THIRDS[min(int(3 * (row + 0.5) / rows), 2)]
    return {"third": third, "side": "left" if 2 * column + 1 > columns else "right"}


def _why(change, here, before, chance):
    if UNDECIDED[0] < chance < UNDECIDED[1]:
        return f"the evidence is undecided there (chance {chance:.2f})"
    touches = scipy.ndimage.binary_dilation(here) & before & ~here
    if change == "removed" and not touches.any():
        return f"it is not one piece with the rest (chance {chance:.2f})"
    if change == "added" and not touches.any():
        return f"the evidence shows nothing near it (chance {chance:.2f})"
    place = "inside" if change == "added" else "outside"
    return f"it lies {place} of the expected shape (chance {chance:.2f})"
