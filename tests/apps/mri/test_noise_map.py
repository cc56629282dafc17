"""The g-factor against its closed form for regular undersampling."""

from dataclasses import replace

import numpy as np
import pytest

from corporis.apps.mri import encode, g_factor, noise_map
from corporis.phantoms import PlaneWaveCoils, shepp_logan

SHAPE = (32, 24)


@pytest.fixture(scope="module")
def halved():
    """Every second row of four coils with known maps, calibrated by no one."""
    coils = PlaneWaveCoils.ring(4)
    data = shepp_logan().kspace(SHAPE, coils)
    full = encode(data, np.ones(SHAPE, bool), maps=coils.maps(SHAPE))
    mask = np.zeros(SHAPE, bool)
    mask[::2] = True
    return full, replace(full, operator=replace(full.operator, mask=mask), mask=mask)


def test_all_samples_have_the_noise_of_one(halved):
    full, _ = halved
    found = noise_map(full, 400)
    assert np.median(found) == pytest.approx(1.0, abs=0.03)
    assert np.max(np.abs(found - 1)) < 0.2


def test_regular_undersampling_has_a_closed_form(halved):
    _, half = halved
    maps = half.operator.maps
    pairs = np.stack([maps, np.roll(maps, SHAPE[0] // 2, axis=1)], axis=-1)
    gram = np.einsum("cijs,cijt->ijst", pairs.conj(), pairs)
    inverse = np.linalg.inv(gram)
    true = np.sqrt(np.real(inverse[..., 0, 0] * gram[..., 0, 0]))
    found = g_factor(half, 400)
    assert np.median(np.abs(found / true - 1)) < 0.04
    assert found.max() > 1.02


def test_wrong_input(halved):
    with pytest.raises(ValueError, match="n_replicas"):
        noise_map(halved[0], 1)
