"""Pursuit of many signals against that of each alone."""

import numpy as np
import pytest

from corporis.operators import Dictionary
from corporis.solvers import batch_pursuit, orthogonal_matching_pursuit


def unit(atoms):
    return atoms / np.linalg.norm(atoms, axis=1, keepdims=True)


@pytest.mark.parametrize("is_complex", [False, True])
def test_each_signal_as_if_alone(rng, is_complex):
    atoms, signals = rng.standard_normal((12, 8)), rng.standard_normal((20, 8))
    if is_complex:
        atoms = atoms + 1j * rng.standard_normal(atoms.shape)
        signals = signals + 1j * rng.standard_normal(signals.shape)
    atoms = unit(atoms)
    found = batch_pursuit(atoms, signals, 3)
    for code, signal in zip(found, signals):
        iterates = orthogonal_matching_pursuit(Dictionary(atoms.T), signal)
        alone = [next(iterates).x for _ in range(3)][-1]
        assert np.allclose(code, alone, atol=1e-8)


def test_planted_codes_are_found_and_easy_signals_stop_early(rng):
    atoms = np.linalg.qr(rng.standard_normal((10, 10)))[0]
    codes = np.zeros((30, 10))
    for row in codes:
        row[rng.choice(10, 3, replace=False)] = rng.uniform(1, 2, 3)
    codes[0] = 0
    found = batch_pursuit(atoms, codes @ atoms, 6, tolerance=1e-8)
    assert np.allclose(found, codes, atol=1e-9)
    assert np.count_nonzero(np.abs(found) > 1e-9) == np.count_nonzero(codes)


def test_wrong_input():
    with pytest.raises(ValueError, match="one length"):
        batch_pursuit(np.eye(3), np.ones((2, 4)), 1)
    with pytest.raises(ValueError, match="n_nonzero"):
        batch_pursuit(np.eye(3), np.ones((2, 3)), 4)
    with pytest.raises(ValueError, match="length 1"):
        batch_pursuit(2 * np.eye(3), np.ones((2, 3)), 1)
