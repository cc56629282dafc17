"""
Perfusion: what stays and what washes through
=============================================

Contrast agent washes through a heart that hardly moves. With ``q = (L, S)`` the still and the
changing part of a whole series, the sentence reads
``minimise 1/2 ||A (L + S) - b||^2 + ||L||_* + ||F_t S||_1``: frames that resemble each other form a
matrix of low rank, and what beats has few temporal frequencies.
"""

import matplotlib.pyplot as plt
import numpy as np

from corporis.apps.mri.low_rank import low_rank_plus_sparse

random = np.random.default_rng(8)
n_frames, side = 24, 64
row, column = np.mgrid[:side, :side] - side / 2
time = np.arange(n_frames)


def disc(down, right, radius):
    """1 inside, 0 outside, soft over a pixel."""
    return np.clip(radius - np.hypot(row - down, column - right) + 0.5, 0, 1)


def uptake(begin, spread):
    """How bright the agent makes a place over time, 1 at its most."""
    late = np.clip(time - begin, 0, None) / spread
    return late * np.exp(1 - late)


ventricle, wall = disc(0, 4, 7), disc(0, 4, 11) - disc(0, 4, 7)
still = 0.3 * disc(0, 0, 29) + 0.2 * disc(18, -6, 4)
truth = still + 0.6 * uptake(3, 4)[:, None, None] * ventricle
truth += 0.25 * uptake(7, 7)[:, None, None] * wall
# a valve that opens at every second frame: neither still nor slow
truth += 0.2 * (time % 2)[:, None, None] * disc(-12, 4, 2)

# %%
# A fifth of k-space, other points in each frame, denser near the centre.

chance = np.clip(1.1 * np.exp(-np.hypot(row, column) / 11) + 0.05, 0, 1)
masks = random.random(truth.shape) < chance
noise = 0.005 * (random.standard_normal(truth.shape) + 1j * random.standard_normal(truth.shape))
spectrum = np.fft.fft2(np.fft.ifftshift(truth, axes=(1, 2)), norm="ortho")
data = masks * (np.fft.fftshift(spectrum, axes=(1, 2)) + noise)
zero_filled = np.fft.ifft2(np.fft.ifftshift(data, axes=(1, 2)), norm="ortho")
zero_filled = np.fft.fftshift(zero_filled, axes=(1, 2))

parts, result = low_rank_plus_sparse(data, masks)
series = parts.sum(axis=0)


def error(images):
    """Relative distance to the truth."""
    return float(np.linalg.norm(images - truth) / np.linalg.norm(truth))


print(f"{masks.mean():.0%} of k-space, {result.count} iterations")
print(f"relative error: zero filling {error(zero_filled):.3f}, L + S {error(series):.3f}")

# %%
figure, axes = plt.subplots(1, 4, figsize=(11, 3), layout="constrained")
shown = {"truth": truth[11], "zero filling": zero_filled[11], "L": parts[0, 11], "S": parts[1, 11]}
for axis, (title, image) in zip(axes, shown.items()):
    axis.imshow(np.abs(image), cmap="gray", vmin=0, vmax=0.9)
    axis.set(title=title, xticks=[], yticks=[])

assert error(series) < 0.3 * error(zero_filled)
