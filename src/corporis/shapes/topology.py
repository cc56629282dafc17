"""Topology of masks: pieces, holes and cavities, and the Euler number."""

from dataclasses import dataclass

import numpy as np

from corporis.shapes.mask import as_mask


@dataclass(frozen=True)
class Betti:
    """How a mask hangs together.

    Parameters
    ----------
    pieces : int
        Connected components.
    holes : int
        Holes of a plane mask, or tunnels and handles of a solid one.
    cavities : int
        Enclosed voids of a solid mask; 0 in the plane.
    """

    pieces: int
    holes: int
    cavities: int

    @property
    def euler(self) -> int:
        """The Euler number, ``pieces - holes + cavities``."""
        return self.pieces - self.holes + self.cavities


def betti(mask: np.ndarray) -> Betti:
    """Count the pieces, holes and cavities of a mask.

    Foreground elements touch at faces, edges or corners (8 or 26 neighbours), background
    elements at faces only (4 or 6), so that a thin wall closes. Beyond the border is background.

    Parameters
    ----------
    mask : array, 2-D or 3-D
        Bool, 0 and 1, or integer labels that are not 0 inside.

    Raises
    ------
    ValueError
        If the mask has another number of dimensions, or holds NaN or values between.

    Examples
    --------
    >>> import numpy as np
    >>> from corporis.shapes import betti
    >>> ring = np.ones((5, 5), bool)
    >>> ring[2, 2] = False
    >>> betti(ring)
    Betti(pieces=1, holes=1, cavities=0)
    """
    mask = as_mask(mask)
    if mask.ndim not in (2, 3):
        raise ValueError(f"mask must have 2 or 3 dimensions, got {mask.ndim}")
    from scipy.ndimage import generate_binary_structure, label
    from skimage.measure import euler_number

    mask = np.pad(mask, 1)
    _, pieces = label(mask, generate_binary_structure(mask.ndim, mask.ndim))
    _, outside = label(~mask)
    enclosed = outside - 1
    if mask.ndim == 2:
        return Betti(pieces, enclosed, 0)
    tunnels = pieces + enclosed - int(euler_number(mask, connectivity=3))
    return Betti(pieces, tunnels, enclosed)


def euler_number(mask: np.ndarray) -> int:
    """The Euler number of a 2-D or 3-D mask, ``pieces - holes (+ cavities)``; see `betti`."""
    return betti(mask).euler
