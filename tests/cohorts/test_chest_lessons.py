"""Lessons: outlines taken, held back or refused, evidence revised or not, all of it undone."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from apps.organs.chest import masks, radiograph
from cohorts.lessons import BRIEF, use_small_network, weights
from cohorts.test_corrected import bits, left_by_organ, pair, picture
from corporis.apps.organs import radiograph_lessons
from corporis.apps.organs.radiograph_evidence import FILE_NAME as EVIDENCE
from corporis.apps.organs.radiograph_lessons import Lesson, Trial
from corporis.cohorts import chest_given, chest_lessons
from corporis.cohorts.chest_dictionary import FILE_NAME as SHAPES
from corporis.cohorts.chest_dictionary import ChestDictionary
from corporis.cohorts.chest_lessons import learn_chest, learn_in_copy, undo_chest
from corporis.cohorts.corrected import IMAGE, read_corrected
from corporis.cohorts.digests import file_digests
from corporis.cohorts.ledger import Ledger
from corporis.cohorts.organ_outliners import load_chest
from corporis.cohorts.organs import train_chest
from corporis.cohorts.replay import FILE_NAME as REPLAY
from corporis.cohorts.replay import read_replay
from corporis.errors import BadInput
from corporis.imaging import read


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        use_small_network(patch)
        return weights(tmp_path_factory.mktemp("weights"))


@pytest.fixture
def folder(made, tmp_path, monkeypatch):
    use_small_network(monkeypatch)
    return shutil.copytree(made, tmp_path / "w")


def no_lesson(monkeypatch):
    """Shapes alone."""

    def none(before, prior, taken, old, **words):
        nothing = Trial(np.zeros((1, 5)), np.zeros((1, 5)), False)
        return Lesson(replace(before, shapes=prior), nothing, nothing, False, "not tried")

    monkeypatch.setattr(chest_lessons, "lesson", none)


def content(folder):
    return {name: (folder / name).read_bytes() for name in (EVIDENCE, SHAPES)}


def odd(folder, seed):
    """A chest whose right lung has a deep bite."""
    truth = masks(seed)
    r, c = np.indices(truth.shape[1:])
    side = np.flatnonzero(truth[1].any(axis=0))[0]
    truth[1] &= (r - 120) ** 2 + (c - side) ** 2 > 38**2
    picture(folder / f"{seed}.png", 255 * radiograph(seed))
    return picture(folder / f"{seed}_mask.png", bits(truth))


def test_a_step_is_taken_measured_and_undone(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(radiograph_lessons, "_objection", lambda known, fresh: "")
    before, seen = content(folder), []
    paths = [pair(tmp_path / "new", seed) for seed in (100, 101)]
    found = learn_chest(
        paths, folder, who="anna", keeps_images=True, effort=BRIEF,
        progress=lambda text, done: seen.append(done),
    )  # fmt: skip
    assert found.step == 1 and [v.is_taken for v in found.verdicts] == [True, True]
    assert found.n_shapes == 42 and found.n_kept == 12 and found.lesson.is_kept
    assert found.lesson.old.before.shape == (2, 5) and not found.lesson.new.is_held_out
    assert seen == sorted(seen) and 0 < seen[0] < seen[-1] < 1
    ledger = Ledger(folder)
    now = content(ledger.current())
    assert now[EVIDENCE] != before[EVIDENCE] and content(folder) == before
    assert len(read_replay(ledger.current())) == 12
    assert load_chest(folder).shapes.n_training_ == 42
    (line,) = ledger.lines()
    assert line["who"] == "anna" and line["evidence"]["revised"]
    assert line["evidence"]["old"]["before"] == pytest.approx(found.lesson.old.before.mean(), 1e-3)
    assert str(tmp_path) not in str(line)  # no file's name, which may be a patient's
    assert line["after"] == file_digests(ledger.current()) and REPLAY in line["after"]
    assert line["before"] == file_digests(folder, (EVIDENCE, SHAPES))
    made = load_chest(folder).weights
    assert made["step"] == 1 and made["files"].items() <= line["after"].items()
    assert line["evidence"]["old"]["may_be_of_the_training"]
    with pytest.raises(BadInput, match="was learned from in step 1"):
        learn_chest(paths[:1], folder)
    with pytest.raises(BadInput, match="choose a new folder"):
        train_chest(tmp_path, folder)
    assert undo_chest(folder, "anna") == 1 and load_chest(folder).shapes.n_training_ == 40
    with pytest.raises(BadInput, match="nothing to undo"):
        undo_chest(folder)


def test_evidence_that_would_lose_stays_and_shapes_are_taken(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(radiograph_lessons, "LOST", -1.0)
    before = content(folder)
    found = learn_chest([pair(tmp_path / "new", 102)], folder, effort=BRIEF)
    assert not found.lesson.is_kept and "old radiographs would lose" in found.lesson.reason
    now = content(Ledger(folder).current())
    assert now[EVIDENCE] == before[EVIDENCE] and found.n_shapes == 41
    assert not (Ledger(folder).current() / REPLAY).exists()
    line = Ledger(folder).lines()[0]
    assert line["evidence"]["why_not"] == found.lesson.reason and line["images_kept"] == 0


def test_what_is_no_chest_is_refused_and_nothing_is_left(folder, tmp_path, monkeypatch):
    no_lesson(monkeypatch)
    truth = masks(103)[[1, 0, 2, 4, 3]]  # left and right exchanged
    picture(tmp_path / "a.png", 255 * radiograph(103))
    swapped = picture(tmp_path / "a_mask.png", bits(truth))
    found = learn_chest([swapped], folder)
    assert found.step is None and not found.verdicts[0].is_like
    assert "left and right exchanged" in found.verdicts[0].words
    case = found.verdicts[0].case
    (line,) = Ledger(folder).lines()
    assert line["kind"] == "refused" and not Ledger(folder).steps()
    assert [(c["case"], c["refused"], c["taken"]) for c in line["cases"]] == [(case, True, False)]
    with pytest.raises(BadInput, match="nothing to undo"):
        undo_chest(folder)
    assert learn_chest([swapped], folder, approve=[case]).step is None  # not on anybody's word
    mixed = learn_chest([swapped, pair(tmp_path, 104)], folder)
    assert [c["refused"] for c in Ledger(folder).steps()[0]["cases"]] == [True, False]
    assert mixed.step == undo_chest(folder) == 1
    with pytest.raises(BadInput, match=r"nothing was learned: .*a_mask.png \(case-"):
        learn_in_copy([swapped], folder, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_odd_outlines_are_held_back_until_they_are_approved(folder, tmp_path, monkeypatch):
    no_lesson(monkeypatch)
    usual, bitten = pair(tmp_path, 104), odd(tmp_path, 105)
    found = learn_chest([usual, bitten], folder)
    assert [v.is_taken for v in found.verdicts] == [True, False] and found.n_shapes == 41
    assert "unlike the known ones: right lung (" in found.verdicts[1].words
    case = found.verdicts[1].case
    assert list(ChestDictionary.load(Ledger(folder).current() / SHAPES).held) == [case]
    with pytest.raises(BadInput, match=f"held back are: {case}"):
        learn_chest([], folder, approve=["case-0"])
    later = learn_chest([], folder, approve=[case])
    assert later.step == 2 and later.n_shapes == 42
    assert not ChestDictionary.load(Ledger(folder).current() / SHAPES).held


def test_outlines_of_another_image_are_held_back_and_not_kept(folder, tmp_path, monkeypatch):
    no_lesson(monkeypatch)
    monkeypatch.setattr(chest_given, "MOST_ERROR", 0.5)
    found_errors = iter((0.1, 0.7, 0.7))
    monkeypatch.setattr(
        chest_given, "errors", lambda before, cases: np.full((1, 5), next(found_errors))
    )
    noise = np.random.default_rng(0).random((256, 256))
    good, bad = pair(tmp_path, 110), pair(tmp_path, 111, noise)
    found = learn_chest([good, bad], folder, keeps_images=True)
    assert [v.is_taken for v in found.verdicts] == [True, False] and found.n_kept == 11
    assert found.verdicts[1].words == "outline and image disagree: error 0.70, usual up to 0.5"
    assert Ledger(folder).lines()[0]["cases"][1]["error"] == 0.7
    case = found.verdicts[1].case
    assert learn_chest([bad], folder, approve=[case]).n_shapes == 42


def test_names_are_those_of_the_reports_and_one_image_is_learned_once(
    folder, tmp_path, monkeypatch
):
    no_lesson(monkeypatch)
    outs = [tmp_path / name for name in ("a", "b", "c", "d")]
    for out, seed in zip(outs, (112, 113, 114, 112), strict=True):
        out.mkdir()
        left_by_organ(out, seed)
        (out / "report.json").write_text(json.dumps({"case": "case-7"}))
    (outs[1] / "report.json").unlink()
    found = learn_chest(outs[:3], folder)
    first, second, third = found.verdicts
    assert first.case == "case-7" and first.source == str(outs[0])
    assert second.case == read(outs[1] / IMAGE).name
    assert third.case == third.image  # another radiograph has the report's name
    with pytest.raises(BadInput, match="d: case-7 was learned from in step 1"):
        learn_chest([outs[3]], folder)


def test_a_record_of_an_earlier_version_is_understood(folder, tmp_path, monkeypatch):
    no_lesson(monkeypatch)
    mask = pair(tmp_path, 115)
    image = read_corrected(mask).image
    ledger = Ledger(folder)
    with ledger.lock():
        old = {"cases": [{"case": image, "taken": True, "words": ""}]}
        ledger.add(
            lambda new: [shutil.copy(folder / name, new) for name in (EVIDENCE, SHAPES)], old
        )
    with pytest.raises(BadInput, match="was learned from in step 1"):
        learn_chest([mask], folder)
    assert undo_chest(folder) == 1 and learn_chest([mask], folder).step == 2


def test_a_copy_learns_and_the_weights_stay(folder, tmp_path, monkeypatch):
    no_lesson(monkeypatch)
    learn_chest([pair(tmp_path, 106)], folder)
    found = learn_in_copy([pair(tmp_path, 107)], folder, tmp_path / "copy", who="b")
    assert found.step == 2 and found.n_shapes == 42
    assert len(Ledger(folder).lines()) == 1 and load_chest(folder).shapes.n_training_ == 41
    assert load_chest(tmp_path / "copy").shapes.n_training_ == 42
    assert undo_chest(tmp_path / "copy") == 2


def test_old_radiographs_are_needed(folder, tmp_path):
    (folder / REPLAY).unlink()
    with pytest.raises(BadInput, match="give --data"):
        learn_chest([pair(tmp_path, 108)], folder)
    with pytest.raises(BadInput, match="given twice"):
        learn_chest([tmp_path / "108_mask.png"] * 2, folder)
    (folder / REPLAY).write_bytes(b"no archive")
    with pytest.raises(BadInput, match="expected radiographs that were kept"):
        learn_chest([tmp_path / "108_mask.png"], folder)
