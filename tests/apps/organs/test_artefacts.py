"""Each artefact does what it says, in range, the same for the same seed."""

import numpy as np
import pytest

from corporis.apps.organs.artefacts import ARTEFACTS


@pytest.fixture
def image(rng):
    return 0.3 + 0.3 * rng.random((96, 80), np.float32)


@pytest.mark.parametrize("kind", ARTEFACTS)
def test_an_artefact_stays_in_range_and_repeats(kind, image):
    artefact = ARTEFACTS[kind]
    before = image.copy()
    first, second = (artefact(image, np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(image, before)
    assert first.shape == image.shape and first.dtype == np.float32
    assert first.min() >= 0 and first.max() <= 1 and np.abs(first - image).mean() > 0.005
    low, high = artefact.learned
    assert low <= artefact.severity <= high
    assert artefact.drawn(image, np.random.default_rng(1)).shape == image.shape


@pytest.mark.parametrize("kind", ["strip", "cut_off"])
def test_a_part_is_lost_and_the_rest_untouched(kind, image):
    for seed in range(12):
        found = ARTEFACTS[kind](image, np.random.default_rng(seed), 0.25)
        changed = found != image
        assert changed.mean() == pytest.approx(0.25, abs=0.02)
        assert np.ptp(found[changed]) == 0


def test_noise_and_shading_have_their_strength(image):
    flat = np.full((64, 64), 0.5, np.float32)
    noisy = ARTEFACTS["noise"](flat, np.random.default_rng(0), 0.1)
    assert noisy.std() == pytest.approx(0.1, rel=0.05)
    shaded = ARTEFACTS["bias"](flat * 0.2, np.random.default_rng(0), 0.3)
    assert np.log(shaded).std() == pytest.approx(0.3, rel=0.1)


def test_inverted_grey_inverts(image):
    found = ARTEFACTS["inverted"](image, np.random.default_rng(0), 1.0)
    np.testing.assert_allclose(found, 1 - image, atol=1e-6)
