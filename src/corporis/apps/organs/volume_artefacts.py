"""What goes wrong with MR volumes: motion, shading, noise, a slab without signal."""

import numpy as np
import scipy

from corporis.apps.organs.artefacts import Artefact, noise

GHOST_EDGE = 6
"""Voxels that are repeated around a volume before it moves, so that its sides do not meet."""


def ghost(volume, severity, random):
    """Part of the echoes measured while the head lay elsewhere; `severity` is the way in mm.

    Lines of k-space along one axis, in a few runs that cover two fifths of them, belong to a moved
    head: edges repeat and blur along that axis. The middle lines stay: where the head lay when they
    were measured is where it is seen.
    """
    volume = np.pad(volume, GHOST_EDGE, mode="edge")
    axis = int(random.integers(volume.ndim))
    n = volume.shape[axis]
    direction = random.standard_normal(volume.ndim)
    way = severity * direction / np.linalg.norm(direction)
    turns = sum(
        np.fft.fftfreq(size).reshape([-1 if k == a else 1 for k in range(volume.ndim)]) * step
        for a, (size, step) in enumerate(zip(volume.shape, way, strict=True))
    )
    echoes = np.fft.fftn(volume)
    is_moved = np.zeros(n, bool)
    while is_moved.mean() < 0.4:
        start = int(random.integers(n))
        is_moved[(start + np.arange(max(1, n // 10))) % n] = True
        is_moved[n // 2 - n // 12 : n // 2 + n // 12 + 1] = False
    shape = [-1 if k == axis else 1 for k in range(volume.ndim)]
    moved = np.fft.ifftshift(is_moved).reshape(shape)
    echoes = np.where(moved, echoes * np.exp(-2j * np.pi * turns), echoes)
    inner = (slice(GHOST_EDGE, -GHOST_EDGE),) * volume.ndim
    return np.abs(np.fft.ifftn(echoes))[inner]


def shading(volume, severity, random):
    """Smooth shading by a factor; `severity` is the deviation of its logarithm."""
    coarse = random.normal(0, 1, (3,) * volume.ndim)
    field = scipy.ndimage.zoom(coarse, np.array(volume.shape) / 3, order=2)
    return volume * np.exp(severity * (field - field.mean()) / max(field.std(), 1e-6))


def slab(volume, severity, random):
    """A slab without signal across the volume; `severity` is its share of the side."""
    axis = int(random.integers(volume.ndim))
    n = volume.shape[axis]
    width = max(1, round(severity * n))
    start = round(random.uniform(0.3, 0.7) * n - width / 2)
    found = volume.copy()
    part = [slice(None)] * volume.ndim
    part[axis] = slice(max(start, 0), start + width)
    found[tuple(part)] = 0.0
    return found


VOLUME_ARTEFACTS: dict[str, Artefact] = {
    "ghost": Artefact(ghost, 5.0, (1.0, 6.0)),
    "shading": Artefact(shading, 0.8, (0.1, 1.0)),
    "noise": Artefact(noise, 0.25, (0.02, 0.3)),
    "slab": Artefact(slab, 0.25, (0.05, 0.3)),
}
"""All kinds, each with a fixed severity near the upper end of what the training draws."""
