"""The wall of waves and polynomials: its coordinates, slopes and places."""

import numpy as np
import pytest

from corporis.deformables import WallModes

HEIGHTS, ANGLE = np.linspace(0, 70, 15), 2 * np.pi * np.arange(36) / 36
INNER = (24 - 0.002 * HEIGHTS**2)[:, None] * (1 + 0.06 * np.cos(2 * (ANGLE - 0.3)))
WALL = WallModes(HEIGHTS, INNER, INNER + 9.0)


def test_vertices_lie_on_both_shells():
    rho, angle, zeta = WALL.coordinates(WALL.material).T
    n = INNER.size
    np.testing.assert_allclose(rho, np.repeat([-1.0, 1.0], n), atol=1e-9)
    np.testing.assert_allclose(np.cos(angle[:36]), np.cos(ANGLE), atol=1e-12)
    assert zeta[0] == -1 and zeta[n - 1] == 1
    assert np.all(WALL.rest.cells < 2 * n)


def test_slopes_are_those_of_the_modes(rng):
    places, q = WALL.lattice(3, 10, 5), rng.standard_normal(WALL.shape)
    step = rng.standard_normal(3) * 1e-3
    measured = (WALL.basis(places + step) - WALL.basis(places - step)) @ q / 2
    stated = np.einsum("nmj,mi,j->ni", WALL.basis_gradient(places), q, step)
    np.testing.assert_allclose(stated, measured, atol=2e-4 * np.abs(measured).max())


def test_lattice_lies_inside():
    rho, _, zeta = WALL.coordinates(WALL.lattice(4, 12, 6)).T
    assert np.abs(rho).max() == pytest.approx(0.75, abs=1e-6)
    assert np.abs(zeta).max() == pytest.approx(5 / 6, abs=1e-9)


def test_motion_around_closes():
    q = np.random.default_rng(3).standard_normal(WALL.shape)
    ring = np.array([[np.cos(a), np.sin(a), 0] for a in (-1e-7, 1e-7)]) * 27 + [0, 0, 30]
    moved = WALL.basis(ring) @ q
    np.testing.assert_allclose(moved[0], moved[1], atol=1e-4)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"outer": INNER[:4]}, "n_levels"),
        ({"heights": HEIGHTS[::-1]}, "increasing"),
        ({"n_waves": 0}, "n_waves"),
        ({"stiffness": 0.0}, "stiffness"),
    ],
)
def test_bad_walls_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        WallModes(**{"heights": HEIGHTS, "inner": INNER, "outer": INNER + 9, **change})
