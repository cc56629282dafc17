"""Ellipses: fitted to outlines and masks, and two of them that explain one mask together."""

from dataclasses import dataclass

import numpy as np

from corporis.shapes.landmarks import resample_contour
from corporis.shapes.overlap import jaccard, mask_contour

LEAST_POINTS = 8
"""Of an outline, from which an ellipse is fitted."""


@dataclass(frozen=True)
class Ellipse:
    """All points with ``(p - centre)^T form (p - centre) <= 1``.

    Parameters
    ----------
    centre : ndarray, (2,)
    form : ndarray, (2, 2)
        Symmetric and positive definite.
    """

    centre: np.ndarray
    form: np.ndarray

    def level(self, points) -> np.ndarray:
        """The quadratic form of points (..., 2): below 1 inside, 1 on the outline."""
        away = np.asarray(points, float) - self.centre
        return np.sum((away @ self.form) * away, axis=-1)

    def distance(self, points) -> np.ndarray:
        """About the distance of points (..., 2) to the outline, to first order (Sampson)."""
        away = np.asarray(points, float) - self.centre
        slope = away @ self.form
        level = np.sum(slope * away, axis=-1)
        return np.abs(level - 1) / (2 * np.linalg.norm(slope, axis=-1) + 1e-12)


def fit_ellipse(points) -> Ellipse | None:
    """The ellipse of least squared algebraic distance to points (n, 2); None where there is none.

    References
    ----------
    Halir & Flusser (1998), WSCG, 125-132 (numerically stable direct least squares)

    Examples
    --------
    >>> t = np.linspace(0, 3, 20)
    >>> found = fit_ellipse(np.stack([5 + 4 * np.cos(t), 1 + 2 * np.sin(t)], axis=1))
    >>> found.centre.round(3).tolist(), (1 / np.sqrt(np.diag(found.form))).round(3).tolist()
    ([5.0, 1.0], [4.0, 2.0])
    """
    points = np.asarray(points, float)
    middle, size = points.mean(axis=0), float(points.std()) or 1.0
    x, y = ((points - middle) / size).T
    square, line = np.stack([x * x, x * y, y * y], 1), np.stack([x, y, np.ones_like(x)], 1)
    try:
        back = -np.linalg.solve(line.T @ line, (square.T @ line).T)
        reduced = square.T @ square + square.T @ line @ back
        reduced = np.array([reduced[2] / 2, -reduced[1], reduced[0] / 2])
        vectors = np.linalg.eig(reduced)[1].real
        is_ellipse = 4 * vectors[0] * vectors[2] - vectors[1] ** 2
        a = vectors[:, int(np.argmax(is_ellipse))]
        b = back @ a
        form = np.array([[a[0], a[1] / 2], [a[1] / 2, a[2]]])
        centre = -np.linalg.solve(2 * form, b[:2])
    except np.linalg.LinAlgError:
        return None
    scale = centre @ form @ centre - b[2]
    if not abs(scale) > 1e-12:
        return None
    form = form / scale
    if not np.all(np.isfinite(form)) or np.linalg.eigvalsh(form)[0] <= 0:
        return None
    return Ellipse(centre * size + middle, form / size**2)


def moments_ellipse(mask) -> Ellipse:
    """The ellipse with the mean and spread of a mask's pixels, of which there is at least one."""
    places = np.argwhere(mask).astype(float)
    centre = places.mean(axis=0)
    spread = (places - centre).T @ (places - centre) / len(places) + np.eye(2) / 12
    return Ellipse(centre, np.linalg.inv(4 * spread))


def two_ellipses(
    mask, *, n_starts: int = 6, n_points: int = 48, n_steps: int = 8
) -> tuple[float, tuple[Ellipse, Ellipse]] | None:
    """Two ellipses, which may overlap, whose union is most like a mask; None where none are found.

    Points of the outline go to the nearer ellipse, and each is fitted to its own, in turn, from
    cuts through the middle in several directions. An arc tells of the whole ellipse, also where
    the other covers it.

    Parameters
    ----------
    mask : bool array, (H, W)
        One piece, off the border.
    n_starts, n_points, n_steps : int
        Cuts, points of the outline, and turns.

    Returns
    -------
    float
        IoU of mask and union.
    (Ellipse, Ellipse)
    """
    outline = resample_contour(mask_contour(mask)[:-1], n_points)
    away = outline - outline.mean(axis=0)
    grid = np.moveaxis(np.indices(mask.shape), 0, -1)
    best = None
    for angle in np.pi * np.arange(n_starts) / n_starts:
        pair = _alternated(outline, away @ [np.cos(angle), np.sin(angle)] > 0, n_steps)
        if pair is None:
            continue
        union = (pair[0].level(grid) <= 1) | (pair[1].level(grid) <= 1)
        quality = jaccard(mask, union)
        if best is None or quality > best[0]:
            best = (quality, pair)
    return best


def _alternated(outline, side, n_steps):
    """Two ellipses from a first division of the outline's points."""
    pair = None
    for _ in range(n_steps):
        if min(np.count_nonzero(side), np.count_nonzero(~side)) < LEAST_POINTS:
            return None
        one, other = fit_ellipse(outline[side]), fit_ellipse(outline[~side])
        if one is None or other is None:
            return None
        pair = (one, other)
        nearer = one.distance(outline) < other.distance(outline)
        if np.array_equal(nearer, side):
            break
        side = nearer
    return pair
