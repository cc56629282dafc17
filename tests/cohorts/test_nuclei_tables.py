"""The two tables of nuclei hold the same, and Parquet needs its library."""

import csv
import sys

import numpy as np
from pyarrow.parquet import ParquetFile, read_table

from cohorts.test_nuclei_files import tile
from corporis.cohorts import nuclei_tables
from corporis.cohorts.nuclei_tables import write_columns, write_table

TILES = [tile((10, 20), (50, 60), labels=("b", "épithélial, b")), tile((80, 4), number=3)]


def test_both_tables_hold_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(nuclei_tables, "ROWS", 2)
    write_table(tmp_path / "a.csv", iter(TILES), 2.0)
    assert write_columns(tmp_path / "a.parquet", iter(TILES), 2.0)
    with open(tmp_path / "a.csv", encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    found = read_table(tmp_path / "a.parquet").to_pydict()
    assert list(found) == header and ParquetFile(tmp_path / "a.parquet").num_row_groups == 2
    for number, name in enumerate(header):
        column = [row[number] for row in rows]
        if name == "class":
            assert found[name] == column
        else:
            np.testing.assert_allclose(found[name], np.array(column, float), rtol=1e-5)


def test_no_nuclei_are_a_table_without_rows(tmp_path):
    assert write_columns(tmp_path / "a.parquet", iter(()), 1.0)
    assert read_table(tmp_path / "a.parquet").num_rows == 0


def test_without_the_library_there_is_no_file(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert not write_columns(tmp_path / "a.parquet", iter(TILES), 1.0)
    assert not list(tmp_path.iterdir())
