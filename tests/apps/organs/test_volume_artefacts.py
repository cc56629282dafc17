"""Each artefact of volumes does what it says, in range, the same for the same seed."""

import numpy as np
import pytest

from corporis.apps.organs.volume_artefacts import VOLUME_ARTEFACTS


@pytest.fixture
def volume(rng):
    return 0.3 + 0.3 * rng.random((20, 24, 18), np.float32)


@pytest.mark.parametrize("kind", VOLUME_ARTEFACTS)
def test_an_artefact_stays_in_range_and_repeats(kind, volume):
    artefact = VOLUME_ARTEFACTS[kind]
    before = volume.copy()
    first, second = (artefact(volume, np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(volume, before)
    assert first.shape == volume.shape and first.dtype == np.float32
    assert first.min() >= 0 and first.max() <= 1 and np.abs(first - volume).mean() > 0.005
    low, high = artefact.learned
    assert low <= artefact.severity <= high


def test_a_slab_is_lost_and_the_rest_untouched(volume):
    for seed in range(8):
        found = VOLUME_ARTEFACTS["slab"](volume, np.random.default_rng(seed), 0.25)
        changed = found != volume
        assert changed.mean() == pytest.approx(0.25, abs=0.04) and not found[changed].any()


def test_a_head_that_lay_still_has_no_ghost(volume):
    still = VOLUME_ARTEFACTS["ghost"](volume, np.random.default_rng(0), 0.0)
    np.testing.assert_allclose(still, volume, atol=1e-5)


def test_ghosts_repeat_an_edge_beside_it():
    volume = np.zeros((24, 24, 24), np.float32)
    volume[10:14, 10:14, 10:14] = 1.0
    found = VOLUME_ARTEFACTS["ghost"](volume, np.random.default_rng(1), 4.0)
    outside = volume == 0
    assert found[outside].sum() > 0.2 * volume.sum() > found[outside].max()


def test_shading_has_its_strength():
    flat = np.full((16, 16, 16), 0.1, np.float32)
    shaded = VOLUME_ARTEFACTS["shading"](flat, np.random.default_rng(0), 0.3)
    assert np.log(shaded).std() == pytest.approx(0.3, rel=0.05)
