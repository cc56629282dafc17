"""Nuclei as an image of numbers: a pyramid in which each pixel names the nucleus it belongs to.

Neither the image nor all nuclei are ever held: their masks wait on disk, by the rows they lie in,
and the image is written square by square.
"""

import struct
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from corporis.cohorts.nuclei_shown import Facts, Shown
from corporis.shapes import fill_polygon

SIDE = 512
"""Of a square of the file, pixels."""
LARGEST = 65_535
"""Number up to which 16 bits a pixel do."""
LAYOUT: dict[str, Any] = {
    "tile": (SIDE, SIDE), "photometric": "minisblack", "compression": "zlib",
    "compressionargs": {"level": 1}, "maxworkers": 1, "metadata": None,
}  # fmt: skip
HEAD = struct.Struct("<5q")
"""Of a mask on disk: number, first row and column, rows and columns."""


def write_labels(path: Path, tiles: Iterable[Shown], facts: Facts) -> None:
    """Write a tiled pyramidal TIFF of the slide's own size, 0 where there is no nucleus.

    Numbers are those of the table: without gaps after a search, and those of deleted nuclei are
    not given again. A nucleus owns its pixels alone: where outlines overlap, as when one lies
    within another, the smaller has them. One that covers no pixel's centre gets the nearest pixel.

    Parameters
    ----------
    path : path
        The file; what waits is kept beside it while it is written.
    tiles : iterable of Shown
    facts : Facts
    """
    import tifffile

    shapes = [facts.shape]
    while max(shapes[-1]) > 2 * SIDE:
        shapes.append((-(-shapes[-1][0] // 2), -(-shapes[-1][1] // 2)))
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".waiting-") as waiting:
        masks = _Masks(Path(waiting), facts)
        for tile in tiles:
            masks.add(tile)
        kind = np.dtype(np.uint16 if masks.largest <= LARGEST else np.uint32)
        squares = masks.squares(kind)
        is_big = facts.shape[0] * facts.shape[1] * kind.itemsize > 2**31
        with tifffile.TiffWriter(path, bigtiff=is_big) as file:
            for level, shape in enumerate(shapes):
                halves = _Halves(Path(waiting) / f"level-{level + 1}", shape)
                file.write(
                    halves.kept(squares),
                    shape=shape,
                    dtype=kind,
                    subifds=len(shapes) - 1 if level == 0 else None,
                    subfiletype=0 if level == 0 else 1,
                    **_resolution(facts.um_per_px, 2**level),
                    **LAYOUT,
                )
                squares = halves.squares(kind)


def _resolution(um_per_px, factor) -> dict[str, Any]:
    """Pixels a centimetre, where the scale is known."""
    if um_per_px is None:
        return {}
    per_cm = 10_000 / (um_per_px * factor)
    return {"resolution": (per_cm, per_cm), "resolutionunit": "CENTIMETER"}


class _Masks:
    """Masks of nuclei on disk, a file for every `SIDE` rows of the slide."""

    def __init__(self, folder, facts):
        self.folder, self.facts = folder, facts
        self.largest = 0

    def add(self, tile: Shown) -> None:
        """Keep a tile's nuclei, each where it lies; one over two bands of rows is kept twice."""
        held: dict[int, list[bytes]] = {}
        for number, outline in zip(tile.numbers.tolist(), tile.nuclei.outlines, strict=True):
            # a pixel's centre lies at whole numbers here, and half a pixel off the corner there
            ring = (np.asarray(outline, float) + 0.5) * self.facts.factor - 0.5
            corner, mask = _mask_of(ring, self.facts.shape)
            self.largest = max(self.largest, number)
            record = HEAD.pack(number, *corner, *mask.shape) + np.packbits(mask).tobytes()
            for band in range(corner[0] // SIDE, (corner[0] + len(mask) - 1) // SIDE + 1):
                held.setdefault(band, []).append(record)
        for band, records in held.items():
            with open(self.folder / f"rows-{band}", "ab") as file:
                file.write(b"".join(records))

    def squares(self, kind) -> Iterator[np.ndarray]:
        """All squares of the slide, row by row."""
        n_rows, n_columns = (-(-n // SIDE) for n in self.facts.shape)
        for band in range(n_rows):
            mine: list[list] = [[] for _ in range(n_columns)]
            for number, (row, column), mask in self._read(band):
                last = (column + mask.shape[1] - 1) // SIDE
                for place in range(column // SIDE, last + 1):
                    mine[place].append((number, (row - band * SIDE, column - place * SIDE), mask))
            for nuclei in mine:
                square = np.zeros((SIDE, SIDE), kind)
                for number, corner, mask in sorted(nuclei, key=_smallest_last):
                    _put(square, number, corner, mask)
                yield square

    def _read(self, band):
        path = self.folder / f"rows-{band}"
        content = path.read_bytes() if path.is_file() else b""
        place = 0
        while place < len(content):
            number, row, column, height, width = HEAD.unpack_from(content, place)
            place += HEAD.size
            size = -(-height * width // 8)
            bits = np.frombuffer(content, np.uint8, size, place)
            place += size
            mask = np.unpackbits(bits, count=height * width).reshape(height, width) > 0
            yield number, (row, column), mask


def _mask_of(ring, shape):
    """Corner and mask of an outline in the slide; at least one pixel."""
    first = np.clip(np.floor(ring.min(axis=0)), 0, np.array(shape) - 1).astype(int)
    last = np.clip(np.ceil(ring.max(axis=0)), 0, np.array(shape) - 1).astype(int)
    mask = fill_polygon(ring - first, tuple(last - first + 1))
    if not mask.any():
        middle = np.rint(ring.mean(axis=0)).astype(int) - first
        mask[tuple(np.clip(middle, 0, np.array(mask.shape) - 1))] = True
    return (int(first[0]), int(first[1])), mask


def _smallest_last(nucleus):
    number, _, mask = nucleus
    return -np.count_nonzero(mask), number


def _put(square, number, corner, mask):
    """Paint a mask where it meets the square."""
    (top, left), (height, width) = corner, mask.shape
    rows = slice(max(top, 0), min(top + height, SIDE))
    columns = slice(max(left, 0), min(left + width, SIDE))
    seen = mask[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    square[rows, columns][seen] = number


class _Halves:
    """Every second pixel of squares that pass by, on disk, from which the next level is made."""

    def __init__(self, path, shape):
        self.path = path
        self.n_rows, self.n_columns = (-(-n // SIDE) for n in shape)
        self.places: dict[tuple[int, int], tuple[int, int]] = {}

    def kept(self, squares) -> Iterator[np.ndarray]:
        """The squares as they come, row by row."""
        with open(self.path, "wb") as file:
            for number, square in enumerate(squares):
                if square.any():
                    content = zlib.compress(square[::2, ::2].tobytes(), 1)
                    self.places[divmod(number, self.n_columns)] = file.tell(), len(content)
                    file.write(content)
                yield square

    def squares(self, kind) -> Iterator[np.ndarray]:
        """Squares of the next level, each from four quarters."""
        half = SIDE // 2
        with open(self.path, "rb") as file:
            for row in range(-(-self.n_rows // 2)):
                for column in range(-(-self.n_columns // 2)):
                    square = np.zeros((SIDE, SIDE), kind)
                    for r, c in np.ndindex(2, 2):
                        if (2 * row + r, 2 * column + c) in self.places:
                            place, size = self.places[2 * row + r, 2 * column + c]
                            file.seek(place)
                            quarter = np.frombuffer(zlib.decompress(file.read(size)), kind)
                            square[r * half : (r + 1) * half, c * half : (c + 1) * half] = (
                                quarter.reshape(half, half)
                            )
                    yield square
