"""Triangle surfaces: volume, area, normals, edges, and two surfaces made from nothing."""

from typing import Literal

import numpy as np

from corporis.interfaces import Mesh
from corporis.shapes.winding import outward_parts


def volume(mesh: Mesh) -> float | np.ndarray:
    r"""Enclosed volume, ``1/6 sum_cells p_0 . (p_1 x p_2)`` (divergence theorem).

    Positive when triangles are counter-clockwise from outside. Only meaningful for a closed
    surface: see `is_closed`.

    Returns
    -------
    float or array, (n_times,)
        In the cube of the mesh's unit; one per time for a moving mesh.

    Examples
    --------
    >>> from corporis.shapes import mesh
    >>> round(mesh.volume(mesh.sphere(2.0, 5)) / (4 / 3 * 3.14159265 * 8), 2)
    1.0
    """
    corners = _corners(mesh)
    origin = mesh.points.mean(axis=-2, dtype=float)[..., None, None, :]
    a, b, c = np.moveaxis(corners - origin, -2, 0)
    return _scalar(np.sum(a * np.cross(b, c), axis=(-1, -2)) / 6)


def area(mesh: Mesh) -> float | np.ndarray:
    """Area of the surface in squared units; one per time, (n_times,), for a moving mesh."""
    return _scalar(np.linalg.norm(_doubled_normals(mesh), axis=-1).sum(axis=-1) / 2)


def cell_normals(mesh: Mesh) -> np.ndarray:
    """Unit normals of the triangles, (..., m, 3); zero where a triangle has no area."""
    return _unit(_doubled_normals(mesh)).astype(mesh.points.dtype, copy=False)


def vertex_normals(mesh: Mesh) -> np.ndarray:
    """Unit normals at the vertices: those of the triangles around, weighted by area.

    Returns
    -------
    array, (n, 3) or (n_times, n, 3)
        Outward for an outward mesh; zero at a vertex without triangles.
    """
    normals = _doubled_normals(mesh)
    total = np.zeros((mesh.points.shape[-2], *normals.shape[:-2], 3))
    for corner in range(3):
        np.add.at(total, mesh.cells[:, corner], np.moveaxis(normals, -2, 0))
    return _unit(np.moveaxis(total, 0, -2)).astype(mesh.points.dtype, copy=False)


def edges(mesh: Mesh) -> np.ndarray:
    """Every edge once, (n_edges, 2), lower vertex first, in ascending order."""
    return np.unique(np.sort(_directed_edges(mesh), axis=1), axis=0)


def is_closed(mesh: Mesh) -> bool:
    """Whether every edge is shared by exactly two triangles that run it in opposite directions.

    Such a surface has no border and one consistent orientation.
    """
    directed = _directed_edges(mesh)
    if not len(directed):
        return False
    forward, n_forward = np.unique(directed, axis=0, return_counts=True)
    backward = np.unique(directed[:, ::-1], axis=0)
    return bool(np.all(n_forward == 1) and np.array_equal(forward, backward))


def oriented_outward(mesh: Mesh) -> Mesh:
    """The same closed surface with its triangles counter-clockwise from outside.

    Each connected part is turned by itself. A part within another goes with it: wound the other way
    it is a cavity, whose outside is what the cavity holds.

    Raises
    ------
    ValueError
        If the surface is not closed.
    """
    if not is_closed(mesh):
        raise ValueError("only a closed surface has an outside: close the mesh first")
    cells, _ = outward_parts(mesh)
    if np.array_equal(cells, mesh.cells):
        return mesh
    return Mesh(mesh.points, cells, mesh.point_data, mesh.times_ms, mesh.length_unit)


def grid_surface(
    n_levels: int,
    n_angles: int,
    *,
    apex: bool = True,
    base_cap: Literal["fan", "none"] = "fan",
) -> np.ndarray:
    """Triangles of a (level, angle) grid that is cyclic in angle, such as a heart's wall.

    Vertex ``level * n_angles + angle`` lies on the grid, level 0 at the base. With `apex`, the
    next vertex, ``n_levels * n_angles``, closes the last level; with ``base_cap="fan"``, the one
    after closes level 0. Triangles are counter-clockwise from outside if angles turn
    counter-clockwise as seen from the base, looking towards the apex.

    Parameters
    ----------
    n_levels, n_angles : int
        At least 1 (2 without apex) and 3.
    apex : bool
        Whether there is an apex vertex.
    base_cap : {"fan", "none"}
        Whether a vertex in the middle of the base closes it.

    Returns
    -------
    int array, (m, 3)

    Raises
    ------
    ValueError
        If the grid is too small or `base_cap` is another.

    Examples
    --------
    >>> from corporis.shapes import grid_surface
    >>> grid_surface(1, 3).tolist()             # a double pyramid: apex 3, base centre 4
    [[0, 3, 1], [1, 3, 2], [2, 3, 0], [1, 4, 0], [2, 4, 1], [0, 4, 2]]
    """
    if n_angles < 3 or n_levels < (1 if apex else 2):
        raise ValueError(
            f"a grid needs n_angles >= 3 and n_levels >= 1 (2 without apex), got "
            f"{n_levels} x {n_angles}"
        )
    if base_cap not in ("fan", "none"):
        raise ValueError(f"base_cap must be fan or none, got {base_cap!r}")
    here = np.arange(n_angles)
    beside = np.roll(here, -1)
    offsets = np.arange(n_levels - 1)[:, None] * n_angles
    upper, upper_next = (offsets + here).ravel(), (offsets + beside).ravel()
    lower, lower_next = upper + n_angles, upper_next + n_angles
    parts = [
        np.stack([upper, lower, upper_next], axis=1),
        np.stack([upper_next, lower, lower_next], axis=1),
    ]
    following = n_levels * n_angles
    if apex:
        last = (n_levels - 1) * n_angles
        parts.append(np.stack([last + here, np.full(n_angles, following), last + beside], axis=1))
        following += 1
    if base_cap == "fan":
        parts.append(np.stack([beside, np.full(n_angles, following), here], axis=1))
    return np.concatenate(parts).astype(np.int64)


def sphere(
    radius: float = 1.0, refinement: int = 3, centre: tuple[float, float, float] = (0, 0, 0)
) -> Mesh:
    """A sphere from an octahedron whose triangles are split in four `refinement` times.

    Its ``8 * 4**refinement`` triangles have their vertices on the sphere, hence its volume is
    slightly too small, by a share that falls fourfold with each refinement.
    """
    points = np.concatenate([np.eye(3), -np.eye(3)])
    cells = np.array(
        [[0, 1, 2], [1, 3, 2], [3, 4, 2], [4, 0, 2], [1, 0, 5], [3, 1, 5], [4, 3, 5], [0, 4, 5]]
    )
    for _ in range(refinement):
        sides = np.sort(np.stack([cells, np.roll(cells, -1, axis=1)], axis=2).reshape(-1, 2))
        pairs, which = np.unique(sides, axis=0, return_inverse=True)
        middle = len(points) + which.reshape(-1, 3)  # of sides 01, 12, 20
        points = np.concatenate([points, _unit(points[pairs].sum(axis=1))])
        (a, b, c), (ab, bc, ca) = cells.T, middle.T
        quarters = [(a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca)]
        cells = np.concatenate([np.stack(q, axis=1) for q in quarters])
    return Mesh(radius * points + np.asarray(centre, float), cells)


def _corners(mesh):
    return np.asarray(mesh.points, float)[..., mesh.cells, :]


def _doubled_normals(mesh):
    a, b, c = np.moveaxis(_corners(mesh), -2, 0)
    return np.cross(b - a, c - a)


def _directed_edges(mesh):
    cells = np.asarray(mesh.cells)
    return np.concatenate([cells[:, [0, 1]], cells[:, [1, 2]], cells[:, [2, 0]]])


def _unit(vectors):
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / np.where(length > 0, length, 1)


def _scalar(value):
    return float(value) if np.ndim(value) == 0 else value
