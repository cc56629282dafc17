"""What looks alike in other frames, averaged: a reference that follows motion."""

from collections.abc import Sequence

import numpy as np

from corporis.apps.mri._series_kernel import gather

LEAST = np.float32(1e-3)  # weight of the image itself, which is left where nothing is alike


def nonlocal_mean(
    image: np.ndarray, frames: Sequence[np.ndarray], scale: float, reach: int
) -> np.ndarray:
    r"""At each place the mean of the places of `frames` whose surroundings look like its own.

    Places are cells of 2 x 2 pixels, surroundings 6 x 6; their mean square distance ``d`` gives
    the weight ``(1 - d / (4 scale^2))^4``, much like ``exp(-d / scale^2)``, and 0 beyond.

    Parameters
    ----------
    image : complex64 array, (rows, columns)
        Says what is looked for.
    frames : sequence of complex64 array, (rows, columns)
        At least one; may hold `image` itself.
    scale : float
        Root mean square distance of surroundings that count as alike, unit of the image, >= 0.
    reach : int
        How far a place is searched along each axis, in pixels, >= 0.

    Returns
    -------
    complex64 array, (rows, columns)

    References
    ----------
    Buades, Coll & Morel (2008), Int. J. Comput. Vis. 76, 123-139, doi:10.1007/s11263-007-0052-1

    Examples
    --------
    >>> dot = np.zeros((8, 8), np.complex64)
    >>> dot[4, 4] = 1.0
    >>> moved = np.roll(dot, 1, axis=0)
    >>> nonlocal_mean(dot, [moved], scale=0.01, reach=1)[4:6, 4].real.round(3).tolist()
    [1.0, 0.0]
    """
    rows, columns = image.shape
    odd = (rows % 2, columns % 2)
    here = np.pad(image, ((0, odd[0]), (0, odd[1])), mode="edge")
    border = [(reach, reach + o) for o in odd]
    there = np.pad(np.stack(frames), ((0, 0), *border), mode="edge")
    total = LEAST * pairs(here)
    weights = np.full((here.shape[0] // 2, here.shape[1] // 2), LEAST)
    gather(pairs(here), pairs(there), reach, np.float32(4 * scale**2), total, weights)
    total /= np.repeat(np.repeat(weights, 2, 0), 2, 1)[..., None]
    return np.ascontiguousarray(total.reshape(len(here), -1).view(np.complex64)[:rows, :columns])


def pairs(image: np.ndarray) -> np.ndarray:
    """Real and imaginary parts as a last axis; a view where the memory allows."""
    return np.ascontiguousarray(image).view(np.float32).reshape(*image.shape, 2)
