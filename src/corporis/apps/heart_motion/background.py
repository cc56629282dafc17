"""Tags without what is under them: the local mean, and blank parts of an image, taken off."""

import numpy as np
from scipy import ndimage

WIDTH = 0.45
"""Deviation of the local mean's window, in tag spacings."""
BLANK, ALWAYS, LEAST = 0.004, 0.9, 16
"""A pixel is blank that is darker than this share of the brightest, in this share of frames,
among so many that touch."""


def without_background(images: np.ndarray, spacing_px: float) -> np.ndarray:
    """A film less its local mean; zero where it is blank.

    The edge of muscle against lung, of bright against dark tissue, and of the part of an image
    that was rotated out of the field of view, has every frequency, those of the tags among them.
    Means are over pixels that are not blank.

    Parameters
    ----------
    images : array, (n_frames, rows, columns)
        Magnitudes.
    spacing_px : float
        Of the tags, > 0.

    Examples
    --------
    >>> film = np.full((2, 24, 24), 7.0)
    >>> film[:, :, :6] = 0.0                               # blank
    >>> float(np.abs(without_background(film, 5.0)).max().round(9))
    0.0
    """
    if not spacing_px > 0:
        raise ValueError(f"spacing_px must be > 0, got {spacing_px}")
    images = np.asarray(images, dtype=float)
    known = np.broadcast_to(~blank(images), images.shape).astype(float)
    window = (0.0, WIDTH * spacing_px, WIDTH * spacing_px)
    share = ndimage.gaussian_filter(known, window, mode="constant")
    mean = ndimage.gaussian_filter(images * known, window, mode="constant")
    return (images - mean / np.maximum(share, 1e-3)) * known


def blank(images: np.ndarray) -> np.ndarray:
    """Pixels (rows, columns) where a film shows nothing, and their neighbours."""
    dark = np.mean(images <= BLANK * images.max(), axis=0) > ALWAYS
    parts, _ = ndimage.label(dark)
    size = np.bincount(parts.ravel())
    size[0] = 0
    found = np.isin(parts, np.flatnonzero(size >= LEAST))
    return ndimage.binary_dilation(found)
