"""``corporis learn``: lessons, the record, undoing and asking, one line a mistake."""

import re

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
    assert re.search(r"old, held out \(2\): 0\.\d{4} -> 0\.\d{4}", said)
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
