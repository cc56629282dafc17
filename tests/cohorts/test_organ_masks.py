"""Masks from NIfTI and ``.npz`` files: turned alike, and refused in one line."""

import nibabel
import numpy as np
import pytest
from nibabel import orientations

from apps.organs.test_repair import SPACING, organ
from corporis.cohorts.organ_masks import box, inside, mask_case, read_mask, single_volume
from corporis.errors import BadInput


def test_masks_of_both_kinds_are_read_alike(tmp_path):
    mask = organ(0)
    np.savez(tmp_path / "a.npz", mask=mask.astype(np.uint8), spacing=np.array(SPACING))
    # the file's first index is the column: its transpose is (slice, row, column)
    affine = np.diag([*SPACING[::-1], 1.0])
    nibabel.save(nibabel.Nifti1Image(mask.T.astype(np.uint8), affine), tmp_path / "b.nii.gz")
    (first, steps), (second, other) = (read_mask(tmp_path / n) for n in ("a.npz", "b.nii.gz"))
    np.testing.assert_array_equal(first, second)
    assert steps == pytest.approx(other) and first.sum() == mask.sum()


@pytest.mark.parametrize("codes", ["RAS", "LPS", "IPL", "SLA"])
def test_masks_of_every_orientation_are_turned_to_one(tmp_path, codes):
    mask, affine = organ(0), np.diag([*SPACING[::-1], 1.0])
    straight = nibabel.Nifti1Image(mask.T.astype(np.uint8), affine)
    own = nibabel.io_orientation(affine)
    there = orientations.ornt_transform(own, orientations.axcodes2ornt(codes))
    turned = straight.as_reoriented(there)
    nibabel.save(turned, tmp_path / "a.nii.gz")
    data = np.asarray(turned.dataobj)
    steps = np.array(turned.header.get_zooms())
    np.savez(tmp_path / "b.npz", mask=data, spacing=steps, axcodes=np.array(list(codes)))
    np.savez(tmp_path / "c.npz", label=data, affine=turned.affine)
    for name in ("a.nii.gz", "b.npz", "c.npz"):
        found, spacing = read_mask(tmp_path / name)
        np.testing.assert_array_equal(found, mask[box(mask)])
        assert spacing == pytest.approx(SPACING)


@pytest.mark.parametrize("codes", ["RAS", "IPL"])
def test_a_case_lies_as_a_nifti_file_of_the_same_array(tmp_path, codes):
    label = organ(0).astype(np.uint8)
    label[organ(0)] = np.arange(organ(0).sum()) % 3 + 1
    steps = (2.0, 1.5, 1.0)
    affine = np.diag([0.0, 0, 0, 1])
    for axis, (to, sign) in enumerate(orientations.axcodes2ornt(codes).astype(int)):
        affine[to, axis] = sign * steps[axis]
    nibabel.save(nibabel.Nifti1Image(label, affine), tmp_path / "a.nii.gz")
    np.savez(tmp_path / "b.npz", mask=label, spacing=steps, axcodes=list(codes))
    np.savez(tmp_path / "c.npz", mask=label, affine=affine)
    wanted, values = single_volume(mask_case(tmp_path / "a.nii.gz"))
    for name in ("b.npz", "c.npz"):
        case = mask_case(tmp_path / name, "mine")
        image, found = single_volume(case)
        np.testing.assert_array_equal(found, values)
        np.testing.assert_allclose(image.affine, wanted.affine)
        assert case.name == "mine" and case.facts["warnings"] == ()
    np.savez(tmp_path / "d.npz", label=label, spacing=steps)
    assert "orientation not given" in mask_case(tmp_path / "d.npz").facts["warnings"][0]


def test_labels_of_an_organ_are_chosen_among_several():
    values = np.array([0, 2, 5, 2, 0])
    assert inside(values > 0).tolist() == [False, True, True, True, False]
    assert inside(values, [2]).tolist() == [False, True, False, True, False]
    assert inside(values, [2, 5]).sum() == 3
    with pytest.raises(BadInput, match=r"a\.npz: expected one label, got 2, 5: say .* --label"):
        inside(values, name="a.npz")
    with pytest.raises(BadInput, match="got 1, 2, 3, 4, 5, 6, 7, 8 and 12 more: say"):
        inside(np.arange(21))
    with pytest.raises(BadInput, match="expected 3 with a voxel inside, got 2, 5"):
        inside(values, [3])
    with pytest.raises(BadInput, match="expected a label with a voxel inside, got none"):
        inside(np.zeros(3))


BALL = np.pad(np.ones((2, 2, 2)), 1)
BAD = {
    "none": ({"other": BALL, "spacing": np.ones(3)}, r"expected mask .* got other, spacing"),
    "nowhere": ({"mask": BALL}, r"expected mask \(or label\) and spacing .* got mask:"),
    "flat": ({"mask": BALL[0], "spacing": np.ones(3)}, r"expected a volume as mask.*\(4, 4\)"),
    "nan": (
        {"mask": np.where(BALL > 0, 1, np.nan), "spacing": np.ones(3)},
        "56 of 64 values are NaN",
    ),
    "objects": ({"mask": BALL.astype(object), "spacing": np.ones(3)}, "got Python objects in"),
    "complex": ({"mask": BALL + 1j, "spacing": np.ones(3)}, "must hold real numbers"),
    "two": ({"mask": BALL, "spacing": np.ones(2)}, "expected 3 numbers in spacing"),
    "still": ({"mask": BALL, "spacing": np.array([1, 0, 1])}, "expected a spacing above 0 mm"),
    "codes": ({"mask": BALL, "spacing": np.ones(3), "axcodes": ["I", "S", "L"]}, "such as IPL"),
    "short": ({"mask": BALL, "spacing": np.ones(3), "axcodes": "IP"}, "such as IPL"),
    "letters": ({"mask": BALL, "spacing": np.ones(3), "axcodes": "XYZ"}, "such as IPL"),
    "numbers": ({"mask": BALL, "spacing": np.ones(3), "axcodes": np.ones(3)}, "expected text in"),
    "affine": ({"mask": BALL, "affine": np.eye(3)}, "affine"),
    "singular": ({"mask": BALL, "affine": np.zeros((4, 4))}, "affine is singular"),
    "empty": ({"mask": 0 * BALL, "spacing": np.ones(3)}, "expected a volume with a voxel inside"),
    "void": ({"mask": BALL[:0], "spacing": np.ones(3)}, "expected"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_masks_are_named_in_one_line(tmp_path, name):
    arrays, said = BAD[name]
    np.savez(tmp_path / f"{name}.npz", **arrays)
    with pytest.raises(BadInput, match=said) as refused:
        read_mask(tmp_path / f"{name}.npz")
    assert f"{name}.npz" in str(refused.value) and "\n" not in str(refused.value)


def test_what_is_no_archive_is_refused(tmp_path):
    (tmp_path / "a.npz").write_bytes(b"a letter")
    with pytest.raises(BadInput, match=r"expected an \.npz archive of plain arrays"):
        read_mask(tmp_path / "a.npz")
    with pytest.raises(BadInput, match="does not exist"):
        read_mask(tmp_path / "b.npz")


def test_a_box_has_a_margin_within_the_volume():
    mask = np.zeros((9, 9, 9), bool)
    mask[1, 4:6, 8] = True
    assert mask[box(mask)].shape == (4, 6, 3)


def test_a_sheared_mask_is_refused(tmp_path):
    affine = np.eye(4)
    affine[0, 1] = affine[0, 2] = 0.9
    nibabel.save(nibabel.Nifti1Image(np.ones((4, 4, 4), np.uint8), affine), tmp_path / "a.nii")
    with pytest.raises(BadInput, match=r"a\.nii: expected axes at right angles, got \d+ degrees"):
        read_mask(tmp_path / "a.nii")
