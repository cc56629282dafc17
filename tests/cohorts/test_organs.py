"""Weights from a folder of radiographs, and masks to learn a repair from."""

from dataclasses import replace

import nibabel
import numpy as np
import pytest

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
