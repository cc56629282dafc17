"""Modes and details: orthogonal parts, against principal components and K-SVD alone."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from corporis.learning import KSVD, ModesAndDetails


@pytest.fixture
def signals(rng):
    modes = np.linalg.qr(rng.normal(size=(30, 2)))[0].T
    details = rng.normal(size=(12, 30))
    codes = np.zeros((80, 12))
    for code in codes:
        code[rng.choice(12, 2, replace=False)] = 0.3 * rng.normal(size=2)
    return rng.normal(size=(80, 2)) * [6, 4] @ modes + codes @ details


def test_modes_are_principal_and_details_leave_them_alone(signals):
    centred = signals - signals.mean(axis=0)
    found = ModesAndDetails(n_modes=2, n_atoms=14, n_nonzero=2).fit(centred)
    oracle = PCA(2).fit(signals).components_
    np.testing.assert_allclose(np.abs(np.sum(found.components_[:2] * oracle, axis=1)), 1)
    np.testing.assert_allclose(np.linalg.norm(found.components_, axis=1), 1)
    assert np.abs(found.components_[2:] @ oracle.T).max() < 1e-10
    codes = found.transform(centred)
    assert (np.count_nonzero(codes[:, 2:], axis=1) <= 2).all()
    np.testing.assert_allclose(codes[:, :2], centred @ found.components_[:2].T)


def test_it_is_less_coherent_than_atoms_alone_and_explains_as_much(signals):
    def coherence(atoms):
        return np.linalg.norm(np.abs(atoms @ atoms.T) - np.eye(len(atoms)))

    both = ModesAndDetails(n_modes=2, n_atoms=14, n_nonzero=2).fit(signals)
    alone = KSVD(n_atoms=14, n_nonzero=4).fit(signals)
    assert coherence(both.components_) < 0.8 * coherence(alone.components_)
    left = [np.linalg.norm(signals - m.transform(signals) @ m.components_) for m in (both, alone)]
    assert left[0] <= 1.2 * left[1]


def test_without_modes_it_is_k_svd(signals):
    both = ModesAndDetails(n_modes=0, n_atoms=9, n_nonzero=2).fit(signals)
    alone = KSVD(n_atoms=9, n_nonzero=2).fit(signals)
    np.testing.assert_array_equal(both.components_, alone.components_)
    for wrong in ({"n_modes": -1}, {"n_modes": 20, "n_atoms": 20}):
        with pytest.raises(ValueError, match="n_modes"):
            ModesAndDetails(**wrong).fit(signals)
