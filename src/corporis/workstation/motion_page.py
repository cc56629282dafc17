"""The report of a heart in motion as one file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from corporis.imaging.output import write_bytes
from corporis.interfaces import Measure, Mesh
from corporis.workstation.diagrams import curve_diagram
from corporis.workstation.html import description_list, document, measure_table
from corporis.workstation.panel import Curve, View
from corporis.workstation.rings import RINGS_SCRIPT, MovingRing, ring_figures, rings_data
from corporis.workstation.scene import Camera, Colouring, Look
from corporis.workstation.sheet import account, masthead, sheet
from corporis.workstation.stage import (
    SCRIPTS,
    clock_data,
    player_data,
    player_panel,
    transport,
    viewer_data,
    viewer_panel,
)
from corporis.workstation.text import capital, pretty_number

RIDE = "Lines are drawn where the motion puts them: they should ride on what the images show."
CROSSES = " Crosses are observations that were set aside as grossly wrong."


@dataclass(frozen=True)
class MotionPage:
    """All that the report of a heart in motion shows.

    Parameters
    ----------
    case_name : str
        A neutral label.
    sentence : str
        What was found, for a reader who stops here.
    measures, views, curves : see their classes
        `curves` in groups, a diagram each, by heading.
    meshes : mapping of str to Mesh
        Moving; coloured by `colourings`.
    rings : sequence of MovingRing
    columns, rows : sequence
        The table by region: names of its columns, and a row of words and numbers a region.
    n_frames : int
    times_ms : array or None
    end_systole : int or None
        Frame.
    definitions : mapping of str to str
    beside : sequence of (str, str, str, str)
        Further parts: identity, heading, HTML, kind.
    """

    case_name: str
    sentence: str
    measures: Sequence[Measure] = ()
    headline: Sequence[str] = ()
    views: Sequence[View] = ()
    meshes: Mapping[str, Mesh] = field(default_factory=dict)
    colourings: Sequence[Colouring] = ()
    looks: Mapping[str, Look] = field(default_factory=dict)
    camera: Camera = field(default_factory=Camera)
    rings: Sequence[MovingRing] = ()
    curves: Mapping[str, Sequence[Curve]] = field(default_factory=dict)
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[str | float | None]] = ()
    n_frames: int = 1
    times_ms: np.ndarray | None = None
    end_systole: int | None = None
    definitions: Mapping[str, str] = field(default_factory=dict)
    methods: Sequence[str] = ()
    references: Sequence[str] = ()
    warnings: Sequence[str] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)
    beside: Sequence[tuple[str, str, str, str]] = ()
    date: str = ""

    def __post_init__(self):
        for name in ("meshes", "looks", "curves", "definitions", "provenance"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"a row must have {len(self.columns)} entries, got {len(row)}")


def render_motion_page(page: MotionPage, budget_bytes: int = 7_000_000) -> str:
    """The page as HTML text, complete in itself."""
    data: dict = {"clock": clock_data(page.n_frames, page.times_ms, 0)}
    moving = _stage(page, data, budget_bytes)
    rings = ""
    if page.rings:
        data["rings"] = rings_data(page.rings)
        rings = ring_figures(page.rings, page.end_systole or 0)
    sections = [
        ("images", "The muscle on the images", moving, "moving"),
        *page.beside,
        ("rings", "Strain around the wall, over time", rings, ""),
        ("curves", "Strain over the beat", motion_curves(page), ""),
        ("regions", "By region", region_table(page), ""),
        ("measures", "All measures", measure_table(page.measures), ""),
        ("definitions", "What each number means", description_list(page.definitions), ""),
        (
            "methods",
            "How it was done",
            account(page.methods, page.references, page.provenance),
            "methods",
        ),
    ]
    named = {m.name: m for m in page.measures}
    head = masthead(
        "motion report",
        page.case_name,
        "none",
        f'<p class="sentence">{escape(page.sentence)}</p>',
        tiles=[named[name] for name in page.headline],
        warnings=[capital(w) for w in page.warnings],
        parts=[(identity, heading) for identity, heading, content, _ in sections if content],
        date=page.date,
    )
    title = f"Motion report: {page.case_name}"
    scripts = (*SCRIPTS[:-1], RINGS_SCRIPT, SCRIPTS[-1])
    return document(title, sheet(head, sections), data, scripts)


def write_motion_page(page: MotionPage, path: str | Path) -> Path:
    """Write the page; the file appears complete or not at all."""
    return write_bytes(path, render_motion_page(page).encode())


def _stage(page: MotionPage, data: dict, budget_bytes: int) -> str:
    panels = []
    if page.views:
        data["player"] = player_data(page.views, budget_bytes)
        panel = player_panel(page.views, data["player"])
        panels.append(panel.replace("Outlines on the images", "Lines that ride on the muscle"))
    if page.meshes:
        parts = (page.meshes, page.colourings, page.looks, page.camera)
        data["scene"] = viewer_data(*parts)
        stills = [("the first frame", 0)]
        if page.end_systole is not None:
            stills.append(("end-systole", page.end_systole))
        shown = viewer_panel(*parts, stills)
        if not page.camera.is_anatomical:
            shown = shown.replace("Surfaces in 3-D</h3>", "The moving wall</h3>")
        panels.append(shown)
    if not panels:
        return ""
    kind = "stage both" if len(panels) == 2 else "stage"
    bar = transport(page.n_frames, None, page.end_systole)
    has_crosses = any("rejected" in view.contours for view in page.views)
    words = RIDE + (CROSSES if has_crosses else "")
    note = f'<p class="aside">{words}</p>' if page.views else ""
    return f'<div class="{kind}">{"".join(panels)}</div>{bar}{note}'


def motion_curves(page: MotionPage) -> str:
    """A diagram for each group of curves, with end-systole."""
    figures = []
    x_label = "Frame" if page.times_ms is None else "Time, ms"
    for heading, curves in page.curves.items():
        n = len(curves[0].values)
        times = np.arange(1, n + 1) if page.times_ms is None else page.times_ms[:n]
        end = page.end_systole
        marks = [(end, "ES")] if end is not None and end < n else []
        figures.append(
            f"<figure><figcaption><strong>{escape(heading)}</strong></figcaption>"
            f"{curve_diagram(curves, times, x_label, marks)}</figure>"
        )
    return f'<div class="figures">{"".join(figures)}</div>' if figures else ""


def region_table(page: MotionPage) -> str:
    """The table by region; nothing where there is none."""
    columns, rows = page.columns, page.rows
    if not rows:
        return ""
    kinds = [
        "" if any(isinstance(row[k], str) for row in rows) else ' class="value"'
        for k in range(len(columns))
    ]
    head = "".join(f'<th scope="col"{k}>{escape(name)}</th>' for k, name in zip(kinds, columns))
    body = "".join(f"<tr>{''.join(_cell(value) for value in row)}</tr>" for row in rows)
    return (
        f'<div class="table"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
        "</div>"
    )


def _cell(value) -> str:
    if isinstance(value, str):
        return f"<td>{escape(value)}</td>"
    return f'<td class="value">{pretty_number(value)}</td>'
