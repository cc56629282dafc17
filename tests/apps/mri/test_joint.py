"""Contrasts together: better where borders agree, untouched where they do not."""

import numpy as np
import pytest

from corporis.apps.mri.forest import ForestContrasts
from corporis.apps.mri.joint import JointContrasts
from corporis.operators import Cartesian

SIDE = 48


def steps(seed, places):
    """A picture of rectangles at given places with random brightness."""
    rng = np.random.default_rng(seed)
    image = np.zeros((SIDE, SIDE))
    for top, left, height, width in places:
        image[top : top + height, left : left + width] += rng.uniform(0.2, 1)
    return image / image.max()


PLACES = [(4, 6, 30, 22), (20, 14, 22, 28), (10, 30, 12, 12), (34, 4, 9, 20)]
OTHERS = [(2, 2, 12, 40), (26, 25, 18, 7), (17, 9, 25, 5), (8, 33, 30, 11)]


def scan(images, share=0.25):
    rng = np.random.default_rng(5)
    masks = rng.random((len(images), SIDE, SIDE)) < share
    masks[:, 20:28, 20:28] = True
    A = Cartesian((SIDE, SIDE), masks, frames=len(images))
    noise = rng.standard_normal((2, len(images), SIDE, SIDE)) * 0.005
    return masks * (A @ images.astype(complex) + noise[0] + 1j * noise[1]), masks


def error(found, truth):
    return float(np.linalg.norm(found - truth) / np.linalg.norm(truth))


def test_common_borders_help():
    images = np.stack([steps(s, PLACES) for s in range(3)])
    data, masks = scan(images)
    together, alone = JointContrasts()(data, masks), JointContrasts()(data, masks, 0.0)
    assert together.coupling > 0
    assert error(together.images, images) < 0.9 * error(alone.images, images)


def test_contrasts_with_nothing_in_common_are_left_alone():
    images = np.stack([steps(0, PLACES), steps(1, OTHERS).T, steps(2, OTHERS)[::-1]])
    data, masks = scan(images)
    together, alone = JointContrasts()(data, masks), JointContrasts()(data, masks, 0.0)
    forced = JointContrasts()(data, masks, 1.0)
    assert error(together.images, images) < 1.02 * error(alone.images, images)
    assert error(forced.images, images) > error(alone.images, images)


def test_scale_changes_nothing():
    images = np.stack([steps(s, PLACES) for s in range(2)])
    data, masks = scan(images)
    joint = JointContrasts(n_iterations=20, n_trial=10)
    one, other = joint(data, masks, 1.0), joint(1000 * data, masks, 1.0)
    assert other.weight == one.weight
    assert error(other.images, 1000 * one.images) < 1e-4


def test_wrong_input():
    with pytest.raises(ValueError, match="n_contrasts, rows, columns"):
        JointContrasts()(np.zeros((2, 8, 8)), np.ones((3, 8, 8), bool))
    with pytest.raises(ValueError, match="sample every contrast"):
        JointContrasts()(np.zeros((1, 8, 8)), np.zeros((1, 8, 8), bool))
    with pytest.raises(ValueError, match="weights"):
        JointContrasts(weights=(-1.0,))


def test_trees_that_grow_at_the_same_places_help():
    images = np.stack([steps(s, PLACES) for s in range(3)])
    data, masks = scan(images, share=0.15)
    shared = ForestContrasts()(data, masks).images
    alone = [ForestContrasts()(d[None], m[None]).images[0] for d, m in zip(data, masks)]
    assert error(shared, images) < 0.95 * error(np.stack(alone), images)


@pytest.mark.parametrize("wrong", [{"forest": 0.0}, {"weights": ()}, {"n_trial": 0}])
def test_a_forest_refuses_numbers_out_of_range(wrong):
    with pytest.raises(ValueError, match=r"must be|not empty"):
        ForestContrasts(**wrong)
    images = np.stack([steps(s, PLACES) for s in range(2)])
    data, masks = scan(images)
    with pytest.raises(ValueError, match="masks must sample every contrast"):
        ForestContrasts()(data, masks & np.array([True, False])[:, None, None])
