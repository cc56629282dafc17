"""Immunohistochemistry: which nuclei are brown, and how many of all."""

import numpy as np
from scipy import ndimage

from corporis.imaging.stain import IMMUNE, Stains

BROWN_SHARE = 0.35
"""Of a nucleus's dye, beyond which it counts as positive."""


def brown_shares(image, labels, stains: Stains = IMMUNE) -> np.ndarray:
    """Share of diaminobenzidine in the dye of each nucleus, (n,), 0 to 1.

    Parameters
    ----------
    image : array, (H, W, 3), uint8
    labels : int array, (H, W)
        1..n without gaps.
    stains : Stains
        The blue dye first, the brown second.
    """
    dyes = stains.concentrations(image) / stains.full
    index = np.arange(1, int(labels.max(initial=0)) + 1)
    blue, brown = (ndimage.sum(dyes[..., k], labels, index) for k in (0, 1))
    return np.asarray(brown / np.maximum(blue + brown, 1e-12)).reshape(-1)


def is_brown(blue, brown) -> np.ndarray:
    """Whether nuclei are positive, from the mean concentration of either dye, (n,) bool.

    Examples
    --------
    >>> is_brown([0.5, 0.1], [0.1, 0.5]).tolist()
    [False, True]
    """
    blue, brown = np.maximum(blue, 0), np.maximum(brown, 0)
    return brown > BROWN_SHARE * np.maximum(blue + brown, 1e-12)


def positive_nuclei(image, labels, stains: Stains = IMMUNE) -> np.ndarray:
    """Whether each nucleus 1..n is positive, (n,) bool; their mean is the Ki-67 style index."""
    return brown_shares(image, labels, stains) > BROWN_SHARE
