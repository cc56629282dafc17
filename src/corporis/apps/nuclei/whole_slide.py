"""Nuclei of a whole slide, tile by tile: none is cut by a seam and none is counted twice."""

from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from scipy import ndimage

from corporis.apps.nuclei.classical import ClassicalNuclei
from corporis.apps.nuclei.evidence import HALO, MULTIPLE, NucleusEvidence, NucleusMaps
from corporis.apps.nuclei.features import measure
from corporis.apps.nuclei.fluorescence import GlowingNuclei
from corporis.apps.nuclei.splitting import CentreVoting
from corporis.imaging.slide import Slide, Tile
from corporis.imaging.slide_quality import pen_marks
from corporis.imaging.stain import REFERENCE, Stains
from corporis.shapes import mask_contour

UM_PER_PX = 0.25
"""Scale at which the network was trained: 40x."""
GLASS = 225
"""Grey level of green above which there is glass; a tile without a darker pixel is not searched."""


BYTES_A_PIXEL = {False: 230, True: 700}
"""Of a tile with its halo, without a network and with one: measured, rounded up."""
REST_GB = 0.5
"""What the program and the pieces of the file that are kept take besides."""


class Evidence(Protocol):
    """What gives maps of an image."""

    def __call__(self, image) -> NucleusMaps: ...


@dataclass(frozen=True)
class TileNuclei:
    """The nuclei whose centres lie in one tile's core, in pixels of the slide as it was searched.

    Parameters
    ----------
    centres : ndarray, (n, 2)
        Rows and columns.
    outlines : tuple of ndarray, (m, 2)
        Rows and columns; the first point is not repeated.
    names : tuple of str
    features : ndarray, (n, n_names)
        As `measure` names them.
    """

    centres: np.ndarray
    outlines: tuple[np.ndarray, ...]
    names: tuple[str, ...]
    features: np.ndarray


@dataclass(frozen=True)
class WholeSlide:
    """Searches a slide for nuclei at the network's scale.

    Every tile is seen with a halo beyond which the network does not look, cut at multiples of its
    coarsest pixel; a nucleus belongs to the tile in whose core its centre lies. So the same nuclei
    are found however the slide is cut. Memory is bounded by the tile (`memory_gb`).

    Parameters
    ----------
    evidence : Evidence or None
        None shows `voting` the image itself: the path without a network, whose threshold is found
        tile by tile.
    voting : CentreVoting, ClassicalNuclei or GlowingNuclei
        Label image (H, W) from maps, or without evidence from an image.
    side : int
        Of a tile's core, >= 1 pixel at the network's scale.
    stains : Stains
        In which features are measured.
    progress : callable(fraction) or None
    is_dark : bool
        Fluorescence, on which nobody draws with a pen; else ink is taken for glass.

    Raises
    ------
    ValueError
        If `side` < 1.
    """

    evidence: Evidence | NucleusEvidence | None
    voting: CentreVoting | ClassicalNuclei | GlowingNuclei = field(default_factory=CentreVoting)
    side: int = 1024
    stains: Stains = REFERENCE
    progress: Callable[[float], None] | None = None
    is_dark: bool = False

    def __post_init__(self):
        if self.side < 1:
            raise ValueError(f"side must be >= 1, got {self.side}")

    def __call__(self, slide: Slide, *, offset: tuple[int, int] = (0, 0)) -> Iterator[TileNuclei]:
        """Nuclei tile by tile, at 0.25 um/px where the slide's scale is known, else as it is.

        Parameters
        ----------
        slide : Slide
        offset : (int, int)
            Where the first cores end; see `Slide.tiles`.
        """
        return (nuclei for _, nuclei in self.numbered(slide, offset=offset))

    def numbered(
        self, slide: Slide, *, offset: tuple[int, int] = (0, 0), but: Container[int] = ()
    ) -> Iterator[tuple[int, TileNuclei]]:
        """Tiles with their numbers, from 0 and row by row; those in `but` are not looked at."""
        seen = as_searched(slide)
        n_rows, n_columns = seen.grid(self.side, offset)
        numbers = [n for n in range(n_rows * n_columns) if n not in but]
        total = n_rows * n_columns
        tiles = seen.tiles(self.side, HALO, multiple=MULTIPLE, offset=offset, but=but)
        for done, (number, tile) in enumerate(zip(numbers, tiles, strict=True), 1):
            yield number, self.search(tile)
            if self.progress is not None:
                self.progress((total - len(numbers) + done) / total)

    @property
    def memory_gb(self) -> float:
        """About the most memory that a search takes, of which a slide's size is no part."""
        per_pixel = BYTES_A_PIXEL[self.evidence is not None]
        return REST_GB + per_pixel * (self.side + 2 * HALO) ** 2 / 1e9

    def search(self, tile: Tile) -> TileNuclei:
        """The nuclei that one tile owns."""
        labels, image = np.zeros(tile.image.shape[:2], np.int32), tile.image
        if image[..., 1].min() < GLASS:
            image = image if self.is_dark else _without_ink(image)
            labels = self.voting(image if self.evidence is None else self.evidence(image))
        mine = owned(labels, tile)
        table = measure(image, labels, self.stains, only=mine)
        origin = np.array(tile.origin)
        boxes = ndimage.find_objects(labels)
        outlines = tuple(
            mask_contour(labels[boxes[n - 1]] == n)[:-1] + [s.start for s in boxes[n - 1]] + origin
            for n in mine
        )
        return TileNuclei(table.centres + origin, outlines, table.names, table.values)


def _without_ink(image):
    """Glass in place of a pen's ink, which is darker than any nucleus and would hide them."""
    ink = pen_marks(image)
    if not ink.any():
        return image
    return np.where(ndimage.binary_dilation(ink, iterations=4)[..., None], np.uint8(255), image)


def as_searched(slide: Slide) -> Slide:
    """A slide at the scale of the search, or as it is where its own is unknown."""
    return slide if slide.um_per_px is None else slide.at_scale(UM_PER_PX)


def owned(labels, tile: Tile) -> np.ndarray:
    """Which of the labels 1..n have their centroid in the tile's core."""
    number = np.arange(1, int(labels.max(initial=0)) + 1)
    if not len(number):
        return number
    centres = np.array(ndimage.center_of_mass(labels > 0, labels, number))
    return number[tile.owns(centres)]
