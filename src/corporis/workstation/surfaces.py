"""Surfaces small enough to travel inside a page, and a still picture of them.

The browser draws them with WebGL; the still, drawn here, is for paper and for browsers without.
"""

import base64
import io
from collections.abc import Mapping, Sequence

import numpy as np

from corporis.interfaces import Mesh
from corporis.workstation.scene import Camera, Colouring, Look

RESPONSIBLE = "responsible"  # point data: 1 on the parts that drove the judgement
BACKGROUND = (16, 23, 32)
PALETTE = (
    Look("#d5493f", 1.0),
    Look("#d8c3a5", 1.0),
    Look("#6fa3e0", 0.42),
    Look("#7fb89a", 0.6),
    Look("#b79ad1", 0.6),
)


def look_of(name: str, meshes: Mapping[str, Mesh], looks: Mapping[str, Look]) -> Look:
    """The given look of a surface, or one by its place among the meshes."""
    return looks.get(name, PALETTE[list(meshes).index(name) % len(PALETTE)])


def colour_table(name: str) -> np.ndarray:
    """256 colours of a Matplotlib colour map, (256, 3), uint8."""
    from matplotlib import colormaps

    return np.rint(255 * colormaps[name](np.arange(256))[:, :3]).astype(np.uint8)


def colour_range(colouring: Colouring, meshes: Mapping[str, Mesh]) -> tuple[float, float]:
    """Ends of a colour scale: the given ones, else the 2nd and 98th percentile of the values."""
    parts = [np.ravel(m.point_data[colouring.field]) for m in _coloured(colouring, meshes)]
    values = np.concatenate([*parts, np.zeros(0)])
    values = values[np.isfinite(values)]
    bottom, top = np.percentile(values, [2, 98]) if len(values) else (0.0, 1.0)
    low = float(bottom) if colouring.low is None else colouring.low
    high = float(top) if colouring.high is None else colouring.high
    return low, high if high > low else low + 1.0


def shown_colourings(
    colourings: Sequence[Colouring], meshes: Mapping[str, Mesh]
) -> list[Colouring]:
    """Those colourings for which some surface holds values."""
    return [c for c in colourings if _coloured(c, meshes)]


def pack_surfaces(
    meshes: Mapping[str, Mesh],
    colourings: Sequence[Colouring] = (),
    looks: Mapping[str, Look] | None = None,
    camera: Camera | None = None,
) -> dict:
    """Surfaces as JSON-ready data: vertices in 16 bits, values in 8 (0 is "not measured").

    All surfaces share one cube, so a vertex is ``low + size * (x, y, z) / 65535``. Arrays are
    base64 in little-endian order.

    Raises
    ------
    ValueError
        If a vertex is not finite, or values per vertex have another length than the vertices.
    """
    camera, looks = camera or Camera(), looks or {}
    low, size = _cube(meshes)
    colourings = shown_colourings(colourings, meshes)
    scales = {c.field: colour_range(c, meshes) for c in colourings}
    return {
        "unit": next(iter(meshes.values())).length_unit,
        "size": size,
        "rotation": camera.rotation.ravel().round(6).tolist(),
        "isAnatomical": camera.is_anatomical,
        "surfaces": [
            _pack_surface(name, mesh, look_of(name, meshes, looks), scales, low, size)
            for name, mesh in meshes.items()
        ],
        "colourings": [
            {"field": c.field, "table": _text(colour_table(c.colour_map))} for c in colourings
        ],
    }


def draw_still(
    meshes: Mapping[str, Mesh],
    frame: int = 0,
    colouring: Colouring | None = None,
    looks: Mapping[str, Look] | None = None,
    camera: Camera | None = None,
    side: int = 420,
) -> str:
    """A shaded picture of the surfaces at one frame, as the ``data:`` address of a JPEG.

    Every triangle is sampled finely, the nearest sample of each surface wins its pixel, and
    the surfaces are laid over each other from back to front with their opacity.
    """
    from PIL import Image as Picture

    camera, looks, fine = camera or Camera(), looks or {}, int(1.25 * side)
    low, size = _cube(meshes)
    layers = []
    for name, mesh in meshes.items():
        look, still = look_of(name, meshes, looks), mesh.at(frame if mesh.is_moving else 0)
        seen = ((np.asarray(still.points, float) - low) / size - 0.5) @ camera.rotation.T
        colours = _vertex_colours(still, look, colouring, meshes)
        depth, colour = _rasterise(seen, np.asarray(still.cells), colours, fine)
        layers.append((depth, colour, look.opacity))
    picture = Picture.fromarray(_compose(layers, fine)).resize((side, side))
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=88, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode("ascii")


def _coloured(colouring: Colouring, meshes: Mapping[str, Mesh]) -> list[Mesh]:
    return [mesh for mesh in meshes.values() if colouring.field in mesh.point_data]


def _cube(meshes: Mapping[str, Mesh]) -> tuple[np.ndarray, float]:
    """Corner and edge of the cube around all surfaces at all times."""
    points = [np.asarray(mesh.points, dtype=float).reshape(-1, 3) for mesh in meshes.values()]
    low = np.min([p.min(axis=0) for p in points], axis=0)
    high = np.max([p.max(axis=0) for p in points], axis=0)
    if not np.all(np.isfinite([low, high])):
        raise ValueError("surfaces to show must have finite vertices, got NaN or infinity")
    size = float(max((high - low).max(), 1e-9))
    return (low + high) / 2 - size / 2, size


def _text(array: np.ndarray) -> str:
    array = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    return base64.b64encode(array.tobytes()).decode("ascii")


def _pack_surface(name, mesh, look, scales, low, size) -> dict:
    points = np.atleast_3d(mesh.points).reshape(-1, *np.shape(mesh.points)[-2:])
    n = points.shape[1]
    fields = {}
    for field, (bottom, top) in scales.items():
        if field in mesh.point_data:
            values = np.asarray(mesh.point_data[field], dtype=float)
            if values.shape not in ((n,), (len(points), n)):
                raise ValueError(
                    f"{field!r} of surface {name!r} must be ({n},) or ({len(points)}, {n}), "
                    f"got {values.shape}"
                )
            part = np.clip((values - bottom) / (top - bottom), 0, 1)
            codes = np.where(np.isfinite(part), 1 + np.rint(254 * np.nan_to_num(part)), 0)
            fields[field] = _text(codes.astype(np.uint8))
    mark = np.asarray(mesh.point_data.get(RESPONSIBLE, np.zeros(n)))
    return {
        "name": name,
        "colour": [int(look.colour[i : i + 2], 16) / 255 for i in (1, 3, 5)],
        "opacity": look.opacity,
        "vertices": n,
        "points": _text(np.rint(65535 * (points - low) / size).astype(np.uint16)),
        "cells": _text(np.asarray(mesh.cells).astype(np.uint32)),
        "fields": fields,
        "mark": _text(_soften(mark, mesh.cells)) if np.any(mark > 0.5) else "",
    }


def _soften(mark, cells, passes: int = 4) -> np.ndarray:
    """A 0/1 mark averaged over neighbours, so that its border runs smoothly across triangles."""
    soft, cells = (np.asarray(mark) > 0.5).astype(float), np.asarray(cells)
    for _ in range(passes):
        total, count = soft.copy(), np.ones_like(soft)
        for a, b in ((0, 1), (1, 2), (2, 0)):
            for here, there in ((cells[:, a], cells[:, b]), (cells[:, b], cells[:, a])):
                total += np.bincount(here, soft[there], minlength=len(soft))
                count += np.bincount(here, minlength=len(soft))
        soft = total / count
    return np.rint(255 * soft).astype(np.uint8)


def _vertex_colours(mesh, look, colouring, meshes) -> np.ndarray:
    plain = np.array([int(look.colour[i : i + 2], 16) for i in (1, 3, 5)], dtype=float)
    colours = np.tile(plain, (len(mesh.points), 1))
    if colouring is not None and colouring.field in mesh.point_data:
        low, high = colour_range(colouring, meshes)
        values = np.asarray(mesh.point_data[colouring.field], dtype=float)
        part = np.nan_to_num(np.clip((values - low) / (high - low), 0, 1))
        colours = colour_table(colouring.colour_map)[np.rint(255 * part).astype(int)].astype(float)
        colours[~np.isfinite(values)] = 128
    mark = np.asarray(mesh.point_data.get(RESPONSIBLE, np.zeros(len(colours))))
    if np.any(mark > 0.5):
        border = np.abs(_soften(mark, mesh.cells) / 255.0 - 0.5)
        colours *= np.clip((border - 0.12) / 0.08, 0, 1)[:, None]
    return colours


def _rasterise(points, cells, colours, side) -> tuple[np.ndarray, np.ndarray]:
    """Depth (larger is nearer, -inf outside) and shaded colour of the nearest samples, float32."""
    corners = points[cells].astype(np.float32)  # (m, 3, 3)
    shaded = _shaded(points, cells, corners, colours).astype(np.float32)[cells]
    corners[..., :2] = (0.5 + 0.9 * corners[..., :2]) * side
    edges = np.linalg.norm(np.diff(corners[:, [0, 1, 2, 0], :2], axis=1), axis=2).max(axis=1)
    counts = np.ceil(np.clip(1.45 * edges, 2, 64)).astype(int)  # samples a side of a triangle
    depth = np.full(side * side, -np.inf, np.float32)
    colour = np.zeros((side * side, 3), np.float32)
    for count in np.unique(counts):
        these = counts == count
        i, j = np.meshgrid(np.arange(count + 1), np.arange(count + 1), indexing="ij")
        weights = np.stack([i, j, count - i - j], axis=-1)[i + j <= count].astype(np.float32)
        weights /= np.float32(count)
        samples = weights @ corners[these]
        pixel = np.clip(samples[..., :2].astype(np.int32), 0, side - 1)
        flat = ((side - 1 - pixel[..., 1]) * side + pixel[..., 0]).ravel()
        near = samples[..., 2].ravel()
        np.maximum.at(depth, flat, near)
        nearest = np.flatnonzero(near >= depth[flat])
        which, place = np.divmod(nearest, len(weights))
        colour[flat[nearest]] = np.einsum("nk,nkc->nc", weights[place], shaded[these][which])
    return depth, colour


def _shaded(points, cells, corners, colours) -> np.ndarray:
    """Colours of the vertices under a light from above; both sides of a surface are lit."""
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    facing = np.zeros((len(points), 3))
    for corner in range(3):
        for axis in range(3):
            facing[:, axis] += np.bincount(cells[:, corner], across[:, axis], len(points))
    facing /= np.linalg.norm(facing, axis=1, keepdims=True) + 1e-12
    light = np.array([-0.35, 0.5, 0.79])
    return colours * (0.5 + 0.5 * np.clip(np.abs(facing @ light), 0, 1))[:, None]


def _compose(layers, side) -> np.ndarray:
    picture = np.tile(np.array(BACKGROUND, dtype=float), (side * side, 1))
    depths = np.stack([depth for depth, _, _ in layers])
    for rank in np.argsort(depths, axis=0, kind="stable"):
        for index, (depth, colour, opacity) in enumerate(layers):
            here = (rank == index) & np.isfinite(depth)
            picture[here] += opacity * (colour[here] - picture[here])
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8).reshape(side, side, 3)
