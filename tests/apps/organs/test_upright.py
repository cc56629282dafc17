"""Turning volumes upright, held against nibabel's orientations."""

import numpy as np
import pytest
from nibabel import orientations
from scipy.spatial.transform import Rotation

from corporis.apps.organs.upright import (
    Turn,
    check_angles,
    steps_of,
    upright,
    upright_affine,
    voxel_mm3,
)
from corporis.errors import BadInput

SHAPE = (3, 4, 5)


def oblique(seed: int, degrees: float) -> np.ndarray:
    """An affine with unequal steps, axes in any order, at a slant of at most `degrees`."""
    rng = np.random.default_rng(seed)
    slant = Rotation.from_rotvec(rng.uniform(-1, 1, 3) * np.radians(degrees) / 3**0.5)
    axes = np.eye(3)[rng.permutation(3)] * rng.choice([-1, 1], 3)
    affine = np.eye(4)
    affine[:3, :3] = slant.as_matrix() @ axes @ np.diag(rng.uniform(0.5, 3, 3))
    affine[:3, 3] = rng.normal(size=3) * 50
    return affine


@pytest.mark.parametrize("seed", range(30))
def test_it_turns_as_nibabel_does(seed):
    affine = oblique(seed, 30)
    volume = np.random.default_rng(seed).normal(size=SHAPE)
    own = orientations.io_orientation(affine)
    there = orientations.ornt_transform(own, orientations.axcodes2ornt("SAR"))
    turned, turn = upright(volume, affine)
    assert np.array_equal(turned, orientations.apply_orientation(volume, there))
    assert np.array_equal(turn.back(turned), volume)
    expected = affine @ orientations.inv_ornt_aff(there, SHAPE)
    assert upright_affine(affine, SHAPE) == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(10))
def test_any_slant_keeps_every_voxel_where_it_is(seed):
    affine = oblique(seed, 180)
    volume = np.arange(np.prod(SHAPE)).reshape(SHAPE)
    turned, turn = upright(volume, affine)
    there, steps = upright_affine(affine, SHAPE), steps_of(affine)
    assert np.linalg.norm(there[:3, :3], axis=0) == pytest.approx(steps)
    for index in np.ndindex(turned.shape):
        before = np.argwhere(volume == turned[index])[0]
        assert there @ [*index, 1] == pytest.approx(affine @ [*before, 1])
    assert np.array_equal(turn.back(turned), volume)


@pytest.mark.parametrize("affine", [np.eye(3), np.diag([1.0, 0, 1, 1]), np.full((4, 4), np.nan)])
def test_what_spans_no_space_is_refused(affine):
    with pytest.raises(ValueError, match="spans space"):
        Turn.of(affine)


def test_a_voxel_has_the_volume_of_its_box():
    for seed in range(10):
        affine = oblique(seed, 180)
        assert voxel_mm3(affine) == pytest.approx(np.prod(steps_of(affine)))
        affine[:3, 1] += 0.7 * affine[:3, 0]  # a shear moves layers, it adds nothing
        assert voxel_mm3(affine) == pytest.approx(np.prod(steps_of(oblique(seed, 180))))


def test_axes_far_from_right_angles_are_refused():
    for seed in range(10):
        check_angles(oblique(seed, 180), "mask.nii.gz")
        sheared = oblique(seed, 180)
        sheared[:3, 0] *= 1 / np.linalg.norm(sheared[:3, 0])
        sheared[:3, 1] += np.tan(np.radians(2.5)) * np.linalg.norm(sheared[:3, 1]) * sheared[:3, 0]
        check_angles(sheared, "mask.nii.gz")
        sheared[:3, 1] += np.tan(np.radians(5)) * np.linalg.norm(sheared[:3, 1]) * sheared[:3, 0]
        with pytest.raises(
            BadInput, match=r"mask\.nii\.gz: expected axes at right angles, got \d d"
        ):
            check_angles(sheared, "mask.nii.gz")
