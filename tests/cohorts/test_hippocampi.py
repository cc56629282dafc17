"""Weights from a folder of crops, and crops as cases."""

import nibabel
import numpy as np
import pytest

from apps.organs.seahorse import crop, labels
from corporis.apps.organs.distance_shapes import DistanceShapes
from corporis.apps.organs.hippocampus_training import Schedule
from corporis.cohorts.hippocampi import (
    outlined_hippocampi,
    train_hippocampus,
)
from corporis.cohorts.organ_masks import read_crop
from corporis.cohorts.organ_outliners import HIPPOCAMPUS_SHAPES, load_hippocampus
from corporis.errors import BadInput
from corporis.learning.networks import UNet

AFFINE = np.eye(4) + np.eye(4, k=3)


def written(folder, n=12):
    """Crops as the public set stores them: first index to the right, last one up."""
    folder.mkdir(parents=True)
    for seed in range(n):
        image, label = (np.uint8(v).transpose(2, 1, 0) for v in (255 * crop(seed), labels(seed)))
        np.savez(folder / f"hippocampus_{seed:03d}.npz", image=image, label=label, affine=AFFINE)
    return folder


def test_crops_are_read_upright_from_any_of_three_folders(tmp_path):
    written(tmp_path / "brain" / "hippocampus", 3)
    for folder in (tmp_path, tmp_path / "brain", tmp_path / "brain" / "hippocampus"):
        cases = outlined_hippocampi(folder)
        assert [c.name for c in cases] == [f"hippocampus_{k:03d}" for k in range(3)]
    np.testing.assert_array_equal(cases[1].label, labels(1))
    one = cases[1].crop()
    assert one.image.min() == 0 and one.image.max() == 1
    np.testing.assert_array_equal(one.label, labels(1))


def test_training_leaves_what_the_application_loads(tmp_path):
    pytest.importorskip("torch")
    seen = []
    n = train_hippocampus(
        written(tmp_path / "data"),
        tmp_path / "w",
        schedule=Schedule(2, 1),
        progress=lambda _, done: seen.append(done),
    )
    assert n == 12 and seen == [0.5, 1.0]
    application = load_hippocampus(tmp_path / "w")
    assert application.shapes.n_training_ == 12
    found = application.find(crop(0), (1.0, 1.0, 1.0))
    assert found.label.shape == labels(0).shape
    (tmp_path / "w" / HIPPOCAMPUS_SHAPES).write_bytes(b"no archive")
    with pytest.raises(BadInput, match="expected shapes"):
        load_hippocampus(tmp_path / "w")


def test_too_few_damaged_and_missing_are_one_line(tmp_path):
    with pytest.raises(BadInput, match="at least 10 outlined crops"):
        train_hippocampus(written(tmp_path / "data", 3), tmp_path / "w")
    with pytest.raises(BadInput, match=r"expected crops there"):
        outlined_hippocampi(tmp_path)
    np.savez(tmp_path / "data" / "odd.npz", image=np.zeros((3, 3, 3)), label=np.zeros((3, 3, 2)))
    with pytest.raises(BadInput, match=r"odd\.npz: expected image"):
        outlined_hippocampi(tmp_path / "data")
    with pytest.raises(BadInput, match="do not ship: make it with `corporis train organ --organ h"):
        load_hippocampus(tmp_path)
    assert not (tmp_path / "w").exists()


def test_a_sheared_crop_is_not_learned_from(tmp_path):
    folder = written(tmp_path / "data", 1)
    with np.load(folder / "hippocampus_000.npz") as held:
        values = dict(held)
    values["affine"] = AFFINE + 0.5 * np.eye(4, k=1) * [1, 1, 1, 0]
    np.savez(folder / "hippocampus_000.npz", **values)
    with pytest.raises(BadInput, match=r"hippocampus_000\.npz: expected axes at right angles"):
        outlined_hippocampi(folder)


def test_a_crop_is_the_same_case_from_npz_and_nifti(tmp_path):
    path = sorted(written(tmp_path / "data", 1).glob("*"))[0]
    with np.load(path) as held:
        nibabel.save(nibabel.Nifti1Image(held["image"], AFFINE), tmp_path / "crop.nii.gz")
    first = read_crop(path).images["image"]
    second = read_crop(tmp_path / "crop.nii.gz", "mine").images["image"]
    np.testing.assert_array_equal(first.data, second.data)
    np.testing.assert_array_equal(first.affine, second.affine)
    assert read_crop(tmp_path / "crop.nii.gz", "mine").name == "mine"


def test_an_archive_without_affine_or_with_a_flat_one_is_refused(tmp_path):
    np.savez(tmp_path / "bare.npz", image=crop(0))
    with pytest.raises(BadInput, match=r"image .* and affine"):
        read_crop(tmp_path / "bare.npz")
    np.savez(tmp_path / "flat.npz", image=crop(0), affine=np.zeros((4, 4)))
    with pytest.raises(BadInput, match=r"flat.npz: affine is singular"):
        read_crop(tmp_path / "flat.npz")
    np.savez(tmp_path / "nan.npz", image=np.full((30, 30, 30), np.nan), affine=AFFINE)
    with pytest.raises(BadInput, match="NaN"):
        read_crop(tmp_path / "nan.npz")


def test_a_crop_of_nan_and_an_empty_label_are_named(tmp_path):
    folder = written(tmp_path / "data")
    image, label = crop(0).astype(float), labels(0)
    image[4, 5, 6] = np.nan
    np.savez(folder / "odd.npz", image=image, label=label, affine=AFFINE)
    with pytest.raises(BadInput, match=r"^odd\.npz: expected finite grey values, got 1 of"):
        train_hippocampus(folder, tmp_path / "w")
    np.savez(folder / "odd.npz", image=crop(0), label=0 * label, affine=AFFINE)
    with pytest.raises(BadInput, match=r"^odd\.npz: .* got an empty one"):
        train_hippocampus(folder, tmp_path / "w")
    np.savez(folder / "odd.npz", image=crop(0) * 1e300, label=label, affine=AFFINE)
    with pytest.raises(BadInput, match=r"^odd\.npz: expected grey values within 3\.4e\+38"):
        train_hippocampus(folder, tmp_path / "w")
    assert not (tmp_path / "w").exists()


def test_damaged_and_foreign_weights_are_one_line(tmp_path):
    torch = pytest.importorskip("torch")
    DistanceShapes().fit([labels(k) > 0 for k in range(10)], [(1.0,) * 3] * 10).save(
        tmp_path / HIPPOCAMPUS_SHAPES
    )
    torch.manual_seed(0)
    sound, foreign = (
        unet.export(unet.torch().eval())
        for unet in (UNet(1, 3, (4, 4), n_dims=3), UNet(3, 2, (4,)))
    )
    sound.save(tmp_path / "hippocampus.onnx")
    assert load_hippocampus(tmp_path).evidence.network == sound
    foreign.save(tmp_path / "hippocampus.onnx")
    with pytest.raises(BadInput, match=r"1 channels in and 3 out, got 3 and 2: make it with"):
        load_hippocampus(tmp_path)
    for content in (sound.onnx[: len(sound.onnx) // 2], b"a letter", b""):
        (tmp_path / "hippocampus.onnx").write_bytes(content)
        with pytest.raises(
            BadInput, match=r"^hippocampus\.onnx: .* damaged .*: make it"
        ) as refused:
            load_hippocampus(tmp_path)
        assert "\n" not in str(refused.value)
