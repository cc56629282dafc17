"""Lessons from few corrections: what they teach is tried on what they have not seen."""

import numpy as np
import pytest

from corporis.apps.nuclei.corrections import (
    Corrections,
    FewLabels,
    apart,
    grown,
    growth_of,
    learn,
    overlap,
)


def circle(radius, centre=(0, 0), n=64):
    angle = 2 * np.pi * np.arange(n) / n
    return np.array(centre) + radius * np.stack([np.sin(angle), np.cos(angle)], axis=1)


def given(**changed):
    rng = np.random.default_rng(0)
    all_ = rng.standard_normal((300, 20))
    all_[:30, :5] += 3  # a kind of its own
    held = {
        "labelled": all_[50:56], "labels": ["a"] * 6, "labels_before": [""] * 6,
        "deleted": all_[:0], "outlines": [], "background": all_[60:],
        "background_labels": [""] * 240, "usual": (all_.mean(0), all_.std(0)),
    }  # fmt: skip
    return all_, Corrections(**{**held, **changed})


def test_few_labels_find_the_boundary_among_many_features():
    rng = np.random.default_rng(1)
    x = rng.standard_normal((400, 60))
    y = np.where(np.arange(400) % 2, "b", "a")
    x[y == "b", :6] += 2.0
    usual = x.mean(0), x.std(0)
    families = [0] * 6 + [1] * 54
    right = {}
    for known in (None, families):
        model = FewLabels(families=known).fit(x[:20], y[:20], usual=usual)
        right[known is None] = np.mean(model.predict(x[20:]) == y[20:])
        np.testing.assert_allclose(model.predict_proba(x).sum(1), 1)
    assert right[False] > 0.93 and right[False] >= right[True]


def test_types_count_the_same_however_many_labels_they_have():
    x = np.concatenate([np.zeros((40, 1)), np.ones((1, 1))])
    y = [0] * 40 + [1]
    assert FewLabels().fit(x, y).predict([[0.6]])[0] == 1
    assert FewLabels(is_balanced=False).fit(x, y).predict([[0.6]])[0] == 0
    heavy = np.array([1.0] * 40 + [400.0])
    assert FewLabels(is_balanced=False).fit(x, y, sample_weight=heavy).predict([[0.4]])[0] == 1


def test_few_labels_refuse_what_cannot_be_learned():
    with pytest.raises(ValueError, match="two types, got only"):
        FewLabels().fit([[0.0], [1.0]], ["a", "a"])
    with pytest.raises(ValueError, match="strength"):
        FewLabels(strength=0).fit([[0.0], [1.0]], ["a", "b"])


def test_types_are_used_where_they_helped_on_what_was_held_out():
    all_, held = given()
    labels = ["odd"] * 6 + ["usual"] * 6
    rows = np.concatenate([all_[:6], all_[50:56]])
    lesson = learn(given(labelled=rows, labels=labels, labels_before=[""] * 12)[1])
    trial = lesson.trials["types"]
    assert (trial.n, trial.before, trial.after, trial.is_used) == (12, 12, 0, True)
    assert (lesson.types.predict(all_[6:30]) == "odd").mean() > 0.9
    # labels at chance that contradict what was right before are learned, found worse, and left
    rng = np.random.default_rng(3)
    noise = rng.choice(["odd", "usual"], 12).tolist()
    spoilt = learn(given(labelled=all_[100:112], labels=noise, labels_before=noise)[1])
    assert spoilt.trials["types"].after > 0 and not spoilt.trials["types"].is_used
    assert spoilt.types is None
    assert learn(held).types is None and learn(held).trials == {}


def test_a_type_with_one_example_is_an_error_when_that_is_held_out():
    all_, _ = given()
    rows = np.concatenate([all_[:1], all_[50:54]])
    held = given(labelled=rows, labels=["odd"] + ["usual"] * 4, labels_before=[""] * 5)[1]
    assert learn(held).trials["types"].after >= 1


def test_what_is_like_the_deleted_scores_high_and_is_taken_when_asked():
    all_, held = given(deleted=given()[0][:8])
    lesson = learn(held)
    chance = lesson.false.predict_proba(all_)[:, 1]
    assert chance[8:30].mean() > 3 * chance[60:].mean() and not lesson.is_filtering
    assert lesson.trials["false"].before == 8 and lesson.trials["false"].n_harmed == 0
    assert learn(held, is_filtering=True).is_filtering
    assert learn(given(deleted=all_[:1])[1], is_filtering=True).false is None


def test_growth_is_shrunk_and_tried():
    pairs = [(circle(10, (3 * k, 0)), circle(12, (3 * k, 0))) for k in range(4)]
    assert growth_of(pairs) == pytest.approx(np.log(1.2) * 4 / 5)
    lesson = learn(given(outlines=pairs)[1])
    trial = lesson.trials["outlines"]
    assert trial.is_used and lesson.growth == pytest.approx(growth_of(pairs))
    assert trial.before == pytest.approx(1 / 1.44, abs=0.01) and trial.after > 0.9
    either = [(circle(10), circle(r)) for r in (13.0, 10.0, 7.5, 10.0)]
    assert not learn(given(outlines=either)[1]).trials["outlines"].is_used
    assert learn(given(outlines=either)[1]).growth == 0
    assert "outlines" not in learn(given(outlines=pairs[:2])[1]).trials


def test_outlines_keep_off_each_other():
    outline = circle(10)
    np.testing.assert_allclose(grown(outline, np.log(1.1)), circle(11), atol=1e-9)
    gaps = np.where(outline[:, 1] > 0, 3.0, 20.0)
    moved = np.linalg.norm(apart(outline, np.log(1.4), gaps), axis=1)
    np.testing.assert_allclose(moved[outline[:, 1] > 0], 11.0)
    np.testing.assert_allclose(moved[outline[:, 1] < 0], 14.0)
    np.testing.assert_allclose(apart(outline, np.log(0.9), gaps), circle(9), atol=1e-9)


def test_overlap_is_that_of_areas():
    assert overlap(circle(10), circle(10)) == 1
    assert overlap(circle(10), circle(5)) == pytest.approx(0.25, abs=0.01)
    assert overlap(circle(10), circle(10, (50, 0))) == 0
