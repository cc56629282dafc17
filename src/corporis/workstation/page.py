"""The report of one heart as one file: `render_heart_page` and `write_heart_page`.

A study fills a `HeartPage`; what comes out opens in any browser without a network.
"""

from html import escape
from pathlib import Path

import numpy as np

from corporis.imaging.output import write_bytes
from corporis.workstation.diagrams import curve_diagram, ruler
from corporis.workstation.figures import bullseye, bullseye_range, colour_scale
from corporis.workstation.heart_page import HeartPage
from corporis.workstation.html import (
    document,
    measure_table,
)
from corporis.workstation.motion_page import motion_curves, region_table
from corporis.workstation.panel import Finding
from corporis.workstation.rings import RINGS_SCRIPT, ring_figures, rings_data
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
from corporis.workstation.text import capital, label, linked, per_cent

__all__ = ["HeartPage", "render_heart_page", "write_heart_page"]

VERDICT_WORDS = {
    "normal": "Normal",
    "abnormal": "Abnormal",
    "uncertain": "Neither clearly normal nor clearly abnormal",
    "unknown": "Unlike any heart the judge knows",
    "none": "Not judged",
}
DIRECTION_WORDS = {
    "above": ("▲", "above normal"),
    "below": ("▼", "below normal"),
    "within": ("●", "within normal"),
    "neutral": ("◆", ""),
}
UNNUMBERED = (
    "The insertion of the right ventricle was not seen, so it is not known where the numbering "
    "of the segments starts: they are shown without numbers, and the ring may be rotated."
)


def render_heart_page(page: HeartPage, budget_bytes: int = 7_000_000) -> str:
    """The page as HTML text, complete in itself.

    Parameters
    ----------
    page : HeartPage
    budget_bytes : int
        For the pictures, before base64 adds a third; quality falls until it is kept.

    Raises
    ------
    ValueError
        If surfaces are not finite, or the pictures cannot be made to fit.
    """
    data: dict = {"clock": clock_data(page.n_frames, page.times_ms, page.ed_index)}
    stage = []
    if page.views:
        data["player"] = player_data(page.views, budget_bytes)
        stage.append(player_panel(page.views, data["player"]))
    if page.meshes:
        parts = (page.meshes, page.colourings, page.looks, page.camera)
        data["scene"] = viewer_data(*parts)
        stage.append(viewer_panel(*parts, _stills(page)))
    images = ""
    if stage:
        kind = "stage both" if len(stage) == 2 else "stage"
        still = "" if page.n_frames > 1 else '<p class="aside">One frame: nothing moves.</p>'
        bar = transport(page.n_frames, page.ed_index, page.es_index)
        images = f'<div class="{kind}">{"".join(stage)}</div>{bar}{still}'
    scripts: tuple[str, ...] = SCRIPTS
    strain = _strain(page)
    if page.strain is not None and _rings(page):
        data["rings"] = rings_data(page.strain.rings)
        scripts = (*SCRIPTS[:-1], RINGS_SCRIPT, SCRIPTS[-1])
    methods = account(page.methods, page.references, page.provenance)
    sections = [
        ("images", "The heart on the images", images, "moving"),
        ("figures", "Volumes and wall", _figures(page), ""),
        ("strain", "How much the muscle shortens", strain, ""),
        ("why", "Why this conclusion", _reasons(page), ""),
        ("measures", "All measures", measure_table(page.measures), ""),
        ("methods", "How it was done", methods, "methods"),
    ]
    links = [(identity, heading) for identity, heading, content, _ in sections if content]
    body = sheet(_header(page, links), sections)
    return document(f"Heart report: {page.case_name}", body, data, scripts)


def write_heart_page(page: HeartPage, path: str | Path, budget_bytes: int = 7_000_000) -> Path:
    """Write the page; the file appears complete or not at all.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    return write_bytes(path, render_heart_page(page, budget_bytes).encode())


def _header(page: HeartPage, parts: list[tuple[str, str]]) -> str:
    conclusion, certainty = page.conclusion, ""
    if conclusion.probability is not None:
        certainty = f'<span class="certainty">probability {per_cent(conclusion.probability)}</span>'
    named = {measure.name: measure for measure in page.measures}
    headline = [named[name] for name in page.headline] or list(page.measures)[:6]
    caution = f'<p class="aside">{escape(conclusion.caution)}</p>' if conclusion.caution else ""
    verdict = f'<p class="verdict">{VERDICT_WORDS[conclusion.verdict]}{certainty}</p>'
    return masthead(
        "heart report",
        page.case_name,
        conclusion.verdict,
        f'{verdict}<p class="sentence">{escape(conclusion.sentence)}</p>{caution}',
        tiles=headline,
        warnings=[capital(warning) for warning in page.warnings],
        parts=parts,
        date=page.date,
    )


def _stills(page: HeartPage) -> list[tuple[str, int]]:
    named = [("end-diastole", page.ed_index), ("end-systole", page.es_index)]
    known = [(name, index) for name, index in named if index is not None]
    return known or [("frame 1", 0)]


def _figures(page: HeartPage) -> str:
    figures = [*_curves(page), *_bullseyes(page)]
    if not figures:
        return ""
    notes = []
    if any(f.highlighted and f.is_numbered for f in page.bullseyes):
        notes.append(
            "Outlined segments thicken less than in every normal heart the judge learned from."
        )
    if any(not f.is_numbered for f in page.bullseyes):
        notes.append(UNNUMBERED)
    if any(not np.all(np.isfinite(f.values)) for f in page.bullseyes):
        notes.append("A dash marks a segment that was not measured.")
    note = f'<p class="aside">{" ".join(notes)}</p>' if notes else ""
    return f'<div class="figures">{"".join(figures)}</div>{note}'


def _curves(page: HeartPage) -> list[str]:
    if page.n_frames < 2 or not page.curves:
        return []
    if page.times_ms is None:
        times, x_label = 100 * np.arange(page.n_frames) / page.n_frames, "Phase, % of the cycle"
    else:
        times, x_label = np.asarray(page.times_ms, dtype=float), "Time after the R wave, ms"
    named = ((page.ed_index, "ED"), (page.es_index, "ES"))
    marks = [(index, name) for index, name in named if index is not None]
    diagrams = []
    for unit in dict.fromkeys(curve.unit for curve in page.curves):
        same = [curve for curve in page.curves if curve.unit == unit]
        band = "Band: 95 % interval. " if any(curve.low is not None for curve in same) else ""
        diagrams.append(
            f"<figure>{curve_diagram(same, times, x_label, marks)}<figcaption>{band}"
            "Press on the diagram to go to a time.</figcaption></figure>"
        )
    return diagrams


def _bullseyes(page: HeartPage) -> list[str]:
    figures = []
    for figure in page.bullseyes:
        low, high = bullseye_range(figure)
        scale = colour_scale(figure.colour_map, low, high, figure.title, figure.unit)
        figures.append(f"<figure>{bullseye(figure)}<figcaption>{scale}</figcaption></figure>")
    return figures


def _strain(page: HeartPage) -> str:
    """What the motion study found, and where its own report is.

    Figures and curves follow this page's clock: only where the motion has its frames.
    """
    if page.strain is None:
        return ""
    table = region_table(page.strain)
    if table:
        table = f"<details open><summary>By region</summary>{table}</details>"
    shared = page.strain.n_frames == page.n_frames
    return (
        f"<p>{escape(page.strain.sentence)} The lines that ride on the images, the moving muscle "
        f"and what was set aside: "
        f'<a href="{escape(page.strain_path)}">the motion report</a>.</p>'
        f"{_rings(page)}{motion_curves(page.strain) if shared else ''}{table}"
    )


def _rings(page: HeartPage) -> str:
    """Strain around the wall, over time."""
    strain = page.strain
    if strain is None or strain.n_frames != page.n_frames or not strain.rings:
        return ""
    return ring_figures(strain.rings, strain.end_systole or 0)


def _reasons(page: HeartPage) -> str:
    findings = "".join(_finding(finding) for finding in page.findings)
    bars = "".join(
        f'<div class="bar-row"><span class="bar-name">{escape(label(name))}</span>'
        f'<span class="bar-track"><span class="bar-fill" style="width:{100 * p:.1f}%"></span>'
        f'</span><span class="bar-value">{per_cent(p)}</span></div>'
        for name, p in page.probabilities.items()
    )
    left = f'<ul class="findings">{findings}</ul>' if findings else ""
    right = f'<div class="bars"><h3>How likely each group is</h3>{bars}</div>' if bars else ""
    return f'<div class="reasons">{left}{right}</div>' if left or right else ""


def _finding(finding: Finding) -> str:
    sign, words = DIRECTION_WORDS[finding.direction]
    spoken = f'<span class="unseen">{words}: </span>' if words else ""
    drawn = ""
    if finding.value is not None and finding.normal is not None and np.isfinite(finding.value):
        drawn = ruler(finding.value, finding.normal, finding.unit)
    source = f'<p class="source">{linked(finding.reference)}</p>' if finding.reference else ""
    kind = f"{finding.direction}{' ruled' if drawn else ''}"
    text = linked(capital(finding.text))
    return (
        f'<li class="{kind}"><span class="sign" aria-hidden="true">{sign}</span>'
        f'<div><p class="what">{spoken}{text}</p>{source}</div>{drawn}</li>'
    )
