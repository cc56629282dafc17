"""
A heart beat out of few waves
=============================

A signal is the sum of four bumps out of 300 possible ones. With ``q`` the heights of all possible
bumps, the penalty counts those that are not zero; greedy pursuit adds one at a time and refits the
heights, and is right as long as the bumps do not overlap too much.
"""

import matplotlib.pyplot as plt
import numpy as np

from corporis.operators import Dictionary
from corporis.solvers import orthogonal_matching_pursuit, run

random = np.random.default_rng(0)
time = np.linspace(0, 1, 400)
centres, widths = np.meshgrid(np.linspace(0.02, 0.98, 60), [0.008, 0.015, 0.03, 0.06, 0.1])
bumps = np.exp(-0.5 * ((time[:, None] - centres.ravel()) / widths.ravel()) ** 2)
dictionary = Dictionary(bumps / np.linalg.norm(bumps, axis=0))

# %%
# P wave, the two teeth of the QRS complex, T wave.

heights = np.zeros(300)
heights[[130, 26, 28, 222]] = [1.2, 6.0, -2.0, 2.5]
clean = dictionary @ heights
seen = clean + 0.02 * random.standard_normal(400)

# %%
# The solver stops when what is left looks like noise.

enough = 1.05 * 0.02 * np.sqrt(400) / np.linalg.norm(seen)
result = run(orthogonal_matching_pursuit(dictionary, seen), at_most=20, tolerance=enough)
print(result.count, "atoms, in the order they were found:", result.last.memory)

figure, axis = plt.subplots(figsize=(8, 3), layout="constrained")
axis.plot(time, seen, color="0.75", label="seen")
axis.plot(time, dictionary @ result.x, color="#c0392b", label="explained")
axis.set(xlabel="time (beats)")
axis.legend()

assert set(result.last.memory) == {26, 28, 130, 222}
assert np.abs(result.x - heights).max() < 0.1
