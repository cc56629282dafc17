"""
A shape with wrong landmarks
============================

A dictionary of ovals explains a new oval of which three landmarks are grossly wrong. With ``q`` the
code, ``points(q) = D q`` is a shape composed of few known ones, and a second sparse term says which
landmarks not to believe.
"""

import matplotlib.pyplot as plt
import numpy as np

from corporis.shapes import SparseShapeComposition

random = np.random.default_rng(1)
angle = np.linspace(0, 2 * np.pi, 48, endpoint=False)
circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)


def oval(ratio, dent):
    """An oval of mean radius 30 mm with a dent on one side."""
    radius = 30 * (1 - dent * np.exp(-8 * (1 - np.cos(angle - 2.5))))
    return circle * radius[:, None] * [1 / ratio, ratio]


known = np.stack(
    [oval(r, d) for r, d in zip(random.uniform(0.8, 1.25, 60), random.uniform(0, 0.3, 60))]
)
truth = oval(1.12, 0.2)
seen = truth + random.normal(0, 0.5, truth.shape)
wrong = [5, 20, 33]
seen[wrong] += [[14, 8], [-12, -9], [3, 15]]

# %%
# Composition overrules the wrong landmarks and says which ones. A mean of all ovals would lose the
# dent; a free curve would follow the errors.

model = SparseShapeComposition(penalty="redescending", gross_weight=2.0).fit(known)
explained = model.explain(seen)
overruled = np.flatnonzero(explained.overruled)
distance = float(np.linalg.norm(explained.shape - truth, axis=1).mean())
print("overruled landmarks:", overruled.tolist())
print(f"mean distance to the truth {distance:.2f} mm")

# %%

figure, axes = plt.subplots(figsize=(5, 5), layout="constrained")
closed = np.r_[0:48, 0]
axes.plot(*truth[closed].T, color="0.7", lw=4, label="truth")
axes.plot(*seen.T, "o", color="#2e6da4", ms=4, label="seen")
axes.plot(*explained.shape[closed].T, color="#c0392b", label="explained")
axes.plot(*seen[overruled].T, "x", color="black", ms=10, label="overruled")
axes.set(aspect="equal", xlabel="mm", ylabel="mm")
axes.legend(loc="upper right")

assert set(wrong) <= set(overruled)
assert distance < 1.0
