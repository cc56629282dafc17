"""Outlines that a person drew or asked for, measured in the slide."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from corporis.apps.nuclei.classical import any_dye, nuclear_dye
from corporis.apps.nuclei.features import SIDE, measure
from corporis.apps.nuclei.seeding import nucleus_at
from corporis.apps.nuclei.whole_slide import as_searched
from corporis.cohorts.nuclei import STAINS, opened
from corporis.cohorts.nuclei_files import Facts, Shown
from corporis.cohorts.nuclei_tiles import fingerprint
from corporis.errors import BadInput
from corporis.imaging.guard import shown
from corporis.shapes import contour_centroid, fill_polygon, mask_contour

MARGIN = 24
"""Pixels beyond a nucleus's square, so that filters do not see the window's edge."""


class DrawnOn:
    """The slide of an output folder, in which new outlines are measured.

    Parameters
    ----------
    path : path
        The slide.
    facts : Facts
        Of the search.
    tiles : iterable of Shown
        All nuclei, of which the neighbours are taken.

    Raises
    ------
    BadInput
        If it is another slide.
    """

    def __init__(self, path: Path, facts: Facts, tiles: Iterable[Shown]):
        slide = opened(path, facts.um_per_px, facts.stain)
        if fingerprint(path) != facts.fingerprint:
            raise BadInput(f"{shown(Path(path))}: not the slide that these nuclei were found in")
        self.facts = facts
        self.slide = as_searched(slide)
        found = list(tiles)
        self.centres = np.concatenate([np.zeros((0, 2)), *(t.nuclei.centres for t in found)])
        self.outlines = [outline for t in found for outline in t.nuclei.outlines]
        areas = [t.nuclei.features[:, t.nuclei.names.index("shape.area_px")] for t in found]
        usual = np.median(np.concatenate(areas)) if len(self.centres) else 200.0
        self.radius_px = float(np.sqrt(usual / np.pi))

    def features(self, outline) -> np.ndarray:
        """What `measure` says of one outline (k, 2), rows and columns as searched.

        Raises
        ------
        BadInput
            If it holds no pixel of the slide.
        """
        centre = np.mean(outline, axis=0)
        corner, side = self._window(centre, np.ptp(outline, axis=0).max() / 2)
        image = self.slide.read(int(corner[0]), int(corner[1]), side, side)
        labels = np.zeros((side, side), np.int32)
        labels[self._taken(corner, side, centre)] = 2
        labels[fill_polygon(np.asarray(outline) - corner, labels.shape)] = 1
        outside = (centre < 0) | (centre >= np.array(self.slide.shape))
        if not (labels == 1).any() or outside.any():
            x, y = ((centre + 0.5) * self.facts.factor)[::-1]
            raise BadInput(f"the outline about x {x:.0f}, y {y:.0f} holds no pixel of the slide")
        return measure(image, labels, STAINS[self.facts.stain], only=[1]).values[0]

    def outline_at(self, x: float, y: float) -> np.ndarray:
        """Outline (k, 2), as searched, of the nucleus at a place in the slide's own pixels.

        Raises
        ------
        BadInput
            If a nucleus is there already, or the place lies outside.
        """
        place = np.array([y, x]) / self.facts.factor - 0.5
        corner, side = self._window(place, 3 * self.radius_px)
        image = self.slide.read(int(corner[0]), int(corner[1]), side, side)
        dye = any_dye(image) if self.facts.stain == "ihc" else nuclear_dye(image)
        taken = self._taken(corner, side, None)
        seed = np.rint(place).astype(int) - corner
        if ((place < -0.5) | (place > np.array(self.slide.shape) - 0.5)).any():
            raise BadInput(f"--add: x {x:g}, y {y:g} lies outside of the slide")
        if taken[tuple(seed)]:
            raise BadInput(f"--add: a nucleus is at x {x:g}, y {y:g} already")
        mask = nucleus_at(dye, (int(seed[0]), int(seed[1])), taken, self.radius_px)
        return mask_contour(mask)[:-1] + corner

    def _window(self, centre, reach):
        half = int(np.ceil(max(SIDE / 2, reach))) + MARGIN
        return np.rint(centre).astype(int) - half, 2 * half

    def _taken(self, corner, side, but):
        """What other nuclei cover in a window; that at the place `but` is no other."""
        taken = np.zeros((side, side), bool)
        near = (np.abs(self.centres - corner - side / 2) < side / 2 + 60).all(axis=1)
        for number in np.flatnonzero(near):
            if but is None or np.hypot(*(self.centres[number] - but)) > self.radius_px / 2:
                taken |= fill_polygon(self.outlines[number] - corner, taken.shape)
        return taken


def same_outline(one, other, tolerance_px: float = 0.1) -> bool:
    """Whether two outlines have the same points, from wherever they begin.

    Examples
    --------
    >>> square = np.array([[0.0, 0], [0, 4], [4, 4], [4, 0]])
    >>> same_outline(square, np.roll(square, 1, axis=0)), same_outline(square, 1.1 * square)
    (True, False)
    """
    one, other = np.asarray(one, float), np.asarray(other, float)
    if len(one) != len(other):
        return False
    apart = np.hypot(*(one[:, None] - other[None]).transpose(2, 0, 1))
    farthest = max(apart.min(axis=0).max(), apart.min(axis=1).max())
    return bool(farthest < tolerance_px)


def centre_of(outline) -> np.ndarray:
    """Centre of gravity (2,), or of the points where the outline encloses no area."""
    try:
        return contour_centroid(outline)
    except ValueError:
        return np.mean(outline, axis=0)
