"""``corporis learn``: lessons, the record, undoing and asking, one line a mistake."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from apps.organs.chest import Known, masks, radiograph, shapes
from cohorts.lessons import BRIEF, use_small_network, weights
from cohorts.test_corrected import pair
from corporis.apps.organs import radiograph_lessons
from corporis.apps.organs.chest_shape import ChestShapes
from corporis.apps.organs.radiograph import ChestRadiograph
from corporis.cohorts import chest_lessons, chest_wishes
from corporis.cohorts.chest_dictionary import FILE_NAME as SHAPES
from corporis.cohorts.chest_dictionary import Verdict
from corporis.cohorts.chest_lessons import Learned
from corporis.cohorts.ledger import JOURNAL
from corporis.commands.lesson_words import sentences
from test_cli import leave


def test_a_walk_there_and_back(tmp_path, capsys, monkeypatch):
    use_small_network(monkeypatch)
    monkeypatch.setattr(radiograph_lessons, "Effort", lambda: BRIEF)
    monkeypatch.setattr(chest_lessons, "LEAST_OLD", 4)
    folder = tmp_path / "w"
    folder.mkdir()
    weights(folder)
    mask = pair(tmp_path / "new", 110)
    assert leave("learn", mask, "--weights", folder, "--who", "anna") == 0
    said = capsys.readouterr().out
    assert ": taken" in said and "41 outlines known" in said and "step 1: " in said
    assert re.search(r"new, learned from, not held out \(1\): 0\.\d{4} -> 0\.\d{4}", said)
    assert f"{mask} (case-" in said
    assert re.search(r"old, kept aside from this lesson, .*\(2\): 0\.\d{4} -> 0\.\d{4}", said)
    assert re.search(
        r"the evidence (was revised|stays as it was: (old|new) radiographs would (lose|gain) -?\d)",
        said,
    )
    assert leave("learn", "--weights", folder, "--undo") == 0
    assert "step 1 was undone" in capsys.readouterr().out
    assert leave("learn", "--weights", folder, "--list") == 0
    said = capsys.readouterr().out
    assert "anna" in said and "(undone)" in said and "undid step 1" in said
    assert leave("learn", "--weights", folder, "--undo") == 2
    assert "nothing to undo" in capsys.readouterr().err


def test_what_to_correct_next(tmp_path, capsys, monkeypatch):
    np.savez(tmp_path / SHAPES, **{o.replace(" ", "_"): s for o, s in shapes(40).items()})
    prior, found = ChestShapes().fit(shapes(40)), iter((120, 121, 122))
    lost = {121: slice(100, 256)}
    for seed in (120, 121, 122):
        Pillow.fromarray((255 * radiograph(seed)).astype(np.uint8)).save(tmp_path / f"{seed}.png")
    Pillow.fromarray(masks(120)[0].astype(np.uint8)).save(tmp_path / "120_mask.png")

    class OneByOne:
        def find(self, image):
            seed = next(found)
            evidence = Known(masks(seed), lost.get(seed, slice(0)))
            return ChestRadiograph(evidence, prior).find(image)

    monkeypatch.setattr(chest_wishes, "load_chest", lambda folder: OneByOne())
    assert leave("learn", "--weights", tmp_path, "--ask", tmp_path) == 0
    rows = [x for x in capsys.readouterr().out.splitlines() if ".png" in x]
    assert len(rows) == 3 and "121.png" in rows[0] and "uncertain: " in rows[0]
    assert "most telling shape" in rows[1] and "shape, 2" in rows[2]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "expected one of corrected outlines"),
        (("a.png", "--undo"), "expected one of corrected outlines"),
        (("a.png",), "corporis train organ --organ chest"),
        (("--ask", "."), "corporis train organ --organ chest"),
        (("--undo",), "nothing to undo"),
    ],
)
def test_what_is_wrong_is_one_line(words, said, tmp_path, capsys):
    assert leave("learn", *words, "--weights", tmp_path) == 2
    captured = capsys.readouterr()
    assert said in captured.err and "Traceback" not in captured.err
    assert not [p for p in tmp_path.iterdir() if p.name != ".learning.lock"]


def test_nothing_known_is_nothing_listed(tmp_path, capsys):
    assert leave("learn", "--weights", tmp_path, "--list") == 0
    assert "nothing was learned since the training" in capsys.readouterr().out


def test_where_no_folder_is_nothing_can_be_listed(tmp_path, capsys):
    (tmp_path / "a.png").write_bytes(b"x")
    assert leave("learn", "--weights", tmp_path / "no", "--list") == 2
    assert "expected a folder of weights, got nothing there" in capsys.readouterr().err
    assert leave("learn", "--weights", tmp_path / "a.png", "--list") == 2
    assert "expected a folder of weights, got a file" in capsys.readouterr().err


LINE = {"kind": "step", "step": 1, "who": "a", "when": "2026-11-28T09:00:00+00:00"}


def written(folder, *lines):
    (folder / JOURNAL).write_text("".join(json.dumps(line) + "\n" for line in lines))


def test_a_change_that_was_dropped_is_listed_as_such(tmp_path, capsys):
    aside = {"is_kept_aside_from_lesson": True, "before": 0.0204, "after": 0.037}
    old = {"is_held_out": True, "before": 0.1, "after": 0.1}  # as earlier versions wrote
    cases = [
        {"case": "a", "taken": True, "refused": False, "unchanged": True},
        {"case": "b", "taken": False, "refused": True},
        {"case": "c", "taken": False},
    ]
    evidence = {
        "revised": False,
        "old": aside,
        "new": {**aside, "is_kept_aside_from_lesson": False},
    }
    written(
        tmp_path,
        {**LINE, "cases": cases, "evidence": evidence},
        {
            **LINE,
            "step": 2,
            "cases": cases[2:],
            "evidence": {"revised": True, "old": old, "new": old},
        },
        {**LINE, "kind": "refused", "cases": cases[1:2]},
    )
    assert leave("learn", "--weights", tmp_path, "--list") == 0
    rows = [" ".join(row.split()) for row in capsys.readouterr().out.splitlines() if "2026" in row]
    assert "1 taken (1 not changed), 1 held back, 1 refused" in rows[0]
    assert rows[0].endswith("0.0204 -> 0.0370 (not kept) 0.0204 -> 0.0370* (not kept)")
    assert "1 held back, evidence revised" in rows[1] and rows[1].endswith(
        "0.1000 0.1000 -> 0.1000"
    )
    assert rows[2].endswith("a 1 refused")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ({"kind": "step", "step": 1}, "it does not say who"),
        ({**LINE, "evidence": {"old": 3}}, "its evidence has no errors"),
        (
            {**LINE, "evidence": {"revised": True, "old": {"before": 1}}},
            "its evidence has no errors",
        ),
        ({**LINE, "evidence": 5}, "its evidence has no errors"),
    ],
)
def test_a_foreign_line_is_one_error(line, why, tmp_path, capsys):
    written(tmp_path, line)
    assert leave("learn", "--weights", tmp_path, "--list") == 2
    said = capsys.readouterr().err
    assert f"line 1 is no step that was recorded here ({why})" in said and said.count("\n") == 1


def test_each_case_is_said_with_where_it_came_from():
    verdicts = (
        Verdict("case-1", True, source="a/out", is_unchanged=True, error=0.0),
        Verdict("case-2", False, False, "upside down", source="b/out"),
        Verdict("case-3", True),
    )
    assert sentences(Learned(None, verdicts, None, 3, 0, ()), Path("w")) == [
        "a/out (case-1): taken; not changed: taken as approved as it is",
        "b/out (case-2): refused: upside down",
        "case-3: taken",
    ]
