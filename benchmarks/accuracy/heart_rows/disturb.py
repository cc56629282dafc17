"""Disturbances of contoured stacks: moved, scaled and spoilt images, with their masks."""

from dataclasses import replace

import numpy as np
from scipy import ndimage


def transformed(stack, cavity, rng):
    """The stack shifted, rotated, scaled 0.6 to 1.6, with bias field, noise and a ghost.

    One movement for the whole patient; the ventricle stays inside the image. Returns the stack
    and the cavity masks.
    """
    shape = np.array(stack.frames.shape[2:], dtype=float)
    centre = np.array(ndimage.center_of_mass(cavity.sum(axis=(0, 1))))
    radius = np.sqrt(cavity.sum(axis=(2, 3)).max() / np.pi)
    angle, scale = rng.uniform(0, 2 * np.pi), np.exp(rng.uniform(np.log(0.6), np.log(1.6)))
    margin = np.minimum(1.6 * radius * scale + 4, 0.5 * shape - 1)
    wanted = margin + rng.uniform(size=2) * (shape - 2 * margin)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) / scale
    offset = centre - turn @ wanted
    frames = np.empty_like(stack.frames)
    masks = np.empty_like(cavity)
    for index in np.ndindex(*frames.shape[:2]):
        frames[index] = ndimage.affine_transform(stack.frames[index], turn, offset, order=1)
        moved = ndimage.affine_transform(cavity[index].astype(float), turn, offset, order=1)
        masks[index] = moved >= 0.5
    return replace(stack, frames=spoilt(frames, rng)), masks


def spoilt(frames, rng):
    """Bias field, noise and a ghost, the same field and ghost shift for the whole stack."""
    grid = np.stack(np.meshgrid(*(np.linspace(-1, 1, n) for n in frames.shape[2:]), indexing="ij"))
    slope = rng.normal(0, 0.35, 2)
    bend = rng.normal(0, 0.2, 2)
    field = np.exp(np.tensordot(slope, grid, 1) + np.tensordot(bend, grid**2, 1))
    level = np.quantile(frames, 0.98)
    ghost = 0.12 * np.roll(frames, int(rng.integers(30, 90)), axis=2 + int(rng.integers(2)))
    noise = rng.normal(0, 0.03 * level, frames.shape)
    return np.maximum(frames * field + ghost + noise, 0).astype(np.float32)


def with_artefacts(stack, rng, share=0.3):
    """Some frames grossly spoilt: strong ghost, lost strip, dark shadow or heavy noise.

    Returns the stack and which frames (n_slices, n_times) were spoilt.
    """
    frames = stack.frames.copy()
    hit = rng.uniform(size=frames.shape[:2]) < share
    if not hit.any():
        hit[rng.integers(hit.shape[0]), rng.integers(hit.shape[1])] = True
    rows, columns = frames.shape[2:]
    for s, t in np.argwhere(hit):
        image = frames[s, t]
        level = np.quantile(image, 0.98)
        middle = np.array([rows, columns]) / 2 + rng.normal(0, 12, 2)
        kind = rng.integers(4)
        if kind == 0:
            image += 0.7 * np.roll(image, int(rng.integers(15, 40)), axis=int(rng.integers(2)))
        elif kind == 1:
            first = int(middle[0] + rng.integers(-20, 12))
            image[first : first + 9] = 0
        elif kind == 2:
            y, x = np.indices(image.shape)
            shadow = np.exp(-((y - middle[0]) ** 2 + (x - middle[1]) ** 2) / (2 * 14.0**2))
            image *= 1 - 0.9 * shadow
        else:
            image += rng.normal(0, 0.35 * level, image.shape)
        frames[s, t] = np.maximum(image, 0)
    return replace(stack, frames=frames), hit
