"""Nuclei as a person meets them: one call outlines a slide and leaves tables and a report."""

import base64
import datetime
import io
from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path

import numpy as np

from corporis.apps.nuclei.whole_slide import TileNuclei
from corporis.cohorts.nuclei import RADII_UM, outline_nuclei
from corporis.imaging.output import write_bytes
from corporis.imaging.slide import Slide
from corporis.interfaces import Measure
from corporis.workstation.html import document, measure_table
from corporis.workstation.sheet import account, masthead, sheet

WINDOW = 512
"""Side of a detail, in pixels of the slide as it was searched."""
OVERVIEW = 480
"""Longest side of the map of densities, pixels."""
LEARNED = (
    "A network says of every pixel at 0.25 µm whether it is nucleus, how deep it lies inside and "
    "where the nucleus's centre is; pixels vote for centres, and touching nuclei are parted where "
    "their votes are. Each tile is seen with so much of its surroundings that the answer does not "
    "depend on how the slide is cut."
)
CLASSICAL = (
    "No network was given: nuclei are where haematoxylin, separated from the other dye, is above a "
    "threshold found in each tile; edges vote for centres along their gradients, and a watershed "
    "parts touching nuclei."
)
METHODS = (
    "Density counts the nuclei in squares; L is Ripley's function, corrected at the border, with "
    "the range of random patterns of as many points (39 simulations).",
    "For research use only: outlines and numbers must be checked by a person.",
)
REFERENCES = (
    "Ripley, The second-order analysis of stationary point processes, Journal of Applied "
    "Probability 13:255-266, 1976, doi:10.2307/3212829",
)


def run_nuclei(
    source: Path | str,
    output: Path | str,
    weights: Path | str | None = None,
    *,
    um_per_px: float | None = None,
    side: int = 1024,
    name: str | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> dict:
    """Outline and measure every nucleus of a slide, and leave a report beside the tables.

    As `corporis.cohorts.nuclei.outline_nuclei`, and ``report.html``: where nuclei are dense, three
    details with their outlines, and all numbers.
    """

    def report(folder: Path, slide: Slide, tiles: Sequence[TileNuclei], summary: dict) -> None:
        page = render(slide, tiles, summary, weights is not None)
        write_bytes(folder / "report.html", page.encode())

    return outline_nuclei(
        source,
        output,
        weights,
        um_per_px=um_per_px,
        side=side,
        name=name,
        also=report,
        progress=progress,
    )


def render(slide: Slide, tiles: Sequence[TileNuclei], summary: dict, is_learned: bool) -> str:
    """The page as HTML text, complete in itself; `slide` as it was searched."""
    centres = np.concatenate([t.centres for t in tiles] or [np.zeros((0, 2))])
    outlines = [outline for t in tiles for outline in t.outlines]
    found = measures(summary, tiles)
    methods = (LEARNED if is_learned else CLASSICAL, *METHODS)
    sections = [
        ("density", "Where they are", _density(slide, centres), ""),
        ("details", "As they were outlined", _details(slide, centres, outlines), ""),
        ("measures", "All measures", measure_table(found), ""),
        ("methods", "How it was done", account(methods, REFERENCES, _facts(summary)), "methods"),
    ]
    warnings = []
    if summary["um_per_px"] is None:
        warnings.append(
            "The file does not say how large a pixel is: it was searched as it is, as if at 40x, "
            "and lengths are in pixels."
        )
    if not is_learned:
        warnings.append(
            "Found by colour and shape alone, for no network ships: one trained on labelled slides "
            "(corporis train nuclei, then --weights) is right far more often."
        )
    head = masthead(
        "nuclei report",
        summary["slide"],
        "uncertain",
        f'<p class="sentence">{escape(_sentence(summary))}</p>',
        tiles=found[:4],
        warnings=warnings,
        parts=[(identity, heading) for identity, heading, content, _ in sections if content],
        date=datetime.date.today().isoformat(),
    )
    return document(f"Nuclei: {summary['slide']}", sheet(head, sections), {}, ())


def measures(summary: dict, tiles: Sequence[TileNuclei]) -> list[Measure]:
    """What the table says, each with its unit."""
    unit = "µm" if summary["um_per_px"] else "pixel"
    found = [
        Measure("nuclei", summary["nuclei"], ""),
        Measure(
            "density",
            1e6 * summary["density"],
            "per mm²" if unit == "µm" else "per megapixel",
            note="of the whole image, glass too",
        ),
    ]
    if "nearest_neighbour_mean" in summary:
        found += [
            Measure(
                "distance to the nearest nucleus, mean", summary["nearest_neighbour_mean"], unit
            ),
            Measure(
                "Clark and Evans index",
                summary["clark_evans"],
                "",
                note="1 if random, more if they keep apart, less if they cluster or glass is seen",
            ),
            Measure(
                "neighbours of a nucleus, mean", summary["neighbours_mean"], "", note="Delaunay"
            ),
        ]
    found += _of_features(tiles)
    for number, radius in enumerate(summary.get("radii", ())):
        low, high = np.array(summary["random_l"])[:, number] if "random_l" in summary else (0, 0)
        found.append(
            Measure(
                f"Ripley's L at {radius:g} {unit}",
                summary["ripley_l"][number],
                unit,
                note=f"random patterns: {low:.3g} to {high:.3g}" if high > 0 else "",
            )
        )
    return found


def _of_features(tiles):
    """Medians of the shape's measures, in pixels of the search."""
    known = [t for t in tiles if len(t.centres)]
    if not known:
        return []
    values = np.concatenate([t.features for t in known])
    return [
        Measure(
            f"{name.removeprefix('shape.').removesuffix('_px').replace('_', ' ')}, median",
            float(np.median(values[:, k])),
            ("pixel²" if "area" in name else "pixel") if name.endswith("_px") else "",
            note="as searched",
        )
        for k, name in enumerate(known[0].names)
        if name.startswith("shape.")
    ]


def _sentence(summary):
    if not summary["nuclei"]:
        return "No nucleus was found."
    if "clark_evans" not in summary:
        return f"{summary['nuclei']} nuclei were found."
    index = summary["clark_evans"]
    word = "cluster" if index < 0.95 else "keep apart" if index > 1.05 else "lie at random"
    return (
        f"{summary['nuclei']} nuclei were found; they {word} (Clark and Evans index {index:.2f})."
    )


def _facts(summary):
    return {k: summary[k] for k in ("corporis", "um_per_px", "length_unit")} | {
        "radii of Ripley's L": ", ".join(f"{r:g}" for r in summary.get("radii", RADII_UM))
    }


def _density(slide, centres):
    """Counts in squares over the slide, dark where there are many."""
    if not len(centres):
        return ""
    step = max(max(slide.shape) / 48, 1.0)
    shape = [int(np.ceil(n / step)) for n in slide.shape]
    counts = np.zeros(shape)
    places = np.minimum((centres / step).astype(int), np.array(shape) - 1)
    np.add.at(counts, tuple(places.T), 1)
    from matplotlib import colormaps

    colours = colormaps["magma_r"](counts / counts.max())[..., :3]
    scale = max(1, OVERVIEW // max(shape))
    picture = np.kron(np.rint(255 * colours).astype(np.uint8), np.ones((scale, scale, 1), np.uint8))
    words = f"Nuclei in squares of {step:.0f} pixels: palest none, black {counts.max():.0f}."
    return f'<div class="figures">{_figure(picture, words)}</div>'


def _details(slide, centres, outlines):
    """Windows where nuclei are densest, at the median and sparse, with their outlines."""
    if not len(centres):
        return ""
    corners = np.maximum(centres - WINDOW / 2, 0)
    corners = np.minimum(corners, np.maximum(np.array(slide.shape) - WINDOW, 0)).astype(int)
    chosen = corners[:: max(1, len(corners) // 400)]
    inside = [np.all((centres >= c) & (centres < c + WINDOW), axis=1).sum() for c in chosen]
    order = np.argsort(inside)
    names = ("densest", "typical", "sparsest")
    picked = dict(zip(names, order[[-1, len(order) // 2, 0]], strict=True))
    shown, figures = set(), ""
    for name, number in picked.items():
        corner = tuple(chosen[number])
        if corner not in shown:
            shown.add(corner)
            words = f"The {name}: {inside[number]} nuclei."
            figures += _figure(_outlined(slide, corner, centres, outlines), words)
    return f'<div class="figures">{figures}</div>'


def _outlined(slide, corner, centres, outlines):
    from PIL import Image as Pillow
    from PIL import ImageDraw

    side = [min(WINDOW, n) for n in slide.shape]
    picture = Pillow.fromarray(slide.read(*map(int, corner), *side)).resize(
        (2 * side[1], 2 * side[0]), Pillow.Resampling.BICUBIC
    )
    pen = ImageDraw.Draw(picture)
    near = np.all(np.abs(centres - corner - WINDOW / 2) < WINDOW / 2 + 60, axis=1)
    for number in np.flatnonzero(near):
        ring = 2 * (outlines[number][:, ::-1] - np.array(corner)[::-1] + 0.5)
        points = [tuple(p) for p in np.concatenate([ring, ring[:1]])]
        pen.line(points, fill=(0, 160, 90), width=2)
    return np.asarray(picture)


def _figure(picture, words):
    from PIL import Image as Pillow

    file = io.BytesIO()
    Pillow.fromarray(picture).save(file, "JPEG", quality=85)
    source = "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()
    return (
        f'<figure><img src="{source}" alt="{escape(words)}" style="width:100%;max-width:640px">'
        f"<figcaption>{escape(words)}</figcaption></figure>"
    )
