"""Harmonic images of plane waves, whose phase is known, and splines between pixels."""

import numpy as np
import pytest
from scipy import ndimage

from corporis.apps.heart_motion import BandPass, HarmonicImages
from corporis.apps.heart_motion.harmonic import wrapped

VECTORS = np.array([[0.9, 0.9], [-0.9, 0.9]])


def test_one_family_passes_and_the_other_does_not():
    y, x = np.mgrid[:64, :64]
    vectors = 2 * np.pi / 64 * np.array([[10, 8], [-8, 10]])
    phases = [k[0] * y + k[1] * x for k in vectors]
    image = 3 + np.cos(phases[0]) + 0.5 * np.cos(phases[1] + 0.4)
    found = BandPass()(image[None], vectors)[0]
    np.testing.assert_allclose(found[0], 0.5 * np.exp(1j * phases[0]), atol=1e-12)
    np.testing.assert_allclose(found[1], 0.25 * np.exp(1j * (phases[1] + 0.4)), atol=1e-12)


def test_the_filter_is_a_disc_with_half_at_its_radius():
    response = BandPass(0.5, 0.4).response((400, 400), np.array([[1.2, 0.0]]))[0]
    line = response[:200, 0]
    frequency = 2 * np.pi * np.arange(200) / 400
    assert abs(np.interp(1.8, frequency, line) - 0.5) < 0.02
    assert abs(np.interp(0.6, frequency, line) - 0.5) < 0.02
    assert line[frequency < 0.45].max() == 0
    assert np.all(line[np.abs(frequency - 1.2) < 0.45] == 1)


def test_bandwidth_is_the_noise_let_through(rng):
    noise = rng.standard_normal((200, 64, 64))
    passed = BandPass()(noise, VECTORS)
    share = np.mean(np.abs(passed) ** 2)
    assert abs(share / BandPass().bandwidth((64, 64), VECTORS) - 1) < 0.03


def test_between_pixels_a_wave_goes_on(rng):
    y, x = np.mgrid[:64, :64]
    vectors = VECTORS + 0.05
    values = np.stack([np.exp(1j * (k[0] * y + k[1] * x)) for k in vectors])[None]
    places = rng.uniform(15, 48, (1, 50, 2))
    found = HarmonicImages(values, VECTORS)(places)
    truth = np.exp(1j * np.einsum("ai,tni->tan", vectors, places))
    np.testing.assert_allclose(found, truth, atol=1e-5)


def test_samples_agree_with_scipy(rng):
    values = rng.standard_normal((2, 1, 12, 15)) + 1j * rng.standard_normal((2, 1, 12, 15))
    places = rng.uniform(0, 11, (2, 40, 2))
    found = HarmonicImages(values, np.zeros((1, 2)))(places)
    for t in range(2):
        for part in (np.real, np.imag):
            truth = ndimage.map_coordinates(part(values[t, 0]), places[t].T, order=3, mode="mirror")
            np.testing.assert_allclose(part(found[t, 0]), truth, atol=1e-10)


def test_frames_can_be_chosen(rng):
    values = rng.standard_normal((5, 2, 12, 12)) + 0j
    harmonics, places = HarmonicImages(values, VECTORS), rng.uniform(1, 10, (5, 7, 2))
    np.testing.assert_array_equal(harmonics(places[2:3], slice(2, 3)), harmonics(places)[2:3])


def test_wrapped_angles(rng):
    angle = rng.uniform(-20, 20, 100)
    np.testing.assert_allclose(np.exp(1j * wrapped(angle)), np.exp(1j * angle))
    assert np.abs(wrapped(angle)).max() <= np.pi


def test_bad_values_are_refused():
    with pytest.raises(ValueError, match="share must be in"):
        BandPass(share=1.2)
