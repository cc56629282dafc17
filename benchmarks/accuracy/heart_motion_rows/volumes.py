"""Registration of two volumes whose displacement is known.

Forty organs in a body with texture, moved by a smooth field of up to five voxels and given noise;
the fixed image is sampled by cubic splines, the registration samples linearly.
"""

import time

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates

from corporis.deformables import Registration

SIDE = 128
NOISE = 1.0


def row(seed):
    """Mean error in voxels inside the body, that of no motion beside it, and seconds."""
    fixed, moving, truth, body = pair(np.random.default_rng(seed))
    Registration()(fixed[:16, :16, :16], moving[:16, :16, :16])  # compiled and loaded
    begun = time.perf_counter()
    found = Registration()(fixed, moving)
    seconds = time.perf_counter() - begun
    mean = [float(np.linalg.norm(u - truth, axis=0)[body].mean()) for u in (found, 0 * truth)]
    return (
        "registration",
        {"error_voxel": mean[0], "error_voxel_zero": mean[1], "seconds": seconds},
    )


def pair(rng, n=SIDE, farthest=5.0):
    """Fixed and moving volumes, the displacement with ``fixed(x) = moving(x + u)``, and a body."""
    x = np.stack(np.meshgrid(*3 * [np.arange(n)], indexing="ij")).astype(np.float32)
    c = (x - n / 2) / (n / 2)
    body = (c[0] / 0.8) ** 2 + (c[1] / 0.65) ** 2 + (c[2] / 0.75) ** 2 < 1
    image = 100.0 * body
    for _ in range(40):
        middle, radii = rng.uniform(-0.5, 0.5, 3), rng.uniform(0.05, 0.2, 3)
        inside = sum(((c[i] - middle[i]) / radii[i]) ** 2 for i in range(3)) < 1
        image += rng.uniform(-60, 80) * inside * body
    image = gaussian_filter(image, 1.0)
    texture = gaussian_filter(rng.standard_normal(3 * (n,)), 2.0)
    image += 8 * body * texture / texture.std()
    u = np.stack([gaussian_filter(rng.standard_normal(3 * (n,)), n / 10) for _ in range(3)])
    u *= farthest / np.abs(u).max()
    fixed = map_coordinates(image, x + u, order=3, mode="nearest")
    fixed += NOISE * rng.standard_normal(image.shape)
    moving = image + NOISE * rng.standard_normal(image.shape)
    seen = map_coordinates(body.astype(np.float32), x + u, order=1) > 0.5
    return fixed.astype(np.float32), moving.astype(np.float32), u, seen


def figures(rows) -> dict:
    """Under the names of the figures."""
    return {
        f"registration_{key}": value
        for kind, r in rows
        if kind == "registration"
        for key, value in r.items()
    }
