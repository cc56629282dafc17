"""Learning from corrected radiographs: shapes grow, evidence is revised, all is on record."""

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

from corporis.apps.organs.chest_shape import ORGANS
from corporis.apps.organs.radiograph_evidence import FILE_NAME as EVIDENCE
from corporis.apps.organs.radiograph_lessons import Effort, Lesson, lesson
from corporis.apps.organs.radiograph_training import Radiograph
from corporis.cohorts.chest_dictionary import FILE_NAME as SHAPES
from corporis.cohorts.chest_dictionary import ChestDictionary, Verdict
from corporis.cohorts.chest_given import offered, read_given, verdict_facts
from corporis.cohorts.digests import file_digests
from corporis.cohorts.ledger import LOCK, PARTIAL, Ledger
from corporis.cohorts.organ_outliners import load_chest
from corporis.cohorts.radiographs import outlined_radiographs
from corporis.cohorts.replay import FILE_NAME as REPLAY
from corporis.cohorts.replay import read_replay, write_replay
from corporis.errors import BadInput
from corporis.imaging import OutputFolder
from corporis.imaging.guard import shown
from corporis.imaging.output import LIST

LEAST_OLD = 8


@dataclass(frozen=True)
class Learned:
    """What one call did.

    Parameters
    ----------
    step : int or None
        Its number on record; None where all was refused, which is on record too.
    verdicts : tuple of Verdict
        On each radiograph's outlines.
    lesson : Lesson or None
        Of the evidence; None where no radiograph came with taken outlines.
    n_shapes : int
        Outlines known now.
    n_kept : int
        Radiographs that the folder now keeps for replay.
    remarks : tuple of str
    """

    step: int | None
    verdicts: tuple[Verdict, ...]
    lesson: Lesson | None
    n_shapes: int
    n_kept: int
    remarks: tuple[str, ...] = field(default=())


def learn_chest(
    corrected: Sequence[Path | str],
    weights: Path | str,
    *,
    data: Path | str | None = None,
    approve: Sequence[str] = (),
    keeps_images: bool = False,
    who: str | None = None,
    effort: Effort | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> Learned:
    """Take corrected outlines into the shapes and revise the evidence, as one step on record.

    Parameters
    ----------
    corrected : sequence of path
        See `corporis.cohorts.corrected.read_corrected`.
    weights : path
        What `corporis.cohorts.organs.train_chest` left; revised in place. What was there before
        stays, so that the step can be undone.
    data : path, optional
        The radiographs that were learned from before, in the layout of the training's data; nothing
        of them is copied. By default those that the folder keeps.
    approve : sequence of str
        Cases whose outlines are taken although they are unlike the known ones.
    keeps_images : bool
        Whether corrected radiographs stay in the folder, to be replayed in later lessons.
    who : str, optional
        Who corrected them; by default the account's name.

    Raises
    ------
    BadInput
        If an input cannot be used, or fewer than eight old radiographs are at hand.
    corporis.errors.MissingExtra
        If torch is not installed.
    """
    began = time.perf_counter()
    ledger = Ledger(Path(weights))
    before = load_chest(weights)  # says what is missing, before anything is made
    with ledger.lock():
        here = ledger.current()
        known = ChestDictionary.load(here / SHAPES)
        given, remarks = read_given(corrected, ledger.steps(), known, before)
        kept = _kept(ledger)
        old = [case.radiograph for case in outlined_radiographs(data)] if data else kept
        if given:
            _check_old(old)
        dictionary, verdicts = offered(known, before, given, approve)
        n_shapes = len(dictionary.cases)
        if not any(verdict.is_like for verdict in verdicts):
            ledger.refuse(_call_facts(verdicts), who=who)
            return Learned(None, verdicts, None, n_shapes, len(kept), remarks)
        names = {verdict.case for verdict in verdicts if verdict.is_taken}
        taken = [one.corrected.radiograph for one in given if one.corrected.case in names]
        found = None
        if taken:
            prior = dictionary.prior()
            found = lesson(before, prior, taken, old, effort=effort, progress=progress)
        more = [*kept, *taken] if keeps_images and taken else []

        def write(folder):
            dictionary.save(folder / SHAPES)
            if found is not None and found.is_kept:
                found.application.evidence.save(folder)
            else:
                shutil.copyfile(here / EVIDENCE, folder / EVIDENCE)
            if more:
                write_replay(folder, more)

        facts = _facts(here, verdicts, n_shapes, found)
        facts["images_kept"] = len(taken) if more else 0
        facts["seconds"] = round(time.perf_counter() - began, 1)
        step = ledger.add(write, facts, who=who)
    return Learned(step, verdicts, found, n_shapes, len(more or kept), remarks)


def learn_in_copy(corrected, weights: Path | str, output: Path | str, **words) -> Learned:
    """The same in a copy of the weights, which appears complete or not at all; see `learn_chest`.

    Raises
    ------
    BadInput
        If an input cannot be used, or nothing was learned.
    """
    load_chest(weights)
    with OutputFolder(output) as folder:
        with Ledger(Path(weights)).lock():
            shutil.copytree(weights, folder, dirs_exist_ok=True, ignore=_unfinished)
        found = learn_chest(corrected, folder, **words)
        if found.step is None:
            reasons = "; ".join(f"{v.source} ({v.case}): {v.words}" for v in found.verdicts)
            raise BadInput(f"nothing was learned: {reasons}")
        (folder / LOCK).unlink(missing_ok=True)
    return found


def _unfinished(folder, names):
    return [name for name in names if name in (LOCK, LIST) or name.endswith(PARTIAL)]


def undo_chest(weights: Path | str, who: str | None = None) -> int:
    """Take the last step back; its number is returned.

    Raises
    ------
    BadInput
        If there is none.
    """
    ledger = Ledger(Path(weights))
    if not ledger.folder.is_dir():
        raise BadInput(f"{shown(ledger.folder)}: no such folder: give one that has learned")
    with ledger.lock():
        return ledger.undo(who)


def _kept(ledger) -> list[Radiograph]:
    """Radiographs in the folder: those of the last step that wrote any."""
    numbers = [step["step"] for step in reversed(ledger.steps())]
    for folder in (*(ledger.place(number) for number in numbers), ledger.folder):
        if (folder / REPLAY).is_file():
            return read_replay(folder)
    return []


def _facts(here, verdicts, n_shapes, found) -> dict:
    """What is recorded of a step, beside who and when."""
    return {
        **_call_facts(verdicts),
        "shapes": {"before": len(ChestDictionary.load(here / SHAPES).cases), "after": n_shapes},
        "evidence": _evidence_facts(found),
        "before": file_digests(here, (EVIDENCE, SHAPES)),
    }


def _call_facts(verdicts) -> dict:
    return {
        "cases": [verdict_facts(verdict) for verdict in verdicts],
        "version": metadata.version("corporis"),
    }


def _check_old(old) -> None:
    if len(old) < LEAST_OLD:
        raise BadInput(
            f"learning replays earlier radiographs, so that none is forgotten: expected at least "
            f"{LEAST_OLD}, got {len(old)}: give --data with those that the weights were trained "
            "on, or train with --replay 40"
        )


def _evidence_facts(found: Lesson | None) -> dict:
    if found is None:
        return {"revised": False, "why_not": "no radiograph came with outlines that were taken"}
    return {
        "revised": found.is_kept,
        "why_not": found.reason,
        "error": "1 - Jaccard, mean of " + ", ".join(ORGANS),
        "new": found.new.facts(),
        "old": {**found.old.facts(), "may_be_of_the_training": True},
    }
