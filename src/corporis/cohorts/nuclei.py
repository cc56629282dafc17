"""Nuclei of one slide as files, and a network trained from a folder of labelled images."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from corporis import __version__
from corporis.apps.nuclei.classical import ClassicalNuclei
from corporis.apps.nuclei.evidence import NucleusEvidence, as_bright_field
from corporis.apps.nuclei.splitting import CentreVoting
from corporis.apps.nuclei.training import Example, Schedule, train
from corporis.apps.nuclei.whole_slide import UM_PER_PX, TileNuclei, WholeSlide
from corporis.errors import BadInput
from corporis.imaging import OutputFolder
from corporis.imaging.output import write_bytes
from corporis.imaging.slide import PLAIN, Slide
from corporis.phantoms import NuclearTissue
from corporis.phantoms.nuclei import Tissue
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
DARK = 60
"""Median grey level below which an image is fluorescence: a slide's glass is bright."""
INSTANCES, MASK = "_instances.png", "_semantic.png"


def outline_nuclei(
    source: Path | str,
    output: Path | str,
    weights: Path | str | None = None,
    *,
    um_per_px: float | None = None,
    side: int = 1024,
    name: str | None = None,
    also: Callable[[Path, Slide, Sequence[TileNuclei], dict], None] | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> dict:
    """Outline and measure every nucleus of a slide, and write GeoJSON, CSV and a summary.

    Parameters
    ----------
    source : path
        A TIFF slide or a plain image.
    output : path
        Gets ``nuclei.geojson`` (pixels of the slide, as QuPath opens it), ``nuclei.csv`` (one
        nucleus a line, lengths in pixels at the network's scale) and ``nuclei.json``.
    weights : path, optional
        A folder that `train_nuclei` wrote; without it the path without a network is taken.
    um_per_px : float, optional
        Scale, where the file does not say; without any the image is searched as it is.
    side : int
        Of a tile, pixels: bounds the memory.
    name : str, optional
        A neutral label, never a patient's name; the file's own name is not written anywhere.
    also : callable(folder, slide, tiles, summary), optional
        Writes more into the folder before it appears; `slide` is at the scale of the search.

    Returns
    -------
    dict
        What ``nuclei.json`` holds.

    Raises
    ------
    BadInput
        If slide or weights cannot be read.
    """
    slide = Slide.open(source)
    if um_per_px is not None:
        slide = Slide(slide.name, slide.shape, um_per_px, slide.pieces)
    search = WholeSlide(
        None if weights is None else NucleusEvidence.load(weights),
        ClassicalNuclei() if weights is None else CentreVoting(),
        side=side,
        progress=None if progress is None else lambda done: progress("outlining nuclei", done),
    )
    tiles = list(search(slide))
    seen = slide if slide.um_per_px is None else slide.at_scale(UM_PER_PX)
    factor = (seen.um_per_px or 1.0) / (slide.um_per_px or 1.0)
    summary = {"slide": name or "slide", **_summary(slide, tiles, factor)}
    with OutputFolder(output) as folder:
        _write_outlines(folder / "nuclei.geojson", tiles, factor)
        _write_table(folder / "nuclei.csv", tiles, factor)
        write_bytes(folder / "nuclei.json", json.dumps(summary, indent=1).encode())
        if also is not None:
            also(folder, seen, tiles, summary)
    return summary


def _summary(slide, tiles, factor) -> dict:
    """Count, density, and how nuclei are spread; lengths in um where the scale is known."""
    unit = slide.um_per_px or 1.0
    points = np.concatenate([t.centres for t in tiles] or [np.zeros((0, 2))]) + 0.5
    points = points * factor * unit
    window = Rectangle(slide.shape[0] * unit, slide.shape[1] * unit)
    found = {
        "nuclei": len(points),
        "um_per_px": slide.um_per_px,
        "length_unit": "um" if slide.um_per_px else "pixel",
        "density": len(points) / window.area,
        "corporis": __version__,
        "note": "For research use only. Density is that of the whole image, glass too.",
    }
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


def _write_outlines(path: Path, tiles: Iterable[TileNuclei], factor: float) -> None:
    """A FeatureCollection of polygons (x, y) in pixels of the slide, counted from its corner."""
    features = []
    for tile in tiles:
        for outline in tile.outlines:
            ring = np.round((outline[:, ::-1] + 0.5) * factor, 2)
            ring = np.concatenate([ring, ring[:1]])
            features.append(
                {
                    "type": "Feature",
                    "geometry": {"type": "Polygon", "coordinates": [ring.tolist()]},
                    "properties": {"objectType": "detection"},
                }
            )
    content = {"type": "FeatureCollection", "features": features}
    write_bytes(path, json.dumps(content).encode())


def _write_table(path: Path, tiles: Iterable[TileNuclei], factor: float) -> None:
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    for number, tile in enumerate(tiles):
        if number == 0:
            rows.writerow(["x_px", "y_px", *tile.names])
        for centre, values in zip(tile.centres, tile.features, strict=True):
            place = (centre[::-1] + 0.5) * factor
            rows.writerow([f"{v:.6g}" for v in (*place, *values)])
    write_bytes(path, text.getvalue().encode())


def train_nuclei(
    data: Path | str,
    output: Path | str,
    *,
    n_generated: int = 0,
    seed: int = 0,
    schedule: Schedule | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> int:
    """Train the network on a folder of labelled images and write ``nuclei.onnx``.

    Parameters
    ----------
    data : path
        Holds, at any depth, images at about 0.25 um/px with ``<name>_instances.png`` (a number a
        nucleus) or ``<name>_semantic.png`` (nucleus or not) beside each. Dark images are taken for
        fluorescence and shown dark on white.
    n_generated : int
        Images of generated tissue to learn from besides, drawn as often as all others, >= 0.

    Returns
    -------
    int
        Images learned from.

    Raises
    ------
    BadInput
        If there are none.
    """
    known = list(labelled_images(Path(data)))
    if not known:
        raise BadInput(f"{Path(data).name}: no images with *{INSTANCES} or *{MASK} beside them")
    n_steps = (schedule or Schedule()).n_steps
    weight = sum(example.weight for example in known) / max(n_generated, 1)
    drawn = generated_tissue(n_generated, np.random.default_rng([seed, n_generated]))
    known += [Example(t.image, t.labels, weight=weight) for t in drawn]

    def tell(step, loss):
        if progress is not None:
            progress("training", (step + 1) / n_steps)

    evidence = train(known, seed=seed, schedule=schedule, progress=tell)
    with OutputFolder(output) as folder:
        evidence.save(folder)
    return len(known)


def labelled_images(folder: Path) -> Iterable[Example]:
    """Every image with labels beside it, in the order of names."""
    from PIL import Image as Pillow

    for path in sorted(folder.rglob("*.png")):
        ending = next((e for e in (INSTANCES, MASK) if path.name.endswith(e)), None)
        if ending is None:
            continue
        name = path.name.removesuffix(ending)
        for suffix in PLAIN:
            image = path.with_name(name + suffix)
            if image.is_file():
                pixels = np.asarray(Pillow.open(image).convert("RGB"))
                if np.median(pixels) < DARK:
                    pixels = as_bright_field(pixels)
                labels = np.asarray(Pillow.open(path)).astype(np.int32)
                yield Example(pixels, labels, ending == INSTANCES)
                break


def generated_tissue(count: int, rng: np.random.Generator, side: int = 256) -> Iterator[Tissue]:
    """Squares of tissue, each with nuclei of its own sizes, shapes, dyes, crowding and optics."""
    for _ in range(count):
        small = rng.uniform(4, 9)
        low, ground = rng.uniform(0.25, 0.8), rng.uniform(0.1, 0.6)
        kind = NuclearTissue(
            radius_px=(small, small * rng.uniform(1.2, 2.2)),
            roughness=rng.uniform(0.02, 0.12),
            elongation=rng.uniform(1.1, 2.6),
            haematoxylin=(low, low * rng.uniform(1.2, 2.2)),
            eosin=(ground, ground * rng.uniform(0.1, 0.4)),
            blur_px=rng.uniform(0.5, 1.8),
            noise=rng.uniform(1, 7),
        )
        crowding = rng.uniform(0.05, 0.5)
        n_nuclei = max(1, round(crowding * side**2 / (np.pi * np.mean(kind.radius_px) ** 2)))
        yield kind.at(rng.uniform(-8, side + 8, (n_nuclei, 2)), (side, side), rng)
