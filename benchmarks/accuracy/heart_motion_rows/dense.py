"""DENSE of a person: displacements half of which are removed, and some of the rest wrong.

Valid pixels are those that are not zero in every frame. A pixel that is wrong is wrong by one
vector in all frames; in another row every frame has its own wrong pixels.
"""

from pathlib import Path

import numpy as np
from scipy.interpolate import RBFInterpolator

from corporis.deformables import ThinPlate

N_SEEDS = 5


def jobs(folder: Path, seed: int):
    """One piece of work for each seed of each file."""
    files = sorted((folder / "cardiac").glob("dense_displacement*.npz"))
    return [(row, (path, seed + k)) for path in files for k in range(N_SEEDS)]


def row(path, seed):
    """RMSE at the removed pixels, in pixels."""
    with np.load(path, allow_pickle=False) as held:
        moved = np.moveaxis(held["displacement_px"].astype(float), 0, -1)
    valid = np.any(moved != 0, axis=(2, 3))
    places = np.argwhere(valid).astype(float)
    film = np.moveaxis(moved[valid], 1, 0)
    rng = np.random.default_rng([seed, 3])
    gone = np.zeros(len(places), dtype=bool)
    gone[rng.choice(len(places), len(places) // 2, replace=False)] = True
    rest, seen, wanted = places[~gone], film[:, ~gone], film[:, gone]
    n, found = len(rest), {"file": path.stem, "seed": seed}
    wrong = np.isin(np.arange(n), rng.choice(n, round(0.2 * n), replace=False))
    centre = rest[rng.integers(n)]
    order = np.argsort(np.sum((rest - centre) ** 2, axis=1))
    patch = np.isin(np.arange(n), order[: round(0.05 * n)])
    every = np.broadcast_to
    cases = {
        "": (every(wrong, seen.shape[:2]), every(_vectors(rng, (n,)), seen.shape)),
        "_changing": (rng.random(seen.shape[:2]) < 0.2, _vectors(rng, seen.shape[:2])),
        "_patch": (every(patch, seen.shape[:2]), every(_vectors(rng, (), 3.0), seen.shape)),
    }
    for case, (which, vectors) in cases.items():
        spoilt = seen + which[..., None] * vectors
        fit = ThinPlate().fit(rest, spoilt)
        found["px" + case] = _rmse(fit(places[gone]), wanted)
        found["wrong_found" + case] = float(np.mean(fit.trust[which] < 0.5))
        found["right_lost" + case] = float(np.mean(fit.trust[~which] < 0.5))
        quadratic = ThinPlate(believed=None).fit(rest, spoilt)
        found[f"px{case}_quadratic"] = _rmse(quadratic(places[gone]), wanted)
    flat = np.moveaxis(seen, 1, 0).reshape(n, -1)
    clean = RBFInterpolator(rest, flat, kernel="thin_plate_spline")(places[gone])
    found["px_clean"] = _rmse(np.moveaxis(clean.reshape(-1, *film.shape[::2]), 1, 0), wanted)
    return ("dense", found)


def _vectors(rng, shape, length=None):
    """Vectors in random directions, 0.5 to 3 pixels long unless stated."""
    turn = rng.uniform(0, 2 * np.pi, shape)
    far = rng.uniform(0.5, 3.0, shape) if length is None else length
    return np.stack([far * np.cos(turn), far * np.sin(turn)], axis=-1)


def _rmse(found, wanted):
    return float(np.sqrt(np.mean(np.sum((found - wanted) ** 2, axis=-1))))


def figures(rows) -> dict:
    """Means over files and seeds."""
    mine = [r for kind, r in rows if kind == "dense"]
    names = [k for k in (mine[0] if mine else {}) if k not in ("file", "seed")]
    found = {}
    for name in names:
        values = [r[name] for r in mine]
        key = "dense_rmse_" + name if name.startswith("px") else "dense_" + name
        found[key] = float(np.mean(values))
        if name == "px":
            found[key + "_worst"] = float(np.max(values))
    return found
