"""Searching an index: likes first, one's own patient not at all, reasons, and doubts."""

import numpy as np
import pytest

from apps.histopathology.stained import entry, region
from corporis.apps.histopathology.features import ViewTable
from corporis.apps.histopathology.index import CaseIndex
from corporis.apps.histopathology.search import Encoder, learn, model_of, search
from corporis.errors import BadInput, NotFound

NAMES = ("gland.a", "mucin.b", "nuclei.c", "stroma.d")


@pytest.fixture
def index(tmp_path):
    with CaseIndex(tmp_path / "cases.index", is_new_allowed=True) as made:
        for number in range(24):
            label = ("benign", "malignant")[number % 2]
            organ = "colon" if number < 20 else "lung"
            made.add(entry(f"case{number}", label, str(number // 2), seed=number, organ=organ))
        learn(made, NAMES)
        yield made


def query(label, seed=99):
    features = entry("q", label, seed=seed).features
    return ViewTable(NAMES, features, np.zeros((len(features), 2), int))


def test_the_likes_come_first_and_vote(index):
    for label in ("benign", "malignant"):
        answer = search(index, model_of(index), query(label))
        assert [m.entry.label for m in answer.matches[:3]] == [label] * 3
        assert answer.diagnosis == label and answer.probabilities[label] > 0.7
        bits = [m.bits for m in answer.matches]
        assert bits == sorted(bits) and answer.n_compared == 24


def test_one_is_most_like_oneself_unless_left_out(index):
    mine = ViewTable(NAMES, entry("x", "benign", seed=4).features, np.zeros((5, 2), int))
    answer = search(index, model_of(index), mine)
    assert answer.matches[0].entry.name == "case4" and answer.matches[0].bits == 0
    for left_out in ({"without_patient": "2"}, {"without_names": ("case4",)}):
        names = [m.entry.name for m in search(index, model_of(index), mine, **left_out).matches]
        assert "case4" not in names
    names = [
        m.entry.name
        for m in search(index, model_of(index), mine, without_patient="2", n_matches=24).matches
    ]
    assert "case5" not in names and len(names) == 22


def test_facts_choose_and_no_case_left_is_said(index):
    answer = search(index, model_of(index), query("benign"), facts={"organ": "lung"})
    assert answer.n_compared == 4
    assert all(m.entry.facts["organ"] == "lung" for m in answer.matches)
    with pytest.raises(NotFound, match="no case is left"):
        search(index, model_of(index), query("benign"), facts={"organ": "skin"})


def test_what_agrees_is_named(index):
    answer = search(index, model_of(index), query("malignant"))
    assert any("high in both" in words for words in answer.matches[0].agreeing)
    families = [words.split(":")[0] for words in answer.matches[0].agreeing]
    assert len(set(families)) == len(families) <= 3
    far = search(index, model_of(index), query("malignant"), n_matches=24).matches[-1]
    assert far.entry.label == "benign"
    assert far.differing and all(words.endswith("lower") for words in far.differing)


def test_the_unlike_is_called_so(index):
    assert search(index, model_of(index), query("benign")).is_alike
    odd = query("benign")
    odd = ViewTable(NAMES, odd.values * [1, -1, 1, -1] * 8 + 20, odd.corners)
    assert not search(index, model_of(index), odd).is_alike


def test_a_new_case_is_found_and_a_deleted_one_is_not(index):
    model = model_of(index)
    new = entry("new", "malignant", "99", seed=50)
    from corporis.apps.histopathology.index import MODEL

    index.add(new, model.views(new.features), made_by=index.part(MODEL))
    table = ViewTable(NAMES, new.features, np.zeros((5, 2), int))
    assert search(index, model, table).matches[0].entry.name == "new"
    index.delete("new")
    names = [m.entry.name for m in search(index, model, table, n_matches=30).matches]
    assert "new" not in names and len(names) == 24


def test_one_diagnosis_no_model_and_other_features_are_one_line(index, tmp_path):
    with CaseIndex(tmp_path / "one.index", is_new_allowed=True) as alone:
        alone.add(entry("a", "benign"))
        with pytest.raises(BadInput, match="at least two diagnoses, got 1"):
            learn(alone, NAMES)
        with pytest.raises(BadInput, match="nothing learned yet"):
            model_of(alone)
    table = ViewTable(("other.a",), np.zeros((1, 1), np.float32), np.zeros((1, 2), int))
    with pytest.raises(BadInput, match="another version"):
        search(index, model_of(index), table)


def test_an_encoder_without_a_network_describes_tissue_at_any_scale():
    image, _ = region(True, 0, (240, 300))
    table = Encoder()(image, 1.24)
    half = Encoder()(image, 0.62)
    assert table.names == half.names and len(table.values) > len(half.values)
