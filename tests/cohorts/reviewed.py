"""A slide of blue and brown nuclei, searched once, and what is true of each nucleus found."""

import csv
import json
from pathlib import Path

import numpy as np
from PIL import Image

from corporis.cohorts.nuclei import outline_nuclei
from corporis.phantoms import HardCoreProcess, NuclearTissue

SHAPE = (420, 400)


def searched(root: Path, stain="he", side=256):
    """The tissue and its kinds, its slide and the folder of its nuclei.

    Kinds are round and long ones, or blue and brown ones of an immune stain.
    """
    rng = np.random.default_rng(11)
    points = HardCoreProcess(0.0012, 30.0).sample(SHAPE, rng)
    is_second = rng.random(len(points)) < 0.4
    first, second = "blue", "brown"
    if stain == "ihc":
        kind = NuclearTissue(radius_px=(8.0, 10.0), elongation=1.3, eosin=(0.05, 0.03))
        tissue = kind.at(points, SHAPE, rng, positive=np.flatnonzero(is_second))
    else:
        first, second = "round", "long"
        kinds = [
            NuclearTissue(radius_px=(8.0, 9.0), elongation=1.1),
            NuclearTissue(radius_px=(7.0, 8.0), elongation=1.0),
        ]
        stretched = [kinds[int(k)].outline(rng) for k in is_second]
        stretched = [
            outline * ([1.5, 1 / 1.5] if k else [1, 1]) + centre
            for outline, k, centre in zip(stretched, is_second, points, strict=True)
        ]
        tissue = kinds[0].drawn(stretched, SHAPE, rng)
    Image.fromarray(tissue.image).save(root / "slide.png")
    outline_nuclei(root / "slide.png", root / "out", um_per_px=0.25, side=side, stain=stain)
    kinds_of = np.where(is_second, second, first)
    return (tissue, kinds_of), root / "slide.png", root / "out"


def rows_of(folder: Path) -> dict[int, dict]:
    """Lines of the table by number."""
    with open(folder / "nuclei.csv", newline="") as file:
        return {int(row["nucleus"]): row for row in csv.DictReader(file)}


def truth_of(made, folder: Path) -> dict[int, str]:
    """The kind of each nucleus found."""
    tissue, kinds = made
    found = {}
    for number, row in rows_of(folder).items():
        label = tissue.labels[int(float(row["y_px"])), int(float(row["x_px"]))]
        assert label > 0
        found[number] = str(kinds[label - 1])
    return found


def some_of(truth: dict[int, str], kind: str, n: int) -> list[int]:
    """The first numbers of a kind."""
    return [number for number, name in truth.items() if name == kind][:n]


def shapes_of(folder: Path) -> dict:
    """The GeoJSON file."""
    return json.loads((folder / "nuclei.geojson").read_text())
