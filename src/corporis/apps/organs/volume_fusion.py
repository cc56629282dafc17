"""Evidence in a volume where it is believed, the shape prior where it is not."""

import numpy as np
import scipy

BLUR_MM = 2.0
"""Over so much a place's doubt is shared with its surroundings."""
CLEAR, LOST = 0.15, 0.5
"""Doubt of a clear border, and of one of which nothing is known."""
WEAK_MM, STRONG_MM = 2.0, 0.35
"""So much depth in the expected shape counts as one unit of log odds: where the evidence is
clear, and where it is lost."""
MOST = 6.0
"""Log odds at which the prior is cut."""
DOUBTFUL = 1.5
"""Log odds are divided by one more than so much of the doubt: where nothing is seen the expected
shape is the best guess, and no more than a guess."""
DOUBTED = 0.28
"""Of the volume that the probabilities leave open, what enters the volume's deviation."""


def doubt(
    chance: np.ndarray, clear: float = CLEAR, lost: float = LOST, blur: float = BLUR_MM / 2
) -> np.ndarray:
    """How undecided evidence is near each voxel's nearest border, 0 (clear) to 1 (lost).

    Parameters
    ----------
    chance : array, (a, b, c)
        Probabilities of being inside, on the network's grid.
    clear, lost : float
        Share of undecided voxels of a clear border, and where nothing is known of it.
    blur : float
        Voxels over which a place's doubt is shared.
    """
    undecided = scipy.ndimage.gaussian_filter(4 * chance * (1 - chance), blur, mode="nearest")
    return np.clip((undecided - clear) / (lost - clear), 0, 1)


def fused(
    log_odds: np.ndarray,
    doubts: np.ndarray,
    distance_mm: np.ndarray,
    weak_mm: float = WEAK_MM,
    strong_mm: float = STRONG_MM,
) -> np.ndarray:
    """Log odds of evidence and prior together, (a, b, c).

    Parameters
    ----------
    log_odds : array, (a, b, c)
        Of being inside, by the evidence alone.
    doubts : array, (a, b, c)
        0 where the evidence is clear, 1 where it is lost.
    distance_mm : array, (a, b, c)
        From the border of the expected shape, negative inside.
    weak_mm, strong_mm : float
        So much depth counts as one unit of log odds where the evidence is clear, and where it is
        lost.

    Examples
    --------
    >>> fused(np.zeros(2), np.ones(2), np.array([-0.7, 0.7])).tolist()    # the prior decides
    [2.0, -2.0]
    """
    scale = strong_mm + (weak_mm - strong_mm) * (1 - doubts)
    return log_odds + np.clip(-distance_mm / scale, -MOST, MOST)


def chances(log_odds: np.ndarray, doubts: np.ndarray) -> np.ndarray:
    """Probabilities of being inside, nearer to one half where the evidence is in doubt.

    Examples
    --------
    >>> chances(np.array([3.0, 3.0]), np.array([0.0, 1.0])).round(2).tolist()
    [0.95, 0.77]
    """
    return chance_of(log_odds / (1 + DOUBTFUL * doubts))


def chance_of(log_odds: np.ndarray) -> np.ndarray:
    """Probability of these log odds."""
    return 1 / (1 + np.exp(-np.clip(log_odds, -40, 40)))


def expected_dice(chance: np.ndarray) -> float:
    """Dice overlap to expect of ``chance > 0.5`` with a truth of these probabilities.

    Examples
    --------
    >>> round(expected_dice(np.array([1.0, 1.0, 0.75, 0.25])), 3)
    0.917
    """
    inside = chance > 0.5
    total = int(np.count_nonzero(inside)) + float(chance.sum())
    return 2 * float(chance[inside].sum()) / total if total > 0 else 0.0


def volume_deviation(chance: np.ndarray, voxel_mm3: float) -> float:
    """Standard deviation of the volume of ``chance > 0.5``, mm^3."""
    return DOUBTED * voxel_mm3 * float(np.minimum(chance, 1 - chance).sum())


def large_pieces(mask: np.ndarray) -> np.ndarray:
    """Pieces of at least a fifth of the largest: a lost slab may part what is one."""
    labels, n_pieces = scipy.ndimage.label(mask)
    if n_pieces < 2:
        return mask
    sizes = np.bincount(labels.ravel())[1:]
    return np.isin(labels, 1 + np.flatnonzero(sizes >= 0.2 * sizes.max()))
