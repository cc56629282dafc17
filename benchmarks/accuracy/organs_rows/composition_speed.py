"""Speed of sparse composition: surfaces of 600 points, 200 atoms, a fifth grossly wrong.

The truth mixes four atoms of the dictionary itself, which flatters every method alike.
"""

import time
import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import Lasso

from corporis.shapes import PrincipalShapes, SparseShapeComposition

N_POINTS, N_ATOMS, SHARE_WRONG, N_SHAPES, N_REPEATS = 600, 200, 0.2, 5, 5
OURS = SparseShapeComposition(3e-4, 0.03, penalty="redescending", alignment="none")
LASSOS = (1e-3, 3e-3, 1e-2, 3e-2)
NOTE = (
    "sparse_shape: 600 points, 200 shapes, 20 % gross errors; the truth mixes four atoms of the "
    "dictionary itself; ours has one setting, the lasso the best of four."
)


def row():
    """Error in thousandths of the mean radius, and milliseconds, of ours and rivals."""
    rng = np.random.default_rng(0)
    atoms = _surfaces(rng)
    truths, seen = zip(*(_case(atoms, rng) for _ in range(N_SHAPES)))
    ours = OURS.fit(atoms)
    found = [_timed(ours.explain, y) for y in seen]
    principal = PrincipalShapes(modes=0.98, prior="box", alignment="none").fit(atoms)
    figures = {
        "sparse_shape_mrad": _mean_error([f.shape for f, _ in found], truths),
        "sparse_shape_ms": 1e3 * float(np.median([seconds for _, seconds in found])),
        "sparse_shape_gap": max(f.gap / f.objective for f, _ in found),
        "sparse_shape_mrad_pca": _mean_error([principal.explain(y).shape for y in seen], truths),
        "sparse_shape_mrad_input": _mean_error(seen, truths),
    }
    error, milliseconds = min(_lasso(weight, atoms, seen, truths) for weight in LASSOS)
    figures |= {"sparse_shape_mrad_lasso": error, "sparse_shape_ms_lasso": milliseconds}
    return ("speed", figures)


def _lasso(weight, atoms, seen, truths):
    """Error and time of the plain lasso, which squares gross errors; stopped where it crawls."""
    flat = np.asfortranarray(atoms.reshape(N_ATOMS, -1).T)
    lasso = Lasso(weight, fit_intercept=False, max_iter=1000, tol=1e-5)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        begun = time.perf_counter()
        codes = [lasso.fit(flat, y.ravel()).coef_.copy() for y in seen]
        seconds = (time.perf_counter() - begun) / len(seen)
    return _mean_error([(flat @ code).reshape(-1, 3) for code in codes], truths), 1e3 * seconds


def _surfaces(rng):
    """Smooth closed surfaces on one layout of points, each with a bump of its own, (n, k, 3)."""
    number = np.arange(N_POINTS) + 0.5
    polar, turn = np.arccos(1 - 2 * number / N_POINTS), np.pi * (1 + 5**0.5) * number
    u = np.stack([np.cos(turn) * np.sin(polar), np.sin(turn) * np.sin(polar), np.cos(polar)], 1)
    powers = [p for p in np.ndindex(4, 4, 4) if 0 < sum(p) <= 3]
    basis = np.stack([np.prod(u ** np.array(p), axis=1) for p in powers], 1)
    found = []
    for _ in range(N_ATOMS):
        radius = 1 + basis @ (0.06 * rng.standard_normal(len(powers)))
        place = u[rng.integers(N_POINTS)]
        radius += 0.25 * np.exp(-((u - place) ** 2).sum(1) / 0.05)
        found.append(radius[:, None] * u)
    return np.stack(found)


def _case(atoms, rng):
    """A mixture of four atoms, and the same with noise and gross errors."""
    code, weights = np.zeros(N_ATOMS), rng.random(4) + 0.2
    code[rng.choice(N_ATOMS, 4, False)] = weights / weights.sum()
    truth = np.tensordot(code, atoms, axes=1)
    seen = truth + 0.01 * rng.standard_normal(truth.size).reshape(truth.shape)
    wrong = rng.choice(N_POINTS, int(SHARE_WRONG * N_POINTS), False)
    seen[wrong] += 0.5 * rng.standard_normal(3) + 0.3 * rng.standard_normal((len(wrong), 3))
    return truth, seen


def _timed(function, argument):
    value, best = function(argument), np.inf
    for _ in range(N_REPEATS):
        begun = time.perf_counter()
        value = function(argument)
        best = min(best, time.perf_counter() - begun)
    return value, best


def _mean_error(found, truths):
    """Root mean square error in thousandths of the mean radius."""
    return float(
        np.mean(
            [
                1e3
                * np.sqrt(np.mean(np.sum((a - b) ** 2, axis=1)))
                / np.mean(np.linalg.norm(b, axis=1))
                for a, b in zip(found, truths)
            ]
        )
    )
