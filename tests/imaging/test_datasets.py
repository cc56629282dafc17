"""Loaders of the public sets, and the embedded demo study."""

import hashlib
import re

import numpy as np
import pytest

from corporis.errors import BadInput
from corporis.imaging.datasets import (
    bivme_surfaces,
    demo_study,
    lv_atlas,
    sunnybrook_patients,
)
from corporis.imaging.reader import read


@pytest.fixture(autouse=True)
def _data(data_dir, monkeypatch):
    monkeypatch.setenv("CORPORIS_DATA", str(data_dir))


def test_sunnybrook(data_dir):
    patients = sunnybrook_patients()
    assert len(patients) == 30
    assert [p.group for p in patients].count("HYP") == 8
    for p in patients:
        ejected = 1 - p.es_endo.sum() / p.ed_endo.sum()
        assert ejected == pytest.approx(p.ef_from_contours, abs=1e-4)
        assert len(p.ed_image) == len(p.ed_endo) == len(p.ed_slice)
    same = sunnybrook_patients(data_dir / "cardiac" / "sunnybrook")
    assert [p.name for p in same] == [p.name for p in patients]


def test_sunnybrook_layout_without_table(tmp_path, data_dir):
    source = data_dir / "cardiac" / "sunnybrook" / "SC-N-02.npz"
    (tmp_path / "other.npz").write_bytes(source.read_bytes())
    (patient,) = sunnybrook_patients(tmp_path)
    assert (patient.name, patient.group, patient.ef_from_contours) == ("other", "", None)
    with pytest.raises(BadInput, match="expected two-phase files"):
        sunnybrook_patients(tmp_path / "nothing")


def test_atlas_agrees_with_its_clinical_index():
    atlas = lv_atlas()
    assert atlas.points(0, "ed").shape == (1682, 3)
    ejected = []
    for person in range(0, 1328, 40):
        volumes = []
        for phase in ("ed", "es"):
            corners = atlas.points(person, phase)[atlas.endo_faces]
            centred = corners - corners.reshape(-1, 3).mean(axis=0)
            volumes.append(abs(np.linalg.det(centred).sum()))
        ejected.append(100 * (1 - volumes[1] / volumes[0]))
    known = atlas.index["EF"][:1328:40]
    assert np.corrcoef(ejected, known)[0, 1] > 0.85
    assert set(atlas.index["Group"]) == {"ASYMP", "MI"}


def test_fitted_surfaces_lie_in_the_images():
    stack = read(demo_study()).images["stack_1"]
    surface = bivme_surfaces()["lv_endocardial"]
    index = stack.to_index(surface.points)
    assert np.all(index[..., 1:] > 10)
    assert np.all(index[..., 1:] < np.array(stack.data.shape[2:]) - 10)


def test_demo_agrees_with_its_original(data_dir):
    original = read(data_dir / "cardiac" / "bivme_patient1")
    demo = read(demo_study())
    assert list(demo.images) == list(original.images)
    for name, part in demo.images.items():
        whole = original.images[name]
        assert np.array_equal(part.times_ms, whole.times_ms)
        corner = whole.to_index(part.to_world([0, 0, 0]))
        start = np.rint(corner).astype(int)
        assert np.allclose(corner, start, atol=1e-4)
        assert part.size("row") < whole.size("row")
        rows = slice(start[1], start[1] + part.size("row"))
        columns = slice(start[2], start[2] + part.size("column"))
        assert np.array_equal(part.data, whole.data[..., rows, columns])
        voxel = np.array([part.size("slice") - 1, 17, 23])
        assert np.allclose(part.to_world(voxel), whole.to_world(voxel + start), atol=2e-3)


def test_demo_is_small_and_its_provenance_true():
    folder = demo_study()
    files = sorted(folder.glob("*.npz"))
    assert len(files) == 11
    assert sum(f.stat().st_size for f in files) < 8e6
    text = (folder / "PROVENANCE.md").read_text(encoding="utf-8")
    stated = dict(re.findall(r"\| (Se\d+\.npz) \|.*`([0-9a-f]{64})`", text))
    assert stated == {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in files}
    assert "Apache-2.0" in text
    assert "d01024f8" in text
