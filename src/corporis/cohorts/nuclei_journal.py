"""The journal of a review: what a person corrected, step by step, so that each can be undone."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from corporis.errors import BadInput, Unreadable
from corporis.imaging.guard import one_line, shown

JOURNAL = "review.json"
VERSION = 1
KINDS = ("label", "delete", "outline", "add", "filter")
LONGEST_LABEL = 60


@dataclass(frozen=True)
class Correction:
    """One thing that a person corrected.

    Parameters
    ----------
    kind : str
        ``label``, ``delete``, ``outline``, ``add``, or ``filter``: take away what is like the
        deleted.
    number : int
        Of the nucleus; 0 for a filter.
    label : str
        Type; empty for none.
    outline : ndarray, (k, 2), or None
        Rows and columns as searched, of a nucleus drawn anew or added.
    features : ndarray, (d,), or None
        Measured inside that outline.
    """

    kind: str
    number: int = 0
    label: str = ""
    outline: np.ndarray | None = None
    features: np.ndarray | None = None

    def to_json(self) -> dict:
        """Numbers and text alone."""
        found = {"kind": self.kind, "number": self.number, "label": self.label}
        if self.outline is not None and self.features is not None:
            found["outline"] = np.round(self.outline, 3).tolist()
            found["features"] = [float(f"{value:.6g}") for value in self.features]
        return found

    @classmethod
    def from_json(cls, held: dict) -> "Correction":
        """What `to_json` gave; ValueError, KeyError or TypeError where it is anything else."""
        if held["kind"] not in KINDS:
            raise ValueError(f"no such kind: {one_line(held['kind'], 40)}")
        drawn = {
            name: np.array(held[name], float) for name in ("outline", "features") if name in held
        }
        return cls(held["kind"], int(held["number"]), str(held["label"]), **drawn)


@dataclass(frozen=True)
class State:
    """All steps together.

    Parameters
    ----------
    labels : dict of str, by number
    deleted : set of int
    drawn : dict of Correction, by number
        Outlines drawn anew, and nuclei added.
    added : tuple of int
        Numbers of the nuclei added that were not deleted since.
    is_filtering : bool
    """

    labels: dict[int, str] = field(default_factory=dict)
    deleted: set[int] = field(default_factory=set)
    drawn: dict[int, Correction] = field(default_factory=dict)
    added: tuple[int, ...] = ()
    is_filtering: bool = False


def state_of(steps: Sequence[Sequence[Correction]]) -> State:
    """What holds after all steps, later ones going before earlier ones.

    Examples
    --------
    >>> steps = [[Correction("label", 3, "a")], [Correction("label", 3, "b")]]
    >>> state_of(steps).labels, state_of(steps[:1]).labels
    ({3: 'b'}, {3: 'a'})
    """
    labels: dict[int, str] = {}
    deleted: set[int] = set()
    drawn: dict[int, Correction] = {}
    added: list[int] = []
    is_filtering = False
    for correction in (c for step in steps for c in step):
        number = correction.number
        if correction.kind == "filter":
            is_filtering = True
        elif correction.kind == "delete":
            deleted.add(number)
            labels.pop(number, None)
        if correction.kind in ("outline", "add"):
            drawn[number] = correction
        if correction.kind == "add":
            added.append(number)
        if correction.label:
            labels[number] = correction.label
    alive = tuple(number for number in added if number not in deleted)
    return State(labels, deleted, drawn, alive, is_filtering)


def read_journal(folder: Path) -> list[list[Correction]]:
    """All steps so far; none where nothing was corrected.

    Raises
    ------
    Unreadable
        If it is damaged or of another version.
    """
    path = folder / JOURNAL
    if not path.is_file():
        return []
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        if held["version"] != VERSION:
            raise ValueError(f"version {held['version']}")
        return [[Correction.from_json(c) for c in step] for step in held["steps"]]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unreadable(
            f"{shown(path)}: expected a journal of version {VERSION}, but it cannot be read "
            f"({one_line(error, 80)}): move it away to begin the review anew"
        ) from error


def journal_bytes(steps: Sequence[Sequence[Correction]]) -> bytes:
    """The journal as a file's content."""
    held = {"version": VERSION, "steps": [[c.to_json() for c in step] for step in steps]}
    return json.dumps(held).encode()


def checked_label(text: str) -> str:
    """A type's name as it may be written.

    Raises
    ------
    BadInput
        If it is empty or longer than 60 letters.
    """
    name = one_line(text, 10 * LONGEST_LABEL)
    if not 1 <= len(name) <= LONGEST_LABEL:
        raise BadInput(
            f"a type's name has 1 to {LONGEST_LABEL} letters, got {len(name)}: shorten it"
        )
    return name
