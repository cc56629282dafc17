"""A review of nuclei: corrections learned from in seconds, journalled, and undone when asked."""

import heapq
import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np

from corporis.apps.nuclei.corrections import Corrections, Lesson, learn
from corporis.apps.nuclei.features import FAMILIES
from corporis.apps.nuclei.whole_slide import TileNuclei
from corporis.cohorts.nuclei import TILES, WRITING, numbered
from corporis.cohorts.nuclei_drawn import DrawnOn, centre_of
from corporis.cohorts.nuclei_edited import changes, read_shapes
from corporis.cohorts.nuclei_files import SUMMARY, Detail, Facts, Shown, write_results
from corporis.cohorts.nuclei_journal import (
    JOURNAL,
    Correction,
    State,
    checked_label,
    journal_bytes,
    read_journal,
    state_of,
)
from corporis.cohorts.nuclei_learned import reshaped
from corporis.cohorts.nuclei_tiles import TileStore
from corporis.errors import BadInput, Unreadable
from corporis.imaging import OutputFolder
from corporis.imaging.guard import shown
from corporis.imaging.lock import only_one
from corporis.imaging.output import write_bytes

BACKGROUND_ROWS = 1000
"""Nuclei that nobody corrected and that are learned from nevertheless, at most."""
N_SUSPECTS = 10
"""Nuclei most like the deleted that are named, to be looked at."""


@dataclass(frozen=True)
class Requests:
    """What a person wants corrected in one step.

    Parameters
    ----------
    labels : dict of str, by number
    deleted : sequence of int
    added : sequence of (x, y, label)
        Places in pixels of the slide; an empty label is none.
    edited : path, optional
        A GeoJSON file in which nuclei were corrected.
    is_partial : bool
        Whether nuclei that are missing there stay.
    is_filtering : bool
        Whether what is like the deleted goes too.
    """

    labels: dict[int, str] = field(default_factory=dict)
    deleted: Sequence[int] = ()
    added: Sequence[tuple[float, float, str]] = ()
    edited: Path | None = None
    is_partial: bool = False
    is_filtering: bool = False


@dataclass(frozen=True)
class Searched:
    """An output folder of `corporis.cohorts.nuclei.outline_nuclei`.

    Parameters
    ----------
    folder : path
    facts : Facts
    details : tuple of Detail
    store : TileStore
    """

    folder: Path
    facts: Facts
    details: tuple[Detail, ...]
    store: TileStore

    @classmethod
    def open(cls, folder) -> "Searched":
        """Open a folder.

        Raises
        ------
        BadInput
            If `corporis nuclei` did not write it.
        """
        folder = Path(folder)
        if not (folder / SUMMARY).is_file() or not (folder / TILES).is_dir():
            raise BadInput(f"{shown(folder)}: no {SUMMARY} and {TILES} there: run corporis nuclei")
        try:
            held = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
            facts = Facts(slide=held["slide"], **held["search"])
            details = tuple(
                Detail(d["words"], tuple(d["corner"]), Path(d["file"]).name)
                for d in held["details"]
            )
        except (ValueError, KeyError, TypeError) as error:
            raise Unreadable(
                f"{shown(folder / SUMMARY)}: not of this version: run corporis nuclei again"
            ) from error
        return cls(folder, facts, details, TileStore(folder / TILES))

    def found(self) -> Iterator[Shown]:
        """All nuclei as they were found, tile by tile."""
        return numbered(self.store, self.facts.stain)


def review_nuclei(
    folder: Path | str,
    requests: Requests | None = None,
    *,
    slide: Path | str | None = None,
    is_undoing: bool = False,
    also: Callable[[Path, dict, Callable[[], Iterable[Shown]]], None] | None = None,
) -> dict:
    """Correct nuclei, learn from all corrections so far, and write all results anew.

    The nuclei as they were found are kept; results are what the journal makes of them, so that an
    interrupted review is mended by the next one.

    Parameters
    ----------
    folder : path
        That `corporis.cohorts.nuclei.outline_nuclei` wrote.
    requests : Requests, optional
        One step. Without any, all is learned and written anew.
    slide : path, optional
        Needed where outlines are new.
    is_undoing : bool
        Whether the last step is taken back, before any new one.
    also : callable(folder, summary, tiles), optional
        Writes more, as in `outline_nuclei`.

    Returns
    -------
    dict
        What ``nuclei.json`` holds, with ``review``.

    Raises
    ------
    BadInput
        If a number, label, place or file cannot be used.
    OutputError
        If another process writes into the folder.
    """
    with only_one(folder, WRITING):
        return _reviewed_once(Searched.open(folder), requests, slide, is_undoing, also)


def _reviewed_once(searched, requests, slide, is_undoing, also):
    """`review_nuclei` of a folder that nobody else writes into."""
    steps = read_journal(searched.folder)
    if is_undoing:
        if not steps:
            raise BadInput(f"{shown(searched.folder)}: nothing to undo: no correction was made")
        steps.pop()
    step = _step(searched, steps, requests or Requests(), slide)
    if step:
        steps.append(step)
    state = state_of(steps)
    given = gather(searched, state)
    lesson = learn(given, is_filtering=state.is_filtering)

    def tiles():
        return reviewed(searched, state, lesson)

    review = _account(searched, steps, state, lesson, tiles)
    with OutputFolder(searched.folder) as new:
        searched.store.link_into(new / TILES)
        for detail in searched.details:
            shutil.copyfile(searched.folder / detail.file, new / detail.file)
        write_bytes(new / JOURNAL, journal_bytes(steps))
        summary = write_results(new, tiles, searched.facts, searched.details, review)
        if also is not None:
            also(new, summary, tiles)
    return summary


def _step(searched, steps, requests, slide):
    """Requests as corrections, each checked, with what has to be measured."""
    state = state_of(steps)
    total = sum(len(tile.numbers) for tile in searched.found())
    used = total + sum(c.kind == "add" for step in steps for c in step)
    lesson = learn(gather(searched, state), is_filtering=state.is_filtering)
    for number in (*requests.labels, *requests.deleted):
        if not 1 <= number <= used:
            raise BadInput(f"nucleus {number}: expected a number from 1 to {used}: see nuclei.csv")
        if number in state.deleted:
            raise BadInput(f"nucleus {number}: was deleted: undo that first")
    found = [Correction("label", n, checked_label(name)) for n, name in requests.labels.items()]
    found += [Correction("delete", number) for number in requests.deleted]
    if requests.is_filtering and not state.is_filtering:
        found.append(Correction("filter"))
    if requests.edited is not None:
        shapes = read_shapes(Path(requests.edited), searched.facts.factor)
        tiles = reviewed(searched, state, lesson)
        partial = requests.is_partial
        found += changes(shapes, tiles, searched.facts, is_partial=partial, next_number=used + 1)
        used += sum(c.kind == "add" for c in found)
    needs_slide = requests.added or any(c.outline is not None for c in found)
    if not needs_slide:
        return found
    if slide is None:
        raise BadInput("outlines that are new must be measured in the slide: give --slide")
    drawn = DrawnOn(Path(slide), searched.facts, reviewed(searched, state, lesson))
    for x, y, name in requests.added:
        used += 1
        label = checked_label(name) if name else ""
        found.append(Correction("add", used, label, drawn.outline_at(x, y)))
    return [
        c if c.outline is None else replace(c, features=drawn.features(c.outline)) for c in found
    ]


def gather(searched: Searched, state: State) -> Corrections:
    """What the corrections so far say, with the features that were measured already."""
    wanted = np.array(sorted({*state.labels, *state.deleted, *state.drawn}), int)
    total = sum(len(tile.numbers) for tile in searched.found())
    stride = max(1, -(-total // BACKGROUND_ROWS))
    rows, background, labels = {}, [], []
    count, sums, squares = 0, 0.0, 0.0
    names: tuple[str, ...] = ()
    for tile in searched.found():
        names = tile.nuclei.names
        features = np.asarray(tile.nuclei.features, float)
        count, sums = count + len(features), sums + features.sum(axis=0)
        squares = squares + (features**2).sum(axis=0)
        is_wanted = np.isin(tile.numbers, wanted)
        for row in np.flatnonzero(is_wanted):
            rows[int(tile.numbers[row])] = (
                features[row], tile.labels[row], tile.nuclei.outlines[row],
            )  # fmt: skip
        others = ~is_wanted & (tile.numbers % stride == 0)
        background.append(features[others])
        labels += [tile.labels[row] for row in np.flatnonzero(others)]
    mean = np.asarray(sums) / max(count, 1)
    deviation = np.sqrt(np.maximum(np.asarray(squares) / max(count, 1) - mean**2, 0))
    width = background[0].shape[1] if background else 0

    def joined(values):
        return np.array(values, float).reshape(len(values), width)

    drawn = {n: c.features for n, c in state.drawn.items()}
    return Corrections(
        labelled=joined([drawn[n] if n in drawn else rows[n][0] for n in state.labels]),
        labels=list(state.labels.values()),
        labels_before=[rows[n][1] if n in rows else "" for n in state.labels],
        deleted=joined([rows[n][0] for n in sorted(state.deleted) if n in rows]),
        outlines=[
            (rows[n][2], c.outline)
            for n, c in state.drawn.items()
            if n in rows and n not in state.deleted and c.outline is not None
        ],
        background=np.concatenate([np.zeros((0, width)), *background]),
        background_labels=labels,
        usual=(mean, deviation),
        families=[FAMILIES.index(name.split(".")[0]) for name in names],
    )


def reviewed(searched: Searched, state: State, lesson: Lesson) -> Iterator[Shown]:
    """All nuclei as corrections and what was learned from them make them, tile by tile."""
    names: tuple[str, ...] = ()
    corrected = np.array(sorted({*state.labels, *state.drawn}), int)
    for place, tile in enumerate(searched.found()):
        names = tile.nuclei.names
        kept = ~np.isin(tile.numbers, np.array(sorted(state.deleted), int))
        if lesson.is_filtering and lesson.false is not None and len(kept):
            is_false = lesson.false.predict(np.asarray(tile.nuclei.features, float))
            kept &= ~is_false | np.isin(tile.numbers, corrected)
        nuclei = reshaped(searched.store, searched.facts.grid, place, tile.nuclei, lesson.growth)
        yield _corrected(tile, nuclei, np.flatnonzero(kept), state, lesson)
    if state.added:
        added = [state.drawn[number] for number in state.added]
        nuclei = TileNuclei(np.zeros((0, 2)), (), names, np.zeros((0, len(names))))
        numbers = np.array(state.added)
        blank = Shown(numbers, nuclei, ("",) * len(added))
        held = TileNuclei(
            np.array([centre_of(c.outline) for c in added]),
            tuple(c.outline for c in added if c.outline is not None),
            names,
            np.array([c.features for c in added]),
        )
        yield _corrected(blank, held, np.arange(len(added)), state, lesson)


def _corrected(tile, nuclei, rows, state, lesson):
    """Rows of a tile with the types that were learned or given, and outlines drawn anew."""
    features = np.array(nuclei.features, float)[rows]
    centres = np.array(nuclei.centres, float)[rows]
    outlines = [nuclei.outlines[row] for row in rows]
    numbers = tile.numbers[rows]
    for row, number in enumerate(numbers):
        drawn = state.drawn.get(int(number))
        if drawn is not None:
            outlines[row], features[row] = drawn.outline, drawn.features
            centres[row] = centre_of(drawn.outline)
    labels = [tile.labels[row] for row in rows]
    if lesson.types is not None and len(rows):
        labels = lesson.types.predict(features).tolist()
    labels = [state.labels.get(int(n), name) for n, name in zip(numbers, labels, strict=True)]
    held = TileNuclei(centres, tuple(outlines), nuclei.names, features)
    return Shown(numbers, held, tuple(labels))


def _account(searched, steps, state, lesson, tiles):
    """What was corrected and learned, in numbers."""
    found, now, likest = 0, {}, []
    for tile in tiles():
        now.update(zip(tile.numbers.tolist(), tile.labels, strict=True))
        if lesson.false is not None and len(tile.numbers):
            chances = lesson.false.predict_proba(np.asarray(tile.nuclei.features, float))[:, 1]
            rows = [
                (float(chance), int(number))
                for chance, number in zip(chances, tile.numbers, strict=True)
                if number not in state.labels and number not in state.drawn
            ]
            likest = heapq.nlargest(N_SUSPECTS, [*likest, *rows])
    changed, gone = 0, 0
    for tile in searched.found():
        found += len(tile.numbers)
        for number, label in zip(tile.numbers.tolist(), tile.labels, strict=True):
            if number not in now:
                gone += number not in state.deleted
            elif number not in state.labels:
                changed += now[number] != label
    return {
        "steps": len(steps),
        "found": found,
        "labelled": len(state.labels),
        "deleted": len(state.deleted),
        "drawn": sum(c.kind == "outline" for c in state.drawn.values()),
        "added": len(state.added),
        "types_changed_of_others": changed,
        "filtered": gone,
        "growth": float(np.exp(lesson.growth)),
        "trials": {name: asdict(trial) for name, trial in lesson.trials.items()},
        "suspects": [number for _, number in likest],
    }
