"""Tables of measures as arrays."""

import numpy as np
import pytest

from corporis.apps.diagnosis import MODEL_FEATURES, feature_matrix
from corporis.apps.diagnosis.scaling import Scaling
from corporis.apps.diagnosis.vocabulary import WORDINGS, segment_matrix


def test_every_model_feature_has_words_and_needs_no_pixel_size():
    assert set(MODEL_FEATURES) <= set(WORDINGS)
    assert not {"sphericity", "ed_volume_ml"} & set(MODEL_FEATURES)


def test_what_is_absent_or_infinite_is_missing():
    X = feature_matrix(
        [{"sphericity": np.inf}, {"ed_volume_ml": 3}], ["sphericity", "ed_volume_ml"]
    )
    np.testing.assert_array_equal(X, [[np.nan, np.nan], [np.nan, 3.0]])
    assert feature_matrix([]).shape == (0, len(MODEL_FEATURES))
    assert np.isnan(segment_matrix([{}])).all()


def test_scaling_statistics():
    X = np.array([[0.0, 5.0, 1.0], [2.0, 5.0, np.nan], [10.0, 5.0, np.nan], [12.0, 5.0, np.nan]])
    scaling = Scaling.of(X, [0, 0, 1, 1])
    assert scaling.is_used.tolist() == [True, False, False]
    assert (scaling.mean[0], scaling.median[0]) == (6.0, 6.0)
    assert scaling.within[0] == pytest.approx(np.sqrt(2))
    Z = scaling(X)
    assert Z[:, 0].mean() == pytest.approx(0) and Z[:, 0].std() == pytest.approx(1)
    assert not Z[:, 1:].any()
    np.testing.assert_allclose(scaling.raw(Z)[:, 0], X[:, 0])
    assert np.isnan(scaling.spread_units(X)[:, 1:]).all()


def test_nothing_is_said_of_the_right_ventricle():
    """No expert outlined it in the training set, so ranges of it would mean nothing."""
    assert not any("right" in words.words or "right" in name for name, words in WORDINGS.items())
