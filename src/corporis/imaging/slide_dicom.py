"""Whole slides in DICOM: the finest level, tile by tile, with the scale that the file says."""

import logging
import weakref
from functools import lru_cache
from pathlib import Path

import numpy as np

from corporis.errors import CorporisError, MissingExtra, Unreadable, Unsupported
from corporis.imaging.guard import parsing, shown

MARK = b"DICM"
"""At byte 128 of every DICOM file."""
SUFFIXES = (".dcm", ".dicom")
N_CACHED = 256
EXPECTED = "a DICOM whole-slide image"


def is_dicom(path: Path) -> bool:
    """Whether a file, or any file of a folder with the usual suffix, is DICOM."""
    if path.is_dir():
        return any(is_dicom(p) for p in path.iterdir() if p.suffix.lower() in SUFFIXES)
    try:
        with open(path, "rb") as file:
            return file.read(132)[128:] == MARK
    except OSError:
        return False


class DicomPieces:
    """Tiles of the finest level of a DICOM whole-slide image, decoded one at a time.

    Parameters
    ----------
    path : path
        A file, or a folder with the files of one slide: a level a file, or in parts.

    Raises
    ------
    MissingExtra
        If wsidicom is not installed.
    Unreadable
        If there is no whole slide in it.
    Unsupported
        If it holds no colour image of 8 bits.
    """

    def __init__(self, path: Path):
        try:
            from wsidicom import WsiDicom
        except ImportError:
            raise MissingExtra("wsidicom", "slides", "reading a DICOM slide") from None
        # what it says of a damaged file is said here, once
        logging.getLogger("wsidicom").setLevel(logging.CRITICAL)
        self.path = path
        files = sorted(p for p in path.iterdir() if is_dicom(p)) if path.is_dir() else [path]
        with parsing(path, EXPECTED):
            self._slide = WsiDicom.open(files)
            weakref.finalize(self, self._slide.close)
            level = self._slide.levels.base_level
            self.size = int(level.size.height), int(level.size.width)
            self.shape = int(level.tile_size.height), int(level.tile_size.width)
            self.um_per_px = _scale(level)
            data = level.default_instance.image_data
            samples, bits = data.samples_per_pixel, data.bits
        if samples not in (1, 3) or bits != 8:
            raise Unsupported(
                f"{shown(path)}: expected a grey or RGB image of 8 bits, got {samples} samples of "
                f"{bits} bits"
            )
        self.piece = lru_cache(maxsize=N_CACHED)(self._piece)

    def _piece(self, row, column):
        top, left = row * self.shape[0], column * self.shape[1]
        height = min(self.shape[0], self.size[0] - top)
        width = min(self.shape[1], self.size[1] - left)
        try:
            seen = self._slide.read_region((left, top), 0, (width, height))
        except CorporisError:
            raise
        except Exception as error:  # decoders fail in their own ways
            raise Unreadable(
                f"{shown(self.path)}: the piece at row {top}, column {left} is corrupt: {error}"
            ) from error
        return np.asarray(seen.convert("RGB"))


def _scale(level):
    """Micrometres per pixel; of the two directions their mean."""
    spacing = level.mpp
    if spacing is None:
        return None
    value = (float(spacing.width) + float(spacing.height)) / 2
    return value if value > 0 else None
