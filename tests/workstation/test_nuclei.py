"""The report on nuclei: what it shows, says and keeps to itself."""

import csv
import json

import numpy as np
import pytest
import tifffile
from PIL import Image as Pillow

from apps.nuclei.painted import true_maps
from corporis.cohorts import nuclei
from corporis.errors import BadInput
from corporis.phantoms import HardCoreProcess, NuclearTissue
from corporis.shapes import instance_overlap
from corporis.workstation.nuclei import run_nuclei


@pytest.fixture
def tissue(monkeypatch):
    rng = np.random.default_rng(0)
    points = HardCoreProcess(0.0015, 34.0).sample((300, 260), rng)
    found = NuclearTissue(radius_px=(8.0, 11.0)).at(points, (300, 260), rng)
    monkeypatch.setattr(
        nuclei.NucleusEvidence, "load", lambda folder: lambda image: true_maps(found.labels)
    )
    return found


def test_the_report_shows_details_and_measures(tissue, tmp_path):
    Pillow.fromarray(tissue.image).save(tmp_path / "anna_smith.png")
    source = tmp_path / "anna_smith.png"
    found = run_nuclei(source, tmp_path / "out", "weights", um_per_px=0.25)
    page = (tmp_path / "out" / "report.html").read_text()
    n = len(np.unique(tissue.labels)) - 1
    assert found["nuclei"] == n and f"{n} nuclei were found; they keep apart" in page
    assert page.count("data:image/jpeg") == 2  # one window holds all, and the map
    assert "Clark and Evans index" in page and "research use only" in page
    for file in (tmp_path / "out").rglob("*"):
        assert file.is_dir() or b"anna" not in file.read_bytes().lower()


def test_an_unknown_scale_is_said(tissue, tmp_path):
    Pillow.fromarray(tissue.image).save(tmp_path / "a.png")
    run_nuclei(tmp_path / "a.png", tmp_path / "out", "own", name="case 7")
    page = (tmp_path / "out" / "report.html").read_text()
    assert "does not say how large a pixel is" in page and "case 7" in page
    assert "no network ships" not in page
    assert json.loads((tmp_path / "out" / "nuclei.json").read_text())["slide"] == "case 7"


def test_glass_alone_is_said_in_one_sentence(tissue, tmp_path):
    Pillow.fromarray(np.full((80, 80, 3), 245, np.uint8)).save(tmp_path / "a.png")
    run_nuclei(tmp_path / "a.png", tmp_path / "out", "own")
    page = (tmp_path / "out" / "report.html").read_text()
    assert "No nucleus was found." in page and "data:image/jpeg" not in page


def test_without_weights_colour_and_shape_find_most(tmp_path):
    rng = np.random.default_rng(0)
    points = HardCoreProcess(0.0015, 34.0).sample((300, 260), rng)
    tissue = NuclearTissue(radius_px=(8.0, 11.0)).at(points, (300, 260), rng)
    Pillow.fromarray(tissue.image).save(tmp_path / "a.png")
    found = run_nuclei(tmp_path / "a.png", tmp_path / "out", um_per_px=0.25)
    assert found["nuclei"] == pytest.approx(len(points), rel=0.15)
    assert "no network ships" in (tmp_path / "out" / "report.html").read_text()


@pytest.mark.parametrize("share", [0.0, 0.25, 0.6])
def test_the_positive_fraction_of_immune_stains_is_right(share, tmp_path):
    rng = np.random.default_rng(5)
    points = HardCoreProcess(0.0015, 24.0).sample((420, 420), rng)
    brown = rng.permutation(len(points))[: round(share * len(points))]
    kind = NuclearTissue(radius_px=(7.0, 10.0), eosin=(0.05, 0.03))
    tissue = kind.at(points, (420, 420), rng, positive=brown)
    Pillow.fromarray(tissue.image).save(tmp_path / "a.png")
    found = run_nuclei(tmp_path / "a.png", tmp_path / "out", um_per_px=0.25, stain="ihc")
    assert found["positive_fraction"] == pytest.approx(tissue.is_positive.mean(), abs=0.02)
    page = (tmp_path / "out" / "report.html").read_text()
    assert f"{100 * found['positive_fraction']:.1f} % of them are positive" in page
    assert "stains more than nuclei" not in page


def test_another_stain_is_one_line(tmp_path):
    with pytest.raises(BadInput, match="stain: expected he, ihc, fluorescence, got pas"):
        run_nuclei(tmp_path / "a.png", tmp_path / "out", stain="pas")


def test_nuclei_that_glow_are_found_on_real_images(data_dir, tmp_path):
    folder, scores = data_dir / "nuclei" / "dsb2018", []
    for path in sorted(folder.glob("fluor_*_instances.png"))[::16]:
        name = path.name.removesuffix("_instances.png")
        found = run_nuclei(folder / f"{name}.png", tmp_path / name, stain="fluorescence")
        labels = tifffile.imread(tmp_path / name / "labels.tif")
        assert labels.max() == found["nuclei"] == len(np.unique(labels)) - 1
        scores.append(instance_overlap(np.asarray(Pillow.open(path)), labels).f1())
    assert len(scores) >= 5 and np.mean(scores) > 0.7
    page = (tmp_path / name / "report.html").read_text()
    assert "shown dark on white" in page and "haematoxylin" not in page


def test_ink_is_said_and_nothing_under_it_is_counted(tmp_path):
    rng = np.random.default_rng(0)
    points = HardCoreProcess(0.0015, 34.0).sample((400, 420), rng)
    tissue = NuclearTissue(radius_px=(8.0, 11.0)).at(points, (400, 420), rng)
    spoilt = tissue.image.copy()
    spoilt[150:230] = np.where(tissue.labels[150:230, :, None] > 0, (20, 60, 90), (40, 120, 80))
    said = []
    for name, image in (("clean", tissue.image), ("inked", spoilt)):
        Pillow.fromarray(image.astype(np.uint8)).save(tmp_path / f"{name}.png")
        run_nuclei(tmp_path / f"{name}.png", tmp_path / name, um_per_px=0.25, tell=said.append)
    assert [line.split(",")[0] for line in said if "ink" in line] == ["A pen's ink"]
    assert "left out" in (tmp_path / "inked" / "report.html").read_text()
    rows = {}
    for name in ("clean", "inked"):
        with open(tmp_path / name / "nuclei.csv", newline="") as file:
            rows[name] = np.array([float(row["y_px"]) for row in csv.DictReader(file)])
    assert not ((rows["inked"] > 150) & (rows["inked"] < 230)).any()
    beyond = [np.sum((r < 140) | (r > 240)) for r in rows.values()]
    assert beyond[1] == pytest.approx(beyond[0], abs=3) and beyond[0] > 20
