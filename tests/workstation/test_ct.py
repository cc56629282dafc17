"""The command for organs in CT: what it leaves, what it says, what it refuses."""

import json

import highdicom
import nibabel
import numpy as np
import pydicom
import pytest

from apps.organs.trunk import MM, SHAPE, Known, hounsfield, labels, shapes
from corporis.apps.organs.ct import TrunkCT
from corporis.apps.organs.ct_evidence import ORGANS
from corporis.apps.organs.millimetre import MillimetreGrid
from corporis.apps.organs.upright import upright
from corporis.cli import main
from corporis.imaging import Image, read, write_dicom
from corporis.shapes import dice, volume
from corporis.workstation import ct

AFFINE = np.array([[4.0, 0, 0, -90], [0, 4.0, 0, -60], [0, 0, 4.0, 10], [0, 0, 0, 1]])
LABELS = {5: 1, 10: 2, 11: 2, 14: 3, 3: 4, 2: 5}
"""Ours by those of the public abdomen."""


def leave(*words):
    with pytest.raises(SystemExit) as leaving:
        main([str(word) for word in words])
    return int(leaving.value.code or 0)


@pytest.fixture(scope="module")
def learned():
    return shapes()


@pytest.fixture
def scan(tmp_path):
    image = nibabel.Nifti1Image(hounsfield(labels()).astype(np.int16).transpose(2, 1, 0), AFFINE)
    image.header.set_xyzt_units("mm")
    nibabel.save(image, tmp_path / "scan.nii.gz")
    return tmp_path / "scan.nii.gz"


def known(monkeypatch, *parts):
    application = TrunkCT(*parts)
    monkeypatch.setattr(ct, "load_ct", lambda weights, progress=None: application)


def test_a_scan_leaves_labels_numbers_surfaces_and_a_report(scan, tmp_path, monkeypatch, learned):
    known(monkeypatch, Known(labels()), learned)
    out = tmp_path / "out"
    words = ("organ", scan, "-o", out, "--organ", "ct", "--weights", "w", "--name", "scan-1")
    assert leave(*words) == 0
    stored = nibabel.load(out / "organs.nii.gz")
    np.testing.assert_allclose(stored.affine, AFFINE)
    found = np.asarray(stored.dataobj).transpose(2, 1, 0)
    content = json.loads((out / "report.json").read_text())
    values = {m["name"]: m for m in content["measures"]}
    for number, organ in enumerate(ORGANS, 1):
        assert dice(found == number, labels() == number) > 0.9
        own = np.count_nonzero(found == number) * 0.064
        assert values[f"{organ}: volume"]["value"] == pytest.approx(own)
        assert (out / f"{organ.replace(' ', '_')}.vtp").is_file()
    assert content["provenance"]["input"]["sha256"] and "overruled" in content
    assert "liver: volume" in (out / "measures.csv").read_text()
    for name in ("evidence_alone", "overruled"):
        assert nibabel.load(out / f"{name}.nii.gz").shape == SHAPE[::-1]
    page = (out / "report.html").read_text()
    first = ct.fullest_plane(labels(), MM)
    assert f'"start":{first},"isBeat":false' in page and 'aria-label="Plane"' in page
    for words in ("scan-1", "Coronal", "Sagittal", "Axial", "Surfaces in 3-D", "Evidence alone",
                  "Nowhere by 1 ml or more", "cut by the scan&#x27;s end"):  # fmt: skip
        assert words in page


def test_a_report_opens_where_most_of_the_organs_is_seen():
    label = np.zeros((62, 62, 62), np.uint8)
    label[0, 0, 0] = label[-1, -1, -1] = 1
    label[48:51, 10:40, 10:40] = 2  # a flat organ: 900 voxels in planes from below, else 2 of 90
    planes = np.linspace(0, 61, ct.N_PLANES).round()
    assert 48 <= planes[ct.fullest_plane(label, (1.0, 1.0, 1.0))] < 51
    assert 10 < planes[ct.fullest_plane(np.flip(label), (1.0, 1.0, 1.0))] < 14
    # where slices are 100 mm apart it is seen best from the front and from the side
    assert 10 <= planes[ct.fullest_plane(label, (100.0, 1.0, 1.0))] < 40


def test_surfaces_lie_in_the_patient_and_hold_the_volume(learned):
    label = labels(4)
    found = TrunkCT(Known(label), learned).find(hounsfield(label), MM)
    affine = np.array([[0, 0, 4.0, -90], [0, 4, 0, -60], [4, 0, 0, 10], [0, 0, 0, 1]])
    meshes = ct.surfaces(found, MM, affine)
    assert list(meshes) == list(ORGANS)
    for organ in ("liver", "right kidney"):
        places = np.argwhere(found[organ].mask) @ affine[:3, :3].T + affine[:3, 3]
        points = meshes[organ].points
        np.testing.assert_allclose(points.min(axis=0), places.min(axis=0) - 2, atol=2.5)
        np.testing.assert_allclose(points.max(axis=0), places.max(axis=0) + 2, atol=2.5)
        assert volume(meshes[organ]) == pytest.approx(64 * found[organ].mask.sum(), rel=0.06)


def test_what_was_overruled_and_not_found_is_told(scan, tmp_path, monkeypatch, learned):
    label, lost = labels(), np.zeros(SHAPE, bool)
    lost[20:23] = label[20:23] == 1
    label[label == 4] = 0
    known(monkeypatch, Known(label, lost), learned)
    ct.run_ct(scan, tmp_path / "out", "w")
    content = json.loads((tmp_path / "out" / "report.json").read_text())
    assert content["overruled"][0]["change"] == "added"
    assert "Not found: left kidney." in content["sentence"]
    assert not (tmp_path / "out" / "left_kidney.vtp").exists()
    assert "the expected shape holds it" in (tmp_path / "out" / "report.html").read_text()


def test_a_series_leaves_a_segmentation_with_codes_and_sides(tmp_path, monkeypatch):
    label, folder = labels(1), tmp_path / "series"
    known(monkeypatch, Known(label), {})
    affine = np.array([[0, 0, 4.0, -90], [0, 4.0, 0, -60], [4.0, 0, 0, 10], [0, 0, 0, 1]])
    write_dicom(Image(hounsfield(label), ("slice", "row", "column"), affine), folder)
    for file in folder.iterdir():
        header = pydicom.dcmread(file)
        header.Modality = "CT"
        header.save_as(file)
    words = ("organ", folder, "-o", tmp_path / "out", "--organ", "ct", "--weights", "w", "--seg")
    assert leave(*words) == 0
    made = highdicom.seg.segread(tmp_path / "out" / "organs.dcm")
    assert [s.SegmentLabel for s in made.SegmentSequence] == list(ORGANS)
    kind = made.SegmentSequence[3].SegmentedPropertyTypeCodeSequence[0]
    side = kind.SegmentedPropertyTypeModifierCodeSequence[0]
    assert (kind.CodeMeaning, side.CodeMeaning) == ("Kidney", "Left")
    seen = made.get_volume(segment_numbers=[1], combine_segments=True)
    placed = seen.affine[:3, :3] @ np.argwhere(seen.array).mean(axis=0) + seen.affine[:3, 3]
    own = affine[:3] @ [*np.argwhere(label == 1).mean(axis=0), 1]
    np.testing.assert_allclose(placed * [-1, -1, 1], own, atol=0.5)  # LPS as RAS


def test_what_is_no_series_gets_no_segmentation(scan, tmp_path, monkeypatch, capsys):
    known(monkeypatch, Known(labels()), {})
    words = ("organ", scan, "-o", tmp_path / "out", "--organ", "ct", "--weights", "w", "--seg")
    assert leave(*words) == 2
    assert f"one DICOM file for each of {SHAPE[0]} slices" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_many_reasons_are_cut_short():
    part = {"organ": "liver", "volume_ml": 2.0, "change": "added", "reach_mm": 3.0, "why": "so"}
    said = ct._reasons([{**part, "middle_mm": (1, 2, 3)}] * 30)
    assert len(said) == ct.MOST_REASONS + 1 and said[-1].startswith("And 10 smaller")
    assert said[0].startswith("Liver: 2.0 ml added, up to 3 mm")


def test_the_abdomen_comes_back_on_its_voxels(data_dir, tmp_path, monkeypatch):
    """A real scan from end to end, with the other program's labels in place of the network."""
    source = data_dir / "ct" / "abdomen_pelvis_ct.nii.gz"
    image = next(iter(read(source).images.values()))
    held = np.asarray(nibabel.load(data_dir / "ct" / "abdomen_pelvis_labels.nii.gz").dataobj)
    label = np.zeros(held.shape, np.uint8)
    for theirs, ours in LABELS.items():
        label[held == theirs] = ours
    turned = upright(label.transpose(2, 1, 0), image.affine)[0]
    grid = MillimetreGrid(turned.shape, (0.75,) * 3)
    seen = np.argmax([grid.seen(turned == k) for k in range(6)], axis=0)
    known(monkeypatch, Known(seen), {})
    words = ("organ", source, "-o", tmp_path / "out", "--organ", "ct", "--weights", "w")
    assert leave(*words) == 0
    stored = nibabel.load(tmp_path / "out" / "organs.nii.gz")
    np.testing.assert_allclose(stored.affine, nibabel.load(source).affine, atol=1e-4)
    found = np.asarray(stored.dataobj)
    for ours in (1, 4, 5):
        assert dice(found == ours, label == ours) > 0.9
    content = json.loads((tmp_path / "out" / "report.json").read_text())
    liver = next(m for m in content["measures"] if m["name"] == "liver: volume")
    assert liver["value"] == pytest.approx(np.count_nonzero(label == 1) * 0.027, rel=0.05)


def test_what_is_no_such_scan_is_one_line_and_leaves_nothing(
    data_dir, tmp_path, monkeypatch, capsys
):
    known(monkeypatch, Known(labels()), {})
    abdomen = nibabel.load(data_dir / "ct" / "abdomen_pelvis_ct.nii.gz")
    nibabel.save(abdomen.slicer[50:65, 50:65, 50:65], tmp_path / "tiny.nii.gz")
    for source, said in (
        (data_dir / "brain" / "multicontrast" / "study1_t1.nii.gz", "Hounsfield units"),
        (sorted((data_dir / "shapes" / "jsrt" / "images").glob("*.png"))[0], "without pixel"),
        (tmp_path / "tiny.nii.gz", "at least 60 mm a side"),
    ):
        words = ("organ", source, "-o", tmp_path / "out", "--organ", "ct", "--weights", "w")
        assert leave(*words) == 2
        lines = capsys.readouterr().err.strip().splitlines()
        assert len(lines) == 1 and said in lines[0]
        assert not (tmp_path / "out").exists()


def test_without_weights_or_with_another_organ_there_is_one_line(scan, tmp_path, capsys):
    words = ("organ", scan, "-o", tmp_path / "out", "--weights", tmp_path, "--organ")
    assert leave(*words, "ct") == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert len(said) == 1 and "corporis train organ --organ ct --data FOLDER" in said[0]
    assert leave(*words, "spleen") == 2
    assert "expected chest, hippocampus or ct, got 'spleen'" in capsys.readouterr().err
    assert leave(*words, "hippocampus", "--seg") == 2
    assert "--seg: expected a radiograph or CT" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
