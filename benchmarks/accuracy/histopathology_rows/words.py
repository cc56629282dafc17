"""Bags of 500 to 10,000 visual words on regions of the colon: does the length matter?"""

from pathlib import Path

import numpy as np

from corporis.apps.histopathology.model import folds
from corporis.apps.histopathology.words import VisualWords, sift_descriptors
from corporis.learning import KernelHashing, PosteriorHashing, mean_average_precision, pack
from corporis.learning.hamming import distances

from . import regions

COUNTS = (500, 1000, 2000, 5000, 10_000)
N_BITS, N_FOLDS, N_NEIGHBOURS = 48, 5, 9
METHODS = {"ours": PosteriorHashing, "ksh": KernelHashing}


def jobs(train: Path, test: Path):
    """One piece of work for all lengths, as descriptors are the same."""
    split = splits(train, test)
    return [] if split is None else [(lengths, split)]


def splits(train: Path, test: Path):
    """Regions, and of each fold which are known and which are asked about; None without any."""
    known = regions.load(train)
    if not known:
        return None
    if train.resolve() == test.resolve():
        held = folds([region.patient for region in known], N_FOLDS)
        return known, [(np.flatnonzero(~h), np.flatnonzero(h)) for h in held]
    others = regions.load(test)
    patients = {region.patient for region in others}
    first = [region for region in known if region.patient not in patients]
    if not others or len({region.label for region in first}) < 2:
        return None
    split = np.arange(len(first)), len(first) + np.arange(len(others))
    return [*first, *others], [split]


def lengths(known, splits):
    """Precision and vote of 48-bit codes, words learned without the patients asked about."""
    descriptors = [sift_descriptors(region.image) for region in known]
    labels = np.array([region.label for region in known])
    rows = []
    for n_words in COUNTS:
        found = {f"{name}_{what}": [] for name in METHODS for what in ("map", "right")}
        for index, asked in splits:
            words = VisualWords(n_words).fit([descriptors[i] for i in index])
            bags = words.transform(descriptors).astype(float)
            for name, make in METHODS.items():
                hashing = make(N_BITS, random_state=0).fit(bags[index], labels[index])
                codes = [pack(hashing.transform(bags[i])) for i in (asked, index)]
                apart = distances(*codes)
                same = labels[asked][:, None] == labels[index][None]
                found[f"{name}_map"].append((mean_average_precision(apart, same), len(asked)))
                nearest = np.argsort(apart, axis=1, kind="stable")[:, :N_NEIGHBOURS]
                right = np.take_along_axis(same, nearest, axis=1).mean(axis=1) > 0.5
                found[f"{name}_right"].append((right.mean(), len(asked)))
        row = {key: _mean(held) for key, held in found.items()}
        rows.append(("words", {"n_words": n_words, "n": len(known), **row}))
    return rows


def _mean(held) -> float:
    """Of folds, each counted by its images."""
    values, counts = np.transpose(held)
    return float(np.average(values, weights=counts))


def figures(rows) -> dict:
    """Precision and accuracy at the largest length, and the spread over all."""
    mine = sorted((row for kind, row in rows if kind == "words"), key=lambda row: row["n_words"])
    if not mine:
        return {}
    found = {}
    for name in METHODS:
        values = [row[f"{name}_map"] for row in mine]
        suffix = "" if name == "ours" else f"_{name}"
        found[f"glas_words_map{suffix}"] = values[-1]
        found[f"glas_words_map_spread{suffix}"] = max(values) - min(values)
        found[f"glas_words_accuracy{suffix}"] = mine[-1][f"{name}_right"]
    return found
