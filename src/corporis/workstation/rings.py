"""Strain on a ring of sectors, or on the bull's-eye, that follows the clock of the page."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from corporis.workstation.figures import WALLS, colour_scale, fill, segment_paths
from corporis.workstation.panel import check
from corporis.workstation.surfaces import colour_table

INNER, OUTER = 52.0, 112.0
SHOWN = 128.0
RINGS_SCRIPT = "rings.js"


@dataclass(frozen=True, eq=False)
class Cell:
    """One part of a figure, and its value over the frames.

    Parameters
    ----------
    name : str
    path : str
        Of SVG.
    values : array, (n_frames,)
        NaN where nothing is known.
    place : (float, float) or None
        Where its number is written; None writes none.
    is_marked : bool
        Whether a line is drawn around it.
    number : str
        Written small above its value.
    """

    name: str
    path: str
    values: np.ndarray
    place: tuple[float, float] | None = None
    is_marked: bool = False
    number: str = ""


@dataclass(frozen=True, eq=False)
class MovingRing:
    """Cells of one figure on one scale of colours.

    Parameters
    ----------
    title, unit : str
    cells : sequence of Cell
    words : sequence of (str, float, float)
        Written beside them, with their places.
    low, high : float
    colour_map : str
    has_walls : bool
        Whether it is a bull's-eye, whose walls are named around it.
    """

    title: str
    unit: str
    cells: Sequence[Cell]
    words: Sequence[tuple[str, float, float]] = ()
    low: float = -30.0
    high: float = 30.0
    colour_map: str = "RdBu_r"
    has_walls: bool = False

    def __post_init__(self):
        check(self.low < self.high, f"scale of {self.title!r} must rise, got {self.low, self.high}")
        check(bool(self.cells), f"{self.title!r} has no cells")


def sector_ring(
    title: str,
    sectors: Mapping[str, tuple[float, float]],
    layers: Mapping[str, Sequence[np.ndarray]],
    whole: Mapping[str, np.ndarray],
    **options,
) -> MovingRing:
    """A ring as displayed on the images, each sector in layers from inside to outside.

    Parameters
    ----------
    title : str
    sectors : mapping of str to (begin, end)
        Angles in radians from the image's first axis, which points down, to its second.
    layers : mapping of str to sequence of array
        Values of each sector's layers, inner first.
    whole : mapping of str to array
        Of the sectors as wholes: written.
    """
    cells, words = [], []
    for name, (begin, end) in sectors.items():
        values = layers[name]
        edges = np.linspace(INNER, OUTER, len(values) + 1)
        for layer, course in enumerate(values):
            path = _piece(edges[layer], edges[layer + 1], begin, end)
            cells.append(Cell(name, path, course))
        middle = 0.5 * (begin + end)
        place = _at(0.5 * (INNER + OUTER), middle)
        cells.append(Cell(name, "", whole[name], place))
        words.append((name, *_at(SHOWN, middle)))
    return MovingRing(title, "%", cells, words, **options)


def moving_bullseye(
    title: str, values: np.ndarray, marked: Sequence[int] = (), **options
) -> MovingRing:
    """The 17 segments; values (n_frames, 17), NaN where a segment was not measured."""
    cells = [
        Cell(
            f"segment {number}",
            path,
            values[:, number - 1],
            (x, y + 8),
            number in marked,
            str(number),
        )
        for number, path, (x, y) in segment_paths()
    ]
    return MovingRing(title, "%", cells, has_walls=True, **options)


def rings_data(figures: Sequence[MovingRing]) -> list[dict]:
    """Colours and numbers of all cells, JSON-ready, in the order of `ring_figures`."""
    rows = []
    for figure in figures:
        table = colour_table(figure.colour_map)
        for cell in figure.cells:
            pairs = [fill(float(v), figure.low, figure.high, table) for v in cell.values]
            rows.append(
                {
                    "colours": [colour for colour, _ in pairs],
                    "inks": [ink for _, ink in pairs],
                    "words": [_short(v) for v in cell.values],
                }
            )
    return rows


def ring_figures(figures: Sequence[MovingRing], frame: int = 0) -> str:
    """All figures as HTML, drawn at a frame until the clock moves them."""
    parts, first = [], 0
    for figure in figures:
        scale = colour_scale(figure.colour_map, figure.low, figure.high, "Strain now", figure.unit)
        parts.append(
            f"<figure><figcaption><strong>{escape(figure.title)}</strong></figcaption>"
            f"{_drawn(figure, first, frame)}<figcaption>{scale}</figcaption></figure>"
        )
        first += len(figure.cells)
    return f'<div class="figures">{"".join(parts)}</div>' if parts else ""


def _drawn(figure, first, frame):
    table = colour_table(figure.colour_map)
    shapes, numbers = [], []
    for number, cell in enumerate(figure.cells, first):
        value = float(cell.values[min(frame, len(cell.values) - 1)])
        colour, ink = fill(value, figure.low, figure.high, table)
        if cell.path:
            shapes.append(
                f'<path data-cell="{number}" d="{cell.path}" fill="{colour}">'
                f"<title>{escape(cell.name)}</title></path>"
            )
        if cell.place is not None:
            x, y = cell.place
            numbers.append(
                f'<text class="value" data-cell="{number}" x="{x:.1f}" y="{y:.1f}" '
                f'style="fill:{ink}">{_short(value)}</text>'
            )
            if cell.number:
                numbers.append(
                    f'<text class="number" data-cell="{number}" x="{x:.1f}" y="{y - 13:.1f}" '
                    f'style="fill:{ink}">{escape(cell.number)}</text>'
                )
    marks = [
        f'<path class="halo" d="{c.path}"/><path class="mark" d="{c.path}"/>'
        for c in figure.cells
        if c.is_marked
    ]
    words = [
        f'<text class="wall" x="{x:.1f}" y="{y:.1f}" style="text-anchor:{_anchor(x)}">'
        f"{escape(word)}</text>"
        for word, x, y in figure.words
    ]
    # room for the longest name beside the ring
    longest = max((len(word) for word, *_ in figure.words), default=0)
    half = max(150, round(SHOWN + 6.6 * longest))
    return (
        f'<svg class="bullseye" viewBox="{-half} -150 {2 * half} 300" role="img" '
        f'aria-label="{escape(figure.title)}">{"".join([*shapes, *marks, *numbers, *words])}'
        f"{WALLS if figure.has_walls else ''}</svg>"
    )


def _piece(inner, outer, begin, end):
    """Outline of a piece of a ring, in steps that are even to the eye."""
    angles = np.linspace(begin, end, 16)
    there = [_at(outer, a) for a in angles]
    back = [_at(inner, a) for a in angles[::-1]]
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in [*there, *back]) + "Z"


def _at(radius, angle):
    """x to the right and y down of an angle from down towards the right."""
    return radius * math.sin(angle), radius * math.cos(angle)


def _anchor(x):
    return "start" if x > 20 else "end" if x < -20 else "middle"


def _short(value):
    return f"{value:.0f}".replace("-", "−").replace("−0", "0") if math.isfinite(value) else "–"
