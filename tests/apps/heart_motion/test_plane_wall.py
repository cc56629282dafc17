"""The wall in a plane: from circles, from a mask, from points in its middle."""

import numpy as np
import pytest

from corporis.apps.heart_motion.plane_wall import PlaneWall, ring_around, ring_of_mask
from corporis.deformables import Annulus


def disc(n=60, centre=(28.0, 31.0), inner=12.0, outer=20.0):
    radius = np.hypot(*(np.indices((n, n)) - np.array(centre)[:, None, None]))
    return (radius >= inner) & (radius <= outer)


def test_of_circles_has_their_area_and_depths():
    wall = PlaneWall.of_ring(Annulus(np.array([5.0, 7.0]), 10.0, 16.0))
    assert wall.area.sum() == pytest.approx(np.pi * (256 - 100))
    assert 0 < wall.depth.min() < 0.05 and 0.95 < wall.depth.max() < 1
    assert np.hypot(*(wall.middle - wall.centre).T) == pytest.approx(13.0)


def test_of_a_mask_finds_the_rims():
    wall = PlaneWall.of_mask(disc())
    radii = np.hypot(*(wall.rims - wall.centre).transpose(2, 0, 1))
    assert np.abs(radii[0] - 12).max() < 1 and np.abs(radii[1] - 20).max() < 1
    assert np.abs(wall.centre - [28, 31]).max() < 0.6
    radius = np.hypot(*(wall.places - wall.centre).T)
    assert np.corrcoef(radius, wall.depth)[0, 1] > 0.99
    assert set(wall.layer) == {0, 1, 2}
    ring = ring_of_mask(disc())
    assert abs(ring.inner - 12) < 0.7 and abs(ring.outer - 20) < 0.7


def test_what_is_no_wall_is_refused():
    with pytest.raises(ValueError, match="the wall has a hole"):
        PlaneWall.of_mask(disc() & (np.indices((60, 60))[0] > 25))
    with pytest.raises(ValueError, match="no cavity"):
        PlaneWall.of_mask(disc(inner=0.0))
    with pytest.raises(ValueError, match="at least 24 pixels, got 0"):
        PlaneWall.of_mask(np.zeros((9, 9), bool))


def test_a_ring_through_points_is_a_quarter_thick_to_each_side(rng):
    turn = rng.uniform(0, 2 * np.pi, 9)
    points = np.array([4.0, 6.0]) + 12 * np.stack([np.cos(turn), np.sin(turn)], -1)
    ring = ring_around(points)
    assert np.allclose(ring.centre, [4, 6]) and (ring.inner, ring.outer) == pytest.approx((9, 15))
