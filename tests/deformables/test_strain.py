"""Strain, against closed forms: rigid motions, linear and quadratic fields, and a wall's motion."""

import numpy as np
import pytest
from scipy.linalg import expm, logm

from corporis.deformables import (
    gradient_from_points,
    green_strain,
    in_axes,
    logarithmic_strain,
    polar_axes,
)
from corporis.phantoms import TaggedWall


def rotation(rng, d):
    """A random turn without reflection."""
    q, _ = np.linalg.qr(rng.standard_normal((d, d)))
    q[:, 0] *= np.sign(np.linalg.det(q))
    return q


@pytest.mark.parametrize("d", [2, 3])
def test_rigid_motion_is_no_strain(rng, d):
    F = np.stack([rotation(rng, d) for _ in range(5)])
    np.testing.assert_allclose(green_strain(F), 0, atol=1e-14)
    np.testing.assert_allclose(logarithmic_strain(F), 0, atol=1e-14)


@pytest.mark.parametrize("d", [2, 3])
def test_logarithmic_strain_is_that_of_the_stretch(rng, d):
    half = 0.2 * rng.standard_normal((d, d))
    F = rotation(rng, d) @ expm(half + half.T)
    np.testing.assert_allclose(logarithmic_strain(F), half + half.T, atol=1e-12)
    np.testing.assert_allclose(logarithmic_strain(F), logm(F.T @ F).real / 2, atol=1e-12)
    assert abs(np.trace(logarithmic_strain(F)) - np.log(np.linalg.det(F))) < 1e-12


def test_green_strain_gives_the_change_of_squared_lengths(rng):
    F = rng.standard_normal((7, 3, 3))
    dX = rng.standard_normal(3)
    change = 0.5 * (np.sum((F @ dX) ** 2, axis=-1) - dX @ dX)
    np.testing.assert_allclose(np.einsum("i,nij,j->n", dX, green_strain(F), dX), change)


@pytest.mark.parametrize("d, n_neighbours", [(2, 8), (3, 16)])
def test_linear_motion_is_met_exactly(rng, d, n_neighbours):
    rest = rng.uniform(-10, 10, (200, d))
    F = rng.standard_normal((4, d, d))
    moved = np.einsum("tij,nj->tni", F, rest) + rng.standard_normal((4, 1, d))
    for degree in (1, 2):
        found = gradient_from_points(
            rest,
            moved,
            n_neighbours=n_neighbours if degree == 1 else 2 * n_neighbours,
            degree=degree,
        )
        np.testing.assert_allclose(found, np.broadcast_to(F[:, None], found.shape), atol=1e-7)


def test_quadratic_motion_is_met_by_the_second_degree_only(rng):
    rest = rng.uniform(-1, 1, (300, 2))
    moved = np.stack([rest[:, 0] ** 2 - rest[:, 1], rest[:, 0] * rest[:, 1]], axis=-1)
    x, y = rest.T
    truth = np.stack([np.stack([2 * x, -np.ones_like(x)], -1), np.stack([y, x], -1)], axis=-2)
    found = gradient_from_points(rest, moved, n_neighbours=14, degree=2)
    np.testing.assert_allclose(found, truth, atol=1e-8)
    assert np.abs(gradient_from_points(rest, moved, n_neighbours=14) - truth).max() > 0.05


@pytest.mark.parametrize("degree", [1, 2])
def test_error_falls_with_the_stated_order(rng, degree):
    wall = TaggedWall(outer_twist_rad=0.05, loss=0.5)
    at = np.array([[30.0, 2.0], [-8.0, 29.0], [5.0, -27.0]])
    pattern = rng.uniform(-1, 1, (40, 2))
    radial, now = polar_axes(at, np.zeros(2)), polar_axes(wall.forward(at, 400.0), np.zeros(2))
    truth = now @ wall.deformation_gradient(at, 400.0) @ radial.swapaxes(-1, -2)
    errors = []
    for h in (2.0, 1.0, 0.5, 0.25):
        found = [
            gradient_from_points(
                p + h * pattern,
                wall.forward(p + h * pattern, 400.0),
                p[None],
                n_neighbours=40,
                degree=degree,
            )[0]
            for p in at
        ]
        errors.append(np.abs(np.array(found) - truth).max())
    order = np.log2(np.divide(errors[:-1], errors[1:]))
    assert order[-1] > degree - 0.15


def test_points_need_not_be_where_strain_is_asked(rng):
    rest = rng.uniform(-1, 1, (50, 2))
    found = gradient_from_points(rest, 3 * rest, np.array([[0.05, 0.0]]), n_neighbours=9)
    np.testing.assert_allclose(found, 3 * np.eye(2)[None], atol=1e-10)


def test_axes_are_rotations_and_radial_is_outward(rng):
    rest = rng.standard_normal((20, 3)) + 5
    along = np.array([1.0, 2.0, -0.5])
    axes = polar_axes(rest, np.zeros(3), along)
    np.testing.assert_allclose(np.linalg.det(axes), 1)
    np.testing.assert_allclose(
        axes.swapaxes(-1, -2) @ axes, np.broadcast_to(np.eye(3), (20, 3, 3)), atol=1e-12
    )
    np.testing.assert_allclose(axes[..., 2], along / np.linalg.norm(along) + 0 * rest)
    assert np.all(np.einsum("ni,ni->n", rest, axes[..., 0]) > 0)
    flat = polar_axes(np.array([[3.0, 0.0], [0.0, 3.0]]), np.zeros(2))
    np.testing.assert_allclose(flat[:, :, 1], [[0, 1], [-1, 0]])


def test_strain_of_the_wall_in_its_own_axes(rng):
    wall = TaggedWall(outer_twist_rad=0.0)
    radius, angle = rng.uniform(25, 35, 1600), rng.uniform(0, 2 * np.pi, 1600)
    rest = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=-1)
    F = gradient_from_points(rest, wall.forward(rest, 400.0), n_neighbours=14, degree=2)
    found = in_axes(green_strain(F), polar_axes(rest, np.zeros(2)))
    middle = np.abs(radius - 30) < 3
    truth = wall.strain(rest, 400.0)
    assert np.abs(found - truth)[middle].max() < 0.01


def test_bad_values_are_refused(rng):
    rest = rng.standard_normal((20, 2))
    with pytest.raises(ValueError, match="moved"):
        gradient_from_points(rest, rest[:5])
    with pytest.raises(ValueError, match="degree must be 1 or 2"):
        gradient_from_points(rest, rest, degree=3)
    with pytest.raises(ValueError, match="n_neighbours must be more than 3"):
        gradient_from_points(rest, rest, n_neighbours=3)
    with pytest.raises(ValueError, match="lie on a line"):
        gradient_from_points(rest * [1, 0], rest)
    with pytest.raises(ValueError, match="finite"):
        gradient_from_points(rest, rest * np.nan)
    with pytest.raises(ValueError, match="det F must be > 0"):
        logarithmic_strain(np.diag([1.0, -1.0]))
    with pytest.raises(ValueError, match="F must be"):
        green_strain(np.zeros((2, 3)))
    with pytest.raises(ValueError, match="no direction is radial"):
        polar_axes(np.zeros((1, 2)), np.zeros(2))
    with pytest.raises(ValueError, match="then an axis"):
        polar_axes(np.ones((1, 3)), np.zeros(3))
