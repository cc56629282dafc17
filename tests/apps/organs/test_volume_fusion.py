"""Evidence and expected shape: detail kept where it is clear, the shape where it is not."""

import numpy as np
import pytest

from apps.organs.seahorse import labels, logs
from corporis.apps.organs.volume_fusion import doubt, fused
from corporis.shapes import dice, signed_distance


def evidence(label, softness=0.2):
    found = logs(label, softness)
    return np.logaddexp(found[1], found[2]) - found[0]


def chance(log_odds):
    return 1 / (1 + np.exp(-log_odds))


def test_a_clear_border_is_not_in_doubt_and_a_lost_one_is():
    label = labels(0)
    near = np.abs(signed_distance(label > 0)) < 1.5
    clear = doubt(chance(evidence(label)))
    lost = doubt(np.full(label.shape, 0.5))
    assert clear[near].mean() < 0.3 and np.all(lost == 1)
    assert doubt(chance(evidence(label, 3.0)))[near].mean() > clear[near].mean() + 0.3


def test_a_clear_detail_of_its_own_is_kept():
    label = labels(1)
    usual = signed_distance(label > 0)
    place = np.argwhere((np.abs(usual) < 1) & (label > 0))[200]
    notched = label.copy()
    notched[tuple(slice(p - 1, p + 2) for p in place)] = 0
    log_odds = evidence(notched)
    found = fused(log_odds, doubt(chance(log_odds)), usual) > 0
    assert dice(found, notched > 0) > 0.99


def test_where_nothing_is_seen_the_shape_decides():
    label = labels(2)
    log_odds = evidence(label)
    log_odds[:, 20:30] = -0.5
    usual = signed_distance(label > 0)
    found = fused(log_odds, doubt(chance(log_odds)), usual) > 0
    assert dice(found, label > 0) > 0.97 > dice(log_odds > 0, label > 0)


def test_certain_evidence_is_overruled_by_far_shapes_only():
    assert fused(np.full(1, 9.0), np.zeros(1), np.full(1, 99.0)) == pytest.approx(3.0)
