"""The report of outlined or mended organs as one file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from corporis.imaging.output import write_bytes
from corporis.interfaces import Measure, Mesh
from corporis.workstation.html import document, measure_table, text_list
from corporis.workstation.panel import View
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


@dataclass(frozen=True)
class OrganPage:
    """All that the report shows.

    Parameters
    ----------
    kind : str
        What kind of report it is, in a few words.
    case_name : str
        A neutral label, never a patient's name.
    sentence : str
        What was found, for a reader who stops here.
    is_certain : bool
        Whether nothing found is in doubt.
    measures, views : see their classes
    n_frames : int
        Of the views: planes of a volume.
    methods, references, warnings : sequence of str
    provenance : mapping
    date : str
    meshes : mapping of str to Mesh
        Still surfaces in RAS+ mm, to turn in 3-D.
    colourings, camera, looks
        How they are shown.
    reasons : sequence of str
        Where and why the prior overruled the image.
    first_frame : int or None
        The frame that is seen at first; by default the middle one.
    """

    kind: str
    case_name: str
    sentence: str
    is_certain: bool
    measures: Sequence[Measure] = ()
    views: Sequence[View] = ()
    n_frames: int = 1
    methods: Sequence[str] = ()
    references: Sequence[str] = ()
    warnings: Sequence[str] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)
    date: str = ""
    meshes: Mapping[str, Mesh] = field(default_factory=dict)
    colourings: Sequence[Colouring] = ()
    camera: Camera | None = None
    looks: Mapping[str, Look] = field(default_factory=dict)
    reasons: Sequence[str] = ()
    first_frame: int | None = None


def render_organ_page(page: OrganPage, budget_bytes: int = 7_000_000) -> str:
    """The page as HTML text, complete in itself."""
    first = page.n_frames // 2 if page.first_frame is None else page.first_frame
    data: dict = {"clock": clock_data(page.n_frames, None, first, is_beat=False)}
    images = _stage(page, data, budget_bytes)
    sections = [
        ("images", "Outlines", images, "moving"),
        ("why", "Where the shapes overruled the image", text_list(page.reasons), ""),
        ("measures", "All measures", measure_table(page.measures), ""),
        (
            "methods",
            "How it was done",
            account(page.methods, page.references, page.provenance),
            "methods",
        ),
    ]
    head = masthead(
        page.kind,
        page.case_name,
        "normal" if page.is_certain else "uncertain",
        f'<p class="sentence">{escape(page.sentence)}</p>',
        tiles=[m for m in page.measures if m.value is not None][:6],
        warnings=page.warnings,
        parts=[(identity, heading) for identity, heading, content, _ in sections if content],
        date=page.date,
    )
    return document(f"{page.kind}: {page.case_name}", sheet(head, sections), data, SCRIPTS)


def _stage(page, data, budget_bytes) -> str:
    """Planes with outlines and surfaces, as far as there are any."""
    panels = []
    if page.views:
        data["player"] = player_data(page.views, budget_bytes)
        panels.append(player_panel(page.views, data["player"]))
    if page.meshes:
        parts = (page.meshes, page.colourings, page.looks, page.camera or Camera())
        data["scene"] = viewer_data(*parts)
        panels.append(viewer_panel(*parts, [("first sight", 0)]))
    if not panels:
        return ""
    kind = "stage both" if len(panels) == 2 else "stage"
    bar = transport(page.n_frames, None, None, is_beat=False)
    return f'<div class="{kind}">{"".join(panels)}</div>{bar}'


def write_organ_page(page: OrganPage, path: str | Path) -> Path:
    """Write the page; the file appears complete or not at all."""
    return write_bytes(path, render_organ_page(page).encode())
