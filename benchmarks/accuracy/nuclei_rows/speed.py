"""Seconds from a megapixel of tissue to outlines, features and types, on two cores."""

import time
from dataclasses import replace

import numpy as np

from corporis.apps.nuclei.classifier import NucleusClassifier
from corporis.apps.nuclei.evidence import NucleusEvidence
from corporis.apps.nuclei.features import measure
from corporis.phantoms import HardCoreProcess, NuclearTissue

SHAPE = (1000, 1000)


def row(network, voting):
    """The fastest of three runs on about 400 nuclei, with as many views as accuracy has."""
    rng = np.random.default_rng(0)
    points = HardCoreProcess(0.0006, 24.0).sample(SHAPE, rng)
    image = NuclearTissue().at(points, SHAPE, rng).image
    evidence = NucleusEvidence(replace(network, n_threads=2))
    table = measure(image, voting(evidence(image)))
    types = NucleusClassifier().fit(table.values, np.arange(len(table.values)) % 4)
    seconds = []
    for _ in range(3):
        begun = time.perf_counter()
        labels = voting(evidence(image))
        types.predict(measure(image, labels).values)
        seconds.append(time.perf_counter() - begun)
    area = SHAPE[0] * SHAPE[1] / 1e6
    return [("speed", {"seconds_per_megapixel": min(seconds) / area, "n": int(labels.max())})]


def figures(rows) -> dict:
    """Of the one row."""
    return next(
        (
            {"seconds_per_megapixel": row["seconds_per_megapixel"]}
            for kind, row in rows
            if kind == "speed"
        ),
        {},
    )
