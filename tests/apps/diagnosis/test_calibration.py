"""Calibration: overconfidence is cooled, the threshold keeps its promise."""

import numpy as np
import pytest

from corporis.apps.diagnosis.calibration import Calibration, balanced_loss, calibrate


def scores_and_labels(rng, sharpness, n=3000):
    true_scores = rng.normal(size=(n, 3)) * 1.5
    likelihood = np.exp(true_scores) / np.exp(true_scores).sum(axis=1, keepdims=True)
    labels = np.array([rng.choice(3, p=p) for p in likelihood])
    return true_scores * sharpness, labels


@pytest.mark.parametrize("sharpness", [0.7, 1.0, 2.5])
def test_temperature_undoes_a_wrong_sharpness(rng, sharpness):
    scores, labels = scores_and_labels(rng, sharpness)
    found = calibrate(scores, labels, n_hearts=10**9)
    assert found.temperature == pytest.approx(sharpness, rel=0.15)


def test_threshold_keeps_errors_low(rng):
    scores, labels = scores_and_labels(rng, 1.0)
    found = calibrate(scores, labels, n_hearts=10**9)
    p = found.probabilities(scores)
    decided = p.max(axis=1) >= found.threshold
    assert 0.5 < found.threshold <= 0.9 and decided.any()
    assert np.mean(np.argmax(p, axis=1)[decided] != labels[decided]) <= 0.1


def test_softmax_of_two_and_three(rng):
    for n_groups in (2, 3):
        scores = rng.normal(size=(6, n_groups))
        p = Calibration(0.5, 0.0, 0.5).probabilities(scores)
        expected = np.exp(2 * scores) / np.exp(2 * scores).sum(axis=1, keepdims=True)
        np.testing.assert_allclose(p, expected, rtol=1e-12)


def test_shrinkage_and_missing_meet_even_odds():
    scores = np.array([[100.0, 0.0, 0.0]])
    p = Calibration(1.0, 3 / 32, 0.5).probabilities(scores)
    np.testing.assert_allclose(p, [[30 / 32, 1 / 32, 1 / 32]])
    p = Calibration(1.0, 0.0, 0.5).probabilities(scores, np.array([0.6]))
    np.testing.assert_allclose(p, [[0.6, 0.2, 0.2]])


def test_loss_weighs_groups_alike():
    p = np.array([[0.5, 0.5], [0.5, 0.5], [0.5, 0.5], [0.8, 0.2]])
    expected = (np.log(2) - np.log(0.2)) / 2
    assert balanced_loss(p, [0, 0, 0, 1]) == pytest.approx(expected)
