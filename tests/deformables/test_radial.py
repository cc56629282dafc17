"""Radial surfaces: volumes are linear in q, bending is what differences say."""

import numpy as np
import pytest

from corporis.deformables import RadialSurface, second_difference
from corporis.interfaces import Mesh
from corporis.shapes import is_closed, volume


def body(n_levels=9, n_angles=16, bend=0.0, length=80.0, **more):
    """A body that hangs down from its base at height 0."""
    heights = -np.linspace(0, 0.9 * length, n_levels)
    centres = bend * np.stack([heights**2, 0.5 * heights], axis=1)
    tip = bend * np.array([length**2, -0.5 * length])
    return RadialSurface(heights, centres, n_angles, np.array([*tip, -length]), **more)


def test_points_lie_at_the_squared_radius_from_the_centre_line(rng):
    surface = body(bend=0.01)
    q = rng.uniform(100, 900, surface.shape)
    points = surface.points(q)
    rings = points[:-2].reshape(*surface.shape, 3)
    away = rings[..., :2] - surface.centres[:, None]
    np.testing.assert_allclose(np.sum(away**2, axis=-1), q)
    np.testing.assert_allclose(rings[..., 2], surface.heights[:, None] * np.ones(16))
    angle = np.arctan2(away[..., 1], away[..., 0])
    np.testing.assert_allclose(
        np.exp(1j * angle), np.exp(2j * np.pi * np.arange(16) / 16) * np.ones((9, 1)), atol=1e-9
    )
    np.testing.assert_allclose(points[-2], surface.apex)
    np.testing.assert_allclose(points[-1], [*surface.centres[0], 0])


def test_negative_squares_are_closed_to_the_centre_line():
    surface = body()
    points = surface.points(np.full(surface.shape, -5.0))
    np.testing.assert_allclose(points[:-2, :2], 0, atol=1e-12)


def test_volume_is_half_the_integral_of_q():
    """A paraboloid, whose q falls linearly to 0 at the apex: half of its cylinder."""
    errors = []
    for n in (12, 24, 48):
        surface = body(n, 2 * n, bend=0.002)
        q = np.repeat(30.0**2 * (1 + surface.heights / 80)[:, None], 2 * n, axis=1)
        mesh = Mesh(surface.points(q), surface.cells)
        assert is_closed(mesh)
        assert volume(mesh) > 0
        errors.append(volume(mesh) / (0.5 * np.pi * 30**2 * 80) - 1)
    assert abs(errors[-1]) < 0.02
    # doubled volumes for doubled squares, whatever their form
    twice = Mesh(surface.points(2 * q), surface.cells)
    assert volume(twice) == pytest.approx(2 * volume(mesh), rel=1e-9)


def test_area_of_a_section_is_linear_in_q(rng):
    surface = body(2, 64)
    q = 400 + 100 * np.cos(2 * np.pi * np.arange(64) / 64 * 2) * np.ones((2, 1))
    ring = surface.points(q)[:64, :2]
    x, y = ring.T
    shoelace = 0.5 * np.sum(x * np.roll(y, -1) - y * np.roll(x, -1))
    assert shoelace == pytest.approx(np.pi * q[0].mean(), rel=0.005)


def test_the_rest_is_the_surface_of_unit_radius():
    rest = body().rest
    np.testing.assert_allclose(np.hypot(*rest.points[:-2, :2].T), 1)


def test_bending_is_the_weighted_second_differences(rng):
    surface = body(stiffness=(2.0, 0.5))
    q = rng.normal(size=surface.shape)
    along = q[:-2] - 2 * q[1:-1] + q[2:]
    around = np.roll(q, 1, axis=1) - 2 * q + np.roll(q, -1, axis=1)
    expected = 0.5 * (2.0 * np.sum(along**2) + 0.5 * np.sum(around**2))
    assert surface.internal()(q) == pytest.approx(expected)


def test_cylinders_and_paraboloids_cost_nothing():
    surface = body()
    level = np.arange(9.0)[:, None] * np.ones(16)
    assert surface.internal()(400 - 30 * level) == pytest.approx(0, abs=1e-18)
    assert surface.internal()(400 - 3 * level**2) > 1
    assert surface.internal()(400 + np.cos(2 * np.pi * np.arange(16) / 16) * np.ones((9, 1))) > 0.01


def test_second_differences():
    x = np.arange(7.0)
    np.testing.assert_allclose(second_difference(7) @ x**2, 2)
    np.testing.assert_allclose(second_difference(7) @ (3 - x), 0, atol=1e-12)
    cyclic = second_difference(12, cyclic=True)
    wave = np.cos(2 * np.pi * np.arange(12) / 12 * 3)
    np.testing.assert_allclose(cyclic @ wave, (2 * np.cos(np.pi / 2) - 2) * wave, atol=1e-12)
    np.testing.assert_allclose(cyclic.toarray(), cyclic.toarray().T)
    for n in (1, 2):
        for kind in (False, True):
            assert second_difference(n, cyclic=kind).shape == (0, n)


def test_impossible_surfaces_are_refused():
    with pytest.raises(ValueError, match="at least 2 levels and 3 angles"):
        RadialSurface(np.zeros(1), np.zeros((1, 2)), 8, np.zeros(3))
    with pytest.raises(ValueError, match="at least 2 levels and 3 angles"):
        RadialSurface(np.zeros(2), np.zeros((2, 2)), 2, np.zeros(3))
    with pytest.raises(ValueError, match="centres must be"):
        RadialSurface(np.zeros(3), np.zeros((2, 2)), 8, np.zeros(3))
    with pytest.raises(ValueError, match="q must have shape"):
        body().points(np.ones((9, 15)))
    with pytest.raises(ValueError, match="> 0"):
        body().tangent(np.zeros((9, 16)))
