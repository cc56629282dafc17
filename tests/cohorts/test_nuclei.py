"""Nuclei as files: from labelled images to weights, from a slide to outlines that others open."""

import csv
import json

import numpy as np
import pytest
import tifffile
from PIL import Image as Pillow

from corporis.apps.nuclei.evidence import NucleusMaps
from corporis.apps.nuclei.training import Schedule
from corporis.cohorts import nuclei
from corporis.errors import BadInput
from corporis.phantoms import HardCoreProcess, NuclearTissue
from corporis.shapes import contour_area


class Known:
    """Evidence that knows the labels of the one image it is shown, at any scale."""

    def __init__(self, labels):
        from apps.nuclei.painted import true_maps

        self.labels, self.true_maps = labels, true_maps

    def __call__(self, image) -> NucleusMaps:
        step = image.shape[0] / self.labels.shape[0]
        rows, columns = (
            np.minimum((np.arange(n) / step).astype(int), m - 1)
            for n, m in zip(image.shape[:2], self.labels.shape)
        )
        return self.true_maps(self.labels[np.ix_(rows, columns)])


@pytest.fixture
def tissue():
    rng = np.random.default_rng(0)
    points = HardCoreProcess(0.0015, 34.0).sample((300, 260), rng)
    return NuclearTissue(radius_px=(8.0, 11.0)).at(points, (300, 260), rng)


@pytest.fixture
def known(tissue, monkeypatch):
    monkeypatch.setattr(nuclei.NucleusEvidence, "load", lambda folder: Known(tissue.labels))


@pytest.mark.parametrize(("um_per_px", "scale"), [(0.25, 1), (0.5, 2), (None, 1)])
def test_outlines_lie_where_nuclei_are(tissue, known, tmp_path, um_per_px, scale):
    options = {}
    if um_per_px:
        per_cm = round(10000 / um_per_px)
        options = {"resolution": (per_cm, per_cm), "resolutionunit": "CENTIMETER"}
    tifffile.imwrite(tmp_path / "a.tif", tissue.image, photometric="rgb", **options)
    found = nuclei.outline_nuclei(tmp_path / "a.tif", tmp_path / "out", "weights")
    n = len(np.unique(tissue.labels)) - 1
    assert found["nuclei"] == n and found["um_per_px"] == um_per_px
    shapes = json.loads((tmp_path / "out" / "nuclei.geojson").read_text())["features"]
    assert len(shapes) == n
    for shape in shapes:
        ring = np.array(shape["geometry"]["coordinates"][0])
        assert (ring[0] == ring[-1]).all()
        column, row = ring[:-1].mean(axis=0) - 0.5
        label = tissue.labels[round(row), round(column)]
        assert label > 0
        area = np.count_nonzero(tissue.labels == label)
        assert abs(contour_area(ring)) == pytest.approx(area, rel=0.12)
    with open(tmp_path / "out" / "nuclei.csv", newline="") as table:
        rows = list(csv.DictReader(table))
    assert len(rows) == n and float(rows[0]["shape.area_px"]) > 50
    written = json.loads((tmp_path / "out" / "nuclei.json").read_text())
    unit = um_per_px or 1.0
    assert written["density"] == pytest.approx(n / (300 * 260 * unit**2))
    assert written["nearest_neighbour_mean"] > 30 * unit


def test_a_scale_can_be_given(tissue, known, tmp_path):
    Pillow.fromarray(tissue.image).save(tmp_path / "a.png")
    found = nuclei.outline_nuclei(tmp_path / "a.png", tmp_path / "out", "w", um_per_px=0.5)
    assert found["length_unit"] == "um"


def test_layers_are_parted_by_a_network_alone(tissue, known, tmp_path):
    Pillow.fromarray(tissue.image).save(tmp_path / "a.png")
    with pytest.raises(BadInput, match="give --weights"):
        nuclei.outline_nuclei(tmp_path / "a.png", tmp_path / "out", is_layered=True)
    found = nuclei.outline_nuclei(tmp_path / "a.png", tmp_path / "out", "w", is_layered=True)
    assert found["nuclei"] > 0


def test_glass_has_no_nuclei(known, tmp_path):
    Pillow.fromarray(np.full((80, 80, 3), 245, np.uint8)).save(tmp_path / "a.png")
    assert nuclei.outline_nuclei(tmp_path / "a.png", tmp_path / "out", "w")["nuclei"] == 0


def test_training_reads_a_folder_and_leaves_weights(tissue, tmp_path):
    pytest.importorskip("torch")
    data = tmp_path / "data" / "deep"
    data.mkdir(parents=True)
    for name, ending in (("a", "_instances.png"), ("b", "_semantic.png")):
        Pillow.fromarray(tissue.image).save(data / f"{name}.jpg")
        Pillow.fromarray(tissue.labels.astype(np.uint8)).save(data / f"{name}{ending}")
    Pillow.fromarray(tissue.labels.astype(np.uint8)).save(data / "lone_instances.png")
    examples = list(nuclei.labelled_images(tmp_path / "data"))
    assert [e.has_instances for e in examples] == [True, False]
    said = []
    n = nuclei.train_nuclei(
        tmp_path / "data", tmp_path / "w", schedule=Schedule(2, 2),
        progress=lambda *a: said.append(a),
    )  # fmt: skip
    assert n == 2 and said[-1] == ("training", 1.0)
    image = tmp_path / "x.png"
    Pillow.fromarray(tissue.image[:64, :64]).save(image)
    nuclei.outline_nuclei(image, tmp_path / "out", tmp_path / "w")
    with pytest.raises(BadInput, match="no images"):
        nuclei.train_nuclei(tmp_path / "out", tmp_path / "w2")


def test_missing_weights_are_named(tmp_path):
    Pillow.fromarray(np.zeros((9, 9, 3), np.uint8)).save(tmp_path / "a.png")
    with pytest.raises(BadInput, match=r"no nuclei\.onnx"):
        nuclei.outline_nuclei(tmp_path / "a.png", tmp_path / "out", tmp_path)
