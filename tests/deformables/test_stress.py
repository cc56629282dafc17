"""Stress: the inflated thick tube, fibres by rule, and the load of blood."""

import numpy as np
import pytest
from scipy import integrate
from scipy.spatial.transform import Rotation

from corporis.deformables import (
    ActiveTension,
    Guccione,
    Together,
    cauchy_stress,
    cavity_load,
    gradient_from_points,
    helix_axes,
    polar_axes,
    radial_equilibrium,
    second_piola_stress,
)

# a tube of radii 25 and 35 mm, inflated to 30 mm inside; its length and volume kept
INNER, OUTER, NOW = 25.0, 35.0, 30.0
LAW = Guccione(2.0, 8.0, 2.0, 4.0)


def reference(radius):
    """Radii at rest of radii now."""
    return np.sqrt(radius**2 - NOW**2 + INNER**2)


def gradients(radius):
    """F in (radial, circumferential, longitudinal) axes."""
    F = np.zeros((len(radius), 3, 3))
    before = reference(radius)
    F[:, 0, 0], F[:, 1, 1], F[:, 2, 2] = before / radius, radius / before, 1
    return F


def analytic(law, helix_deg):
    """Cavity pressure and circumferential stress at radii, from the energy of stretch alone.

    With ``W(l)`` the energy of stretching by l around and 1/l across, ``sigma_tt - sigma_rr`` is
    ``l dW/dl``; its integral over ``dr / r`` is the pressure. The derivative is that of a
    complex step, and the integral adaptive: nothing of the code under test is used.
    """

    def energy(stretch, depth):
        angle = np.deg2rad(helix_deg[0] + (helix_deg[1] - helix_deg[0]) * depth)
        around, radial = 0.5 * (stretch**2 - 1), 0.5 * (stretch**-2 - 1)
        c, s = np.cos(angle), np.sin(angle)
        e_f, e_s, e_fs = around * c * c, around * s * s, -around * s * c
        Q = law.b_f * e_f**2 + law.b_t * (e_s**2 + radial**2) + 2 * law.b_fs * e_fs**2
        return 0.5 * law.c_kpa * (np.exp(Q) - 1)

    def difference(r):
        before = reference(r)
        depth = (before - INNER) / (OUTER - INNER)
        return (r / before) * energy(r / before + 1e-30j, depth).imag / 1e-30

    outer = np.sqrt(OUTER**2 - INNER**2 + NOW**2)

    def held(r):
        return integrate.quad(lambda x: difference(x) / x, r, outer, epsabs=1e-12)[0]

    return held(NOW), lambda r: np.array([difference(x) - held(x) for x in r])


def tube(n, law=LAW, helix_deg=(60.0, -60.0)):
    """Radii of n layers, their stress and the pressure held, by the code under test."""
    radius = np.linspace(NOW, np.sqrt(OUTER**2 - INNER**2 + NOW**2), n)
    F = gradients(radius)
    depth = (reference(radius) - INNER) / (OUTER - INNER)
    axes = helix_axes(np.broadcast_to(np.eye(3), F.shape), np.clip(depth, 0, 1), *helix_deg)
    stress = cauchy_stress(second_piola_stress(law, F, axes), F)
    return radius, *radial_equilibrium(radius, stress)


@pytest.mark.parametrize("law", [LAW, Guccione(10.0, 1.0, 1.0, 1.0)])
def test_inflated_tube_within_two_percent_on_five_layers(law):
    helix = (60.0, -60.0) if law is LAW else (0.0, 0.0)
    pressure, around = analytic(law, helix)
    radius, stress, held = tube(5, law, helix)
    assert held == pytest.approx(pressure, rel=0.02)
    expected = around(radius)
    assert np.abs(stress[:, 1, 1] - expected).max() < 0.02 * np.abs(expected).max()
    np.testing.assert_allclose(stress[[0, -1], 0, 0], [-held, 0], atol=1e-12)


def test_error_falls_with_the_fourth_power_of_the_layers():
    pressure, _ = analytic(LAW, (60.0, -60.0))
    errors = np.array([abs(tube(n)[2] - pressure) for n in (9, 17, 33)])
    order = np.log2(errors[:-1] / errors[1:])
    assert order.min() > 3.5 and errors[-1] < 1e-4 * pressure


def test_active_fibres_raise_what_the_wall_holds():
    """Circumferential fibres pull with T l^2, which holds ``integral T l^2 dr / r`` more."""
    passive = tube(33, helix_deg=(0.0, 0.0))[2]
    both = tube(33, Together((LAW, ActiveTension(60.0))), (0.0, 0.0))[2]
    outer = np.sqrt(OUTER**2 - INNER**2 + NOW**2)
    more = integrate.quad(lambda r: 60 * (r / reference(r)) ** 2 / r, NOW, outer)[0]
    assert both - passive == pytest.approx(more, rel=1e-4)


def test_stress_from_tracked_points_of_the_tube():
    """Points, not gradients, are given: as a fine tracker would."""
    rest = np.stack(
        np.meshgrid(
            np.linspace(INNER, OUTER, 15),
            2 * np.pi * np.arange(144) / 144,
            np.linspace(0, 3, 3),
            indexing="ij",
        ),
        -1,
    ).reshape(-1, 3)
    now = np.sqrt(rest[:, 0] ** 2 - INNER**2 + NOW**2)
    place = [
        np.stack([r * np.cos(rest[:, 1]), r * np.sin(rest[:, 1]), rest[:, 2]], axis=-1)
        for r in (rest[:, 0], now)
    ]
    ray = np.flatnonzero((rest[:, 1] == 0) & (rest[:, 2] == 1.5))
    F = gradient_from_points(*place, n_neighbours=40, degree=2, at=place[0][ray])
    axes = polar_axes(place[0][ray], np.zeros(3), np.array([0, 0, 1.0]))
    fibres = helix_axes(axes, (rest[ray, 0] - INNER) / (OUTER - INNER))
    stress = cauchy_stress(second_piola_stress(LAW, F, fibres), F)
    local = np.swapaxes(axes, 1, 2) @ stress @ axes  # the tube does not twist
    pressure, around = analytic(LAW, (60.0, -60.0))
    stress, held = radial_equilibrium(now[ray], local)
    assert held == pytest.approx(pressure, rel=0.02)
    expected = around(now[ray])
    assert np.abs(stress[:, 1, 1] - expected).max() < 0.02 * np.abs(expected).max()


def test_stress_turns_with_the_body(rng):
    F = np.eye(3) + 0.1 * rng.standard_normal((8, 3, 3))
    axes = Rotation.random(8, random_state=1).as_matrix()
    turn = Rotation.random(8, random_state=2).as_matrix()
    still = cauchy_stress(second_piola_stress(LAW, F, axes), F)
    turned = cauchy_stress(second_piola_stress(LAW, turn @ F, axes), turn @ F)
    np.testing.assert_allclose(turned, turn @ still @ np.swapaxes(turn, 1, 2), atol=1e-10)


def test_fibres_turn_linearly_and_are_rotations(rng):
    axes = Rotation.random(5, random_state=3).as_matrix()
    fibres = helix_axes(axes, np.linspace(0, 1, 5))
    np.testing.assert_allclose(np.linalg.det(fibres), 1)
    local = np.einsum("nij,ni->nj", axes, fibres[..., 0])
    angle = np.rad2deg(np.arctan2(local[:, 2], local[:, 1]))
    np.testing.assert_allclose(angle, [60, 30, 0, -30, -60], atol=1e-9)
    np.testing.assert_allclose(fibres[..., 2], axes[..., 0])


def sphere(n=24):
    """A closed sphere of 20 mm and its triangles, seen from outside."""
    from corporis.shapes import grid_surface

    polar, around = np.pi * (np.arange(n) + 0.5) / n, 2 * np.pi * np.arange(2 * n) / (2 * n)
    p, a = np.meshgrid(polar, around, indexing="ij")
    ring = 20 * np.stack([np.sin(p) * np.cos(a), np.sin(p) * np.sin(a), np.cos(p)], axis=-1)
    points = np.concatenate([ring.reshape(-1, 3), [[0, 0, -20.0], [0, 0, 20.0]]])
    return points, grid_surface(n, 2 * n)


def volume(points, cells):
    a, b, c = (points[cells[:, i]] for i in range(3))
    return float(np.sum(a * np.cross(b, c)) / 6)


def test_load_of_blood_is_the_slope_of_the_volume(rng):
    points, cells = sphere()
    sign = np.sign(volume(points, cells))
    force = cavity_load(points, cells, 12.0) * sign
    assert np.abs(force.sum(axis=0)).max() < 1e-9
    move = rng.standard_normal(points.shape)
    slope = (volume(points + 1e-5 * move, cells) - volume(points - 1e-5 * move, cells)) / 2e-5
    assert np.sum(force * move) == pytest.approx(12.0 * sign * slope, rel=1e-6)
    # the upper half is lifted by pressure times the area of its rim
    upper = force[points[:, 2] > 0, 2].sum()
    assert upper == pytest.approx(12.0 * np.pi * 20**2, rel=0.01)


def test_bad_values_are_refused():
    with pytest.raises(ValueError, match="one depth each"):
        helix_axes(np.eye(3), np.zeros(2))
    with pytest.raises(ValueError, match=r"depth must be in \[0, 1\]"):
        helix_axes(np.eye(3), np.array(1.5))
    with pytest.raises(ValueError, match="not at 1 points"):
        cauchy_stress(np.eye(3), np.diag([-1.0, 1, 1]))
    with pytest.raises(ValueError, match="increase outwards"):
        radial_equilibrium(np.array([3.0, 2, 1]), np.zeros((3, 3, 3)))
    with pytest.raises(ValueError, match="n >= 3"):
        radial_equilibrium(np.array([1.0, 2]), np.zeros((2, 3, 3)))
    with pytest.raises(ValueError, match="must be finite"):
        radial_equilibrium(np.array([1.0, 2, 3]), np.full((3, 3, 3), np.nan))
    with pytest.raises(ValueError, match=r"must be \(n, 3\)"):
        cavity_load(np.zeros((3, 2)), np.zeros((1, 3), int), 1.0)
