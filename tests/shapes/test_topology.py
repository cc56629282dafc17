"""Topology of bodies whose numbers are known."""

import numpy as np
import pytest

from corporis.shapes import Betti, betti, euler_number


def test_plane_masks():
    mask = np.zeros((12, 12), bool)
    assert betti(mask) == Betti(0, 0, 0)
    mask[1:6, 1:6] = True
    mask[3, 3] = False
    mask[8:, 8:] = True
    assert betti(mask) == Betti(2, 1, 0)
    assert euler_number(mask) == 1
    assert betti(np.eye(5)) == Betti(1, 0, 0)  # touching corners hang together


def test_solid_masks():
    z, y, x = np.indices((21, 21, 21)) - 10
    distance = np.sqrt(x**2 + y**2 + z**2)
    ball, shell = distance < 8, (distance < 8) & (distance > 4)
    torus = (np.hypot(x, y) - 6) ** 2 + z**2 < 9
    assert betti(ball) == Betti(1, 0, 0)
    assert betti(shell) == Betti(1, 0, 1)
    assert euler_number(shell) == 2
    assert betti(torus) == Betti(1, 1, 0)
    assert betti(shell & ~((np.hypot(x, y) < 2) & (z > 0))) == Betti(1, 0, 0)  # an open cup
    assert betti(shell & ~(np.hypot(x, y) < 2)) == Betti(1, 1, 0)  # drilled through


def test_solid_elements_touch_at_corners():
    chain = np.zeros((4, 4, 4), bool)
    chain[np.arange(4), np.arange(4), np.arange(4)] = True
    assert betti(chain) == Betti(1, 0, 0)
    rng = np.random.default_rng(0)
    sponge = rng.random((12, 12, 12)) < 0.3
    assert betti(sponge).holes > 0
    assert euler_number(sponge) == corner_count(sponge)


def corner_count(mask):
    """Vertices - edges + faces - solids of the closed cubes of a mask."""
    mask = np.pad(mask, 1)
    total = 0
    for axes in np.ndindex(2, 2, 2):  # 1: the cell is a point along this axis, else an interval
        present = mask
        for axis, is_point in enumerate(axes):
            if is_point:
                lower = np.take(present, range(present.shape[axis] - 1), axis)
                upper = np.take(present, range(1, present.shape[axis]), axis)
                present = lower | upper
        total += (-1) ** (3 - sum(axes)) * np.count_nonzero(present)
    return total


def test_full_mask_and_wrong_dimensions():
    assert betti(np.ones((4, 4, 4))) == Betti(1, 0, 0)
    with pytest.raises(ValueError, match="2 or 3"):
        betti(np.ones(4))
