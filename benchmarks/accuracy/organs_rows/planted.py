"""Planted recovery: sparse code and sparse gross error, exact or not, over both sparsities."""

import numpy as np

from corporis.shapes import GrossErrorMisfit, sparse_code

N_ATOMS, N_VALUES, N_TRIALS = 120, 80, 10
SPARSITIES = (1, 2, 4, 8, 12, 16, 24)
CORRUPTIONS = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5)
SMALL = 1e-4
"""Threshold, in sizes of a code's entry: towards 0 the Huber lasso is basis pursuit."""
NOTE = (
    "planted_recovery: share of ten trials recovered to 1 %, rows by sparsity "
    f"{SPARSITIES} of {N_ATOMS} random atoms of {N_VALUES} values, columns by the share of values "
    f"grossly wrong {CORRUPTIONS}; the theorem (Tropp 2006, exact recovery condition of atoms and "
    "spikes together) is checked in each trial, and where it holds recovery must be exact."
)


def row():
    """Phase diagram, where the theorem speaks, and whether it was ever broken."""
    diagram, promised, broken = [], [], 0
    for sparsity in SPARSITIES:
        rates, promises = [], []
        for corruption in CORRUPTIONS:
            trials = [_trial(sparsity, corruption, k) for k in range(N_TRIALS)]
            rates.append(float(np.mean([is_found for is_found, _ in trials])))
            promises.append(float(np.mean([is_promised for _, is_promised in trials])))
            broken += sum(is_promised and not is_found for is_found, is_promised in trials)
        diagram.append(rates)
        promised.append(promises)
    return (
        "planted",
        {
            "planted_recovery": diagram,
            "planted_promised": promised,
            "planted_promises_broken": broken,
            "planted_area": float(np.mean(diagram)),
        },
    )


def _trial(sparsity, corruption, seed):
    rng = np.random.default_rng([sparsity, round(100 * corruption), seed])
    atoms = rng.standard_normal((N_ATOMS, N_VALUES))
    atoms /= np.linalg.norm(atoms, axis=1, keepdims=True)
    code = np.zeros(N_ATOMS)
    used = rng.choice(N_ATOMS, sparsity, replace=False)
    code[used] = rng.choice([-1, 1], sparsity) * rng.uniform(1, 2, sparsity)
    wrong = rng.choice(N_VALUES, round(corruption * N_VALUES), replace=False)
    target = code @ atoms
    target[wrong] += rng.choice([-1, 1], len(wrong)) * rng.uniform(1, 5, len(wrong))
    misfit = GrossErrorMisfit(
        atoms[..., None], target[:, None], np.full(N_VALUES, SMALL), np.ones(N_VALUES)
    )
    found = sparse_code(misfit, SMALL, tolerance=1e-6, at_most=2000).x
    is_found = np.linalg.norm(found - code) <= 0.01 * np.linalg.norm(code)
    both = np.concatenate([atoms, np.eye(N_VALUES)])
    support = np.concatenate([used, N_ATOMS + wrong])
    others = np.delete(both, support, axis=0)
    shares = np.linalg.lstsq(both[support].T, others.T, rcond=None)[0]
    return bool(is_found), bool(np.abs(shares).sum(axis=0).max() < 1)
