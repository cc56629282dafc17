"""Sparse logistic regression against scikit-learn, its certificate, and what it refuses."""

import numpy as np
import pytest
from sklearn.base import is_classifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score

from corporis.learning import SparseLogistic, stability_selection


def cohort(n_samples, n_features, n_classes, seed=0):
    """Features in uneven units; the first three say which class it is, with noise."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n_samples, n_features))
    told = X[:, :3].sum(axis=1) + rng.standard_normal(n_samples)
    y = np.digitize(told, np.quantile(told, np.arange(1, n_classes) / n_classes))
    return 50 + X * np.exp(2 * rng.standard_normal(n_features)), y


def objective(model, X, y, l1, weights):
    """By hand, from the published coefficients alone."""
    scores = X @ model.coef_.T + model.intercept_
    if scores.shape[1] == 1:
        scores = np.concatenate([0 * scores, scores], axis=1)
    highest = scores.max(axis=1)
    loss = np.log(np.exp(scores - highest[:, None]).sum(axis=1)) + highest
    loss -= scores[np.arange(len(y)), y]
    return weights @ loss + l1 * np.abs(model.coef_ * X.std(axis=0)).sum()


@pytest.mark.parametrize("class_weight", [None, "balanced"])
@pytest.mark.parametrize("shape", [(60, 10, 2), (40, 60, 2), (60, 10, 3), (30, 80, 4)])
def test_objective_is_that_of_scikit_learn(shape, class_weight):
    n_samples, _, n_classes = shape
    X, y = cohort(*shape)
    y = np.where(np.arange(n_samples) % 5 == 0, 0, y)  # uneven classes
    l1 = 0.03
    ours = SparseLogistic(l1=l1, class_weight=class_weight, tolerance=1e-8, max_iter=20000)
    ours.fit(X, y)
    standardised = (X - X.mean(axis=0)) / X.std(axis=0)
    peer = LogisticRegression(
        l1_ratio=1.0,
        C=1 / (l1 * n_samples),
        solver="saga",
        tol=1e-9,
        max_iter=50000,
        class_weight=class_weight,
        random_state=0,
    ).fit(standardised, y)
    counts = np.bincount(y)
    balanced = 1 / (n_classes * counts[y])
    weights = balanced if class_weight else np.full(n_samples, 1 / n_samples)
    mine = objective(ours, X, y, l1, weights)
    theirs = objective(peer, standardised, y, l1, weights)
    assert abs(mine / theirs - 1) < 1e-6
    assert abs(ours.objective_ / mine - 1) < 1e-9
    assert ours.has_converged_ and 0 <= ours.gap_ < 1e-7
    assert np.array_equal(ours.coef_ != 0, np.abs(peer.coef_) > 1e-6)
    np.testing.assert_allclose(ours.predict_proba(X), peer.predict_proba(standardised), atol=1e-3)


def test_gap_bounds_what_more_iterations_gain():
    X, y = cohort(40, 60, 3)
    best = SparseLogistic(l1=0.02, group=0.01, tolerance=1e-10, max_iter=50000).fit(X, y)
    for max_iter in (1, 10, 100):
        hasty = SparseLogistic(l1=0.02, group=0.01, max_iter=max_iter, tolerance=0.0).fit(X, y)
        assert not hasty.has_converged_ and hasty.n_iter_ == max_iter
        assert -1e-12 < hasty.objective_ - best.objective_ <= hasty.gap_ + 1e-12


def test_groups_live_or_die_together():
    X, y = cohort(60, 12, 2)
    groups = np.arange(12) // 3  # the three features that matter are one group
    model = SparseLogistic(l1=0.0, group=0.08, groups=groups).fit(X, y)
    alive = model.coef_[0].reshape(4, 3) != 0
    assert alive[0].all() and not alive[1:].any()


def test_a_group_holds_its_features_for_all_classes():
    X, y = cohort(90, 6, 3)
    alive = SparseLogistic(l1=0.0, group=0.05).fit(X, y).coef_ != 0
    assert np.all(alive.all(axis=0) | ~alive.any(axis=0))
    assert 0 < alive.any(axis=0).sum() < 6


def test_units_samples_and_features_may_be_exchanged():
    X, y = cohort(40, 8, 2)
    model = SparseLogistic(l1=0.03, tolerance=1e-10, max_iter=20000)
    before = model.fit(X, y).predict_proba(X)
    scaled = model.fit(1000 * X - 7, y).predict_proba(1000 * X - 7)
    rows, columns = np.random.default_rng(1).permutation(40), np.arange(8)[::-1]
    mixed = model.fit(X[rows][:, columns], y[rows]).predict_proba(X[:, columns])
    np.testing.assert_allclose(scaled, before, atol=1e-5)
    np.testing.assert_allclose(mixed, before, atol=1e-5)


def test_strongest_penalty_keeps_nothing_and_a_little_less_something():
    X, y = cohort(50, 10, 3)
    top = SparseLogistic(l1=1.0, group=0.5).strongest(X, y)
    above = SparseLogistic(l1=1.001 * top, group=0.5 * 1.001 * top).fit(X, y)
    below = SparseLogistic(l1=0.98 * top, group=0.5 * 0.98 * top).fit(X, y)
    assert not above.coef_.any() and below.coef_.any()
    share = np.bincount(y) / len(y)
    np.testing.assert_allclose(above.predict_proba(X), np.tile(share, (50, 1)), atol=1e-9)


def test_path_is_certified_starts_empty_and_agrees_with_fit():
    X, y = cohort(50, 10, 3)
    model = SparseLogistic(l1=1.0, tolerance=1e-8, max_iter=20000)
    path = model.path(X, y, n_strengths=8, smallest=0.05)
    assert path.coefficients.shape == (8, 3, 10) and path.intercepts.shape == (8, 3)
    assert not path.is_active[0].any() and path.is_active[-1].any()
    assert np.all(np.diff(path.strengths) < 0) and np.all(path.gaps < 2e-8)
    alone = SparseLogistic(l1=path.strengths[5], tolerance=1e-8, max_iter=20000).fit(X, y)
    np.testing.assert_allclose(alone.standardised_coef_, path.coefficients[5], atol=1e-3)


def test_a_constant_feature_says_nothing():
    X, y = cohort(40, 5, 2)
    X[:, 4] = 0.1 + 0.2
    model = SparseLogistic(l1=0.01).fit(X, y)
    assert model.coef_[0, 4] == 0 and np.isfinite(model.intercept_).all()


def test_balanced_classes_weigh_the_same():
    X, y = cohort(60, 4, 2)
    rare = (y == 0) | (np.arange(60) % 6 == 0)
    model = SparseLogistic(l1=1e6, class_weight="balanced").fit(X[rare], y[rare])
    np.testing.assert_allclose(model.predict_proba(X), 0.5, atol=1e-9)


def test_it_is_a_classifier_to_scikit_learn():
    X, y = cohort(80, 6, 2)
    names = np.array(["ill", "well"])[y]
    assert is_classifier(SparseLogistic())
    assert cross_val_score(SparseLogistic(l1=0.02), X, names, cv=4).mean() > 0.7
    model = SparseLogistic(l1=0.02).fit(X, names)
    assert model.classes_.tolist() == ["ill", "well"] and model.n_features_in_ == 6
    assert np.array_equal(model.predict(X) == "well", model.decision_function(X) > 0)


def test_stability_finds_the_planted_group_and_not_others():
    X, y = cohort(60, 12, 2)
    groups = np.arange(12) // 3
    model = SparseLogistic(l1=0.0, group=0.1, groups=groups)
    stable = stability_selection(model, X, y, n_subsamples=40, seed=1)
    assert stable.groups[0] >= 0.8 and stable.groups[1:].max() < 0.6
    assert stable.features.shape == (12,) and np.isclose(stable.mean_selected, stable.groups.sum())
    assert stable.false_selection_bound(0.9) == stable.mean_selected**2 / (0.8 * 4)
    again = stability_selection(model, X, y, n_subsamples=40, seed=1)
    assert np.array_equal(stable.features, again.features)
    nothing = np.random.default_rng(0).permutation(y)
    assert stability_selection(model, X, nothing, n_subsamples=40).groups.max() < 0.8


@pytest.mark.parametrize(
    "parameters, words",
    [
        ({"l1": -1.0}, "l1 must be finite"),
        ({"group": np.nan}, "group must be finite"),
        ({"l1": 0.0}, "must be > 0"),
        ({"class_weight": "even"}, "class_weight must be"),
        ({"groups": [0, 1]}, "groups must name 3"),
        ({"max_iter": 0}, "must be >= 1"),
    ],
)
def test_wrong_parameters_are_refused(parameters, words):
    X, y = cohort(20, 3, 2)
    with pytest.raises(ValueError, match=words):
        SparseLogistic(**parameters).fit(X, y)


def test_wrong_data_are_refused():
    X, y = cohort(20, 3, 2)
    with pytest.raises(ValueError, match="two classes"):
        SparseLogistic().fit(X, 0 * y)
    with pytest.raises(ValueError, match="NaN"):
        SparseLogistic().fit(np.where(X > X.mean(), X, np.nan), y)
    with pytest.raises(ValueError, match="features"):
        SparseLogistic().fit(X, y).predict(X[:, :2])
    with pytest.raises(ValueError, match="n_strengths"):
        SparseLogistic().path(X, y, n_strengths=1)
    with pytest.raises(ValueError, match="two samples a class"):
        stability_selection(SparseLogistic(), X, np.arange(20) > 18)
    with pytest.raises(ValueError, match="threshold"):
        stability_selection(SparseLogistic(), X, y, n_subsamples=2).false_selection_bound(0.5)
