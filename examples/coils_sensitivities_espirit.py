"""
Coils that calibrate themselves
===============================

Eight coils around a head hear every place with a strength of their own. Small pieces of the fully
sampled centre of k-space span a small space, and the projection on it has the sensitivities as
eigenvectors. The phantom's coils are sums of plane waves: their k-space is known in closed form,
and so is what calibration should find.
"""

import matplotlib.pyplot as plt
import numpy as np

from corporis.apps.mri import Espirit
from corporis.phantoms import PlaneWaveCoils, shepp_logan

shape = (80, 80)
coils = PlaneWaveCoils.ring(8)
data = shepp_logan().kspace(shape, coils)

# %%
# Only 24 x 24 samples are looked at.

mask = np.zeros(shape, dtype=bool)
mask[28:52, 28:52] = True
found = Espirit().maps(data * mask, mask)

# %%
# Length and phase cannot be told from data, the direction can.

true = coils.maps(shape)
true = true / np.linalg.norm(true, axis=0)
likeness = np.abs(np.sum(np.conj(true) * found, axis=0))
head = np.abs(shepp_logan().image(shape)) > 0.05
print(f"worst likeness inside the head {likeness[head].min():.4f}")

figure, axes = plt.subplots(1, 3, figsize=(9, 3.2), layout="constrained")
for axis, image, title in zip(
    axes,
    (np.abs(true[0]), np.abs(found[0]), likeness),
    ("first coil", "as calibrated", "likeness of all coils"),
):
    axis.imshow(image, cmap="gray", vmin=0, vmax=1)
    axis.set(title=title, xticks=[], yticks=[])

assert np.quantile(likeness[head], 0.02) > 0.98
