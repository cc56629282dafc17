"""Outlines and label masks on the images, from the rebuilt body."""

from collections.abc import Mapping, Sequence

import numpy as np

from corporis.apps.heart_shape.body import at_slices
from corporis.apps.heart_shape.planes import LongAxis, ShortAxis
from corporis.apps.heart_shape.rebuild import crescent_ring
from corporis.interfaces import Mesh
from corporis.shapes import cut_by_plane, fill_polygon

FINE = 4  # contour points per fitted angle


def slice_contours(stack: ShortAxis, found) -> dict[str, list[list[np.ndarray | None]]]:
    """Outlines on every slice and frame, as (k, 2) row and column, None where there is none.

    Returns
    -------
    dict of str to [slice][time]
        Keys ``cavity``, ``outer``, and ``right`` where it was seen.
    """
    body = found.body
    n_slices, n_times = stack.frames.shape[:2]
    cavity = np.maximum(at_slices(body.cavity, body.grid), 0)
    outer = np.maximum(at_slices(body.outer, body.grid), cavity)
    out = {
        name: [
            [
                _ring(stack, body.frame, s, square[s, :, t]) if _within(ends, s, t) else None
                for t in range(n_times)
            ]
            for s in range(n_slices)
        ]
        for name, square, ends in (
            ("cavity", cavity, body.ends),
            ("outer", outer, body.outer_ends),
        )
    }
    if found.right is not None:
        out["right"] = _right_contours(stack, found, n_slices, n_times)
    return out


def _within(ends, s: int, t: int) -> bool:
    low, high = sorted((ends.base[t], ends.apex[t]))
    return low - 0.5 < s <= high if ends.towards_apex > 0 else low <= s < high + 0.5


def _ring(stack, frame, s: int, square) -> np.ndarray | None:
    if square.max() <= 0:
        return None
    n = len(square)
    radius = _refined(np.sqrt(np.maximum(square, 0)))
    angle = 2 * np.pi * np.arange(n * FINE) / (n * FINE)
    return _to_pixels(stack, frame, s, radius * np.cos(angle), radius * np.sin(angle))


def _refined(ring: np.ndarray) -> np.ndarray:
    """Periodic band-limited interpolation to `FINE` times as many angles."""
    return np.maximum(np.fft.irfft(np.fft.rfft(ring), len(ring) * FINE) * FINE, 0.0)


def _to_pixels(stack, frame, s, x, y) -> np.ndarray:
    # On its slice the outline sits at the slice's own centre: a slipped slice is drawn where it
    # was imaged, the mesh where it belongs.
    rows, columns = stack.pixel
    origin = (stack.affines[s][:3, 3] - frame.origin) @ frame.axes.T
    centre = frame.centres[s] - origin[:2]
    return np.stack([(y + centre[1]) / rows, (x + centre[0]) / columns], axis=1)


def _right_contours(stack, found, n_slices, n_times):
    body, right = found.body, found.right
    rows: list[list[np.ndarray | None]] = []
    for s in range(n_slices):
        level = body.grid.per_slice * (s + 1)
        line: list[np.ndarray | None] = []
        for t in range(n_times):
            arc = right.arc(level, t) if _within(right.ends, s, t) else None
            if arc is None or right.area()[level, t] < 0.03 * right.area().max():
                line.append(None)
                continue
            ring = crescent_ring(right.begin[level, :, t], right.extent[level, :, t], arc)
            line.append(_to_pixels(stack, body.frame, s, ring[:, 0], ring[:, 1]))
        rows.append(line)
    return rows


def slice_labels(stack: ShortAxis, contours: Mapping[str, Sequence]) -> np.ndarray:
    """Label image (n_slices, n_times, rows, columns), uint8: 1 cavity, 2 muscle, 3 right cavity."""
    n_slices, n_times, rows, columns = stack.frames.shape
    labels = np.zeros((n_slices, n_times, rows, columns), dtype=np.uint8)
    for name, value in (("right", 3), ("outer", 2), ("cavity", 1)):
        for s, line in enumerate(contours.get(name, ())):
            for t, ring in enumerate(line):
                if ring is not None:
                    labels[s, t][fill_polygon(ring, (rows, columns))] = value
    return labels


def long_axis_contours(
    views: Sequence[LongAxis], meshes: Mapping[str, Mesh]
) -> dict[str, dict[str, list[list[np.ndarray]]]]:
    """Where the surfaces cut the long-axis images: [view][surface][time] lists of polylines."""
    out: dict[str, dict[str, list[list[np.ndarray]]]] = {}
    for view in views:
        normal = view.image.normal
        point = view.image.affine[:3, 3]
        out[view.name] = {}
        for name, mesh in meshes.items():
            times = np.linspace(0, 1, mesh.points.shape[0], endpoint=False)
            line = []
            for phase in view.phases:
                nearest = int(np.argmin(np.abs((times - phase + 0.5) % 1 - 0.5)))
                pieces = cut_by_plane(mesh.at(nearest), point, normal)
                line.append([view.image.to_index(piece)[:, 1:] for piece in pieces])
            out[view.name][name] = line
    return out
