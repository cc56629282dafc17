"""The commands for organs: what they leave, what they say, what they refuse."""

import json

import nibabel
import numpy as np
import pydicom
import pytest
from PIL import Image as Pillow

from apps.organs.chest import Known, masks, radiograph, shapes
from corporis.apps.organs.chest_shape import ORGANS, ChestShapes
from corporis.apps.organs.radiograph import ChestRadiograph
from corporis.cli import main
from corporis.cohorts.corrected import read_corrected
from corporis.shapes import dice
from corporis.workstation import organs
from imaging.test_segmentation import frames
from imaging.test_segmentation import radiograph as archived


def leave(*words):
    with pytest.raises(SystemExit) as leaving:
        main([str(word) for word in words])
    return int(leaving.value.code or 0)


@pytest.fixture
def picture(tmp_path):
    Pillow.fromarray((255 * radiograph(100)).astype(np.uint8)).save(tmp_path / "chest.png")
    return tmp_path / "chest.png"


def known(monkeypatch, lost=slice(0)):
    application = ChestRadiograph(Known(masks(100), lost), ChestShapes().fit(shapes(40)))
    monkeypatch.setattr(organs, "load_chest", lambda weights, progress=None: application)


def test_a_radiograph_leaves_masks_numbers_and_a_report(picture, tmp_path, monkeypatch):
    known(monkeypatch)
    out = tmp_path / "out"
    assert leave("organ", picture, "-o", out, "--weights", "w", "--name", "chest-1") == 0
    lung = nibabel.load(out / "left_lung.nii.gz").get_fdata()
    assert dice(lung[..., 0].T if lung.ndim == 3 else lung.T, masks(100)[0]) > 0.95
    content = json.loads((out / "report.json").read_text())
    assert content["case"] == "chest-1"
    assert content["sentence"] == "All five organs were outlined."
    names = [measure["name"] for measure in content["measures"]]
    assert "cardiothoracic ratio" in names and "left lung: expected overlap" in names
    assert "cardiothoracic ratio" in (out / "measures.csv").read_text()
    page = (out / "report.html").read_text()
    assert "evidence alone" in page and "chest-1" in page and "Left lung" in page


@pytest.mark.filterwarnings("error:.*cast.*")
def test_values_beyond_single_precision_are_refused_in_one_line(tmp_path, monkeypatch, capfd):
    known(monkeypatch)
    image = nibabel.Nifti1Image(radiograph(100).astype(float)[..., None] * 1e300, np.eye(4))
    nibabel.save(image, tmp_path / "large.nii.gz")
    words = (tmp_path / "large.nii.gz", "-o", tmp_path / "out", "--weights", "w")
    assert leave("organ", *words) == 2
    said = capfd.readouterr().err
    assert "expected grey values within 3.4e+38" in said and "Warning" not in said
    assert not (tmp_path / "out").exists()


def test_doubt_is_said_first(picture, tmp_path, monkeypatch):
    known(monkeypatch, slice(150, 256))
    found = organs.run_chest(picture, tmp_path / "out", "w")
    content = json.loads((tmp_path / "out" / "report.json").read_text())
    assert content["sentence"].startswith("Outlines to check: left lung")
    assert any("uncertain" in text for text in found.result.warnings)
    assert "added in the lower third of the left lung" in found.report.read_text()


def test_what_is_no_chest_is_said_first(picture, tmp_path, monkeypatch, capsys):
    known(monkeypatch, slice(0, 256))
    assert leave("organ", picture, "-o", tmp_path / "out", "--weights", "w") == 0
    content = json.loads((tmp_path / "out" / "report.json").read_text())
    assert content["sentence"].startswith("The image does not look like a whole chest")
    said = capsys.readouterr().out
    assert "note: does not look like a whole chest" in said
    assert "bit pictures without spacing" in said  # of the file, not of what was found


@pytest.mark.parametrize("is_inverted", [False, True])
def test_a_dicom_radiograph_gives_a_dicom_segmentation(is_inverted, tmp_path, monkeypatch, capsys):
    known(monkeypatch)
    pixels = radiograph(100)
    source = archived(tmp_path / "chest.dcm", pixels, (0.7, 0.7), is_inverted)
    out = tmp_path / "out"
    assert leave("organ", source, "-o", out, "--weights", "w", "--seg") == 0
    data, page = pydicom.dcmread(out / "organs.dcm"), (out / "report.html").read_text()
    assert [s.SegmentLabel for s in data.SegmentSequence] == list(ORGANS)
    kinds = [s.SegmentedPropertyTypeCodeSequence[0] for s in data.SegmentSequence]
    assert [k.CodeMeaning for k in kinds] == ["Lung", "Lung", "Heart", "Clavicle", "Clavicle"]
    assert dice(frames(data)[1], masks(100)[0]) > 0.95
    lung = nibabel.load(out / "left_lung.nii.gz")
    np.testing.assert_array_equal(frames(data)[1], np.squeeze(lung.get_fdata()).T > 0)
    np.testing.assert_allclose(np.linalg.norm(lung.affine[:3, :2], axis=0), 0.7)
    assert "Nobody" not in page and "Nobody" not in (out / "report.json").read_text()
    assert "inverted" not in page  # turned when it was read
    again = read_corrected(out)  # what is left is what is learned from
    np.testing.assert_array_equal(again.radiograph.inside[2] > 0.5, frames(data)[3])
    assert not again.is_turned


@pytest.mark.parametrize("letters", [("R", "F"), ("L", "H"), ("F", "L")])
def test_a_film_that_lies_otherwise_is_turned_and_outlined_where_it_lies(
    letters, tmp_path, monkeypatch
):
    known(monkeypatch)
    lies = {"RF": lambda a: a[:, ::-1], "LH": lambda a: a[::-1], "FL": lambda a: a.T}
    turned = lies["".join(letters)]
    found = []
    for name, words, pixels in (
        ("plain", ("L", "F"), radiograph(100)),
        ("turned", letters, turned(radiograph(100))),
    ):
        file = tmp_path / f"{name}.dcm"
        archived(file, pixels, PatientOrientation=list(words))
        organs.run_chest(file, tmp_path / name, "w", gives_seg=True)
        found.append(frames(pydicom.dcmread(tmp_path / name / "organs.dcm")))
        lung = np.squeeze(nibabel.load(tmp_path / name / "left_lung.nii.gz").get_fdata()).T
        np.testing.assert_array_equal(lung > 0, found[-1][1])
    for number, mask in found[0].items():
        np.testing.assert_array_equal(found[1][number], turned(mask))
    content = [json.loads((tmp_path / n / "report.json").read_text()) for n in ("plain", "turned")]
    assert content[0]["measures"] == content[1]["measures"]
    assert content[0]["warnings"] == [] and "head up" in content[1]["warnings"][0]
    again = read_corrected(tmp_path / "turned").radiograph
    np.testing.assert_array_equal(again.inside[0] > 0.5, found[0][1])


def test_a_segmentation_needs_a_dicom_source(picture, tmp_path, monkeypatch, capsys):
    known(monkeypatch)
    out = tmp_path / "out"
    assert leave("organ", picture, "-o", out, "--weights", "w", "--seg") == 2
    assert "needs one DICOM image" in capsys.readouterr().err and not out.exists()


def test_without_weights_there_is_one_line(picture, tmp_path, capsys):
    assert leave("organ", picture, "-o", tmp_path / "out", "--weights", tmp_path) == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert len(said) == 1 and "corporis train organ --organ chest" in said[0]
    assert leave("organ", picture, "-o", tmp_path / "o", "--weights", "w", "--organ", "toe") == 2
    assert leave("train", "organ", "--data", tmp_path, "-o", tmp_path / "o", "--organ", "toe") == 2
    assert leave("train", "organ", "--data", tmp_path, "-o", tmp_path / "o") == 2
    assert not (tmp_path / "out").exists() and not (tmp_path / "o").exists()
