"""Tissue classes from given texture features: retrieval by 48-bit codes, ours and as published."""

from pathlib import Path

import numpy as np
from sklearn.model_selection import StratifiedKFold, StratifiedShuffleSplit
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from corporis.learning import (
    HammingVote,
    KernelHashing,
    PosteriorHashing,
    mean_average_precision,
    pack,
)
from corporis.learning.hamming import distances

N_BITS = 48
N_FOLDS = 10
WIDTHS = (1.0, 0.3, 0.1)
"""Of the kernel: the grid of both ways of hashing."""
N_NEIGHBOURS = 15
METHODS = {
    "ours": lambda width, bits=N_BITS: PosteriorHashing(bits, width=width, random_state=0),
    "ksh": lambda width, bits=N_BITS: KernelHashing(bits, width=width, random_state=0),
}


def jobs(train: Path, test: Path):
    """Independent pieces of work: (function, arguments)."""
    sets = [read(folder) for folder in (train, test)]
    if any(s is None for s in sets):
        return []
    (X, y), (other, labels) = sets
    if train.resolve() != test.resolve():
        return [(fold_row, (0, X, y, other, labels))]
    folds = StratifiedKFold(N_FOLDS, shuffle=True, random_state=0).split(X, y)
    return [
        (fold_row, (number, X[fit], y[fit], X[held], y[held]))
        for number, (fit, held) in enumerate(folds)
    ]


def read(folder: Path):
    """Features and labels of all files of a folder; None where there are none."""
    files = sorted((folder / "histology").glob("*texture_features*.npz"))
    if not files:
        return None
    held = [np.load(f, allow_pickle=False) for f in files]
    X = np.concatenate([np.nan_to_num(h["features"], posinf=0, neginf=0) for h in held])
    return X.astype(float), np.concatenate([h["labels"] for h in held])


def fold_row(number, X, y, other, labels):
    """One fold: widths chosen inside the training tiles, then both ways on what was left out."""
    scaler = StandardScaler().fit(X)
    X, other = scaler.transform(X), scaler.transform(other)
    row = {"fold": number}
    classes = np.unique(y)
    withheld = classes[[(2 * number) % len(classes), (2 * number + 1) % len(classes)]]
    for name, make in METHODS.items():
        width = chosen_width(make, X, y)
        row[f"{name}_width"] = width
        vote = HammingVote(make(width), N_NEIGHBOURS).fit(X, y)
        row[f"{name}_accuracy"] = float(vote.score(other, labels))
        row[f"{name}_map"] = precision(vote.hashing_, X, y, other, labels)
        known = ~np.isin(y, withheld)
        asked = np.isin(labels, withheld)
        blind = make(width).fit(X[known], y[known])
        row[f"{name}_map_withheld"] = precision(blind, X, y, other[asked], labels[asked])
    row["svm_accuracy"] = float(_best_svm(X, y).score(other, labels))
    nearest = KNeighborsClassifier(N_NEIGHBOURS).fit(X, y)
    row["features_accuracy"] = float(nearest.score(other, labels))
    return ("textures", row)


def chosen_width(make, X, y) -> float:
    """The width with the best precision and vote, added, on a quarter of the training tiles."""
    fit, judge = next(StratifiedShuffleSplit(1, test_size=0.25, random_state=0).split(X, y))
    found = []
    for width in WIDTHS:
        vote = HammingVote(make(width, 24), N_NEIGHBOURS).fit(X[fit], y[fit])
        score = vote.score(X[judge], y[judge])
        found.append(score + precision(vote.hashing_, X[fit], y[fit], X[judge], y[judge]))
    return WIDTHS[int(np.argmax(found))]


def precision(hashing, X, y, queries, labels) -> float:
    """Mean average precision over the whole ranked list, ties by expectation."""
    codes = [pack(hashing.transform(x)) for x in (queries, X)]
    return mean_average_precision(distances(*codes), labels[:, None] == y[None])


def _best_svm(X, y):
    """A support vector machine on the full features, its strength chosen inside."""
    fit, judge = next(StratifiedShuffleSplit(1, test_size=0.25, random_state=0).split(X, y))
    scores = {c: SVC(C=c).fit(X[fit], y[fit]).score(X[judge], y[judge]) for c in (1, 3, 10, 30)}
    return SVC(C=max(scores, key=scores.get)).fit(X, y)


def figures(rows) -> dict:
    """Means over the folds."""
    mine = [row for kind, row in rows if kind == "textures"]
    if not mine:
        return {}
    names = {
        "kather_accuracy": "ours_accuracy",
        "kather_accuracy_ksh": "ksh_accuracy",
        "kather_accuracy_svm": "svm_accuracy",
        "kather_accuracy_features": "features_accuracy",
        "kather_map_ours": "ours_map",
        "kather_map_ksh": "ksh_map",
        "kather_map_withheld_ours": "ours_map_withheld",
        "kather_map_withheld_ksh": "ksh_map_withheld",
    }
    return {key: float(np.mean([row[name] for row in mine])) for key, name in names.items()}
