"""Explanations of linear models: exact sums, smallest changes against brute force, deletion."""

from itertools import permutations

import numpy as np
import pytest

from corporis.learning.explanation import contributions, counterfactual, deletion_test
from corporis.learning.sparse_classifier import SparseLogistic


def model(rng, n_classes=3, n_features=4):
    return rng.normal(size=(n_classes, n_features)), rng.normal(size=n_classes)


def test_contributions_add_up(rng):
    weights, intercepts = model(rng)
    x, baseline = rng.normal(size=(2, 4))
    parts = contributions(weights, intercepts, x, target=2, reference=0, baseline=baseline)
    scores = weights @ x + intercepts
    assert parts.log_odds == pytest.approx(scores[2] - scores[0])
    assert parts.values.sum() == pytest.approx(parts.log_odds - parts.at_baseline)


def test_contributions_are_shapley_values(rng):
    weights, intercepts = model(rng)
    x, baseline = rng.normal(size=(2, 4))
    parts = contributions(weights, intercepts, x, target=1, reference=0, baseline=baseline)

    def log_odds(values):
        scores = weights @ values + intercepts
        return scores[1] - scores[0]

    shapley = np.zeros(4)
    orders = list(permutations(range(4)))
    for order in orders:
        current = baseline.copy()
        for feature in order:
            before = log_odds(current)
            current[feature] = x[feature]
            shapley[feature] += (log_odds(current) - before) / len(orders)
    np.testing.assert_allclose(parts.values, shapley, atol=1e-12)


def test_contributions_of_a_fitted_binary_model(rng):
    X = rng.normal(size=(40, 3))
    y = X[:, 0] + 0.3 * rng.normal(size=40) > 0
    fitted = SparseLogistic(l1=0.05).fit(X, y)
    parts = contributions(fitted.coef_, fitted.intercept_, X[7], target=1, reference=0)
    probability = fitted.predict_proba(X[7:8])[0]
    assert parts.log_odds == pytest.approx(np.log(probability[1] / probability[0]))
    assert np.argmax(np.abs(parts.values)) == 0


def test_binary_counterfactual_moves_the_strongest_feature(rng):
    for _ in range(20):
        weights, intercept, x = rng.normal(size=(1, 5)), rng.normal(size=1), rng.normal(size=5)
        lacking = 0.2 - (weights[0] @ x + intercept[0])
        found = counterfactual(weights, intercept, x, target=1, margin=0.2)
        length = max(lacking, 0) / np.abs(weights).max()
        assert found.length == pytest.approx(length, abs=1e-9)
        assert np.count_nonzero(np.abs(found.change) > 1e-9) <= 1


def test_counterfactual_wins_and_nothing_shorter_does(rng):
    for _ in range(10):
        weights, intercepts = model(rng)
        x = rng.normal(size=4)
        found = counterfactual(weights, intercepts, x, target=0)
        scores = weights @ (x + found.change) + intercepts
        assert found.is_reachable and scores[0] >= scores.max() - 1e-8
        directions = rng.normal(size=(4000, 4)) * rng.choice([0.02, 1.0], size=(4000, 4))
        directions /= np.abs(directions).sum(axis=1, keepdims=True)
        shorter = weights @ (x + 0.98 * found.length * directions).T + intercepts[:, None]
        assert found.length == 0 or not np.any(np.argmax(shorter, axis=0) == 0)


def test_counterfactual_keeps_to_what_may_change():
    weights, intercepts, x = [[3.0, 1.0, 0.5]], [0.0], [-1.0, -1.0, 0.0]
    held = counterfactual(weights, intercepts, x, target=1, changeable=[False, True, True])
    np.testing.assert_allclose(held.change, [0, 4, 0], atol=1e-9)
    limited = counterfactual(
        weights, intercepts, x, target=1, high=[0.0, np.nan, 1.0], low=[np.nan] * 3
    )
    np.testing.assert_allclose(limited.change, [1, 1, 0], atol=1e-9)
    impossible = counterfactual(weights, intercepts, x, target=1, changeable=[False] * 3)
    assert not impossible.is_reachable and impossible.length == np.inf
    assert not impossible.change.any()


def test_a_feature_outside_its_limits_may_stay():
    found = counterfactual([[1.0, 1.0]], [0.0], [5.0, -9.0], target=1, high=[2.0, 2.0])
    np.testing.assert_allclose(found.change, [0, 4], atol=1e-9)


def test_deletion_finds_the_true_order_and_rejects_a_false_one(rng):
    weights = np.array([4.0, 2.0, 1.0, 0.5, 0.1, -1.0])
    x, baseline = np.ones(6), np.zeros(6)

    def log_odds(cases):
        return cases @ weights

    right = deletion_test(log_odds, x, baseline, weights * x)
    wrong = deletion_test(log_odds, x, baseline, -weights * x)
    assert right.p_value < 0.02 and wrong.p_value > 0.9
    assert right.area < right.random_area < wrong.area
    np.testing.assert_allclose(right.curve, [6.6, 2.6, 0.6, -0.4, -0.9, -1.0, 0.0], atol=1e-12)
    again = deletion_test(log_odds, x, baseline, weights * x)
    assert again.random_area == right.random_area


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": [np.nan, 0.0]}, "impute what is missing"),
        ({"x": [1.0]}, "needed, got"),
        ({"baseline": [1.0]}, "baseline must be 2"),
    ],
)
def test_contributions_say_what_is_wrong(change, message):
    given = {"x": [1.0, 2.0], "target": 1, "reference": 0, **change}
    with pytest.raises(ValueError, match=message):
        contributions(np.eye(2), np.zeros(2), **given)


def test_other_wrong_arguments():
    with pytest.raises(ValueError, match="margin must be >= 0"):
        counterfactual(np.eye(2), np.zeros(2), np.zeros(2), target=0, margin=-1)
    with pytest.raises(ValueError, match="n_random be >= 1"):
        deletion_test(lambda X: X[:, 0], [1.0], [0.0], [1.0], n_random=0)
