"""The phase fit on the exact phantom: displacement, strain, large steps, noise, bad input."""

from dataclasses import replace

import numpy as np
import pytest

from apps.heart_motion.known import displacement_errors, rest_of, ring_of, strain_errors
from corporis.apps.heart_motion import BandPass, PhaseFit, Tags
from corporis.errors import NotFound
from corporis.phantoms import TaggedWall

WALL = TaggedWall(n_frames=12)


def rms(errors):
    return float(np.sqrt(np.mean(errors[1:] ** 2)))


@pytest.fixture(scope="module")
def clean():
    """The healthy ring without noise, and its fit."""
    return PhaseFit()(WALL.images(), ring_of(WALL), WALL.times_ms)


def test_without_noise_a_tenth_of_a_millimetre(clean):
    assert rms(displacement_errors(clean, WALL)) < 0.1
    errors = strain_errors(clean, WALL)
    assert np.abs(errors[..., 1, 1].mean(axis=1)).max() < 0.002
    assert errors[..., 1, 1].std() < 0.002 and errors[..., 0, 0].std() < 0.01


def test_the_first_frame_is_rest(clean):
    _, pixels = rest_of(WALL)
    np.testing.assert_array_equal(clean.forward(pixels)[0], pixels)
    np.testing.assert_allclose(clean.strain(pixels)[0], 0, atol=1e-12)


def test_gradient_is_that_of_the_displacement(clean):
    _, pixels = rest_of(WALL)
    h = 1e-4
    columns = [
        (clean.forward(pixels + h * e) - clean.forward(pixels - h * e)) / (2 * h) for e in np.eye(2)
    ]
    np.testing.assert_allclose(clean.gradient(pixels), np.stack(columns, -1), atol=1e-6)


def test_with_noise_and_with_the_area_held():
    images = WALL.images(10.0, seed=4)
    free = PhaseFit()(images, ring_of(WALL), WALL.times_ms)
    held = PhaseFit(area_spread=0.05)(images, ring_of(WALL), WALL.times_ms)
    assert rms(displacement_errors(free, WALL)) < 0.25
    spread = [strain_errors(m, WALL)[1:, :, 0, 0].std() for m in (free, held)]
    assert spread[0] < 0.07 and spread[1] < 0.7 * spread[0]
    _, pixels = rest_of(WALL)
    assert np.abs(np.linalg.det(held.gradient(pixels)) - 1).mean() < 0.02
    assert free.noise > 0.05 and free.believed[1:].min() > 0.9


BEAT = TaggedWall(n_frames=20)
MIDDLE = PhaseFit(area_spread=0.1, rims_known=False, filter=BandPass(0.5), less_background=True)


def test_what_other_images_show_counts_where_tags_do_not():
    """A third of the ring without tags, from the fourth frame on."""
    images = BEAT.images(15.0, seed=5)
    rows, columns = np.indices(images.shape[1:]) - (BEAT.side - 1) / 2
    gone = np.abs(np.arctan2(columns, rows)) < np.pi / 3
    images[3:, gone] = images[3:, gone].mean(axis=1, keepdims=True)
    middle = (BEAT.side - 1) / 2

    def ridden(rest):
        mm = (rest - middle) * BEAT.pixel_mm
        return np.stack([BEAT.displacement(mm, t) for t in BEAT.times_ms]) / BEAT.pixel_mm + 0.3

    films = images, ring_of(BEAT), BEAT.times_ms
    errors = [rms(displacement_errors(MIDDLE(*films, None, r), BEAT)) for r in (None, ridden)]
    assert errors[1] < 0.5 * errors[0] and errors[1] < 1.2


def test_a_beat_that_is_a_cycle_helps_late_frames():
    films = BEAT.images(10.0, seed=3), ring_of(BEAT), BEAT.times_ms
    late = [
        float(displacement_errors(replace(MIDDLE, unseen_steps=unseen)(*films), BEAT)[15:].mean())
        for unseen in (None, 1.0)
    ]
    assert late[1] < 0.9 * late[0]


def test_steps_of_two_thirds_of_a_tag_are_followed():
    slow = TaggedWall().at_step(0.65 * 6.0)
    for snr in (np.inf, 10.0):
        motion = PhaseFit()(slow.images(snr, seed=1), ring_of(slow), slow.times_ms)
        assert displacement_errors(motion, slow).max() < 0.5 * slow.spacing_mm


def test_a_weak_region_is_seen():
    weak = replace(WALL, loss=0.7, weak_at_rad=1.0)
    motion = PhaseFit()(weak.images(20.0, seed=1), ring_of(weak), weak.times_ms)
    assert rms(displacement_errors(motion, weak)) < 0.25
    rest, pixels = rest_of(weak)
    angle = np.angle(np.exp(1j * (np.arctan2(rest[:, 1], rest[:, 0]) - 1.0)))
    shortening = -motion.strain(pixels)[10, :, 1, 1]
    assert shortening[np.abs(angle) < 0.5].mean() < 0.6 * shortening[np.abs(angle) > 2].mean()


def test_a_grossly_wrong_patch_is_disbelieved():
    images = WALL.images(20.0, seed=1)
    patch = (slice(None), slice(28, 36), slice(46, 58))
    images[patch] = np.roll(images, 2, axis=1)[patch]  # half a tag further
    motion = PhaseFit()(images, ring_of(WALL), WALL.times_ms)
    inside = np.all((motion.places > [30, 48]) & (motion.places < [34, 54]), axis=-1)
    far = motion.places[:, 1] < 30
    assert motion.trust[1:, inside].mean() < 0.6 < 0.9 < motion.trust[1:, far].mean()


def test_the_same_twice_bit_for_bit(clean):
    again = PhaseFit()(WALL.images(), ring_of(WALL), WALL.times_ms)
    np.testing.assert_array_equal(again.numbers, clean.numbers)


def test_swapping_the_tags_changes_nothing(clean):
    wave = WALL.wave_vectors * WALL.pixel_mm
    phase = -wave @ np.full(2, (WALL.side - 1) / 2)
    ring, times = ring_of(WALL), WALL.times_ms
    one = PhaseFit()(WALL.images(), ring, times, Tags(wave, phase))
    other = PhaseFit()(WALL.images(), ring, times, Tags(wave[::-1], phase[::-1]))
    _, pixels = rest_of(WALL)
    np.testing.assert_allclose(one.forward(pixels), other.forward(pixels), atol=1e-3)


def test_bad_input_is_refused(rng):
    ring, times = ring_of(WALL), WALL.times_ms
    with pytest.raises(ValueError, match="one time a frame"):
        PhaseFit()(WALL.images()[0], ring, times)
    with pytest.raises(ValueError, match="finite"):
        PhaseFit()(np.full((12, 64, 64), np.nan), ring, times)
    with pytest.raises(NotFound, match="no tags"):
        PhaseFit()(np.abs(rng.standard_normal((12, 64, 64))), ring, times)
    lines = replace(WALL, angles_rad=(0.3,), n_frames=12)
    with pytest.raises(ValueError, match="one family of tags"):
        PhaseFit()(lines.images(), ring, times)
    with pytest.raises(ValueError, match="area_spread"):
        PhaseFit(area_spread=0.0)
    with pytest.raises(ValueError, match="n_steps"):
        PhaseFit(n_steps=0)
    with pytest.raises(ValueError, match="rims are not known"):
        PhaseFit(less_background=True)
    for change in ({"unseen_steps": 0.5}, {"ridden_px": 0.0}):
        with pytest.raises(ValueError, match=next(iter(change))):
            PhaseFit(**change)
