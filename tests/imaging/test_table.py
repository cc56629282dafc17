"""Measures as CSV."""

import csv

from corporis.imaging.table import write_measures
from corporis.interfaces import Measure, Report


def test_rows_come_back(tmp_path):
    report = Report(
        "heart_shape",
        measures=(
            Measure("ejection fraction", 0.1 + 0.2, "%", 0.25, 0.35),
            Measure("mass", None, "g", note='no spacing, "pixels" only'),
        ),
    )
    path = write_measures([report, Report("diagnosis", (Measure("p", 1, ""),))], tmp_path / "m.csv")
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert float(rows[0]["value"]) == 0.1 + 0.2
    assert rows[0]["low"] == "0.25"
    assert rows[1]["value"] == ""
    assert rows[1]["note"] == 'no spacing, "pixels" only'
    assert [r["application"] for r in rows] == ["heart_shape", "heart_shape", "diagnosis"]
