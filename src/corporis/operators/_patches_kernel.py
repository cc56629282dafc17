"""Compiled copying for `corporis.operators.patches`: one pass over the patches, in their order.

The plain version there goes over the whole image once for every sample of a patch.
"""

from numba import njit


@njit(cache=True, nogil=True)
def gather(image, corners, offsets, patches):
    """``patches[p, o] = image[corners[p] + offsets[o]]``."""
    for p in range(corners.shape[0]):
        for o in range(offsets.shape[0]):
            patches[p, o] = image[corners[p] + offsets[o]]


@njit(cache=True, nogil=True)
def scatter(patches, corners, offsets, image):
    """``image[corners[p] + offsets[o]] += patches[p, o]``."""
    for p in range(corners.shape[0]):
        for o in range(offsets.shape[0]):
            image[corners[p] + offsets[o]] += patches[p, o]
