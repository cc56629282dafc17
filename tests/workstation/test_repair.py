"""The command for repair: what it leaves, what it says, what it refuses."""

import json
import time
from types import SimpleNamespace

import nibabel
import numpy as np
import pytest

from apps.organs.test_repair import SPACING, damaged, organ
from corporis.cli import main
from corporis.cohorts import kept_repair
from corporis.imaging import Image
from corporis.shapes import dice, volume
from corporis.workstation import repair


def leave(*words):
    with pytest.raises(SystemExit) as leaving:
        main([str(word) for word in words])
    return int(leaving.value.code or 0)


def stored(mask, path, shear=0.0):
    """The file's first index is the column."""
    affine = np.diag([*SPACING[::-1], 1.0])
    affine[0, 1] = shear * affine[1, 1]  # which leaves a voxel's volume as it is
    nibabel.save(nibabel.Nifti1Image(mask.T.astype(np.uint8), affine), path)
    return path


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sound")
    for seed in range(15):
        stored(organ(seed), folder / f"{seed}.nii.gz")
    return folder


@pytest.fixture(scope="module")
def model(sound):
    """What was learned once, for all tests that do not look at learning."""
    path = sound.parent / "beans.npz"
    kept_repair.known_repair(sound, path, "bean")
    return path


def test_a_mask_is_mended_and_what_was_overruled_is_left(model, tmp_path):
    truth = organ(300)
    seen = damaged(truth, 5, is_added=True)
    source, out = stored(seen, tmp_path / "seen.nii.gz", shear=0.04), tmp_path / "out"
    assert leave("repair", source, "-o", out, "--organ", "bean", "--model", model) == 0
    found = nibabel.load(out / "repaired.nii.gz").get_fdata().T
    overruled = nibabel.load(out / "overruled.nii.gz").get_fdata().T
    assert dice(found, truth) > dice(seen, truth)
    assert overruled[(seen != found)].mean() > 0.9
    content = json.loads((out / "report.json").read_text())
    values = {m["name"]: m["value"] for m in content["measures"]}
    voxel = np.prod(SPACING) / 1000
    assert values["volume, as given"] == pytest.approx(seen.sum() * voxel)
    assert values["volume, mended"] == pytest.approx(found.sum() * voxel)
    change = values["added"] - values["removed"]
    assert change == pytest.approx((found.sum() - seen.sum()) * voxel)
    assert "mended as a bean" in (out / "report.html").read_text()


def test_the_page_opens_where_most_was_changed():
    given = np.zeros((6, 4, 4), bool)
    mended = given.copy()
    assert repair.most_changed(given, mended) is None
    mended[1, 0, 0] = mended[4, :2] = True
    assert repair.most_changed(given, mended) == 4
    assert repair.most_changed(mended, given) == 4


def test_a_second_mask_needs_only_the_model_and_no_learning(sound, tmp_path, capsys, monkeypatch):
    source, model = stored(organ(300), tmp_path / "seen.nii.gz"), tmp_path / "beans.npz"
    words = ("--organ", "bean", "--model", model)
    begun = time.perf_counter()
    assert leave("repair", source, "-o", tmp_path / "a", *words, "--shapes", sound) == 0
    first = time.perf_counter() - begun
    assert "beans.npz: learned from 15 shapes and kept" in capsys.readouterr().out
    monkeypatch.setattr(kept_repair, "learn_repair", lambda *_: pytest.fail("learned again"))
    begun = time.perf_counter()
    assert leave("repair", source, "-o", tmp_path / "b", *words) == 0
    assert time.perf_counter() - begun < first / 2  # learning alone takes longer
    assert "beans.npz: knows 15 shapes" in capsys.readouterr().out
    a, b = (nibabel.load(tmp_path / k / "repaired.nii.gz").get_fdata() for k in "ab")
    np.testing.assert_array_equal(a, b)


def test_an_archive_of_labels_is_mended_as_the_same_nifti_file(model, tmp_path, capsys):
    seen = damaged(organ(300), 5, is_added=True)
    label = np.uint8(seen) + (seen & (np.indices(seen.shape)[0] > 16))
    words = ("--organ", "bean", "--model", model)
    codes = np.array(["L", "A", "I"])  # its axes, in the order of the array
    turned = label.transpose(2, 1, 0)[::-1, :, ::-1]
    np.savez(tmp_path / "a.npz", mask=turned, spacing=SPACING[::-1], axcodes=codes)
    affine = np.diag([*(np.array([-1, 1, -1]) * SPACING[::-1]), 1.0])
    nibabel.save(nibabel.Nifti1Image(turned, affine), tmp_path / "b.nii.gz")
    assert leave("repair", tmp_path / "a.npz", "-o", tmp_path / "none", *words) == 2
    assert "a.npz: expected one label, got 1, 2: say" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()
    for name in ("a.npz", "b.nii.gz"):
        chosen = ("--label", 1, "--label", 2)
        assert leave("repair", tmp_path / name, "-o", tmp_path / name[0], *words, *chosen) == 0
    a, b = (nibabel.load(tmp_path / k / "repaired.nii.gz") for k in "ab")
    np.testing.assert_array_equal(a.get_fdata(), b.get_fdata())
    np.testing.assert_allclose(a.affine, b.affine)
    assert nibabel.aff2axcodes(a.affine) == ("L", "A", "I") and a.shape == turned.shape
    found = a.get_fdata()[::-1, :, ::-1].T
    assert dice(found, organ(300)) > dice(seen, organ(300))
    assert "feet to head assumed" not in (tmp_path / "a" / "report.html").read_text()


def test_a_mask_too_small_for_an_organ_is_refused_before_anything_is_learned(tmp_path, capsys):
    small = np.zeros((34, 30, 36), bool)
    for shape in ((1, 1, 1), (1, 2, 2), (1, 1, 30)):
        small[5 : 5 + shape[0], 5 : 5 + shape[1], 3 : 3 + shape[2]] = True
        source = stored(small, tmp_path / "dot.nii.gz")
        assert leave("repair", source, "-o", tmp_path / "o", "--organ", "x", "--shapes", "n") == 2
        said = capsys.readouterr().err
        assert f"dot.nii.gz: too small to be an organ: {small.sum()} voxels, expected at" in said
    assert not (tmp_path / "o").exists()


def test_a_mask_of_one_thick_slice_has_a_surface(tmp_path):
    mask = np.zeros((6, 24, 24), bool)
    mask[3, 5:19, 5:19] = True
    found = SimpleNamespace(mask=mask, overruled=np.zeros_like(mask))
    image = Image(mask, ("slice", "row", "column"), np.diag([1.0, 1.0, 8.0, 1.0])[:, [2, 1, 0, 3]])
    here = tuple(slice(0, n) for n in mask.shape)
    border = repair._surface(found, image, here)["mended"]
    assert np.ptp(border.points, axis=0) == pytest.approx([14, 14, 8])
    assert volume(border) == pytest.approx(14 * 14 * 8, rel=0.1)
    nothing = SimpleNamespace(mask=mask & False, overruled=mask & False)
    assert repair._surface(nothing, image, here) == {}


def test_another_organ_is_said_and_no_mask_refused(sound, model, tmp_path, capsys):
    rod = np.zeros((34, 30, 36), bool)
    rod[15:19, 13:17, 2:34] = True
    source = stored(rod, tmp_path / "rod.nii.gz")
    found = repair.run_repair(source, tmp_path / "out", "bean", model=model)
    assert any("does not look like a bean" in text for text in found.result.warnings)
    assert "only 15 sound organs to learn from" in found.result.warnings[-1]
    assert "only 15 sound organs" in found.report.read_text().split("<main>")[0]
    empty = stored(np.zeros((8, 8, 8), bool), tmp_path / "empty.nii.gz")
    assert leave("repair", empty, "-o", tmp_path / "o", "--organ", "bean", "--shapes", sound) == 2
    assert "voxel inside" in capsys.readouterr().err
    assert not (tmp_path / "o").exists()
