"""Weights from a folder of radiographs, and masks to learn a repair from."""

from dataclasses import replace

import nibabel
import numpy as np
import pytest
from nibabel import orientations

from apps.organs.chest import shapes
from apps.organs.test_repair import SPACING, organ
from cohorts.test_radiographs import written
from corporis.apps.organs.radiograph_training import Schedule
from corporis.cohorts.organs import SHAPES, box, learn_repair, load_chest, read_mask, train_chest
from corporis.errors import BadInput


def test_training_leaves_what_the_application_loads(tmp_path, monkeypatch):
    from corporis.apps.organs.chest_shape import ORGANS
    from corporis.cohorts import organs, radiographs

    folder, known = written(tmp_path / "data"), shapes(12)
    one = radiographs.outlined_radiographs(folder)[0]
    many = [replace(one, landmarks={o: known[o][k] for o in ORGANS}) for k in range(12)]
    monkeypatch.setattr(organs, "outlined_radiographs", lambda data: many)
    seen = []
    n = train_chest(
        folder, tmp_path / "w", schedule=Schedule(2, 1), progress=lambda _, done: seen.append(done)
    )
    assert n == 12 and seen == [0.5, 1.0]
    application = load_chest(tmp_path / "w")
    assert application.shapes.n_training_ == 12
    found = application.find(one.radiograph.image)
    assert found.chances.shape == (5, 256, 256)
    (tmp_path / "w" / SHAPES).write_bytes(b"no archive")
    with pytest.raises(BadInput, match="outlines of five organs"):
        load_chest(tmp_path / "w")


def test_too_few_subjects_and_missing_weights_are_one_line(tmp_path):
    with pytest.raises(BadInput, match="at least 10 subjects with landmarks"):
        train_chest(written(tmp_path / "data"), tmp_path / "w")
    assert not (tmp_path / "w").exists()
    with pytest.raises(BadInput, match="do not ship: make it with `corporis train organ"):
        load_chest(tmp_path)


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


def test_a_pair_of_organs_is_two_shapes(tmp_path):
    for seed in range(10):
        pair = np.concatenate([organ(seed), np.zeros_like(organ(0)), organ(seed + 50)], axis=2)
        np.savez(tmp_path / f"{seed}.npz", mask=pair, spacing=np.array(SPACING))
    assert learn_repair(tmp_path)[1] == 20


def test_bad_masks_are_named(tmp_path):
    np.savez(tmp_path / "a.npz", mask=np.zeros((4, 4, 4)), spacing=np.ones(3))
    with pytest.raises(BadInput, match=r"a\.npz: expected a volume with a voxel inside"):
        read_mask(tmp_path / "a.npz")
    np.savez(tmp_path / "b.npz", other=np.zeros(3))
    with pytest.raises(BadInput, match=r"b\.npz: expected mask"):
        read_mask(tmp_path / "b.npz")
    with pytest.raises(BadInput, match="at least 10 masks"):
        learn_repair(tmp_path)


def test_a_box_has_a_margin_within_the_volume():
    mask = np.zeros((9, 9, 9), bool)
    mask[1, 4:6, 8] = True
    assert mask[box(mask)].shape == (4, 6, 3)
