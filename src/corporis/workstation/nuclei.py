"""Nuclei as a person meets them: one call outlines a slide and leaves tables and a report."""

import base64
import datetime
import io
from collections.abc import Callable, Iterable
from html import escape
from pathlib import Path

import numpy as np

from corporis.cohorts.nuclei import outline_nuclei
from corporis.cohorts.nuclei_files import RADII_UM, WINDOW, Shown, all_centres, colour, colour_name
from corporis.imaging.output import write_bytes
from corporis.interfaces import Measure
from corporis.workstation.html import document, measure_table
from corporis.workstation.sheet import account, masthead, sheet

Tiles = Callable[[], Iterable[Shown]]
OVERVIEW = 480
"""Longest side of the map of densities, pixels."""
BROWN_BEYOND = 0.6
"""How brown it is beyond positive nuclei, in parts of their own, above which it is no nuclear
stain."""
LEARNED = (
    "A network says of every pixel at 0.25 µm whether it is nucleus, how deep it lies inside and "
    "where the nucleus's centre is; pixels vote for centres, and touching nuclei are parted where "
    "their votes are. Each tile is seen with so much of its surroundings that the answer does not "
    "depend on how the slide is cut."
)
GLOWING = "Fluorescence is shown dark on white, black and white the same all over the slide."
GLOWING_CLASSICAL = (
    "No network was given: nuclei are where the light is above a threshold found in each tile, and "
    "a watershed parts them where they are narrow."
)
CLASSICAL = (
    "No network was given: nuclei are where haematoxylin, separated from the other dye, is above a "
    "threshold found in each tile; edges vote for centres along their gradients, and a watershed "
    "parts touching nuclei."
)
IMMUNE = (
    "Haematoxylin and diaminobenzidine are told apart by their usual colours; a nucleus is "
    "positive where more than 35 % of its dye is brown. The fraction is of the nuclei found, and "
    "its interval counts chance alone, not nuclei that were missed."
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
    stain: str = "he",
    is_layered: bool = False,
    name: str | None = None,
    tell: Callable[[str], None] | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> dict:
    """Outline and measure every nucleus of a slide, and leave a report beside the tables.

    As `corporis.cohorts.nuclei.outline_nuclei`, and ``report.html``: where nuclei are dense, three
    details with their outlines, and all numbers.
    """
    return outline_nuclei(
        source,
        output,
        weights,
        um_per_px=um_per_px,
        side=side,
        stain=stain,
        is_layered=is_layered,
        name=name,
        also=write_report,
        tell=tell,
        progress=progress,
    )


def write_report(folder: Path, summary: dict, tiles: Tiles, reviewed: str = "") -> None:
    """Write ``report.html`` beside what `corporis.cohorts.nuclei_files.write_results` wrote."""
    write_bytes(folder / "report.html", render(folder, summary, tiles, reviewed).encode())


def render(folder: Path, summary: dict, tiles: Tiles, reviewed: str = "") -> str:
    """The page as HTML text, complete in itself; `reviewed` is its part on corrections, HTML."""
    is_learned, stain = summary["search"]["is_learned"], summary["search"]["stain"]
    found = measures(summary, tiles())
    classical = GLOWING_CLASSICAL if stain == "fluorescence" else CLASSICAL
    of_stain = {"ihc": (IMMUNE,), "fluorescence": (GLOWING,)}.get(stain, ())
    methods = (LEARNED if is_learned else classical, *of_stain, *METHODS)
    sections = [
        ("review", "What was corrected, and what was learned", reviewed, ""),
        ("density", "Where they are", _density(summary["search"], all_centres(tiles())), ""),
        ("details", "As they were outlined", _details(folder, summary, tiles), ""),
        ("measures", "All measures", measure_table(found), ""),
        ("methods", "How it was done", account(methods, REFERENCES, _facts(summary)), "methods"),
    ]
    warnings = list(summary["search"].get("remarks", ()))
    if summary["um_per_px"] is None:
        warnings.append(
            "The file does not say how large a pixel is: it was searched as it is, as if at 40x, "
            "and lengths are in pixels."
        )
    if summary.get("brown_beyond_nuclei", 0) > BROWN_BEYOND:
        warnings.append(
            "Brown lies around nuclei as much as in them: it stains more than nuclei, and the "
            "positive fraction counts nuclei in brown cells. A Ki-67 index needs a nuclear stain."
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


def measures(summary: dict, tiles: Iterable[Shown]) -> list[Measure]:
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
    if "positive_fraction" in summary:
        low, high = (100 * end for end in summary["positive_fraction_interval"])
        share, note = 100 * summary["positive_fraction"], "interval by chance alone"
        found.insert(1, Measure("positive fraction", share, "%", low, high, note))
    found += [Measure(f"of class {k}", v, "") for k, v in summary["classes"].items()]
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
    names, held = (), []
    for tile in tiles:
        if len(tile.numbers):
            names = tile.nuclei.names
            is_shape = [name.startswith("shape.") for name in names]
            held.append(np.asarray(tile.nuclei.features, np.float32)[:, is_shape])
    if not held:
        return []
    values, shapes = np.concatenate(held), [name for name in names if name.startswith("shape.")]
    return [
        Measure(
            f"{name.removeprefix('shape.').removesuffix('_px').replace('_', ' ')}, median",
            float(np.median(values[:, k])),
            ("pixel²" if "area" in name else "pixel") if name.endswith("_px") else "",
            note="as searched",
        )
        for k, name in enumerate(shapes)
    ]


def _sentence(summary):
    if not summary["nuclei"]:
        return "No nucleus was found."
    if "clark_evans" not in summary:
        return f"{summary['nuclei']} nuclei were found."
    index = summary["clark_evans"]
    brown = ""
    if "positive_fraction" in summary:
        brown = f"; {100 * summary['positive_fraction']:.1f} % of them are positive"
    word = "cluster" if index < 0.95 else "keep apart" if index > 1.05 else "lie at random"
    return (
        f"{summary['nuclei']} nuclei were found{brown}; they {word} "
        f"(Clark and Evans index {index:.2f})."
    )


def _facts(summary):
    return {k: summary[k] for k in ("corporis", "um_per_px", "length_unit")} | {
        "radii of Ripley's L": ", ".join(f"{r:g}" for r in summary.get("radii", RADII_UM))
    }


def _density(search, centres):
    """Counts in squares over the slide, dark where there are many."""
    if not len(centres):
        return ""
    seen = [n / search["factor"] for n in search["shape"]]
    step = max(max(seen) / 48, 32.0)
    shape = [int(np.ceil(n / step)) for n in seen]
    counts = np.zeros(shape)
    places = np.minimum((centres / step).astype(int), np.array(shape) - 1)
    np.add.at(counts, tuple(places.T), 1)
    from matplotlib import colormaps

    colours = colormaps["magma_r"](counts / counts.max())[..., :3]
    scale = max(1, OVERVIEW // max(shape))
    picture = np.kron(np.rint(255 * colours).astype(np.uint8), np.ones((scale, scale, 1), np.uint8))
    words = f"Nuclei in squares of {step:.0f} pixels: palest none, black {counts.max():.0f}."
    return f'<div class="figures">{_figure(picture, words)}</div>'


def _details(folder, summary, tiles):
    """The windows that were kept, with the outlines that lie in them."""
    from PIL import Image as Pillow

    places, known = summary["details"], list(summary["classes"])
    near: list[list] = [[] for _ in places]
    for tile in tiles():
        for place, kept in zip(places, near, strict=True):
            away = np.abs(tile.nuclei.centres - place["corner"] - WINDOW / 2)
            kept += [
                (tile.nuclei.outlines[row], tile.labels[row], tile.nuclei.centres[row])
                for row in np.flatnonzero((away < WINDOW / 2 + 60).all(axis=1))
            ]
    figures = ""
    for place, kept in zip(places, near, strict=True):
        corner = np.array(place["corner"])
        inside = sum(bool(np.all((c >= corner) & (c < corner + WINDOW))) for *_, c in kept)
        with Pillow.open(folder / place["file"]) as file:
            picture = _outlined(file.convert("RGB"), corner, kept, known)
        figures += _figure(picture, f"The {place['words']}: {inside} nuclei.{_legend(known)}")
    return f'<div class="figures">{figures}</div>' if figures else ""


def _legend(known):
    said = [f"{label} {colour_name(label, known)}" for label in known]
    return f" Outlines: {', '.join(said)}." if said else ""


def _outlined(picture, corner, kept, known):
    from PIL import Image as Pillow
    from PIL import ImageDraw

    size = 2 * picture.width, 2 * picture.height
    picture = picture.resize(size, Pillow.Resampling.BICUBIC)
    pen = ImageDraw.Draw(picture)
    for outline, label, _ in kept:
        ring = 2 * (outline[:, ::-1] - corner[::-1] + 0.5)
        points = [tuple(p) for p in np.concatenate([ring, ring[:1]])]
        pen.line(points, fill=colour(label, known), width=2)
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
