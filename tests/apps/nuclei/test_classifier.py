"""Types: learned from features, the candidate chosen between patients."""

import numpy as np
import pytest
from sklearn.base import clone

from corporis.apps.nuclei.classifier import NucleusClassifier
from corporis.laws import check_estimator

RNG = np.random.default_rng(0)
TYPES = np.repeat(["lymphocyte", "epithelial", "macrophage"], [60, 60, 8])
CENTRE = {"lymphocyte": 0.0, "epithelial": 3.0, "macrophage": 6.0}
X = np.array([CENTRE[t] for t in TYPES])[:, None] + RNG.normal(0, 0.7, (len(TYPES), 5))
PATIENTS = np.arange(len(TYPES)) % 4


def test_types_are_learned_the_rare_one_too():
    model = NucleusClassifier().fit(X, TYPES, PATIENTS)
    found = model.predict(X)
    for kind in CENTRE:
        assert (found[TYPES == kind] == kind).mean() > 0.9
    assert model.chosen_ in model.grid


def test_it_is_an_estimator():
    check_estimator(lambda: NucleusClassifier(), X, TYPES)
    np.testing.assert_array_equal(
        clone(NucleusClassifier()).fit(X, TYPES).predict(X),
        NucleusClassifier().fit(X * [1, 10, 100, 1, 1], TYPES).predict(X * [1, 10, 100, 1, 1]),
    )


def test_the_candidate_that_transfers_between_patients_wins():
    # within a patient the second feature tells all; between patients it misleads
    rng = np.random.default_rng(1)
    y = rng.integers(0, 2, 200)
    patient = np.arange(200) % 5
    x = np.stack([y + rng.normal(0, 0.3, 200), 10.0 * patient + rng.normal(0, 0.1, 200)], 1)
    wide, narrow = (1.0, 0.2), (1.0, 5000.0)  # the narrow kernel knows its neighbours by heart
    assert NucleusClassifier((narrow, wide)).fit(x, y, patient).chosen_ == wide
    assert NucleusClassifier((narrow, wide)).fit(x, y).chosen_ == narrow


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="two types"):
        NucleusClassifier().fit(X, np.zeros(len(X)))
    with pytest.raises(ValueError, match="candidates"):
        NucleusClassifier(grid=()).fit(X, TYPES)
