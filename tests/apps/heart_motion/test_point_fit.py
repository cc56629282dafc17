"""The ring's motion from tracked points, with gross errors planted at random or all alike."""

import numpy as np
import pytest

from apps.heart_motion.known import displacement_errors, ring_of
from corporis.apps.heart_motion import PointFit
from corporis.phantoms import TaggedWall

WALL = TaggedWall(n_frames=8)
NOISE_MM = 0.3


def tracked(rng):
    """Points of the wall in pixels, and their displacements in pixels with noise."""
    angle, radius = rng.uniform(0, 2 * np.pi, 200), np.sqrt(rng.uniform(25**2, 35**2, 200))
    rest = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=-1)
    moved = np.stack([WALL.displacement(rest, t) for t in WALL.times_ms])
    moved[1:] += NOISE_MM * rng.standard_normal(moved[1:].shape)
    middle = (WALL.side - 1) / 2
    return rest / WALL.pixel_mm + middle, moved / WALL.pixel_mm


def rms(motion):
    return float(np.sqrt(np.mean(displacement_errors(motion, WALL)[1:] ** 2)))


def fit(rest, moved, **options):
    return PointFit(**options)(rest, moved, ring_of(WALL), WALL.times_ms)


def test_noise_is_found_and_smoothed(rng):
    motion = fit(*tracked(rng))
    assert rms(motion) < 0.6 * NOISE_MM
    assert abs(motion.noise * WALL.pixel_mm / NOISE_MM - 1) < 0.2


@pytest.mark.parametrize("coherent", [False, True])
def test_gross_errors_of_thirty_percent(rng, coherent):
    rest, moved = tracked(rng)
    clean = rms(fit(rest, moved))
    wrong = rng.choice(200, 60, replace=False)
    turn = rng.uniform(0, 2 * np.pi, 1 if coherent else 60)
    moved[1:, wrong] += 2.7 * np.stack([np.cos(turn), np.sin(turn)], axis=-1)
    robust, quadratic = fit(rest, moved), fit(rest, moved, believed=None)
    assert rms(robust) < 1.3 * clean and rms(quadratic) > 3 * clean
    assert robust.trust[1:, wrong].max() < 0.5


def test_what_was_not_seen_is_not_needed(rng):
    rest, moved = tracked(rng)
    moved[rng.random(moved.shape[:2]) < 0.3] = np.nan
    assert rms(fit(rest, moved)) < NOISE_MM


def test_the_area_can_be_held(rng):
    rest, moved = tracked(rng)
    free, held = fit(rest, moved), fit(rest, moved, area_spread=0.03)
    det = [np.abs(np.linalg.det(m.gradient(rest)) - 1).mean() for m in (free, held)]
    assert det[1] < 0.8 * det[0]


def test_bad_values_are_refused(rng):
    rest, moved = tracked(rng)
    with pytest.raises(ValueError, match="displacement must be"):
        fit(rest[:5], moved)
    with pytest.raises(ValueError, match="nothing was seen"):
        fit(rest, moved * np.nan)
    with pytest.raises(ValueError, match="believed"):
        PointFit(believed=0.0)
