"""Denoising by a learned dictionary: what it keeps, what it takes away, what it refuses."""

import numpy as np
import pytest

from corporis.learning import DictionaryDenoiser
from corporis.phantoms import shepp_logan
from corporis.solvers import Denoiser

SMALL = DictionaryDenoiser(n_atoms=64, n_training=600, n_nonzero=6)


def noisy(sigma, is_complex):
    """A head of 64 by 64 pixels, and the same with noise."""
    rng = np.random.default_rng(4)
    k = shepp_logan().kspace((64, 64))
    clean = np.fft.fftshift(np.fft.ifft2(np.fft.ifftshift(k), norm="ortho"))
    clean = clean / np.abs(clean).max()
    if not is_complex:
        return clean.real, clean.real + sigma * rng.standard_normal((64, 64))
    noise = rng.standard_normal((2, 64, 64)) * sigma
    turned = clean * np.exp(0.5j)
    return turned, turned + noise[0] + 1j * noise[1]


@pytest.mark.parametrize("is_complex", [False, True])
def test_most_of_the_noise_goes(is_complex):
    clean, given = noisy(0.08, is_complex)
    found = SMALL(given, 0.08)
    assert isinstance(SMALL, Denoiser)
    assert found.dtype == given.dtype and found.shape == given.shape
    assert np.linalg.norm(found - clean) < 0.6 * np.linalg.norm(given - clean)
    # the learned atoms are worth more than the mean of each patch
    flat = DictionaryDenoiser(n_atoms=64, n_training=600, n_nonzero=6, gain=100.0)(given, 0.08)
    assert np.linalg.norm(found - clean) < 0.7 * np.linalg.norm(flat - clean)


def test_without_noise_and_with_enough_atoms_nothing_changes():
    clean = noisy(0.0, is_complex=False)[0].astype(np.float64)
    # without their mean, patches of 9 pixels have 8 dimensions
    exact = DictionaryDenoiser(size=3, n_atoms=64, n_training=600, n_nonzero=8)
    assert np.abs(exact(clean, 0.0) - clean).max() < 1e-6


def test_calls_are_repeatable_and_the_dictionary_goes_on_learning():
    _, given = noisy(0.08, is_complex=False)
    first, memory = SMALL.denoise(given, 0.08, SMALL.rest(given))
    again, _ = SMALL.denoise(given, 0.08, SMALL.rest(given))
    assert np.array_equal(first, again)
    before = memory.dictionary.components_.copy()
    for _ in range(SMALL.every):
        _, later = SMALL.denoise(given, 0.08, memory)
        assert np.array_equal(memory.dictionary.components_, before)
        memory = later
        before = memory.dictionary.components_.copy()
    assert memory.dictionary.n_seen_ > 1200
    single = SMALL(given.astype(np.float32), 0.08)
    assert single.dtype == np.float32


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"size": 1}, "size must be >= 2"),
        ({"stride": 9}, "stride 1 to size"),
        ({"n_nonzero": 0}, "1 <= n_nonzero"),
        ({"n_training": 3}, "n_atoms <= n_training"),
        ({"gain": 0.0}, "gain finite and > 0"),
        ({"every": 0}, "every must be >= 1"),
    ],
)
def test_numbers_out_of_range_are_refused(wrong, words):
    with pytest.raises(ValueError, match=words):
        DictionaryDenoiser(**wrong)


def test_images_it_cannot_treat_are_refused():
    with pytest.raises(ValueError, match=r"at least 6 pixels a side, got \(5, 9\)"):
        SMALL(np.zeros((5, 9)), 0.1)
    with pytest.raises(ValueError, match="finite"):
        SMALL(np.full((9, 9), np.nan), 0.1)
    with pytest.raises(ValueError, match="sigma must be finite and >= 0, got -1"):
        SMALL(np.zeros((9, 9)), -1.0)
