"""The diagram of Bland and Altman: differences of two measurements over their means, as SVG."""

from html import escape

import numpy as np

from corporis.learning.agreement import Agreement
from corporis.workstation.diagrams import ticks

WIDTH, HEIGHT = 480.0, 300.0
LEFT, RIGHT, TOP, BOTTOM = 62.0, 16.0, 30.0, 44.0
INK, FAINT, LINE = "#222", "#bbb", "#2f6db5"


def agreement_diagram(
    measured: np.ndarray, reference: np.ndarray, found: Agreement, title: str, form: str = "{:.3g}"
) -> str:
    """Points, the bias, both limits of agreement, and the exact interval of each as a band.

    Parameters
    ----------
    measured, reference : array, (n,)
    found : Agreement
        Of them.
    title : str
        What is measured, with its unit.
    form : str
        How numbers are printed.

    Raises
    ------
    ValueError
        If the number of pairs is another than that of `found`.
    """
    measured, reference = np.asarray(measured, float), np.asarray(reference, float)
    if len(measured) != found.n or len(reference) != found.n:
        raise ValueError(f"expected {found.n} pairs, got {len(measured)} and {len(reference)}")
    mean, difference = (measured + reference) / 2, measured - reference
    x_ends = _ends(mean)
    y_ends = _ends(np.array([*difference, found.low_interval[0], found.high_interval[1], 0.0]))

    def x(value):
        return LEFT + (value - x_ends[0]) / (x_ends[1] - x_ends[0]) * (WIDTH - LEFT - RIGHT)

    def y(value):
        share = (value - y_ends[0]) / (y_ends[1] - y_ends[0])
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)

    parts = [_axes(x, y, x_ends, y_ends, title)]
    for value, ends, dash in (
        (found.bias, found.bias_interval, ""),
        (found.limits[0], found.low_interval, ' stroke-dasharray="6 4"'),
        (found.limits[1], found.high_interval, ' stroke-dasharray="6 4"'),
    ):
        top, bottom = y(ends[1]), y(ends[0])
        parts.append(
            f'<rect x="{LEFT}" y="{top:.1f}" width="{WIDTH - LEFT - RIGHT}" '
            f'height="{bottom - top:.1f}" fill="{LINE}" opacity="0.15"/>'
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(value):.1f}" y2="{y(value):.1f}" '
            f'stroke="{LINE}"{dash}/>'
            f'<text x="{WIDTH - RIGHT - 2}" y="{y(value) - 3:.1f}" text-anchor="end" '
            f'fill="{LINE}">{escape(form.format(value))}</text>'
        )
    parts += [
        f'<circle cx="{x(m):.1f}" cy="{y(d):.1f}" r="2.4" fill="{INK}" opacity="0.7"/>'
        for m, d in zip(mean, difference)
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" '
        f'width="{WIDTH:g}" height="{HEIGHT:g}" font-family="sans-serif" font-size="11">'
        f'<rect width="100%" height="100%" fill="white"/>{"".join(parts)}</svg>'
    )


def _ends(values) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    margin = 0.06 * (high - low) or 1.0
    return low - margin, high + margin


def _axes(x, y, x_ends, y_ends, title) -> str:
    parts = [f'<text x="{LEFT}" y="18" font-weight="bold">{escape(title)}</text>']
    parts += [
        f'<text x="{x(v):.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{v:g}</text>'
        for v in ticks(*x_ends)
    ]
    for v in ticks(*y_ends):
        parts.append(
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(v):.1f}" y2="{y(v):.1f}" '
            f'stroke="{FAINT}" stroke-width="{1.2 if abs(v) < 1e-12 else 0.4}"/>'
            f'<text x="{LEFT - 6}" y="{y(v) + 4:.1f}" text-anchor="end">{v:g}</text>'
        )
    middle = (TOP + HEIGHT - BOTTOM) / 2
    parts.append(
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 8}" text-anchor="middle">'
        "mean of both</text>"
        f'<text transform="translate(14 {middle}) rotate(-90)" text-anchor="middle">'
        "measured less manual</text>"
    )
    return "".join(parts)
