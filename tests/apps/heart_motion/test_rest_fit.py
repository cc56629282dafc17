"""The wall at rest and the slips of its planes: planted slips of 2 to 4 mm are recovered."""

import numpy as np
import pytest

from corporis.apps.heart_motion import Fusion, RestFit, TaggedFilm
from corporis.deformables import WallModes
from corporis.phantoms import VirtualHeart, long_axis, short_axis

HEART = VirtualHeart(length_mm=70.0)
SPAN = (0.0, 0.97 * HEART.length_mm)
SLIPS_MM = np.array([2.0, -3.0, 4.0, -2.5, 3.0, -2.0, 2.5, -3.5])
PHASES = np.array([0.0, 0.1, 0.2])


def wall():
    heights, angle = np.linspace(*SPAN, 30), 2 * np.pi * np.arange(48) / 48
    shells = [np.sqrt(2 * f(heights[:, None], angle)) for f in (HEART.inner, HEART.outer)]
    return WallModes(heights, *shells)


def planes():
    across = [short_axis(z) for z in np.linspace(0.08, 0.85, 5) * HEART.length_mm]
    return across + [long_axis(0.4 + k * np.pi / 3, 35.0) for k in range(3)]


def slipped(phases=PHASES[:1], snr=10.0):
    """Films of which nothing but images and wrong places is known, and their true slips."""
    films, slips = [], []
    for k, (plane, far) in enumerate(zip(planes(), SLIPS_MM)):
        turn = 0.7 * k
        slip = far * np.array([np.cos(turn), np.sin(turn)]) @ plane.steps / 1.5
        films.append(
            TaggedFilm(plane.images(HEART, phases, snr, k), plane.origin - slip, plane.steps)
        )
        slips.append(slip)
    return films, np.array(slips)


@pytest.fixture(scope="module")
def seen():
    return slipped()


@pytest.fixture(scope="module")
def given(seen):
    return RestFit()(seen[0], wall())


@pytest.fixture(scope="module")
def alone(seen):
    return RestFit()(seen[0], span_mm=SPAN)


def test_slips_are_recovered_with_the_wall_given_or_not(seen, given, alone):
    _, slips = seen
    for found, most in ((given, 0.25), (alone, 0.4)):
        assert np.linalg.norm(found.slips_mm - slips, axis=1).max() < most
        for film, plane in zip(found.films, planes()):
            # a family may come with either sign, and in either order
            for k in plane.wave_vectors:
                off = [np.linalg.norm(film.wave_vectors - s * k, axis=1).min() for s in (1, -1)]
                assert min(off) < 0.01 * np.linalg.norm(k)
            np.testing.assert_allclose(film.origin, plane.origin, atol=most)


def test_the_wall_is_that_of_the_heart(alone):
    found, true = alone.wall, wall()
    z, angle = np.meshgrid(np.linspace(5, 60, 12), np.linspace(0, 6, 20), indexing="ij")
    for mine, theirs in zip(found.shells, true.shells):
        off = mine.ev(z, angle) - theirs.ev(z, angle)
        assert np.sqrt(np.mean(off**2)) < 0.5


def test_phases_are_those_of_the_pixels(seen, given):
    """A slip moves a plane, not the tags that its own image shows."""
    film, found = seen[0][2], given.films[2]
    assert found.images is film.images
    pixels = np.argwhere(film.images[0] > 0.6)
    inside = found.origin + pixels @ found.steps
    turns = np.cos(found.phase(inside))
    # bright pixels lie where both waves are high
    assert turns.mean() > 0.6


def test_without_correction_the_fused_motion_is_wrong_and_with_it_right():
    films, _ = slipped(PHASES, 15.0)
    rest = wall().lattice(3, 24, 8)
    truth = np.stack([HEART.forward(rest, p) for p in PHASES])
    error = []
    for fit in (RestFit(), RestFit(slip_mm=1e-3)):
        found = fit(films, wall())
        motion = Fusion(n_waves=0)(list(found.films), wall(), PHASES)
        off = np.linalg.norm(motion.forward(rest) - truth, axis=-1)[1:]
        error.append(float(np.sqrt(np.mean(off**2))))
    assert error[0] < 0.35 and error[1] > 1.5 * error[0]


def test_bad_input_is_refused(seen):
    films, _ = seen
    with pytest.raises(ValueError, match="span_mm"):
        RestFit()(films)
    with pytest.raises(ValueError, match="at least 3 short-axis planes, got 0"):
        RestFit()(films[5:], span_mm=SPAN)
    with pytest.raises(ValueError, match="slip_mm"):
        RestFit(slip_mm=0.0)
    with pytest.raises(ValueError, match="n_steps"):
        RestFit(n_steps=0)
    with pytest.raises(ValueError, match="RestFit finds them"):
        Fusion()(films, wall(), PHASES[:1])
    with pytest.raises(ValueError, match="phases must be one number"):
        TaggedFilm(films[0].images, films[0].origin, films[0].steps, None, np.zeros(2))
