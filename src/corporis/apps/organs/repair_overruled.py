"""Where a repair overruled a mask."""

import numpy as np

from corporis.apps.organs.pieces import changed_pieces
from corporis.apps.organs.repair import Repaired

LEAST_ML, MOST_PARTS = 0.1, 20
"""Of parts that are listed."""


def overruled_parts(
    given: np.ndarray, found: Repaired, steps: tuple[float, float, float], voxel_ml: float
) -> list[dict]:
    """Connected parts where the mask was overruled, the largest first.

    Parameters
    ----------
    given : bool array, (a, b, c)
        On axes that run up, forward and to the right, as all that was found.
    found : Repaired
    steps : (float, float, float)
        mm along the axes.
    voxel_ml : float

    Returns
    -------
    list of dict
        ``volume_ml``, ``change`` ("added" or "removed"), ``away_mm`` (up, forward and to the right
        of the organ's middle), ``chance`` of belonging to the organ.
    """
    middle = np.argwhere(found.mask | given).mean(axis=0)
    parts: list[dict] = []
    for change, here in changed_pieces(given, found.mask, LEAST_ML / voxel_ml):
        away = (np.argwhere(here).mean(axis=0) - middle) * steps
        parts.append(
            {
                "volume_ml": round(np.count_nonzero(here) * voxel_ml, 2),
                "change": change,
                "away_mm": [round(float(mm), 1) for mm in away],
                "chance": round(float(found.chance[here].mean()), 2),
            }
        )
    return sorted(parts, key=lambda part: -part["volume_ml"])[:MOST_PARTS]
