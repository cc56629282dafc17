"""A dictionary of 64 atoms beside all training shapes: error, and time of the same solver."""

import time

import numpy as np

from corporis.learning import KSVD, ModesAndDetails, Representatives
from corporis.shapes import SparseShapeComposition, procrustes_mean, sparse_code
from organs_rows.landmarks import MOST_A_FOLD, NOISE_PX, mean_error, spoilt

N_ATOMS, N_CHOOSING, N_TIMED, N_REPEATS = 64, 12, 12, 5
WEIGHTS = (0.05, 0.1, 0.15, 0.2, 0.3, 0.5)
GROSS_PX = 3 * NOISE_PX
NOTE = (
    "dictionary_*: composition of right lungs with noise of 4 px; the weight of the code is chosen "
    "once, for all training shapes, on shapes left out, and kept for the dictionaries; times are "
    "of one convex problem to a duality gap of 0.1 %, best of five, median over shapes; the solver "
    "works on the atoms in use, so that its time hardly depends on those that are not."
)


def row(number, train, test, identities):
    """Errors in px, and milliseconds by Newton steps and by FISTA."""
    weight = chosen_weight(train)
    frame = SparseShapeComposition(weight, GROSS_PX).fit(train)
    mean, differences = frame.mean_, (frame.shapes_ - frame.mean_).reshape(len(train), -1)
    learned = {
        "64": ModesAndDetails(10, N_ATOMS, 4).fit(differences).components_,
        "64_ksvd": KSVD(N_ATOMS, 8).fit(differences).components_,
        "64_selected": Representatives(N_ATOMS).fit(differences).components_,
        "64_random": differences[np.random.default_rng(0).permutation(len(train))[:N_ATOMS]],
    }
    models = {"all": frame} | {
        name: SparseShapeComposition(weight, GROSS_PX).adopt(
            mean, mean + atoms.reshape(-1, *mean.shape)
        )
        for name, atoms in learned.items()
    }
    test, identities = test[:MOST_A_FOLD], identities[:MOST_A_FOLD]
    seen = [spoilt(x, 0.0, (), [i, 5]) for x, i in zip(test, identities)]
    found = {"fold": number, "n": len(test), "code_weight": weight}
    for name, model in models.items():
        found[f"px_{name}"] = mean_error([model.explain(y).shape for y in seen], test)
        for compiled in (True, False):
            times = [_milliseconds(model, y, compiled) for y in seen[: N_TIMED if compiled else 4]]
            found[f"ms_{name}" + ("" if compiled else "_fista")] = float(np.median(times))
    return ("dictionary", found)


def chosen_weight(train, noise=NOISE_PX, dictionary=None):
    """The weight with the least error on noisy training shapes left out of the dictionary.

    Weights are those of `WEIGHTS` for 4 px, in proportion to the noise. `dictionary` makes mean
    and atoms of the shapes that are kept; by default they are the atoms.
    """
    order = np.random.default_rng(2).permutation(len(train))
    held, kept = train[order[:N_CHOOSING]], train[order[N_CHOOSING:]]
    mean, atoms = (dictionary or whole)(kept)
    share = noise / NOISE_PX
    seen = [x + share * (spoilt(x, 0.0, (), [11, k]) - x) for k, x in enumerate(held)]
    weights, errors = [share * w for w in WEIGHTS], []
    for weight in weights:
        model = SparseShapeComposition(weight, share * GROSS_PX)
        model.adopt(mean, atoms)
        errors.append(mean_error([model.explain(y).shape for y in seen], held))
    return weights[int(np.argmin(errors))]


def whole(shapes):
    """Mean and atoms: the shapes themselves."""
    found = procrustes_mean(shapes)
    return found.mean, found.aligned


def _milliseconds(model, shape, compiled):
    start = model.alternation(shape, np.ones(len(shape)))
    misfit, weight, best = start.misfit, model.code_weight * len(shape), np.inf
    for _ in range(N_REPEATS if compiled else 1):
        begun = time.perf_counter()
        sparse_code(misfit, weight, tolerance=1e-3, at_most=100_000, compiled=compiled)
        best = min(best, time.perf_counter() - begun)
    return 1e3 * best


def figures(rows) -> dict:
    """Means over folds, and how 64 atoms compare with all shapes."""
    mine = [r for kind, r in rows if kind == "dictionary"]
    if not mine:
        return {}
    names = [k for k in mine[0] if k.startswith(("px_", "ms_"))]
    mean = {
        k: float(np.average([r[k] for r in mine], weights=[r["n"] for r in mine])) for k in names
    }
    found = {f"dictionary_{k}": v for k, v in mean.items()}
    for name in ("64", "64_ksvd", "64_selected", "64_random"):
        ending = name.removeprefix("64")
        found[f"dictionary_excess_error{ending}"] = mean[f"px_{name}"] / mean["px_all"] - 1
        found[f"dictionary_speedup{ending}"] = mean["ms_all"] / mean[f"ms_{name}"]
        found[f"dictionary_speedup{ending}_fista"] = mean["ms_all_fista"] / mean[f"ms_{name}_fista"]
    return found
