"""Random views of images to train networks on: squares turned, scaled, mirrored and bent."""

import numpy as np
from scipy import ndimage

from corporis.learning.networks import import_torch

MOST = 0.5
"""Logarithm of the scale, at most."""
STRETCH = 0.06
"""Standard deviation of the logarithm of a stretch along either axis."""
BENT, BEND_PX, KNOTS = 0.5, 3.0, 6
"""Share of views that are bent, by how much, and at how many places a side."""


def random_square(random, side: int, shape, *, spread: float, reach: float) -> np.ndarray:
    """Source rows and columns (2, side, side) of a square laid over an image at random.

    Parameters
    ----------
    random : numpy.random.Generator
    side : int
        Of the view, pixels.
    shape : (int, int)
        Rows and columns of the image; places may lie beyond it.
    spread : float
        Standard deviation of the logarithm of the scale, >= 0.
    reach : float
        Share of the square's half size that keeps within the image, 0 to 1.

    Examples
    --------
    >>> places = random_square(np.random.default_rng(0), 8, (90, 70), spread=0.2, reach=0.8)
    >>> places.shape, bool(np.ptp(places[0]) < 25)
    ((2, 8, 8), True)
    """
    angle = random.uniform(0, 2 * np.pi)
    scale = np.exp(np.clip(random.normal(0, spread), -MOST, MOST) + random.normal(0, STRETCH, 2))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = turn @ np.diag(scale * [1, random.choice([-1, 1])])
    offset = np.indices((side, side), np.float32).reshape(2, -1) - (side - 1) / 2
    offset = matrix.astype(np.float32) @ offset
    away = reach * np.abs(offset).max(axis=1)
    centre = [random.uniform(min(r, n / 2), max(n - r, n / 2)) for r, n in zip(away, shape)]
    places = (offset + np.array(centre, np.float32)[:, None]).reshape(2, side, side)
    if random.random() < BENT:
        knots = random.normal(0, BEND_PX, (2, KNOTS, KNOTS)).astype(np.float32)
        places = places + np.stack([ndimage.zoom(k, side / KNOTS, order=1) for k in knots])
    return places


def sampled(image, rows, columns) -> np.ndarray:
    """An image (H, W, 3) at places, by linear interpolation; beyond its border its edge.

    Parameters
    ----------
    image : torch.Tensor, (1, 3, H, W), float32
    rows, columns : array, (h, w)

    Returns
    -------
    float32 array, (h, w, 3)
    """
    torch = import_torch()
    height, width = (max(n, 2) for n in image.shape[2:])
    grid = np.stack([2 * columns / (width - 1) - 1, 2 * rows / (height - 1) - 1], axis=-1)
    seen = torch.nn.functional.grid_sample(
        image, torch.from_numpy(grid[None].astype(np.float32)), "bilinear", "border", True
    )
    return seen[0].permute(1, 2, 0).numpy()


def nearest(plane, rows, columns) -> np.ndarray:
    """A plane (H, W) at places (h, w), each the nearest pixel; beyond its border its edge."""
    return plane[
        np.clip(np.rint(rows).astype(int), 0, plane.shape[0] - 1),
        np.clip(np.rint(columns).astype(int), 0, plane.shape[1] - 1),
    ]
