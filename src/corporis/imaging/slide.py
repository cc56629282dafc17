"""Whole slides: windows and tiles of images too large to be held, with their scale.

TIFF of all kinds that tifffile reads (pyramidal, OME, Aperio SVS), DICOM and plain images. Only the
pieces of the file that a window touches are decoded.
"""

from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise, product
from pathlib import Path
from typing import Protocol

import numpy as np

from corporis.errors import BadInput, Unreadable, Unsupported
from corporis.imaging.guard import shown
from corporis.imaging.slide_dicom import DicomPieces, is_dicom
from corporis.imaging.slide_tiff import N_CACHED, TiffPieces

MOST_PIXELS = 400_000_000
"""Of a plain image, which is held whole: 1.2 GB."""
DEEP = ("I;16", "I;16B", "I", "F")
"""Pillow's modes of images with more than 8 bits, which it would cut off."""
PLAIN = (".png", ".jpg", ".jpeg", ".bmp")


class Pieces(Protocol):
    """What decodes a slide: pieces of one shape, the first at the slide's corner."""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of a piece."""

    def piece(self, row: int, column: int) -> np.ndarray:
        """Piece (h, w, 3) of uint8, counted from 0; the last ones may be cut."""


@dataclass(frozen=True)
class Tile:
    """A window of a slide, and the part of it that is this tile's own.

    Parameters
    ----------
    image : ndarray, (h, w, 3), uint8
        With its halo.
    origin : (int, int)
        Row and column of the image's first pixel in the slide.
    core : (slice, slice)
        What belongs to this tile, in rows and columns of the image. Cores of all tiles cover
        the slide once.
    """

    image: np.ndarray
    origin: tuple[int, int]
    core: tuple[slice, slice]

    def owns(self, points) -> np.ndarray:
        """Whether points (n, 2) of the image lie in the core; of all tiles one owns a point."""
        rows, columns = np.asarray(points, float).reshape(-1, 2).T
        r, c = self.core
        return (rows >= r.start) & (rows < r.stop) & (columns >= c.start) & (columns < c.stop)


@dataclass(frozen=True)
class Slide:
    """The finest level of a slide, read window by window.

    Parameters
    ----------
    name : str
    shape : (int, int)
        Rows and columns.
    um_per_px : float or None
        None where the file does not say.
    pieces : Pieces
    """

    name: str
    shape: tuple[int, int]
    um_per_px: float | None
    pieces: Pieces = field(repr=False)

    @classmethod
    def open(cls, path) -> "Slide":
        """Open a file, or a folder of DICOM; nothing but headers is read of a TIFF or DICOM slide.

        Raises
        ------
        Unreadable
            If it cannot be parsed.
        Unsupported
            If it holds no grey, RGB or CMYK image of 8 bits.
        """
        path = Path(path)
        if is_dicom(path):
            dicom = DicomPieces(path)
            return cls(path.name, dicom.size, dicom.um_per_px, dicom)
        if not path.is_file():
            got = "another folder: give one file" if path.is_dir() else "nothing: check the path"
            raise BadInput(f"{shown(path)}: expected a TIFF or DICOM slide or an image, got {got}")
        if path.suffix.lower() in PLAIN:
            image = _plain(path)
            return cls(path.name, image.shape[:2], None, _Whole(image))
        pieces = TiffPieces.open(path)
        return cls(path.name, pieces.page.shape[:2], pieces.um_per_px, pieces)

    def read(self, top: int, left: int, height: int, width: int) -> np.ndarray:
        """A window (height, width, 3) of uint8; white beyond the slide.

        Raises
        ------
        ValueError
            If height or width is not positive.
        Unreadable
            If a piece of the file is corrupt.
        """
        if height < 1 or width < 1:
            raise ValueError(f"a window needs height and width >= 1, got {height} and {width}")
        window = np.full((height, width, 3), 255, np.uint8)
        rows, columns = self.pieces.shape
        first = max(top, 0), max(left, 0)
        last = min(top + height, self.shape[0]), min(left + width, self.shape[1])
        if first[0] >= last[0] or first[1] >= last[1]:
            return window
        for i in range(first[0] // rows, (last[0] - 1) // rows + 1):
            for j in range(first[1] // columns, (last[1] - 1) // columns + 1):
                piece = self.pieces.piece(i, j)
                r0, c0 = max(i * rows, first[0]), max(j * columns, first[1])
                r1 = min((i + 1) * rows, last[0])
                c1 = min((j + 1) * columns, last[1])
                window[r0 - top : r1 - top, c0 - left : c1 - left] = piece[
                    r0 - i * rows : r1 - i * rows, c0 - j * columns : c1 - j * columns
                ]
        return window

    def at_scale(self, um_per_px: float) -> "Slide":
        """The same slide seen at another scale, resampled piece by piece on one fixed grid.

        Raises
        ------
        ValueError
            If this slide has no scale, or `um_per_px` is not > 0.
        """
        if self.um_per_px is None or not um_per_px > 0:
            raise ValueError(
                f"resampling needs a known scale and a wanted one > 0, got {self.um_per_px} "
                f"and {um_per_px}"
            )
        factor = um_per_px / self.um_per_px
        if abs(factor - 1) < 0.02:
            return self
        shape = tuple(max(1, round(n / factor)) for n in self.shape)
        return Slide(self.name, (shape[0], shape[1]), um_per_px, _Resampled(self, factor))

    def grid(self, side: int, offset: tuple[int, int] = (0, 0)) -> tuple[int, int]:
        """Rows and columns of the tiles that `tiles` makes."""
        rows, columns = (len(_cuts(n, side, o)) for n, o in zip(self.shape, offset, strict=True))
        return rows, columns

    def tiles(
        self,
        side: int,
        halo: int,
        *,
        multiple: int = 1,
        offset: tuple[int, int] = (0, 0),
        but: Container[int] = (),
    ) -> Iterator[Tile]:
        """All tiles, row by row, each made when it is asked for.

        Parameters
        ----------
        side : int
            Of a core, >= 1.
        halo : int
            Pixels seen around a core, >= 0; cut at the slide's border.
        multiple : int
            Windows begin and end at multiples of this, except at the slide's border.
        offset : (int, int)
            Where the first row and column of cores end, 0 <= offset < side; 0 for a whole one.
        but : container of int
            Numbers of tiles, from 0 and row by row, that are neither read nor given.

        Raises
        ------
        ValueError
            If a number is out of its range.
        """
        if side < 1 or halo < 0 or multiple < 1 or not 0 <= min(offset) <= max(offset) < side:
            raise ValueError(
                "expected side >= 1, halo >= 0, multiple >= 1 and offsets in [0, side), got "
                f"{side}, {halo}, {multiple} and {offset}"
            )
        rows, columns = (_cuts(n, side, o) for n, o in zip(self.shape, offset, strict=True))
        for number, ((top, bottom), (left, right)) in enumerate(product(rows, columns)):
            if number not in but:
                yield self._tile((top, left), (bottom, right), halo, multiple)

    def _tile(self, first, last, halo, multiple):
        starts = [max((a - halo) // multiple * multiple, 0) for a in first]
        ends = [
            min(-(-(b + halo) // multiple) * multiple, n)
            for b, n in zip(last, self.shape, strict=True)
        ]
        image = self.read(*starts, *(e - s for s, e in zip(starts, ends, strict=True)))
        core = tuple(slice(a - s, b - s) for a, b, s in zip(first, last, starts, strict=True))
        return Tile(image, (starts[0], starts[1]), (core[0], core[1]))


def files_of(path: Path) -> list[Path]:
    """The files that make a slide: itself, or all of a folder."""
    return sorted(p for p in path.iterdir() if p.is_file()) if path.is_dir() else [path]


def _cuts(length, side, offset):
    edges = sorted({0, *range(offset or side, length, side), length})
    return list(pairwise(edges))


@dataclass(frozen=True)
class _Whole:
    image: np.ndarray

    @property
    def shape(self):
        return self.image.shape[:2]

    def piece(self, row, column):
        return self.image


class _Resampled:
    """Another scale: linear interpolation, averaged where pixels grow."""

    shape = (512, 512)

    def __init__(self, slide, factor):
        self.slide, self.factor = slide, factor
        self.piece = lru_cache(maxsize=N_CACHED // 4)(self._piece)

    def _piece(self, row, column):
        from PIL import Image as Pillow

        ends = [(k * n * self.factor, (k + 1) * n * self.factor) for k, n in
                zip((row, column), self.shape, strict=True)]  # fmt: skip
        margin = int(2 * self.factor) + 2
        (top, bottom), (left, right) = ((int(a) - margin, int(b) + margin + 1) for a, b in ends)
        window = self._extended(top, left, bottom, right)
        box = (ends[1][0] - left, ends[0][0] - top, ends[1][1] - left, ends[0][1] - top)
        size = (self.shape[1], self.shape[0])
        return np.asarray(Pillow.fromarray(window).resize(size, Pillow.Resampling.BILINEAR, box))

    def _extended(self, top, left, bottom, right):
        """A window of the slide; beyond its border the last pixel goes on."""
        rows, columns = self.slide.shape
        r, c = max(top, 0), max(left, 0)
        inner = self.slide.read(
            r, c, max(min(bottom, rows) - r, 1), max(min(right, columns) - c, 1)
        )
        grow = [
            (r - top, bottom - r - inner.shape[0]),
            (c - left, right - c - inner.shape[1]),
            (0, 0),
        ]
        return np.pad(inner, grow, mode="edge")


def _plain(path):
    from PIL import Image as Pillow

    Pillow.MAX_IMAGE_PIXELS = None  # Pillow's own limit is below that of a region at 40x
    try:
        with Pillow.open(path) as image:
            if image.size[0] * image.size[1] > MOST_PIXELS:
                raise Unsupported(
                    f"{shown(path)}: expected at most {MOST_PIXELS // 10**6} megapixels in an "
                    f"image, got {image.size}: save it as a tiled TIFF"
                )
            if image.mode in DEEP:
                raise Unsupported(
                    f"{shown(path)}: expected 8 bits a pixel, got more: save it with 8 bits"
                )
            return np.asarray(image.convert("RGB"))
    except (OSError, ValueError, SyntaxError) as error:
        raise Unreadable(
            f"{shown(path)}: not an image that can be read, or truncated: save it again"
        ) from error
