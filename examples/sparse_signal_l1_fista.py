"""
A sparse signal from few measurements
=====================================

Ten spikes among 200 places are seen through 80 random averages with noise. With ``q`` the signal,
the sentence reads ``minimise 1/2 ||A q - b||^2 + weight ||q||_1``: no deformable model, a plain
misfit, and a penalty that allows few numbers to differ from zero.
"""

import matplotlib.pyplot as plt
import numpy as np

from corporis.functionals import L1, QuadraticMisfit
from corporis.operators import Matrix
from corporis.solvers import fista, run

random = np.random.default_rng(4)
truth = np.zeros(200)
truth[random.choice(200, 10, replace=False)] = random.choice([-1.0, 1.0], 10)
averages = random.standard_normal((80, 200)) / np.sqrt(80)
seen = averages @ truth + 0.01 * random.standard_normal(80)

# %%
# The operator knows its shapes and its adjoint; the misfit knows how steep it is; the solver is a
# generator that `run` drives until little changes.

misfit = QuadraticMisfit(Matrix(averages, (200,), (80,)), seen)
penalty = L1(weight=0.02)
result = run(fista(misfit, penalty, np.zeros(200)), at_most=2000, tolerance=1e-8)
print(result.reason, "after", result.count, "iterations")

# %%
# The penalty shortens every spike a little; the places are right.

figure, axes = plt.subplots(figsize=(8, 3), layout="constrained")
axes.stem(truth, linefmt="0.8", markerfmt="o", basefmt=" ", label="truth")
axes.plot(result.x, "x", color="#c0392b", label="found")
axes.set(xlabel="place", ylabel="height")
axes.legend(loc="upper right")

found = set(np.flatnonzero(np.abs(result.x) > 0.1))
error = float(np.abs(result.x - truth).max())
print(f"largest error {error:.3f}")
assert found == set(np.flatnonzero(truth))
assert error < 0.1
