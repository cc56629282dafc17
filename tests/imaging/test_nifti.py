"""NIfTI: there and back without a changed bit."""

import nibabel
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corporis.errors import BadInput, Unsupported
from corporis.imaging.image import Image
from corporis.imaging.nifti import write_nifti
from corporis.imaging.reader import read

OBLIQUE = np.array([[1.2, -0.3, 2.0, -40], [0.5, 1.1, -0.7, 12], [3.0, 0.2, 0.9, 7], [0, 0, 0, 1]])


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    st.sampled_from(["uint8", "int16", "uint16", "int32", "int64", "float32", "float64", "bool"]),
    st.booleans(),
    st.booleans(),
)
def test_round_trip_is_exact(tmp_path_factory, dtype, moving, compressed):
    path = tmp_path_factory.mktemp("nifti") / ("a.nii.gz" if compressed else "a.nii")
    rng = np.random.default_rng(0)
    shape = (3, 4, 5, 6) if moving else (3, 5, 6)
    data = rng.normal(0, 50, shape).astype(dtype)
    axes = ("slice", "time", "row", "column") if moving else ("slice", "row", "column")
    times = 33.5 * np.arange(4) if moving else None
    write_nifti(Image(data, axes, OBLIQUE, times_ms=times), path)
    image = read(path).images["image"]
    assert image.axes == axes
    assert image.data.dtype == (np.uint8 if dtype == "bool" else np.dtype(dtype))
    assert np.array_equal(image.data, data)
    assert np.allclose(image.affine, OBLIQUE, rtol=1e-6)
    assert times is None or np.allclose(image.times_ms, times)
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_voxels_lie_where_nibabel_says(tmp_path):
    image = Image(np.zeros((3, 5, 6), np.float32), ("slice", "row", "column"), OBLIQUE)
    stored = nibabel.load(write_nifti(image, tmp_path / "a.nii"))
    assert np.allclose(
        nibabel.affines.apply_affine(stored.affine, [5, 4, 2]), image.to_world([2, 4, 5])
    )


def test_single_plane_and_other_axis_order(tmp_path):
    plane = Image(np.arange(30.0).reshape(5, 6), ("row", "column"), OBLIQUE)
    assert np.array_equal(
        read(write_nifti(plane, tmp_path / "a.nii")).images["image"].data[0], plane.data
    )
    turned = Image(np.arange(90.0).reshape(6, 3, 5), ("column", "slice", "row"), OBLIQUE)
    again = read(write_nifti(turned, tmp_path / "b.nii")).images["image"]
    assert np.array_equal(again.data, turned.data.transpose(1, 2, 0))


def test_pixels_stay_pixels(tmp_path):
    image = Image(np.zeros((2, 3, 4)), ("slice", "row", "column"), np.eye(4), length_unit="pixel")
    case = read(write_nifti(image, tmp_path / "a.nii.gz"))
    assert case.images["image"].length_unit == "pixel"
    assert "pixels" in case.facts["warnings"][0]


def test_equal_images_give_equal_bytes(tmp_path):
    image = Image(np.zeros((2, 3, 4)), ("slice", "row", "column"), np.eye(4))
    first = write_nifti(image, tmp_path / "a.nii.gz").read_bytes()
    assert write_nifti(image, tmp_path / "b.nii.gz").read_bytes() == first


def test_units_of_the_header(tmp_path):
    stored = nibabel.Nifti1Image(
        np.zeros((2, 3, 4, 5), np.int16), np.diag([0.001, 0.002, 0.003, 1])
    )
    stored.header.set_xyzt_units("meter", "sec")
    stored.header["pixdim"][4] = 0.04
    nibabel.save(stored, tmp_path / "a.nii")
    image = read(tmp_path / "a.nii").images["image"]
    assert np.allclose(image.spacing, (3, 2, 1))
    assert np.allclose(image.times_ms, 40 * np.arange(5))


def test_scaled_integers_become_float32(tmp_path):
    stored = nibabel.Nifti1Image(np.arange(24, dtype=np.int16).reshape(2, 3, 4), np.eye(4))
    stored.header.set_slope_inter(0.5, 3)
    nibabel.save(stored, tmp_path / "a.nii")
    data = read(tmp_path / "a.nii").images["image"].data
    assert data.dtype == np.float32
    assert data[3, 2, 1] == 0.5 * 23 + 3


def test_ct_volume(data_dir):
    image = read(data_dir / "cardiac" / "cardiac_ct" / "cta_heart_aorta.nii.gz").images["image"]
    assert image.data.shape == (164, 126, 120)
    assert np.allclose(image.spacing, 1.5)


def test_bad_values(tmp_path):
    data = np.zeros((2, 3, 4), np.float32)
    data[0, 0, 0] = np.nan
    nibabel.save(nibabel.Nifti1Image(data, np.eye(4)), tmp_path / "a.nii")
    with pytest.raises(BadInput, match=r"a\.nii: image must be finite, but 1 of 24"):
        read(tmp_path / "a.nii")
    nibabel.save(nibabel.Nifti1Image(np.zeros((2, 3, 4, 5, 6)), np.eye(4)), tmp_path / "b.nii")
    with pytest.raises(Unsupported, match="2 to 4 dimensions"):
        read(tmp_path / "b.nii")
    nibabel.save(nibabel.Nifti1Image(np.zeros((2, 3, 4), complex), np.eye(4)), tmp_path / "c.nii")
    with pytest.raises(Unsupported, match="real numbers"):
        read(tmp_path / "c.nii")


def test_wrong_name_is_an_argument_error(tmp_path):
    with pytest.raises(ValueError, match=r"\.nii"):
        write_nifti(Image(np.zeros((2, 2)), ("row", "column"), np.eye(4)), tmp_path / "a.txt")


def test_frames_keep_their_time_in_seconds(tmp_path):
    """Other programs read the step with its unit; 40 ms are 0.04 s."""
    image = Image(
        np.zeros((2, 3, 4, 5), np.uint8),
        ("slice", "time", "row", "column"),
        np.eye(4),
        times_ms=np.array([0.0, 40.0, 80.0]),
    )
    path = write_nifti(image, tmp_path / "masks.nii.gz")
    header = nibabel.load(path).header
    assert header.get_xyzt_units() == ("mm", "sec")
    assert header["pixdim"][4] == pytest.approx(0.04)
    assert read(path).images["image"].times_ms == pytest.approx([0, 40, 80], abs=1e-4)
    untimed = write_nifti(image.with_data(image.data, times_ms=None), tmp_path / "untimed.nii")
    header = nibabel.load(untimed).header
    assert header.get_xyzt_units() == ("mm", "unknown") and header["pixdim"][4] == 0


def test_the_name_of_a_file_is_told_to_who_gave_it(tmp_path):
    image = Image(np.zeros((2, 4, 5)), ("slice", "row", "column"), np.eye(4))
    case = read(write_nifti(image, tmp_path / "patient001.nii.gz"))
    assert case.images["image"].facts["file"] == "patient001.nii.gz"
    assert case.images["image"].facts["is_placed"]
