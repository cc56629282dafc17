"""Closed surfaces: the same triangles at all times, positive volumes, and the right ones."""

from dataclasses import replace

import numpy as np
import pytest

from apps.heart_shape.known import Ellipsoid, ends_of, tube
from corporis.apps.heart_shape.body import ANGLES
from corporis.apps.heart_shape.rebuild import (
    RightBody,
    crescent_ring,
    left_surface,
    right_surface,
)
from corporis.shapes import contour_area, is_closed, volume

HEART = Ellipsoid(squeeze=(1.0, 0.7, 0.45))


def right_of(body, *, extent=600.0, first=6, last=20, begin=None):
    """A right cavity of constant squared extent between two angles."""
    shape = body.cavity.shape
    index = np.arange(shape[1])
    inside = ((index >= first) & (index <= last))[None, :, None]
    return RightBody(
        body.outer.copy() if begin is None else np.full(shape, begin),
        np.where(inside, extent, 0.0) * np.ones(shape),
        body.ends,
    )


@pytest.mark.parametrize("towards", [1, -1])
def test_left_surfaces_are_closed_with_the_volume_of_the_ellipsoid(towards):
    body = HEART.body(towards=towards)
    cavity, outer = left_surface(body, "cavity"), left_surface(body, "outer")
    truth = np.array([HEART.volume(t) for t in range(3)])
    np.testing.assert_allclose(volume(cavity), truth, rtol=0.02)
    np.testing.assert_allclose(volume(outer) - volume(cavity), HEART.muscle_volume(), rtol=0.05)
    for mesh in (cavity, outer):
        assert mesh.points.shape[0] == 3 and mesh.cells.shape[1] == 3
        assert is_closed(mesh.at(0))
        assert np.all(volume(mesh) > 0)  # triangles are outward at every time
    np.testing.assert_array_equal(cavity.cells, outer.cells)


def test_the_surface_runs_from_base_to_apex():
    body = HEART.body()
    points = left_surface(body, "cavity").points
    height = points[..., 2] - body.frame.height(-0.5)
    np.testing.assert_allclose(height.min(axis=1), 0, atol=1e-9)
    np.testing.assert_allclose(height.max(axis=1), HEART.length, atol=1e-9)
    away = np.hypot(points[0, :, 0], points[0, :, 1])[:-2]
    expected = np.sqrt(np.maximum(HEART.cavity(height[0, :-2], 0), 0))
    np.testing.assert_allclose(away, expected, atol=0.7)
    # the last vertices are the tip and the middle of the base
    np.testing.assert_allclose(points[:, -2], [[0, 0, body.frame.height(7.0)]] * 3)
    np.testing.assert_allclose(points[:, -1], [[0, 0, body.frame.height(-0.5)]] * 3)


def test_rings_are_linear_between_levels():
    body = HEART.body()
    position, square = body.rings("cavity", [0.0, 0.5, 1.0], 1)
    np.testing.assert_allclose(position, [-0.5, 3.25, 7.0])
    levels = body.grid.level(position)
    for level, ring in zip(levels, square, strict=True):
        low = int(level)
        share = level - low
        up = min(low + 1, body.grid.n_levels - 1)
        expected = (1 - share) * body.cavity[low, :, 1] + share * body.cavity[up, :, 1]
        np.testing.assert_allclose(ring, np.maximum(expected, 0))
    assert np.all(body.at(np.full((body.grid.n_levels, 4), -3.0), np.array([2.0])) == 0)
    outside = body.at(body.cavity[..., 0], np.array([-50.0, 50.0]))
    np.testing.assert_allclose(outside[0], body.cavity[0, :, 0])


def test_meshes_follow_a_bent_centre_line_without_changing_volume():
    body = HEART.body()
    line = 0.3 * np.arange(8.0)[:, None] ** 2 * [1.0, -0.5]
    bent = replace(body, frame=replace(body.frame, line=line, centres=line + 5.0))
    straight, curved = left_surface(body, "cavity"), left_surface(bent, "cavity")
    np.testing.assert_allclose(volume(curved), volume(straight), rtol=0.01)
    ring = curved.points[0, :ANGLES].mean(axis=0)
    np.testing.assert_allclose(ring[:2], bent.frame.line_at(-0.5), atol=1e-9)


def test_times_and_units_are_kept():
    times = np.array([0.0, 300.0, 600.0])
    mesh = left_surface(HEART.body(), "cavity", times, "pixel")
    assert mesh.length_unit == "pixel"
    np.testing.assert_array_equal(mesh.times_ms, times)


def test_a_crescent_has_the_area_of_its_squares():
    begin, extent = np.full(ANGLES, 900.0), np.full(ANGLES, 700.0)
    arc = (5.0, 20.0)
    ring = crescent_ring(begin, extent, arc)
    expected = 0.5 * 700 * 2 * np.pi * 15 / ANGLES
    assert abs(contour_area(ring)) == pytest.approx(expected, rel=0.01)
    away = np.hypot(*ring.T)
    half = len(ring) // 2
    np.testing.assert_allclose(away[:half], 40, rtol=1e-9)
    np.testing.assert_allclose(away[half:], 30, rtol=1e-9)
    # The same around a full turn: arcs may begin below 0 or end above n.
    around = crescent_ring(begin, extent, (43.0, 58.0))
    assert contour_area(around) == pytest.approx(contour_area(ring), rel=1e-9)


def test_the_right_surface_is_closed_at_all_times():
    body = tube(squeeze=(1.0, 0.5))
    right = right_of(body)
    right.extent[..., 1] *= 0.5
    mesh = right_surface(body, right, np.array([0.0, 400.0]))
    assert is_closed(mesh.at(0)) and np.all(volume(mesh) > 0)
    assert len(mesh.points) == 2 and mesh.times_ms[1] == 400
    # 15 to 16 steps of angle, 97 % of the length
    width = 2 * np.pi * 15.5 / ANGLES
    truth = 0.5 * 600 * np.array([1, 0.5]) * width * 60 * 0.97
    np.testing.assert_allclose(volume(mesh), truth, rtol=0.1)


@pytest.mark.parametrize("first", [2, 30, 40])
def test_where_the_right_cavity_lies_does_not_matter(first):
    body = tube()
    found = volume(right_surface(body, right_of(body, first=2, last=16)))
    index = (np.arange(ANGLES) - first) % ANGLES
    right = right_of(body)
    moved = replace(
        right, extent=np.where(index <= 14, 600.0, 0.0)[None, :, None] * right.extent**0
    )
    turned = right_surface(body, moved)
    np.testing.assert_allclose(volume(turned), found, rtol=1e-6)


def test_gaps_in_the_right_cavity_are_filled_and_nothing_is_none():
    body = tube()
    right = right_of(body)
    holed = right.extent.copy()
    holed[: body.grid.n_levels // 3] = 0
    mesh = right_surface(body, replace(right, extent=holed))
    assert is_closed(mesh.at(0)) and np.isfinite(mesh.points).all()
    assert 0 < volume(mesh)[0] < volume(right_surface(body, right))[0]
    assert right_surface(body, replace(right, extent=0 * right.extent)) is None


def test_area_and_arc_of_the_right_body():
    body = tube()
    right = right_of(body, first=44, last=48)
    np.testing.assert_allclose(right.area(), np.pi * 600 * 4 / ANGLES)
    assert right.arc(3, 0) == (43.5, 47.5)
    whole = replace(right, extent=np.full_like(right.extent, 5.0))
    assert whole.arc(3, 0) == (0.0, ANGLES)
    assert replace(right, extent=0 * right.extent).arc(3, 0) is None
    ends = ends_of(body.grid, 1.0, 4.0, 1)
    shorter = right_surface(body, replace(right_of(body), ends=ends))
    assert volume(shorter)[0] == pytest.approx(volume(right_surface(body, right_of(body)))[0] / 2)
