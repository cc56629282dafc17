"""Base and apex: where the ring opens, and where the fitted square reaches zero."""

import numpy as np
import pytest

from corporis.apps.heart_shape.body import Grid
from corporis.apps.heart_shape.ends import (
    Ends,
    apex_direction,
    based_beside,
    find_ends,
    ring_coverage,
    without_far_side,
    without_vessels,
)


def profile_q(grid, tip, n_times=1, square=500.0):
    """Squared radii of a paraboloid that closes at slice position `tip`."""
    share = (tip - grid.slice_positions) / (tip + 1)
    return np.repeat((square * share)[:, None, None] * np.ones(n_times), 8, axis=1)


def test_the_apex_is_where_the_ventricle_tapers():
    area = np.array([500.0, 480, 450, 380, 280, 120])
    nothing = np.zeros(6)
    assert apex_direction(area, nothing) == 1
    assert apex_direction(area[::-1], nothing) == -1
    # Near the base the ring is open and the area small: the profile as a whole decides.
    assert (
        apex_direction(np.array([0.0, 0, 500, 480, 450, 380, 280, 120, 0, 0])[2:], np.zeros(8)) == 1
    )
    # A tube tells nothing by itself, its right ventricle does.
    tube = np.full(6, 300.0)
    right = np.array([400.0, 350, 250, 100, 0, 0])
    assert apex_direction(tube, right) == 1
    assert apex_direction(tube, right[::-1]) == -1
    assert apex_direction(np.array([100.0]), np.array([0.0])) == 1
    assert apex_direction(nothing, nothing) == 1


@pytest.mark.parametrize("towards", [1, -1])
def test_what_widens_beyond_the_apex_is_another_organ(towards):
    area = np.array([900.0, 1000, 950, 700, 450, 120, 300, 500])[::towards]
    expected = np.array([True] * 6 + [False] * 2)[::towards]
    assert without_far_side(area, towards).tolist() == expected.tolist()
    # an apex that bulges a little, and slices that see nothing, are no other organ
    for quiet in ([900.0, 1000, 950, 700, 500, 620, 100], [900.0, 1000, 300, 100, 0, 0]):
        assert without_far_side(np.array(quiet)[::towards], towards).all()


def test_coverage_is_the_share_of_the_ring_that_is_closed():
    wall = np.full((2, 1, 12), 100.0)
    wall[1, 0, :3] = 0
    wall[1, 0, 3] = 25.0  # half of the half of the wall that is enough
    found = ring_coverage(wall, np.ones((2, 1, 12)))
    np.testing.assert_allclose(found[:, 0], [1, 8.5 / 12], rtol=1e-6)
    assert ring_coverage(0 * wall, 0 * wall).shape == (2, 1)


@pytest.mark.parametrize("towards", [1, -1])
def test_the_base_lies_between_the_last_open_and_the_first_closed_ring(towards):
    grid = Grid.of(8)
    for first, outside, wanted in ((2, 0.0, 1.5), (2, 0.25, 2 - 0.5 / 0.75), (0, 0.0, -0.5)):
        present = np.ones((8, 2))
        present[:first] = 0
        if first:
            present[first - 1] = outside
        q = profile_q(grid, 7.4, 2)
        if towards < 0:
            present, q = present[::-1], q[::-1]
        ends = find_ends(present, q, grid, towards)
        expected = wanted if towards > 0 else 7 - wanted
        np.testing.assert_allclose(ends.base, expected, atol=1e-6)
        assert ends.towards_apex == towards and ends.base_spread > 0


@pytest.mark.parametrize("towards", [1, -1])
@pytest.mark.parametrize("tip", [5.3, 6.0, 7.4])
def test_the_apex_is_where_the_square_reaches_zero(towards, tip):
    grid = Grid.of(8)
    q = profile_q(grid, tip, 2)
    q[..., 1] = profile_q(grid, tip - 0.5)[..., 0]
    if towards < 0:
        q = q[::-1]
    ends = find_ends(np.ones((8, 2)), q, grid, towards)
    expected = np.array([tip, tip - 0.5])
    if towards < 0:
        expected = 7 - expected
    np.testing.assert_allclose(ends.apex, expected, atol=0.15)


def test_a_body_that_does_not_close_ends_with_the_grid():
    grid = Grid.of(6)
    ends = find_ends(np.ones((6, 1)), np.full((grid.n_levels, 8, 1), 300.0), grid, 1)
    assert ends.apex[0] == 6


def test_a_lone_slice_elsewhere_does_not_make_a_base():
    grid = Grid.of(12)
    present = np.ones((12, 1))
    present[:5] = 0
    present[0] = 0.9  # a false alarm in the atrium
    ends = find_ends(present, profile_q(grid, 11), grid, 1)
    assert ends.base[0] == pytest.approx(4.5)


def test_a_weak_ventricle_begins_where_it_is_strongest():
    grid = Grid.of(5)
    present = np.array([0.0, 0.1, 0.4, 0.3, 0.2])[:, None]
    ends = find_ends(present, profile_q(grid, 4.5), grid, 1)
    assert 1 <= ends.base[0] <= 2


def test_many_frames_are_smoothed_over_the_beat_and_few_are_not():
    grid, n = Grid.of(8), 20
    present = np.ones((8, n))
    present[0] = 0
    present[1, 7] = 0  # one frame that flickers
    ends = find_ends(present, profile_q(grid, 7, n), grid, 1)
    np.testing.assert_allclose(ends.base, 0.5, atol=1e-6)
    few = find_ends(present[:, [0, 7]], profile_q(grid, 7, 2), grid, 1)
    np.testing.assert_allclose(few.base, [0.5, 1.5])
    # The smoothing closes around the beat.
    late = np.ones((8, n))
    late[0, -3:] = 0
    late[0, :3] = 0
    base = find_ends(late, profile_q(grid, 7, n), grid, 1).base
    np.testing.assert_allclose(base, base[::-1], atol=1e-9)
    assert base[0] > base[10] + 0.5


def test_what_is_small_above_a_large_section_is_not_ventricle():
    """The aortic root above the base is as round and bright, and far smaller."""
    area = np.array([[30, 30], [25, 20], [95, 18], [100, 60], [80, 55], [20, 10]], float)
    below = without_vessels(area, 1)
    assert below[:, 0].tolist() == [False, False, True, True, True, True]
    assert below[:, 1].tolist() == [False, False, False, True, True, True]
    np.testing.assert_array_equal(without_vessels(area[::-1], -1), below[::-1])
    assert without_vessels(np.array([[60.0], [100.0], [90.0]]), 1).all()
    missing = np.array([[90.0], [0.0], [100.0], [60.0]])
    assert without_vessels(missing, 1).all()


def test_both_ventricles_end_at_one_plane():
    left = Ends(np.array([1.0, 2.0, 1.0]), np.full(3, 8.0), 1, 0.2)
    right = Ends(np.array([-2.0, 2.4, 4.0]), np.full(3, 7.0), 1, 0.25)
    found = based_beside(right, left)
    np.testing.assert_allclose(found.base, [0.25, 2.4, 1.75])
    np.testing.assert_array_equal(found.apex, right.apex)
