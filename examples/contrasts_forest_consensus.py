"""
Contrasts whose wavelet trees grow at the same places
=====================================================

Three contrasts of one place, each with its own quarter of k-space. Where one has an edge at one
size, the others may have one, and at finer sizes too: groups of wavelet details that the
contrasts share are worth more than the same groups of each contrast alone. Data are met exactly,
by alternating directions with a copy of the images for each penalty.
"""

import matplotlib.pyplot as plt
import numpy as np

from corporis.apps.mri.forest import ForestContrasts
from corporis.operators import Cartesian

SHAPE = (96, 96)
rng = np.random.default_rng(1)
y, x = np.mgrid[:96, :96]
truth = np.zeros((3, *SHAPE))
for _ in range(14):
    row, column = rng.uniform(20, 76, 2)
    high, wide = rng.uniform(5, 22, 2)
    inside = ((y - row) / high) ** 2 + ((x - column) / wide) ** 2 < 1
    shade = 1 + 0.3 * np.sin(x / rng.uniform(6, 12) + rng.uniform(0, 6))
    truth += rng.uniform(0.1, 0.6, 3)[:, None, None] * (inside * shade)
truth /= truth.max()

# %%
# Masks differ between the contrasts: what one did not measure, another may have.

masks = rng.random((3, *SHAPE)) < np.exp(-np.hypot(y - 48, x - 48) / 22)
masks[:, 40:56, 40:56] = True
scanner = Cartesian(SHAPE, masks, frames=3)
noise = 0.005 * (rng.standard_normal(masks.shape) + 1j * rng.standard_normal(masks.shape))
data = scanner @ truth.astype(complex) + masks * noise

together = ForestContrasts()(data, masks)
alone = [ForestContrasts()(d[None], m[None]).images[0] for d, m in zip(data, masks)]


def error(images):
    """Relative error of all contrasts."""
    return float(np.linalg.norm(np.stack(images) - truth) / np.linalg.norm(truth))


print(
    f"{100 * masks.mean():.0f} % sampled; zero-filled {error(scanner.adjoint(data)):.3f}, ", end=""
)
print(f"trees of each contrast {error(alone):.4f}, shared trees {error(together.images):.4f}")
assert error(together.images) < 0.93 * error(alone)

# %%
# Above the contrasts, below what the shared trees leave, ten times as bright.

figure, axes = plt.subplots(2, 3, figsize=(7.5, 5))
for above, below, image, true in zip(*axes, together.images, truth):
    above.imshow(np.abs(image), cmap="gray", vmin=0, vmax=1)
    below.imshow(10 * np.abs(image - true), cmap="gray", vmin=0, vmax=1)
for ax in axes.ravel():
    ax.set_axis_off()
figure.tight_layout()
