"""The outlines of chests: kept on the disk, least used ones leave, telling ones are asked for."""

from dataclasses import replace

import numpy as np
import pytest

from apps.organs.chest import masks, outlines, shapes
from corporis.apps.organs.chest_shape import ORGANS, polygon
from corporis.cohorts import chest_dictionary
from corporis.cohorts.chest_dictionary import ChestDictionary
from corporis.errors import BadInput
from corporis.shapes import dice


@pytest.fixture
def known():
    return ChestDictionary(shapes(30), tuple(f"founding {k}" for k in range(30)), 30)


def whole(seed):
    return np.concatenate([outlines(seed)[organ] for organ in ORGANS])


def test_landmarks_are_brought_onto_outlines(known):
    truth, prior = masks(200), known.prior()
    points, confidence = prior.landmarks(truth.astype(float))
    assert np.mean(confidence > 0) > 0.9
    for part, mask in zip(prior.parts_, truth):
        assert dice(polygon(points[part], mask.shape), mask) > 0.95
    away = np.linalg.norm(points - whole(200), axis=1)
    assert np.median(away) < 2.5  # in correspondence, not only somewhere on the outline


def test_it_survives_the_disk(known, tmp_path):
    more, verdict = known.offered(known.prior(), "case-a", masks(201).astype(float))
    assert verdict.is_taken and more.cases[-1] == "case-a" and len(known.cases) == 30
    held = ChestDictionary(more.shapes, more.cases, 30, {"case-b": whole(202)})
    held.save(tmp_path / "a.npz")
    again = ChestDictionary.load(tmp_path / "a.npz")
    assert (again.cases, again.n_founding, list(again.held)) == (more.cases, 30, ["case-b"])
    for organ in ORGANS:
        np.testing.assert_array_equal(again.shapes[organ], more.shapes[organ])
    sure = again.approved("case-b")
    np.testing.assert_array_equal(sure.shapes["heart"][-1], whole(202)[94:120])
    sure.save(tmp_path / "a.npz")
    assert ChestDictionary.load(tmp_path / "a.npz").approved_cases == ("case-b",)
    (tmp_path / "b.npz").write_bytes(b"no archive")
    with pytest.raises(BadInput, match="outlines of five organs"):
        ChestDictionary.load(tmp_path / "b.npz")


@pytest.mark.parametrize("kind", ["no points", "nan", "fewer", "flat"])
def test_outlines_that_do_not_belong_together_are_refused(known, tmp_path, kind):
    wrong = {organ: many.copy() for organ, many in known.shapes.items()}
    heart = wrong["heart"]
    if kind == "nan":
        heart[3, 4, 0] = np.nan
    else:
        changed = {"no points": heart[:, :0], "fewer": heart[1:], "flat": heart[0]}
        wrong["heart"] = changed[kind]
    ChestDictionary(wrong, known.cases, 30).save(tmp_path / "a.npz")
    with pytest.raises(BadInput, match=r"^a\.npz: expected outlines of five organs"):
        ChestDictionary.load(tmp_path / "a.npz")


def test_beyond_the_most_that_are_kept_one_leaves(known, monkeypatch):
    monkeypatch.setattr(chest_dictionary, "MOST_SHAPES", 31)
    one = ChestDictionary(known.shapes, known.cases, 30, {"case-a": whole(203)}).approved("case-a")
    two = ChestDictionary(one.shapes, one.cases, 30, {"case-b": whole(204)}).approved("case-b")
    assert len(one.cases) == 31 == len(two.cases)
    (gone,) = set(one.cases) - set(two.cases)
    kept = [known.cases.index(case) for case in two.cases if case in known.cases]
    np.testing.assert_array_equal(two.shapes["heart"][: len(kept)], known.shapes["heart"][kept])
    assert two.n_founding == 30 - gone.startswith("founding")


def test_many_small_steps_lead_nowhere_unless_approved(known):
    drift = known.shapes["heart"].copy()
    drift[:, 4:12] += np.linspace(0.5, 40, 30)[:, None, None]
    others = {organ: np.concatenate([known.shapes[organ]] * 2) for organ in ORGANS}
    later = tuple(f"later {k}" for k in range(30))
    shapes, cases = {**others, "heart": np.concatenate([known.shapes["heart"], drift])}, known.cases
    grown = ChestDictionary(shapes, (*cases, *later), 30)
    assert grown._surprise("heart", drift[-1]) > 100
    assert grown._surprise("heart", known.shapes["heart"][3] + 0.5) <= 0
    sure = replace(grown, approved_cases=later)
    assert sure._surprise("heart", drift[-1]) <= 0


def test_outlines_that_are_implausible_are_not_asked_for(known):
    wrong = whole(205)
    wrong[94:120] += 90  # the heart lies elsewhere
    assert known.order([wrong, whole(206), whole(207)], 1).tolist() != [0]
    assert sorted(known.order([wrong, whole(206), whole(207)], 2).tolist()) == [1, 2]
    with pytest.raises(ValueError, match="2 signals that are left"):
        known.order([wrong, whole(206), whole(207)], 3)
