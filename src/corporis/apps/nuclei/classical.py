"""The path without a network: haematoxylin, a threshold, votes along gradients, watershed."""

from dataclasses import dataclass, field

import numpy as np
from scipy import ndimage
from skimage.filters import threshold_otsu
from skimage.segmentation import watershed

from corporis.apps.nuclei.splitting import tidy
from corporis.errors import NotFound
from corporis.imaging.stain import (
    IMMUNE,
    LEAST_DENSITY,
    REFERENCE,
    optical_density,
    sparse_stains,
)
from corporis.shapes.voting import ConeVoting

LARGEST_RADIUS_PX = 16
"""Of a nucleus at 40x: what is thicker is no nucleus."""
MOST_IN_SHEETS = 0.3
"""Share of brown in such places beyond which brown stains more than nuclei."""


@dataclass(frozen=True, slots=True)
class ClassicalNuclei:
    """Nuclei by stain separation, threshold, hierarchical voting and watershed.

    Parameters
    ----------
    voting : ConeVoting
        How edges vote for centres.
    smoothing_px : float
        Standard deviation of the first blur, > 0.
    leaning : float
        Share of a local threshold in the global one, 0 to 1.
    least_area_px : int
        Smaller nuclei are dropped.
    is_brown_nuclear : bool
        Immunohistochemistry: nuclei are blue, or brown where the antibody was bound.
    """

    voting: ConeVoting = field(
        default_factory=lambda: ConeVoting((6.0, 14.0), (20.0, 0.0), spread_px=3.5, least=0.3)
    )
    smoothing_px: float = 2.5
    leaning: float = 0.0
    least_area_px: int = 60
    is_brown_nuclear: bool = False

    def __call__(self, image) -> np.ndarray:
        """Label image (H, W), int32, from a grey or colour bright-field image of uint8."""
        dye = any_dye(image) if self.is_brown_nuclear else nuclear_dye(image)
        dye = ndimage.gaussian_filter(dye, self.smoothing_px)
        inside = self._inside(dye)
        votes = self.voting(dye)
        peaks = self.voting.peaks(votes, inside)
        markers = np.zeros(dye.shape, np.int32)
        markers[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
        depth = ndimage.distance_transform_edt(inside)
        relief = -votes / max(float(votes.max()), 1e-12) - 0.5 * depth / max(depth.max(), 1)
        labels = watershed(relief, markers, mask=inside)
        return tidy(labels, self.least_area_px)

    def _inside(self, dye):
        level = max(threshold_otsu(dye), LEAST_DENSITY)
        local = ndimage.gaussian_filter(dye, 40.0)
        inside = dye > (1 - self.leaning) * level + self.leaning * local
        inside = ndimage.binary_opening(inside, np.ones((3, 3)), 2)
        return ndimage.binary_fill_holes(inside)


def nuclear_dye(image) -> np.ndarray:
    """Concentration of what dyes nuclei: haematoxylin where there is colour, else darkness."""
    image = np.asarray(image)
    if image.ndim == 2 or np.ptp(image.astype(int), axis=2).mean() < 6:
        grey = image if image.ndim == 2 else image.mean(axis=2)
        return optical_density(grey)
    try:
        dyes = sparse_stains(image)
    except NotFound:
        dyes = REFERENCE
    return dyes.concentrations(image)[..., 0]


def any_dye(image) -> np.ndarray:
    """What dyes nuclei in immunohistochemistry: blue and brown together, (H, W, 3) of uint8.

    Blue alone, where brown lies in sheets thicker than nuclei are: it then stains whole cells.
    """
    blue, brown = np.moveaxis(IMMUNE.concentrations(image) / IMMUNE.full, -1, 0)
    return blue if share_in_sheets(brown) > MOST_IN_SHEETS else blue + brown


def share_in_sheets(brown) -> float:
    """Share of the brown area that is thicker than nuclei are, 0 to 1; 0 where nothing is brown.

    Parameters
    ----------
    brown : array, (H, W)
        Concentration.
    """
    smooth = ndimage.gaussian_filter(np.asarray(brown, float), 2.5)
    dark = smooth > max(threshold_otsu(smooth), LEAST_DENSITY)
    core = ndimage.distance_transform_edt(dark) > LARGEST_RADIUS_PX
    if not core.any():
        return 0.0
    sheets = dark & (ndimage.distance_transform_edt(~core) <= LARGEST_RADIUS_PX)
    return float(sheets.sum() / dark.sum())
