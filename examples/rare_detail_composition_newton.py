"""
A detail that one shape in a hundred has
========================================

Principal shapes keep what varies in all of them, 98 % of the variance; what one training shape in a
hundred has is not worth a mode. A dictionary of the shapes themselves has lost nothing: where a new
outline shows the detail, the one shape that knows it is used.
"""

import matplotlib.pyplot as plt
import numpy as np

from corporis.shapes import PrincipalShapes, SparseShapeComposition

random = np.random.default_rng(2)
angle = np.linspace(0, 2 * np.pi, 60, endpoint=False)
circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
waves = np.stack([np.cos(m * angle + p) for m in (2, 3, 4) for p in (0, np.pi / 2)])
bump = 6 * np.exp(-0.5 * ((angle - 4.0) / 0.12) ** 2)


def outline(has_bump):
    """An outline of mean radius 30 mm."""
    radius = 30 * (1 + 0.07 * random.standard_normal(6) @ waves) + has_bump * bump
    return circle * radius[:, None]


training = np.stack([outline(number == 50) for number in range(100)])
truth = outline(True)
seen = truth + 0.3 * random.standard_normal(truth.shape)

# %%
# Both see the same outline, and the same training shapes.

composition = SparseShapeComposition(code_weight=0.01, gross_weight=1.0).fit(training)
found = composition.explain(seen)
rival = PrincipalShapes(modes=0.98, prior="box").fit(training).explain(seen)
there = bump > 1


def error(shape, places):
    """Mean distance from the truth, mm."""
    return float(np.linalg.norm(shape - truth, axis=1)[places].mean())


print(f"shape 50 has the bump; its share: {dict(composition.contributors(found))[50]:.2f}")
for name, shape in (("composition", found.shape), ("principal shapes", rival.shape)):
    print(f"{name}: {error(shape, there):.2f} mm on the bump, {error(shape, ~there):.2f} elsewhere")
assert error(found.shape, there) < 0.3 * error(rival.shape, there)

# %%

figure, axes = plt.subplots(figsize=(5, 5), layout="constrained")
closed = np.r_[0:60, 0]
axes.plot(*truth[closed].T, color="0.75", lw=5, label="truth")
axes.plot(*found.shape[closed].T, color="tab:blue", label="composition")
axes.plot(*rival.shape[closed].T, color="tab:orange", label="principal shapes")
axes.set(aspect="equal", xlabel="mm", ylabel="mm")
axes.legend(loc="center")
