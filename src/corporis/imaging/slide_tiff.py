"""TIFF slides: pieces of the finest level, with their colours and their scale."""

import logging
import re
import zlib
from functools import lru_cache
from io import BytesIO

import numpy as np

from corporis.errors import Unreadable, Unsupported
from corporis.imaging.guard import shown

N_CACHED = 256
"""Decoded pieces of the file that are kept: at most 200 MB at 512 x 512 pixels each."""
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, CMYK, YCBCR = 0, 1, 2, 5, 6
"""Numbers by which TIFF says what its samples are."""
PHOTOMETRIC = (WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, CMYK, YCBCR)
MIN_UM, MAX_UM = 0.05, 50.0
"""Micrometres per pixel outside of which a scale in a file is taken for printer's dots."""


class TiffPieces:
    """Tiles or strips of the finest level of a TIFF, decoded one at a time.

    Parameters
    ----------
    path : path
    page : tifffile.TiffPage
    """

    def __init__(self, path, page):
        self.path, self.page = path, page
        # all that is needed later, so that the file need not stay open
        self.offsets, self.counts = page.dataoffsets, page.databytecounts
        self.decode, self.tables = page.decode, page.jpegtables
        self.um_per_px = _scale(page)
        height = page.tilelength if page.is_tiled else page.rowsperstrip
        self.shape = (int(height), int(page.tilewidth if page.is_tiled else page.imagewidth))
        self.piece = lru_cache(maxsize=N_CACHED)(self._piece)

    @classmethod
    def open(cls, path):
        """The first page of a file, whose headers alone are read.

        Raises
        ------
        Unreadable
            If it cannot be parsed.
        Unsupported
            If it holds no grey, RGB or CMYK image of 8 bits.
        """
        import tifffile

        # what it says of a damaged file is said here, once
        logging.getLogger("tifffile").setLevel(logging.CRITICAL)
        try:
            with tifffile.TiffFile(path) as file:
                page = file.series[0].levels[0].pages[0]
                pieces = cls(path, page)
        except (OSError, ValueError, IndexError, tifffile.TiffFileError) as error:
            raise Unreadable(
                f"{shown(path)}: not a TIFF slide that can be read, or truncated: copy it again"
            ) from error
        is_colour = len(page.shape) == 3 and page.shape[2] in (3, 4)
        is_known = int(page.photometric) in PHOTOMETRIC
        if page.dtype != np.uint8 or not (is_colour or len(page.shape) == 2) or not is_known:
            raise Unsupported(
                f"{path.name}: expected a grey, RGB or CMYK image of 8 bits, got {page.dtype} "
                f"of shape {page.shape}, {page.photometric.name.lower()}"
            )
        return pieces

    def _piece(self, row, column):
        per_row = -(-self.page.imagewidth // self.shape[1])
        number = row * per_row + column
        if self.counts[number] == 0:  # sparse files leave blank tiles out
            return np.full((*self.shape, 3), 255, np.uint8)
        try:
            with open(self.path, "rb") as file:
                file.seek(self.offsets[number])
                data = file.read(self.counts[number])
            piece = self._decoded(data, number)
        except (OSError, ValueError, RuntimeError, zlib.error) as error:
            raise Unreadable(
                f"{self.path.name}: the piece at row {row * self.shape[0]}, column "
                f"{column * self.shape[1]} is corrupt: {error}"
            ) from error
        return _colours(piece, int(self.page.photometric))

    def _decoded(self, data, number):
        if self.page.compression == 7:
            return _jpeg(data, self.tables, is_rgb=self.page.photometric == 2)
        return self.decode(data, number)[0][0]


def _jpeg(data, tables, *, is_rgb):
    """A JPEG whose tables stand elsewhere in the file, decoded by Pillow."""
    from PIL import Image as Pillow

    if tables:
        data = tables[:-2] + data[2:]  # without the end of the one and the start of the other
    if is_rgb:
        # Adobe's marker, transform 0: three components that are red, green and blue
        data = data[:2] + b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00" + data[2:]
    return np.asarray(Pillow.open(BytesIO(data)))


def _colours(image, photometric=RGB):
    """Red, green and blue of a decoded piece, whichever way the file has them."""
    if image.ndim == 2 or image.shape[2] == 1:
        grey = image.reshape(*image.shape[:2], 1)
        return np.repeat(255 - grey if photometric == WHITE_IS_ZERO else grey, 3, axis=2)
    if photometric == CMYK:
        from PIL import Image as Pillow

        inks = np.ascontiguousarray(image[..., :4])
        return np.asarray(Pillow.fromarray(inks, "CMYK").convert("RGB"))
    return image[..., :3]


def _scale(page):
    """Micrometres per pixel from Aperio's or OME's description, or from the resolution tags."""
    said = page.description or ""
    for pattern in (r"MPP\s*=\s*([0-9.]+)", r'PhysicalSizeX="([0-9.]+)"'):
        found = re.search(pattern, said)
        if found:
            return float(found[1])
    resolution, unit = page.tags.get("XResolution"), page.tags.get("ResolutionUnit")
    if resolution is None or unit is None or not resolution.value[0]:
        return None
    size_um = {2: 25400.0, 3: 10000.0}.get(int(unit.value))
    if size_um is None:
        return None
    scale = size_um * resolution.value[1] / resolution.value[0]
    return scale if MIN_UM <= scale <= MAX_UM else None
