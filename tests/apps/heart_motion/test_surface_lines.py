"""Global strain of lines on a moving surface, beside formulas."""

import numpy as np
import pytest

from apps.heart_motion.test_surface import N_ANGLES, tube
from corporis.apps.heart_motion.surface_lines import line_strain


def test_a_tube_that_narrows_unevenly_and_moves():
    points, *_ = tube(25.0, 60.0)
    depth = points[:, 2:] / 60.0
    narrow = 1 - 0.2 * depth
    moved = points * np.concatenate([narrow, narrow, 0.9 * np.ones_like(depth)], axis=1)
    found = line_strain(np.stack([points, moved + np.array([5.0, 1.0, -3.0])]), N_ANGLES)
    # rings nearest to depths 0.16, 0.475 and 0.8 of 19 steps
    wanted = -20 * np.mean([3 / 19, 9 / 19, 15 / 19])
    assert found["circumferential"] == pytest.approx([0, wanted], abs=1e-6)
    side, cap = np.hypot(60 * 0.9, 5.0), 25.0 * 0.8
    assert found["longitudinal"][1] == pytest.approx(100 * ((side + cap) / 85.0 - 1), abs=1e-6)


def test_lengths_are_those_of_end_diastole():
    points, *_ = tube()
    film = np.stack([0.9 * points, points, 0.8 * points])
    for course in line_strain(film, N_ANGLES, 1).values():
        assert course == pytest.approx([-10, 0, -20], abs=1e-9)


def test_other_vertices_are_refused():
    points, *_ = tube()
    with pytest.raises(ValueError, match="rings of 47 vertices and two more"):
        line_strain(points[None], 47)
