"""Outlines of a tile made wider or narrower, as corrected ones teach, and never into neighbours."""

from dataclasses import replace

import numpy as np
from scipy.spatial import KDTree

from corporis.apps.nuclei.corrections import apart
from corporis.apps.nuclei.whole_slide import TileNuclei
from corporis.cohorts.nuclei_tiles import TileStore

LENGTHS = ("perimeter_px", "minor_axis_px", "major_axis_px", "inner_radius_px")
FARTHEST_PX = 12.0
"""Beyond this no neighbour is in the way: outlines grow by less than half of it."""


def reshaped(
    store: TileStore, grid: tuple[int, int], place: int, nuclei: TileNuclei, growth: float
) -> TileNuclei:
    """A tile's nuclei with outlines grown by ``exp(growth)`` about their centres.

    Lengths and areas among the features grow alike; colours stay as they were measured.

    Parameters
    ----------
    store : TileStore
        For the tiles around, whose nuclei may be in the way.
    grid : (int, int)
        Rows and columns of tiles.
    place : int
        Of this tile in the order of numbers.
    nuclei : TileNuclei
    growth : float
    """
    if growth == 0 or not len(nuclei.centres):
        return nuclei
    gaps = _gaps(store, grid, place, nuclei) if growth > 0 else [0.0] * len(nuclei.outlines)
    outlines = tuple(
        apart(outline, growth, gap) for outline, gap in zip(nuclei.outlines, gaps, strict=True)
    )
    features = np.array(nuclei.features, float)
    factor = float(np.exp(growth))
    for column, name in enumerate(nuclei.names):
        if name == "shape.area_px":
            features[:, column] *= factor**2
        elif name.removeprefix("shape.") in LENGTHS:
            features[:, column] *= factor
    return replace(nuclei, outlines=outlines, features=features)


def _gaps(store, grid, place, nuclei):
    """From each point of each outline to the nearest outline of another nucleus, (k,) each."""
    numbers = store.numbers()
    row, column = divmod(numbers[place], grid[1])
    held = set(numbers)
    around = [
        r * grid[1] + c
        for r in range(max(row - 1, 0), min(row + 2, grid[0]))
        for c in range(max(column - 1, 0), min(column + 2, grid[1]))
        if (r, c) != (row, column) and r * grid[1] + c in held
    ]
    own = np.concatenate(nuclei.outlines)
    low, high = own.min(axis=0) - FARTHEST_PX, own.max(axis=0) + FARTHEST_PX
    others = [
        outline
        for number in around
        for outline in store[number].outlines
        if (outline.max(axis=0) > low).all() and (outline.min(axis=0) < high).all()
    ]
    everyone = [*nuclei.outlines, *others]
    owner = np.repeat(np.arange(len(everyone)), [len(outline) for outline in everyone])
    points = np.concatenate(everyone)
    gap = np.full(len(points), FARTHEST_PX)
    pairs = KDTree(points).query_pairs(FARTHEST_PX, output_type="ndarray")
    pairs = pairs[owner[pairs[:, 0]] != owner[pairs[:, 1]]]
    length = np.linalg.norm(points[pairs[:, 0]] - points[pairs[:, 1]], axis=1)
    for side in (0, 1):
        np.minimum.at(gap, pairs[:, side], length)
    ends = np.cumsum([len(outline) for outline in nuclei.outlines])
    return np.split(gap[: ends[-1]], ends[:-1])
