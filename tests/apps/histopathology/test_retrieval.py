"""Codes of views, the nearest case, and votes that no order and no crowd can sway."""

import numpy as np
import pytest

from corporis.apps.histopathology.retrieval import CaseVote, ViewHashing, nearest_in_case
from corporis.learning import pack

RNG = np.random.default_rng(0)


def bags(n, seed=0):
    rng = np.random.default_rng(seed)
    labels = np.array(["benign", "malignant"] * n)
    return [rng.standard_normal((6, 8)) + 2.5 * (label == "malignant") for label in labels], labels


def test_codes_of_one_diagnosis_are_nearer():
    known, labels = bags(8)
    views = ViewHashing.fit(known, labels)
    codes = [views(bag) for bag in known]
    asked, truth = bags(4, seed=1)
    starts = np.arange(0, 6 * len(known), 6)
    for bag, label in zip(asked, truth):
        apart = nearest_in_case(views(bag), np.concatenate(codes), starts).mean(0)
        assert apart[labels == label].mean() + 5 < apart[labels != label].mean()


def test_features_that_never_change_and_far_out_ones_do_no_harm():
    known, labels = bags(4)
    views = ViewHashing.fit([np.column_stack([bag, np.ones(6)]) for bag in known], labels)
    given = np.full((1, 9), 1e9)
    assert np.abs(views.standardised(given)).max() <= 4
    assert views(given).shape == (1, 1)


def test_the_nearest_view_of_each_case_by_comparison_of_all(monkeypatch):
    from corporis.apps.histopathology import retrieval

    bits = RNG.random((13, 70)) > 0.5
    asked = RNG.random((5, 70)) > 0.5
    starts = np.array([0, 4, 5, 11])
    plain = (asked[:, None] != bits[None]).sum(-1)
    wanted = np.stack([part.min(1) for part in np.split(plain, starts[1:], axis=1)], axis=1)
    np.testing.assert_array_equal(nearest_in_case(pack(asked), pack(bits), starts), wanted)
    monkeypatch.setattr(retrieval, "AT_A_TIME", 20)
    np.testing.assert_array_equal(nearest_in_case(pack(asked), pack(bits), starts), wanted)


def test_shares_count_a_diagnosis_the_same_however_many_cases_it_has():
    apart = np.array([[1, 1, 1, 1]])
    labels = np.array(["a", "b", "b", "b"])
    np.testing.assert_allclose(CaseVote(4)(apart, labels, ["a", "b"]), [0.5, 0.5])
    np.testing.assert_allclose(CaseVote(1)(apart, labels, ["a", "b"]), [0.5, 0.5])


def test_the_order_of_cases_plays_no_part():
    apart = RNG.integers(0, 4, (7, 12))
    labels = np.array(["a", "b", "c"])[RNG.integers(0, 3, 12)]
    wanted = CaseVote(5)(apart, labels, ["a", "b", "c"])
    order = RNG.permutation(12)
    np.testing.assert_allclose(CaseVote(5)(apart[:, order], labels[order], ["a", "b", "c"]), wanted)
    assert wanted.sum() == pytest.approx(1)


def test_nearer_cases_win_and_far_ones_are_not_asked():
    apart = np.array([[0, 1, 9, 9, 9]])
    labels = np.array(["a", "a", "b", "b", "a"])
    np.testing.assert_allclose(CaseVote(2)(apart, labels, ["a", "b"]), [1, 0])


def test_a_crowd_does_not_silence_a_rare_diagnosis():
    labels = np.array(["a", "b", "b", "b", "b"])
    near_a, near_b = np.array([[0, 5, 5, 5, 5]]), np.array([[5, 0, 9, 9, 9]])
    np.testing.assert_allclose(CaseVote(9)(near_a, labels, ["a", "b"]), [1, 0])
    np.testing.assert_allclose(CaseVote(9)(near_b, labels, ["a", "b"]), [0, 1])


def test_a_vote_of_none_is_refused():
    with pytest.raises(ValueError, match="n_neighbours"):
        CaseVote(0)
