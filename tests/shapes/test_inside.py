"""Surfaces filled: closed, open, tangled, inside out; against exact bodies and solid angles."""

import numpy as np
import pytest

from corporis.interfaces import Mesh
from corporis.shapes import fill_surface, sphere, volume, winding_number


def without(mesh, chosen):
    return Mesh(mesh.points, mesh.cells[~chosen])


def near(mesh, direction, angle):
    middles = mesh.points[mesh.cells].mean(axis=1)
    unit = middles / np.linalg.norm(middles, axis=1, keepdims=True)
    return unit @ np.asarray(direction) > np.cos(angle)


def true_ball(found, radius):
    places = found.origin + found.spacing * np.stack(np.indices(found.mask.shape), axis=-1)
    return np.linalg.norm(places, axis=-1) < radius


def test_a_sphere_is_a_ball_whichever_side_is_out():
    ball = sphere(10.0, 4)
    found = fill_surface(ball, 1.0)
    assert found.doubt == 0
    assert np.mean(found.mask != true_ball(found, 10.0)) < 0.002
    turned = fill_surface(Mesh(ball.points, ball.cells[:, ::-1]), 1.0)
    np.testing.assert_array_equal(found.mask, turned.mask)


def test_small_holes_change_little_and_are_doubted():
    ball = sphere(10.0, 4)
    holes = near(ball, [0, 0, 1.0], 0.2) | near(ball, [1.0, 0, 0], 0.15)
    found = fill_surface(without(ball, holes), 1.0)
    assert np.sum(found.mask != true_ball(found, 10.0)) < 0.02 * found.mask.sum()
    assert found.doubt < 0.1
    half = fill_surface(without(ball, near(ball, [0, 0, 1.0], 1.4)), 2.0)
    assert half.doubt > 0.1


def test_volume_converges_with_the_voxels():
    ball = sphere(10.0, 4)
    errors = [
        abs(fill_surface(ball, s).mask.sum() * s**3 / volume(ball) - 1) for s in (2.0, 1.0, 0.5)
    ]
    assert errors[2] < 0.003 and errors[2] < errors[0]


def test_rays_through_vertices_do_not_count_twice():
    points = np.array([[x, y, z] for x in (0, 4.0) for y in (0, 4.0) for z in (0, 4.0)])
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    cells = np.array([t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))])
    found = fill_surface(Mesh(points, cells), 1.0)
    assert found.mask[3:5, 3:5, 3:5].all()
    assert 3**3 <= found.mask.sum() <= 5**3 and found.doubt == 0


def test_winding_numbers_are_those_of_a_closed_surface():
    ball = sphere(1.0, 3)
    points = np.array([[0, 0, 0], [0.5, 0.2, 0], [2.0, 0, 0], [0, -3.0, 1.0]])
    np.testing.assert_allclose(winding_number(ball, points), [1, 1, 0, 0], atol=1e-9)
    lid = near(ball, [0, 0, 1.0], np.pi / 2)
    np.testing.assert_allclose(winding_number(without(ball, lid), points[:1]), 0.5, atol=0.06)


def test_wrong_input_is_named():
    with pytest.raises(ValueError, match="triangles"):
        fill_surface(Mesh(np.zeros((3, 3)), np.zeros((0, 3), int)), 1.0)
    with pytest.raises(ValueError, match="spacing"):
        fill_surface(sphere(1.0, 1), 0.0)
