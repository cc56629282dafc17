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


def pair(ball, other, *, is_turned):
    cells = other.cells[:, ::-1] if is_turned else other.cells
    return Mesh(
        np.concatenate([ball.points, other.points]),
        np.concatenate([ball.cells, cells + len(ball.points)]),
    )


@pytest.mark.parametrize("is_turned", [False, True])
@pytest.mark.parametrize("has_hole", [False, True])
def test_what_two_bodies_share_is_inside_too(is_turned, has_hole):
    ball = sphere(10.0, 4)
    other = Mesh(ball.points + np.array([8.0, 0, 0]), ball.cells)
    both = pair(ball, other, is_turned=is_turned)
    if has_hole:
        both = without(both, np.arange(len(both.cells)) == 700)
    found = fill_surface(both, 1.0)
    places = found.origin + np.stack(np.indices(found.mask.shape), axis=-1)
    union = np.minimum(*(np.linalg.norm(places - [x, 0, 0], axis=-1) for x in (0, 8))) < 10
    assert np.mean(found.mask != union) < 0.002
    assert found.doubt == 0 or has_hole


def test_a_body_within_another_is_its_cavity_where_it_is_wound_the_other_way():
    ball = sphere(10.0, 4)
    small = Mesh(0.5 * ball.points + np.array([2.0, 0, 0]), ball.cells)
    solid = fill_surface(ball, 1.0).mask
    found = fill_surface(pair(ball, small, is_turned=True), 1.0)
    cavity, places = found.mask, found.origin + np.stack(np.indices(solid.shape), axis=-1)
    hollow = np.linalg.norm(places - [2, 0, 0], axis=-1) < 5
    assert hollow.sum() > 450 and np.mean((solid & ~cavity) != hollow) < 0.005
    np.testing.assert_array_equal(fill_surface(pair(ball, small, is_turned=False), 1.0).mask, solid)
    inside_out = pair(ball, small, is_turned=True)
    inside_out = Mesh(inside_out.points, inside_out.cells[:, ::-1])
    np.testing.assert_array_equal(fill_surface(inside_out, 1.0).mask, cavity)


def test_parts_without_a_side_count_by_crossings():
    """Halves that do not share vertices, wound against each other, still enclose the ball."""
    ball = sphere(10.0, 4)
    upper = ball.points[ball.cells].mean(axis=1)[:, 2] > 0
    halves = Mesh(
        np.concatenate([ball.points, ball.points]),
        np.concatenate([ball.cells[upper], ball.cells[~upper][:, ::-1] + len(ball.points)]),
    )
    found = fill_surface(halves, 1.0)
    assert np.mean(found.mask != true_ball(found, 10.0)) < 0.002 and found.doubt == 0
