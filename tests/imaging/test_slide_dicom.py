"""DICOM slides: read tile by tile at their scale, and one line for what is none."""

import shutil
import sys

import numpy as np
import pytest

from corporis.errors import MissingExtra, Unreadable, Unsupported
from corporis.imaging.slide import Slide
from corporis.imaging.slide_dicom import DicomPieces, is_dicom
from imaging.dicom_slides import write_dicom_slide


@pytest.fixture
def image():
    coarse = np.random.default_rng(0).integers(0, 255, (15, 21, 3))
    return np.kron(coarse, np.ones((10, 10, 1))).astype(np.uint8)


def test_pieces_are_tiles_of_the_finest_level(image, tmp_path):
    folder = write_dicom_slide(tmp_path / "slide", image, 0.25, n_levels=3)
    for path in (folder, folder / "level-0.dcm"):
        pieces = DicomPieces(path)
        assert pieces.size == (150, 210) and pieces.shape == (64, 96)
        assert pieces.um_per_px == pytest.approx(0.25)
        np.testing.assert_array_equal(pieces.piece(0, 1), image[:64, 96:192])
        np.testing.assert_array_equal(pieces.piece(2, 2), image[128:, 192:])


def test_a_dicom_slide_is_seen_at_another_scale(image, tmp_path):
    slide = Slide.open(write_dicom_slide(tmp_path / "slide", image, 0.5))
    assert slide.at_scale(0.25).shape == (300, 420)


def test_dicom_is_known_by_its_mark(image, tmp_path):
    folder = write_dicom_slide(tmp_path / "slide", image, 0.25)
    shutil.move(folder / "level-0.dcm", tmp_path / "no-suffix")
    assert is_dicom(folder) and is_dicom(tmp_path / "no-suffix")
    (tmp_path / "text.dcm").write_text("no")
    assert not is_dicom(tmp_path / "text.dcm") and not is_dicom(tmp_path / "absent")
    assert Slide.open(tmp_path / "no-suffix").shape == (150, 210)


def test_damaged_files_are_one_line(image, tmp_path):
    whole = write_dicom_slide(tmp_path / "slide", image, 0.25, n_levels=1) / "level-0.dcm"
    cut = tmp_path / "cut.dcm"
    cut.write_bytes(whole.read_bytes()[:900])
    with pytest.raises(Unreadable, match="expected a DICOM whole-slide image"):
        Slide.open(cut)
    cut.write_bytes(whole.read_bytes()[:40000])
    slide = Slide.open(cut)
    with pytest.raises(Unreadable, match=r"piece at row \d+, column \d+ is corrupt"):
        slide.read(0, 0, 150, 210)


def test_grey_is_read_and_deeper_pixels_are_refused(image, tmp_path):
    grey = image[..., 0]
    seen = Slide.open(write_dicom_slide(tmp_path / "grey", grey, 0.25)).read(3, 4, 20, 30)
    np.testing.assert_array_equal(seen, np.repeat(grey[3:23, 4:34, None], 3, axis=2))
    folder = write_dicom_slide(tmp_path / "deep", grey.astype(np.uint16), 0.25)
    with pytest.raises(Unsupported, match="of 8 bits, got 1 samples of 16 bits"):
        Slide.open(folder)


def test_without_wsidicom_the_line_says_what_to_install(image, tmp_path, monkeypatch):
    folder = write_dicom_slide(tmp_path / "slide", image, 0.25)
    monkeypatch.setitem(sys.modules, "wsidicom", None)
    with pytest.raises(MissingExtra, match=r"pip install 'corporis\[slides\]'"):
        Slide.open(folder)
