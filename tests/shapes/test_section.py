"""Sections: curves that lie in the plane, pieces that add up, caps that close."""

import numpy as np
import pytest

from corporis.interfaces import Mesh
from corporis.shapes import (
    area,
    clip,
    contour_area,
    cut_by_plane,
    grid_surface,
    is_closed,
    sphere,
    volume,
)


def torus(n: int = 48, m: int = 24, large: float = 3.0, small: float = 1.0) -> Mesh:
    u, v = np.meshgrid(2 * np.pi * np.arange(n) / n, 2 * np.pi * np.arange(m) / m, indexing="ij")
    ring = large + small * np.cos(v)
    points = np.stack([ring * np.cos(u), ring * np.sin(u), small * np.sin(v)], -1).reshape(-1, 3)
    i, j = np.meshgrid(np.arange(n), np.arange(m), indexing="ij")
    a, b = i * m + j, (i + 1) % n * m + j
    c, d = i * m + (j + 1) % m, (i + 1) % n * m + (j + 1) % m
    cells = np.concatenate([np.stack([a, b, d], -1), np.stack([a, d, c], -1)]).reshape(-1, 3)
    return Mesh(points, cells)


def test_section_of_a_sphere_is_the_circle():
    normal = np.array([1.0, 2.0, -2.0]) / 3
    (ring,) = cut_by_plane(sphere(5.0, 5), 3 * normal, normal)
    np.testing.assert_allclose(ring @ normal, 3.0, atol=1e-12)
    radius = np.linalg.norm(ring - 3 * normal, axis=1)
    np.testing.assert_allclose(radius, 4.0, atol=0.01)
    assert np.array_equal(ring[0], ring[-1])


def test_curves_turn_left_around_the_inside_and_around_holes_right():
    inner, outer = sorted(cut_by_plane(torus(), (0, 0, 0.1), (0, 0, 1)), key=len)
    areas = sorted([contour_area(inner[:, :2]), contour_area(outer[:, :2])])
    height = np.sqrt(1 - 0.1**2)
    np.testing.assert_allclose(
        areas, [-np.pi * (3 - height) ** 2, np.pi * (3 + height) ** 2], rtol=0.02
    )
    both = cut_by_plane(torus(), (0, 0.01, 0), (0, 1, 0))
    assert len(both) == 2
    assert cut_by_plane(torus(), (0, 0, 9), (0, 0, 1)) == []


def test_plane_through_vertices_gives_one_clean_curve():
    ball = sphere(1.0, 2)  # the octahedron's equator lies exactly in z = 0
    (ring,) = cut_by_plane(ball, (0, 0, 0), (0, 0, 1))
    assert np.all(np.linalg.norm(np.diff(ring, axis=0), axis=1) > 0)
    assert contour_area(ring[:, :2]) == pytest.approx(16 / 2 * np.sin(2 * np.pi / 16), rel=1e-12)


def test_surface_with_a_border_gives_open_curves():
    cells = grid_surface(3, 8, apex=False, base_cap="none")
    angle = 2 * np.pi * np.arange(8) / 8
    points = np.concatenate(
        [np.stack([np.cos(angle), np.sin(angle), 0 * angle - z], 1) for z in range(3)]
    )
    arcs = cut_by_plane(Mesh(points, cells), (0.1, 0.05, 0), (1, 0, 0))
    assert len(arcs) == 2
    for arc in arcs:
        assert sorted(arc[[0, -1], 2].tolist()) == [-2.0, 0.0]


@pytest.mark.parametrize("body", [sphere(2.0, 3), torus()], ids=["sphere", "torus"])
def test_the_two_sides_of_a_cut_are_closed_and_add_up(body):
    rng = np.random.default_rng(0)
    for _ in range(5):
        normal, point = rng.normal(size=3), rng.normal(size=3) * 0.3
        below, above = clip(body, point, normal), clip(body, point, -normal)
        assert is_closed(below)
        assert is_closed(above)
        assert volume(below) > 0
        assert volume(above) > 0
        assert volume(below) + volume(above) == pytest.approx(volume(body), rel=1e-12)
        assert np.all((below.points - point) @ normal <= 1e-9)


def test_half_ball_has_the_area_of_its_cap():
    half = clip(sphere(1.0, 5), (0, 0, 0), (0, 0, 1))
    open_half = clip(sphere(1.0, 5), (0, 0, 0), (0, 0, 1), cap=False)
    assert not is_closed(open_half)
    assert area(half) - area(open_half) == pytest.approx(np.pi, rel=2e-3)
    assert volume(half) == pytest.approx(2 / 3 * np.pi, rel=5e-3)


def test_values_are_interpolated_and_precision_is_kept():
    ball = sphere(1.0, 3)
    points = ball.points.astype(np.float32)
    part = clip(Mesh(points, ball.cells, {"height": points[:, 2]}), (0, 0, 0.3), (0, 0, 1))
    assert part.points.dtype == part.point_data["height"].dtype == np.float32
    np.testing.assert_allclose(part.point_data["height"], part.points[:, 2], atol=1e-6)


def test_what_cannot_be_cut_is_refused():
    ball = sphere(1.0, 1)
    with pytest.raises(ValueError, match="nothing is left"):
        clip(ball, (0, 0, -5), (0, 0, 1))
    with pytest.raises(ValueError, match="normal"):
        cut_by_plane(ball, (0, 0, 0), (0, 0, 0))
    with pytest.raises(ValueError, match=r"mesh\.at"):
        cut_by_plane(Mesh(np.stack([ball.points] * 2), ball.cells), (0, 0, 0), (0, 0, 1))


def test_every_parallel_section_of_a_ball_is_one_ring():
    ball = sphere(40.0, 4)
    for height in np.linspace(-30, 30, 250):
        (ring,) = cut_by_plane(ball, (0, 0, height), (0.1, 0, 1))
        assert np.array_equal(ring[0], ring[-1])
