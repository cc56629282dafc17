"""Curves over time with a marker the page moves, and rulers of normal ranges."""

import math
from collections.abc import Sequence
from html import escape

import numpy as np

from corporis.workstation.panel import Curve
from corporis.workstation.text import label, pretty_number, pretty_unit

COLOURS = ("#b3342b", "#2f6db5", "#3c7d5a", "#7a5aa6", "#c07a12", "#3f8f9c")
WIDTH, HEIGHT = 480.0, 390.0
LEFT, RIGHT, TOP, BOTTOM = 48.0, 18.0, 40.0, 50.0


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Round numbers between two ends, at most about as many as asked.

    Examples
    --------
    >>> ticks(0, 180)
    [0.0, 50.0, 100.0, 150.0]
    """
    raw = (high - low) / max(about, 1)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(f * power for f in (1, 2, 2.5, 5, 10) if f * power >= raw * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [float(k * step) for k in range(first, last + 1)]


def curve_diagram(
    curves: Sequence[Curve], times: np.ndarray, x_label: str, marks: Sequence[tuple[int, str]] = ()
) -> str:
    """Curves of one unit over time as SVG, with their names above.

    Parameters
    ----------
    curves : sequence of Curve
        At least one.
    times : array, (n_frames,)
        Abscissa, increasing.
    x_label : str
    marks : sequence of (frame, label)
        Frames marked with a line, such as end-diastole.
    """
    low, high = _value_range(curves)
    span = float(times[-1] - times[0]) or 1.0
    x = LEFT + (np.asarray(times, dtype=float) - times[0]) / span * (WIDTH - LEFT - RIGHT)

    def y(value):
        part = (np.asarray(value, dtype=float) - low) / (high - low)
        return HEIGHT - BOTTOM - part * (HEIGHT - TOP - BOTTOM)

    unit = pretty_unit(curves[0].unit)
    parts = [_axes(x, y, np.asarray(times, dtype=float), (low, high), x_label, unit)]
    parts += [_event(float(x[frame]), word) for frame, word in marks]
    keys = ""
    for index, curve in enumerate(curves):
        colour = COLOURS[index % len(COLOURS)]
        parts.append(_line(curve, x, y, colour))
        keys += (
            f'<span class="key"><span class="swatch" style="background:{colour}"></span>'
            f"{escape(label(curve.name))}</span>"
        )
    places = " ".join(f"{value:.1f}" for value in x)
    parts.append(
        f'<line class="now" data-places="{places}" x1="{x[0]:.1f}" x2="{x[0]:.1f}" '
        f'y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>'
    )
    title = f"{' and '.join(curve.name for curve in curves)} in {unit} over the heartbeat"
    return (
        f'<div class="keys">{keys}</div><svg class="curve" role="img" '
        f'viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}" '
        f'aria-label="{escape(title)}">{"".join(parts)}</svg>'
    )


def ruler(value: float, normal: tuple[float, float], unit: str) -> str:
    """A value against its normal range in HTML: a band for the range, a dot for the value."""
    low, high = normal
    pad = 0.35 * (high - low)
    start, end = min(low - pad, value - pad / 2), max(high + pad, value + pad / 2)

    def place(number):
        return 100 * (number - start) / (end - start)

    kind = "inside" if low <= value <= high else "outside"
    words = (
        f"{pretty_number(value)} {pretty_unit(unit)}; "
        f"normal {pretty_number(low)} to {pretty_number(high)}"
    )
    return (
        f'<div class="ruler" role="img" aria-label="{escape(words)}"><span class="track"></span>'
        f'<span class="normal" style="left:{place(low):.1f}%;'
        f'width:{place(high) - place(low):.1f}%"></span>'
        f'<span class="dot {kind}" style="left:{place(value):.1f}%"></span>'
        f'<span class="limit" style="left:{place(low):.1f}%">{_round(low)}</span>'
        f'<span class="limit" style="left:{place(high):.1f}%">{_round(high)}</span></div>'
    )


def _value_range(curves: Sequence[Curve]) -> tuple[float, float]:
    """From zero, or the least value below it, to a little above the largest."""
    bounds = [v for c in curves for v in (c.values, c.low, c.high) if v is not None]
    known = np.concatenate([np.asarray(v, dtype=float) for v in bounds])
    known = known[np.isfinite(known)]
    if not len(known):
        return 0.0, 1.0
    low = min(0.0, 1.06 * float(known.min()))
    high = max(0.0, 1.06 * float(known.max()))
    return low, high if high > low else low + 1.0


def _axes(x, y, times, values, x_label, unit) -> str:
    right, base = WIDTH - RIGHT, HEIGHT - BOTTOM
    parts = []
    for value in ticks(*values):
        height = float(y(value))
        parts.append(
            f'<line class="rule" x1="{LEFT}" x2="{right}" y1="{height:.1f}" y2="{height:.1f}"/>'
            f'<text class="tick end" x="{LEFT - 8}" y="{height + 4:.1f}">'
            f"{_round(value)}</text>"
        )
    if times[-1] > times[0]:
        scale = (x[-1] - x[0]) / (times[-1] - times[0])
        for value in ticks(float(times[0]), float(times[-1]), 5):
            place = x[0] + (value - times[0]) * scale
            parts.append(
                f'<text class="tick" x="{place:.1f}" y="{base + 18}">{_round(value)}</text>'
            )
    parts.append(
        f'<line class="axis" x1="{LEFT}" x2="{right}" y1="{base}" y2="{base}"/>'
        f'<text class="label" x="{(LEFT + right) / 2:.0f}" y="{base + 40}">{escape(x_label)}</text>'
        f'<text class="label start" x="6" y="{TOP - 8}">{escape(unit)}</text>'
    )
    return "".join(parts)


def _round(value: float) -> str:
    """A round number as it is, without the zeros that three digits would add."""
    return f"{value:,.10g}".replace(",", "\u202f").replace("-", "−")


def _event(place: float, word: str) -> str:
    return (
        f'<line class="event" x1="{place:.1f}" x2="{place:.1f}" y1="{TOP}" '
        f'y2="{HEIGHT - BOTTOM}"/>'
        f'<text class="event" x="{place:.1f}" y="{TOP - 8}">{escape(word)}</text>'
    )


def _line(curve: Curve, x, y, colour: str) -> str:
    values = np.asarray(curve.values, dtype=float)
    parts = []
    if curve.low is not None and curve.high is not None:
        known = np.isfinite(curve.low) & np.isfinite(curve.high)
        upper = [f"{a:.1f},{b:.1f}" for a, b in zip(x[known], y(curve.high)[known], strict=True)]
        lower = [f"{a:.1f},{b:.1f}" for a, b in zip(x[known], y(curve.low)[known], strict=True)]
        outline = " ".join(upper + lower[::-1])
        parts.append(f'<polygon points="{outline}" fill="{colour}" opacity="0.13"/>')
    heights, steps, is_open = y(values), [], False
    for place, height in zip(x, heights, strict=True):
        if math.isfinite(height):
            steps.append(f"{'L' if is_open else 'M'}{place:.1f} {height:.1f}")
            parts.append(f'<circle cx="{place:.1f}" cy="{height:.1f}" r="2.4" fill="{colour}"/>')
        is_open = math.isfinite(height)
    parts.append(f'<path class="line" d="{"".join(steps)}" stroke="{colour}"/>')
    return "".join(parts)
