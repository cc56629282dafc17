"""The virtual heart: its motion, volumes and strain against derivations of their own."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial import cKDTree

from corporis.deformables import aha_segment
from corporis.phantoms import VirtualHeart, random_heart
from corporis.phantoms.places import SEGMENT_CENTRES, cartesian
from corporis.shapes import is_closed, volume

HEALTHY = VirtualHeart()
DISEASED = VirtualHeart(
    ovality=0.12,
    oval_angle_rad=0.7,
    weak={8: 0.9, 9: 0.7, 14: 1.0},
    scaled_wall={8: 0.6, 3: 1.4},
)
HEARTS = [HEALTHY, DISEASED, random_heart(np.random.default_rng(3), "failure")]


def wall_points(heart, rng, n=200):
    """Points of the muscle at end-diastole, up to where the cavity's tip begins."""
    z = rng.uniform(0.02, 0.93, n) * heart.length_mm
    angle = rng.uniform(0, 2 * np.pi, n)
    inner, outer = heart.inner(z, angle), heart.outer(z, angle)
    return cartesian(inner + rng.uniform(0.02, 1, n) * (outer - inner), angle, z)


def gradient(heart, points, phase, step=1e-3):
    """Derivative of `forward` by central differences, (n, 3, 3), in Cartesian axes."""
    columns = [
        (heart.forward(points + step * e, phase) - heart.forward(points - step * e, phase))
        / (2 * step)
        for e in np.eye(3)
    ]
    return np.stack(columns, axis=-1)


def cylinder_axes(points):
    """Columns: radial, circumferential and axial unit vectors at points, (n, 3, 3)."""
    angle = np.arctan2(points[:, 1], points[:, 0])
    zero, one = np.zeros_like(angle), np.ones_like(angle)
    radial = np.stack([np.cos(angle), np.sin(angle), zero], axis=1)
    around = np.stack([-np.sin(angle), np.cos(angle), zero], axis=1)
    return np.stack([radial, around, np.stack([zero, zero, one], axis=1)], axis=-1)


@pytest.mark.parametrize("heart", HEARTS, ids=["healthy", "diseased", "random"])
@pytest.mark.parametrize("share", [0.4, 1.0, 2.0])
def test_the_wall_keeps_its_volume_everywhere(heart, share, rng):
    points = wall_points(heart, rng)
    found = np.linalg.det(gradient(heart, points, share * heart.systole))
    np.testing.assert_allclose(found, 1, atol=2e-6)


@pytest.mark.parametrize("heart", HEARTS, ids=["healthy", "diseased", "random"])
def test_gradient_and_strain_are_those_of_the_motion(heart, rng):
    points, phase = wall_points(heart, rng), 0.8 * heart.systole
    rest, now = cylinder_axes(points), cylinder_axes(heart.forward(points, phase))
    f = gradient(heart, points, phase)
    turned = np.swapaxes(now, 1, 2) @ f @ rest
    np.testing.assert_allclose(heart.deformation_gradient(points, phase), turned, atol=2e-5)
    green = 0.5 * np.swapaxes(rest, 1, 2) @ (np.swapaxes(f, 1, 2) @ f - np.eye(3)) @ rest
    found = heart.strain(points, phase)
    np.testing.assert_allclose(found, green, atol=5e-5)
    # A heart in systole: thicker, shorter around and along.
    assert np.median(found[:, 0, 0]) > 0.02
    assert np.median(found[:, 1, 1]) < -0.02
    assert np.all(found[:, 2, 2] < 0.5 * heart.twist_rad**2)


@pytest.mark.parametrize("heart", HEARTS, ids=["healthy", "diseased", "random"])
def test_backward_undoes_forward(heart, rng):
    points = wall_points(heart, rng)
    for phase in (0.1, heart.systole, 0.7):
        now = heart.forward(points, phase)
        np.testing.assert_allclose(heart.backward(now, phase), points, atol=1e-9)
        np.testing.assert_allclose(heart.displacement(points, phase), now - points)
    assert np.linalg.norm(heart.displacement(points, heart.systole), axis=1).min() > 0.1


@pytest.mark.parametrize("heart", HEARTS, ids=["healthy", "diseased", "random"])
def test_rest_is_rest_and_the_beat_is_periodic(heart, rng):
    points = wall_points(heart, rng)
    for rest in (0.0, 1.0, -2.0):
        np.testing.assert_allclose(heart.forward(points, rest), points, atol=1e-9)
        np.testing.assert_allclose(heart.strain(points, rest), 0, atol=1e-9)
    first = heart.forward(points, 0.27)
    np.testing.assert_allclose(heart.forward(points, 1.27), first, atol=1e-9)
    np.testing.assert_allclose(heart.forward(points, -0.73), first, atol=1e-9)


def test_activity_rises_once_and_falls_once():
    phase = np.linspace(0, 1, 2001)
    activity = HEALTHY.activity(phase)
    peak = int(np.argmax(activity))
    assert phase[peak] == pytest.approx(HEALTHY.systole, abs=1e-3)
    assert activity[peak] == pytest.approx(1)
    assert activity[0] == activity[-1] == 0
    assert np.all(np.diff(activity[: peak + 1]) > -1e-12)
    assert np.all(np.diff(activity[peak:]) < 1e-12)
    assert np.abs(np.diff(activity)).max() < 0.01  # no jump
    # the early wave takes three quarters, before the late one begins
    between = HEALTHY.systole + 0.525 * (1 - HEALTHY.systole)
    assert HEALTHY.activity(between) == pytest.approx(0.25)


def test_a_tube_is_the_thick_walled_cylinder_of_the_textbooks():
    tube = VirtualHeart(fullness=500.0, ovality=0.0, ejection=0.5, shortening=0.2)
    inner, middle, outer = 24.0, 28.0, 33.0
    angle = np.linspace(0, 6, 7)
    for radius in (inner, middle, outer):
        points = cartesian(0.5 * radius**2, angle, np.full(7, 30.0))
        now = tube.forward(points, tube.systole)
        expected = np.sqrt((radius**2 - 0.5 * inner**2) / 0.8)
        np.testing.assert_allclose(np.hypot(now[:, 0], now[:, 1]), expected, rtol=1e-9)
        np.testing.assert_allclose(now[:, 2], 91 - 0.8 * (91 - 30), rtol=1e-9)
        turn = np.arctan2(now[:, 1], now[:, 0]) - angle
        np.testing.assert_allclose(np.cos(turn - 0.25 * 30 / 91), 1, atol=1e-12)


def test_ejection_fraction_is_the_share_squeezed_out():
    for ejection in (0.15, 0.6, 0.8):
        heart = VirtualHeart(ejection=ejection, shortening=0.2, twist_rad=0.4)
        assert heart.ejection_fraction == pytest.approx(ejection, abs=1e-12)
    # With disease: the mean of g m over the cavity, by Gauss's rule instead of the midpoints.
    node, weight = np.polynomial.legendre.leggauss(80)
    z = 0.5 * (node + 1) * DISEASED.length_mm
    angle = np.linspace(0, 2 * np.pi, 97)[:-1]
    cavity = DISEASED.inner(z[:, None], angle)
    active = DISEASED.contraction(z[:, None], angle)
    share = weight @ (active * cavity).mean(axis=1) / (weight @ cavity.mean(axis=1))
    assert DISEASED.ejection_fraction == pytest.approx(DISEASED.ejection * share, abs=1e-5)
    assert DISEASED.ejection_fraction < DISEASED.ejection - 0.03


@pytest.mark.parametrize("heart", HEARTS, ids=["healthy", "diseased", "random"])
def test_surfaces_converge_to_the_volumes_with_second_order(heart):
    phases = np.array([0.0, heart.systole])
    cavity = np.array([heart.left_volume_ml(p) for p in phases])
    truth = {
        "left_endocardium": cavity,
        "left_epicardium": cavity + heart.muscle_volume_ml(),
    }
    sizes = [heart.surfaces(phases, n_levels=n, n_angles=2 * n) for n in (12, 24, 48)]
    for name, wanted in truth.items():
        error = np.array([volume(found[name]) / 1000 - wanted for found in sizes])
        order = np.log2(error[:-1] / error[1:])
        np.testing.assert_allclose(order, 2, atol=0.1)
        assert np.all(np.abs(error[-1]) < 0.002 * wanted)
    for mesh in sizes[0].values():
        assert is_closed(mesh.at(0)) and len(mesh.points) == 2
        assert np.all(volume(mesh) > 0)


def test_right_cavity_has_the_volume_it_states():
    found = volume(HEALTHY.surfaces([0.0, HEALTHY.systole])["right_endocardium"]) / 1000
    stated = [HEALTHY.right_volume_ml(p) for p in (0.0, HEALTHY.systole)]
    np.testing.assert_allclose(found, stated, rtol=4e-3)
    assert stated[1] / stated[0] == pytest.approx(1 - HEALTHY.right_ejection)


def test_muscle_volume_stays_the_same():
    surfaces = DISEASED.surfaces([0.0, 0.2, DISEASED.systole], n_levels=48, n_angles=96)
    muscle = volume(surfaces["left_epicardium"]) - volume(surfaces["left_endocardium"])
    np.testing.assert_allclose(muscle / 1000, DISEASED.muscle_volume_ml(), rtol=2e-3)


@pytest.mark.parametrize("segment", [1, 4, 9, 14, 17])
def test_a_weak_segment_contracts_less(segment):
    level, middle = SEGMENT_CENTRES[segment]
    ill = VirtualHeart(weak={segment: 0.9})
    z, angle = min(level, 0.97) * ill.length_mm, np.array([middle])
    place = cartesian(ill.inner(z, angle), angle, np.array([z]))

    def inward(heart):
        now = heart.forward(place, heart.systole)
        return float(np.hypot(*place[0, :2]) - np.hypot(*now[0, :2]))

    assert ill.contraction(z, angle)[0] < 0.5
    assert inward(ill) < 0.6 * inward(HEALTHY)
    assert ill.ejection_fraction < HEALTHY.ejection_fraction - 0.003
    # On the other side of the heart all is well.
    far = (1 if segment > 12 else 16, 0.16 if segment > 12 else 0.79)[1]
    healthy_side = ill.contraction(far * ill.length_mm, middle + np.pi)
    assert healthy_side > 0.9
    assert ill.without_disease() == HEALTHY


def test_disease_of_all_segments_is_even():
    z, angle = np.linspace(0, 80, 9)[:, None], np.linspace(0, 6, 20)
    ill = VirtualHeart(weak=dict.fromkeys(range(1, 18), 0.4), ejection=0.5)
    np.testing.assert_allclose(ill.contraction(z, angle), 0.6, atol=1e-9)
    assert ill.ejection_fraction == pytest.approx(0.3)
    thin = replace(HEALTHY, scaled_wall=dict.fromkeys(range(1, 18), 0.5))
    z = np.full(20, 30.0)
    wall = [
        np.sqrt(2 * h.outer(z, angle)) - np.sqrt(2 * h.inner(z, angle)) for h in (thin, HEALTHY)
    ]
    np.testing.assert_allclose(wall[0], 0.5 * wall[1], rtol=1e-9)
    np.testing.assert_allclose(wall[1], HEALTHY.wall_mm, rtol=1e-9)


def test_labels_follow_the_material(rng):
    heart, n = DISEASED, 400
    z = rng.uniform(0.5, 0.7 * heart.length_mm, n)
    angle = rng.uniform(0, 2 * np.pi, n)
    inner, outer = heart.inner(z, angle), heart.outer(z, angle)
    share = rng.uniform(0.02, 0.98, n)
    right = heart.right_extent(z, angle)
    for phase in (0.0, 0.2, heart.systole, 0.8):
        left_over = 1 - heart.right_ejection * heart.activity(phase)
        # What is squeezed out leaves the heart: the cavity begins where it ends.
        out = heart.squeezed(z, angle, phase)
        for kind, s in (
            (1, out + share * (inner - out)),
            (2, inner + share * (outer - inner)),
            (3, outer + share * left_over * right),
            (0, outer + left_over * right + 5.0),
        ):
            where = right > 20 if kind == 3 else np.ones(n, bool)
            now = heart.forward(cartesian(s, angle, z)[where], phase)
            assert np.all(heart.labels(now, phase) == kind)
    above = cartesian(inner * share, angle, -z)
    assert np.all(heart.labels(above, 0.0) == 0)


def test_thickness_is_the_wall_at_mid_level_and_thin_where_it_is_scaled(monkeypatch):
    def to_vertices(points, mesh):
        """Nearest distance, from a finer cloud of points than there are triangles."""
        corners = mesh.points[mesh.cells]
        cloud = np.concatenate([mesh.points[:-1], corners.mean(axis=1)])
        return cKDTree(cloud).query(points)[0]

    monkeypatch.setattr("corporis.phantoms.heart.point_to_surface", to_vertices)
    healthy = HEALTHY.thickness_mm([0.0, HEALTHY.systole])
    assert healthy.shape == (17, 2)
    np.testing.assert_allclose(healthy[6:12, 0], HEALTHY.wall_mm, rtol=0.03)
    assert np.all(healthy[6:16, 1] > 1.2 * healthy[6:16, 0])
    thin = VirtualHeart(scaled_wall={9: 0.5}).thickness_mm([0.0])[:, 0]
    assert np.argmin(thin[:16] / healthy[:16, 0]) == 8
    assert thin[8] < 0.75 * healthy[8, 0]
    opposite = aha_segment(SEGMENT_CENTRES[9][1] + np.pi, 0.475)
    assert thin[opposite - 1] == pytest.approx(healthy[opposite - 1, 0], rel=0.01)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"radius_mm": 0.0}, "radius_mm"),
        ({"wall_mm": np.nan}, "wall_mm"),
        ({"ejection": 0.9}, "ejection"),
        ({"shortening": -0.1}, "shortening"),
        ({"ovality": 0.5}, "ovality"),
        ({"systole": 0.1}, "systole"),
        ({"fullness": 0.5}, "fullness"),
        ({"fullness": np.nan}, "fullness"),
        ({"weak": {18: 0.5}}, "weak"),
        ({"weak": {3: 1.5}}, "weak"),
        ({"scaled_wall": {3: 0.1}}, "scaled_wall"),
    ],
)
def test_impossible_hearts_are_refused(wrong, said):
    with pytest.raises(ValueError, match=said):
        VirtualHeart(**wrong)


def test_an_even_wall_is_as_thick_at_the_base_as_below():
    heart = VirtualHeart(wall_mm=9.0, ovality=0.0)
    thickness = heart.thickness_mm([0.0])[:, 0]
    np.testing.assert_allclose(thickness[:6], 9.0, atol=0.4)
