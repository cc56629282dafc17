"""Tissue and torso: contrasts, textures that stay with the muscle, organs that stay in space."""

import numpy as np
import pytest

from corporis.phantoms import Tissue, Torso, VirtualHeart
from corporis.phantoms.places import cartesian

HEART = VirtualHeart()
TISSUE = Tissue(seed=5)
TORSO = Torso.of(HEART, TISSUE)


def inside(kind, rng, n=3000):
    """Points of one class at end-diastole, away from its borders."""
    z, angle = rng.uniform(5, 0.6 * HEART.length_mm, n), rng.uniform(0, 2 * np.pi, n)
    inner, outer = HEART.inner(z, angle), HEART.outer(z, angle)
    right = HEART.right_extent(z, angle)
    low, high = {1: (0 * inner, 0.4 * inner), 2: (inner, outer), 3: (outer, outer + right)}[kind]
    points = cartesian(low + rng.uniform(0.1, 0.9, n) * (high - low), angle, z)
    return points[high - low > 100.0]


def signal(torso, points, phase=0.0):
    return torso.signal(points, torso.heart.places(points, phase))


def test_every_class_shines_as_its_tissue(rng):
    for kind, expected in ((1, TISSUE.blood), (2, TISSUE.muscle)):
        seen = signal(TORSO, inside(kind, rng))
        assert np.median(seen) == pytest.approx(expected, rel=0.03)
    right = signal(TORSO, inside(3, rng))
    assert np.median(right) == pytest.approx(0.93 * TISSUE.blood, rel=0.03)
    assert np.mean(right < 0.8) < 0.2  # strands are the exception


def test_texture_moves_with_the_muscle_and_organs_do_not(rng):
    points = inside(2, rng, 500)
    now = HEART.forward(points, HEART.systole)
    before, after = signal(TORSO, points), signal(TORSO, now, HEART.systole)
    np.testing.assert_allclose(after, before, atol=1e-6)
    assert before.std() == pytest.approx(0.5 * TISSUE.texture * TISSUE.muscle, rel=0.3)
    away = rng.uniform(-1, 1, (500, 3)) * [20, 20, 40] + [0, -100, 40]
    np.testing.assert_array_equal(signal(TORSO, away), signal(TORSO, away, HEART.systole))


def test_papillary_muscles_are_dark_but_inside_the_cavity():
    angle = np.deg2rad(np.array([190.0, 290.0]))
    z = np.full(2, 0.5 * HEART.length_mm)
    points = cartesian(0.6 * HEART.inner(z, angle), angle, z)
    places = HEART.places(points, 0.0)
    assert places.labels().tolist() == [1, 1]
    assert np.all(TORSO.signal(points, places) < 0.5)
    between = cartesian(0.6 * HEART.inner(z, angle), angle + 0.8, z)
    assert np.all(signal(TORSO, between) > 0.8)


def test_waves_have_unit_variance_and_are_the_same_in_every_plane(rng):
    points = rng.uniform(-2000, 2000, (40000, 3))
    for which in (slice(0, 12), slice(12, 24)):
        wave = TORSO.wave(points, which)
        assert abs(wave.mean()) < 0.05
        assert wave.std() == pytest.approx(1, rel=0.05)
    some = rng.permutation(len(points))[:100]
    which = slice(12, 24)
    np.testing.assert_allclose(
        TORSO.wave(points[some], which), TORSO.wave(points, which)[some], atol=1e-12
    )


def test_a_seed_is_a_torso(rng):
    points = rng.uniform(-120, 120, (2000, 3))
    again = Torso.of(HEART, Tissue(seed=5)).background(points)
    other = Torso.of(HEART, Tissue(seed=6)).background(points)
    np.testing.assert_array_equal(TORSO.background(points), again)
    assert np.mean(again != other) > 0.03
    single = TORSO.background(points.astype(np.float32))
    assert single.dtype == np.float32
    assert np.mean(np.isclose(single, again, atol=1e-5)) > 0.99


def test_background_lies_between_air_and_the_brightest(rng):
    points = rng.uniform(-1, 1, (5000, 3)) * [200, 200, 80]
    seen = TORSO.background(points)
    assert np.all(seen[np.hypot(points[:, 0], points[:, 1]) > 150] == 0.02)
    assert seen.min() >= 0.02 and seen.max() <= 1.3
    assert len(np.unique(seen)) > 5


def test_above_the_base_there_is_blood_but_no_class():
    points = np.array([[-10.0, 0.0, -20.0], [8.0, 6.0, -10.0]])
    places = HEART.places(points, 0.0)
    assert places.labels().tolist() == [0, 0]
    assert np.all(TORSO.signal(points, places) > 0.9)


def test_random_tissues_stay_in_range(rng):
    drawn = [Tissue.random(rng) for _ in range(50)]
    assert all(0.18 <= t.muscle <= 0.6 < t.blood for t in drawn)
    assert len({t.seed for t in drawn}) == 50
    assert Tissue.random(np.random.default_rng(1)) == Tissue.random(np.random.default_rng(1))


@pytest.mark.parametrize(
    "wrong", [{"fat": -0.1}, {"muscle": 1.2}, {"blood": 0.2}, {"chest": np.nan}]
)
def test_impossible_tissue_is_refused(wrong):
    with pytest.raises(ValueError, match="blood brighter than muscle"):
        Tissue(**wrong)


def test_organs_that_crowd_the_heart_lie_against_it(rng):
    crowded = TORSO.crowded(rng, n=40)
    near = crowded.organs[len(TORSO.organs) :]
    assert near.shape == (40, 5) and np.array_equal(crowded.organs[:-40], TORSO.organs)
    angle = np.arctan2(near[:, 1], near[:, 0])
    wall = np.sqrt(2 * HEART.outer(near[:, 2], angle))
    gap = np.hypot(near[:, 0], near[:, 1]) - near[:, 3] - wall
    assert np.all(gap < 0.21 * near[:, 3]) and np.all(gap > -0.41 * near[:, 3])
    # what is heart stays heart
    points = inside(2, rng)
    np.testing.assert_allclose(signal(crowded, points), signal(TORSO, points))
