"""The journal: what was corrected comes back, and later words go before earlier ones."""

import json

import numpy as np
import pytest

from corporis.cohorts.nuclei_journal import (
    JOURNAL,
    Correction,
    checked_label,
    journal_bytes,
    read_journal,
    state_of,
)
from corporis.errors import BadInput, Unreadable

OUTLINE, FEATURES = np.array([[0.0, 0.0], [0.0, 3.5], [4.25, 0.0]]), np.array([1.5, 2.25])
DRAWN = {"outline": OUTLINE, "features": FEATURES}
STEPS = [
    [
        Correction("label", 1, "a"),
        Correction("label", 2, "b"),
        Correction("outline", 5, **DRAWN),
    ],
    [Correction("add", 9, "a", **DRAWN), Correction("label", 1, "b"), Correction("delete", 2)],
    [Correction("add", 10, **DRAWN), Correction("filter"), Correction("delete", 9)],
]


def test_a_journal_comes_back(tmp_path):
    assert read_journal(tmp_path) == []
    (tmp_path / JOURNAL).write_bytes(journal_bytes(STEPS))
    again = read_journal(tmp_path)
    assert journal_bytes(again) == journal_bytes(STEPS)
    np.testing.assert_array_equal(again[0][2].outline, OUTLINE)
    np.testing.assert_array_equal(again[0][2].features, FEATURES)


def test_later_words_go_first():
    state = state_of(STEPS)
    assert state.labels == {1: "b"} and state.deleted == {2, 9}
    assert state.added == (10,) and state.is_filtering and set(state.drawn) == {5, 9, 10}
    before = state_of(STEPS[:1])
    assert before.labels == {1: "a", 2: "b"} and not before.deleted and not before.is_filtering
    assert state_of([]) == state_of([[]])


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"version": 2, "steps": []}', '{"version": 1, "steps": [[{"kind": "burn"}]]}',
     '{"version": 1, "steps": [[{"kind": "label", "number": "x", "label": ""}]]}'],
)  # fmt: skip
def test_what_is_no_journal_is_one_line(text, tmp_path):
    (tmp_path / JOURNAL).write_text(text)
    with pytest.raises(Unreadable, match="expected a journal of version 1"):
        read_journal(tmp_path)


def test_numbers_are_plain():
    held = json.loads(journal_bytes(STEPS))
    assert held["steps"][2][1] == {"kind": "filter", "number": 0, "label": ""}


def test_labels_are_one_line():
    assert checked_label("  big\n cell ") == "big cell"
    for text in ("", "   ", "x" * 61):
        with pytest.raises(BadInput, match="1 to 60 letters"):
            checked_label(text)
