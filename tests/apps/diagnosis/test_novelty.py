"""Novelty: a withheld group is detected, known kinds rarely raise an alarm."""

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from corporis.apps.diagnosis import HeartJudge, feature_matrix
from corporis.apps.diagnosis.novelty import Novelty


def test_a_withheld_group_is_detected(cohort, make_hearts):
    X, y = feature_matrix(cohort[0]), np.array(cohort[1])
    more, kinds = make_hearts(np.random.default_rng(8), (40, 40, 40))
    new, kinds = feature_matrix(more), np.array(kinds)
    for withheld in ("heart failure", "hypertrophy"):
        judge = HeartJudge().fit(X[y != withheld], y[y != withheld])
        unlike = judge.is_unlike(new)
        assert unlike[kinds == withheld].mean() > 0.8
        assert unlike[kinds != withheld].mean() < 0.3


def test_false_alarms_come_at_their_rate():
    rng = np.random.default_rng(0)
    alarms = []
    for _ in range(40):
        hearts = rng.normal(size=(49, 4))
        novelty = Novelty(hearts[:29], false_alarm=0.1)
        alarms += [novelty.is_unlike(heart) for heart in hearts[29:]]
    assert 0.05 < np.mean(alarms) < 0.15


def test_distance_is_that_of_the_nearest_neighbours(rng):
    hearts, heart = rng.normal(size=(20, 5)), rng.normal(size=5)
    distances, _ = NearestNeighbors(n_neighbors=3).fit(hearts).kneighbors(heart[None])
    novelty = Novelty(hearts)
    assert novelty.distance(heart) == pytest.approx(np.mean(distances**2) / 5)
    assert novelty.parts(heart).mean() == pytest.approx(novelty.distance(heart))


def test_far_is_far_and_near_is_near(rng):
    hearts = rng.normal(size=(29, 4))
    novelty = Novelty(hearts)
    assert novelty.p_value(np.full(4, 9.0)) == pytest.approx(1 / 30)
    assert novelty.is_unlike(np.full(4, 9.0))
    assert not novelty.is_unlike(np.zeros(4))
    far = np.array([0.0, 0.0, 7.0, 0.0])
    assert np.argmax(novelty.parts(far)) == 2


def test_missing_features_are_compared_alike(rng):
    hearts = rng.normal(size=(25, 4))
    part = Novelty(hearts[:, :2])
    heart = rng.normal(size=4)
    heart[2:] = np.nan
    whole = Novelty(hearts)
    assert whole.p_value(heart) == part.p_value(heart[:2])
    assert np.isnan(whole.p_value(np.full(4, np.nan)))
    assert not whole.is_unlike(np.full(4, np.nan))
    assert np.isnan(whole.parts(heart)[2:]).all()


def test_wrong_parameters():
    with pytest.raises(ValueError, match="n > n_neighbours >= 1"):
        Novelty(np.zeros((3, 2)))
    with pytest.raises(ValueError, match="false_alarm must be in"):
        Novelty(np.zeros((9, 2)), false_alarm=0.0)
