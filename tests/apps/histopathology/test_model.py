"""What an index learns: probabilities that hold, alarms that are rare, and bytes that carry it."""

import numpy as np
import pytest

from corporis.apps.histopathology.model import IndexModel, Usual, folds

NAMES = tuple(f"family.f{i}" for i in range(8))


def cases(n, seed, apart=1.0):
    rng = np.random.default_rng(seed)
    labels = np.array(["benign", "malignant"])[np.arange(n) % 2]
    level = rng.standard_normal(n)[:, None] * 0.8
    bags = [
        rng.standard_normal((5, 8)) + apart * (label == "malignant") + shift
        for label, shift in zip(labels, level)
    ]
    return bags, labels, [str(i // 2) for i in range(n)]


@pytest.fixture(scope="module")
def model():
    return IndexModel.learn(NAMES, *cases(60, 0))


def shares_of(model, bags, known, labels):
    from corporis.apps.histopathology.retrieval import nearest_in_case

    codes = [model.views(bag) for bag in known]
    starts = np.concatenate([[0], np.cumsum([len(c) for c in codes])[:-1]])
    return np.array(
        [
            model.vote(
                nearest_in_case(model.views(bag), np.concatenate(codes), starts),
                labels,
                model.classes,
            )
            for bag in bags
        ]
    )


def test_probabilities_say_how_often_the_vote_is_right(model):
    known, labels, _ = cases(60, 0)
    bags, truth, _ = cases(200, 5)
    found = np.array([model.probabilities(s) for s in shares_of(model, bags, known, labels)])
    np.testing.assert_allclose(found.sum(1), 1)
    right = found.argmax(1) == np.searchsorted(model.classes, truth)
    assert abs(found.max(1).mean() - right.mean()) < 0.12
    assert abs(model.accuracy - right.mean()) < 0.15


def test_alarms_are_rare_among_the_like_and_sure_among_the_unlike(model):
    bags, _, _ = cases(200, 7)
    strange = np.array([model.strangeness(bag) for bag in bags])
    assert np.mean(strange > model.strangest) < 0.1
    assert all(model.strangeness(bag + 6) > model.strangest for bag in bags[:20])


def test_bytes_carry_the_whole_model(model):
    back = IndexModel.from_bytes(model.to_bytes())
    bags, _, _ = cases(4, 3)
    for bag in bags:
        np.testing.assert_array_equal(back.views(bag), model.views(bag))
        assert back.strangeness(bag) == model.strangeness(bag)
    assert back.names == model.names and back.vote == model.vote
    numbers = ("sharpness", "strangest", "accuracy", "n_patients")
    assert all(getattr(back, name) == getattr(model, name) for name in numbers)


def test_few_patients_allow_no_certainty():
    bags, labels, patients = cases(40, 1, apart=8.0)
    many = IndexModel.learn(NAMES, bags, labels, patients)
    assert many.n_patients == 20 and many.accuracy == 1
    assert many.probabilities([1.0, 0.0])[0] == pytest.approx(21 / 22, abs=1e-4)


def test_one_patient_is_not_enough_to_calibrate():
    bags, labels, _ = cases(6, 1)
    alone = IndexModel.learn(NAMES, bags, labels, ["p"] * 6)
    assert np.isnan(alone.accuracy) and alone.strangest == np.inf and alone.sharpness == 1


def test_cases_without_a_patient_are_patients_of_their_own():
    bags, labels, _ = cases(20, 1)
    one = IndexModel.learn(NAMES, bags, labels, [None] * 20)
    other = IndexModel.learn(NAMES, bags, labels, list(range(20)))
    assert one.accuracy == pytest.approx(other.accuracy, abs=0.2)
    assert np.isfinite(one.strangest)


def test_folds_keep_patients_whole_and_hold_everyone_back_once():
    groups = np.random.default_rng(0).integers(0, 11, 70)
    held = np.array(folds(groups, 5))
    assert held.shape == (5, 70) and (held.sum(0) == 1).all()
    for group in set(groups.tolist()):
        assert held[:, groups == group].any(axis=1).sum() == 1
    assert np.ptp(held.sum(1)) < 10


def test_distances_are_in_the_spreads_of_a_diagnosis():
    rng = np.random.default_rng(0)
    mixing = np.diag([3.0, 1.0, 0.2]) @ np.linalg.qr(rng.standard_normal((3, 3)))[0]
    views = np.concatenate([rng.standard_normal((4000, 3)) @ mixing + c for c in (0, 40)])
    usual = Usual.learn(views, np.repeat(["a", "b"], 4000))
    asked = np.array([[1.5, 0, 0], [0, 0, 3.0]]) @ mixing
    expected = np.array([1.5, 3.0]) / np.sqrt(3)
    np.testing.assert_allclose(usual.distances(asked), expected, rtol=0.1)
    np.testing.assert_allclose(usual.distances(asked + 40), expected, rtol=0.1)
    flat = Usual.learn(np.zeros((10, 3)), ["a", "b"] * 5)
    assert np.isfinite(flat.distances(np.ones((1, 3)))).all()
