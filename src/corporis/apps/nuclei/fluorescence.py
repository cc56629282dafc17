"""Fluorescence: a dark slide shown dark on white, and its nuclei found without a network."""

from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy import ndimage
from skimage.filters import threshold_otsu
from skimage.morphology import local_maxima, reconstruction
from skimage.segmentation import watershed

from corporis.apps.nuclei.evidence import as_bright_field, grey_of, light_levels
from corporis.apps.nuclei.splitting import tidy
from corporis.imaging.slide import Slide

WINDOW, N_WINDOWS = 512, 64
"""Squares of a slide in which its darkest and brightest are looked for, at most so many."""
LEAST_RANGE = 12
"""Grey levels between them below which nothing glows: noise alone."""


class Developed:
    """Pieces of a fluorescence slide as a bright-field one has them: nuclei dark, ground white.

    Black and white are the same all over the slide, so that no seam shows.

    Parameters
    ----------
    slide : Slide
        Whose nuclei glow in one of its colours or in grey.
    """

    def __init__(self, slide: Slide):
        self.pieces = slide.pieces
        self.levels = _levels(slide)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of a piece, as of the slide's own."""
        return self.pieces.shape

    def piece(self, row: int, column: int) -> np.ndarray:
        """A piece (h, w, 3) of uint8, three equal colours."""
        seen = as_bright_field(self.pieces.piece(row, column), self.levels)
        return np.repeat(seen[..., None], 3, axis=2)


def developed(slide: Slide) -> Slide:
    """The slide as `Developed` shows it, of the same size and scale."""
    return Slide(slide.name, slide.shape, slide.um_per_px, Developed(slide))


def _levels(slide):
    """Black and white of a slide from squares spread over it; all of a small one."""
    corners = list(product(*(range(0, n, WINDOW) for n in slide.shape)))
    chosen = corners[:: max(1, -(-len(corners) // N_WINDOWS))]
    sides = [(min(WINDOW, n - a) for n, a in zip(slide.shape, corner)) for corner in chosen]
    grey = [grey_of(slide.read(*corner, *side)).ravel() for corner, side in zip(chosen, sides)]
    low, high = light_levels(np.concatenate(grey))
    return low, max(high, low + LEAST_RANGE)


@dataclass(frozen=True, slots=True)
class GlowingNuclei:
    """Nuclei of a `Developed` image without a network: a threshold, depth and watershed.

    Light adds up where dyes in bright field multiply, so that the threshold is on grey levels and
    not on optical densities: faint nuclei beside bright ones would be lost. Nuclei are parted
    where they are narrow, at whatever size they have.

    Parameters
    ----------
    smoothing_px : float
        Standard deviation of the blur before the threshold, > 0.
    depth_px : float
        By how much two maxima of depth must stand out from the ridge between them to be two.
    depth_share : float
        The same in parts of the lower one.
    least_area_px : int
        Smaller nuclei are dropped.
    """

    smoothing_px: float = 1.0
    depth_px: float = 0.75
    depth_share: float = 0.1
    least_area_px: int = 30

    def __call__(self, image) -> np.ndarray:
        """Label image (H, W), int32, of an image dark on white, grey or three equal colours."""
        grey = np.asarray(image, float)
        light = 255 - (grey.mean(axis=2) if grey.ndim == 3 else grey)
        light = ndimage.gaussian_filter(light, self.smoothing_px)
        if np.ptp(light) < LEAST_RANGE:
            return np.zeros(light.shape, np.int32)
        inside = ndimage.binary_opening(light > threshold_otsu(light))
        inside = ndimage.binary_fill_holes(inside)
        depth = ndimage.gaussian_filter(ndimage.distance_transform_edt(inside), 1.0)
        labels = watershed(-depth, self._cores(depth, inside), mask=inside)
        return tidy(labels, self.least_area_px)

    def _cores(self, depth, inside):
        """A core for every maximum of depth that stands out from the ridge to any deeper one."""
        ridge = np.minimum(depth - self.depth_px, (1 - self.depth_share) * depth)
        risen = reconstruction(np.maximum(ridge, 0), depth)
        return ndimage.label(local_maxima(risen) & inside)[0]
