"""What is written of a slide's nuclei: outlines, table, details and a summary, tile by tile.

Nothing here holds more than one tile's outlines; of all nuclei only the centres are held.
"""

import io
import json
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from corporis import __version__
from corporis.cohorts.nuclei_labels import write_labels
from corporis.cohorts.nuclei_shown import Facts, Shown
from corporis.cohorts.nuclei_tables import write_columns, write_table
from corporis.imaging.output import write_bytes
from corporis.imaging.slide import Slide
from corporis.shapes import (
    Rectangle,
    clark_evans,
    delaunay_neighbours,
    nearest_distances,
    random_envelope,
    ripley_l,
)

RADII_UM = (5.0, 10.0, 20.0, 40.0)
MOST_FOR_ENVELOPE = 20_000
"""Nuclei beyond which random patterns would take minutes and the envelope is left out."""
POSITIVE, NEGATIVE = "Positive", "Negative"
WINDOW = 512
"""Side of a detail, in pixels of the slide as it was searched."""
OUTLINES, TABLE, SUMMARY = "nuclei.geojson", "nuclei.csv", "nuclei.json"
COLUMNS, LABELS = "nuclei.parquet", "labels.tif"
OURS = uuid.UUID("4a5c8a1e-6a38-5d0e-9e0c-0c0b3f6d7a11")
COLOURS = {
    "red": (214, 39, 40),
    "blue": (31, 119, 180),
    "violet": (148, 103, 189),
    "orange": (255, 127, 14),
    "cyan": (23, 190, 207),
    "pink": (227, 119, 194),
    "olive": (188, 189, 34),
    "brown": (140, 86, 75),
    "grey": (127, 127, 127),
}
UNNAMED = (0, 160, 90)
"""Colour of an outline that has no class: green."""


@dataclass(frozen=True)
class Detail:
    """A window of the slide that the report shows.

    Parameters
    ----------
    words : str
        Densest, typical or sparsest.
    corner : (int, int)
        Row and column of its first pixel, as searched.
    file : str
        JPEG without outlines, in the output folder.
    """

    words: str
    corner: tuple[int, int]
    file: str


def write_results(
    folder: Path,
    tiles: Callable[[], Iterable[Shown]],
    facts: Facts,
    details: Sequence[Detail],
    review: dict | None = None,
) -> dict:
    """Write outlines, tables, the image of numbers and a summary; what the summary holds.

    Parameters
    ----------
    folder : path
    tiles : callable
        Gives all tiles, each time anew.
    facts : Facts
    details : sequence of Detail
    review : dict, optional
        What a review corrected and learned.
    """
    summary = summarise(tiles(), facts)
    write_outlines(folder / OUTLINES, tiles(), facts, list(summary["classes"]))
    write_table(folder / TABLE, tiles(), facts.factor)
    write_columns(folder / COLUMNS, tiles(), facts.factor)
    write_labels(folder / LABELS, tiles(), facts)
    summary["search"] = {k: v for k, v in asdict(facts).items() if k != "slide"}
    summary["details"] = [asdict(detail) for detail in details]
    if review is not None:
        summary["review"] = review
    write_bytes(folder / SUMMARY, json.dumps(summary, indent=1).encode())
    return summary


def all_centres(tiles: Iterable[Shown]) -> np.ndarray:
    """Centres of all nuclei, (n, 2), pixels of the search."""
    return np.concatenate([np.zeros((0, 2)), *(t.nuclei.centres for t in tiles)])


def summarise(tiles: Iterable[Shown], facts: Facts) -> dict:
    """Count, classes, density, and how nuclei are spread; lengths in um where these are known."""
    unit, centres = facts.um_per_px or 1.0, [np.zeros((0, 2))]
    counts: Counter[str] = Counter()
    around: list[np.ndarray] = []
    for tile in tiles:
        if facts.stain == "ihc":
            around.append(_brown_around(tile))
        centres.append(tile.nuclei.centres)
        counts.update(name for name in tile.labels if name)
    points = (np.concatenate(centres) + 0.5) * facts.factor * unit
    window = Rectangle(facts.shape[0] * unit, facts.shape[1] * unit)
    found = {
        "slide": facts.slide,
        "nuclei": len(points),
        "um_per_px": facts.um_per_px,
        "length_unit": "um" if facts.um_per_px else "pixel",
        "density": len(points) / window.area,
        "classes": dict(sorted(counts.items())),
        "corporis": __version__,
        "note": "For research use only. Density is that of the whole image, glass too.",
    }
    if facts.stain == "ihc" and counts[POSITIVE] + counts[NEGATIVE]:
        total = counts[POSITIVE] + counts[NEGATIVE]
        found["positive_fraction"] = counts[POSITIVE] / total
        found["positive_fraction_interval"] = wilson(counts[POSITIVE], total)
        beyond = np.concatenate(around)
        found["brown_beyond_nuclei"] = float(np.median(beyond)) if len(beyond) else 0.0
    if len(points) > 2:
        found["nearest_neighbour_mean"] = float(nearest_distances(points).mean())
        found["clark_evans"] = clark_evans(points, window)
        found["neighbours_mean"] = float(delaunay_neighbours(points).degrees.mean())
        radii = np.array([r for r in RADII_UM if r < min(window.rows, window.columns) / 4])
        if len(radii):
            found["radii"] = radii.tolist()
            found["ripley_l"] = ripley_l(points, window, radii).tolist()
        if len(radii) and len(points) <= MOST_FOR_ENVELOPE:
            low, high = random_envelope(len(points), window, radii, n_simulations=39)
            found["random_l"] = np.sqrt(np.stack([low, high]) / np.pi).tolist()
    return found


def _brown_around(tile):
    """How brown it is a few pixels beyond each positive nucleus, in parts of the nucleus's own."""
    names, features = tile.nuclei.names, np.asarray(tile.nuclei.features, float)
    mine = np.array([name == POSITIVE for name in tile.labels], bool)
    inside = features[mine, names.index("colour.other_dye_mean")]
    beyond = features[mine, names.index("surroundings.other_dye_far")]
    return beyond / np.maximum(inside, 1e-6)


def wilson(count: int, total: int) -> tuple[float, float]:
    """95 % interval of a share, after Wilson; it counts chance alone, not errors of the search.

    Examples
    --------
    >>> [round(end, 3) for end in wilson(10, 20)]
    [0.299, 0.701]
    """
    z = 1.959964
    share, weight = count / total, z**2 / total
    middle = (share + weight / 2) / (1 + weight)
    half = z * np.sqrt(share * (1 - share) / total + weight / total / 4) / (1 + weight)
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))


def identity(fingerprint: str, number: int) -> str:
    """The UUID by which other programs know a nucleus of a slide."""
    return str(uuid.uuid5(OURS, f"{fingerprint} {number}"))


def colour_name(label: str, known: Sequence[str]) -> str:
    """Of a class among those known.

    Examples
    --------
    >>> colour_name("lymphocyte", ["epithelial", "lymphocyte"]), colour_name(POSITIVE, [POSITIVE])
    ('blue', 'red')
    """
    usual = {POSITIVE: "red", NEGATIVE: "blue"}
    return usual.get(label) or list(COLOURS)[list(known).index(label) % len(COLOURS)]


def colour(label: str, known: Sequence[str]) -> tuple[int, int, int]:
    """Of a class among those known, red, green and blue; green for none."""
    return COLOURS[colour_name(label, known)] if label else UNNAMED


def ring_of(outline, factor: float) -> list[list[float]]:
    """An outline as GeoJSON has it: x and y in pixels of the slide, the first point twice."""
    ring = np.round((outline[:, ::-1] + 0.5) * factor, 2)
    return np.concatenate([ring, ring[:1]]).tolist()


def write_outlines(
    path: Path, tiles: Iterable[Shown], facts: Facts, known: Sequence[str] = ()
) -> None:
    """A FeatureCollection of polygons (x, y) in pixels of the slide, counted from its corner.

    Each is named by its number and bears its class, where it has one, and its measurements.
    """
    with open(path, "w", encoding="utf-8") as file:
        file.write('{"type": "FeatureCollection", "features": [')
        ends = ""
        for tile in tiles:
            for row, number in enumerate(tile.numbers):
                feature = _feature(tile, row, int(number), facts, known)
                file.write(ends + "\n" + json.dumps(feature))
                ends = ","
        file.write("\n]}\n")


def _feature(tile, row, number, facts, known):
    nuclei, name = tile.nuclei, tile.labels[row]
    properties = {
        "objectType": "detection",
        "name": str(number),
        "measurements": {
            what.split(".", 1)[1].replace("_", " "): float(f"{nuclei.features[row, column]:.6g}")
            for column, what in enumerate(nuclei.names)
            if what.startswith("shape.") or what.endswith("_dye_mean")
        },
    }
    if name:
        properties["classification"] = {"name": name, "color": list(colour(name, known))}
    ring = ring_of(nuclei.outlines[row], facts.factor)
    return {
        "type": "Feature",
        "id": identity(facts.fingerprint, number),
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "properties": properties,
    }


def write_details(folder: Path, slide: Slide, centres: np.ndarray) -> list[Detail]:
    """Keep windows of a slide, as it was searched: where nuclei are densest, typical, sparsest."""
    from PIL import Image as Pillow

    details: list[Detail] = []
    for words, corner in _places(slide.shape, centres):
        if any(detail.corner == corner for detail in details):
            continue
        detail = Detail(words, corner, f"detail-{len(details) + 1}.jpg")
        side = [min(WINDOW, n) for n in slide.shape]
        held = io.BytesIO()
        Pillow.fromarray(slide.read(*corner, *side)).save(held, "JPEG", quality=92)
        write_bytes(folder / detail.file, held.getvalue())
        details.append(detail)
    return details


def _places(shape, centres):
    """Windows by how many nuclei they hold: words and corner of each."""
    if not len(centres):
        return
    corners = np.maximum(centres - WINDOW / 2, 0)
    corners = np.minimum(corners, np.maximum(np.array(shape) - WINDOW, 0)).astype(int)
    chosen = corners[:: max(1, len(corners) // 400)]
    inside = [np.all((centres >= c) & (centres < c + WINDOW), axis=1).sum() for c in chosen]
    order = np.argsort(inside)
    for words, place in (("densest", -1), ("typical", len(order) // 2), ("sparsest", 0)):
        row, column = chosen[order[place]]
        yield words, (int(row), int(column))
