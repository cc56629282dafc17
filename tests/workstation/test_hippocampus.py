"""The command for a hippocampus: what it leaves, what it says, what it refuses."""

import json

import nibabel
import numpy as np
import pytest

from apps.organs.seahorse import MM, Known, crop, labels
from corporis.apps.organs.distance_shapes import DistanceShapes
from corporis.apps.organs.hippocampus import HippocampusMR
from corporis.cli import main
from corporis.shapes import dice
from corporis.workstation import hippocampus

AFFINE = np.array([[1.0, 0, 0, -20], [0, 1, 0, -30], [0, 0, 1, 5], [0, 0, 0, 1]])


def leave(*words):
    with pytest.raises(SystemExit) as leaving:
        main([str(word) for word in words])
    return int(leaving.value.code or 0)


@pytest.fixture(scope="module")
def learned():
    return DistanceShapes().fit([labels(k) > 0 for k in range(30)], [MM] * 30)


@pytest.fixture
def volume(tmp_path):
    image = nibabel.Nifti1Image((255 * crop(100)).astype(np.uint8).transpose(2, 1, 0), AFFINE)
    nibabel.save(image, tmp_path / "crop.nii.gz")
    return tmp_path / "crop.nii.gz"


def known(monkeypatch, learned, lost=slice(0)):
    application = HippocampusMR(Known(labels(100), lost), learned)
    monkeypatch.setattr(hippocampus, "load_hippocampus", lambda weights, progress=None: application)


def test_a_crop_leaves_labels_numbers_surfaces_and_a_report(volume, tmp_path, monkeypatch, learned):
    known(monkeypatch, learned)
    out = tmp_path / "out"
    words = ("organ", volume, "-o", out, "--organ", "hippocampus", "--weights", "w")
    assert leave(*words, "--name", "crop-1") == 0
    stored = nibabel.load(out / "hippocampus.nii.gz")
    np.testing.assert_allclose(stored.affine, AFFINE)
    found = np.asarray(stored.dataobj).transpose(2, 1, 0)
    assert dice(found == 1, labels(100) == 1) > 0.95
    content = json.loads((out / "report.json").read_text())
    values = {m["name"]: m for m in content["measures"]}
    assert values["hippocampus: volume"]["value"] == np.count_nonzero(found)
    parts = sum(values[f"{p} part: volume"]["value"] for p in ("anterior", "posterior"))
    assert parts == np.count_nonzero(found)
    assert content["provenance"]["input"]["sha256"] and "overruled" in content
    assert "anterior part: volume" in (out / "measures.csv").read_text()
    page = (out / "report.html").read_text()
    for words in ("crop-1", "Coronal", "Sagittal", "Axial", "Surfaces in 3-D", "Evidence alone"):
        assert words in page
    assert (out / "anterior.vtp").is_file() and (out / "expected_shape.vtp").is_file()


def test_surfaces_lie_in_the_patient(learned):
    found = HippocampusMR(Known(labels(100)), learned).find(crop(100), MM)
    affine = np.array([[0, 0, 1.0, -20], [0, 1, 0, -30], [1, 0, 0, 5], [0, 0, 0, 1]])
    front = hippocampus.surfaces(found, affine)["anterior"].points
    places = np.argwhere(found.label == 1) @ affine[:3, :3].T + affine[:3, 3]
    np.testing.assert_allclose(front.min(axis=0), places.min(axis=0), atol=1.2)
    np.testing.assert_allclose(front.max(axis=0), places.max(axis=0), atol=1.2)


def test_what_was_overruled_is_told(volume, tmp_path, monkeypatch, learned):
    known(monkeypatch, learned, slice(20, 32))
    hippocampus.run_hippocampus(volume, tmp_path / "out", "w")
    content = json.loads((tmp_path / "out" / "report.json").read_text())
    assert content["overruled"][0]["change"] == "added"
    assert "the evidence is undecided" in (tmp_path / "out" / "report.html").read_text()


def test_without_weights_or_contrast_there_is_one_line(
    volume, tmp_path, capsys, monkeypatch, learned
):
    words = ("organ", volume, "-o", tmp_path / "out", "--organ", "hippocampus", "--weights")
    assert leave(*words, tmp_path) == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert len(said) == 1 and "corporis train organ --organ hippocampus" in said[0]
    known(monkeypatch, learned)
    flat = nibabel.Nifti1Image(np.ones((34, 50, 36), np.uint8), AFFINE)
    nibabel.save(flat, tmp_path / "flat.nii.gz")
    words = ("organ", tmp_path / "flat.nii.gz", "-o", tmp_path / "out", "--organ", "hippocampus")
    assert leave(*words, "--weights", "w") == 2
    assert "contrast" in capsys.readouterr().err
    train = ("train", "organ", "--organ", "hippocampus", "--data", tmp_path, "-o", tmp_path / "o")
    assert leave(*train) == 2
    assert not (tmp_path / "out").exists() and not (tmp_path / "o").exists()
