"""Procedural tissue: touching pairs, known point processes, a known share of brown nuclei."""

from dataclasses import replace

import numpy as np

from corporis.apps.nuclei.classical import ClassicalNuclei
from corporis.apps.nuclei.evidence import NucleusEvidence
from corporis.apps.nuclei.immune import positive_nuclei
from corporis.apps.nuclei.overlapping import OverlapSplitting
from corporis.phantoms import HardCoreProcess, NuclearTissue, PoissonProcess, ThomasProcess
from corporis.shapes import Rectangle, instance_overlap, random_envelope, ripley_k

N_PAIRS = 500
SHAPE = (96, 96)
FIELD = (768, 768)
RADII = np.array([22.0, 30.0, 45.0, 60.0])
"""All beyond the distance at which the hard-core process sets in, where K has a corner."""
OVERLAPS = OverlapSplitting()
"""Of pairs and processes, whose nuclei lie over each other; its constants were chosen on others."""


def submit(pool, network, voting):
    """All rows as futures of `pool`."""
    evidence = NucleusEvidence(network)
    jobs = [
        pool.submit(_pairs, evidence, voting, first, first + 100)
        for first in range(0, N_PAIRS, 100)
    ]
    jobs.append(pool.submit(_processes, evidence, voting))
    jobs.append(pool.submit(_brown, evidence, voting))
    return jobs


def _pairs(evidence, voting, first, last):
    return [("pairs", pairs(evidence, voting, first, last))]


def _processes(evidence, voting):
    return [("process", row) for row in processes(evidence, voting)]


def _brown(evidence, voting):
    return [("brown", row) for row in brown_share(evidence, voting)]


def figures(rows) -> dict:
    """Shares and largest errors."""
    found: dict = {}
    parted = [r for kind, r in rows if kind == "pairs"]
    if parted:
        total = sum(r["n"] for r in parted)
        found["pairs_split"] = sum(r["split"] for r in parted) / total
        found["pairs_split_votes"] = sum(r["votes"] for r in parted) / total
        found["pairs_split_classical"] = sum(r["classical"] for r in parted) / total
    seen = [r for kind, r in rows if kind == "process"]
    if seen:
        found["count_error"] = max(abs(r["found"] / r["true"] - 1) for r in seen)
        found["count_error_votes"] = max(abs(r["found_votes"] / r["true"] - 1) for r in seen)
        found["k_inside"] = sum(r["k_inside"] for r in seen) / len(seen)
    brown = [r for kind, r in rows if kind == "brown"]
    if brown:
        found["positive_share_error"] = max(abs(r["found"] - r["true"]) for r in brown)
    return found


def pairs(evidence, voting, first, last) -> dict:
    """How many touching pairs, overlapping by 0 to 40 per cent, come apart as they should."""
    split = votes = classical = 0
    layered = replace(voting, overlaps=OVERLAPS)
    by_overlap = {}
    for number in range(first, last):
        rng = np.random.default_rng([number, 1])
        overlap = 0.4 * (number % 41) / 40
        tissue = NuclearTissue().pair(overlap, SHAPE, rng)
        maps = evidence(tissue.image)
        good = is_split(tissue, layered(maps))
        split += good
        votes += is_split(tissue, voting(maps))
        classical += is_split(tissue, ClassicalNuclei()(tissue.image))
        bin_ = by_overlap.setdefault(f"{int(overlap * 10) / 10:.1f}", [0, 0])
        bin_[0] += good
        bin_[1] += 1
    counts = {"split": split, "votes": votes, "classical": classical}
    return {"n": last - first, **counts, "by_overlap": by_overlap}


def is_split(tissue, found) -> bool:
    """Exactly two nuclei were found and each is another true one, at an IoU above one half."""
    table = instance_overlap(tissue.labels, found)
    return len(table.found_area) == 2 and len(table.matched()) == 2


def processes(evidence, voting) -> list[dict]:
    """Counts, and Ripley's K of what was found beside its envelope about the true K."""
    tissue_kind = NuclearTissue(radius_px=(5.0, 6.5), elongation=1.3)
    rows = []
    for name, process in (
        ("poisson", PoissonProcess(0.0003)),
        ("hard_core", HardCoreProcess(0.001, 16.0)),
        ("thomas", ThomasProcess(0.00003, 8, 60.0)),
    ):
        for seed in (0, 1):
            rng = np.random.default_rng([seed, 2])
            points = process.sample(FIELD, rng)
            tissue = tissue_kind.at(points, FIELD, rng)
            maps = evidence(tissue.image)
            labels = replace(voting, overlaps=OVERLAPS)(maps)
            centres = centres_of(labels)
            low, high = envelope(process, seed)
            k = ripley_k(centres, Rectangle(*FIELD), RADII)
            rows.append(
                {
                    "process": name,
                    "true": len(points),
                    "found": len(centres),
                    "found_votes": int(voting(maps).max()),
                    "k_over_true": (k / process.k(RADII)).tolist(),
                    "k_inside": bool(((k >= low) & (k <= high)).all()),
                }
            )
    return rows


def envelope(process, seed, n_simulations=99):
    """Smallest and largest K of as many samples of the process itself."""
    rng = np.random.default_rng([seed, 3])
    window = Rectangle(*FIELD)
    if isinstance(process, PoissonProcess):
        return random_envelope(
            round(process.density * window.area), window, RADII, n_simulations=n_simulations
        )
    found = [ripley_k(process.sample(FIELD, rng), window, RADII) for _ in range(n_simulations)]
    return np.min(found, axis=0), np.max(found, axis=0)


def centres_of(labels) -> np.ndarray:
    """Centroids (n, 2) of labels 1..n."""
    count = np.bincount(labels.ravel())[1:]
    places = np.indices(labels.shape)
    sums = [np.bincount(labels.ravel(), p.ravel())[1:] for p in places]
    return np.stack(sums, axis=1) / np.maximum(count, 1)[:, None] + 0.5


def brown_share(evidence, voting) -> list[dict]:
    """Share of positive nuclei of procedural immunohistochemistry, true and found."""
    rows = []
    for number, share in enumerate((0.0, 0.1, 0.25, 0.5, 0.75, 1.0)):
        rng = np.random.default_rng([number, 4])
        points = HardCoreProcess(0.0015, 22.0).sample(FIELD, rng)
        n_brown = round(share * len(points))
        tissue = NuclearTissue(radius_px=(7.0, 10.0), eosin=(0.05, 0.03)).at(
            points, FIELD, rng, positive=rng.permutation(len(points))[:n_brown]
        )
        labels = voting(evidence(tissue.image))
        positive = positive_nuclei(tissue.image, labels)
        rows.append(
            {
                "true": float(np.mean(tissue.is_positive)),
                "found": float(positive.mean()) if len(positive) else float("nan"),
            }
        )
    return rows
