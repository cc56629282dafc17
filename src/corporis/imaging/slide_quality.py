"""What a slide shows besides tissue: glass, a pen's ink, and places out of focus."""

from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy import ndimage

from corporis.imaging.slide import Slide
from corporis.imaging.stain import LEAST_DENSITY, optical_density

WINDOW, N_WINDOWS = 512, 36
"""Squares of a slide that are looked at, spread over it, at most so many."""
LEAST_TISSUE = 0.05
"""Share of a square that must be tissue for its focus to be judged."""
LEAST_INK = 0.35
"""Mean optical density of ink."""
BLUE = 1.2
"""Density of red over that of green above which it is blue or green ink: 0.9 of haematoxylin."""
BLACK, NEUTRAL = 1.6, 0.35
"""Least density of every colour of black ink, and how much these may differ, in parts of their
mean."""
THICKNESS_PX = 12
"""Half the width of a stroke at least: thicker than any nucleus at 40x."""
LEAST_DETAIL = 0.14
"""Of tissue in focus: 0.165 and more on H&E of five sources at their own scales, 0.128 and less on
the same images blurred by a standard deviation of 3 pixels."""


@dataclass(frozen=True)
class Quality:
    """What squares spread over a slide show.

    Parameters
    ----------
    glass, ink : float
        Shares of their area, 0 to 1.
    n_tissue, n_blurred : int
        Squares with tissue, and those of them that are out of focus.
    """

    glass: float
    ink: float
    n_tissue: int
    n_blurred: int

    def sentences(self) -> list[str]:
        """What must be known before the slide's numbers are read; none where all is well."""
        said = []
        if not self.n_tissue:
            said.append("Hardly any tissue was seen: nearly all is glass, ink or empty.")
        if self.ink > 0:
            said.append(
                f"A pen's ink, blue, green or black, covers about {100 * self.ink:.2g} % of what "
                "was looked over; what lies under it is left out."
            )
        if self.n_blurred:
            said.append(
                f"{self.n_blurred} of {self.n_tissue} squares of tissue that were looked over are "
                "out of focus: nuclei there are found badly. Scan the slide again."
            )
        return said


def look_over(slide: Slide) -> Quality:
    """Look at squares spread evenly over a bright-field slide; all of a small one."""
    corners = list(product(*(range(0, n, WINDOW) for n in slide.shape)))
    areas, glass, ink = [], 0.0, 0.0
    n_tissue = n_blurred = 0
    for corner in corners[:: max(1, -(-len(corners) // N_WINDOWS))]:
        sides = [min(WINDOW, n - a) for n, a in zip(slide.shape, corner)]
        image = slide.read(*corner, *sides)
        stroke = pen_marks(image)
        tissue = (optical_density(image).mean(axis=2) > LEAST_DENSITY) & ~stroke
        areas.append(tissue.size)
        glass += np.count_nonzero(~tissue & ~stroke)
        ink += np.count_nonzero(stroke)
        sharpness = detail(image, but=stroke)
        if sharpness is not None:
            n_tissue += 1
            n_blurred += sharpness < LEAST_DETAIL
    total = float(sum(areas))
    return Quality(glass / total, ink / total, n_tissue, int(n_blurred))


def pen_marks(image) -> np.ndarray:
    """Where a blue, green or black pen was drawn over a slide, bool (H, W).

    Haematoxylin takes as much of red light as of green, eosin and blood more of green; ink of these
    colours takes more of red, or nearly all of every colour. Strokes are thicker than nuclei. Red
    ink is not told from blood.

    Parameters
    ----------
    image : array, (H, W, 3), uint8
        Bright field.
    """
    small = np.asarray(image)[::2, ::2]
    density = ndimage.uniform_filter(optical_density(small).astype(np.float32), (5, 5, 0))
    red, green, _ = np.moveaxis(density, -1, 0)
    mean = density.mean(axis=2)
    is_black = (density.min(axis=2) > BLACK) & (np.ptp(density, axis=2) < NEUTRAL * mean)
    dark = ((mean > LEAST_INK) & (red > BLUE * green)) | is_black
    core = ndimage.distance_transform_edt(np.pad(dark, 1, mode="edge"))[1:-1, 1:-1]
    strokes = np.zeros(dark.shape, bool)
    if (core > THICKNESS_PX / 2).any():
        away = ndimage.distance_transform_edt(core <= THICKNESS_PX / 2)
        strokes = dark & (away <= THICKNESS_PX / 2)
    whole = np.repeat(np.repeat(strokes, 2, axis=0), 2, axis=1)
    return whole[: np.shape(image)[0], : np.shape(image)[1]]


def detail(image, but=None) -> float | None:
    """How much of the finest structure tissue shows beside the coarser; None without tissue.

    Standard deviation of what a blur of one pixel takes away, over that of what is then taken by
    one of four: falls with blur, and hardly changes with the strength of a stain.

    Parameters
    ----------
    image : array, (H, W, 3), uint8
    but : bool array, (H, W), optional
        Where not to look.
    """
    grey = optical_density(image).mean(axis=2)
    fine, coarse = (ndimage.gaussian_filter(grey, s) for s in (1.0, 4.0))
    tissue = coarse > LEAST_DENSITY
    if but is not None:
        tissue &= ~but
    if tissue.mean() < LEAST_TISSUE:
        return None
    spread = float((fine - coarse)[tissue].std())
    return float((grey - fine)[tissue].std()) / spread if spread > 1e-6 else 0.0
