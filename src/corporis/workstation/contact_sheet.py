"""The contact sheet of a search: the region, the cases most like it, and what they vote for."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from corporis.imaging.output import write_bytes
from corporis.interfaces import Measure
from corporis.workstation.html import document
from corporis.workstation.sheet import account, masthead, sheet
from corporis.workstation.text import label, per_cent, pretty_number

FAMILIES = {"words": "visual words", "network": "network's verdict"}
"""Families of features whose names say too little."""
HALF = 0.5
"""Of the other cases: a family in which a case is nearer than these agrees."""


@dataclass(frozen=True)
class Card:
    """One case on the sheet.

    Parameters
    ----------
    name, diagnosis : str
    thumbnail : bytes
        JPEG.
    bits : float or None
        Differing bits; None where nothing was compared.
    facts : mapping of str
    agreeing, differing : sequence of str
    nearer_than : mapping of float
        Of each family of features, the share of cases that are farther from the region in it.
    """

    name: str
    diagnosis: str
    thumbnail: bytes
    bits: float | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    agreeing: Sequence[str] = ()
    differing: Sequence[str] = ()
    nearer_than: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class ContactSheet:
    """All that a sheet shows.

    Parameters
    ----------
    name, sentence : str
        Of the region, and what was found, for a reader who stops here.
    picture : bytes
        The region as JPEG; empty for a sheet of examples.
    cards : sequence of Card
    probabilities : mapping of float
        Of each diagnosis.
    is_alike : bool
        Whether anything like the region is known.
    hides_labels : bool
        Diagnoses show when they are asked for, one by one: for teaching.
    measures : sequence of Measure
    warnings, methods, references : sequence of str
    provenance : mapping
    date : str
    """

    name: str
    sentence: str
    picture: bytes
    cards: Sequence[Card]
    probabilities: Mapping[str, float] = field(default_factory=dict)
    is_alike: bool = True
    hides_labels: bool = False
    measures: Sequence[Measure] = ()
    warnings: Sequence[str] = ()
    methods: Sequence[str] = ()
    references: Sequence[str] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)
    date: str = ""


def render_contact_sheet(page: ContactSheet) -> str:
    """The sheet as HTML text, complete in itself."""
    picture = ""
    if page.picture:
        picture = (
            f'<figure class="query"><img alt="The region" src="{_data(page.picture)}"></figure>'
        )
    votes = _votes(page.probabilities)
    if votes and page.hides_labels:
        votes = _hidden("Show the vote", votes)
    cards = "".join(_card(card, n, page.hides_labels) for n, card in enumerate(page.cards, 1))
    parts = [
        ("region", "The region", picture and f'<div class="asked">{picture}{votes}</div>', ""),
        ("cases", "Cases", f'<ol class="cards">{cards}</ol>', ""),
        ("methods", "How it was done",
         account(page.methods, page.references, page.provenance), "methods"),
    ]  # fmt: skip
    conclusion = f'<p class="sentence">{escape(page.sentence)}</p>'
    if page.hides_labels and page.picture:
        conclusion = _hidden("Show what the cases say", conclusion)
    head = masthead(
        "cases alike" if page.picture else "examples",
        page.name,
        "uncertain" if page.is_alike else "unknown",
        f'<p class="verdict">For research use only</p>{conclusion}',
        tiles=page.measures,
        warnings=page.warnings,
        parts=[(identity, heading) for identity, heading, content, _ in parts if content],
        date=page.date,
    )
    return document(f"Cases alike: {page.name}", sheet(head, parts), {}, ())


def write_contact_sheet(page: ContactSheet, path: str | Path) -> Path:
    """Write the sheet; the file appears complete or not at all.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    return write_bytes(path, render_contact_sheet(page).encode())


def _data(picture: bytes) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(picture).decode()}"


def _hidden(words: str, content: str) -> str:
    return f'<details class="hidden-label"><summary>{words}</summary>{content}</details>'


def _votes(probabilities) -> str:
    bars = "".join(
        f'<div class="bar-row"><span class="bar-name">{escape(label(name))}</span>'
        f'<span class="bar-track"><span class="bar-fill" style="width:{100 * p:.1f}%"></span>'
        f'</span><span class="bar-value">{per_cent(p)}</span></div>'
        for name, p in sorted(probabilities.items(), key=lambda item: -item[1])
    )
    return f'<div class="bars"><h3>What the cases vote for</h3>{bars}</div>' if bars else ""


def _card(card: Card, number: int, hides_labels: bool) -> str:
    known = ", ".join(f"{label(k)}: {v}" for k, v in card.facts.items())
    said = f'<p class="diagnosis">{escape(label(card.diagnosis))}</p>'
    said += f'<p class="small">{escape(card.name)}</p>'
    said += f'<p class="small">{escape(known)}</p>' if known else ""
    if hides_labels:
        said = _hidden("Show the diagnosis", said)
    bits = "" if card.bits is None else f"{pretty_number(card.bits)} bits apart"
    reasons = "".join(
        f"<p><b>{words}</b> {escape('; '.join(named))}</p>"
        for words, named in _reasons(card, hides_labels)
        if named
    )
    alt = f"Case {number}" if hides_labels else f"Case {number}: {card.diagnosis}"
    return (
        f'<li class="card"><img alt="{escape(alt)}" src="{_data(card.thumbnail)}">'
        f'<div class="about"><p class="rank">{number}<span>{bits}</span></p>{said}'
        f'<div class="small reasons-of">{reasons}</div></div></li>'
    )


def _reasons(card, hides_labels):
    """Headings and what stands under them; a network's verdict would betray a hidden diagnosis."""

    def shown(names):
        return [name for name in names if not (hides_labels and name.startswith("network"))]

    nearer = sorted(shown(card.nearer_than), key=lambda name: -card.nearer_than[name])
    agree = [name for name in nearer if card.nearer_than[name] >= HALF]
    others = [FAMILIES.get(name, name) for name in nearer if card.nearer_than[name] < HALF]
    said = [f"{FAMILIES.get(name, name)} {per_cent(card.nearer_than[name])}" for name in agree]
    return (
        ("Alike:", shown(card.agreeing)),
        ("Unlike:", shown(card.differing)),
        ("Nearer than so many others in:", said),
        ("Farther than most in:", others),
    )
