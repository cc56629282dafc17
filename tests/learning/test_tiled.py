"""Tiles and turned views leave no trace where the network is local and knows no direction."""

import numpy as np
import pytest
from scipy import ndimage

from corporis.learning.tiled import in_tiles, over_views, upright


def blurred(x):
    """A look of three pixels around."""
    return np.stack([ndimage.uniform_filter(plane, 7, mode="nearest") for plane in x])


@pytest.mark.parametrize("shape", [(40, 57), (16, 16), (5, 70)])
@pytest.mark.parametrize("side", [8, 16, 100])
def test_cuts_leave_no_trace(rng, shape, side):
    x = rng.standard_normal((2, *shape)).astype(np.float32)
    found = in_tiles(blurred, x, 2, side=side, halo=4, multiple=4)
    np.testing.assert_allclose(found, blurred(x), atol=1e-6)


def test_windows_begin_at_multiples(rng):
    seen = []

    def see(window):
        seen.append(window)
        return window

    x = rng.standard_normal((1, 30, 30)).astype(np.float32)
    in_tiles(see, x, 1, side=10, halo=3, multiple=8)
    starts = {
        int(np.flatnonzero(x[0, :, 0] == w[0, 0, 0])[0]) for w in seen if w[0, 0, 0] in x[0, :, 0]
    }
    assert starts == {0, 16}


@pytest.mark.parametrize("n_views", range(1, 9))
def test_what_knows_no_direction_is_the_same_in_every_view(rng, n_views):
    x = rng.standard_normal((1, 24, 32)).astype(np.float32)
    found = over_views(lambda b: np.stack([blurred(y) for y in b]), x, n_views, upright, multiple=8)
    np.testing.assert_allclose(found, blurred(x), atol=1e-6)


def test_eight_views_forget_a_direction(rng):
    x = rng.standard_normal((1, 16, 16)).astype(np.float32)

    def leaning(batch):
        return np.roll(batch, 1, axis=-1)

    found = over_views(leaning, x, 8, upright, multiple=8)
    np.testing.assert_allclose(
        found,
        np.rot90(over_views(leaning, np.rot90(x, 1, (1, 2)), 8, upright, multiple=8), -1, (1, 2)),
        atol=1e-6,
    )


def test_sides_are_grown_and_cut_back(rng):
    sides = []

    def network(batch):
        sides.append(batch.shape[2:])
        return batch

    x = rng.standard_normal((1, 13, 21)).astype(np.float32)
    np.testing.assert_allclose(over_views(network, x, 2, upright, multiple=8), x)
    assert {tuple(sorted(s)) for s in sides} == {(16, 24)}
