"""Glands told apart: interiors that borders leave between them grow back to the whole gland."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from skimage.segmentation import watershed


@dataclass(frozen=True, slots=True)
class GlandSplitting:
    """Labels from `GlandMaps`: every core, surely inside and off any border, grows to its gland.

    Where two glands touch, the border between them parts their cores; each pixel has one owner.

    Parameters
    ----------
    threshold : float
        Probability above which a pixel is gland, in (0, 1).
    core : float
        Probability of gland below which a pixel belongs to no core, in (0, 1): glands that lie
        close are joined by pixels of which the network is less sure.
    border : float
        Probability of border above which a pixel belongs to no core, in (0, 1].
    smoothing_px : float
        Standard deviation of the blur of both maps, >= 0.
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
    core: float = 0.7
    border: float = 0.3
    smoothing_px: float = 1.0
    least_core_px: int = 250
    least_area_px: int = 400
    largest_hole_px: int = 2000

    def __post_init__(self):
        if not 0 < self.threshold < 1 or not 0 < self.core < 1 or not 0 < self.border <= 1:
            raise ValueError(
                "expected threshold and core in (0, 1) and border in (0, 1], got "
                f"{self.threshold}, {self.core} and {self.border}"
            )
        if not self.smoothing_px >= 0:
            raise ValueError(f"smoothing_px must be >= 0, got {self.smoothing_px}")

    def __call__(self, maps) -> np.ndarray:
        """Label image (H, W) of int32, 1..N without gaps."""
        chance, border = (
            ndimage.gaussian_filter(np.asarray(plane, np.float32), self.smoothing_px)
            for plane in (maps.inside, maps.border)
        )
        inside = chance > self.threshold
        cores, count = ndimage.label((chance > self.core) & (border <= self.border))
        size = np.bincount(cores.ravel(), minlength=count + 1)
        cores = np.where(size[cores] >= self.least_core_px, cores, 0)
        # a piece of which the network is nowhere sure is one gland
        pieces, n_pieces = ndimage.label(inside)
        is_sure = np.zeros(n_pieces + 1, bool)
        is_sure[pieces[cores > 0]] = True
        cores = np.where(is_sure[pieces] | (pieces == 0), cores, count + pieces)
        # flooded from the cores along rising doubt, so that owners meet on the border's crest
        labels = watershed(border - chance, cores, mask=inside)
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
