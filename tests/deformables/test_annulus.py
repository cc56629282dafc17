"""The ring: its modes, slopes and bending, against closed forms and finite differences."""

import numpy as np
import pytest

from corporis.deformables import Annulus

RING = Annulus(np.array([4.0, -3.0]), 20.0, 30.0, n_waves=4, degree=3)


def places(rng, n=60):
    """Material points of the ring."""
    angle, radius = rng.uniform(0, 2 * np.pi, n), rng.uniform(20, 30, n)
    return RING.centre + np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=-1)


def test_slopes_are_those_of_the_modes(rng):
    x, h = places(rng), 1e-5
    measured = [(RING.basis(x + h * e) - RING.basis(x - h * e)) / (2 * h) for e in np.eye(2)]
    np.testing.assert_allclose(RING.basis_gradient(x), np.stack(measured, -1), atol=1e-8)


def test_affine_motions_are_modes_and_free(rng):
    x, matrix = places(rng), rng.standard_normal((2, 2))
    target = x @ matrix.T + [1.0, -2.0]
    q = np.linalg.lstsq(RING.basis(x), target, rcond=None)[0]
    np.testing.assert_allclose(RING.basis(x) @ q, target, atol=1e-9)
    assert RING.internal()(q) < 1e-9 * np.sum(q**2)


def test_energy_is_the_integral_of_squared_second_derivatives(rng):
    # u = ((x - c)_0^2, 0): second derivative 2 in one entry, energy 1/2 4 area
    x = places(rng, 300)
    square = np.stack([(x[:, 0] - RING.centre[0]) ** 2, 0 * x[:, 0]], axis=-1)
    q = np.linalg.lstsq(RING.basis(x), square, rcond=None)[0]
    assert np.abs(RING.basis(x) @ q - square).max() < 1e-9
    area = np.pi * (30**2 - 20**2)
    assert abs(RING.internal()(q) / (2 * area) - 1) < 1e-9


def test_energy_has_no_unit(rng):
    small = Annulus(RING.centre, 2.0, 3.0, n_waves=4, degree=3)
    q = rng.standard_normal(RING.shape)
    assert abs(small.internal()(0.1 * q) / RING.internal()(q) - 1) < 1e-9


def test_quadrature_integrates_over_the_ring():
    x, area = RING.quadrature(4, 12)
    off = x - RING.centre
    assert abs(area.sum() / (np.pi * 500) - 1) < 1e-12
    moment = np.pi / 4 * (30**4 - 20**4)
    np.testing.assert_allclose((off * area[:, None]).T @ off, moment * np.eye(2), atol=1e-6)


def test_the_mesh_covers_the_ring_once():
    mesh = RING.rest
    corners = mesh.points[mesh.cells][..., :2]
    first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    signed = 0.5 * (first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0])
    assert np.all(signed > 0)
    polygon = 0.5 * 72 * np.sin(2 * np.pi / 72) * (30**2 - 20**2)
    assert abs(signed.sum() / polygon - 1) < 1e-12


def test_bad_values_are_refused():
    with pytest.raises(ValueError, match="radii 0 < inner < outer"):
        Annulus(np.zeros(2), 3.0, 2.0)
    with pytest.raises(ValueError, match="n_waves"):
        Annulus(np.zeros(2), 2.0, 3.0, n_waves=0)
    with pytest.raises(ValueError, match="stiffness"):
        Annulus(np.zeros(2), 2.0, 3.0, stiffness=-1.0)
    with pytest.raises(ValueError, match="q must have shape"):
        RING.points(np.zeros((3, 2)))
