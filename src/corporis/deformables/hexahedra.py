"""Bodies cut into curved hexahedra of 27 nodes: tubes, and ventricles of half ellipsoids.

A body is laid out in *parameters*, in which its hexahedra have straight edges, and then put in its
place by a map, node by node: what is round stays round to third order. Numbering, quadrature and
boundaries are those of scikit-fem, which is imported only where it is used.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from corporis.arrays import check_finite
from corporis.errors import MissingExtra

Place = Callable[[np.ndarray], np.ndarray]
"""A function of parameters or places (n, 3)."""
ORDER = 4
"""Polynomials that the quadrature integrates exactly: three points along each axis."""
CORNERS = np.array([[i, j, k] for k in (0, 1) for j in (0, 1) for i in (0, 1)])
SKFEM = (7, 3, 5, 6, 1, 2, 4, 0)
"""scikit-fem's order of a hexahedron's corners, as ours are counted first axis first."""


@dataclass(frozen=True, eq=False)
class Hexahedra:
    """A body of curved hexahedra.

    Parameters
    ----------
    corners : array, (n_corners, 3)
        In parameters.
    cells : int array, (m, 8)
        Corners of each hexahedron, the first local axis running fastest; right-handed once placed.
    place : callable or None
        Map of parameters (n, 3) to places (n, 3) in mm; None leaves them as they are.

    Raises
    ------
    ValueError
        If shapes do not match or a number is not finite; in use, if a hexahedron is turned inside
        out.
    MissingExtra
        In use, if the package scikit-fem is not installed.

    References
    ----------
    Gustafsson & McBain (2020), J. Open Source Softw. 5, 2369, doi:10.21105/joss.02369

    Examples
    --------
    >>> cube = Hexahedra(CORNERS.astype(float), np.arange(8)[None])
    >>> cube.nodes.shape, round(float(cube.weights.sum()), 12)
    ((27, 3), 1.0)
    """

    corners: np.ndarray
    cells: np.ndarray
    place: Place | None = None

    def __post_init__(self):
        shape = np.shape(self.cells)
        if np.shape(self.corners)[1:] != (3,) or shape[1:] != (8,) or not shape[0]:
            raise ValueError(
                f"corners must be (n, 3) and cells (m, 8), got {np.shape(self.corners)}, {shape}"
            )
        check_finite(self.corners, "corners")

    @cached_property
    def parameters(self) -> np.ndarray:
        """Parameters of the nodes, (n, 3): corners first, then edges, faces and middles."""
        return np.ascontiguousarray(self._straight.doflocs.T)

    @cached_property
    def nodes(self) -> np.ndarray:
        """Places of the nodes, (n, 3), in mm."""
        places = self.parameters if self.place is None else self.place(self.parameters)
        check_finite(places, "places of the nodes")
        return np.asarray(places, dtype=float)

    @cached_property
    def members(self) -> np.ndarray:
        """Nodes of each hexahedron, (m, 27)."""
        return np.ascontiguousarray(self._basis.element_dofs.T)

    @cached_property
    def weights(self) -> np.ndarray:
        """Volumes that the quadrature points stand for, (m, 27), in mm^3."""
        weights = np.asarray(self._basis.dx)
        inverted = int(np.count_nonzero(np.any(self._signs <= 0, axis=1)))
        if inverted:
            raise ValueError(f"{inverted} of {len(weights)} hexahedra are inside out")
        return weights

    @cached_property
    def values(self) -> np.ndarray:
        """Shape functions at the quadrature points, (m, 27 points, 27 functions)."""
        m = len(self.cells)
        values = [np.broadcast_to(np.asarray(f[0]), (m, 27)) for f in self._basis.basis]
        return np.stack(values, axis=-1)

    @cached_property
    def slopes(self) -> np.ndarray:
        """Their gradients, (m, 27 points, 27 functions, 3), in 1/mm."""
        slopes = np.stack([f[0].grad for f in self._basis.basis], axis=-1)
        return np.ascontiguousarray(np.moveaxis(slopes, 0, -1))

    @cached_property
    def places(self) -> np.ndarray:
        """Places of the quadrature points, (m, 27, 3)."""
        return self.values @ self.nodes[self.members]

    def facets(self, where: Place) -> np.ndarray:
        """Faces of the boundary whose middles' parameters (n, 3) satisfy a condition."""
        return self._straight.facets_satisfying(lambda x: where(x.T), boundaries_only=True)

    def on_facets(self, facets: np.ndarray) -> "FacePoints":
        """Quadrature points on some faces of the boundary."""
        elements = _elements()
        basis = elements.FacetBasis(
            self._curved, elements.ElementHex2(), facets=facets, intorder=ORDER + 1
        )
        slopes = np.stack([f[0].grad for f in basis.basis], axis=-1)
        values = [np.broadcast_to(np.asarray(f[0]), basis.dx.shape) for f in basis.basis]
        return FacePoints(
            np.ascontiguousarray(basis.element_dofs.T),
            np.stack(values, axis=-1),
            np.moveaxis(slopes, 0, -1),
            np.moveaxis(np.asarray(basis.normals), 0, -1),
            np.asarray(basis.dx),
        )

    @cached_property
    def surface(self) -> np.ndarray:
        """Triangles (l, 3) of nodes on the boundary.

        Each face gives eight triangles about its middle, seen counter-clockwise from outside.
        """
        mesh, dofs = self._straight, self._basis.dofs
        faces = mesh.boundary_facets()
        corner = mesh.facets[:, faces]
        edge = self._edges_between(np.stack([corner, np.roll(corner, -1, axis=0)]))
        ring = np.empty((8, len(faces)), int)
        ring[0::2] = corner
        ring[1::2] = dofs.edge_dofs[0][edge]
        middle = dofs.facet_dofs[0][faces]
        cells = np.stack([np.stack([middle, ring[i], ring[(i + 1) % 8]]) for i in range(8)])
        cells = cells.transpose(2, 0, 1).reshape(-1, 3)
        inside = self.nodes[self.members[mesh.f2t[0, faces]]].mean(axis=1).repeat(8, axis=0)
        a, b, c = (self.nodes[cells[:, i]] for i in range(3))
        outward = np.einsum("ni,ni->n", np.cross(b - a, c - a), a - inside) > 0
        return np.where(outward[:, None], cells, cells[:, ::-1])

    def _edges_between(self, pairs):
        edges = np.sort(self._straight.edges, axis=0)
        n = len(self.corners)
        code = edges[0] * n + edges[1]
        order = np.argsort(code)
        asked = np.sort(pairs, axis=0)
        return order[np.searchsorted(code[order], asked[0] * n + asked[1])]

    @cached_property
    def _straight(self) -> Any:
        elements = _elements()
        first = elements.MeshHex(
            np.ascontiguousarray(np.asarray(self.corners, dtype=float).T),
            np.ascontiguousarray(np.asarray(self.cells)[:, SKFEM].T),
        )
        return elements.MeshHex2.from_mesh(first)

    @cached_property
    def _curved(self) -> Any:
        return _elements().MeshHex2(
            doflocs=np.ascontiguousarray(self.nodes.T), t=self._straight.t, sort_t=False
        )

    @cached_property
    def _basis(self) -> Any:
        elements = _elements()
        return elements.Basis(self._curved, elements.ElementHex2(), intorder=ORDER)

    @cached_property
    def _signs(self):
        """Determinants of the map from a cube, at the quadrature points."""
        return np.asarray(self._basis.mapping.detDF(self._basis.X))


@dataclass(frozen=True, eq=False)
class FacePoints:
    """Quadrature points on the boundary of a body.

    Parameters
    ----------
    members : int array, (n_faces, 27)
        Nodes of the hexahedron behind each face.
    values, slopes : array, (n_faces, n_points, 27), (n_faces, n_points, 27, 3)
    normals : array, (n_faces, n_points, 3)
        Outward, of the still body.
    weights : array, (n_faces, n_points)
        Areas in mm^2.
    """

    members: np.ndarray
    values: np.ndarray
    slopes: np.ndarray
    normals: np.ndarray
    weights: np.ndarray


def _elements() -> Any:
    """scikit-fem, imported late: it is needed for bodies of finite elements alone."""
    try:
        import skfem
    except ImportError:
        raise MissingExtra("scikit-fem", "elements", "a body of finite elements") from None
    return skfem


def brick(lines: Sequence[np.ndarray], place: Place | None = None) -> Hexahedra:
    """Hexahedra between increasing coordinates along three axes, then placed.

    Examples
    --------
    >>> len(brick((np.linspace(0, 1, 3), np.linspace(0, 1, 2), np.linspace(0, 1, 2))).cells)
    2
    """
    sizes = [len(line) for line in lines]
    grid = np.stack(np.meshgrid(*lines, indexing="ij"), axis=-1).reshape(-1, 3)
    number = np.arange(len(grid)).reshape(sizes)
    cells = [
        number[i : sizes[0] - 1 + i, j : sizes[1] - 1 + j, k : sizes[2] - 1 + k].ravel()
        for i, j, k in CORNERS
    ]
    return Hexahedra(grid, np.stack(cells, axis=1), place)


def tube_sector(
    inner_mm: float,
    outer_mm: float,
    length_mm: float,
    n_cells: tuple[int, int, int],
    angle_rad: float = np.pi / 2,
) -> Hexahedra:
    """A sector of a thick tube about the third axis, in parameters (radius, angle, height).

    Parameters
    ----------
    inner_mm, outer_mm, length_mm : float
        0 < inner_mm < outer_mm, length_mm > 0.
    n_cells : tuple of three int
        Across the wall, around and along, each >= 1.
    angle_rad : float
        0 to less than a full turn.

    Raises
    ------
    ValueError
        If a number is out of its range.
    """
    if not (0 < inner_mm < outer_mm < np.inf and 0 < length_mm < np.inf):
        raise ValueError("expected 0 < inner_mm < outer_mm and length_mm > 0")
    if min(n_cells) < 1 or not 0 < angle_rad < 2 * np.pi:
        raise ValueError("expected at least one cell along each axis, and less than a turn")
    ends = ((inner_mm, outer_mm), (0.0, angle_rad), (0.0, length_mm))
    lines = tuple(np.linspace(*end, n + 1) for end, n in zip(ends, n_cells))

    def place(p):
        return np.stack([p[:, 0] * np.cos(p[:, 1]), p[:, 0] * np.sin(p[:, 1]), p[:, 2]], axis=-1)

    return brick(lines, place)


def ventricle_quarter(
    n_cells: tuple[int, int, int],
    inner_mm: tuple[float, float] = (7.0, 17.0),
    outer_mm: tuple[float, float] = (10.0, 20.0),
    base_mm: float = 5.0,
) -> Hexahedra:
    """A quarter of a wall between two half ellipsoids, cut off at a plane; apex at negative z.

    Parameters (a, b, depth): `depth` from 0 at the endocardium to 1 at the epicardium, and (a, b)
    in a quarter of a square whose corner (0, 0) is the apex and whose far sides are the base. An
    inner square about the apex keeps hexahedra from collapsing there.

    Parameters
    ----------
    n_cells : tuple of three int
        Along a side of the inner square, from it to the base, and across the wall, each >= 1.
    inner_mm, outer_mm : pairs of float
        Half axes of the ellipsoids, short and long.
    base_mm : float
        Height of the plane above the centre of both ellipsoids.

    References
    ----------
    Land et al. (2015), Proc. R. Soc. A 471, 20150641, doi:10.1098/rspa.2015.0641 (the sizes given)

    Raises
    ------
    ValueError
        If a number is out of its range.
    """
    if min(n_cells) < 1 or not 0 <= base_mm < min(inner_mm[1], outer_mm[1]):
        raise ValueError("expected at least one cell along each axis, and a base below the top")
    if not (0 < inner_mm[0] < outer_mm[0] and 0 < inner_mm[1] < outer_mm[1]):
        raise ValueError(f"expected half axes that grow outwards, got {inner_mm} and {outer_mm}")
    corners, quads = _quarter_square(n_cells[0], n_cells[1])
    layers = np.linspace(0, 1, n_cells[2] + 1)
    n = len(corners)
    stacked = np.concatenate([np.column_stack([corners, np.full(n, d)]) for d in layers])
    # the first and second axis seen from the apex are right-handed with the third inwards
    cells = np.concatenate(
        [np.concatenate([quads + (k + 1) * n, quads + k * n], axis=1) for k in range(n_cells[2])]
    )
    half = np.array([inner_mm, outer_mm])

    def place(p):
        short, long = ((1 - p[:, 2]) * half[0, i] + p[:, 2] * half[1, i] for i in (0, 1))
        far, angle = _polar_of_square(p[:, 0], p[:, 1])
        turn = far * (np.pi - np.arccos(base_mm / long))  # from the apex
        ring = short * np.sin(turn)
        return np.stack([ring * np.cos(angle), ring * np.sin(angle), -long * np.cos(turn)], axis=-1)

    return Hexahedra(stacked, cells, place)


SQUARE = 0.35
"""Side of the inner square over that of the whole."""
SHRUNK = 0.85
"""By how much it is made smaller, as its corner reaches farther than its sides."""


def _quarter_square(n_inner, n_outer):
    """Corners (n, 2) and quadrilaterals (m, 4) of three blocks in the unit square."""
    inner, rays = np.linspace(0, SQUARE, n_inner + 1), np.linspace(0, 1, n_inner + 1)
    out = np.linspace(SQUARE, 1, n_outer + 1)
    square = np.stack(np.meshgrid(inner, inner, indexing="ij"), axis=-1)
    right = np.stack(
        [np.broadcast_to(out[:, None], (n_outer + 1, n_inner + 1)), out[:, None] * rays], axis=-1
    )
    # the other block is its mirror image; its second axis runs backwards, so that it turns alike
    top = right[:, ::-1, ::-1]
    points, quads, start = [], [], 0
    for block in (square, right, top):
        rows, columns = block.shape[:2]
        number = start + np.arange(rows * columns).reshape(rows, columns)
        sides = [(i, j) for j in (0, 1) for i in (0, 1)]
        round_ = [number[i : rows - 1 + i, j : columns - 1 + j].ravel() for i, j in sides]
        quads.append(np.stack(round_, axis=1))
        points.append(block.reshape(-1, 2))
        start += rows * columns
    joined, named = np.unique(np.concatenate(points).round(12), axis=0, return_inverse=True)
    return joined, named.reshape(-1)[np.concatenate(quads)]


def _polar_of_square(a, b):
    """Distance from the corner and angle of parameters in the unit square.

    The inner square stays one, the far sides become a quarter of a circle, and in between shapes
    change from one to the other: where three blocks meet, no corner is flat.
    """
    far = np.maximum(a, b)
    angle = 0.25 * np.pi * (1 + (b - a) / np.maximum(far, 1e-300))
    round_ = np.clip((far - SQUARE) / (1 - SQUARE), 0, 1)
    x = (1 - round_) * SHRUNK * a + round_ * far * np.cos(angle)
    y = (1 - round_) * SHRUNK * b + round_ * far * np.sin(angle)
    return np.hypot(x, y), np.arctan2(y, x)
