"""Distances against brute force, exact bodies, and the rules for masks."""

import numpy as np
import pytest

from corporis.interfaces import Mesh
from corporis.shapes import (
    contour_distance,
    point_to_contour,
    point_to_surface,
    polar_contour,
    sample_surface,
    signed_distance,
    sphere,
    surface_distance,
    triangle_distance,
)


def test_triangle_distance_is_that_of_the_nearest_of_many_points(rng):
    triangles = rng.normal(size=(200, 3, 3))
    points = 2 * rng.normal(size=(200, 3))
    n = 60
    weights = np.array([(i, j, n - i - j) for i in range(n + 1) for j in range(n + 1 - i)]) / n
    dense = np.einsum("wk,tkd->twd", weights, triangles)
    brute = np.linalg.norm(dense - points[:, None], axis=2).min(axis=1)
    exact = triangle_distance(points, triangles)
    assert np.all(exact <= brute + 1e-12)
    np.testing.assert_allclose(exact, brute, atol=0.08)


def test_degenerate_triangles_are_segments_or_points():
    segment = np.array([[[0.0, 0, 0], [2, 0, 0], [1, 0, 0]], [[1.0, 1, 1]] * 3])
    points = np.array([[3.0, 0, 1], [1, 1, 3]])
    np.testing.assert_allclose(triangle_distance(points, segment), [np.sqrt(2), 2])


def test_search_tree_gives_the_same_as_all_triangles(rng):
    # Long thin triangles among small ones: the nearest middle is often not the nearest triangle.
    corners = rng.normal(size=(300, 1, 3)) + rng.normal(size=(300, 3, 3)) * 0.05
    corners[::30] *= 20
    soup = Mesh(corners.reshape(-1, 3), np.arange(900).reshape(-1, 3))
    points = 3 * rng.normal(size=(150, 3))
    every = [triangle_distance(np.repeat(p[None], 300, 0), corners).min() for p in points]
    np.testing.assert_allclose(point_to_surface(points, soup), every, rtol=1e-12)


def test_concentric_spheres_are_their_difference_apart():
    result = surface_distance(sphere(10.0, 5), sphere(12.0, 5), samples=2000)
    for value in (result.mean, result.rms, result.forward, result.backward, result.hausdorff):
        assert value == pytest.approx(2.0, abs=0.02)
    assert surface_distance(sphere(10.0, 3), sphere(10.0, 3)).hausdorff < 1e-12


def test_a_bump_shows_in_one_direction_only():
    ball = sphere(10.0, 3)
    points = ball.points.copy()
    points[0] *= 1.5
    result = surface_distance(Mesh(points, ball.cells), ball, samples=20_000)
    assert result.hausdorff == pytest.approx(5.0, abs=0.4)
    assert result.forward > result.backward
    assert result.percentile_95 < 1


def test_samples_are_spread_by_area():
    points = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 5], [3, 0, 5], [0, 3, 5.0]])
    found = sample_surface(Mesh(points, np.array([[0, 1, 2], [3, 4, 5]])), 10_000)
    assert np.mean(found[:, 2] == 5) == pytest.approx(0.9, abs=1e-3)
    np.testing.assert_allclose(found[found[:, 2] == 0].mean(axis=0), [1 / 3, 1 / 3, 0], atol=2e-3)


def test_contours_around_one_centre_and_order_of_points():
    inner = polar_contour(np.full(90, 10.0), (5, 5))
    outer = polar_contour(np.full(360, 13.0), (5, 5), start=1.0)
    assert contour_distance(inner, outer) == pytest.approx(3.0, abs=0.01)
    assert contour_distance(inner, inner[::-1]) == pytest.approx(0.0, abs=1e-12)
    closed = np.concatenate([inner, inner[:1]])
    assert contour_distance(closed, outer) == pytest.approx(contour_distance(inner, outer))


def test_point_to_contour_closes_the_contour():
    square = np.array([[0.0, 0], [4, 0], [4, 4], [0, 4]])
    points = np.array([[-3.0, 2], [2, 2], [7, 8]])
    np.testing.assert_allclose(point_to_contour(points, square), [3, 2, 5])


def test_signed_distance_of_a_half_space_and_a_disc():
    slab = np.zeros((6, 4, 3), bool)
    slab[4:] = True
    expected = 2.0 * (3.5 - np.arange(6))
    np.testing.assert_allclose(
        signed_distance(slab, (2.0, 1.0, 8.0)), np.broadcast_to(expected[:, None, None], (6, 4, 3))
    )
    r, c = np.indices((81, 81)) - 40
    exact = np.hypot(r, c) - 30
    assert np.abs(signed_distance(exact < 0) - exact).max() < 0.8
    assert np.all(signed_distance(np.zeros((3, 3))) == np.inf)
    assert np.all(signed_distance(np.ones((3, 3))) == -np.inf)


def test_wrong_input_is_named():
    with pytest.raises(ValueError, match="unit"):
        surface_distance(sphere(), Mesh(sphere().points, sphere().cells, length_unit="pixel"))
    with pytest.raises(ValueError, match="spacing"):
        signed_distance(np.eye(3), (1.0,))
