"""Registration: known displacements found, nothing invented, laws of symmetry, wrong input."""

import numpy as np
import pytest
from scipy import ndimage

from corporis.deformables import Registration, warp


def picture(shape, seed=0):
    """Smooth texture of deviation 1."""
    rng = np.random.default_rng(seed)
    image = ndimage.gaussian_filter(rng.standard_normal(shape), 2.5, mode="nearest")
    return image / image.std()


def swirl(shape, amplitude):
    """A smooth displacement that vanishes at the edges, (n_axes, *shape), in pixels."""
    grid = np.indices(shape) / np.array(shape).reshape(-1, *[1] * len(shape))
    bump = np.prod(np.sin(np.pi * grid), axis=0)
    return amplitude * np.stack([bump * np.cos(2 * g) for g in grid])


@pytest.mark.parametrize(("shape", "amplitude"), [((96, 80), 5.0), ((40, 36, 44), 2.5)])
def test_a_known_displacement_is_found_to_a_fraction_of_a_pixel(shape, amplitude):
    moving, u = picture(shape), swirl(shape, amplitude)
    fixed = warp(moving, u, order=3)
    found = Registration()(fixed, moving)
    assert found.shape == (len(shape), *shape)
    inside = tuple(slice(6, -6) for _ in shape)
    error = np.linalg.norm((found - u)[(slice(None), *inside)], axis=0)
    before = np.linalg.norm(u[(slice(None), *inside)], axis=0)
    assert error.mean() < 0.1 * before.mean()
    assert error.mean() < 0.15


def test_equal_images_stay_and_a_start_saves_sizes():
    image = picture((64, 64))
    assert np.abs(Registration()(image, image)).max() < 1e-3
    u = swirl((64, 64), 14.0)
    fixed = warp(image, u, order=3)
    near = Registration(n_levels=1)(fixed, image, start=0.95 * u)
    far = Registration(n_levels=1)(fixed, image)
    error = [np.linalg.norm(found - u, axis=0).mean() for found in (near, far)]
    assert error[0] < 0.3 < error[1]


def test_exchanged_axes_and_other_units_change_nothing():
    moving = picture((48, 56))
    fixed = warp(moving, swirl((48, 56), 3.0), order=3)
    found = Registration()(fixed, moving)
    turned = Registration()(fixed.T, moving.T)
    assert np.allclose(turned[::-1].transpose(0, 2, 1), found, atol=1e-3)
    scaled = Registration()(1000 * fixed + 50, 1000 * moving + 50)
    assert np.allclose(scaled, found, atol=1e-2)


def test_what_appears_does_not_pull():
    moving = picture((80, 80))
    fixed = moving.copy()
    fixed[30:36, 40:46] += 12.0
    assert np.abs(Registration()(fixed, moving)).mean() < 0.1


def test_labels_are_carried_as_labels():
    labels = np.zeros((12, 12), int)
    labels[4:8, 4:8] = 3
    moved = warp(labels, np.stack([np.full((12, 12), 2.0), np.zeros((12, 12))]), order=0)
    assert np.array_equal(np.unique(moved), [0, 3])
    assert np.array_equal(moved[2:6, 4:8], labels[4:8, 4:8])


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"smoothness": 0.0}, r"smoothness must be finite and > 0, got 0\.0"),
        ({"price": float("nan")}, "price must be finite"),
        ({"n_warps": 0}, "n_warps and n_rounds must be >= 1"),
    ],
)
def test_numbers_out_of_range_are_refused(wrong, words):
    with pytest.raises(ValueError, match=words):
        Registration(**wrong)


def test_images_it_cannot_register_are_refused():
    image = picture((32, 32))
    with pytest.raises(ValueError, match=r"one shape of two or three axes.*\(32, 32\) and \(31"):
        Registration()(image, image[1:])
    with pytest.raises(ValueError, match="must not be constant"):
        Registration()(np.ones((32, 32)), image)
    with pytest.raises(ValueError, match="finite"):
        Registration()(np.where(image > 1, np.nan, image), image)
