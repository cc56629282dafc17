"""What every report page has: a head, parts one can jump to, an account of the methods."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from corporis.interfaces import Measure
from corporis.workstation.html import description_list, measure_tiles, section, text_list
from corporis.workstation.text import linked

LICENCE = (
    "Made with corporis, free software under the Apache License 2.0. For research: not a medical "
    "device, not for diagnosis or treatment. Every outline and number must be checked by a person."
)


def masthead(
    kind: str,
    name: str,
    verdict: str,
    conclusion: str,
    *,
    tiles: Sequence[Measure],
    warnings: Sequence[str],
    parts: Sequence[tuple[str, str]],
    date: str,
) -> str:
    """The head of a page: what it is, the conclusion (HTML), some measures, warnings, a menu."""
    notes = text_list(warnings)
    if notes:
        notes = f'<aside class="warnings" aria-label="Warnings"><h2>Note</h2>{notes}</aside>'
    menu = "".join(f'<a href="#{identity}">{escape(words)}</a>' for identity, words in parts)
    day = f'<span class="date">{escape(date)}</span>' if date else ""
    return (
        '<header class="top"><div class="bar"><span class="brand">corporis</span>'
        f'<span class="kind">{escape(kind)}</span>{day}</div><h1>{escape(name)}</h1>'
        f'<div class="conclusion {verdict}">{conclusion}</div>{measure_tiles(tiles)}{notes}'
        f'<nav aria-label="Parts of this page">{menu}</nav></header>'
    )


def sheet(head: str, parts: Sequence[tuple[str, str, str, str]]) -> str:
    """The body of a page: its head, its parts (identity, heading, content, kind), the licence."""
    content = "".join(section(*part) for part in parts)
    return f"{head}<main>{content}</main><footer><p>{LICENCE}</p></footer>"


def account(
    methods: Sequence[str], references: Sequence[str], provenance: Mapping[str, Any]
) -> str:
    """How it was done, after whom, and with what; empty where nothing is known."""
    text = "".join(f"<p>{linked(sentence)}</p>" for sentence in methods)
    listed = text_list(dict.fromkeys(references), "ol")
    if listed:
        listed = f"<h3>References</h3>{listed}"
    facts = description_list(provenance)
    if facts:
        facts = f"<details><summary>Provenance</summary>{facts}</details>"
    return (f'<div class="prose">{text}{listed}</div>' if text or listed else "") + facts
