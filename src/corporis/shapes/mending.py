"""Mending of surfaces: what is wrong with one, and one without holes, handles and wrong winding."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import label
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from corporis.interfaces import Mesh
from corporis.shapes.distance import point_to_surface, signed_distance
from corporis.shapes.inside import fill_surface
from corporis.shapes.mesh import is_closed, oriented_outward, volume
from corporis.shapes.topology import betti
from corporis.shapes.winding import neighbours

OPEN = 0.1
"""Share of voxels about which rays disagree, above which a surface encloses nothing for certain."""
_RADII = (1.0, 1.5, 2.0, 3.0)  # voxels: handles and tunnels up to twice that wide are closed
_NEAR = 2.0  # voxels from the border within which the distance is exact


@dataclass(frozen=True)
class Defects:
    """What keeps a surface from being a closed one with one side out.

    Parameters
    ----------
    border_edges : int
        Edges of one triangle: the rim of holes.
    crowded_edges : int
        Edges of three triangles or more (not manifold).
    turned_edges : int
        Edges that both triangles run in the same direction: one is wound wrongly.
    flat_cells : int
        Triangles without area, or there twice.
    pieces : int
        Connected parts.
    handles : int or None
        Of a closed surface, ``pieces - euler / 2``; None where it is not closed.
    is_inside_out : bool
        Whether a closed surface's triangles are clockwise from outside.
    """

    border_edges: int
    crowded_edges: int
    turned_edges: int
    flat_cells: int
    pieces: int
    handles: int | None
    is_inside_out: bool

    @property
    def any(self) -> bool:
        """Whether there is something to mend."""
        return not (
            self.border_edges == self.crowded_edges == self.turned_edges == self.flat_cells == 0
            and self.pieces == 1
            and self.handles == 0
            and not self.is_inside_out
        )

    def sentence(self) -> str:
        """What is wrong, in words.

        Examples
        --------
        >>> Defects(5, 0, 2, 0, 1, None, False).sentence()
        '5 edges at holes, 2 edges wound wrongly'
        """
        words = [
            f"{n} {what}"
            for n, what in (
                (self.border_edges, "edges at holes"),
                (self.crowded_edges, "edges of more than two triangles"),
                (self.turned_edges, "edges wound wrongly"),
                (self.flat_cells, "triangles without area or twice there"),
                (self.pieces if self.pieces > 1 else 0, "pieces"),
                (self.handles or 0, "handles"),
            )
            if n
        ]
        words += ["inside out"] if self.is_inside_out else []
        return ", ".join(words) or "nothing"


@dataclass(frozen=True, eq=False)
class Mended:
    """A closed surface of one piece with its outside out.

    Parameters
    ----------
    mesh : Mesh
    before : Defects
        Of the surface as given.
    n_turned : int
        Triangles that were wound anew.
    is_remade : bool
        Whether the surface was made anew from what it encloses; else its vertices were kept.
    n_handles : int
        Handles that are left.
    doubt : float
        Share of the enclosed voxels about which rays disagreed; 0 where vertices were kept.
    """

    mesh: Mesh
    before: Defects
    n_turned: int
    is_remade: bool
    n_handles: int
    doubt: float


def defects(mesh: Mesh) -> Defects:
    """What is wrong with a still surface.

    Examples
    --------
    >>> from corporis.shapes import defects
    >>> from corporis.shapes import sphere
    >>> ball = sphere(1.0, 1)
    >>> defects(ball).any, defects(Mesh(ball.points, ball.cells[1:])).border_edges
    (False, 3)
    """
    cells = np.asarray(mesh.cells)
    directed = np.concatenate([cells[:, [0, 1]], cells[:, [1, 2]], cells[:, [2, 0]]])
    pairs, which, counts = np.unique(
        np.sort(directed, axis=1), axis=0, return_inverse=True, return_counts=True
    )
    forward = np.bincount(which.ravel(), directed[:, 0] < directed[:, 1], len(pairs))
    turned = int(np.sum((counts == 2) & (forward != 1)))
    n = len(mesh.points)
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    parts = connected_components(graph, directed=False)[1]
    used = np.unique(cells)
    pieces = len(np.unique(parts[used]))
    closed = is_closed(mesh)
    euler = len(used) - len(pairs) + len(cells)
    return Defects(
        border_edges=int(np.sum(counts == 1)),
        crowded_edges=int(np.sum(counts > 2)),
        turned_edges=turned,
        flat_cells=len(cells) - int(_sound_cells(np.asarray(mesh.points, float), cells).sum()),
        pieces=pieces,
        handles=pieces - euler // 2 if closed else None,
        is_inside_out=closed and float(np.sum(volume(mesh))) < 0,
    )


def mend(mesh: Mesh, spacing: float | None = None) -> Mended:
    """A closed surface of one piece, without handles, with its outside out.

    Repeated vertices are merged, triangles without area dropped, and the rest is wound alike,
    piece by piece, turning as few as possible. If that closes the surface, its vertices are kept.
    Else it is made anew from what it encloses, as `fill_surface` finds it: the largest piece,
    narrow handles and tunnels closed, and a border as far from the given one as the given one is
    sure, which is a small part of `spacing`.

    Parameters
    ----------
    spacing : float or None
        Of the voxels from which a surface is made; None: the longest side over 70.

    Raises
    ------
    ValueError
        If the surface moves, is not finite, or is so open that nothing is enclosed for certain.
    """
    if mesh.is_moving or not len(mesh.cells) or not np.isfinite(mesh.points).all():
        raise ValueError("mending needs a still surface with triangles and finite points")
    before = defects(mesh)
    wound, n_turned = wound_alike(_cleaned(mesh))
    now = defects(wound)
    if now.border_edges == now.crowded_edges == now.turned_edges == 0 and now.pieces == 1:
        if now.handles == 0:
            return Mended(oriented_outward(wound), before, n_turned, False, 0, 0.0)
    if spacing is None:
        spacing = float(np.ptp(wound.points[wound.cells], axis=(0, 1)).max()) / 70
    found = fill_surface(wound, spacing, margin=5)
    if not found.mask.any() or found.doubt > OPEN:
        raise ValueError(
            f"expected a surface that encloses a volume, got one with {before.sentence()}: rays "
            f"disagree about {100 * min(found.doubt, 1):.0f} % of it; close it first"
        )
    mask, n_handles = _without_handles(found.mask)
    remade = _border(mask, found, wound)
    return Mended(remade, before, n_turned, True, n_handles, found.doubt)


def wound_alike(mesh: Mesh) -> tuple[Mesh, int]:
    """Triangles turned so that neighbours agree, as few as possible in each piece; and how many.

    Each triangle is there twice in a graph, as it is and turned; neighbours are linked where they
    agree. A piece that can be wound falls into two halves, one of which is taken.
    """
    cells = np.asarray(mesh.cells)
    n = len(cells)
    a, b, agrees = neighbours(cells)
    other = np.where(agrees, b, b + n)
    links = np.stack([np.concatenate([a, a + n]), np.concatenate([other, (other + n) % (2 * n)])])
    graph = coo_array((np.ones(links.shape[1]), (links[0], links[1])), shape=(2 * n, 2 * n))
    half = connected_components(graph, directed=False)[1]
    size = np.bincount(half[:n], minlength=half.max() + 1)
    turned = size[half[n:]] > size[half[:n]]
    # halves of equal size: the one that holds the first triangle as it is
    equal = (size[half[n:]] == size[half[:n]]) & (half[n:] < half[:n])
    turned |= equal
    found = np.where(turned[:, None], cells[:, ::-1], cells)
    return Mesh(mesh.points, found, mesh.point_data, None, mesh.length_unit), int(turned.sum())


def _cleaned(mesh):
    points, which = np.unique(np.asarray(mesh.points, float), axis=0, return_inverse=True)
    cells = which.ravel()[np.asarray(mesh.cells)]
    cells = cells[_sound_cells(points, cells)]
    used, renamed = np.unique(cells, return_inverse=True)
    return Mesh(points[used], renamed.reshape(-1, 3), {}, None, mesh.length_unit)


def _sound_cells(points, cells):
    """Triangles with an area, each once."""
    a, b, c = np.moveaxis(points[cells], 1, 0)
    is_sound = np.linalg.norm(np.cross(b - a, c - a), axis=1) > 0
    first = np.unique(np.sort(cells, axis=1), axis=0, return_index=True)[1]
    is_first = np.zeros(len(cells), bool)
    is_first[first] = True
    return is_sound & is_first


def _without_handles(mask):
    """One piece without cavities, its handles closed by the least change; and those left."""
    mask = _one_piece(mask)
    best, n_best = mask, betti(mask).holes
    for radius in _RADII:
        if n_best == 0:
            break
        for signs in ((1, -1), (-1, 1)):  # closing, opening
            changed = best
            for sign in signs:
                changed = signed_distance(changed) < sign * radius
            changed = _one_piece(changed)
            if changed.any() and betti(changed).holes < n_best:
                best, n_best = changed, betti(changed).holes
    return best, n_best


def _one_piece(mask):
    labels, n = label(mask)
    if n > 1:
        mask = labels == 1 + int(np.argmax(np.bincount(labels.ravel())[1:]))
    outside, _ = label(~np.pad(mask, 1))
    return (outside != outside[0, 0, 0])[1:-1, 1:-1, 1:-1]


def _border(mask, found, mesh):
    """The surface where the distance from the given one, signed by the mask, is 0."""
    from skimage.measure import marching_cubes

    level = signed_distance(mask) * found.spacing
    near = np.argwhere((np.abs(level) < _NEAR * found.spacing) & (mask == found.mask))
    exact = point_to_surface(found.origin + found.spacing * near, mesh)
    index = tuple(near.T)
    floor = 1e-3 * found.spacing  # a vertex exactly on a voxel's centre would pinch
    level[index] = np.sign(level[index]) * np.clip(exact, floor, 2 * np.abs(level[index]))
    points, cells, _, _ = marching_cubes(level, 0.0, allow_degenerate=False)
    remade = Mesh(found.origin + found.spacing * points, cells, {}, None, mesh.length_unit)
    return oriented_outward(remade)
