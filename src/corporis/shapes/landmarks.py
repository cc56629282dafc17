"""Landmarks on outlines: the same number of points at corresponding places."""

import numpy as np


def contour_area(contour: np.ndarray) -> float:
    """Signed area inside a closed plane contour (n, 2), by the shoelace formula.

    Positive when it turns from the first axis towards the second. Whether the last point repeats
    the first does not matter.

    Examples
    --------
    >>> from corporis.shapes import contour_area
    >>> contour_area([[0, 0], [2, 0], [2, 3], [0, 3]])
    6.0
    """
    points = _ring(contour)
    x, y = (points - points[0]).T
    return float(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)) / 2)


def contour_length(contour: np.ndarray) -> float:
    """Length of a closed contour (n, d), the way back to its first point included."""
    points = _ring(contour)
    return float(np.linalg.norm(np.roll(points, -1, axis=0) - points, axis=1).sum())


def contour_centroid(contour: np.ndarray) -> np.ndarray:
    """Centre of gravity (2,) of the region inside a plane contour (n, 2).

    Raises
    ------
    ValueError
        If the contour encloses no area.
    """
    points = _ring(contour)
    origin = points.mean(axis=0)
    here = points - origin
    following = np.roll(here, -1, axis=0)
    cross = here[:, 0] * following[:, 1] - here[:, 1] * following[:, 0]
    if not abs(cross.sum()) > 1e-12 * max(float(np.abs(here).max()) ** 2, 1e-300):
        raise ValueError("a centroid needs a contour that encloses an area, got none")
    return origin + (here + following).T @ cross / (3 * cross.sum())


def resample_contour(contour: np.ndarray, n_points: int) -> np.ndarray:
    """Points at equal steps along a closed contour.

    Parameters
    ----------
    contour : array, (n, d)
        Whether the last point repeats the first does not matter.
    n_points : int
        At least 1. The first is the contour's own first point; none is repeated at the end.

    Returns
    -------
    array, (n_points, d)

    Raises
    ------
    ValueError
        If the contour has no length or ``n_points < 1``.

    Examples
    --------
    >>> from corporis.shapes import resample_contour
    >>> resample_contour([[0, 0], [2, 0], [2, 2], [0, 2]], 8)[:3].tolist()
    [[0.0, 0.0], [1.0, 0.0], [2.0, 0.0]]
    """
    points = _ring(contour)
    if n_points < 1:
        raise ValueError(f"n_points must be >= 1, got {n_points}")
    closed = np.concatenate([points, points[:1]])
    along = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(closed, axis=0), axis=1))])
    if not along[-1] > 0:
        raise ValueError("a contour to resample must have a length, got a single place")
    wanted = np.arange(n_points) * along[-1] / n_points
    found = np.stack([np.interp(wanted, along, coordinate) for coordinate in closed.T], axis=1)
    return found.astype(np.result_type(np.asarray(contour), np.float32), copy=False)


def radii_at_angles(
    contour: np.ndarray, centre: np.ndarray, n_angles: int, start: float = 0.0
) -> np.ndarray:
    """Distance from a centre to a plane contour in equally spaced directions.

    Parameters
    ----------
    contour : array, (n, 2)
        Closed; where a direction meets it several times, the farthest counts.
    centre : array, (2,)
        Inside the contour.
    n_angles : int
        Directions ``start + 2 pi k / n_angles``, from the first axis towards the second.
    start : float
        First direction, rad.

    Returns
    -------
    array, (n_angles,)
        In the contour's unit.

    Raises
    ------
    ValueError
        If a direction does not meet the contour: the centre is outside.

    Examples
    --------
    >>> from corporis.shapes import radii_at_angles
    >>> radii_at_angles([[-1, -2], [1, -2], [1, 2], [-1, 2]], [0, 0], 4).round(6).tolist()
    [1.0, 2.0, 1.0, 2.0]
    """
    points = _ring(contour) - np.asarray(centre, float)
    step = np.roll(points, -1, axis=0) - points
    directions = _directions(n_angles, start)
    # Solve radius * direction = point + share * step for every direction and side.
    across = directions[:, :1] * step[:, 1] - directions[:, 1:] * step[:, 0]
    share = directions[:, 1:] * points[:, 0] - directions[:, :1] * points[:, 1]
    radius = points[:, 0] * step[:, 1] - points[:, 1] * step[:, 0]
    crosses = across != 0
    safe = np.where(crosses, across, 1)
    share, radius = share / safe, radius / safe
    met = crosses & (share >= -1e-12) & (share <= 1 + 1e-12) & (radius >= 0)
    if not met.any(axis=1).all():
        raise ValueError("some directions do not meet the contour: the centre must be inside it")
    found = np.where(met, radius, -np.inf).max(axis=1)
    return found.astype(np.result_type(np.asarray(contour), np.float32), copy=False)


def polar_contour(radii: np.ndarray, centre: np.ndarray, start: float = 0.0) -> np.ndarray:
    """The contours (..., n_angles, 2) with these radii (..., n_angles) around centres (..., 2).

    The inverse of `radii_at_angles` at its directions.
    """
    radii = np.asarray(radii)
    directions = _directions(radii.shape[-1], start)
    points = np.asarray(centre, float)[..., None, :] + radii[..., None] * directions
    return points.astype(np.result_type(radii, np.float32), copy=False)


def _directions(n_angles, start):
    if n_angles < 3:
        raise ValueError(f"n_angles must be >= 3, got {n_angles}")
    angle = start + 2 * np.pi * np.arange(n_angles) / n_angles
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def _ring(contour):
    points = np.asarray(contour, float)
    if points.ndim != 2 or len(points) < 1 or not np.isfinite(points).all():
        raise ValueError(f"a contour must be (n, d) and finite, got shape {points.shape}")
    if len(points) > 1 and np.array_equal(points[0], points[-1]):
        return points[:-1]
    return points
