"""
A run of landmarks that moved together
======================================

A quarter of an outline was put down in the wrong place. To a convex penalty, and to one that waits
for single landmarks to look wrong, the whole may still look like a shape. Description lengths
decide exactly: every run of every length is tried in closed form, and the shape that remains is the
most probable one, with a deviation for each landmark.
"""

import matplotlib.pyplot as plt
import numpy as np

from corporis.shapes import PosteriorShapes, PrincipalShapes

rng = np.random.default_rng(4)
angle = 2 * np.pi * np.arange(40) / 40
modes = np.repeat(np.arange(2, 14), 2)
waves = np.cos(modes[:, None] * angle + np.tile([0, np.pi / 2], 12)[:, None])
radius = 60 * (1 + (0.3 / modes**1.5 * rng.standard_normal((200, 24))) @ waves)
outlines = radius[..., None] * np.stack([np.cos(angle), 1.3 * np.sin(angle)], axis=1)
truth, training = outlines[0], outlines[1:]

seen = truth + rng.standard_normal(truth.shape)
seen[5:15] += [22.0, 10.0]

# %%
# The same data for both priors, both robust.

posterior = PosteriorShapes(noise=1.0, run_cost=3.0).fit(training).posterior(seen)
found = posterior.composition
rival = PrincipalShapes(noise=1.0, penalty="redescending").fit(training).explain(seen)


def error(shape):
    """Mean distance of the landmarks."""
    return float(np.linalg.norm(shape - truth, axis=1).mean())


print(f"set aside: {np.flatnonzero(found.overruled).tolist()}")
print(f"as given {error(seen):.2f}, principal shapes {error(rival.shape):.2f}, ", end="")
print(f"most probable {error(found.shape):.2f}")
assert np.flatnonzero(found.overruled).tolist() == list(range(5, 15))
assert error(found.shape) < 0.6 * error(rival.shape)

# %%
# Crosses are what was given; discs grow with the deviation.

figure, axes = plt.subplots(figsize=(5, 6))
axes.scatter(*found.shape.T, s=8 * posterior.deviation**2, color="tab:blue", alpha=0.2)
axes.plot(
    *np.concatenate([found.shape, found.shape[:1]]).T, color="tab:blue", label="most probable"
)
axes.plot(*np.concatenate([rival.shape, rival.shape[:1]]).T, color="tab:orange", label="principal")
axes.plot(*np.concatenate([truth, truth[:1]]).T, "k:", label="truth")
axes.scatter(*seen[~found.overruled].T, marker="x", color="k")
axes.scatter(*seen[found.overruled].T, marker="x", color="tab:red", label="set aside")
axes.set_aspect("equal")
axes.legend(loc="center")
