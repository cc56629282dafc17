"""A nucleus outlined about a place where a person saw one."""

import numpy as np
from scipy import ndimage

REACH = 1.7
"""Radii of a usual nucleus within which one is looked for."""
LEAST_SHARE = 0.3
"""Of a usual nucleus's area, below which what was found is not believed and a disc is taken."""


def nucleus_at(dye, seed, taken, radius_px: float) -> np.ndarray:
    """Mask of the nucleus about a place: as dark as there, rather than as its surroundings.

    Where nothing of a nucleus's size stands out, it is a disc of the usual radius.

    Parameters
    ----------
    dye : array, (H, W)
        Concentration of what stains nuclei.
    seed : (int, int)
        Row and column.
    taken : bool array, (H, W)
        What belongs to other nuclei.
    radius_px : float
        Of a usual nucleus, > 0.

    Raises
    ------
    ValueError
        If the seed lies outside or in another nucleus, or `radius_px` is not > 0.
    """
    dye, taken = ndimage.gaussian_filter(np.asarray(dye, float), 1.5), np.asarray(taken, bool)
    row, column = seed
    if not (0 <= row < dye.shape[0] and 0 <= column < dye.shape[1]) or taken[row, column]:
        raise ValueError(f"expected a place outside of other nuclei, got {seed}")
    if not radius_px > 0:
        raise ValueError(f"radius_px must be > 0, got {radius_px}")
    distance = np.hypot(*(np.indices(dye.shape) - np.array([row, column])[:, None, None]))
    near = (distance <= REACH * radius_px) & ~taken
    here = dye[(distance <= 2) & ~taken].mean()
    ground = np.quantile(dye[(distance <= 2.5 * radius_px) & ~taken], 0.2)
    inside = near & (dye > (here + ground) / 2)
    inside[row, column] = True
    inside = ndimage.binary_opening(inside, np.ones((3, 3))) | (distance <= 1)
    pieces, _ = ndimage.label(inside & ~taken)
    mine = ndimage.binary_fill_holes(pieces == pieces[row, column]) & ~taken
    if mine.sum() < LEAST_SHARE * np.pi * radius_px**2:
        mine = (distance <= radius_px) & ~taken
        pieces, _ = ndimage.label(mine)
        mine = pieces == pieces[row, column]
    return mine
