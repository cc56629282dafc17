"""Visual words: counts that do not depend on order, from words learned the same each time."""

import numpy as np
import pytest
from scipy import ndimage
from sklearn.base import clone

from apps.histopathology.stained import region
from corporis.apps.histopathology.words import VisualWords, sift_descriptors
from corporis.errors import NotFound


def blobs(shape=(120, 120), seed=0):
    """Grey pattern with detail at many scales."""
    rng = np.random.default_rng(seed)
    layers = [ndimage.gaussian_filter(rng.standard_normal(shape), s) * s for s in (1.5, 3, 6)]
    plane = np.sum(layers, axis=0)
    plane = 120 + 70 * plane / np.abs(plane).max()
    return np.repeat(plane[..., None], 3, axis=2).astype(np.uint8)


def test_descriptors_are_histograms_and_turn_with_the_image():
    image = blobs()
    found = sift_descriptors(image)
    assert found.shape[1] == 128 and len(found) > 30 and found.dtype == np.float32
    np.testing.assert_allclose((found**2).sum(axis=1), 1, rtol=1e-4)
    turned = sift_descriptors(np.rot90(image).copy())
    nearest = (found @ turned.T).max(axis=1)
    unlike = (found @ sift_descriptors(blobs(seed=1)).T).max(axis=1)
    assert np.median(nearest) > 0.97 > np.median(unlike)
    some = sift_descriptors(image, 20)
    assert len(some) == 20 and (some @ found.T).max(axis=1) == pytest.approx(1, abs=1e-4)


def test_a_blank_image_has_none():
    with pytest.raises(NotFound, match="nothing stands out"):
        sift_descriptors(np.full((60, 60, 3), 240, np.uint8))


def test_words_are_the_kinds_that_are_there():
    rng = np.random.default_rng(0)
    kinds = rng.standard_normal((4, 16)) * 5
    shares = np.array([[0.7, 0.3, 0, 0], [0, 0, 0.5, 0.5], [0.25] * 4])
    images = [
        kinds[rng.choice(4, 400, p=share)] + 0.1 * rng.standard_normal((400, 16))
        for share in shares
    ]
    words = VisualWords(24).fit(images)
    kind = np.argmin(np.linalg.norm(words.words_[:, None] - kinds, axis=2), axis=1)
    assert set(kind) == {0, 1, 2, 3}
    counted = np.stack([(words.transform(images)[:, kind == k] ** 2).sum(1) for k in range(4)])
    np.testing.assert_allclose(counted.T, shares, atol=0.07)
    bags = words.transform(images)
    np.testing.assert_allclose((bags**2).sum(axis=1), 1, rtol=1e-5)
    shuffled = [rng.permutation(image) for image in images]
    np.testing.assert_array_equal(words.transform(shuffled), bags)
    again = clone(words).fit(images)
    np.testing.assert_array_equal(again.words_, words.words_)
    assert not words.transform([np.zeros((0, 16))]).any()


def test_impossible_lengths_are_refused():
    for n_words in (1, 11):
        with pytest.raises(ValueError, match="n_words must be 2 to the number of descriptors, 10"):
            VisualWords(n_words).fit([np.zeros((10, 3))])


def test_bags_tell_kinds_of_tissue_apart():
    images = [region(k % 2, k, (130, 130))[0] for k in range(10)]
    found = [sift_descriptors(image) for image in images]
    bags = VisualWords(60).fit(found[:6]).transform(found)
    alike = bags @ bags.T
    for asked in range(6, 10):
        nearest = np.argmax(alike[asked, :6])
        assert nearest % 2 == asked % 2
