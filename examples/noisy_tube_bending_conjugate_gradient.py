"""
A tube from a few noisy outlines
================================

A closed tube is outlined on every third level, with noise and with gaps where nothing was seen.
With ``q`` the squared radii of a deformable surface, the sentence reads ``minimise 1/2 sum w (q -
seen)^2 + internal(q)``: the misfit counts where an outline was seen, the bending energy carries the
surface over the gaps. Both are quadratic, so the minimum solves one linear system.
"""

import matplotlib.pyplot as plt
import numpy as np

from corporis.deformables import RadialSurface
from corporis.solvers import conjugate_gradient, run

random = np.random.default_rng(3)
n_levels, n_angles = 25, 36
heights = np.linspace(0, 60, n_levels)
angles = 2 * np.pi * np.arange(n_angles) / n_angles
radius = 22 * np.sqrt(1 - (heights / 75) ** 2)[:, None] * (1 + 0.08 * np.cos(2 * angles))
truth = radius**2

seen = (radius + random.normal(0, 1.0, radius.shape)) ** 2
weight = np.zeros(radius.shape)
weight[::3] = 1.0
weight[9:16, 4:12] = 0.0  # a shadow

# %%
# The surface gives its energy and its points; the solver needs the gradient, which is linear.

tube = RadialSurface(heights, np.zeros((n_levels, 2)), n_angles, np.array([0, 0, 66.0]), (6.0, 6.0))
bending = tube.internal()
system = conjugate_gradient(
    lambda q: weight * q + bending.gradient(q), weight * seen, np.full(radius.shape, 400.0)
)
result = run(system, at_most=2000, tolerance=1e-8)
found = tube.points(result.x)[: n_levels * n_angles].reshape(n_levels, n_angles, 3)
error = np.abs(np.hypot(found[..., 0], found[..., 1]) - radius)
print(f"{result.count} iterations; mean error {error.mean():.2f} mm, noise 1 mm")

# %%

figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
for k, colour in ((0, "#c0392b"), (8, "#2e6da4")):
    is_seen = weight[:, k] > 0
    axes.plot(heights, radius[:, k], color="0.7", lw=4)
    axes.plot(heights[is_seen], np.sqrt(seen[is_seen, k]), "o", color=colour)
    axes.plot(heights, np.sqrt(result.x[:, k]), color=colour, label=f"angle {10 * k} degrees")
axes.set(xlabel="height in mm", ylabel="radius in mm")
axes.legend()

assert result.reason == "tolerance"
assert error.mean() < 0.5
