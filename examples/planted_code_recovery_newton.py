"""
When a sparse code and sparse errors can be told apart
======================================================

A code of few atoms is planted, and a share of the values is made grossly wrong. The convex problem
finds both exactly, up to a sharp border; a theorem promises it well inside, where atoms in use and
wrong values together explain no other atom (Tropp's exact recovery condition).
"""

import matplotlib.pyplot as plt
import numpy as np

from corporis.shapes import GrossErrorMisfit, sparse_code

N_ATOMS, N_VALUES, N_TRIALS = 60, 40, 5
sparsities, corruptions = (1, 2, 4, 6, 8, 10), (0.0, 0.05, 0.1, 0.2, 0.3, 0.4)


def trial(sparsity, corruption, seed):
    """Whether the planted code is found, and whether the theorem promises it."""
    random = np.random.default_rng([sparsity, round(100 * corruption), seed])
    atoms = random.standard_normal((N_ATOMS, N_VALUES))
    atoms /= np.linalg.norm(atoms, axis=1, keepdims=True)
    code, used = np.zeros(N_ATOMS), random.choice(N_ATOMS, sparsity, replace=False)
    code[used] = random.choice([-1, 1], sparsity) * random.uniform(1, 2, sparsity)
    target, wrong = code @ atoms, random.choice(N_VALUES, round(corruption * N_VALUES), False)
    target[wrong] += 5 * random.standard_normal(len(wrong))
    small, trust = np.full(N_VALUES, 1e-4), np.ones(N_VALUES)
    misfit = GrossErrorMisfit(atoms[..., None], target[:, None], small, trust)
    found = sparse_code(misfit, 1e-4, tolerance=1e-6, at_most=400).x
    both, support = np.concatenate([atoms, np.eye(N_VALUES)]), np.append(used, N_ATOMS + wrong)
    others = np.delete(both, support, axis=0)
    shares = np.abs(np.linalg.lstsq(both[support].T, others.T, rcond=None)[0]).sum(axis=0)
    return np.linalg.norm(found - code) <= 0.01 * np.linalg.norm(code), shares.max() < 1


trials = np.array(
    [[[trial(s, c, k) for k in range(N_TRIALS)] for c in corruptions] for s in sparsities]
)
found, promised = trials[..., 0], trials[..., 1]
broken = int((promised & ~found).sum())
print(f"promised {promised.sum()} times, broken {broken}; found {found.mean():.0%} of all")
assert broken == 0
assert promised.sum() >= 5

# %%

figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
image = axes.imshow(found.mean(axis=2), origin="lower", cmap="gray", vmin=0, vmax=1)
axes.contour(promised.mean(axis=2), levels=[0.5], colors="tab:red")
axes.set_xticks(range(len(corruptions)), [f"{c:.0%}" for c in corruptions])
axes.set_yticks(range(len(sparsities)), sparsities)
axes.set(xlabel="values grossly wrong", ylabel="atoms in use")
figure.colorbar(image, label="recovered")
