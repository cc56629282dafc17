"""Numbers of a course of strain: peaks, rates, what comes after systole, what is not known."""

import numpy as np
import pytest

from corporis.apps.heart_motion.clinical import DEFINITIONS, Clinical, clinical, dyssynchrony

TIMES = 40.0 * np.arange(20)


def test_a_cosine_has_its_peak_and_rates():
    course = -10 * (1 - np.cos(2 * np.pi * TIMES / 800))
    found = clinical(course, 10, TIMES)
    assert found.peak == pytest.approx(-20) and found.peak_frame == 10
    assert found.end_systolic == pytest.approx(-20) and found.time_to_peak_ms == 400
    steepest = 0.1 * 2 * np.pi / 0.8  # of 0.1 (1 - cos) a second
    assert found.systolic_rate == pytest.approx(-steepest, rel=0.03)
    assert found.diastolic_rate == pytest.approx(steepest, rel=0.03)
    assert found.post_systolic == 0


def test_late_shortening_is_a_share_of_the_peak():
    course = np.array([0.0, -5, -10, -16, -20, -8])
    found = clinical(course, 3)
    assert found.post_systolic == pytest.approx(20)
    assert clinical(course, 5).post_systolic == 0
    assert found.systolic_rate is None and found.time_to_peak_ms is None


def test_thickening_goes_the_other_way():
    found = clinical(np.array([0.0, 20, 40, 10]), 2, TIMES[:4], shortens=False)
    assert found.peak == 40 and found.systolic_rate > 0 > found.diastolic_rate


def test_a_peak_beyond_what_is_reported_is_not_known():
    course = np.array([0.0, -5, -10, -15, np.nan, np.nan])
    assert clinical(course, None, TIMES[:6]) == Clinical()
    assert clinical(course, 2).peak is None and clinical(course, 2).end_systolic == -10
    known = clinical(np.array([0.0, -5, -10, -8, np.nan]), 4)
    assert known.peak == -10 and known.end_systolic is None and known.post_systolic is None
    assert clinical(np.full(5, np.nan), 2) == Clinical()


def test_a_region_that_stretches_has_the_least_stretch_as_peak():
    found = clinical(np.array([0.0, 2, 5, 3]), 2)
    assert found.peak == 2 and found.post_systolic is None


def test_dyssynchrony_needs_three():
    assert dyssynchrony([Clinical(time_to_peak_ms=1.0), Clinical(time_to_peak_ms=9.0)]) is None
    assert dyssynchrony([Clinical(time_to_peak_ms=300.0)] * 4) == 0


def test_every_number_is_defined():
    words = "strain peak end-systole rotation twist torsion dyssynchrony layers".split()
    assert set(words) <= set(DEFINITIONS)
