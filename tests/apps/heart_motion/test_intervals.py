"""Deviations of segments: noise where all are alike, the difference where one is not."""

import numpy as np
import pytest

from corporis.apps.heart_motion.intervals import FLOORS, SCALES, SMOOTHED, segment_deviation


def test_alike_segments_have_the_noise_and_the_floor():
    noise = np.full((2, 16, 3), 0.004)
    found = segment_deviation(np.full((2, 16, 3), -0.15), noise)
    expected = np.sqrt((0.004 * SCALES) ** 2 + FLOORS**2)
    np.testing.assert_allclose(found, np.broadcast_to(expected, found.shape))


def test_an_unlike_segment_is_less_certain_and_its_ring_alone(rng):
    mean, noise = np.full((1, 16, 3), -0.2), np.full((1, 16, 3), 1e-6)
    mean[0, 6:12, 1] += 0.01 * np.arange(6)
    found = segment_deviation(mean, noise)[0, :, 1]
    unlike = np.abs(0.01 * np.arange(6) - 0.025)
    np.testing.assert_allclose(found[6:12], np.hypot(SMOOTHED * unlike, FLOORS[1]), rtol=1e-4)
    np.testing.assert_allclose(found[:6], FLOORS[1], rtol=1e-4)


def test_at_rest_nothing_is_uncertain():
    assert not segment_deviation(np.zeros((1, 16, 3)), np.zeros((1, 16, 3))).any()


def test_other_shapes_are_refused():
    with pytest.raises(ValueError, match=r"\(n_frames, 16, 3\)"):
        segment_deviation(np.zeros((1, 17, 3)), np.zeros((1, 17, 3)))
