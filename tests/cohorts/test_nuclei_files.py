"""Files of nuclei: what QuPath reads, numbers that stay, and colours that tell classes apart."""

import csv
import json
import uuid

import numpy as np
import pytest
from PIL import Image

from corporis.apps.nuclei.whole_slide import TileNuclei
from corporis.cohorts import nuclei_files
from corporis.cohorts.nuclei_files import Facts, Shown, write_results
from corporis.imaging.slide import Slide

SQUARE = np.array([[0.0, 0.0], [0.0, 4.0], [4.0, 4.0], [4.0, 0.0]])
FACTS = Facts("case 7", (200, 100), 0.5, 0.5, "he", False, "abc", (1, 2))


def tile(*centres, number=1, labels=None):
    outlines = tuple(SQUARE + centre for centre in centres)
    names = ("shape.area_px", "colour.nuclear_dye_mean", "colour.red_mean")
    values = np.arange(3.0 * len(centres)).reshape(-1, 3)
    nuclei = TileNuclei(np.array(centres, float).reshape(-1, 2) + 2, outlines, names, values)
    numbers = np.arange(number, number + len(centres))
    return Shown(numbers, nuclei, labels or ("",) * len(centres))


def test_outlines_table_and_summary_agree(tmp_path):
    both = [
        tile((10, 20), (50, 60), labels=("b", "")),
        tile((80, 4), (90, 30), number=3, labels=("a", "b")),
    ]
    summary = write_results(tmp_path, lambda: iter(both), FACTS, [])
    assert summary["nuclei"] == 4 and summary["classes"] == {"a": 1, "b": 2}
    assert summary == json.loads((tmp_path / "nuclei.json").read_text()) | {
        "search": summary["search"]
    }
    shapes = json.loads((tmp_path / "nuclei.geojson").read_text())["features"]
    assert [s["properties"]["name"] for s in shapes] == ["1", "2", "3", "4"]
    assert len({uuid.UUID(s["id"]) for s in shapes}) == 4
    ring = shapes[0]["geometry"]["coordinates"][0]
    assert ring[0] == ring[-1] == [10.25, 5.25]  # x and y, half as many pixels
    named = [s["properties"].get("classification") for s in shapes]
    assert named[1] is None and named[0] == named[3] != named[2]
    assert shapes[2]["properties"]["measurements"] == {"area px": 0.0, "nuclear dye mean": 1.0}
    with open(tmp_path / "nuclei.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["class"] for row in rows] == ["b", "", "a", "b"]
    assert float(rows[0]["x_px"]) == pytest.approx(11.25)


def test_nothing_found_is_written_too(tmp_path):
    assert write_results(tmp_path, lambda: iter([tile()]), FACTS, [])["nuclei"] == 0
    assert json.loads((tmp_path / "nuclei.geojson").read_text())["features"] == []


def test_positive_fractions_have_an_interval():
    names = ("colour.other_dye_mean", "surroundings.other_dye_far")
    values = np.array([[1.0, 0.1]] * 3 + [[0.1, 0.1]])
    nuclei = TileNuclei(np.arange(8.0).reshape(4, 2), (SQUARE,) * 4, names, values)
    labels = (nuclei_files.POSITIVE,) * 3 + (nuclei_files.NEGATIVE,)
    facts = Facts("a", (200, 100), 0.5, 1.0, "ihc", False, "abc", (1, 1))
    found = nuclei_files.summarise([Shown(np.arange(4), nuclei, labels)], facts)
    assert found["positive_fraction"] == 0.75
    low, high = found["positive_fraction_interval"]
    assert low == pytest.approx(0.3006, abs=1e-3) and high == pytest.approx(0.9544, abs=1e-3)
    assert found["brown_beyond_nuclei"] == pytest.approx(0.1)


def test_details_are_where_nuclei_are(tmp_path):
    rng = np.random.default_rng(0)
    Image.fromarray(rng.integers(0, 255, (1500, 600, 3), np.uint8)).save(tmp_path / "a.png")
    centres = np.concatenate([rng.uniform(0, 400, (60, 2)), [[1400.0, 300.0]]])
    details = nuclei_files.write_details(tmp_path, Slide.open(tmp_path / "a.png"), centres)
    assert details[0].words == "densest" and details[-1].corner == (988, 44)
    with Image.open(tmp_path / details[0].file) as picture:
        assert picture.size == (512, 512)
    assert not nuclei_files.write_details(tmp_path, Slide.open(tmp_path / "a.png"), centres[:0])
