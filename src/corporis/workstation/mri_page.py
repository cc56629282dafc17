"""The report of one reconstruction as one file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from corporis.imaging.output import write_bytes
from corporis.interfaces import Measure
from corporis.workstation.diagrams import curve_diagram
from corporis.workstation.html import (
    document,
    measure_table,
)
from corporis.workstation.panel import Curve, View
from corporis.workstation.sheet import account, masthead, sheet
from corporis.workstation.stage import SCRIPTS, clock_data, player_data, player_panel, transport


@dataclass(frozen=True)
class MriPage:
    """All that the report of one reconstruction shows.

    Parameters
    ----------
    case_name : str
        A neutral label, never a patient's name.
    sentence : str
        What was done, and how well, for a reader who stops here.
    measures, views, curves : see their classes
        Curves run over the iterations, one value each `every` iterations.
    beats : sequence of Curve
        Quantities over the planes, such as velocity over the beat.
    n_frames : int
        Of the views; more than one move.
    methods, references, warnings : sequence of str
    provenance : mapping
    date : str
    """

    case_name: str
    sentence: str
    measures: Sequence[Measure] = ()
    views: Sequence[View] = ()
    curves: Sequence[Curve] = ()
    every: int = 1
    beats: Sequence[Curve] = ()
    n_frames: int = 1
    methods: Sequence[str] = ()
    references: Sequence[str] = ()
    warnings: Sequence[str] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)
    date: str = ""


def render_mri_page(page: MriPage, budget_bytes: int = 7_000_000) -> str:
    """The page as HTML text, complete in itself."""
    data: dict = {"clock": clock_data(page.n_frames, None, None)}
    images = ""
    if page.views:
        data["player"] = player_data(page.views, budget_bytes)
        panel = player_panel(page.views, data["player"])
        if not any(view.contours for view in page.views):
            panel = panel.replace("Outlines on the images", "Images")
        images = f'<div class="stage">{panel}</div>{transport(page.n_frames, None, None)}'
    methods = account(page.methods, page.references, page.provenance)
    sections = [
        ("images", "The image", images, "moving"),
        ("beat", "Over the planes" if page.n_frames == 1 else "Over the beat", _beats(page), ""),
        ("figures", "Convergence", _curves(page), ""),
        ("measures", "All measures", measure_table(page.measures), ""),
        ("methods", "How it was done", methods, "methods"),
    ]
    head = masthead(
        "reconstruction report",
        page.case_name,
        "uncertain",
        f'<p class="sentence">{escape(page.sentence)}</p>',
        tiles=[m for m in page.measures if m.value is not None and m.unit != "GB"][:6],
        warnings=page.warnings,
        parts=[(identity, heading) for identity, heading, content, _ in sections if content],
        date=page.date,
    )
    body = sheet(head, sections)
    return document(f"Reconstruction: {page.case_name}", body, data, SCRIPTS)


def write_mri_page(page: MriPage, path: str | Path) -> Path:
    """Write the page; the file appears complete or not at all."""
    return write_bytes(path, render_mri_page(page).encode())


def _curves(page: MriPage) -> str:
    figures = []
    for curve in page.curves:
        steps = page.every * (1 + np.arange(len(curve.values)))
        figures.append(
            f"<figure>{curve_diagram([curve], steps, 'Iteration')}"
            f"<figcaption>{escape(curve.name)}, common logarithm</figcaption></figure>"
        )
    return f'<div class="figures">{"".join(figures)}</div>' if figures else ""


def _beats(page: MriPage) -> str:
    word = "Plane" if page.n_frames == 1 else "Frame"
    figures = "".join(
        f"<figure>{curve_diagram([curve], 1 + np.arange(len(curve.values)), word)}</figure>"
        for curve in page.beats
    )
    return f'<div class="figures">{figures}</div>' if figures else ""
