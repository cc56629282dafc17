"""Radiographs that lie otherwise: turned upright, and what is found brought back."""

import nibabel
import numpy as np
import pytest

from apps.organs.chest import Known, masks, radiograph, shapes
from corporis.apps.organs.chest_shape import ChestShapes
from corporis.apps.organs.frontal import Frontal, single_plane
from corporis.apps.organs.radiograph import ChestRadiograph
from corporis.errors import BadInput
from corporis.imaging import Image, read, write_nifti
from corporis.interfaces import Case

PIXELS = np.random.default_rng(0).random((80, 96)).astype(np.float32)
AXIAL = np.diag([-0.7, -0.7, 1.0, 1.0])


@pytest.fixture(scope="module")
def learned():
    return ChestShapes().fit(shapes(40))


def stored(path, stack, affine):
    nibabel.save(nibabel.Nifti1Image(stack, affine), path)
    return read(path)


def canonical(path):
    """The same image with axes reversed until they run right, forward and up."""
    other = path.with_name(f"canonical_{path.name}")
    nibabel.save(nibabel.as_closest_canonical(nibabel.load(path)), other)
    return read(other)


def test_files_without_a_direction_are_taken_as_they_are(tmp_path):
    for affine in (np.eye(4), np.diag([0.7, 0.7, 1, 1]), AXIAL):
        _, found = single_plane(stored(tmp_path / "a.nii", PIXELS.T[..., None], affine))
        np.testing.assert_array_equal(found, PIXELS)
    plain = nibabel.Nifti1Image(PIXELS.T, None)  # neither form has a code
    nibabel.save(plain, tmp_path / "b.nii")
    np.testing.assert_array_equal(single_plane(read(tmp_path / "b.nii"))[1], PIXELS)


@pytest.mark.parametrize("unit", ["mm", "pixel"])
def test_what_we_write_is_read_alike_after_another_program_reversed_its_axes(unit, tmp_path):
    affine = np.array([[0, 0, -0.7, 0], [0, -0.7, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1]])
    path = write_nifti(Image(PIXELS, ("row", "column"), affine, unit), tmp_path / "a.nii")
    image, found = single_plane(canonical(path))
    np.testing.assert_array_equal(found, PIXELS)
    assert not np.array_equal(image.data[0], PIXELS) and image.length_unit == unit
    back = Frontal.of(image).image_like(image, PIXELS > 0.5)
    np.testing.assert_array_equal(back.data, image.data > 0.5)


@pytest.mark.parametrize("signs", [(1, 1), (-1, 1), (1, -1), (-1, -1)])
def test_a_coronal_plane_of_a_volume_is_a_radiograph(signs, tmp_path):
    right, up = signs
    affine = np.diag([0.7 * right, 0.7, 1.4 * up, 1.0])
    upright = PIXELS[::1, ::-right][::-up]  # the first index runs to the right, the third up
    case = stored(tmp_path / "a.nii", upright.T[:, None], affine)
    image, found = single_plane(case)
    np.testing.assert_array_equal(found, PIXELS)
    frontal = Frontal.of(image)
    np.testing.assert_allclose(frontal.pixel_mm, (1.4, 0.7), rtol=1e-6)
    mask = frontal.image_like(image, PIXELS > 0.5)
    path = write_nifti(mask, tmp_path / "mask.nii")
    there = np.asarray(nibabel.load(path).dataobj)
    np.testing.assert_array_equal(there, upright.T[:, None] > 0.5)
    np.testing.assert_allclose(nibabel.load(path).affine, affine, rtol=1e-6)


def test_lateral_views_and_volumes_are_refused(tmp_path):
    case = stored(tmp_path / "a.nii", PIXELS[None], np.diag([1, 0.7, 0.7, 1]))
    with pytest.raises(BadInput, match="expected a frontal radiograph, got a lateral one"):
        single_plane(case)
    with pytest.raises(BadInput, match="expected one radiograph"):
        single_plane(stored(tmp_path / "b.nii", np.stack([PIXELS] * 2), np.eye(4)))
    with pytest.raises(ValueError, match="expected one plane"):
        Frontal.of(Image(np.zeros((2, 4, 4)), ("slice", "row", "column"), np.eye(4)))


def test_oblong_pixels_are_seen_and_measured_in_true_proportions(learned):
    truth, application = masks(100), ChestRadiograph(Known(masks(100)), learned)
    measures = []
    for pixels, height in ((radiograph(100), 0.7), (radiograph(100)[::2], 1.4)):
        image = Image(pixels, ("row", "column"), np.diag([1.0, height, 0.7, 1.0]))
        report = application(Case("case-1", {"chest": image}))
        measures.append({m.name: m for m in report.measures})
        assert report.images["left_lung"].data.shape == (1, *pixels.shape)
    area = truth[0].sum() * 0.49 / 100
    name = "left lung: area"
    for found in measures:
        assert found[name].unit == "cm^2" and found[name].low < area < found[name].high
        assert found[name].value == pytest.approx(area, rel=0.04)
    spread = [found[name].high - found[name].low for found in measures]
    assert spread[0] == pytest.approx(spread[1], rel=0.05)
    ratios = [found["cardiothoracic ratio"].value for found in measures]
    assert ratios[0] == pytest.approx(ratios[1], abs=0.01)


@pytest.mark.parametrize(("pixel_mm", "is_said"), [(0.05, True), (1.4, False), (9.0, True)])
def test_a_spacing_that_no_chest_has_is_said(pixel_mm, is_said):
    image = Image(PIXELS, ("row", "column"), np.diag([1.0, pixel_mm, pixel_mm, 1.0]))
    lungs = np.zeros((5, 80, 240), bool)
    lungs[0, 20:60, 10:110], lungs[1, 20:60, 120:220] = True, True
    notes = Frontal.of(image).notes(lungs)
    assert [("cannot be right" in note) for note in notes] == [True] * is_said
    assert Frontal.of(image).notes(np.zeros((5, 80, 96), bool)) == []
