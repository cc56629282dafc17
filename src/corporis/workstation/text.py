"""Words and numbers as a page prints them: escaped, rounded, with units."""

import math
import re
from html import escape

import numpy as np

UNITS = {"^2": "²", "^3": "³", "^-1": "⁻¹", "^-2": "⁻²"}
_ADDRESS = re.compile(r"(https?://[^\s<>\"']+[^\s<>\"'.,;)])|\bdoi:(10\.\d{4,9}/[^\s<>\"']+[\w)])")


def linked(text: str) -> str:
    """Escaped text in which web addresses and DOIs are links, nothing else.

    Examples
    --------
    >>> linked("<b> doi:10.1000/182")
    '&lt;b&gt; <a href="https://doi.org/10.1000/182" rel="noreferrer">doi:10.1000/182</a>'
    """
    pieces, end = [], 0
    for match in _ADDRESS.finditer(text):
        address = match[1] or f"https://doi.org/{match[2]}"
        pieces += [
            escape(text[end : match.start()]),
            f'<a href="{escape(address)}" rel="noreferrer">{escape(match[0])}</a>',
        ]
        end = match.end()
    return "".join([*pieces, escape(text[end:])])


def label(name: str) -> str:
    """A name as a heading: a capital first, no underscores.

    Examples
    --------
    >>> label("left_endocardium")
    'Left endocardium'
    """
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def capital(sentence: str) -> str:
    """A sentence with a capital first, nothing else changed.

    Examples
    --------
    >>> capital("ejection fraction 24 %")
    'Ejection fraction 24 %'
    """
    return sentence[:1].upper() + sentence[1:]


def pretty_unit(unit: str) -> str:
    """A unit as printed.

    Examples
    --------
    >>> pretty_unit("px^3")
    'px³'
    """
    for plain, printed in UNITS.items():
        unit = unit.replace(plain, printed)
    return unit


def pretty_number(value: float | None) -> str:
    """A number in three significant digits, a count in all, thin spaces between thousands.

    Examples
    --------
    >>> [pretty_number(v) for v in (58.234, 142.4, 0.0123, None, -2.5, 20.0, 20)]
    ['58.2', '142', '0.0123', '–', '−2.5', '20.0', '20']
    """
    if value is None or not math.isfinite(value):
        return "–"
    if value == 0:
        return "0"
    if isinstance(value, int | np.integer):
        return f"{value:,}".replace(",", "\u202f").replace("-", "−")
    digits = min(max(0, 2 - math.floor(math.log10(abs(value)))), 6)
    text = f"{value:,.{digits}f}"
    if digits > 1:
        text = text.rstrip("0").rstrip(".")
    return text.replace(",", "\u202f").replace("-", "−")


def per_cent(probability: float) -> str:
    """A probability in whole per cent; never 0 or 100 unless it is exactly that.

    Examples
    --------
    >>> [per_cent(p) for p in (0.934, 0.9991, 0.002, 1.0)]
    ['93 %', '> 99 %', '< 1 %', '100 %']
    """
    if 0 < probability < 0.005:
        return "< 1 %"
    if 0.995 <= probability < 1:
        return "> 99 %"
    return f"{100 * probability:.0f} %"
