"""Outlines that grow keep off their neighbours, across tiles too."""

import numpy as np
import pytest

from corporis.apps.nuclei.whole_slide import TileNuclei
from corporis.cohorts.nuclei_learned import reshaped
from corporis.cohorts.nuclei_tiles import TileStore
from corporis.shapes import fill_polygon

NAMES = ("shape.area_px", "shape.perimeter_px", "colour.red_mean", "shape.roundness")


def circle(row, column, radius=10.0):
    angle = 2 * np.pi * np.arange(60) / 60
    return np.stack([row + radius * np.sin(angle), column + radius * np.cos(angle)], axis=1)


def tile(*centres):
    outlines = tuple(circle(*c) for c in centres)
    return TileNuclei(np.array(centres), outlines, NAMES, np.ones((len(centres), 4)))


@pytest.fixture
def store(tmp_path):
    """Two tiles; each nucleus is two pixels from the next, one pair across the seam."""
    store = TileStore(tmp_path)
    store.begin({})
    store.add(0, tile((30.0, 20.0), (30.0, 42.0)))
    store.add(1, tile((30.0, 64.0), (80.0, 90.0)))
    return store


def test_growing_outlines_stay_apart(store):
    growth = float(np.log(1.3))
    grown = [reshaped(store, (1, 2), place, store[place], growth) for place in (0, 1)]
    masks = [fill_polygon(o, (120, 120)) for t in grown for o in t.outlines]
    assert np.sum(masks, axis=0).max() == 1
    free = masks[3].sum()  # nothing is near it
    assert free == pytest.approx(np.pi * 13**2, rel=0.03)
    assert all(np.pi * 10**2 * 1.05 < mask.sum() < 0.97 * free for mask in masks[:3])
    np.testing.assert_allclose(grown[0].features[0], [1.69, 1.3, 1, 1], rtol=1e-9)


def test_shrinking_and_resting(store):
    small = reshaped(store, (1, 2), 0, store[0], float(np.log(0.8)))
    np.testing.assert_allclose(small.outlines[0], circle(30, 20, 8.0), atol=1e-4)
    same = store[0]
    assert reshaped(store, (1, 2), 0, same, 0.0) is same
