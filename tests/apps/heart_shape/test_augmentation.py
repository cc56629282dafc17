"""Views that the segmenter is trained on."""

import numpy as np
import pytest

from corporis.apps.heart_shape.augmentation import Heart, Windows
from corporis.apps.heart_shape.evidence import Border
from corporis.apps.heart_shape.training import Example, Schedule

pytest.importorskip("torch")


@pytest.fixture
def heart():
    """A bright disk in a grey ring."""
    row, column = np.indices((120, 120)) - 60.0
    radius = np.hypot(row, column)
    classes = np.select([radius < 15, radius < 22], [1, 2], 0)
    images = np.select([radius < 15, radius < 22], [1.0, 0.3], 0.5)
    both = np.stack([images, images]), np.stack([classes, classes])
    return Heart(Example.from_classes(*(part[None] for part in both)))


def test_coarse_steps_show_twice_as_many_views_of_half_the_side_and_the_same_field(heart):
    batches = Windows([heart], 8, 0, Border.BLOOD, n_coarse=20)
    coarse = [batches(step) for step in range(20)]
    fine = [batches(step) for step in range(20, 40)]
    assert coarse[0][0].shape == (16, 5, 48, 48) and coarse[0][1].shape == (16, 48, 48)
    assert fine[0][0].shape == (8, 5, 96, 96) and fine[0][1].shape == (8, 96, 96)
    shares = [np.mean([(y == 2).float().mean() for _, y in part]) for part in (coarse, fine)]
    expected = np.pi * 20**2 / 96**2  # the window has twenty pixels to a radius
    np.testing.assert_allclose(shares, expected, rtol=0.15)


def test_coarse_steps_are_a_share():
    assert Schedule(10, 200, coarse=0.25).coarse_steps == 50
    with pytest.raises(ValueError, match="share"):
        Schedule(coarse=1.5)
