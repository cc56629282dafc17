"""Landmarks of the right lung, grossly wrong in several ways, put right by shape priors.

The priors are trained on other subjects and told the noise of a good landmark. What is free, of
ours the price of a run, is chosen once on corrupted training shapes for all rows, by one rule.
"""

from pathlib import Path

import numpy as np
from sklearn.base import clone

from corporis.shapes import PosteriorShapes, PrincipalShapes, SparseShapeComposition

NOISE_PX = 4.0
OUTLIER_NATS = 10.0
"""Logarithm of the area in which a wrong landmark may lie: about 150 by 150 pixels."""
RUN_NATS = (1.5, 3.0, 5.0)
N_FOLDS, MOST_A_FOLD, N_CHOOSING = 5, 30, 12
ROWS = {
    "clean": (100.0, ()),
    "11": (100.0, (5,)),
    "23": (100.0, (10,)),
    "two_runs": (100.0, (5, 5)),
    "scattered": (100.0, (1,) * 10),
    "11_by_40": (40.0, (5,)),
    "23_by_40": (40.0, (10,)),
    "two_runs_by_40": (40.0, (5, 5)),
}
MISSING = (0.2, 0.4)


def shapes_of(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Right lungs (n, 44, 2) in pixels of the 1024 frame, and names of their subjects."""
    shapes, names = [], []
    for path in sorted((folder / "shapes" / "chest_landmarks").glob("*.npz")):
        with np.load(path, allow_pickle=False) as held:
            if "RL" not in held:
                continue
            found = np.asarray(held["RL"], dtype=float)
            ids = held["ids"] if "ids" in held else np.arange(len(found))
        shapes.append(found)
        names += [f"{path.stem}/{i}" for i in ids]
    if not shapes:
        return np.zeros((0, 44, 2)), np.array([])
    return np.concatenate(shapes), np.array(names)


def jobs(train: Path, test: Path):
    """Arguments of `row` for each fold: number, shapes to learn from and to score, identities."""
    shapes, names = shapes_of(train)
    others, other_names = shapes_of(test)
    if len(shapes) < 20 or not len(others):
        return []
    if train.resolve() != test.resolve():
        seen = set(names)
        fresh = np.array([name not in seen for name in other_names])
        return [(0, shapes, others[fresh], np.flatnonzero(fresh))]
    order = np.random.default_rng(0).permutation(len(shapes))
    folds = np.array_split(order, N_FOLDS)
    return [
        (number, shapes[np.setdiff1d(order, fold)], shapes[fold], fold)
        for number, fold in enumerate(folds)
    ]


def row(number, train, test, identities):
    """Mean landmark error of every way to be wrong, of every prior, px."""
    test, identities = test[:MOST_A_FOLD], identities[:MOST_A_FOLD]
    ours = chosen(train, OURS)
    models = {
        "ours": ours,
        "pca": PrincipalShapes(modes=0.98, prior="box").fit(train),
        "pca_map": PrincipalShapes(modes=40, noise=NOISE_PX).fit(train),
        "pca_gnc": chosen(train, PRINCIPAL),
        "composition": chosen(train, COMPOSITIONS),
    }
    found: dict = {"fold": number, "n": len(test), "run_nats": ours.run_cost}
    for kind, (shift, runs) in ROWS.items():
        seen = [spoilt(x, shift, runs, [i, len(kind)]) for x, i in zip(test, identities)]
        found[f"{kind}_input"] = mean_error(seen, test)
        for name, model in models.items():
            found[f"{kind}_{name}"] = mean_error([model.explain(y).shape for y in seen], test)
    for share in MISSING:
        seen, trust = [], []
        for x, i in zip(test, identities):
            rng = np.random.default_rng([int(i), round(100 * share)])
            seen.append(spoilt(x, 0.0, (), [i, 3]))
            absent = rng.choice(len(x), round(share * len(x)), replace=False)
            trust.append(np.isin(np.arange(len(x)), absent, invert=True).astype(float))
        for name, model in models.items():
            filled = [model.explain(y, c).shape for y, c in zip(seen, trust)]
            found[f"missing_{share:g}_{name}"] = mean_error(filled, test)
    return ("landmarks", found)


def chosen(train, options):
    """The option with the least mean error on corrupted training shapes left out of its fit."""
    order = np.random.default_rng(1).permutation(len(train))
    held, kept = train[order[:N_CHOOSING]], train[order[N_CHOOSING:]]
    errors = []
    for option in options:
        model = clone(option).fit(kept)
        found = [
            mean_error([model.explain(spoilt(x, shift, runs, [7, k])).shape], x[None])
            for shift, runs in list(ROWS.values())[:5]
            for k, x in enumerate(held)
        ]
        errors.append(np.mean(found))
    return clone(options[int(np.argmin(errors))]).fit(train)


OURS = [PosteriorShapes(NOISE_PX, OUTLIER_NATS, nats) for nats in RUN_NATS]
COMPOSITIONS = [
    SparseShapeComposition(weight, gross * NOISE_PX, gross_error="coordinate")
    for weight in (0.1, 0.3, 1.0)
    for gross in (0.5, 1.5, 3.0)
]
PRINCIPAL = [
    PrincipalShapes(modes=modes, noise=noise, penalty="redescending")
    for modes in (16, 40)
    for noise in (0.7 * NOISE_PX, NOISE_PX, 1.5 * NOISE_PX)
]


def spoilt(shape, shift, runs, seed):
    """Noise, and runs of neighbours moved together, each in a random direction of its own."""
    rng = np.random.default_rng([int(s) for s in seed])
    seen, k = shape + NOISE_PX * rng.standard_normal(shape.shape), len(shape)
    if len(runs) and max(runs) == 1:
        starts = rng.choice(k, len(runs), replace=False)
    else:
        starts = rng.integers(k, size=len(runs))
    for start, length in zip(starts, runs):
        angle = rng.uniform(0, 2 * np.pi)
        places = (start + np.arange(length)) % k
        seen[places] += shift * np.array([np.cos(angle), np.sin(angle)])
    return seen


def mean_error(found, truth) -> float:
    """Mean distance of all landmarks, px."""
    return float(np.mean(np.linalg.norm(np.asarray(found) - np.asarray(truth), axis=-1)))


def figures(rows) -> dict:
    """Means over folds, weighted by their shapes."""
    mine = [r for kind, r in rows if kind == "landmarks"]
    names = [k for k in (mine[0] if mine else {}) if "_" in k and k not in ("run_nats",)]
    weights = [r["n"] for r in mine]
    found = {}
    for name in names:
        if name == "row_seconds":
            continue
        key = "landmark_px_" + name.removesuffix("_ours")
        found[key] = float(np.average([r[name] for r in mine], weights=weights))
    return found
