"""The bull's-eye of the left ventricle in SVG, and the legend of a colour scale."""

import math
from collections.abc import Iterator
from html import escape

import numpy as np

from corporis.workstation.panel import BullsEye
from corporis.workstation.surfaces import colour_table
from corporis.workstation.text import pretty_number, pretty_unit

# Rings of the 17-segment model: first segment, count, inner and outer radius, and where the
# first (anterior) segment starts, in degrees counter-clockwise from the right.
RINGS = ((1, 6, 88.0, 120.0, 60.0), (7, 6, 56.0, 88.0, 60.0), (13, 4, 25.0, 56.0, 45.0))
WALLS = (
    '<text class="wall" y="-128">anterior</text><text class="wall" y="139">inferior</text>'
    '<text class="wall" transform="translate(-130 0) rotate(-90)">septal</text>'
    '<text class="wall" transform="translate(130 0) rotate(90)">lateral</text>'
)


def bullseye(figure: BullsEye) -> str:
    """The 17 segments as SVG: apex in the middle, anterior wall on top, septum on the left."""
    low, high = bullseye_range(figure)
    table = colour_table(figure.colour_map)
    parts, outlines = [], []
    for segment, path, (x, y) in segment_paths():
        value = float(figure.values[segment - 1])
        colour, ink = fill(value, low, high, table)
        words = _words(figure, segment)
        parts.append(
            f'<path d="{path}" fill="{colour}"><title>{escape(words)}</title></path>'
            f'<text class="value" x="{x:.1f}" y="{y + (8 if figure.is_numbered else 4):.1f}" '
            f'style="fill:{ink}">{_short(value, high - low)}</text>'
        )
        if figure.is_numbered:
            parts.append(
                f'<text class="number" x="{x:.1f}" y="{y - 5:.1f}" '
                f'style="fill:{ink}">{segment}</text>'
            )
        # Without a numbering the responsible segments cannot be placed on the ring.
        if figure.is_numbered and segment in figure.highlighted:
            outlines.append(f'<path class="halo" d="{path}"/><path class="mark" d="{path}"/>')
    return (
        f'<svg class="bullseye" viewBox="-148 -148 296 296" role="img" '
        f'aria-label="{escape(_spoken(figure))}">{"".join(parts)}{"".join(outlines)}'
        f"{WALLS if figure.is_numbered else ''}</svg>"
    )


def bullseye_range(figure: BullsEye) -> tuple[float, float]:
    """Ends of a bull's-eye's colour scale: the given ones, else those of the values."""
    known = np.asarray(figure.values, dtype=float)
    known = known[np.isfinite(known)]
    low = figure.low if figure.low is not None else float(known.min()) if len(known) else 0.0
    high = figure.high if figure.high is not None else float(known.max()) if len(known) else 1.0
    return low, high if high > low else low + 1.0


def colour_scale(colour_map: str, low: float, high: float, label: str, unit: str) -> str:
    """A legend in HTML: a strip of colour, its two ends and its middle, and what it means."""
    table = colour_table(colour_map)[np.linspace(0, 255, 12).astype(int)]
    stops = ", ".join("rgb({},{},{})".format(*colour) for colour in table.tolist())
    ends = (low, (low + high) / 2, high)
    numbers = "".join(f"<span>{_short(value, high - low)}</span>" for value in ends)
    name = f"{label}, {pretty_unit(unit)}" if unit else label
    return (
        f'<div class="scale"><span class="scale-name">{escape(name)}</span>'
        f'<span class="strip" style="background:linear-gradient(90deg, {stops})"></span>'
        f'<span class="ends">{numbers}</span></div>'
    )


def segment_paths() -> Iterator[tuple[int, str, tuple[float, float]]]:
    """Number, outline and middle of each segment, in a frame with y downwards."""
    for first, count, inner, outer, start in RINGS:
        step = 360.0 / count
        for k in range(count):
            begin, end = (math.radians(start + step * (k + i)) for i in (0, 1))
            (ax, ay), (bx, by) = _polar(outer, begin), _polar(outer, end)
            (cx, cy), (dx, dy) = _polar(inner, end), _polar(inner, begin)
            path = (
                f"M{ax:.2f} {ay:.2f}A{outer} {outer} 0 0 0 {bx:.2f} {by:.2f}"
                f"L{cx:.2f} {cy:.2f}A{inner} {inner} 0 0 1 {dx:.2f} {dy:.2f}Z"
            )
            yield first + k, path, _polar((inner + outer) / 2, (begin + end) / 2)
    r = RINGS[-1][2]
    yield 17, f"M{-r} 0A{r} {r} 0 1 0 {r} 0A{r} {r} 0 1 0 {-r} 0Z", (0.0, 0.0)


def _polar(radius: float, angle: float) -> tuple[float, float]:
    return radius * math.cos(angle), -radius * math.sin(angle)


def fill(value: float, low: float, high: float, table: np.ndarray) -> tuple[str, str]:
    """Colour of a segment and of the ink that can be read on it."""
    if not math.isfinite(value):
        return "#e6eaee", "#55616d"
    place = min(max((value - low) / (high - low), 0.0), 1.0)
    red, green, blue = (int(c) for c in table[round(255 * place)])
    ink = "#ffffff" if 0.299 * red + 0.587 * green + 0.114 * blue < 130 else "#14202b"
    return f"rgb({red},{green},{blue})", ink


def _short(value: float, span: float) -> str:
    if not math.isfinite(value):
        return "–"
    return f"{value:.{0 if span >= 15 else 1 if span >= 1 else 2}f}".replace("-", "−")


def _words(figure: BullsEye, segment: int) -> str:
    value = float(figure.values[segment - 1])
    known = math.isfinite(value)
    words = f"{pretty_number(value)} {pretty_unit(figure.unit)}" if known else "not measured"
    if not figure.is_numbered:
        return words
    return f"Segment {segment}: {words}" + (
        ", drove the judgement" if segment in figure.highlighted else ""
    )


def _spoken(figure: BullsEye) -> str:
    return f"{figure.title} in 17 segments. " + "; ".join(
        _words(figure, segment) for segment in range(1, 18)
    )
