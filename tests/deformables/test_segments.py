"""The 17 segments, against the numbering of the AHA done by hand."""

import numpy as np
import pytest

from corporis.deformables import aha_segment

# Angle from the anterior insertion towards the septum, in degrees, to segment: the AHA's figure
# read clockwise from the insertion at the front of the septum.
BASAL = {
    10: 2,
    50: 2,
    70: 3,
    110: 3,
    130: 4,
    170: 4,
    190: 5,
    230: 5,
    250: 6,
    290: 6,
    310: 1,
    350: 1,
}
APICAL = {
    60: 14,
    20: 14,
    100: 14,
    110: 15,
    150: 15,
    190: 15,
    200: 16,
    240: 16,
    280: 16,
    290: 13,
    330: 13,
    0: 13,
    14: 13,
}


@pytest.mark.parametrize(("angle", "segment"), BASAL.items())
def test_basal_and_middle_sixths(angle, segment):
    assert aha_segment(np.deg2rad(angle), 0.1) == segment
    assert aha_segment(np.deg2rad(angle), 0.5) == segment + 6


@pytest.mark.parametrize(("angle", "segment"), APICAL.items())
def test_apical_quarters(angle, segment):
    assert aha_segment(np.deg2rad(angle), 0.8) == segment
    assert aha_segment(np.deg2rad(angle), 0.96) == 17


def test_thirds_of_the_first_95_percent():
    levels = [0.0, 0.316, 0.317, 0.633, 0.634, 0.95, 0.951, 1.0]
    found = aha_segment(np.deg2rad(30), levels)
    assert found.tolist() == [2, 2, 8, 8, 14, 14, 17, 17]
    # above the base, where a slice may lie, the basal segments go on
    assert aha_segment(np.deg2rad(30), -0.4) == 2


def test_the_septum_takes_a_third_of_the_circle():
    angle = (np.arange(720) + 0.5) / 720 * 2 * np.pi
    for level, septal in ((0.1, [2, 3]), (0.5, [8, 9])):
        inside = np.isin(aha_segment(angle, level), septal)
        np.testing.assert_array_equal(inside, angle < 2 * np.pi / 3)
    counts = np.bincount(aha_segment(angle, 0.8), minlength=18)
    assert counts[13:17].tolist() == [180] * 4


def test_angles_are_cyclic_and_shapes_broadcast():
    angle = np.deg2rad([30.0, 150.0, 300.0])
    for turn in (-2, 1, 3):
        np.testing.assert_array_equal(aha_segment(angle + turn * 2 * np.pi, 0.2), [2, 4, 1])
    grid = aha_segment(angle[None], np.array([0.1, 0.5, 0.99])[:, None])
    assert grid.tolist() == [[2, 4, 1], [8, 10, 7], [17, 17, 17]]
    # just below a full turn, where rounding could make a seventh sixth
    assert aha_segment(np.nextafter(2 * np.pi, 0), 0.1) == 1
    assert aha_segment(-1e-18, 0.1) in (1, 2)


def test_every_segment_is_there():
    angle = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    found = aha_segment(angle[None], (np.arange(20)[:, None] + 0.5) / 20)
    assert set(found.ravel().tolist()) == set(range(1, 18))
