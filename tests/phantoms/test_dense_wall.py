"""The virtual DENSE image: phase is displacement, rims are weak, noise is as asked for."""

import numpy as np
import pytest

from corporis.phantoms import TaggedWall, dense_images

WALL = TaggedWall(n_frames=3, frame_ms=100.0)


def test_phase_is_the_displacement_of_what_is_here_now():
    images = dense_images(WALL, 0.05)
    for t, time in enumerate(WALL.times_ms):
        rest = WALL.backward(WALL.grid(), time)
        inner = np.abs(np.hypot(rest[..., 0], rest[..., 1]) - 30) < 2.5
        truth = 2 * np.pi * 0.05 * (WALL.grid() - rest)
        for axis in range(2):
            off = np.angle(images[t, axis] * np.exp(-1j * truth[..., axis]))
            assert np.abs(off[inner]).max() < 0.05
            # the edges ring through the wall, as in any scanner
            assert np.abs(np.abs(images[t, axis])[inner] - 1).max() < 0.2


def test_noise_has_the_deviation_asked_for():
    off = dense_images(WALL, snr=8.0, seed=1) - dense_images(WALL)
    assert off.real.std() * 8 == pytest.approx(1, rel=0.02)
    assert off.imag.std() * 8 == pytest.approx(1, rel=0.02)


def test_bad_values_are_refused():
    with pytest.raises(ValueError, match="cycles_per_mm and snr"):
        dense_images(WALL, cycles_per_mm=0.0)
