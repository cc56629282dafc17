"""Headers: what is DICOM by its first bytes, and how odd values are taken."""

from pathlib import Path

import numpy as np
import pytest

from corporis.imaging.dicom_header import looks_like_dicom, read_frames
from corporis.imaging.reader import read

PIXELS = np.zeros((4, 5), np.uint16)


def test_first_bytes(dicom_bytes):
    assert looks_like_dicom(dicom_bytes[:400])
    assert looks_like_dicom(dicom_bytes[132:400])  # without preamble
    assert not looks_like_dicom(b"")
    assert not looks_like_dicom(b"any text that is long enough" * 9)


def test_file_without_preamble_is_read(dicom_bytes, tmp_path):
    path = tmp_path / "bare"
    path.write_bytes(dicom_bytes[132:])
    assert read(path).images["series_1"].data.shape == (6, 8)


def test_frame_holds_no_identity(write_dicom):
    (frame,) = read_frames(write_dicom("a.dcm", PIXELS))
    assert "Vesalius" not in repr(frame)
    assert "AV1514" not in repr(frame)
    assert frame.position == (10, 20, 30)
    assert frame.spacing == (2, 3)
    assert isinstance(frame.path, Path)


@pytest.mark.parametrize("spacing", [[0.0, 0.0], [-1.0, 1.0], [1e9, 1.0]])
def test_impossible_spacing_counts_as_none(write_dicom, spacing):
    (frame,) = read_frames(write_dicom("a.dcm", PIXELS, PixelSpacing=spacing))
    assert frame.spacing is None
    assert "lengths are in pixels" in frame.notes[0]
