"""Evidence where it is believed, the shape prior where it is not."""

import numpy as np
import scipy

from corporis.apps.organs.chest_shape import Outlines, polygon
from corporis.apps.organs.square import Square
from corporis.shapes import signed_distance

WEAK_PX, STRONG_PX = 8.0, 1.5
"""So many pixels from the prior's outline count as much as one unit of log odds of the evidence:
where the evidence shows a clear edge, and where it does not."""
MOST = 8.0
"""Log odds at which the prior is cut: certain evidence is overruled by certain shapes only."""
BAND_PX = 40.0


def fused(logits: np.ndarray, outlines: Outlines) -> np.ndarray:
    """Probabilities (5, rows, columns) of being inside: evidence and prior, each as sure as it is.

    The log odds add up. On a clear edge the prior weighs little and the evidence's detail stays;
    where the evidence is undecided, or claims what lies far from the shape, the prior decides.

    Parameters
    ----------
    logits : array, (5, rows, columns)
        Log odds of being inside, by the evidence alone.
    outlines : Outlines
    """
    added = [
        _prior(logits.shape[1:], outlines.points[part], outlines.trust[part])
        if np.isfinite(outlines.deviation[part]).all()
        else 0.0
        for part in outlines.parts
    ]
    total = logits + np.stack([np.broadcast_to(x, logits.shape[1:]) for x in added])
    return 1 / (1 + np.exp(-total))


def _prior(shape, points, trust):
    """Log odds of being inside by the outline alone, (rows, columns)."""
    inside = polygon(points, shape)
    if not inside.any():
        return 0.0
    depth = -signed_distance(inside)
    scale = np.full(shape, STRONG_PX)
    near = np.abs(depth) < BAND_PX
    scale[near] += (WEAK_PX - STRONG_PX) * _spread(points, trust, np.argwhere(near))
    return np.clip(depth / scale, -MOST, MOST)


def _spread(points, trust, places):
    """Trust at places (n, 2): that of the outline nearby, smoothed along it."""
    n_fine = 6 * len(points)
    smooth = scipy.ndimage.gaussian_filter1d(trust, 1.0, mode="wrap")
    closed = np.append(smooth, smooth[0])
    outline = np.concatenate([points, points[:1]])
    along = np.arange(n_fine) / 6
    index = np.arange(len(closed))
    fine = np.stack([np.interp(along, index, axis) for axis in outline.T], axis=1)
    _, nearest = scipy.spatial.cKDTree(fine).query(places)
    return np.interp(along, index, closed)[nearest]


def one_piece(mask: np.ndarray) -> np.ndarray:
    """The largest piece of a mask, its holes filled; as it is where it is empty."""
    labels, n_pieces = scipy.ndimage.label(mask)
    if n_pieces > 1:
        mask = labels == 1 + int(np.argmax(np.bincount(labels.ravel())[1:]))
    return scipy.ndimage.binary_fill_holes(mask)


def organ_masks(chances: np.ndarray, square: Square) -> np.ndarray:
    """Masks (n, rows, columns) on an image's own pixels, from chances (n, side, side).

    Each organ is one piece without holes.
    """
    return np.stack([one_piece(odds > 0) for odds in log_odds(chances, square)])


def log_odds(chances: np.ndarray, square: Square) -> np.ndarray:
    """Log odds (n, rows, columns) on an image's own pixels, from chances (n, side, side).

    These are interpolated, not chances: across a border they are straighter, so that thin organs
    keep their width.
    """
    chances = np.clip(chances, 1e-6, 1 - 1e-6)
    return square.back(np.log(chances / (1 - chances)))


def expected_overlap(chance: np.ndarray) -> float:
    """Jaccard overlap to expect of ``chance > 0.5`` with a truth of these probabilities.

    Examples
    --------
    >>> round(float(expected_overlap(np.array([1.0, 1.0, 0.75, 0.25]))), 3)
    0.846
    """
    inside = chance > 0.5
    either = np.count_nonzero(inside) + float(chance[~inside].sum())
    return float(chance[inside].sum()) / either if either > 0 else 0.0
