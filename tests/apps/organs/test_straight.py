"""Volumes at a slant: what is found on the body's axes lies where it was in the patient."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from corporis.apps.organs.straight import StraightGrid
from corporis.apps.organs.upright import voxel_mm3


def ball(shape, affine, middle, radius):
    """1 inside a ball of the patient's space."""
    index = np.indices(shape).reshape(3, -1).T
    placed = index @ affine[:3, :3].T + affine[:3, 3]
    return (np.linalg.norm(placed - middle, axis=1) < radius).reshape(shape)


def slanted(degrees, axes=(2, 1, 0), steps=(5.0, 1.5, 1.2)):
    """An affine whose axes are permuted, partly reversed, and turned about all axes."""
    affine = np.eye(4)
    turn = Rotation.from_euler("xyz", degrees, degrees=True).as_matrix()
    affine[:3, :3] = turn @ (np.eye(3)[:, list(axes)] * [1, -1, -1]) * steps
    affine[:3, 3] = [60.0, -20.0, 400.0]
    return affine


@pytest.mark.parametrize("axes", [(2, 1, 0), (0, 2, 1), (1, 0, 2)])
def test_volumes_along_the_axes_are_only_turned(axes):
    affine, shape = slanted((0, 0, 0), axes), (7, 8, 9)
    grid = StraightGrid.of(shape, affine)
    volume = np.random.default_rng(0).random(shape).astype(np.float32)
    seen = grid.seen(volume, -1000.0)
    assert not grid.is_resampled and seen.shape == grid.sides
    np.testing.assert_array_equal(grid.back(seen), volume)
    place = np.unravel_index(np.argmax(seen), seen.shape)
    own = np.unravel_index(np.argmax(volume), shape)
    np.testing.assert_allclose(grid.affine @ [*place, 1], affine @ [*own, 1], atol=1e-9)


@pytest.mark.parametrize("degrees", [(20, 0, 0), (-8, 15, 30)])
def test_a_ball_at_a_slant_is_the_same_ball_there_and_back(degrees):
    affine, shape = slanted(degrees), (24, 70, 80)
    middle = affine[:3] @ [12, 35, 40, 1]
    mask = ball(shape, affine, middle, 28.0)
    grid = StraightGrid.of(shape, affine)
    seen = grid.seen(np.where(mask, 60.0, -100.0), -1000.0)
    assert grid.is_resampled
    straight = grid.affine[:3, :3][::-1] / grid.steps
    np.testing.assert_allclose(straight, np.eye(3), atol=1e-12)
    wanted = ball(grid.sides, grid.affine, middle, 28.0)
    found = (seen > -20) & (seen < 100)
    assert 2 * np.count_nonzero(found & wanted) / (found.sum() + wanted.sum()) > 0.93
    assert seen.min() == -1000.0  # corners of the box show nothing
    again = grid.back(wanted.astype(np.uint8))
    assert 2 * np.count_nonzero((again > 0) & mask) / (again.sum() + mask.sum()) > 0.93


def test_fine_steps_become_coarser_and_labels_come_back():
    affine, shape = slanted((0, 0, 0), steps=(5.0, 0.7, 0.7)), (12, 90, 100)
    middle = affine[:3] @ [6, 45, 50, 1]
    mask = ball(shape, affine, middle, 22.0)
    grid = StraightGrid.of(shape, affine, 1.5)
    assert grid.is_resampled and grid.sides == (12, 43, 48)
    np.testing.assert_allclose(grid.steps, (5.0, 1.5, 1.5))
    again = grid.back(ball(grid.sides, grid.affine, middle, 22.0).astype(np.uint8))
    assert 2 * np.count_nonzero((again > 0) & mask) / (again.sum() + mask.sum()) > 0.97


def test_a_tilted_gantry_keeps_volumes():
    """Slices shifted against one another along their rows' normal, by 20 degrees."""
    affine, shape = slanted((0, 0, 0), steps=(5.0, 1.2, 1.2)), (24, 90, 80)
    affine[1, 0] = 5.0 * np.tan(np.radians(20))
    middle = affine[:3] @ [12, 45, 40, 1]
    mask = ball(shape, affine, middle, 28.0)
    grid = StraightGrid.of(shape, affine)
    seen = grid.seen(mask.astype(float), 0.0)
    wanted = ball(grid.sides, grid.affine, middle, 28.0)
    assert grid.is_resampled
    assert 2 * np.count_nonzero((seen > 0.5) & wanted) / ((seen > 0.5).sum() + wanted.sum()) > 0.95
    for found, placed in ((mask, affine), (seen > 0.5, grid.affine)):
        volume = np.count_nonzero(found) * voxel_mm3(placed)
        assert volume == pytest.approx(4 / 3 * np.pi * 28.0**3, rel=0.02)
