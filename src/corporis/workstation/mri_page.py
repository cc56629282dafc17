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
    description_list,
    document,
    measure_table,
    measure_tiles,
    section,
    text_list,
)
from corporis.workstation.page import LICENCE
from corporis.workstation.panel import Curve, View
from corporis.workstation.stage import SCRIPTS, clock_data, player_data, player_panel
from corporis.workstation.text import linked


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
    beat : Curve or None
        A quantity over the planes, such as velocity over the beat.
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
    beat: Curve | None = None
    methods: Sequence[str] = ()
    references: Sequence[str] = ()
    warnings: Sequence[str] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)
    date: str = ""


def render_mri_page(page: MriPage, budget_bytes: int = 7_000_000) -> str:
    """The page as HTML text, complete in itself."""
    data: dict = {"clock": clock_data(1, None, None)}
    images = ""
    if page.views:
        data["player"] = player_data(page.views, budget_bytes)
        panel = player_panel(page.views, data["player"])
        images = f'<div class="stage">{panel.replace("Outlines on the images", "Images")}</div>'
    sections = [
        ("images", "The image", images, "moving"),
        ("beat", "Over the planes", _beat(page), ""),
        ("figures", "Convergence", _curves(page), ""),
        ("measures", "All measures", measure_table(page.measures), ""),
        ("methods", "How it was done", _methods(page), "methods"),
    ]
    links = [(identity, heading) for identity, heading, content, _ in sections if content]
    parts = "".join(section(*part) for part in sections)
    body = f"{_header(page, links)}<main>{parts}</main><footer><p>{LICENCE}</p></footer>"
    return document(f"Reconstruction: {page.case_name}", body, data, SCRIPTS)


def write_mri_page(page: MriPage, path: str | Path) -> Path:
    """Write the page; the file appears complete or not at all."""
    return write_bytes(path, render_mri_page(page).encode())


def _header(page: MriPage, links) -> str:
    warnings = text_list(page.warnings)
    if warnings:
        warnings = f'<aside class="warnings" aria-label="Warnings"><h2>Note</h2>{warnings}</aside>'
    date = f'<span class="date">{escape(page.date)}</span>' if page.date else ""
    known = [m for m in page.measures if m.value is not None][:6]
    menu = "".join(f'<a href="#{identity}">{escape(name)}</a>' for identity, name in links)
    return (
        '<header class="top"><div class="bar"><span class="brand">corporis</span>'
        f'<span class="kind">reconstruction report</span>{date}</div>'
        f"<h1>{escape(page.case_name)}</h1>"
        f'<div class="conclusion uncertain"><p class="sentence">{escape(page.sentence)}</p></div>'
        f'{measure_tiles(known)}{warnings}<nav aria-label="Parts of this page">{menu}</nav>'
        "</header>"
    )


def _curves(page: MriPage) -> str:
    figures = []
    for curve in page.curves:
        steps = page.every * (1 + np.arange(len(curve.values)))
        figures.append(
            f"<figure>{curve_diagram([curve], steps, 'Iteration')}"
            f"<figcaption>{escape(curve.name)}, common logarithm</figcaption></figure>"
        )
    return f'<div class="figures">{"".join(figures)}</div>' if figures else ""


def _beat(page: MriPage) -> str:
    if page.beat is None:
        return ""
    planes = 1 + np.arange(len(page.beat.values))
    figure = f"<figure>{curve_diagram([page.beat], planes, 'Plane')}</figure>"
    return f'<div class="figures">{figure}</div>'


def _methods(page: MriPage) -> str:
    text = "".join(f"<p>{linked(sentence)}</p>" for sentence in page.methods)
    references = text_list(page.references, "ol")
    references = f"<h3>References</h3>{references}" if references else ""
    provenance = description_list(page.provenance)
    if provenance:
        provenance = f"<details><summary>Provenance</summary>{provenance}</details>"
    return f'<div class="prose">{text}{references}</div>{provenance}'
