"""Learned dictionaries find planted atoms, and go on learning."""

import numpy as np
import pytest

from corporis.learning import KSVD, OnlineDictionary


@pytest.fixture(scope="module")
def planted():
    """Signals of three atoms each, out of twenty in sixteen dimensions, with little noise."""
    rng = np.random.default_rng(1)
    atoms = rng.standard_normal((20, 16))
    atoms /= np.linalg.norm(atoms, axis=1, keepdims=True)
    codes = np.zeros((1500, 20))
    for row in codes:
        row[rng.choice(20, 3, replace=False)] = rng.standard_normal(3)
    return codes @ atoms + 0.01 * rng.standard_normal((1500, 16)), atoms


def recovered(found, atoms):
    """Share of the planted atoms that were found, up to sign."""
    return float(np.mean(np.abs(found @ atoms.T).max(axis=0) > 0.97))


def test_ksvd_finds_planted_atoms_and_its_error_falls(planted):
    X, atoms = planted
    model = KSVD(n_atoms=20, n_nonzero=3, n_iterations=30).fit(X)
    assert recovered(model.components_, atoms) >= 0.8
    assert model.errors_[-1] < 0.5 * model.errors_[0]
    codes = model.transform(X)
    assert np.count_nonzero(codes, axis=1).max() <= 3
    assert np.allclose(np.linalg.norm(model.components_, axis=1), 1)


def test_the_online_dictionary_learns_on(planted):
    X, _ = planted
    model = OnlineDictionary(n_atoms=20, n_nonzero=3, n_epochs=1, n_batch=100).fit(X[:300])

    def error(found):
        return float(np.linalg.norm(X - found.transform(X) @ found.components_))

    early = error(model)
    for _ in range(4):
        for part in np.array_split(X, 15):
            model.partial_fit(part)
    assert error(model) < 0.8 * early
    assert model.n_seen_ == 300 + 4 * 1500


def test_wrong_numbers():
    X = np.ones((5, 3))
    with pytest.raises(ValueError, match="n_atoms"):
        KSVD(n_atoms=6, n_nonzero=1).fit(X)
    with pytest.raises(ValueError, match="n_batch"):
        OnlineDictionary(n_atoms=4, n_nonzero=1, n_batch=2).fit(X)
    with pytest.raises(ValueError, match="first batch"):
        OnlineDictionary(n_atoms=9, n_nonzero=1).partial_fit(X)
