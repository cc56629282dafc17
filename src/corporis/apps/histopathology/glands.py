"""Glands told apart: interiors that borders leave between them grow back to the whole gland."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from skimage.segmentation import watershed


@dataclass(frozen=True, slots=True)
class GlandSplitting:
    """Labels from `GlandMaps`: every core, inside and off any border, grows into its gland.

    Where two glands touch, the border between them parts their cores; each pixel has one owner.

    Parameters
    ----------
    threshold : float
        Probability above which a pixel is gland, in (0, 1).
    border : float
        Probability above which a pixel belongs to no core, in (0, 1].
    least_core_px, least_area_px : int
        Smaller cores and glands are dropped, at the network's scale.
    largest_hole_px : int
        Larger ones stay: there is ground within some glands.

    Raises
    ------
    ValueError
        If a threshold is out of range.
    """

    threshold: float = 0.5
    border: float = 0.5
    least_core_px: int = 40
    least_area_px: int = 150
    largest_hole_px: int = 2000

    def __post_init__(self):
        if not 0 < self.threshold < 1 or not 0 < self.border <= 1:
            raise ValueError(
                f"expected threshold in (0, 1) and border in (0, 1], got {self.threshold} and "
                f"{self.border}"
            )

    def __call__(self, maps) -> np.ndarray:
        """Label image (H, W) of int32, 1..N without gaps."""
        inside = maps.inside > self.threshold
        cores, count = ndimage.label(inside & (maps.border <= self.border))
        if not count:
            return np.zeros(inside.shape, np.int32)
        size = np.bincount(cores.ravel(), minlength=count + 1)
        cores = np.where(size[cores] >= self.least_core_px, cores, 0)
        # flooded from the cores along rising doubt, so that owners meet on the border's crest
        labels = watershed(maps.border - maps.inside, cores, mask=inside)
        return self._tidy(labels)

    def _tidy(self, labels):
        result, count = np.zeros(labels.shape, np.int32), 0
        for number, box in enumerate(ndimage.find_objects(labels), 1):
            if box is None:
                continue
            mine = labels[box] == number
            if np.count_nonzero(mine) < self.least_area_px:
                continue
            count += 1
            holes, n_holes = ndimage.label(ndimage.binary_fill_holes(mine) & ~mine)
            sizes = np.bincount(holes.ravel(), minlength=n_holes + 1)
            small = (holes > 0) & (sizes[holes] <= self.largest_hole_px) & (labels[box] == 0)
            result[box][mine | small] = count
        return result
