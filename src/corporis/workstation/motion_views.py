"""What the report of moving slices shows: films with lines, coloured walls, rings, curves."""

import datetime
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from corporis.apps.heart_motion.clinical import DEFINITIONS
from corporis.apps.heart_motion.film import FilmMotion
from corporis.apps.heart_motion.plane_wall import LAYERS
from corporis.apps.heart_motion.regions import ACROSS_TAGS, select
from corporis.apps.heart_motion.summary import Summary, is_doubted
from corporis.deformables import green_strain, in_axes, polar_axes
from corporis.interfaces import Case, Mesh, Report
from corporis.workstation.motion_lines import lines_of
from corporis.workstation.motion_page import MotionPage
from corporis.workstation.panel import Curve, View
from corporis.workstation.rings import MovingRing, sector_ring
from corporis.workstation.scene import Camera, Colouring, Look
from corporis.workstation.text import capital

N_ACROSS = 7
GAP = 0.35
"""Between walls that are shown side by side, of their radius."""
COLOURINGS = (
    Colouring("circumferential", "Circumferential strain", "%", -30.0, 30.0, "RdBu_r"),
    Colouring("radial", "Radial strain", "%", -60.0, 60.0, "RdBu_r"),
    Colouring("across", "Strain across the tags", "%", -30.0, 30.0, "RdBu_r"),
)
COLUMNS = (
    "Slice",
    "Region",
    "Direction",
    "Peak, %",
    "± (95 %)",
    "End-systolic, %",
    "Peak at",
    "Systolic rate, 1/s",
    "Diastolic rate, 1/s",
    "Post-systolic, %",
)
COUNTS = {1: "One", 2: "Two", 3: "Three", 4: "Four", 5: "Five", 6: "Six"}
MOST_SLICES = 12
"""Slices that the page shows; the tables hold all."""


def motion_page(case: Case, report: Report, provenance: Mapping[str, Any]) -> MotionPage:
    """Everything the report shows."""
    summary: Summary = report.facts["motion"]
    films = summary.films[:MOST_SLICES]
    longest = max(films, key=lambda f: f.n_frames)
    shared = len({f.n_frames for f in films}) == 1
    return MotionPage(
        case_name=case.name,
        sentence=sentence(summary),
        measures=report.measures,
        headline=[m.name for m in report.measures[:6]],
        views=[_view(f) for f in films],
        meshes=walls(films),
        colourings=COLOURINGS,
        looks={f.name: Look("#b3342b") for f in films},
        camera=Camera((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), is_anatomical=False),
        rings=[_ring(f) for f in films],
        curves=_curves(summary, films) if shared else {},
        columns=COLUMNS,
        rows=region_rows(summary),
        n_frames=longest.n_frames,
        times_ms=longest.times_ms,
        end_systole=summary.end_systole[summary.films.index(longest)],
        definitions=DEFINITIONS,
        methods=report.methods,
        references=report.references,
        warnings=[*case.facts.get("warnings", ()), *report.warnings],
        provenance=provenance,
        date=datetime.date.today().isoformat(),
    )


def sentence(summary: Summary) -> str:
    """What was found, in words."""
    words = {
        "tags": "by their tags",
        "one family of tags": "by one family of tags",
        "displacements": "by measured displacements",
        "cine": "by registration of cine images",
    }
    films = summary.films
    number = COUNTS.get(len(films), str(len(films)))
    count = f"{number} slice{' was' if len(films) == 1 else 's were'}"
    how = " and ".join(dict.fromkeys(words[f.source] for f in films))
    text = f"{count} followed {how}."
    end = next((e for e in summary.end_systole if e is not None), None)
    since = "in the first frame"
    if {f.source for f in films} == {"displacements"}:
        since = "in the state that displacements are counted from"
    around, across = summary.mean("circumferential"), summary.mean("radial")
    if around is not None and across is not None and end is not None and np.isfinite(around[end]):
        text += (
            f" At end-systole the wall is {_change(around[end], 'longer', 'shorter')} around and "
            f"{_change(across[end], 'thicker', 'thinner')} than {since}."
        )
    doubted = [f.name for f in films if is_doubted(f)]
    if doubted:
        named = capital(" and ".join(doubted))
        verb, whose = ("is", "its") if len(doubted) == 1 else ("are", "their")
        text += f" {named} {verb} not to be relied upon: {whose} tissue leaves through the plane."
    share = 100 * np.mean([f.rejected_share for f in films])
    return f"{text} {share:.1f} % of the observations were set aside as grossly wrong."


def _change(value, more, less):
    return f"{abs(value):.0f} % {more if value > 0 else less}"


def _view(film: FilmMotion) -> View:
    kinds = {"displacements": "Length of the displacement, where muscle is now", "cine": "Cine"}
    group = film.shows or kinds.get(film.source, "Tagged images")
    return View(film.name, film.images, lines_of(film), film.pixel_mm, group)


def walls(films) -> dict[str, Mesh]:
    """Flat moving walls in rows, as the images are, with strain on their vertices.

    A film with fewer frames than the longest is shown at the same phase, as its images are.
    """
    longest = max((f.n_frames for f in films), default=1)
    radii = [float(np.hypot(*(f.wall.rims[1] - f.wall.centre).T).max()) for f in films]
    across = math.isqrt(max(len(films) - 1, 0)) + 1
    step = (2 + GAP) * max(radii, default=1.0)
    return {
        film.name: _at_phases(
            _wall(film, step * (number % across), -step * (number // across)), longest
        )
        for number, film in enumerate(films)
    }


def _at_phases(wall: Mesh, count: int) -> Mesh:
    """A moving wall at `count` phases of its film."""
    n = len(wall.points)
    if n == count:
        return wall
    frames = np.rint(np.arange(count) / count * n).astype(int) % n
    values = {k: v[frames] for k, v in wall.point_data.items()}
    return Mesh(wall.points[frames], wall.cells, values, None, wall.length_unit)


def _wall(film: FilmMotion, right: float, up: float) -> Mesh:
    inner, outer = film.wall.rims
    share = np.linspace(0.02, 0.98, N_ACROSS)[:, None, None]
    rest = (inner + share * (outer - inner)).reshape(-1, 2)
    now = film.motion.forward(rest) - film.wall.centre
    flat = np.stack([now[..., 1] + right, up - now[..., 0], np.zeros(now.shape[:2])], axis=-1)
    F = film.motion.gradient(rest)
    known = np.arange(len(now)) < film.n_reported
    if film.tags is not None and ACROSS_TAGS in film.whole.strain:
        k = film.tags.wave_vectors[0]
        normal = np.linalg.solve(np.swapaxes(F, -1, -2), (k / np.linalg.norm(k))[:, None])[..., 0]
        values = {"across": 100 * (1 / np.linalg.norm(normal, axis=-1) - 1)}
    else:
        green = in_axes(green_strain(F), polar_axes(rest, film.wall.centre))
        parts = enumerate(("radial", "circumferential"))
        values = {k: 100 * (np.sqrt(np.maximum(1 + 2 * green[..., i, i], 0)) - 1) for i, k in parts}
    shown = {k: np.where(known[:, None], v, np.nan) for k, v in values.items()}
    cells = _cells(N_ACROSS, inner.shape[0])
    return Mesh(flat, cells, shown, film.times_ms, "mm" if film.pixel_mm else "pixel")


def _cells(n_rings, n_angles):
    """Triangles of rings, both ways round: a flat wall is seen from both sides."""
    ring, angle = np.meshgrid(np.arange(n_rings - 1), np.arange(n_angles), indexing="ij")
    here = (ring * n_angles + angle).ravel()
    beside = (ring * n_angles + (angle + 1) % n_angles).ravel()
    out, across = here + n_angles, beside + n_angles
    return np.concatenate([np.stack([here, out, across], 1), np.stack([here, across, beside], 1)])


def components_of(film: FilmMotion) -> list[str]:
    """The directions in which strain is known, the one that is shown first before the others."""
    return sorted(film.whole.strain)


def _ring(film: FilmMotion) -> MovingRing:
    component = components_of(film)[0]
    edges = film.sectors.edges(film.wall.centre)
    names = film.sectors.names
    layers: dict[str, list[np.ndarray]] = {name: [] for name in names}
    for layer in LAYERS:
        for region in select(film.regions, layer=layer):
            layers[region.name].append(region.strain[component])
    whole = {r.name: r.strain[component] for r in select(film.regions)}
    words = f"{capital(film.name)}: {_strain(component)}, %"
    short = {name: _short(name) for name in names}
    return sector_ring(
        words,
        dict(zip(short.values(), edges)),
        {short[k]: v for k, v in layers.items()},
        {short[k]: v for k, v in whole.items()},
    )


def _strain(component: str) -> str:
    return f"strain {component}" if component == ACROSS_TAGS else f"{component} strain"


def _short(name: str) -> str:
    """A sector's name where there is little room."""
    return name.removeprefix("segment ").replace(",", "")


def _curves(summary: Summary, films) -> dict[str, list[Curve]]:
    diagrams: dict[str, list[Curve]] = {}
    for film in films:
        for component in components_of(film):
            rows = select(film.regions) if component != "radial" else [film.whole]
            curves = [Curve(_short(r.name), "%", r.strain[component]) for r in rows]
            diagrams[f"{capital(film.name)}: {_strain(component)}"] = curves
    turns = [Curve(f.name, "°", f.rotation) for f in films]
    if summary.twist is not None:
        turns.append(Curve("twist", "°", summary.twist.degrees))
    diagrams["Rotation"] = turns
    return diagrams


def region_rows(summary: Summary) -> list[list[str | float | None]]:
    """The table by sector."""
    rows = []
    for film in summary.films:
        for region in [film.whole, *select(film.regions)]:
            for component in components_of(film):
                found = summary.clinical(region, component)
                spread = region.deviation.get(component)
                reach = None
                if spread is not None and found.peak_frame is not None:
                    reach = 1.96 * float(spread[found.peak_frame])
                when: str | float | None = found.time_to_peak_ms
                if film.times_ms is None and found.peak_frame is not None:
                    when = f"frame {found.peak_frame + 1}"
                elif when is not None:
                    when = f"{when:.0f} ms"
                rows.append(
                    [
                        film.name,
                        region.name,
                        component,
                        found.peak,
                        reach,
                        found.end_systolic,
                        when,
                        found.systolic_rate,
                        found.diastolic_rate,
                        found.post_systolic,
                    ]
                )
    return rows
