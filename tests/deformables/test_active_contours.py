"""Active contours: the law of a circle, and neighbours that keep their distance."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from corporis.deformables.active_contours import RepulsiveContours, normals

ANGLE = 2 * np.pi * np.arange(128) / 128
UNIT = np.stack([np.cos(ANGLE), np.sin(ANGLE)], axis=1)


def mean_radius(points):
    return np.linalg.norm(points - points.mean(axis=-2, keepdims=True), axis=-1).mean(axis=-1)


@pytest.mark.parametrize(
    ("tension", "bending", "balloon"),
    [(3.0, 0.0, 0.0), (0.0, 200.0, 0.0), (0.0, 0.0, 0.7), (4.0, 150.0, 0.9)],
)
def test_a_circle_obeys_its_law(tension, bending, balloon):
    model = RepulsiveContours(tension, bending, balloon, 0.0, step=0.02, n_points=128)
    moved = model.evolve(10 * UNIT[None] + 50, n_steps=250)
    law = solve_ivp(lambda t, r: balloon - tension / r - bending / r**3, (0, 5), [10.0], rtol=1e-9)
    assert abs(law.y[0, -1] - 10) > 0.3  # something happened
    assert mean_radius(moved)[0] == pytest.approx(law.y[0, -1], abs=0.02)
    np.testing.assert_allclose(moved[0].mean(axis=0), 50, atol=1e-6)


def test_the_law_is_met_to_first_order_in_the_step():
    law = solve_ivp(lambda t, r: 0.5 - 8 / r, (0, 4), [8.0], rtol=1e-10).y[0, -1]
    error = []
    for step in (0.4, 0.2, 0.1):
        model = RepulsiveContours(8.0, 0.0, 0.5, 0.0, step=step, n_points=256)
        found = mean_radius(model.evolve(8 * UNIT[None], n_steps=round(4 / step)))[0]
        error.append(abs(found - law))
    orders = np.log2(np.array(error[:-1]) / error[1:])
    assert (orders > 0.8).all()


def test_stiffness_allows_long_steps():
    rough = (10 + np.random.default_rng(0).normal(0, 0.5, 128))[:, None] * UNIT
    model = RepulsiveContours(0.0, 500.0, 0.0, 0.0, step=5.0, n_points=128)
    moved = model.evolve(rough[None], n_steps=3)[0]
    radius = np.linalg.norm(moved - moved.mean(axis=0), axis=1)
    assert np.isfinite(moved).all() and radius.std() < 0.2


@pytest.mark.parametrize("reverse", [False, True])
def test_two_discs_push_each_other_apart(reverse):
    pair = np.stack([8 * UNIT, 8 * UNIT + [17, 0]])
    pair = pair[:, ::-1] if reverse else pair
    model = RepulsiveContours(0.5, 0.5, 0.0, repulsion=1.0)
    moved = model.evolve(pair, n_steps=20)
    gap = np.diff(moved.mean(axis=1), axis=0)[0]
    assert gap[0] > 17.5 and abs(gap[1]) < 0.01
    facing = moved[0][:, 0].max() - moved[0][:, 0].mean()
    behind = moved[0][:, 0].mean() - moved[0][:, 0].min()
    assert facing < behind  # flattened where they face each other


def test_growing_balloons_meet_but_do_not_cross():
    pair = np.stack([5 * UNIT, 5 * UNIT + [16, 0]])
    held = RepulsiveContours(0.5, 0.5, balloon=0.5, repulsion=1.0)
    free = RepulsiveContours(0.5, 0.5, balloon=0.5, repulsion=0.0)
    gaps = [
        (moved[1][:, 0].min() - moved[0][:, 0].max())
        for moved in (m.evolve(pair, n_steps=60) for m in (held, free))
    ]
    assert gaps[0] > 0 > gaps[1]


def test_only_the_nearest_repel():
    row = np.stack([6 * UNIT + [15 * k, 0] for k in range(6)])
    model = RepulsiveContours(n_neighbours=1)
    pairs = model._partners(RepulsiveContours(n_points=64).evolve(row, n_steps=0))
    assert len(pairs) == 6 and (np.abs(np.diff(pairs, axis=1)) == 1).all()


def test_normals_point_out():
    outward, lengths = normals(7 * UNIT[None] + 3)
    np.testing.assert_allclose(outward[0], UNIT, atol=1e-12)
    assert lengths.sum() == pytest.approx(2 * np.pi * 7, rel=1e-3)


def test_an_image_force_is_followed():
    model = RepulsiveContours(0.1, 0.1, 0.0, 0.0, step=0.2)

    def to_radius_twelve(points, outward):
        return (12 - np.linalg.norm(points, axis=-1))[..., None] * outward

    moved = model.evolve(8 * UNIT[None], n_steps=80, force=to_radius_twelve)
    assert mean_radius(moved)[0] == pytest.approx(12, abs=0.1)


def test_nothing_is_moved_where_there_is_nothing():
    assert RepulsiveContours().evolve([], n_steps=5).shape == (0, 64, 2)


def test_numbers_out_of_range_are_refused():
    for wrong in ({"tension": -1}, {"step": 0}, {"n_points": 4}, {"resample_every": 0}):
        with pytest.raises(ValueError, match="got"):
            RepulsiveContours(**wrong)
