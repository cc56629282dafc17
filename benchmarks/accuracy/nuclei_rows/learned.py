"""The trained network and the classical path on images left out of training."""

import time
from pathlib import Path

import numpy as np

from corporis.apps.nuclei.classical import ClassicalNuclei
from corporis.apps.nuclei.evidence import FILE_NAME, NucleusEvidence
from corporis.apps.nuclei.splitting import CentreVoting
from corporis.apps.nuclei.training import Schedule, train
from corporis.shapes import instance_overlap

from . import images

VOTINGS = [
    CentreVoting(threshold, spread, least)
    for threshold in (0.4, 0.5, 0.6)
    for spread in (1.5, 2.5)
    for least in (0.5, 1.0)
]
CLASSICAL = [ClassicalNuclei(leaning=leaning) for leaning in (0.0, 0.4)]
N_CHOOSING = 8
FIGURES = ("aji", "pq", "f1", "mean_f1", "dice", "count_ratio")


def fold(number, training, test, n_steps, keep, rivals):
    """Train, choose how to split on training images, score the test images."""
    begun = time.perf_counter()
    evidence = trained(number, training, n_steps, keep)
    trained_s = time.perf_counter() - begun
    voting = chosen(evidence, training)
    rows = []
    for item in test:
        maps = evidence(item.image)
        row = {"name": item.name, "patient": item.patient, "set": item.kind}
        row.update(score(item.labels, voting(maps)))
        rows.append(("image", row))
    if rivals:
        rows += classical(training, test)
    made = {"fold": number, "train_seconds": trained_s, "voting": voting}
    rows.append(("fold", made | {"onnx": evidence.network}))
    return rows


def trained(number, training, n_steps, keep) -> NucleusEvidence:
    """From the folder `keep`, where an interrupted run left it, or by training now."""
    folder = None if keep is None else Path(keep) / f"fold_{number}"
    if folder is not None and (folder / FILE_NAME).is_file():
        return NucleusEvidence.load(folder)
    evidence = train(images.examples(training), schedule=Schedule(n_steps))
    if folder is not None:
        evidence.save(folder)
    return evidence


def chosen(evidence, training) -> CentreVoting:
    """The way to split with the largest mean PQ on training images."""
    some = [x for x in training if x.kind == "monuseg"] or training
    some = some[:: max(1, len(some) // N_CHOOSING)][:N_CHOOSING]
    kept = [(x.labels, evidence(x.image)) for x in some if x.kind != "semantic"]
    quality = [
        np.mean([instance_overlap(labels, v(maps)).panoptic_quality() for labels, maps in kept])
        for v in VOTINGS
    ]
    return VOTINGS[int(np.argmax(quality))]


def classical(training, test):
    """The path without a network, its threshold chosen on training images by the same rule."""
    some = [x for x in training if x.kind == "monuseg"][:3]
    quality = [
        np.mean([instance_overlap(x.labels, c(x.image)).panoptic_quality() for x in some])
        if some
        else 0.0
        for c in CLASSICAL
    ]
    method = CLASSICAL[int(np.argmax(quality))]
    rows = []
    for item in test:
        row = {"name": item.name, "patient": item.patient, "set": item.kind}
        rows.append(("classical", row | score(item.labels, method(item.image))))
    return rows


def score(truth, found) -> dict:
    """All figures of one image, objects at the border included."""
    table = instance_overlap(truth, found)
    return {
        "aji": table.aggregated_jaccard(),
        "pq": table.panoptic_quality(),
        "f1": table.f1(),
        "mean_f1": table.mean_f1(),
        "dice": table.dice(),
        "count_ratio": len(table.found_area) / max(1, len(table.true_area)),
    }


def figures(rows) -> dict:
    """Means over images of each set."""
    found: dict = {}
    for kind, ending in (("image", ""), ("classical", "_classical")):
        for name in images.SHARES:
            mine = [r for k, r in rows if k == kind and r["set"] == name]
            prefix = {"fluorescence": "dsb_fluorescence", "purple": "dsb_purple"}.get(name, name)
            for figure in FIGURES if mine else ():
                key = f"{prefix}_{figure}{ending}"
                found[key] = float(np.mean([r[figure] for r in mine]))
            if mine:
                found[f"{prefix}_images{ending}"] = len(mine)
    return found
