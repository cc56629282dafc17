"""A grid of 1 mm: exact where steps are 1 mm, linear elsewhere, and back in place."""

import numpy as np
import pytest

from corporis.apps.organs.millimetre import MillimetreGrid


def test_steps_of_a_millimetre_change_nothing(rng):
    volume = rng.random((5, 6, 7), np.float32)
    grid = MillimetreGrid(volume.shape, (1.0, 1.0, 1.0))
    np.testing.assert_array_equal(grid.seen(volume), volume)
    np.testing.assert_array_equal(grid.back(volume), volume)


@pytest.mark.parametrize("spacing", [(2.0, 1.0, 1.5), (0.5, 0.8, 1.0)])
def test_a_slope_is_seen_and_comes_back_where_it_was(spacing):
    shape = (30, 28, 26)
    places = np.stack([(i - (n - 1) / 2) * s for i, n, s in zip(np.indices(shape), shape, spacing)])
    slope = places[0] + 2 * places[1] - places[2]
    grid = MillimetreGrid(shape, spacing)
    seen = grid.seen(slope)
    assert seen.shape == grid.sides
    own = np.stack([i - (n - 1) / 2 for i, n in zip(np.indices(grid.sides), grid.sides)])
    inner = (slice(6, -6),) * 3
    expected = own[0] + 2 * own[1] - own[2]
    np.testing.assert_allclose(seen[inner], expected[inner], atol=1e-3)
    several = np.stack([seen, -seen])
    back = grid.back(several)
    assert back.shape == (2, *shape)
    np.testing.assert_allclose(back[0][inner], slope[inner], atol=1e-3)


def test_steps_must_be_positive():
    with pytest.raises(ValueError, match="steps must be > 0"):
        MillimetreGrid((4, 4, 4), (1.0, 0.0, 1.0))
