"""Seconds from a megapixel of tissue to outlines, features and types, on two cores."""

import time
from dataclasses import replace

import numpy as np

from corporis.apps.nuclei.classifier import NucleusClassifier
from corporis.apps.nuclei.evidence import NucleusEvidence
from corporis.apps.nuclei.features import measure
from corporis.phantoms import HardCoreProcess, NuclearTissue

SHAPE = (1000, 1000)
KEYS = ("seconds_per_megapixel", "cpu_seconds_per_megapixel")
"""By the clock, and of all processors together, which other work does not lengthen."""


def row(network, voting):
    """The fastest of three runs on about 400 nuclei, with as many views as accuracy has."""
    rng = np.random.default_rng(0)
    points = HardCoreProcess(0.0006, 24.0).sample(SHAPE, rng)
    image = NuclearTissue().at(points, SHAPE, rng).image
    evidence = NucleusEvidence(replace(network, n_threads=2))
    table = measure(image, voting(evidence(image)))
    types = NucleusClassifier().fit(table.values, np.arange(len(table.values)) % 4)
    seconds, cpu = [], []
    for _ in range(3):
        begun, used = time.perf_counter(), time.process_time()
        labels = voting(evidence(image))
        types.predict(measure(image, labels).values)
        seconds.append(time.perf_counter() - begun)
        cpu.append(time.process_time() - used)
    area = SHAPE[0] * SHAPE[1] / 1e6
    found = {name: min(times) / area for name, times in zip(KEYS, (seconds, cpu))}
    return [("speed", {**found, "n": int(labels.max())})]


def figures(rows) -> dict:
    """Of the one row."""
    mine = [row for kind, row in rows if kind == "speed"]
    return {name: mine[0][name] for name in KEYS} if mine else {}
