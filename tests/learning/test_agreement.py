"""Agreement: what was planted is recovered, and exact intervals hold it as often as they say."""

import numpy as np
import pytest

from corporis.learning import Agreement, bland_altman, coverage

BIAS, SPREAD = 1.5, 0.8
LIMITS = BIAS - 1.959963984540054 * SPREAD, BIAS + 1.959963984540054 * SPREAD


def pairs(n, seed):
    random = np.random.default_rng(seed)
    reference = random.uniform(10, 50, n)
    return reference + random.normal(BIAS, SPREAD, n), reference


def test_planted_bias_and_spread_are_recovered():
    found = bland_altman(*pairs(20_000, 0))
    assert isinstance(found, Agreement) and found.n == 20_000
    assert found.bias == pytest.approx(BIAS, abs=0.02)
    assert found.deviation == pytest.approx(SPREAD, abs=0.02)
    assert found.limits == pytest.approx(LIMITS, abs=0.04)


@pytest.mark.parametrize("n", [5, 25])
def test_intervals_hold_the_truth_as_often_as_they_say(n):
    many = [bland_altman(*pairs(n, seed)) for seed in range(2000)]
    for name, truth in (
        ("bias_interval", BIAS), ("low_interval", LIMITS[0]), ("high_interval", LIMITS[1])
    ):  # fmt: skip
        ends = np.array([getattr(one, name) for one in many])
        share, (least, most) = coverage(ends[:, 0], ends[:, 1], np.full(len(ends), truth), 0.999)
        assert least < 0.95 < most, (name, share)


def test_directions_and_units():
    measured, reference = pairs(30, 3)
    there, back = bland_altman(measured, reference), bland_altman(reference, measured)
    assert back.bias == pytest.approx(-there.bias)
    assert back.low_interval == pytest.approx(tuple(-v for v in there.high_interval[::-1]))
    tenth = bland_altman(measured / 10, reference / 10)
    assert tenth.limits == pytest.approx(tuple(v / 10 for v in there.limits))
    assert there.low_interval[0] < there.limits[0] < there.low_interval[1] < there.bias
    narrow = bland_altman(measured, reference, level=0.5)
    assert np.ptp(narrow.high_interval) < np.ptp(there.high_interval)


def test_what_is_no_pair_is_refused():
    for measured, reference in (([1, 2], [1, 2]), ([1, 2, 3], [1, 2]), (np.eye(3), np.eye(3))):
        with pytest.raises(ValueError, match="at least three"):
            bland_altman(measured, reference)
    with pytest.raises(ValueError, match="finite"):
        bland_altman([1, 2, np.nan], [1, 2, 3])
    with pytest.raises(ValueError, match="level"):
        bland_altman([1, 2, 4], [1, 2, 3], level=1.0)
    for sizes in ((2, 3, 3), (0, 0, 0)):
        with pytest.raises(ValueError, match="one length"):
            coverage(*(np.zeros(n) for n in sizes))
