"""Closed surfaces with the same triangles at all times, from the fitted squared radii."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from corporis.apps.heart_shape.body import Grid
from corporis.apps.heart_shape.ends import Ends
from corporis.apps.heart_shape.frame import HeartFrame
from corporis.interfaces import Mesh
from corporis.shapes import grid_surface

LEFT_RINGS = 28
RIGHT_RINGS = 20
RIGHT_SPOKES = 18


@dataclass(frozen=True)
class Body:
    """The fitted left ventricle: everything volumes, thickness and meshes are made from.

    Parameters
    ----------
    cavity, outer : array, (n_levels, n_angles, n_times)
        Squared radii of endocardium and epicardium, in squared length.
    ends, outer_ends : Ends
        Base and apex of the cavity; the outer apex lies a wall's thickness beyond.
    """

    grid: Grid
    frame: HeartFrame
    cavity: np.ndarray
    outer: np.ndarray
    ends: Ends
    outer_ends: Ends

    def rings(self, which: str, fractions, time: int) -> tuple[np.ndarray, np.ndarray]:
        """Slice positions (k,) and squared radii (k, n_angles) at fractions of base to apex."""
        q, ends = (self.cavity, self.ends) if which == "cavity" else (self.outer, self.outer_ends)
        position = ends.base[time] + np.asarray(fractions) * (ends.apex[time] - ends.base[time])
        return position, self.at(q[..., time], position)

    def at(self, q_level_angle, position) -> np.ndarray:
        """Squared radii at slice positions, (k, n_angles), linear between levels, >= 0."""
        level = np.clip(self.grid.level(position), 0, self.grid.n_levels - 1)
        below = np.minimum(level.astype(int), self.grid.n_levels - 2)
        share = (level - below)[:, None]
        return np.maximum((1 - share) * q_level_angle[below] + share * q_level_angle[below + 1], 0)


def left_surface(body: Body, which: str, times_ms=None, length_unit: str = "mm") -> Mesh:
    """Endocardium ("cavity") or epicardium ("outer") as a closed moving mesh in RAS+.

    Rings run from the base, capped flat, to the apex.
    """
    ends = body.ends if which == "cavity" else body.outer_ends
    n_times, n_angles = len(ends.base), body.cavity.shape[1]
    fractions = _ring_fractions(LEFT_RINGS)
    angle = 2 * np.pi * np.arange(n_angles) / n_angles
    points = []
    for time in range(n_times):
        position, square = body.rings(which, fractions, time)
        tip = np.array([ends.apex[time]])
        # Towards the tip rings become round: angles have no meaning at the apex itself.
        roundness = (np.clip((fractions - 0.8) / 0.2, 0, 1) ** 2)[:, None]
        square = (1 - roundness) * square + roundness * square.mean(axis=1, keepdims=True)
        radius = np.sqrt(square)[..., None]
        spokes = np.stack([np.cos(angle), np.sin(angle)], axis=1)
        centre = body.frame.line_at(position)
        across = centre[:, None] + radius * spokes
        height = np.broadcast_to(body.frame.height(position)[:, None, None], (*radius.shape,))
        rings = np.concatenate([across, height], axis=-1).reshape(-1, 3)
        ends_local = np.stack(
            [
                np.append(body.frame.line_at(tip)[0], body.frame.height(tip)),
                np.append(centre[0], body.frame.height(position[:1])),
            ]
        )
        points.append(body.frame.to_world(np.concatenate([rings, ends_local])))
    cells = _outward(np.asarray(points[0]), grid_surface(LEFT_RINGS, n_angles))
    return Mesh(np.asarray(points), cells, {}, times_ms, length_unit)


def _ring_fractions(n: int) -> np.ndarray:
    """Fractions 0 (base) to just before 1 (apex), denser where the surface curves to the tip."""
    return np.sin(0.5 * np.pi * np.linspace(0, 1, n + 1)[:-1])


def _outward(points, cells):
    """Turn all triangles if they enclose a negative volume."""
    shifted = points[cells] - points.mean(axis=0)
    volume = np.einsum("ij,ij->", shifted[:, 0], np.cross(shifted[:, 1], shifted[:, 2]))
    return cells if volume >= 0 else cells[:, ::-1]


@dataclass(frozen=True)
class RightBody:
    """The right ventricle beside the left one, on the same rays.

    Parameters
    ----------
    begin, extent : array, (n_levels, n_angles, n_times)
        Squared radius where it begins, and ``r_outer^2 - r_inner^2 >= 0``, in squared length.
    ends : Ends
    """

    begin: np.ndarray
    extent: np.ndarray
    ends: Ends

    def area(self) -> np.ndarray:
        """Cross-sectional area, (n_levels, n_times), squared length."""
        return np.pi * self.extent.mean(axis=1)

    def arc(self, level: int, time: int) -> tuple[float, float] | None:
        """First and last angle (index, may exceed n_angles) that the right ventricle spans."""
        return _arc(self.extent[level, :, time])


def _arc(extent: np.ndarray) -> tuple[float, float] | None:
    n = len(extent)
    peak = extent.max()
    if peak <= 0:
        return None
    wide = extent > 0.12 * peak
    if wide.all():
        return 0.0, float(n)
    start = int(np.argmax(extent))
    first = start
    while wide[(first - 1) % n]:
        first -= 1
    last = start
    while wide[(last + 1) % n]:
        last += 1
    return float(first - 0.5), float(last + 0.5)


def right_surface(
    body: Body, right: RightBody, times_ms=None, length_unit: str = "mm"
) -> Mesh | None:
    """The right ventricle's cavity as a closed moving mesh, None where it is not seen."""
    n_times = body.cavity.shape[2]
    fractions = np.linspace(0, 0.97, RIGHT_RINGS)
    points = []
    for time in range(n_times):
        ends = right.ends
        position = ends.base[time] + fractions * (ends.apex[time] - ends.base[time])
        begin = body.at(right.begin[..., time], position)
        extent = body.at(right.extent[..., time], position)
        seen = [_arc(row) for row in extent]
        if all(arc is None for arc in seen):
            return None
        arcs = _fill_arcs(seen, body.cavity.shape[1])
        centre = body.frame.line_at(position)
        height = body.frame.height(position)
        rings = [
            np.column_stack(
                [
                    crescent_ring(begin[k], extent[k], arcs[k]) + centre[k],
                    np.full(2 * RIGHT_SPOKES, height[k]),
                ]
            )
            for k in range(RIGHT_RINGS)
        ]
        caps = [rings[-1].mean(axis=0), rings[0].mean(axis=0)]
        points.append(body.frame.to_world(np.concatenate([*rings, np.stack(caps)])))
    cells = _outward(np.asarray(points[0]), grid_surface(RIGHT_RINGS, 2 * RIGHT_SPOKES))
    return Mesh(np.asarray(points), cells, {}, times_ms, length_unit)


def _fill_arcs(arcs, n_angles) -> np.ndarray:
    """Arcs as (first, last) with gaps filled from neighbours, unwrapped and smoothed along z."""
    known = [k for k, a in enumerate(arcs) if a is not None]
    filled = np.array([arcs[min(known, key=lambda j: abs(j - k))] for k in range(len(arcs))])
    middle = np.unwrap(2 * np.pi * filled.mean(axis=1) / n_angles) * n_angles / (2 * np.pi)
    width = np.clip(filled[:, 1] - filled[:, 0], 2.0, 0.75 * n_angles)
    middle = ndimage.gaussian_filter1d(middle, 1.0, mode="nearest")
    width = ndimage.gaussian_filter1d(width, 1.0, mode="nearest")
    return np.stack([middle - width / 2, middle + width / 2], axis=1)


def crescent_ring(begin, extent, arc) -> np.ndarray:
    """A ring (2 * spokes, 2) about the left ventricle's centre: free wall, then back by the septum.

    Parameters
    ----------
    begin, extent : array, (n_angles,)
        Squared inner radius, and squared outer minus squared inner radius.
    arc : (float, float)
        First and last angle index.
    """
    n = len(begin)
    index = np.linspace(arc[0], arc[1], RIGHT_SPOKES)
    inner = np.interp(index, np.arange(-n, 3 * n), np.tile(begin, 4))
    span = np.interp(index, np.arange(-n, 3 * n), np.tile(extent, 4))
    angle = 2 * np.pi * index / n
    spokes = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    far = np.sqrt(inner + np.maximum(span, 1e-3 * (extent.max() + 1e-9)))[:, None] * spokes
    near = np.sqrt(inner)[:, None] * spokes
    return np.concatenate([far, near[::-1]])
