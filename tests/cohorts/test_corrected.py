"""Corrected outlines read from what `corporis organ` leaves, and from masks beside images."""

import json

import nibabel
import numpy as np
import pytest
from PIL import Image as Pillow

from apps.organs.chest import Known, masks, radiograph, shapes
from corporis.apps.organs.chest_shape import ORGANS, ChestShapes
from corporis.cohorts.corrected import IMAGE, read_corrected
from corporis.cohorts.organ_outliners import KeptChest
from corporis.errors import BadInput
from corporis.imaging import Image, read, write_nifti
from corporis.workstation import organs
from imaging.test_segmentation import radiograph as archived


def bits(truth):
    return sum(mask.astype(np.uint8) << k for k, mask in enumerate(truth))


def picture(path, values):
    path.parent.mkdir(parents=True, exist_ok=True)
    Pillow.fromarray(values.astype(np.uint8)).save(path)
    return path


def pair(folder, seed=0, image=None):
    """NAME.png and NAME_mask.png; the mask is returned."""
    picture(folder / f"{seed}.png", 255 * (radiograph(seed) if image is None else image))
    return picture(folder / f"{seed}_mask.png", bits(masks(seed)))


def left_by_organ(folder, seed=0):
    """A folder as `corporis organ` leaves it, on a grid in mm."""
    affine = np.diag([1.0, -0.7, -0.7, 1.0])[[2, 0, 1, 3]]  # as a coronal plane
    for organ, mask in zip(ORGANS, masks(seed)):
        image = Image(mask[None].astype(np.uint8), ("slice", "row", "column"), affine)
        write_nifti(image, folder / f"{organ.replace(' ', '_')}.nii.gz")
    grey = Image(radiograph(seed).astype(np.float32), ("row", "column"), affine)
    write_nifti(grey, folder / IMAGE)
    return folder


def test_a_folder_and_a_pair_say_the_same(tmp_path):
    (tmp_path / "out").mkdir()
    one, other = read_corrected(left_by_organ(tmp_path / "out")), read_corrected(pair(tmp_path))
    for found in (one, other):
        np.testing.assert_array_equal(found.radiograph.inside > 0.5, masks(0))
        assert found.case.startswith("case-") and not found.is_turned
    np.testing.assert_allclose(one.radiograph.image, other.radiograph.image, atol=0.01)
    assert np.corrcoef(one.radiograph.image.ravel(), radiograph(0).ravel())[0, 1] > 0.99
    picture(tmp_path / "set" / "images" / "a.png", 255 * radiograph(0))
    big = np.kron(bits(masks(0)), np.ones((2, 2), np.uint8))
    third = read_corrected(picture(tmp_path / "set" / "masks" / "a.png", big))
    assert third.case == other.case  # the same grey values get the same name
    np.testing.assert_array_equal(third.radiograph.inside, other.radiograph.inside)


def test_outlines_are_turned_with_the_radiograph_they_were_drawn_on(tmp_path):
    wanted = read_corrected(pair(tmp_path)).radiograph
    mirrored = {"PatientOrientation": ["R", "F"]}
    archived(tmp_path / "m.dcm", radiograph(0)[:, ::-1], (0.7, 0.7), **mirrored)
    plain = np.diag([0.7, 0.7, 1.0, 1.0])  # as a program writes it that knows of no patient
    sums = bits(masks(0))[:, ::-1].T
    placed = np.diag([0.7, -0.7, 1.0, 1.0])[[0, 2, 1, 3]]  # columns to the right, rows down
    mask = picture(tmp_path / "m_mask.png", sums.T)
    for affine in (None, plain, -plain, placed):
        if affine is not None:
            mask.unlink()
            mask = tmp_path / "m_mask.nii.gz"
            affine[3, 3] = 1
            nibabel.save(nibabel.Nifti1Image(sums[..., None], affine), mask)
        found = read_corrected(mask).radiograph
        np.testing.assert_array_equal(found.inside, wanted.inside)
        np.testing.assert_allclose(found.image, wanted.image, atol=0.01)


def test_an_edited_mask_is_what_is_read(tmp_path):
    folder = left_by_organ(tmp_path)
    held = nibabel.load(folder / "heart.nii.gz")
    data = np.asarray(held.dataobj).copy()
    data[20:30, 140:150] = 7  # columns first; as an editor of labels may
    nibabel.save(nibabel.Nifti1Image(data, held.affine), folder / "heart.nii.gz")
    heart = read_corrected(folder).radiograph.inside[2] > 0.5
    assert heart[145, 25] and (heart & ~masks(0)[2]).any()


def test_inverted_grey_values_are_turned(tmp_path):
    there = read_corrected(pair(tmp_path / "a"))
    back = read_corrected(pair(tmp_path / "b", image=1 - radiograph(0)))
    assert back.is_turned
    np.testing.assert_allclose(back.radiograph.image, there.radiograph.image, atol=0.01)


def test_what_is_missing_is_named(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadInput, match="empty: expected what `corporis organ` leaves"):
        read_corrected(tmp_path / "empty")
    with pytest.raises(BadInput, match="no such file"):
        read_corrected(tmp_path / "no.png")
    mask = pair(tmp_path)
    (tmp_path / "0.png").unlink()
    with pytest.raises(BadInput, match="no image beside it"):
        read_corrected(mask)
    picture(tmp_path / "0.png", np.random.default_rng(0).integers(0, 255, (200, 256)))
    with pytest.raises(BadInput, match="differ in form"):
        read_corrected(mask)
    picture(tmp_path / "1.png", 255 * radiograph(1))
    with pytest.raises(BadInput, match="sums of 1, 2, 4, 8 and 16"):
        read_corrected(picture(tmp_path / "1_mask.png", 255 * masks(1)[0]))
    with pytest.raises(BadInput, match="got none of heart, right clavicle"):
        read_corrected(picture(tmp_path / "1_mask.png", bits(masks(1)) & 0b01011))


def test_outlines_that_nobody_changed_are_known(tmp_path, monkeypatch):
    application = KeptChest(Known(masks(0)), ChestShapes().fit(shapes(40)), None, {"step": 3})
    monkeypatch.setattr(organs, "load_chest", lambda weights, progress=None: application)
    out, image = tmp_path / "out", picture(tmp_path / "a.png", 255 * radiograph(0))
    organs.run_chest(image, out, "w")
    said = json.loads((out / "report.json").read_text())
    assert said["provenance"]["weights"] == {"step": 3}
    found = read_corrected(out)
    assert found.is_unchanged and found.case == said["case"] == read(image, pictures=True).name
    (out / "report.json").unlink()
    assert not read_corrected(out).is_unchanged  # nobody knows
    assert read_corrected(out, application).is_unchanged
    held = nibabel.load(out / "heart.nii.gz")
    moved = np.roll(np.asarray(held.dataobj), 1, axis=0)
    nibabel.save(nibabel.Nifti1Image(moved, held.affine), out / "heart.nii.gz")
    assert not read_corrected(out, application).is_unchanged
    (out / "report.json").write_text(json.dumps(said))
    assert not read_corrected(out).is_unchanged
    (out / "report.json").write_text("[]")
    assert read_corrected(out).case.startswith("case-")
