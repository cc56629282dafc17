"""
A beating ring from part of k-space
===================================

A scanner sees the Fourier transform of an image, and a beating heart leaves no time to see all of
it. With ``q`` the change of every pixel over one beat, the sentence of reconstruction reads
``minimise 1/2 ||S F q - b||^2 + weight sum_pixel ||q_pixel||``: few pixels move at all, and one
that moves may do so in every frame.
"""

import matplotlib.pyplot as plt
import numpy as np

from corporis.functionals import L21, QuadraticMisfit
from corporis.operators import Fourier, Sampling
from corporis.solvers import fista, run

random = np.random.default_rng(7)
n_frames, side = 12, 64
row, column = np.mgrid[:side, :side] - side / 2
distance = np.hypot(row, column)


def edge(radius):
    """1 inside a disc, 0 outside, soft over a pixel."""
    return np.clip(radius - distance + 0.5, 0, 1)


beat = (1 - np.cos(2 * np.pi * np.arange(n_frames) / n_frames)) / 2
frames = np.stack([0.6 * edge(30) + edge(10 - 3 * b) - 0.4 * edge(16 - b) for b in beat])
still = frames.mean(axis=0)
truth = (frames - still).astype(complex)

# %%
# Lines of k-space are drawn at random, other ones in each frame, denser near the centre. The still
# part is known from the average over all frames; what is sought is the change.

line = np.abs(np.arange(side) - side / 2)
chance = np.clip(0.75 * np.exp(-line / 14) + 0.12, 0, 1)
lines = random.random((n_frames, side)) < chance
mask = np.repeat(lines[:, :, None], side, axis=2)
scanner = Sampling(truth.shape, mask) @ Fourier(truth.shape, axes=(1, 2), is_centred=True)
noise = random.standard_normal((2, *scanner.codomain)) * 0.01
seen = scanner @ truth + noise[0] + 1j * noise[1]
print(f"{mask.mean():.0%} of k-space")

# %%
# Both operators keep lengths, so 1 bounds the composed one and no estimate is needed.

misfit = QuadraticMisfit(scanner, seen, bound=1.0)
start = scanner.H @ seen
result = run(fista(misfit, L21(0.03, axis=0), start), at_most=300, tolerance=1e-5)


def error(x):
    """Relative error of the change over the beat."""
    return float(np.linalg.norm(x - truth) / np.linalg.norm(truth))


print(f"relative error: zero filling {error(start):.2f}, group sparsity {error(result.x):.2f}")

# %%

figure, axes = plt.subplots(1, 3, figsize=(9, 3.4), layout="constrained")
shown = {"truth": truth, "zero filling": start, "group sparsity": result.x}
for axis, (title, x) in zip(axes, shown.items()):
    axis.imshow((still + x[n_frames // 2]).real, cmap="gray", vmin=-0.1, vmax=1.3)
    axis.set(title=title, xticks=[], yticks=[])

assert error(result.x) < 0.5 * error(start)
