"""The heart study's files: all there, and read by programs that are not ours."""

import base64
import csv
import json
import xml.etree.ElementTree as ET
from dataclasses import replace

import nibabel
import numpy as np
import pytest

from apps.heart_shape.known import Ellipsoid
from corporis.apps.diagnosis import Diagnosis
from corporis.apps.heart_shape import Border, HeartShape, PixelEvidence, ShapePrior
from corporis.cohorts.heart import check_modality, heart_study, naming, summary, write_results
from corporis.cohorts.training import Trained, save_learned
from corporis.errors import BadInput, Unsupported
from corporis.interfaces import Case

SURFACES = ("left_endocardium", "left_epicardium", "right_endocardium")
TYPES = {"Float32": "<f4", "Float64": "<f8", "Int64": "<i8", "Int32": "<i4"}


@pytest.fixture(scope="module")
def folder(studied, tmp_path_factory):
    path = tmp_path_factory.mktemp("results")
    write_results(studied.case, studied.reports, studied.provenance, path)
    return path


def read_vtp(path):
    """Arrays of a VTP file by name, as meshio reads them: header, then base64 of the values."""
    root = ET.parse(path).getroot()
    assert root.get("type") == "PolyData" and root.get("byte_order") == "LittleEndian"
    header = {"UInt64": 8, "UInt32": 4}[root.get("header_type")]
    piece = root.find("PolyData/Piece")
    arrays = {}
    for array in piece.iter("DataArray"):
        raw = base64.b64decode(array.text)
        size = int.from_bytes(raw[:header], "little")
        values = np.frombuffer(raw[header : header + size], TYPES[array.get("type")])
        width = int(array.get("NumberOfComponents"))
        arrays[array.get("Name")] = values.reshape(-1, width) if width > 1 else values
    assert len(arrays["points"]) == int(piece.get("NumberOfPoints"))
    assert len(arrays["offsets"]) == int(piece.get("NumberOfPolys"))
    return arrays


def enclosed(points, cells):
    a, b, c = (points[cells[:, k]].astype(float) for k in range(3))
    return np.einsum("ij,ij->", a, np.cross(b, c)) / 6


def strict(text):
    def refuse(constant):
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(text, parse_constant=refuse)


def test_all_files_are_there(folder):
    names = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    meshes = {f"meshes/{s}.pvd" for s in SURFACES}
    meshes |= {f"meshes/{s}_{t:03d}.vtp" for s in SURFACES for t in range(3)}
    assert names == {"heart_labels.nii.gz", "measures.csv", "report.json", *meshes}


def test_labels_are_read_by_nibabel(folder, studied):
    image = nibabel.load(folder / "heart_labels.nii.gz")
    labels = studied.case.images["heart_labels"]
    data = np.asarray(image.dataobj)
    assert data.shape == (56, 56, 5, 3) and data.dtype == np.uint8  # columns first
    np.testing.assert_array_equal(data, labels.data.transpose(3, 2, 0, 1))
    np.testing.assert_allclose(image.affine[:, [2, 1, 0, 3]], labels.affine, atol=1e-3)
    assert image.header.get_xyzt_units()[0] == "mm"
    assert {0, 1, 2} <= set(np.unique(data))


def test_meshes_are_closed_surfaces_of_the_measured_volume(folder, studied):
    numbers = studied.case.facts["heart_numbers"]
    cells = []
    for time in range(3):
        arrays = read_vtp(folder / f"meshes/left_endocardium_{time:03d}.vtp")
        np.testing.assert_array_equal(np.diff(arrays["offsets"]), 3)
        triangles = arrays["connectivity"].reshape(-1, 3)
        cells.append(triangles)
        edges = np.sort(
            np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
        )
        assert np.all(np.unique(edges, axis=0, return_counts=True)[1] == 2)
        found = enclosed(arrays["points"], triangles)
        assert found == pytest.approx(numbers.left.volume[time], rel=0.04)
        for name in ("wall_thickness_mm", "thickening_percent"):
            assert arrays[name].shape == (len(arrays["points"]),)
    assert all(np.array_equal(cells[0], other) for other in cells[1:])


def test_the_list_of_meshes_plays_in_time(folder, studied):
    root = ET.parse(folder / "meshes/left_epicardium.pvd").getroot()
    sets = root.findall("Collection/DataSet")
    assert [s.get("file") for s in sets] == [f"left_epicardium_{t:03d}.vtp" for t in range(3)]
    times = [float(s.get("timestep")) for s in sets]
    np.testing.assert_allclose(times, studied.case.meshes["left_epicardium"].times_ms)
    np.testing.assert_allclose(times, [0, 300, 600])


def test_measures_are_a_table(folder, studied):
    with (folder / "measures.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert list(rows[0]) == ["application", "measure", "value", "unit", "low", "high", "note"]
    measures = [m for r in studied.reports for m in r.measures]
    assert [r["measure"] for r in rows] == [m.name for m in measures]
    for row, measure in zip(rows, measures, strict=True):
        assert (row["value"] == "") == (measure.value is None)
        if measure.value is not None:
            assert float(row["value"]) == float(measure.value)
    assert {r["application"] for r in rows} == {"heart shape", "diagnosis"}


def test_the_report_is_strict_json_and_complete(folder, studied):
    found = strict((folder / "report.json").read_text(encoding="utf-8"))
    assert set(found) == {
        "case",
        "study",
        "measures",
        "curves",
        "features",
        "judgement",
        "overruled_share",
        "warnings",
        "methods",
        "references",
        "provenance",
    }
    assert found["case"] == "case-1" and found["study"] == "heart"
    measures = [m for r in studied.reports for m in r.measures]
    assert [m["name"] for m in found["measures"]] == [m.name for m in measures]
    by_name = {m["name"]: m for m in found["measures"]}
    ed = by_name["end-diastolic volume"]
    assert ed["unit"] == "ml" and ed["low"] < ed["value"] < ed["high"]
    curve = found["curves"]["left_ventricular_volume"]
    assert len(curve) == 3 and max(curve) == pytest.approx(ed["value"])
    assert found["curves"]["unit"] == "ml" and len(found["curves"]["right_ventricular_volume"]) == 3
    assert set(found["judgement"]) == {
        "state",
        "conclusion",
        "caution",
        "probabilities",
        "findings",
        "responsible_segments",
    }
    assert sum(found["judgement"]["probabilities"].values()) == pytest.approx(1)
    assert np.shape(found["overruled_share"]) == (5, 3)
    assert len(found["features"]["segment_thickening_percent"]) == 17
    assert found["provenance"]["input"]["sha256"] == "ab" * 32
    assert len(found["methods"]) > 5 and len(found["references"]) > 2


def test_no_path_of_this_machine_is_written(folder):
    for path in (folder / "report.json", folder / "measures.csv"):
        text = path.read_text(encoding="utf-8")
        assert str(folder) not in text and str(folder.parent) not in text
        assert "site-packages" not in text


def test_what_is_not_a_number_becomes_null(studied):
    facts = {**studied.case.facts}
    facts["heart_features"] = {
        **facts["heart_features"],
        "sphericity": float("nan"),
        "ed_volume_ml": np.float64("inf"),
        "segment_thickening_percent": np.array([1.0, np.nan]),
    }
    facts["heart_numbers"] = replace(facts["heart_numbers"], right=None)
    case = Case("two", studied.case.images, studied.case.meshes, facts)
    found = summary(case, studied.reports, {"n": np.int64(3), "on": np.bool_(True), "of": (1, 2)})
    text = json.dumps(found, allow_nan=False)
    found = strict(text)
    assert found["features"]["sphericity"] is None and found["features"]["ed_volume_ml"] is None
    assert found["features"]["segment_thickening_percent"] == [1.0, None]
    assert found["provenance"] == {"n": 3, "on": True, "of": [1, 2]}
    assert "right_ventricular_volume" not in found["curves"]


@pytest.mark.parametrize("modality", ["", "MR"])
def test_magnetic_resonance_is_taken(modality):
    check_modality(Case("one", facts={"modality": modality}), "folder")
    check_modality(Case("one"), "folder")


def test_other_modalities_are_refused_without_the_folder_above(tmp_path):
    with pytest.raises(Unsupported, match="got modality CT") as refused:
        check_modality(Case("one", facts={"modality": "CT"}), tmp_path / "scan")
    assert str(refused.value).startswith("scan:") and str(tmp_path) not in str(refused.value)
    assert refused.value.exit_code == 2


def test_what_is_wrong_is_said_with_the_name_of_the_file(tmp_path):
    with pytest.raises(Unsupported, match=r"^cine\.nii: series image: no") as refused:
        with naming(tmp_path / "cine.nii"):
            raise Unsupported("series image: no")
    assert str(tmp_path) not in str(refused.value)


def test_what_was_learned_makes_the_study(judge, tmp_path):
    prior = ShapePrior.of([Ellipsoid(r).body() for r in (20.0, 25.0)])
    evidence, blood = (PixelEvidence.load(border=border) for border in Border)
    save_learned(tmp_path / "learned", Trained(evidence, blood, {}, {}), prior, judge)
    assert {p.name for p in (tmp_path / "learned").iterdir()} == {
        "locator.onnx",
        "segmenter_blood.onnx",
        "segmenter_expert.onnx",
        "segmenter_right.onnx",
        "hearts.npz",
        "heart_judge.json",
    }
    study = heart_study(weights=tmp_path / "learned", series="sax")
    (_, shape), (_, diagnosis) = study.steps
    assert isinstance(shape, HeartShape) and isinstance(diagnosis, Diagnosis)
    assert shape.series == "sax" and shape.evidence == evidence
    study = heart_study(weights=tmp_path / "learned", border=Border.BLOOD)
    assert study.steps[0][1].evidence == blood and study.steps[0][1].border is Border.BLOOD
    np.testing.assert_allclose(shape.prior.hearts, prior.hearts, atol=2e-3)
    assert diagnosis.model.to_json() == judge.to_json()
    (tmp_path / "learned" / "heart_judge.json").unlink()
    with pytest.raises(BadInput, match="no trained judge"):
        heart_study(weights=tmp_path / "learned")
