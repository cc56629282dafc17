"""The ejection-fraction rule: best cuts against brute force, missing values, refusals."""

from itertools import combinations, permutations

import numpy as np
import pytest

from corporis.apps.diagnosis import EjectionFractionRule

NAMES = ("other", "ejection_fraction_percent")


def table(values):
    return np.column_stack([np.zeros(len(values)), values])


def test_cuts_are_the_best(rng):
    values = np.concatenate([rng.normal(25, 9, 12), rng.normal(68, 6, 7), rng.normal(58, 6, 6)])
    y = np.repeat(["failing", "thick", "well"], [12, 7, 6])
    rule = EjectionFractionRule(NAMES).fit(table(values), y)
    predicted = rule.predict(table(values))
    reached = np.mean([np.mean(predicted[y == g] == g) for g in rule.classes_])
    best = 0.0
    for cuts in combinations(np.sort(values) + 1e-9, 2):
        interval = np.searchsorted(cuts, values)
        for order in permutations(rule.classes_):
            called = np.array(order)[interval]
            best = max(best, np.mean([np.mean(called[y == g] == g) for g in rule.classes_]))
    assert reached == pytest.approx(best)
    assert predicted[0] == "failing" and rule.cuts_[0] < rule.cuts_[1]


def test_order_and_missing_values_do_not_matter(rng):
    values = np.concatenate([rng.normal(25, 9, 12), rng.normal(65, 6, 7)])
    y = np.repeat(["failing", "well"], [12, 7])
    rule = EjectionFractionRule(NAMES).fit(table(values), y)
    order = rng.permutation(19)
    longer = np.append(values[order], np.nan)
    other = EjectionFractionRule(NAMES).fit(table(longer), np.append(y[order], "well"))
    assert np.array_equal(other.cuts_, rule.cuts_)
    assert rule.predict(table([np.nan])).tolist() == ["failing"]
    np.testing.assert_array_equal(rule.predict_proba(table([np.nan])), [[0.5, 0.5]])


def test_shares_of_an_interval():
    rule = EjectionFractionRule(NAMES).fit(table([10.0, 20.0, 60.0, 70.0]), list("aabb"))
    np.testing.assert_allclose(rule.predict_proba(table([15.0])), [[0.75, 0.25]])


def test_too_little_is_refused():
    with pytest.raises(ValueError, match="at least two groups"):
        EjectionFractionRule(NAMES).fit(table([10.0, np.nan]), ["a", "b"])
