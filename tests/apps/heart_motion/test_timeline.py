"""Courses of time: zero at first, complete, and with the acceleration of their formula."""

import numpy as np
import pytest

from corporis.apps.heart_motion import Timeline


def test_courses_vanish_at_the_first_frame_and_can_be_anything_later(rng):
    times = np.cumsum(rng.uniform(20, 60, 9))
    values = Timeline(times, 20).values
    assert values.shape == (9, 8)
    np.testing.assert_allclose(values[0], 0, atol=1e-12)
    assert np.linalg.matrix_rank(values[1:]) == 8


def test_acceleration_is_that_of_the_courses(rng):
    times = np.linspace(100, 900, 4001)
    timeline = Timeline(times, 5)
    seconds = (times - 100) / 1000
    second = np.gradient(np.gradient(timeline.values, seconds, axis=0), seconds, axis=0)[5:-5]
    np.testing.assert_allclose(
        second.T @ second / len(second),
        timeline.acceleration,
        rtol=0.02,
        atol=0.02 * timeline.acceleration.max(),
    )


def test_of_a_whole_beat_courses_end_as_they_begin():
    timeline = Timeline(40.0 * np.arange(20), 12, beat_ms=800.0)
    assert timeline.count == 12 and timeline.values.shape == (20, 12)
    np.testing.assert_allclose(timeline.values[0], 0, atol=1e-12)
    fine = Timeline(np.linspace(0, 800, 4000, endpoint=False), 6, beat_ms=800.0)
    assert np.abs(fine.values[-1]).max() < 0.01
    seconds = fine.times_ms / 1000
    second = np.gradient(np.gradient(fine.values, seconds, axis=0), seconds, axis=0)[5:-5]
    np.testing.assert_allclose(
        second.T @ second / len(second),
        fine.acceleration,
        rtol=0.02,
        atol=0.02 * fine.acceleration.max(),
    )


def test_bad_values_are_refused():
    with pytest.raises(ValueError, match="a beat starts at rest"):
        Timeline(np.array([0.0, 1.0, 2.0]), 2, starts_at_rest=False, beat_ms=9.0)
    with pytest.raises(ValueError, match="longer than the film of 2 ms"):
        Timeline(np.array([0.0, 1.0, 2.0]), 2, beat_ms=2.0)
    with pytest.raises(ValueError, match="increasing"):
        Timeline(np.array([0.0, 0.0]))
    with pytest.raises(ValueError, match="n_courses"):
        Timeline(np.array([0.0, 1.0]), 0)
