"""A dictionary of shapes that grows: order, refusal, eviction, withdrawal, questions."""

import numpy as np
import pytest

from corporis.learning import GrowingShapes
from corporis.shapes import SparseShapeComposition, align

ANGLE = 2 * np.pi * np.arange(24) / 24
CIRCLE = np.stack([np.cos(ANGLE), np.sin(ANGLE)], axis=1)
WAVES = np.stack([np.cos(m * ANGLE + p) for m in (2, 3, 4) for p in (0, np.pi / 2)])


def ovals(n, seed=0, kinds=6):
    """Outlines (n, 24, 2) of `kinds` independent deformations, radius about 30 mm."""
    weights = np.random.default_rng(seed).normal(size=(n, 6)) * (np.arange(6) < kinds)
    return (30 * (1 + 0.08 * weights @ WAVES))[..., None] * CIRCLE


def poisoned(n, seed=0):
    """Outlines of which a third was put down elsewhere."""
    shapes, rng = ovals(n, seed), np.random.default_rng(seed + 1)
    for shape in shapes:
        places = (rng.integers(24) + np.arange(8)) % 24
        turn = rng.uniform(0, 2 * np.pi)
        shape[places] += 15 * np.array([np.cos(turn), np.sin(turn)])
    return shapes


def error(model, shapes, noise=0.5):
    seen = shapes + noise * np.random.default_rng(5).normal(size=shapes.shape)
    return np.linalg.norm(model.transform(seen) - shapes, axis=2).mean()


def test_pieces_equal_the_whole_and_the_frame_stays():
    founding, later = ovals(12), ovals(9, seed=1)
    whole = GrowingShapes(noise=0.5).fit(founding).partial_fit(later)
    pieces = GrowingShapes(noise=0.5).partial_fit(founding)
    mean = pieces.mean_
    for part in np.array_split(later, 3):
        pieces.partial_fit(part)
    np.testing.assert_array_equal(pieces.shapes_, whole.shapes_)
    np.testing.assert_array_equal(pieces.use_, whole.use_)
    assert pieces.offers_ == whole.offers_
    np.testing.assert_array_equal(pieces.mean_, mean)
    seen = later[0] + 0.3
    adopted = SparseShapeComposition().adopt(mean, whole.shapes_)
    np.testing.assert_array_equal(whole.transform(seen), adopted.transform(seen))


def test_more_shapes_help_until_all_kinds_are_known():
    test, model = ovals(20, seed=9), GrowingShapes(noise=0.5).fit(ovals(8))
    errors = [error(model, test)]
    for seed in range(1, 4):
        errors.append(error(model.partial_fit(ovals(15, seed=seed)), test))
    assert errors[-1] < 0.6 * errors[0]
    assert len(model.shapes_) >= 8 + 43  # healthy shapes are hardly ever refused


def test_poison_is_held_back_and_does_no_harm():
    founding, later, wrong = ovals(20), ovals(40, seed=1), poisoned(6, seed=2)
    clean = GrowingShapes(noise=0.5).fit(founding).partial_fit(later)
    mixed = GrowingShapes(noise=0.5).fit(founding)
    mixed.partial_fit(np.concatenate([later[:20], wrong, later[20:]]))
    is_wrong = np.repeat([False, True, False], [20, 6, 20])
    accepted = np.array([offer.is_accepted for offer in mixed.offers_])
    assert accepted[is_wrong].sum() == 0
    assert accepted[~is_wrong].mean() >= 0.95
    test = ovals(15, seed=9)
    assert error(mixed, test) <= 1.05 * error(clean, test)
    gullible = GrowingShapes(noise=0.5).fit(founding)
    gullible.partial_fit(np.concatenate([later[:20], wrong, later[20:]]))
    for case in list(gullible.held_):
        gullible.approve(case)
    assert len(gullible.shapes_) == 66
    assert not gullible.held_


def test_implausible_alone_is_no_reason_to_refuse():
    model = GrowingShapes(noise=0.5).fit(ovals(15, kinds=2))
    model.partial_fit(ovals(1, seed=3, kinds=6), cases=["new kind"])
    offer = model.offers_[0]
    assert offer.surprise > 0
    assert offer.is_accepted == (offer.benefit >= 0.5 * offer.surprise)


def test_the_least_used_leaves_unless_nobody_can_take_its_place():
    line = np.stack([CIRCLE * [30, 30 * a] for a in np.linspace(0.7, 1.3, 12)])
    lone = ovals(1, seed=4)
    model = GrowingShapes(noise=0.3, n_atoms=13).fit(np.concatenate([line, lone]))
    more = np.stack([CIRCLE * [30, 30 * a] for a in (0.82, 1.07, 0.96)])
    model.partial_fit(more, cases=["a", "b", "c"])
    assert len(model.shapes_) == len(model.cases_) == len(model.use_) == 13
    assert "founding 12" in model.cases_  # rarely used, but the only one of its kind
    gone = {f"founding {i}" for i in range(13)} - set(model.cases_)
    assert len(gone | ({"a", "b", "c"} - set(model.cases_))) == 3


def test_withdrawal_leaves_no_trace_in_what_is_explained():
    model = GrowingShapes(noise=0.5).fit(ovals(12))
    seen = ovals(1, seed=7)[0] + 0.2
    before = model.transform(seen)
    model.partial_fit(ovals(1, seed=3), cases=["patient 7"])
    assert np.abs(model.transform(seen) - before).max() > 1e-6
    np.testing.assert_array_equal(model.withdraw("patient 7").transform(seen), before)
    assert model.offers_[0].case == "patient 7"
    with pytest.raises(ValueError, match="patient 7"):
        model.withdraw("patient 7")
    with pytest.raises(ValueError, match="held back"):
        model.approve("patient 7")


def test_the_question_is_the_one_whose_answer_leaves_least_unexplained():
    model = GrowingShapes(noise=0.5).fit(ovals(12))
    candidates = np.concatenate([ovals(6, seed=1), poisoned(1, seed=8)])
    asked = model.ask(candidates, 3)
    assert 6 not in asked
    assert len(set(asked.tolist())) == 3
    moved = np.stack([align(s, model.mean_).apply(s) for s in candidates[:6]])
    signals = (np.concatenate([model.shapes_, moved]) - model.mean_).reshape(18, -1)
    left = []
    for i in range(12, 18):
        known = signals[[*range(12), i]]
        inverse = np.linalg.inv(known @ known.T + 0.25 * 48 * np.eye(13))
        spread = signals.T @ signals
        left.append(np.trace(spread) - np.trace(inverse @ known @ spread @ known.T))
    gram_left = []
    for i in range(12, 18):
        rows = [*range(12), i]
        gram = signals @ signals.T
        inner = np.linalg.inv(gram[np.ix_(rows, rows)] + 0.25 * 48 * np.eye(13))
        gram_left.append(np.trace(gram - gram[:, rows] @ inner @ gram[rows]))
    np.testing.assert_allclose(left, gram_left)
    assert asked[0] == np.argmin(left)


def test_unapproved_outlines_help_as_what_they_most_probably_are():
    truth, rng = ovals(80, seed=2), np.random.default_rng(3)
    seen = truth + 0.5 * rng.normal(size=truth.shape)
    wrong = poisoned(3, seed=8)
    model = GrowingShapes(noise=0.5).fit(ovals(10))
    fresh = ovals(20, seed=9)
    alone = error(model, fresh)
    model.suppose(np.concatenate([seen, wrong]))
    assert len(model.supposed_) == 80  # the wrong ones are left out
    aligned = np.stack([align(s, model.mean_).apply(s) for s in truth])
    assert (model.supposed_ - aligned).std() < 0.35  # of a noise of 0.5
    assert error(model, fresh) < 0.9 * alone
    assert len(model.shapes_) == len(model.cases_) == len(model.use_) == 10
    model.partial_fit(truth[:2])  # others' use is counted, that of supposed shapes is not
    assert len(model.use_) == 12
    assert len(model.suppose(seen[:0]).supposed_) == 0


def test_those_asked_for_stand_for_all_where_the_others_are_supposed():
    truth, rng = ovals(60, seed=2), np.random.default_rng(3)
    seen = np.concatenate([truth + 0.5 * rng.normal(size=truth.shape), poisoned(2, seed=8)])
    model = GrowingShapes(noise=0.5).fit(ovals(8))
    asked = model.ask(seen, 15, others_are_supposed=True)
    assert len(set(asked.tolist())) == 15 and asked.max() < 60

    def spread(shapes):
        found = np.concatenate([ovals(8), shapes]).reshape(-1, 48)
        return np.cov(found.T)

    def away(chosen):
        return np.linalg.norm(spread(truth[chosen]) - spread(truth))

    at_random = [away(rng.permutation(60)[:15]) for _ in range(20)]
    assert away(asked) < np.percentile(at_random, 10)


def test_wrong_input_is_named():
    for wrong in ({"n_atoms": 2}, {"noise": -1.0}, {"percentile": 20}, {"memory": 1.0}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            GrowingShapes(**wrong).fit(ovals(8))
    with pytest.raises(ValueError, match="n >= 5"):
        GrowingShapes().fit(ovals(3))
    with pytest.raises(ValueError, match="cases"):
        GrowingShapes().fit(ovals(8)).partial_fit(ovals(1), cases=["founding 0"])


def test_small_steps_do_not_lead_away_from_what_was_approved():
    line = np.stack([CIRCLE * [30, 30 * a] for a in np.linspace(0.6, 1.4, 20)])
    widths = np.random.default_rng(1).uniform(0.6, 1.4, 60)
    drift = np.stack([CIRCLE * [30, 30 * a] for a in widths])
    drift[:, 4:12] += np.linspace(0.2, 20, 60)[:, None, None]
    model = GrowingShapes(noise=0.5).fit(line).partial_fit(drift[:30])
    model.partial_fit(drift[30:])
    accepted = np.array([offer.is_accepted for offer in model.offers_])
    assert accepted[:2].all() and not accepted[30:].any()
    assert model.offers_[-1].surprise > 1000
    # a doctor's word moves the bound
    case = next(iter(model.held_))
    model.approve(case).partial_fit(drift[[int(case.split()[1])]] + 0.01, cases=["like it"])
    assert model.offers_[-1].is_accepted


def test_what_is_not_finite_leaves_all_as_it_was():
    model = GrowingShapes(noise=0.5).fit(ovals(10))
    good, bad = ovals(1, seed=1)[0], ovals(1, seed=2)[0]
    bad[3] = np.nan
    with pytest.raises(ValueError, match="2 numbers not finite: none was taken"):
        model.partial_fit(np.stack([good, bad]))
    with pytest.raises(ValueError, match=r"finite shapes \(n, 24, 2\), got \(1, 23, 2\)"):
        model.partial_fit(ovals(1)[:, 1:])
    assert len(model.shapes_) == 10 and not model.offers_


def test_five_shapes_stay():
    model = GrowingShapes(noise=0.5).fit(ovals(6)).withdraw("founding 0")
    with pytest.raises(ValueError, match="expected 5 shapes to stay at least"):
        model.withdraw("founding 1")
    assert len(model.shapes_) == 5
