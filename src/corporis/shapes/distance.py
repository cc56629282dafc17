"""Distances: from points to surfaces and contours, between them, and from a mask's border."""

from dataclasses import dataclass

import numpy as np

from corporis.interfaces import Mesh
from corporis.shapes.mask import as_mask

_CHUNK = 400_000  # point-triangle pairs treated at once, to bound the memory


@dataclass(frozen=True)
class SurfaceDistance:
    """How far apart two surfaces are, in their unit, both directions pooled half and half.

    Parameters
    ----------
    mean, rms : float
        Mean and root mean square distance.
    percentile_95 : float
        95th percentile of the distances from each surface; the larger of the two.
    hausdorff : float
        Largest distance found.
    forward, backward : float
        Mean distance of points of the first from the second, and of the second from the first.
    """

    mean: float
    rms: float
    percentile_95: float
    hausdorff: float
    forward: float
    backward: float


def surface_distance(a: Mesh, b: Mesh, samples: int = 5000) -> SurfaceDistance:
    """Symmetric distance of two still surfaces: exact point-to-triangle, sampled evenly.

    Parameters
    ----------
    a, b : Mesh
        Still surfaces in the same unit.
    samples : int
        Points on each surface, spread by area without randomness; the mean is then accurate to
        about the surface's size over `samples`.

    Raises
    ------
    ValueError
        If a surface moves or has no area, the units differ, or ``samples < 1``.
    """
    if a.length_unit != b.length_unit:
        raise ValueError(f"surfaces must share a unit, got {a.length_unit} and {b.length_unit}")
    there = point_to_surface(sample_surface(a, samples), b)
    back = point_to_surface(sample_surface(b, samples), a)
    return SurfaceDistance(
        mean=float(there.mean() + back.mean()) / 2,
        rms=float(np.sqrt((np.mean(there**2) + np.mean(back**2)) / 2)),
        percentile_95=float(max(np.percentile(there, 95), np.percentile(back, 95))),
        hausdorff=float(max(there.max(), back.max())),
        forward=float(there.mean()),
        backward=float(back.mean()),
    )


def sample_surface(mesh: Mesh, samples: int) -> np.ndarray:
    """Points (samples, 3) spread over a still surface in proportion to area, not at random."""
    if mesh.is_moving:
        raise ValueError("sampling needs a still surface: take mesh.at(time)")
    if samples < 1:
        raise ValueError(f"samples must be >= 1, got {samples}")
    a, b, c = np.moveaxis(np.asarray(mesh.points, float)[mesh.cells], 1, 0)
    areas = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2
    if not areas.sum() > 0:
        raise ValueError("a surface to sample must have an area, got none")
    index = np.arange(samples)
    place = np.cumsum(areas) / areas.sum()
    cell = np.minimum(np.searchsorted(place, (index + 0.5) / samples), len(areas) - 1)
    # Roberts' additive sequence: the plane's analogue of multiples of the golden ratio.
    plastic = 1.32471795724474602596
    s, t = (0.5 + index / plastic) % 1, (0.5 + index / plastic**2) % 1
    fold = s + t > 1
    s, t = np.where(fold, 1 - s, s)[:, None], np.where(fold, 1 - t, t)[:, None]
    return a[cell] + s * (b - a)[cell] + t * (c - a)[cell]


def point_to_surface(points: np.ndarray, mesh: Mesh) -> np.ndarray:
    """Exact distance of points (n, 3) from the nearest triangle of a still surface, (n,).

    A search tree over the triangles' middles leaves few candidates: those whose bounding ball
    can come nearer than the nearest middle.

    Raises
    ------
    ValueError
        If the surface moves, or there is no point or no triangle.
    """
    from scipy.spatial import cKDTree

    if mesh.is_moving:
        raise ValueError("a distance needs a still surface: take mesh.at(time)")
    points = np.asarray(points, float)
    if not len(points) or not len(mesh.cells):
        raise ValueError("a distance needs at least one point and one triangle")
    corners = np.asarray(mesh.points, float)[mesh.cells]
    middles = corners.mean(axis=1)
    reach = np.linalg.norm(corners - middles[:, None], axis=2).max(axis=1).max(initial=0.0)
    tree = cKDTree(middles)
    nearest, first = tree.query(points)
    limit = np.minimum(nearest, triangle_distance(points, corners[first]))
    distance = np.empty(len(points))
    for block in np.array_split(np.arange(len(points)), max(1, len(points) // 2000)):
        near = tree.query_ball_point(points[block], (limit[block] + reach) * (1 + 1e-9))
        counts = np.array([len(c) for c in near], int)
        cell = np.concatenate([np.asarray(c, int) for c in near])
        owner = np.repeat(block, counts)
        pairs = np.empty(len(owner))
        for part in np.array_split(np.arange(len(owner)), len(owner) // _CHUNK + 1):
            pairs[part] = triangle_distance(points[owner[part]], corners[cell[part]])
        starts = np.cumsum(counts) - counts
        distance[block] = np.minimum.reduceat(pairs, starts)
    return distance


def triangle_distance(points: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Exact distance of each point (n, 3) from its own triangle (n, 3, 3), (n,).

    Where the foot of the perpendicular lies inside, the height above the plane; elsewhere the
    distance from the nearest side.

    Examples
    --------
    >>> import numpy as np
    >>> from corporis.shapes import triangle_distance
    >>> flat = np.array([[[0.0, 0, 0], [4, 0, 0], [0, 4, 0]]])
    >>> points = np.array([[1.0, 1, 2], [-3, -4, 0]])
    >>> triangle_distance(points, np.repeat(flat, 2, axis=0)).tolist()
    [2.0, 5.0]
    """
    a, b, c = np.moveaxis(np.asarray(triangles, float), 1, 0)
    points = np.asarray(points, float)
    sides = np.stack([_segment_squares(points, *ends) for ends in ((a, b), (b, c), (c, a))])
    normal = np.cross(b - a, c - a)
    size = _dot(normal, normal)
    inside = size > 0
    for start, end in ((a, b), (b, c), (c, a)):
        inside &= _dot(np.cross(end - start, points - start), normal) >= 0
    height = _dot(points - a, normal) ** 2 / np.where(size > 0, size, 1)
    return np.sqrt(np.where(inside, height, sides.min(axis=0)))


def point_to_contour(points: np.ndarray, contour: np.ndarray) -> np.ndarray:
    """Exact distance of points (n, d) from a closed polyline (m, d), (n,).

    Whether the last point of the contour repeats the first does not matter.
    """
    points, start = np.asarray(points, float), np.asarray(contour, float)
    if start.ndim != 2 or points.ndim != 2 or points.shape[1] != start.shape[1]:
        raise ValueError(
            f"points and contour must be (n, d) and (m, d), got {points.shape} and {start.shape}"
        )
    end = np.roll(start, -1, axis=0)
    squares = _segment_squares(points[:, None], start[None], end[None])
    return np.sqrt(squares.min(axis=1))


def contour_distance(a: np.ndarray, b: np.ndarray, samples: int = 400) -> float:
    """Mean perpendicular distance of two closed contours, both directions averaged.

    Each contour is resampled at equal steps, so that the result does not depend on where
    its points lie.

    Parameters
    ----------
    a, b : array, (n, 2) and (m, 2)
        Closed contours, in pixels or mm.
    samples : int
        Points on each contour.

    Returns
    -------
    float
        In the unit of the contours.

    Examples
    --------
    >>> from corporis.shapes import contour_distance
    >>> square = [[0, 0], [4, 0], [4, 4], [0, 4]]
    >>> contour_distance(square, square)
    0.0
    """
    from corporis.shapes.landmarks import resample_contour

    there = point_to_contour(resample_contour(np.asarray(a, float), samples), b)
    back = point_to_contour(resample_contour(np.asarray(b, float), samples), a)
    return float(there.mean() + back.mean()) / 2


def signed_distance(mask: np.ndarray, spacing: tuple[float, ...] | None = None) -> np.ndarray:
    """Distance from the border of a mask, negative inside.

    The border runs along the faces of pixels or voxels: the distance is that of an element's
    centre from the box of the nearest element (by centres) of the other kind.

    Parameters
    ----------
    mask : array
        Bool, 0 and 1, or integer labels that are not 0 inside.
    spacing : sequence of float, optional
        Distance of centres along each axis; 1 if not given.

    Returns
    -------
    array
        In the unit of `spacing`, shape of `mask`; all infinite (with its sign) if the mask is
        empty or full.

    Raises
    ------
    ValueError
        If there is not one finite spacing > 0 for each axis, or the mask holds NaN or values
        between 0 and 1.

    Examples
    --------
    >>> import numpy as np
    >>> from corporis.shapes import signed_distance
    >>> signed_distance(np.array([0, 0, 1, 1])).tolist()
    [1.5, 0.5, -0.5, -1.5]
    """
    from scipy.ndimage import distance_transform_edt

    mask = as_mask(mask)
    step = np.ones(mask.ndim) if spacing is None else np.asarray(spacing, float)
    if step.shape != (mask.ndim,) or not np.all((step > 0) & np.isfinite(step)):
        raise ValueError(f"spacing must be {mask.ndim} lengths > 0, got {spacing}")
    signed = np.where(mask, -np.inf, np.inf)
    if mask.all() or not mask.any():
        return signed
    for kind, sign in ((mask, -1.0), (~mask, 1.0)):
        nearest = distance_transform_edt(
            kind, sampling=step, return_distances=False, return_indices=True
        )
        away = np.abs(nearest - np.indices(mask.shape))[:, kind] * step[:, None]
        gaps = np.maximum(away - step[:, None] / 2, 0)
        signed[kind] = sign * np.sqrt(np.sum(gaps**2, axis=0))
    return signed


def _segment_squares(points, start, end):
    """Squared distance of points from segments, broadcast over leading axes."""
    step, away = end - start, points - start
    length = _dot(step, step)
    share = np.clip(_dot(away, step) / np.where(length > 0, length, 1), 0, 1)[..., None]
    rest = away - share * step
    return _dot(rest, rest)


def _dot(u, v):
    return np.einsum("...i,...i->...", u, v)
