"""Convex hulls of star-shaped outlines, against SciPy's hull."""

import numpy as np
import pytest
from scipy.spatial import ConvexHull

from corporis.shapes import convex_radii


def ring(radius):
    angle = 2 * np.pi * np.arange(len(radius)) / len(radius)
    return radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])


def by_half_planes(radius):
    """Where each ray leaves the hull, from the hull's half planes."""
    normals = ConvexHull(ring(radius)).equations
    directions = ring(np.ones(len(radius)))
    slopes = directions @ normals[:, :2].T
    reach = np.where(slopes > 1e-12, -normals[:, 2] / np.maximum(slopes, 1e-12), np.inf)
    return reach.min(axis=1)


@pytest.mark.parametrize("n", [12, 13, 48])
def test_agrees_with_half_planes(n):
    rng = np.random.default_rng(n)
    for _ in range(20):
        radius = 10 * (1 + 0.6 * rng.uniform(-1, 1, n))
        np.testing.assert_allclose(convex_radii(radius), by_half_planes(radius), rtol=1e-9)


def test_convex_outlines_stay_and_a_second_pass_changes_nothing():
    angle = 2 * np.pi * np.arange(48) / 48
    ellipse = 1 / np.hypot(np.cos(angle) / 12, np.sin(angle) / 8)
    np.testing.assert_allclose(convex_radii(ellipse), ellipse, rtol=1e-12)
    notched = ellipse.copy()
    notched[5:8] *= 0.6
    hull = convex_radii(np.stack([ellipse, notched]))
    np.testing.assert_allclose(hull[0], ellipse)
    assert (hull[1] >= 0.96 * ellipse).all()
    np.testing.assert_allclose(convex_radii(hull), hull, rtol=1e-12)


@pytest.mark.parametrize("bad", [[1.0, 1.0], [1.0, -1.0, 1.0], [1.0, np.nan, 1.0], 3.0])
def test_refuses_what_is_no_outline(bad):
    with pytest.raises(ValueError, match="radius must be"):
        convex_radii(bad)
