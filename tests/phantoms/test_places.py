"""Places: polar coordinates whose volume element is one, labels, segments' centres."""

import numpy as np
import pytest

from corporis.deformables import aha_segment
from corporis.phantoms import Places
from corporis.phantoms.places import SEGMENT_CENTRES, cartesian, neighbours, polar


def test_polar_and_cartesian_are_inverse(rng):
    points = rng.normal(0, 30, (50, 3))
    s, angle, z = polar(points)
    np.testing.assert_allclose(2 * s, points[:, 0] ** 2 + points[:, 1] ** 2)
    np.testing.assert_allclose(cartesian(s, angle, z), points, atol=1e-12)
    np.testing.assert_allclose(cartesian(-1.0, 0.3, 5.0), [0, 0, 5])
    assert cartesian(np.ones((4, 1)), np.zeros(6), 2.0).shape == (4, 6, 3)


def test_half_squared_radius_makes_the_volume_element_one():
    at, step = np.array([200.0, 0.8, 20.0]), 1e-3
    columns = [
        (cartesian(*(at + step * e)) - cartesian(*(at - step * e))) / (2 * step) for e in np.eye(3)
    ]
    assert np.linalg.det(np.stack(columns, axis=1)) == pytest.approx(1, abs=1e-6)


def test_labels_by_hand():
    s = np.array([10.0, 50.0, 99.0, 100.0, 149.0, 150.0, 180.0, 50.0, 10.0, 30.0, 10.0, 10.0])
    z = np.array([5.0, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0, -0.1, 30.0, 30.0, 36.0, 0.0])
    n = len(s)
    places = Places(
        s, np.zeros(n), z, np.full(n, 50.0), np.full(n, 100.0), np.full(n, 50.0), 29.0, 35.0
    )
    # cavity ends at 29 mm, muscle at 35; borders belong to what lies outside them
    expected = [1, 2, 2, 3, 3, 0, 0, 0, 2, 2, 0, 1]
    assert places.labels().tolist() == expected
    assert places.labels().dtype == np.uint8


def test_centres_lie_in_their_segments():
    assert sorted(SEGMENT_CENTRES) == list(range(1, 18))
    for segment, (level, angle) in SEGMENT_CENTRES.items():
        assert aha_segment(angle, level) == segment
        if segment < 17:  # in the middle: as far in every direction
            width = np.deg2rad(29.0 if segment < 13 else 44.0)
            assert set(aha_segment(angle + np.array([-width, width]), level)) == {segment}


def test_neighbours_lie_together():
    for seed in range(20):
        found = neighbours(np.random.default_rng(seed), 6)
        assert len(set(found)) == 6 and set(found) <= set(range(1, 18))
        level, angle = SEGMENT_CENTRES[found[0]]
        assert found[0] != 17

        def away(segment, level=level, angle=angle):
            other = SEGMENT_CENTRES[segment]
            return abs(other[0] - level) < 0.35 and np.cos(other[1] - angle) > -1e-9

        assert all(away(k) for k in found[:3])
    starts = {neighbours(np.random.default_rng(seed), 1)[0] for seed in range(200)}
    assert starts == set(range(1, 17))
