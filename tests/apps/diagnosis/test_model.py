"""The judge: order does not matter, JSON keeps every bit, few hearts never make it too sure."""

import json

import numpy as np
import pytest
from sklearn.base import clone

from corporis.apps.diagnosis import MODEL_FEATURES, HeartJudge, feature_matrix, train_judge
from corporis.apps.diagnosis.model import stratified_folds
from corporis.errors import BadInput, Unreadable


def test_planted_groups_are_told_apart(judge, make_hearts):
    table, groups = make_hearts(np.random.default_rng(77), (30, 30, 30))
    accuracy = np.mean(judge.predict(feature_matrix(table)) == np.array(groups))
    assert accuracy > 0.9


def test_measures_that_say_nothing_get_little_weight(judge):
    sizes = np.linalg.norm(judge.weights_, axis=0)
    silent = [MODEL_FEATURES.index(n) for n in ("thickening_spread_percent",)]
    assert sizes[silent].max() < 0.2 * sizes.max()


def test_order_of_patients_changes_no_bit(cohort, judge):
    table, groups = cohort
    order = np.random.default_rng(2).permutation(len(table))
    other = train_judge([table[i] for i in order], [groups[i] for i in order], source="made-up")
    assert json.dumps(other.to_json()) == json.dumps(judge.to_json())


def test_json_keeps_every_bit(judge, make_hearts):
    text = json.dumps(judge.to_json())
    back = HeartJudge.from_json(json.loads(text))
    X = feature_matrix(make_hearts(np.random.default_rng(3))[0])
    X[3, 2] = np.nan
    assert np.array_equal(back.predict_proba(X), judge.predict_proba(X))
    assert np.array_equal(back.novelty(X), judge.novelty(X))
    assert json.dumps(back.to_json()) == text
    assert back.get_params() == judge.get_params()


def test_clone_fits_alike(judge, cohort):
    twin = clone(judge)
    twin.fit(feature_matrix(cohort[0]), cohort[1])
    assert np.array_equal(twin.weights_, judge.weights_)


def test_units_do_not_matter(cohort, judge):
    X, groups = feature_matrix(cohort[0]), cohort[1]
    scaled = X * np.linspace(0.01, 50, X.shape[1]) + 3
    # the rows come in the same canonical order, since the map of the first column is rising
    other = HeartJudge().fit(scaled, groups)
    np.testing.assert_allclose(other.predict_proba(scaled), judge.predict_proba(X), atol=1e-3)


def test_few_hearts_never_make_certain(judge, typical):
    n, k = judge.n_hearts_, len(judge.classes_)
    extreme = typical("heart failure", ejection_fraction_percent=-500.0)
    p = judge.predict_proba(feature_matrix([extreme]))[0]
    ceiling = (n + 1) / (n + k)
    assert p.max() == pytest.approx(ceiling, abs=1e-3) and p.max() <= ceiling + 1e-12
    assert p.sum() == pytest.approx(1)


def test_missing_measures_cost_certainty(judge, typical):
    full = feature_matrix([typical("hypertrophy")])
    missing = full.copy()
    shares, tops = [0.0], [judge.predict_proba(full).max()]
    for column in np.argsort(-np.linalg.norm(judge.weights_, axis=0)):
        missing[0, column] = np.nan
        shares.append(float(judge.missing_share(missing)[0]))
        probabilities = judge.predict_proba(missing)[0]
        tops.append(probabilities.max())
        ceiling = (1 - judge.calibration_.shrinkage) * (1 - shares[-1])
        assert probabilities.max() <= ceiling + (1 - ceiling) / 3 + 1e-12
    assert np.all(np.diff(shares) >= 0) and shares[-1] == pytest.approx(1)
    np.testing.assert_allclose(probabilities, 1 / 3, atol=1e-12)
    assert np.isnan(judge.novelty(missing)[0]) and not judge.is_unlike(missing)[0]
    assert tops[0] == max(tops)


def test_a_measure_no_training_heart_has_is_not_used(cohort):
    table = [{**heart, "muscle_to_cavity_ratio": np.nan} for heart in cohort[0]]
    judge = train_judge(table, cohort[1])
    column = MODEL_FEATURES.index("muscle_to_cavity_ratio")
    assert not judge.weights_[:, column].any()
    X = feature_matrix(table[:1])
    with_value = X.copy()
    with_value[0, column] = 1e6
    assert np.array_equal(judge.predict_proba(X), judge.predict_proba(with_value))
    assert judge.missing_share(X)[0] == 0 and not judge.is_unlike(with_value)[0]


def test_some_missing_in_training_is_borne(cohort):
    X = feature_matrix(cohort[0])
    X[np.random.default_rng(0).random(X.shape) < 0.15] = np.nan
    judge = HeartJudge().fit(X, cohort[1])
    assert np.mean(judge.predict(X) == np.array(cohort[1])) > 0.85
    assert np.all(np.isfinite(judge.predict_proba(X)))


def test_two_groups_are_enough(cohort):
    X, y = feature_matrix(cohort[0]), np.array(cohort[1])
    known = y != "hypertrophy"
    judge = HeartJudge().fit(X[known], y[known])
    probabilities = judge.predict_proba(X[known])
    assert probabilities.shape[1] == 2
    assert np.mean(judge.predict(X[known]) == y[known]) > 0.9


def test_wrong_tables_are_refused():
    X = np.zeros((4, len(MODEL_FEATURES)))
    with pytest.raises(ValueError, match="features must be"):
        HeartJudge().fit(X[:, :2], list("aabb"))
    with pytest.raises(ValueError, match="one group for each of 4 hearts"):
        HeartJudge().fit(X, list("aab"))
    with pytest.raises(ValueError, match=r"two hearts or more each needed, got \{'a': 3, 'b': 1\}"):
        HeartJudge().fit(X, list("aaab"))


def test_loading(judge, tmp_path):
    path = tmp_path / "judge.json"
    path.write_text(json.dumps(judge.to_json()))
    assert np.array_equal(HeartJudge.load(path).weights_, judge.weights_)
    with pytest.raises(BadInput, match=r"none\.json: no trained judge"):
        HeartJudge.load(tmp_path / "none.json")
    path.write_text("{")
    with pytest.raises(Unreadable, match="expected a judge as JSON"):
        HeartJudge.load(path)
    path.write_text("[]")
    with pytest.raises(Unreadable, match="JSON object"):
        HeartJudge.load(path)
    whole = judge.to_json()
    for damaged in ({**whole, "scaling": None}, {k: v for k, v in whole.items() if k != "known"}):
        path.write_text(json.dumps(damaged))
        with pytest.raises(Unreadable, match="parts are missing"):
            HeartJudge.load(path)
    path.write_text('{"format": "other"}')
    with pytest.raises(BadInput, match="got 'other'"):
        HeartJudge.load(path)


def test_folds_hold_every_class_evenly(rng):
    labels = np.repeat([0, 1, 2], [16, 8, 5])
    fold_of = stratified_folds(labels, 5, rng)
    for label in range(3):
        counts = np.bincount(fold_of[labels == label], minlength=5)
        assert counts.max() - counts.min() <= 1
    assert np.ptp(np.bincount(fold_of)) <= 1
