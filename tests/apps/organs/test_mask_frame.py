"""Poses and grids: there and back, fields read anywhere, and a known move registered."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from corporis.apps.organs import DistanceMap, Grid, Pose, register


def test_there_and_back(rng):
    pose = Pose(np.array([3.0, -1, 7]), 12.0, Rotation.from_rotvec([0.3, -0.2, 0.5]).as_matrix())
    places = rng.normal(size=(9, 3))
    np.testing.assert_allclose(pose.to_frame(pose.to_mm(places)), places)


def test_a_grid_gives_back_what_is_linear(rng):
    grid = Grid.around(np.array([-1.0, -0.5, 0]), np.array([1.0, 0.5, 2]), 0.1)
    slope = np.array([2.0, -1.0, 0.5])
    values = grid.places @ slope
    inside = rng.uniform([-0.9, -0.4, 0.1], [0.9, 0.4, 1.9], (20, 3))
    np.testing.assert_allclose(grid.read(values, inside), inside @ slope)
    np.testing.assert_allclose(grid.gradient(values), np.tile(slope, (len(values), 1)))


def test_a_known_move_is_found_in_spite_of_a_lost_part():
    spacing, shape = np.array([1.0, 1.5, 1.0]), (60, 44, 64)
    points = np.stack(np.indices(shape), axis=-1) * spacing
    truth = Pose(
        np.array([31.0, 32, 30]), 26.0, Rotation.from_rotvec([0.1, 0.15, -0.1]).as_matrix()
    )
    half = np.array([0.75, 0.45, 0.9]) * (3 / (4 * np.pi * 0.75 * 0.45 * 0.9)) ** (1 / 3)
    local = truth.to_frame(points.reshape(-1, 3)).reshape(*shape, 3)
    mask = (np.linalg.norm(local / half, axis=-1) < 1) | (
        np.linalg.norm((local - [0.3, 0.3, 0.3]) / 0.3, axis=-1) < 1
    )
    grid = Grid.around(np.full(3, -1.3), np.full(3, 1.3), 0.08)
    whole = DistanceMap.of(mask, tuple(spacing))
    target = np.clip(whole.at(truth.to_mm(grid.places)) / truth.size, -0.3, 0.3)
    found = register(whole, whole.pose(), target, grid, n_steps=20)
    assert np.linalg.norm(found.centre - truth.centre) < 0.3
    assert found.size == pytest.approx(truth.size, rel=0.01)
    assert Rotation.from_matrix(found.turn @ truth.turn.T).magnitude() < 0.02
