"""The strength that predicts held-back samples best."""

import numpy as np
import pytest

from corporis.apps.mri.low_rank import temporally_sparse
from corporis.apps.mri.series_weight import STRENGTHS, found_strength


def scan(rng, noise):
    """Twelve noisy frames of a beating square, half of the samples, and the truth."""
    truth = np.zeros((12, 32, 32))
    truth[:, 8:24, 8:24] = 1
    truth[:, 12:16, 12:16] += np.cos(2 * np.pi * np.arange(12) / 6)[:, None, None]
    shifted = np.fft.ifftshift(truth, axes=(1, 2))
    data = np.fft.fftshift(np.fft.fft2(shifted, norm="ortho"), axes=(1, 2))
    data = data + noise * (rng.standard_normal(data.shape) + 1j * rng.standard_normal(data.shape))
    masks = rng.random(truth.shape) < 0.5
    masks[:, 13:20, 13:20] = True
    return data * masks, masks, truth


def solve(data, masks, strength, at_most):
    return temporally_sparse(data, masks, weight=2e-3 * strength, at_most=at_most)[0]


@pytest.mark.parametrize("noise", [0.002, 0.2])
def test_no_other_strength_of_the_walk_is_much_better_on_the_truth(rng, noise):
    data, masks, truth = scan(rng, noise)
    found = found_strength(solve, data, masks)

    def error(strength):
        return np.linalg.norm(solve(data, masks, strength, 150) - truth)

    best = min(map(error, STRENGTHS))
    assert error(found) < 1.15 * best


def test_noise_asks_for_more(rng):
    quiet, loud = (found_strength(solve, *scan(rng, noise)[:2]) for noise in (0.002, 0.2))
    assert loud > quiet


def test_each_try_is_told(rng):
    told = []
    data, masks, _ = scan(rng, 0.05)
    found_strength(solve, data, masks, watch=told.append)
    assert told == list(range(1, len(STRENGTHS) + 1))


def test_coils_that_hear_alike_change_nothing(rng):
    data, masks, _ = scan(rng, 0.05)
    maps = np.full((4, 32, 32), 0.5, np.complex64)

    def with_coils(data, masks, strength, at_most):
        weight = 2e-3 * strength
        return temporally_sparse(data, masks, maps=maps, weight=weight, at_most=at_most)[0]

    alone = found_strength(solve, data, masks)
    assert found_strength(with_coils, np.repeat(data[:, None], 4, 1) / 2, masks, maps) == alone
