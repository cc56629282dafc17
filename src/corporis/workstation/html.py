"""A page that needs nothing but itself: its shell, its data, tables and lists, all escaped."""

import base64
import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib.resources import files
from typing import Any

import numpy as np

from corporis.interfaces import Measure
from corporis.workstation.text import label, linked, pretty_number, pretty_unit


def asset(name: str) -> str:
    """The text of one of the page's own style sheets or scripts."""
    return (files("corporis.workstation") / "assets" / name).read_text(encoding="utf-8")


def embed_json(data: Any) -> str:
    """JSON that may stand inside a ``<script>`` element: no ``<``, ``>`` or ``&`` is left in it.

    Examples
    --------
    >>> print(embed_json({"a": "</script>"}))
    {"a":"\\u003c/script\\u003e"}
    """
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    for letter in "<>&":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text


def document(title: str, body: str, data: Any, scripts: Sequence[str]) -> str:
    """A whole page: style and scripts inside, nothing fetched, no other script allowed to run.

    Parameters
    ----------
    title : str
        Plain text; escaped here.
    body : str
        HTML; its author has escaped what came from outside.
    data : JSON-ready
        Given to the scripts as the element ``#study``.
    scripts : sequence of str
        Names of assets, run in this order. Each is its own element, so that one that fails
        does not stop the others, and each is allowed by its hash: the browser refuses any
        script that found its way into the text.
    """
    sources = [asset(name) for name in scripts]
    hashes = [base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in sources]
    allowed = " ".join(f"'sha256-{value}'" for value in hashes) or "'none'"
    policy = (
        f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src {allowed}; "
        "base-uri 'none'; form-action 'none'"
    )
    elements = "".join(f"<script>{source}</script>\n" for source in sources)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<link rel="icon" href="data:,">\n'
        f"<title>{escape(title)}</title>\n<style>\n{asset('style.css')}</style>\n</head>\n"
        f"<body>\n{body}\n"
        f'<script type="application/json" id="study">{embed_json(data)}</script>\n'
        f"{elements}</body>\n</html>\n"
    )


def section(identity: str, heading: str, content: str, kind: str = "") -> str:
    """A part of the page with its heading; nothing where there is no content."""
    if not content:
        return ""
    return (
        f'<section id="{escape(identity)}" class="{escape(kind)}" '
        f'aria-labelledby="{escape(identity)}-title">'
        f'<h2 id="{escape(identity)}-title">{escape(heading)}</h2>{content}</section>'
    )


def interval(measure: Measure) -> str:
    """The 95 % interval in words, or nothing."""
    if measure.low is None or measure.high is None:
        return ""
    return f"{pretty_number(measure.low)} to {pretty_number(measure.high)}"


def measure_tiles(measures: Iterable[Measure]) -> str:
    """The key numbers, large."""
    tiles = []
    for measure in measures:
        if _is_known(measure):
            number = (
                f'<dd class="number">{pretty_number(measure.value)}'
                f'<span class="unit">{escape(pretty_unit(measure.unit))}</span></dd>'
            )
            small = f"{interval(measure)} (95 %)" if interval(measure) else measure.note
        else:
            number, small = '<dd class="number missing">not measured</dd>', measure.note
        tiles.append(
            f'<div class="tile-number"><dt>{escape(label(measure.name))}</dt>{number}'
            f'<dd class="small">{escape(small)}</dd></div>'
        )
    return f'<dl class="numbers">{"".join(tiles)}</dl>' if tiles else ""


def measure_table(measures: Iterable[Measure]) -> str:
    """All measures: value, unit, 95 % interval and note."""
    rows = [
        f'<tr><th scope="row">{escape(label(m.name))}</th>'
        f'<td class="value">{pretty_number(m.value) if _is_known(m) else "not measured"}</td>'
        f"<td>{escape(pretty_unit(m.unit))}</td><td>{interval(m)}</td>"
        f"<td>{linked(m.note)}</td></tr>"
        for m in measures
    ]
    if not rows:
        return ""
    head = "".join(
        f'<th scope="col"{" class=value" if name == "Value" else ""}>{name}</th>'
        for name in ("Measure", "Value", "Unit", "95 % interval", "Note")
    )
    return (
        '<div class="table"><table><thead><tr>'
        f"{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def text_list(texts: Iterable[str], kind: str = "ul") -> str:
    """Sentences as a list; addresses become links."""
    items = "".join(f"<li>{linked(text)}</li>" for text in texts)
    return f"<{kind}>{items}</{kind}>" if items else ""


def description_list(values: Mapping[str, Any]) -> str:
    """Names and values, nested as they are given."""
    if not values:
        return ""
    rows = []
    for name, value in values.items():
        shown = description_list(value) if isinstance(value, Mapping) else linked(_plain(value))
        rows.append(f"<div><dt>{escape(str(name))}</dt><dd>{shown}</dd></div>")
    return f'<dl class="provenance">{"".join(rows)}</dl>'


def _is_known(measure: Measure) -> bool:
    return measure.value is not None and math.isfinite(measure.value)


def _plain(value: Any) -> str:
    if isinstance(value, float | np.floating):
        return f"{value:.6g}"
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(_plain(part) for part in value)
    return str(value)
