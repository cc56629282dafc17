"""Views: targets stay on their pixels, and colour is no diagnosis."""

import numpy as np
import pytest

from apps.histopathology.stained import region
from corporis.apps.histopathology.augmentation import OTHER_STAIN, SIDE, Views, border_of
from corporis.imaging.stain import restained

torch = pytest.importorskip("torch")


def examples():
    from corporis.apps.histopathology.training import Example

    (one, labels), (other, others) = region(False, 0), region(True, 1)
    return [Example(one, labels, False), Example(other, others, True), Example(one, labels)]


def test_batches_hold_what_the_network_takes():
    x, y = Views(examples(), 6, 0)(0)
    assert x.shape == (6, 3, SIDE, SIDE) and y.shape == (6, 4, SIDE, SIDE)
    assert x.dtype == y.dtype == torch.float32
    assert set(np.unique(y.numpy())) <= {0.0, 1.0}


def test_the_diagnosis_counts_inside_glands_of_known_images_only():
    views = Views(examples(), 1, 0)
    for number, verdict in ((0, 0.0), (1, 1.0)):
        _, y = views._view(number)
        np.testing.assert_array_equal(y[3], y[0])
        assert np.all(y[2] == verdict)
    _, unknown = views._view(2)
    assert not unknown[3].any() and unknown[0].any()


def test_targets_follow_the_image():
    from corporis.apps.histopathology.training import Example

    image, labels = region(True, 2)
    # red is the mask itself, so that what is seen must agree with the target
    image = np.stack([np.where(labels > 0, 40, 240)] * 3, -1).astype(np.uint8)
    views = Views([Example(image, labels, True)], 1, 0)
    for _ in range(8):
        x, y = views._view(0)
        dark = x.mean(0) < (x.mean(0).min() + x.mean(0).max()) / 2
        assert np.mean(dark == (y[0] > 0)) > 0.97


def test_a_border_runs_about_every_gland_and_between_glands_that_touch():
    labels = np.zeros((30, 40), int)
    labels[5:25, 5:20], labels[5:25, 20:35] = 1, 2
    border = border_of(labels)
    assert border[15, 19] and border[15, 20] and border[15, 5] and not border[15, 12]
    assert not border[0, 0]
    assert not border_of(np.zeros((4, 4), int)).any()


def test_other_stains_keep_the_order_of_dark_and_light():
    image, labels = region(False, 3)
    rng = np.random.default_rng(0)
    stroma, lumen = labels == 0, np.zeros_like(labels, bool)
    lumen[32, 32] = True
    colours = []
    for _ in range(20):
        seen = restained(image.astype(np.float32), rng, OTHER_STAIN)
        assert seen.dtype == np.uint8
        assert seen[lumen].mean() > seen[stroma].mean()
        colours.append(seen[stroma].mean(axis=0))
    assert np.ptp(colours, axis=0).min() > 30
