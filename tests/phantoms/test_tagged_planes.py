"""Tagged planes of the virtual heart: where tags lie, how they ride and fade."""

import numpy as np
import pytest
from scipy import ndimage

from corporis.phantoms import TaggedPlane, VirtualHeart, long_axis, short_axis

HEART = VirtualHeart()


def test_planes_lie_where_they_are_said_to():
    across, along = short_axis(30.0), long_axis(0.7, 40.0)
    assert across.places(np.array([[31.5, 31.5]]))[0] == pytest.approx([0, 0, 30])
    assert along.places(np.array([[31.5, 31.5]]))[0] == pytest.approx([0, 0, 40])
    for plane in (across, along):
        normal = np.cross(*plane.steps)
        np.testing.assert_allclose(plane.wave_vectors @ normal, 0, atol=1e-12)
        np.testing.assert_allclose(np.linalg.norm(plane.wave_vectors, axis=1), 2 * np.pi / 6)


def test_an_image_is_the_signal_where_it_is_smooth():
    plane = short_axis(30.0, spacing_mm=12.0)
    for phase in (0.0, 0.3):
        image = np.abs(plane.images(HEART, [phase])[0])
        pixels = np.argwhere(np.ones(image.shape))
        places = plane.places(pixels)
        inside = (HEART.labels(places, phase) == 2).reshape(image.shape)
        deep = ndimage.binary_erosion(inside, iterations=2)
        rest = HEART.backward(places[deep.ravel()], phase)
        tags = np.prod([(1 + np.cos(rest @ k)) / 2 for k in plane.wave_vectors], axis=0)
        expected = 1 - np.exp(-phase * plane.beat_ms / plane.t1_ms) * (1 - tags)
        assert np.corrcoef(image[deep], expected)[0, 1] > 0.97
        assert np.abs(image[deep] - expected).mean() < 0.06


def test_noise_is_of_the_stated_strength_and_seeded():
    plane = short_axis(30.0)
    one, again, other = (plane.images(HEART, [0.0], 10.0, seed) for seed in (1, 1, 2))
    assert np.array_equal(one, again) and not np.array_equal(one, other)
    corner = one[0, :12, :12]
    # the mean of a Rayleigh number is sqrt(pi / 2) deviations
    assert corner.mean() == pytest.approx(np.sqrt(np.pi / 2) / 10, rel=0.15)


def test_bad_numbers_are_refused():
    with pytest.raises(ValueError, match="snr"):
        short_axis(30.0).images(HEART, [0.0], 0.0)
    with pytest.raises(ValueError, match="spacing_mm"):
        short_axis(30.0, spacing_mm=0.0)
    with pytest.raises(ValueError, match="origin"):
        TaggedPlane(np.zeros(2), np.zeros((2, 3)))
