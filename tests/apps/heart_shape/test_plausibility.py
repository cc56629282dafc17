"""What cannot be a short-axis cine of a heart is refused; what is unusual is said."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from apps.heart_shape.known import affine_of
from corporis.apps.heart_shape.planes import choose_planes
from corporis.apps.heart_shape.plausibility import USUAL_AXIS, doubts
from corporis.errors import BadInput, Unsupported
from corporis.imaging.image import Image


def cine(n_slices=3, n_times=12, *, pixel=1.5, gap=8.0, tilt=0.0, beat_ms=900.0, **facts):
    """Noise that keeps its brightness; normal at `tilt` degrees from the usual axis of hearts."""
    rng = np.random.default_rng(0)
    data = rng.uniform(0, 500, (n_slices, n_times, 40, 40))
    to_axis, _ = Rotation.align_vectors([USUAL_AXIS], [[0, 0, 1]])
    turn = to_axis * Rotation.from_euler("x", tilt, degrees=True)
    times = None if beat_ms is None else beat_ms * np.arange(n_times) / n_times
    return Image(
        data,
        ("slice", "time", "row", "column"),
        affine_of(pixel, gap, turn.as_matrix()),
        times_ms=times,
        facts={"is_placed": True, **facts},
    )


def doubted(image, **chosen):
    images = {"sax": image}
    return doubts(images, choose_planes(images)[0], **chosen)


def refused(image, *words):
    with pytest.raises(Unsupported) as error:
        doubted(image)
    assert "\n" not in str(error.value) and "sax" in str(error.value)
    assert all(word in str(error.value) for word in words), str(error.value)


def test_a_usual_cine_raises_no_doubt():
    assert doubted(cine()) == ()
    assert doubted(cine(tilt=50)) == ()
    assert doubted(cine(1, 1, beat_ms=None)) == ()


def test_a_long_axis_view_is_refused_unless_it_was_chosen():
    view = cine(1, tilt=82)
    refused(view, "82 degrees", "long-axis", "--series")
    (said,) = doubted(view, is_chosen=True)
    assert "you named the series" in said and "82 degrees" in said
    assert doubted(replace(view, facts={"is_placed": False})) == ()


def test_masks_are_refused():
    image = cine()
    refused(image.with_data(np.round(image.data / 200)), "3 different values", "masks")


def test_computed_tomography_is_refused():
    refused(cine().with_data(cine().data * 3 - 1000), "magnitude", "CT")
    normalised = cine().data / 250 - 1
    assert doubted(cine().with_data(normalised)) == ()


def test_a_contrast_passage_is_refused_but_a_beat_is_not():
    image = cine(1)
    course = np.linspace(1, 2, 12)[:, None, None]
    refused(image.with_data(image.data * course), "perfusion", "-fold")
    beat = 1.5 - 0.5 * np.cos(2 * np.pi * np.arange(12) / 12)[:, None, None]
    assert doubted(image.with_data(image.data * beat)) == ()


def test_metres_and_other_sizes_are_told_with_what_was_expected():
    refused(cine(pixel=0.0015, gap=0.008), "field of view of 30 to 1000 mm, got 0.06 mm", "unit")
    refused(cine(pixel=1500.0, gap=8000.0), "got 6e+04 mm")
    (said,) = doubted(cine(gap=60.0))
    assert "distance between slices is 60 mm" in said and "2 to 25 mm" in said
    (said,) = doubted(cine(pixel=6.0))
    assert "pixel is 6 mm" in said


def test_pixels_in_no_length_are_not_judged_by_size():
    assert doubted(replace(cine(pixel=1.0, gap=1.0), length_unit="pixel")) == ()


def test_a_sheared_or_stretched_affine_is_refused():
    image = cine()
    sheared = image.affine.copy()
    sheared[:3, 1] += 0.3 * sheared[:3, 2]
    refused(replace(image, affine=sheared), "square pixels", "73 degrees")
    stretched = image.affine.copy()
    stretched[:3, 1] *= 1.5
    refused(replace(image, affine=stretched), "2.25 and 1.5 mm")


def test_impossible_heart_rates_are_refused_and_unusual_ones_said():
    refused(cine(beat_ms=0.9), "20 to 350 per minute", "times in ms")  # seconds for milliseconds
    refused(cine(beat_ms=55000.0), "1.09 per minute")
    (said,) = doubted(cine(beat_ms=2400.0))
    assert "heart rate of 25 per minute" in said and "35 to 200" in said
    assert doubted(cine(n_times=3, beat_ms=90.0)) == ()


@pytest.mark.parametrize("name", ["perfusion_first_pass.npz", "cardiac_ct/heart.nii.gz"])
def test_real_images_of_another_kind_are_refused(data_dir, name):
    from corporis.imaging import read

    case = read(data_dir / "cardiac" / name)
    with pytest.raises(Unsupported):
        doubts(case.images, choose_planes(case.images)[0])


def test_real_long_axis_series_alone_are_refused(data_dir):
    from corporis.imaging import read

    for number in (6, 8):
        case = read(data_dir / "cardiac" / "bivme_patient1" / f"Se{number}.npz")
        with pytest.raises(Unsupported, match="long-axis"):
            doubts(case.images, choose_planes(case.images)[0])


def test_real_short_axis_cines_raise_no_doubt(data_dir):
    from corporis.imaging import read

    for name in ("bivme_patient1", "bivme_patient1/dicom_Se2", "pig_cine_sax.npz"):
        case = read(data_dir / "cardiac" / name)
        assert doubts(case.images, choose_planes(case.images)[0]) == ()


def test_all_doubts_are_bad_input():
    assert issubclass(Unsupported, BadInput)
