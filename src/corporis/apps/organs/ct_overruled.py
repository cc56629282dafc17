"""Where shapes and rivals changed what the evidence alone says of organs in CT, and why."""

from collections.abc import Mapping

import numpy as np
import scipy

from corporis.apps.organs.ct import MOST_MISFIT, FoundOrgan
from corporis.apps.organs.pieces import changed_pieces

LEAST_ML = 1.0
"""Of a part that was overruled, to be listed."""


def overruled_parts(
    found: Mapping[str, FoundOrgan], spacing_mm: tuple[float, float, float]
) -> list[dict]:
    """Connected parts where an outline differs from the evidence's, the largest first.

    Parameters
    ----------
    found : mapping of str to FoundOrgan
    spacing_mm : (float, float, float)
        Steps upwards, forward and to the right.

    Returns
    -------
    list of dict
        ``organ``, ``volume_ml``, ``change`` ("added" or "removed"), ``middle_mm`` from below, from
        behind and from the left, ``reach_mm`` (how far from the evidence's border), ``why``.
    """
    parts = []
    for organ, one in found.items():
        either = one.mask | one.alone
        if not either.any():
            continue
        box = scipy.ndimage.find_objects(either.astype(np.uint8))[0]
        away = _from_border(one.alone[box], spacing_mm)
        least = 1000 * LEAST_ML / float(np.prod(spacing_mm))
        for change, here in changed_pieces(one.alone[box], one.mask[box], least):
            whole = np.zeros_like(one.mask)
            whole[box] = here
            parts.append(_part(found, organ, change, whole, away[here].max(), spacing_mm))
    return sorted(parts, key=lambda part: -part["volume_ml"])


def _from_border(mask, spacing_mm):
    """mm from the border, of places on either side."""
    padded = np.pad(mask, 1)  # the box of an organ touches it
    kinds = [kind for kind in (padded, ~padded) if kind.any() and not kind.all()]
    if not kinds:
        return np.zeros(mask.shape)
    total = sum(scipy.ndimage.distance_transform_edt(kind, spacing_mm) for kind in kinds)
    return total[1:-1, 1:-1, 1:-1]


def _part(found, organ, change, here, reach, spacing_mm):
    middle = [float(m) * step for m, step in zip(np.argwhere(here).mean(axis=0), spacing_mm)]
    return {
        "organ": organ,
        "volume_ml": round(np.count_nonzero(here) * float(np.prod(spacing_mm)) / 1000, 1),
        "change": change,
        "middle_mm": [round(m, 1) for m in middle],
        "reach_mm": round(float(reach), 1),
        "why": _why(found, organ, change, here),
    }


def _why(found, organ, change, here):
    one = found[organ]
    chance = f"(chance {float(one.chance[here].mean()):.2f})"
    others = {name: np.count_nonzero(f.mask & here) for name, f in found.items() if name != organ}
    rival = max(others, key=lambda name: others[name]) if others else ""
    if change == "removed" and rival and 2 * others[rival] > np.count_nonzero(here):
        return f"with the shapes it belongs rather to the {rival} {chance}"
    if one.misfit is None or one.misfit > MOST_MISFIT:
        return f"it is {'' if change == 'added' else 'not '}one piece with the rest {chance}"
    if change == "added":
        return f"the expected shape holds it {chance}"
    return f"it lies outside of the expected shape {chance}"
