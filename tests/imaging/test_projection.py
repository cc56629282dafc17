"""Projection images: directions by letters, and which spacing counts."""

import numpy as np
import pytest

from corporis.imaging import read
from corporis.imaging.projection import orientation_of, spacing_of
from imaging.test_segmentation import radiograph

PIXELS = np.random.default_rng(0).random((70, 80))


def only(path):
    case = read(path)
    (image,) = case.images.values()
    return image, case.facts["warnings"]


@pytest.mark.parametrize(
    ("words", "across", "down"),
    [
        (["L", "F"], (-1, 0, 0), (0, 0, -1)),  # RAS+
        (["R", "F"], (1, 0, 0), (0, 0, -1)),
        (["L", "H"], (-1, 0, 0), (0, 0, 1)),
        (["FL", "LH"], (0, 0, -1), (-1, 0, 0)),
        (["A", "F"], (0, 1, 0), (0, 0, -1)),
    ],
)
def test_letters_say_how_rows_and_columns_run(words, across, down, tmp_path):
    image, warnings = only(radiograph(tmp_path / "a.dcm", PIXELS, PatientOrientation=words))
    np.testing.assert_allclose(image.affine[:3, 2], np.multiply(across, 0.7), atol=1e-9)
    np.testing.assert_allclose(image.affine[:3, 1], np.multiply(down, 0.7), atol=1e-9)
    assert image.facts["is_oriented"] and not warnings


@pytest.mark.parametrize("words", [None, "L", ["L"], ["L", "R"], ["X", "F"], ["", "F"], ["L"] * 3])
def test_other_words_say_nothing(words, tmp_path):
    assert orientation_of(words) is None
    elements = {} if words is None else {"PatientOrientation": words}
    image, warnings = only(radiograph(tmp_path / "a.dcm", PIXELS, **elements))
    assert not image.facts["is_oriented"]
    (said,) = warnings
    assert "no usable PatientOrientation" in said and "axial" not in said


def test_an_orientation_in_the_patient_goes_first(tmp_path):
    path = radiograph(
        tmp_path / "a.dcm", PIXELS, PatientOrientation=["R", "F"],
        ImageOrientationPatient=[1, 0, 0, 0, 0, -1],
    )  # fmt: skip
    np.testing.assert_allclose(only(path)[0].affine[:3, 2], [-0.7, 0, 0], atol=1e-9)


def test_the_spacing_at_the_detector_counts_where_there_is_no_other(tmp_path):
    both = {"ImagerPixelSpacing": [0.2, 0.25], "PatientOrientation": ["L", "F"]}
    image, warnings = only(radiograph(tmp_path / "a.dcm", PIXELS, None, **both))
    assert image.length_unit == "mm" and image.spacing[1:] == (0.2, 0.25)
    assert len(warnings) == 1 and "magnified" in warnings[0]
    image, warnings = only(radiograph(tmp_path / "b.dcm", PIXELS, (0.18, 0.22), **both))
    assert image.spacing[1:] == (0.18, 0.22) and not warnings


@pytest.mark.parametrize("value", [[0.2], [0.2, -1.0], ["a", "b"], [0.2, float("nan")], 5])
def test_no_sound_spacing_is_pixels(value):
    found, note = spacing_of([None, value])
    assert found is None and note == "no PixelSpacing: lengths are in pixels"
    found, note = spacing_of([value, [0.2, 0.2]])
    assert found == (0.2, 0.2) and "PixelSpacing" in note and "detector" in note
