"""The page of benchmarks says what the commands printed."""

import importlib.util
import json
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SPEC = importlib.util.spec_from_file_location("benchmark_page", ROOT / "docs/make_benchmarks.py")
writer = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(writer)


def test_page_is_what_was_printed():
    assert writer.PAGE.read_text(encoding="utf-8") == writer.page(), (
        "docs/benchmarks.md is not what docs/figures hold: run python docs/make_benchmarks.py"
    )


def test_every_row_was_measured():
    for name, _, _, _, rows in writer.TABLES:
        source = ROOT / "docs/figures" / f"{name}.json"
        if not source.is_file():
            assert writer.NO_RUN in writer.page()
            continue
        figures = json.loads(source.read_text(encoding="utf-8"))
        assert [row.key for row in rows if row.key not in figures] == []


def test_a_miss_is_called_a_miss():
    row = writer.Row("w", "k", 0.9)
    assert "**missed**" in row.line({"k": 0.89}) and "| reached |" in row.line({"k": 0.9})
    falling = writer.Row("w", "k", 2.0, False)
    assert "**missed**" in falling.line({"k": 2.1}) and "| reached |" in falling.line({"k": 2.0})
    assert "not measured" in row.line({"k": None})
    assert "0.800 (0.700 to 0.900)" in row.line({"k": 0.8, "k_low": 0.7, "k_high": 0.9})
