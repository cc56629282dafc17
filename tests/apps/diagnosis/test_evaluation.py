"""Evaluation: planted groups are found, permuted labels give chance, order does not matter."""

import numpy as np
import pytest
from scipy.stats import binom
from sklearn.metrics import roc_auc_score

from corporis.apps.diagnosis import evaluate_elsewhere, evaluate_judge
from corporis.apps.diagnosis.evaluation import (
    area_under_curve,
    bootstrap_interval,
    clopper_pearson,
)

KEYS = (
    "heart_failure_auc",
    "ef_only_auc",
    "group_accuracy",
    "ef_only_accuracy",
    "heart_failure_accuracy",
    "ef_only_heart_failure_accuracy",
)


@pytest.fixture(scope="module")
def small(make_hearts):
    table, groups = make_hearts(np.random.default_rng(4), (10, 7, 5))
    return table, groups, [f"patient {i:02d}" for i in range(len(table))]


@pytest.fixture(scope="module")
def figures(small):
    return evaluate_judge(*small, 1, n_repeats=1, n_permutations=1, n_bootstrap=200)


def test_planted_groups_are_found(figures):
    assert figures["heart_failure_auc"] > 0.95 and figures["group_accuracy"] > 0.8
    assert figures["ef_only_auc"] > 0.95
    # thick walls cannot be seen in the ejection fraction
    assert figures["group_accuracy"] > figures["ef_only_accuracy"]
    assert figures["unknown_recall_hypertrophy"] > 0.6 and figures["unknown_recall"] > 0.6
    assert figures["unknown_false_alarm"] < 0.35
    for key in KEYS:
        assert figures[f"{key}_low"] <= figures[key] <= figures[f"{key}_high"]
    assert figures["decided_accuracy"] >= figures["group_accuracy"] - 0.1


def test_permuted_labels_give_chance(figures):
    assert figures["permuted_group_accuracy"] < 0.6
    assert 0.2 < figures["permuted_heart_failure_auc"] < 0.8


def test_order_of_patients_changes_nothing(small, figures):
    order = np.random.default_rng(0).permutation(len(small[0]))
    shuffled = [[part[i] for i in order] for part in small]
    again = evaluate_judge(*shuffled, 1, n_repeats=1, n_permutations=0, n_bootstrap=200)
    assert again["permuted_group_accuracy"] is None
    same = [k for k in figures if not k.startswith("permuted")]
    assert {k: again[k] for k in same} == {k: figures[k] for k in same}


def test_wrong_tables_are_refused(small):
    table, groups, names = small
    with pytest.raises(ValueError, match="one group and one name"):
        evaluate_judge(table, groups, names[:-1])
    with pytest.raises(ValueError, match="each patient named once"):
        evaluate_judge(table, groups, ["x"] * len(names))


@pytest.mark.parametrize(("n_right", "n"), [(0, 9), (7, 29), (29, 29)])
def test_clopper_pearson_inverts_the_binomial(n_right, n):
    low, high = clopper_pearson(n_right, n)
    if n_right > 0:
        assert binom.sf(n_right - 1, n, low) == pytest.approx(0.025)
    else:
        assert low == 0
    if n_right < n:
        assert binom.cdf(n_right, n, high) == pytest.approx(0.025)
    else:
        assert high == 1


def test_area_is_that_of_the_curve(rng):
    score, is_ill = rng.integers(0, 6, 40).astype(float), rng.random(40) < 0.4
    assert area_under_curve(score, is_ill) == pytest.approx(roc_auc_score(is_ill, score))
    low, high = bootstrap_interval(score, is_ill, rng, 300)
    assert low < area_under_curve(score, is_ill) < high


def test_other_patients_are_scored_by_what_was_learned_here(small, make_hearts):
    others, other_groups = make_hearts(np.random.default_rng(11), (6, 6, 6))
    found = evaluate_elsewhere(small[0], small[1], others, other_groups, n_bootstrap=100)
    assert found["judge_n_patients"] == 18
    assert found["heart_failure_auc"] > 0.9 and found["group_accuracy"] > 0.7
    assert found["unknown_recall_hypertrophy"] > 0.5
    shuffled = list(np.random.default_rng(0).permutation(other_groups))
    assert evaluate_elsewhere(*small[:2], others, shuffled)["group_accuracy"] < 0.7
    one_group = evaluate_elsewhere(small[0], small[1], others[:2], other_groups[:2])
    assert "heart_failure_auc" not in one_group and 0 <= one_group["group_accuracy"] <= 1
    with pytest.raises(ValueError, match="somebody to score"):
        evaluate_elsewhere(small[0], small[1], [], [])
