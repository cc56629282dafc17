"""Landmarks on outlines: equal steps, polar form, measures of polygons."""

import numpy as np
import pytest

from corporis.shapes import (
    contour_area,
    contour_centroid,
    contour_length,
    polar_contour,
    radii_at_angles,
    resample_contour,
)

L_SHAPE = np.array([[0, 0], [4, 0], [4, 1], [1, 1], [1, 3], [0, 3.0]])


def test_measures_of_a_polygon():
    assert contour_area(L_SHAPE) == 6
    assert contour_area(L_SHAPE[::-1]) == -6
    assert contour_length(L_SHAPE) == 14
    np.testing.assert_allclose(contour_centroid(L_SHAPE), [(4 * 2 + 2 * 0.5) / 6, 1.0])
    np.testing.assert_allclose(contour_centroid(L_SHAPE[::-1] + 100), [101.5, 101.0])
    with pytest.raises(ValueError, match="area"):
        contour_centroid([[0, 0], [1, 1], [2, 2]])


def test_resampling_makes_equal_steps_and_closes():
    found = resample_contour(L_SHAPE, 14)
    np.testing.assert_allclose(np.linalg.norm(np.roll(found, -1, 0) - found, axis=1), 1)
    closed = resample_contour(np.concatenate([L_SHAPE, L_SHAPE[:1]]), 14)
    np.testing.assert_array_equal(found, closed)
    assert resample_contour(L_SHAPE.astype(np.float32), 5).dtype == np.float32
    with pytest.raises(ValueError, match="length"):
        resample_contour([[1, 1], [1, 1]], 5)


def test_polar_form_goes_there_and_back(rng):
    radii = 5 + rng.random(36)
    contour = polar_contour(radii, (3, -2), start=0.2)
    np.testing.assert_allclose(radii_at_angles(contour, (3, -2), 36, start=0.2), radii, rtol=1e-9)
    many = polar_contour(np.stack([radii, 2 * radii]), np.array([[3, -2], [0, 0]]), start=0.2)
    np.testing.assert_allclose(many[0], contour)


def test_farthest_crossing_counts_and_a_centre_outside_is_refused():
    bay = np.array([[-1, -1], [3, -1], [3, 1], [2, 0.2], [1, 1], [-1, 1.0]])
    assert radii_at_angles(bay, (0, 0.5), 4)[0] == pytest.approx(3)
    with pytest.raises(ValueError, match="inside"):
        radii_at_angles(bay, (10, 0), 8)
