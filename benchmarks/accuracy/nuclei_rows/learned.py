"""The trained network and the classical path on images left out of training."""

import time

import numpy as np

from corporis.apps.nuclei.classical import ClassicalNuclei
from corporis.apps.nuclei.evidence import FILE_NAME, NucleusEvidence
from corporis.apps.nuclei.fluorescence import GlowingNuclei
from corporis.apps.nuclei.splitting import CentreVoting
from corporis.apps.nuclei.training import Schedule, train
from corporis.shapes import instance_overlap

from . import images

VOTINGS = [
    CentreVoting(threshold, spread, 1.0, saddle)
    for threshold in (0.4, 0.35, 0.5)
    for spread, saddle in ((2.5, 0.6), (3.5, 0.8), (1.5, 0.8))
]
"""Ways to split; the first is taken where there are no other folds to choose on."""
CLASSICAL = [ClassicalNuclei(leaning=leaning) for leaning in (0.0, 0.4)]
FIGURES = ("aji", "pq", "f1", "mean_f1", "dice", "count_ratio")
N_STEPS_FLUORESCENCE = 0.25
"""Of the steps of the network for bright field."""


def fold(number, network, training, test, n_steps, keep):
    """Train one network, and score its test images split in every way; which counts comes later."""
    shares = images.SHARES[network]
    steps = round(n_steps * (N_STEPS_FLUORESCENCE if network == "fluorescence" else 1))
    known = images.examples(training, shares)
    mine = [item for item in test if item.kind in shares]
    if not known or not mine:
        return []
    begun = time.perf_counter()
    evidence = trained(known, steps, None if keep is None else keep / f"fold_{number}" / network)
    seconds = time.perf_counter() - begun
    rows = [("tried", tried(number, item, evidence)) for item in mine]
    made = {"fold": number, "network": network, "train_seconds": seconds}
    return [*rows, ("fold", made | {"onnx": evidence.network})]


def trained(known, n_steps, folder) -> NucleusEvidence:
    """From `folder`, where an interrupted run left it, or by training now."""
    if folder is not None and (folder / FILE_NAME).is_file():
        return NucleusEvidence.load(folder)
    evidence = train(known, schedule=Schedule(n_steps))
    if folder is not None:
        evidence.save(folder)
    return evidence


def tried(number, item, evidence) -> dict:
    """Figures of one image under every voting."""
    maps = evidence(item.image)
    scores = [score(item.labels, voting(maps)) for voting in VOTINGS]
    return {
        "fold": number, "name": item.name, "patient": item.patient, "set": item.kind,
        "scores": scores,
    }  # fmt: skip


def decided(rows):
    """Rows with the voting that has the largest mean PQ on the same set in the *other* folds."""
    kept = [row for row in rows if row[0] != "tried"]
    tries = [row for kind, row in rows if kind == "tried"]
    for row in tries:
        others = [r for r in tries if r["set"] == row["set"] and r["fold"] != row["fold"]]
        quality = np.array([[s["pq"] for s in r["scores"]] for r in others] or [[1.0]]).mean(0)
        best = int(np.argmax(quality))
        shown = {k: v for k, v in row.items() if k != "scores"}
        kept.append(("image", shown | row["scores"][best] | {"voting": best}))
    return kept


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
        find = GlowingNuclei() if item.kind == "fluorescence" else method
        rows.append(("classical", row | score(item.labels, find(item.image))))
    return rows


def shipped(test):
    """What a fresh install reaches, which has no network: the path without one, as it comes."""
    find = ClassicalNuclei()
    return [
        ("shipped", {"name": item.name, **score(item.labels, find(item.image))})
        for item in test
        if item.kind == "monuseg"
    ]


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
        for name in images.KINDS:
            mine = [r for k, r in rows if k == kind and r["set"] == name]
            prefix = {"fluorescence": "dsb_fluorescence", "purple": "dsb_purple"}.get(name, name)
            for figure in FIGURES if mine else ():
                key = f"{prefix}_{figure}{ending}"
                found[key] = float(np.mean([r[figure] for r in mine]))
            if mine:
                found[f"{prefix}_images{ending}"] = len(mine)
    ours = [r for k, r in rows if k == "shipped"]
    for figure in FIGURES if ours else ():
        found[f"monuseg_{figure}_shipped"] = float(np.mean([r[figure] for r in ours]))
    return found
