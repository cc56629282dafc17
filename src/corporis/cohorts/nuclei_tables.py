"""Nuclei as tables: text that any spreadsheet opens, and Parquet for data frames."""

import csv
from collections.abc import Iterable
from itertools import chain
from pathlib import Path

import numpy as np

from corporis.cohorts.nuclei_shown import Shown

PLACES = ("x_px", "y_px")
"""Of a centre, in pixels of the slide, counted from its corner."""
ROWS = 20_000
"""Of a group in Parquet: what a reader takes at once, about 6 MB."""


def write_table(path: Path, tiles: Iterable[Shown], factor: float) -> None:
    """One nucleus a line: number, class, place in the slide, and all that was measured."""
    with open(path, "w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        for count, tile in enumerate(tiles):
            if count == 0:
                rows.writerow(["nucleus", "class", *PLACES, *tile.nuclei.names])
            parts = (tile.numbers, tile.labels, _places(tile, factor), tile.nuclei.features)
            for number, name, place, values in zip(*parts, strict=True):
                rows.writerow([number, name, *(f"{v:.6g}" for v in (*place, *values))])


def write_columns(path: Path, tiles: Iterable[Shown], factor: float) -> bool:
    """The same table as Parquet: numbers of 64 bits, text, and measurements of 32 bits.

    Returns
    -------
    bool
        Whether it was written: without pyarrow (``pip install 'corporis[parquet]'``) it is not.
    """
    try:
        import pyarrow
        from pyarrow.parquet import ParquetWriter
    except ImportError:
        return False
    coming = iter(tiles)
    first = next(coming, None)
    names = () if first is None else first.nuclei.names
    kinds = {"nucleus": pyarrow.int64(), "class": pyarrow.string()}
    schema = pyarrow.schema(kinds | dict.fromkeys((*PLACES, *names), pyarrow.float32()))
    with ParquetWriter(path, schema) as table:
        held: list[Shown] = []
        for tile in chain([] if first is None else [first], coming):
            held.append(tile)
            if sum(len(each.numbers) for each in held) >= ROWS:
                table.write_table(pyarrow.table(_columns(held, factor), schema))
                held = []
        if held:
            table.write_table(pyarrow.table(_columns(held, factor), schema))
    return True


def _columns(tiles, factor):
    values = np.concatenate([np.asarray(tile.nuclei.features) for tile in tiles])
    places = np.concatenate([_places(tile, factor) for tile in tiles])
    return {
        "nucleus": np.concatenate([tile.numbers for tile in tiles]),
        "class": [name for tile in tiles for name in tile.labels],
        **dict(zip(PLACES, places.T.astype(np.float32))),
        **dict(zip(tiles[0].nuclei.names, values.T.astype(np.float32))),
    }


def _places(tile, factor):
    """Columns and rows of centres in the slide, (n, 2)."""
    return (np.asarray(tile.nuclei.centres, float)[:, ::-1] + 0.5) * factor
