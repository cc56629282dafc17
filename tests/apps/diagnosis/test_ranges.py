"""Normal ranges: percentiles of the atlas where the user has it, else of the training hearts."""

import csv

import numpy as np
import pytest

from corporis.apps.diagnosis import KnownHearts, normal_range
from corporis.apps.diagnosis.ranges import Range


def known():
    table = [{"ejection_fraction_percent": v, "sphericity": np.nan} for v in (55, 60, 65, 20, 15)]
    thickening = np.full(17, 40.0)
    for i, heart in enumerate(table):
        heart["segment_thickening_percent"] = np.where(np.arange(17) == 3, np.nan, thickening + i)
    return KnownHearts.of(table, ["normal"] * 3 + ["heart failure"] * 2, "made-up")


def test_training_normals_without_the_atlas(no_atlas):
    found = normal_range("ejection_fraction_percent", known())
    assert (found.low, found.high, found.n) == (55, 65, 3)
    assert found.source == "made-up normals, n = 3, minimum to maximum"
    assert normal_range("sphericity", known()) is None
    assert normal_range("ejection_fraction_percent") is None
    assert known().all["ejection_fraction_percent"].low == 15


def test_atlas_percentiles_are_computed(data_dir):
    with (data_dir / "cardiac/lv_atlas/clinical_index.csv").open() as stream:
        rows = [row for row in csv.DictReader(stream) if row["Group"] == "ASYMP"]
    for name, column, factor in (
        ("ejection_fraction_percent", "EF", 1),
        ("sphericity", "Sphericity", 0.01),
    ):
        values = np.sort([factor * float(row[column]) for row in rows])
        found = normal_range(name, known())
        outside = np.mean((values < found.low) | (values > found.high))
        assert outside == pytest.approx(0.05, abs=0.002)
        assert found.n == len(rows) == 1328 and "1328 asymptomatic" in found.source
    assert normal_range("relative_wall_thickness") is None


def test_a_damaged_atlas_is_not_used(no_atlas, tmp_path):
    folder = tmp_path / "cardiac/lv_atlas"
    folder.mkdir(parents=True)
    (folder / "clinical_index.csv").write_text("Group,EF\nASYMP,1\n")
    assert normal_range("ejection_fraction_percent", known()).n == 3


def test_places():
    found = Range(1.0, 2.0, "", 3)
    assert [found.place(v) for v in (0.9, 1.0, 2.0, 2.1)] == ["below", "within", "within", "above"]


def test_segment_limits_and_plain_types():
    limits = known().segment_low
    assert limits[0] == 40 and np.isnan(limits[3])
    back = KnownHearts.from_plain(known().to_plain())
    assert back.normal == known().normal and back.all == known().all
    np.testing.assert_array_equal(back.segment_low, limits)
