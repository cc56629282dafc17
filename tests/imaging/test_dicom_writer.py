"""DICOM out and in again: values, geometry, times, and nobody named."""

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corporis.imaging import Image, read, write_dicom

OBLIQUE = np.array([[0, 0.6, 1.2], [0.0, -1.6, 0.9], [8.0, 0, 0]])
RNG = np.random.default_rng(4)


def affine(linear=None, position=(5.0, -7.5, 12.25)):
    out = np.eye(4)
    out[:3, :3] = np.array([[0, 0, -1.5], [0, -2.0, 0], [8.0, 0, 0]]) if linear is None else linear
    out[:3, 3] = position
    return out


def only(path):
    (image,) = read(path).images.values()
    return image


@pytest.mark.parametrize("scale", [1e-6, 1.0, 3e7])
def test_values_come_back_to_the_last_step(tmp_path, scale):
    data = (scale * RNG.gamma(2.0, size=(20, 30))).astype(np.float32)
    (path,) = write_dicom(Image(data, ("row", "column"), affine()), tmp_path / "a.dcm")
    again = only(path)
    assert np.max(np.abs(again.data - data)) <= 0.51 * data.max() / 65535
    assert np.allclose(again.affine[:, 1:], affine()[:, 1:])
    assert again.facts["modality"] == "MR"
    assert again.facts["kind"] == "M"


@settings(max_examples=25)
@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6))
def test_signed_values_keep_their_zero(tmp_path_factory, low, span):
    data = np.array([[low, 0.0], [low + span, low + span / 3]])
    path = tmp_path_factory.mktemp("dicom") / "a.dcm"
    write_dicom(Image(data, ("row", "column"), affine()), path)
    width = max(data.max(), 0) - min(data.min(), 0)
    assert np.max(np.abs(only(path).data - data)) <= 2e-5 * width


def test_oblique_stack_with_times(tmp_path):
    turn, _ = np.linalg.qr(RNG.standard_normal((3, 3)))
    linear = turn * [9.0, 1.25, 1.5]
    linear[:, 0] *= np.sign(np.linalg.det(linear))  # slices along the normal
    linear = linear @ np.diag(
        [-1 if np.cross(turn[:, 2], turn[:, 1]) @ linear[:, 0] < 0 else 1, 1, 1]
    )
    data = RNG.gamma(2.0, size=(3, 4, 6, 8)).astype(np.float32)
    image = Image(
        data,
        ("slice", "time", "row", "column"),
        affine(linear),
        times_ms=40.0 * np.arange(4),
        slice_thickness_mm=7.0,
        facts={"rr_ms": 801.3},
    )
    paths = write_dicom(image, tmp_path / "out", description="TV", series=7)
    assert [p.name for p in paths][-1] == "image_0012.dcm"
    case = read(tmp_path / "out")
    assert list(case.images) == ["series_7"]
    again = case.images["series_7"]
    assert again.axes == image.axes
    assert np.allclose(again.data, data, atol=data.max() / 65535)
    assert np.allclose(again.affine, image.affine, atol=1e-5)
    assert np.allclose(again.times_ms, image.times_ms)
    assert again.slice_thickness_mm == 7
    assert (again.facts["rr_ms"], again.facts["description"]) == (801, "TV")
    assert not case.facts["warnings"]


def test_times_of_each_slice_and_none(tmp_path):
    data = RNG.random((2, 3, 4, 4))
    times = np.array([[0.0, 30, 60], [10, 40, 70]])
    axes = ("slice", "time", "row", "column")
    write_dicom(Image(data, axes, affine(), times_ms=times), tmp_path / "a")
    write_dicom(Image(data, axes, affine()), tmp_path / "b")
    again = only(tmp_path / "a")
    order = np.argsort(again.times_ms[:, 0])
    assert np.allclose(again.times_ms[order], times)
    assert only(tmp_path / "b").facts["time_source"] == "temporal position"


def test_nobody_and_no_date_is_named(tmp_path):
    image = Image(np.ones((4, 4)), ("row", "column"), affine(), facts={"PatientName": "Vesalius"})
    (path,) = write_dicom(image, tmp_path / "a.dcm", description="plug-and-play\nβ")
    stored = pydicom.dcmread(path)
    assert stored.PatientIdentityRemoved == "YES"
    for element in stored:
        if element.keyword.startswith("Patient") and element.keyword != "PatientIdentityRemoved":
            assert not element.value, element.keyword
        assert element.VR not in ("DA", "TM", "DT") or not element.value
    assert b"Vesalius" not in path.read_bytes()
    assert stored.SOPClassUID == "1.2.840.10008.5.1.4.1.1.4"
    assert stored.file_meta.MediaStorageSOPInstanceUID == stored.SOPInstanceUID
    assert stored.SeriesDescription == "plug-and-play β"
    assert (stored.BitsStored, stored.PixelRepresentation) == (16, 0)


def test_equal_images_give_equal_files_and_others_other_numbers(tmp_path):
    image = Image(RNG.random((4, 4)), ("row", "column"), affine())
    first, second = (write_dicom(image, tmp_path / f"{n}.dcm")[0].read_bytes() for n in "ab")
    assert first == second
    write_dicom(image.with_data(image.data + np.eye(4)), tmp_path / "c.dcm")
    numbers = {pydicom.dcmread(tmp_path / f"{n}.dcm").SOPInstanceUID for n in "abc"}
    assert len(numbers) == 2
    assert all(n.startswith("2.25.") and len(n) <= 64 for n in numbers)


def test_pixels_stay_pixels(tmp_path):
    image = Image(np.eye(4), ("row", "column"), np.eye(4), length_unit="pixel")
    case = read(write_dicom(image, tmp_path / "a.dcm")[0])
    assert case.images["series_1"].length_unit == "pixel"
    assert "PixelSpacing" not in pydicom.dcmread(tmp_path / "a.dcm")


def test_flat_and_integer_images(tmp_path):
    for data in (
        np.zeros((4, 4)),
        np.ones((4, 4), bool),
        np.arange(16, dtype=np.uint16).reshape(4, 4),
    ):
        (path,) = write_dicom(Image(data, ("row", "column"), affine()), tmp_path / "a.dcm")
        assert np.allclose(only(path).data, data, atol=2e-4)


def test_what_cannot_be_written_leaves_nothing(tmp_path):
    plane = ("row", "column")
    sheared = affine(np.array([[0, 0.5, 1.0], [0, 1, 0], [1.0, 0, 0]]))
    for image, words in (
        (Image(np.full((2, 2), np.nan), plane, affine()), "finite"),
        (Image(np.ones((2, 2), complex), plane, affine()), "real"),
        (Image(np.ones((2, 2)), plane, sheared), "perpendicular"),
        (Image(np.ones((3, 2, 2)), ("slice", *plane), affine()), "give a folder"),
    ):
        with pytest.raises(ValueError, match=words):
            write_dicom(image, tmp_path / "a.dcm")
    assert not list(tmp_path.iterdir())


def test_an_interrupted_series_leaves_nothing_new(tmp_path, monkeypatch):
    from corporis.imaging import dicom_writer

    image = Image(np.ones((3, 2, 2)), ("slice", "row", "column"), affine())
    (tmp_path / "notes.txt").write_text("mine")
    write = dicom_writer.write_bytes

    def stops(path, content):
        if path.name == "image_0003.dcm":
            raise KeyboardInterrupt
        return write(path, content)

    monkeypatch.setattr(dicom_writer, "write_bytes", stops)
    with pytest.raises(KeyboardInterrupt):
        write_dicom(image, tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["notes.txt"]
