"""Surfaces: volumes with their order of convergence, orientation, closedness, grids."""

import numpy as np
import pytest

from corporis.interfaces import Mesh
from corporis.shapes import (
    area,
    cell_normals,
    edges,
    grid_surface,
    is_closed,
    oriented_outward,
    sphere,
    vertex_normals,
    volume,
)


def cube(side: float = 2.0) -> Mesh:
    corners = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], float)
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    cells = [t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))]
    return Mesh(side * corners, np.array(cells))


def test_cube_is_measured_exactly():
    body = cube(2.0)
    assert is_closed(body)
    assert volume(body) == pytest.approx(8.0, rel=1e-14)
    assert area(body) == pytest.approx(24.0, rel=1e-14)
    assert len(edges(body)) == 18  # 12 sides and a diagonal on each of 6 faces


@pytest.mark.parametrize(("measure", "exact"), [(volume, 4 / 3 * np.pi), (area, 4 * np.pi)])
def test_sphere_converges_with_second_order(measure, exact):
    errors = [exact - measure(sphere(1.0, level)) for level in (3, 4, 5)]
    orders = np.log2(np.divide(errors[:-1], errors[1:]))
    assert np.all(np.array(errors) > 0)
    np.testing.assert_allclose(orders, 2.0, atol=0.05)


def test_volume_does_not_depend_on_place_and_follows_time():
    still = sphere(3.0, 3)
    far = Mesh(still.points + np.array([1e4, -2e4, 3e4]), still.cells)
    assert volume(far) == pytest.approx(volume(still), rel=1e-9)
    moving = Mesh(np.stack([still.points, 2 * still.points]), still.cells)
    np.testing.assert_allclose(volume(moving), volume(still) * np.array([1, 8]), rtol=1e-12)
    np.testing.assert_allclose(area(moving), area(still) * np.array([1, 4]), rtol=1e-12)


def test_normals_point_outwards_and_keep_the_precision():
    ball = sphere(2.0, 4)
    ball = Mesh(ball.points.astype(np.float32), ball.cells)
    normals = vertex_normals(ball)
    assert normals.dtype == np.float32
    assert np.sum(normals * ball.points, axis=1).min() > 2 * 0.999
    np.testing.assert_allclose(np.linalg.norm(cell_normals(ball), axis=1), 1, atol=1e-6)
    moving = Mesh(np.stack([ball.points, ball.points[:, [1, 0, 2]]]), ball.cells)
    np.testing.assert_allclose(vertex_normals(moving)[0], normals)
    assert np.sum(vertex_normals(moving)[1] * moving.points[1], axis=1).max() < 0  # mirrored


def test_open_and_inconsistent_surfaces_are_not_closed():
    body = cube()
    assert not is_closed(Mesh(body.points, body.cells[:-1]))
    flipped = body.cells.copy()
    flipped[3] = flipped[3, ::-1]
    assert not is_closed(Mesh(body.points, flipped))
    with pytest.raises(ValueError, match="closed"):
        oriented_outward(Mesh(body.points, flipped))
    inward = Mesh(body.points, body.cells[:, ::-1])
    assert volume(inward) == pytest.approx(-8)
    assert volume(oriented_outward(inward)) == pytest.approx(8)


def half_ellipsoid(n_levels: int, n_angles: int) -> np.ndarray:
    """Vertices of the grid of z = -4 sqrt(1 - x^2 - y^2), base at z = 0, angles as stated."""
    descent = np.arange(n_levels)[:, None] / n_levels * np.pi / 2
    angle = 2 * np.pi * np.arange(n_angles) / n_angles
    radius, height = np.cos(descent), -4 * np.sin(descent)
    levels = np.stack([radius * np.cos(angle), radius * np.sin(angle), height + 0 * angle], axis=-1)
    return np.concatenate([levels.reshape(-1, 3), [[0, 0, -4.0]], [[0, 0, 0.0]]])


def test_grid_surface_is_closed_outward_and_converges():
    exact = 2 / 3 * np.pi * 4
    errors = []
    for n in (8, 16, 32):
        body = Mesh(half_ellipsoid(n, 4 * n), grid_surface(n, 4 * n))
        assert is_closed(body)
        errors.append(exact - volume(body))
    assert np.all(np.array(errors) > 0)
    np.testing.assert_allclose(np.log2(np.divide(errors[:-1], errors[1:])), 2, atol=0.05)


@pytest.mark.parametrize(("apex", "base_cap", "border"), [(True, "none", 6), (False, "none", 12)])
def test_grid_surface_leaves_the_borders_asked_for(apex, base_cap, border):
    cells = grid_surface(4, 6, apex=apex, base_cap=base_cap)
    sides = np.sort(np.concatenate([cells[:, [0, 1]], cells[:, [1, 2]], cells[:, [2, 0]]]), axis=1)
    _, counts = np.unique(sides, axis=0, return_counts=True)
    assert np.sum(counts == 1) == border
    assert counts.max() == 2


def test_grid_surface_refuses_what_it_cannot_close():
    with pytest.raises(ValueError, match="n_angles >= 3"):
        grid_surface(4, 2)
    with pytest.raises(ValueError, match="2 without apex"):
        grid_surface(1, 8, apex=False)
    with pytest.raises(ValueError, match="base_cap"):
        grid_surface(4, 8, base_cap="flat")


def test_each_part_is_turned_outward_and_a_cavity_stays_one():
    ball = sphere(2.0, 3)
    apart = Mesh(
        np.concatenate([ball.points, ball.points + 9]),
        np.concatenate([ball.cells, ball.cells[:, ::-1] + len(ball.points)]),
    )
    assert volume(apart) == pytest.approx(0, abs=1e-9)
    assert volume(oriented_outward(apart)) == pytest.approx(2 * volume(ball))
    shell = Mesh(np.concatenate([ball.points, 0.5 * ball.points]), apart.cells[:, ::-1])
    turned = oriented_outward(shell)
    assert volume(turned) == pytest.approx(7 / 8 * volume(ball))
    assert oriented_outward(turned) is turned
    moving = Mesh(np.stack([shell.points, 2 * shell.points]), shell.cells, {}, np.array([0.0, 9]))
    assert np.all(volume(oriented_outward(moving)) > 0)
