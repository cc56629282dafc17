"""Planes become a body: the virtual heart's motion in systole, in three dimensions."""

import numpy as np
import pytest

from corporis.apps.heart_motion import Fusion, TaggedFilm
from corporis.deformables import WallModes
from corporis.phantoms import VirtualHeart, long_axis, short_axis

HEART = VirtualHeart(length_mm=70.0, weak={8: 0.7, 9: 0.7})
PHASES = np.array([0.0, 0.07, 0.13, 0.18, 0.24])


def wall():
    heights, angle = np.linspace(0, 0.97 * HEART.length_mm, 30), 2 * np.pi * np.arange(48) / 48
    shells = [np.sqrt(2 * f(heights[:, None], angle)) for f in (HEART.inner, HEART.outer)]
    return WallModes(heights, *shells)


def films(snr):
    across = [short_axis(z) for z in np.linspace(0.08, 0.85, 5) * HEART.length_mm]
    planes = across + [long_axis(0.4 + k * np.pi / 3, 35.0) for k in range(3)]
    return [
        TaggedFilm(
            plane.images(HEART, PHASES, snr, k), plane.origin, plane.steps, plane.wave_vectors
        )
        for k, plane in enumerate(planes)
    ]


@pytest.fixture(scope="module")
def motion():
    return Fusion(n_waves=0)(films(15.0), wall(), PHASES)


def test_motion_strain_and_volume_are_those_of_the_heart(motion):
    rest = motion.wall.lattice(3, 24, 8)
    truth = np.stack([HEART.forward(rest, p) for p in PHASES])
    off = np.linalg.norm(motion.forward(rest) - truth, axis=-1)
    moved = np.linalg.norm(truth - rest, axis=-1)
    assert np.sqrt(np.mean(off[1:] ** 2)) < 0.35 and moved[-1].mean() > 4
    strain = np.stack([HEART.strain(rest, p) for p in PHASES])
    wrong = (motion.strain(rest) - strain).mean(axis=1)
    assert np.abs(wrong[:, 2, 2]).max() < 0.01
    assert np.abs(wrong[:, 1, 1]).max() < 0.01
    assert np.mean(np.abs(np.linalg.det(motion.gradient(rest)) - 1)) < 0.02


def test_the_weak_segments_shorten_less(motion):
    angle = np.deg2rad(np.array([60.0, 240.0]))
    depth, height = np.linspace(26, 30, 3), np.linspace(28, 38, 3)
    found = []
    for a in angle:
        r, z = (v.ravel() for v in np.meshgrid(depth, height))
        rest = np.stack([r * np.cos(a), r * np.sin(a), z], axis=-1)
        mean, deviation = motion.mean_strain(rest, len(PHASES) - 1)
        direct = motion.strain(rest)[-1, :, 1, 1].mean()
        assert mean[1] == pytest.approx(direct, abs=1e-9)
        assert 0 < deviation[1] < 0.02
        found.append(mean[1])
    assert found[1] < found[0] - 0.03


def test_a_deviation_is_that_of_its_derivative(motion):
    rest = motion.wall.lattice(2, 4, 3)[:3]
    q = motion.q.copy()
    step = 1e-4 * np.random.default_rng(2).standard_normal(q[2].shape)
    flat = step.T.reshape(-1)
    rank_one = np.zeros_like(motion.covariance)
    rank_one[2] = np.outer(flat, flat)
    shifted = type(motion)(motion.wall, q, rank_one, motion.noise_mm)
    before, spread = shifted.mean_strain(rest, 2)
    q[2] += step
    after, _ = type(motion)(motion.wall, q, rank_one, motion.noise_mm).mean_strain(rest, 2)
    np.testing.assert_allclose(spread, np.abs(after - before), rtol=0.02, atol=1e-9)


def test_whole_beats_are_bound_by_waves():
    phases = np.arange(4) / 4
    still = VirtualHeart(length_mm=70.0, ejection=0.0, shortening=0.0, twist_rad=0.0)
    planes = [short_axis(20.0), short_axis(45.0), long_axis(0.4, 35.0)]
    seen = [TaggedFilm(p.images(still, phases), p.origin, p.steps, p.wave_vectors) for p in planes]
    rest = wall().lattice(2, 8, 3)
    found = Fusion(n_waves=1)(seen, wall(), phases)
    assert np.sqrt(np.mean((found.forward(rest) - rest) ** 2)) < 0.1
    assert np.linalg.matrix_rank(found.q.reshape(4, -1), tol=1e-9) <= 2


def test_bad_films_are_refused():
    whole = films(np.inf)[0]
    with pytest.raises(ValueError, match="every film"):
        Fusion()([whole], wall(), PHASES[:3])
    with pytest.raises(ValueError, match="wave_vectors"):
        TaggedFilm(whole.images, whole.origin, whole.steps, whole.wave_vectors[:, :2])
    with pytest.raises(ValueError, match="volume_price"):
        Fusion(volume_price=0.0)
