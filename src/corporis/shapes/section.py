"""Sections: the curves in which a plane cuts a surface, and the part on one side of it."""

import numpy as np

from corporis.interfaces import Mesh


def cut_by_plane(mesh: Mesh, point: np.ndarray, normal: np.ndarray) -> list[np.ndarray]:
    """The curves in which a plane meets a surface.

    A closed curve repeats its first point at its end; a surface with a border can also give
    open curves. Along a curve, seen from where `normal` points, the inside of an outward surface
    lies on the left. A vertex that lies exactly in the plane counts as above it.

    Parameters
    ----------
    mesh : Mesh
        A still surface.
    point, normal : array, (3,)
        Of the plane; the normal need not have length 1.

    Returns
    -------
    list of array, (n_points, 3)
        Longest first; empty if the plane misses the surface.

    Raises
    ------
    ValueError
        If the mesh moves, or the normal is zero or not finite.

    Examples
    --------
    >>> from corporis.shapes import cut_by_plane
    >>> from corporis.shapes import mesh
    >>> ring, = cut_by_plane(mesh.sphere(1.0, 3), (0, 0, 0.5), (0, 0, 1))
    >>> bool((ring[0] == ring[-1]).all()), round(float(abs(ring[:, 2] - 0.5).max()), 6)
    (True, 0.0)
    """
    height = _height(mesh, point, normal)
    cut = _Cut(mesh, height)
    curves = [cut.points[chain] for chain in cut.chains()]
    curves = [_without_repeats(c) for c in curves]
    lengths = [np.linalg.norm(np.diff(c, axis=0), axis=1).sum() for c in curves]
    return [curves[i] for i in np.argsort(lengths)[::-1] if lengths[i] > 0]


def clip(mesh: Mesh, point: np.ndarray, normal: np.ndarray, *, cap: bool = True) -> Mesh:
    """Cut away what lies beyond a plane, on the side to which `normal` points.

    Parameters
    ----------
    mesh : Mesh
        A still surface.
    point, normal : array, (3,)
        Of the plane; the normal need not have length 1.
    cap : bool
        Close each cut by triangles around the middle of its curve. The volume is then exact
        for curves of any form; the cap's area is exact where its middle sees the whole curve.

    Returns
    -------
    Mesh
        The kept part; values on the vertices are interpolated linearly.

    Raises
    ------
    ValueError
        If the mesh moves, the normal is zero or not finite, or nothing is left.
    """
    height = _height(mesh, point, normal)
    cut = _Cut(mesh, height)
    chains = [c for c in cut.chains() if c[0] == c[-1]] if cap else []
    n, n_cut = len(mesh.points), len(cut.points)
    cells = np.concatenate([mesh.cells[np.all(~cut.above[mesh.cells], axis=1)], cut.kept_parts()])
    for number, chain in enumerate(chains):
        middle = np.full(len(chain) - 1, n + n_cut + number)
        cells = np.concatenate([cells, np.stack([n + chain[:-1], n + chain[1:], middle], axis=1)])
    if not len(cells):
        raise ValueError("nothing is left of the surface on this side of the plane: flip normal")
    used, compact = np.unique(cells, return_inverse=True)
    compact = compact.reshape(cells.shape)

    def extended(values):
        crossing = cut.interpolated(np.asarray(values))
        middles = [_middle(cut.points[c[:-1]], crossing[c[:-1]]) for c in chains]
        return np.concatenate([values, crossing, *[m[None] for m in middles]])[used]

    data = {name: extended(values) for name, values in mesh.point_data.items()}
    return Mesh(extended(mesh.points), compact, data, None, mesh.length_unit)


def _height(mesh, point, normal):
    if mesh.is_moving:
        raise ValueError("a section needs a still surface: take mesh.at(time)")
    normal = np.asarray(normal, float)
    length = float(np.linalg.norm(normal))
    if normal.shape != (3,) or not 0 < length < np.inf:
        raise ValueError(f"normal must be a finite vector of 3 and not zero, got {normal}")
    return (np.asarray(mesh.points, float) - np.asarray(point, float)) @ (normal / length)


class _Cut:
    """Where edges cross a plane: one new point an edge, one directed piece a triangle."""

    def __init__(self, mesh, height):
        self.above = height >= 0
        cells = np.asarray(mesh.cells)
        n_above = self.above[cells].sum(axis=1)
        # Turn each crossed triangle so that the corner that is alone on its side comes first.
        self._one_above = n_above == 1
        crossed = (n_above == 1) | (n_above == 2)
        lonely = self.above[cells] == self._one_above[:, None]
        first = np.argmax(lonely, axis=1)[:, None]
        turned = np.take_along_axis(cells, (first + np.arange(3)) % 3, axis=1)[crossed]
        self._one_above = self._one_above[crossed]
        self._corners = turned
        ends = np.sort(np.concatenate([turned[:, [0, 1]], turned[:, [0, 2]]]), axis=1)
        self._ends, which = np.unique(ends, axis=0, return_inverse=True)
        self._sides = which.reshape(2, -1)  # crossing on 0-1 and on 0-2
        self._n_vertices = len(mesh.points)
        low, high = height[self._ends].T
        self._share = low / np.where(low != high, low - high, 1)
        self.points = self.interpolated(np.asarray(mesh.points))

    def interpolated(self, values):
        """Values at the crossings; shape (n_crossings, ...), precision kept."""
        a, b = values[self._ends[:, 0]], values[self._ends[:, 1]]
        share = self._share.reshape(-1, *[1] * (values.ndim - 1))
        return (a * (1 - share) + b * share).astype(np.result_type(values, np.float16))

    def kept_parts(self):
        """Triangles of what lies below the plane in crossed triangles."""
        zero, one, two = self._corners.T
        first, second = self._n_vertices + self._sides
        tip = ~self._one_above
        parts = [
            np.stack([zero, first, second], axis=1)[tip],
            np.stack([first, one, two], axis=1)[~tip],
            np.stack([first, two, second], axis=1)[~tip],
        ]
        return np.concatenate(parts)

    def chains(self):
        """Indices of crossings along each curve; a closed one ends where it began."""
        first, second = self._sides
        start = np.where(self._one_above, first, second)
        end = np.where(self._one_above, second, first)
        following: dict[int, list[int]] = {}
        for a, b in zip(start.tolist(), end.tolist(), strict=True):
            following.setdefault(a, []).append(b)
        heads = np.setdiff1d(start, end).tolist()  # open curves begin where no piece ends
        chains = []
        for head in [*heads, *start.tolist()]:
            if not following.get(head):
                continue
            chain = [head]
            while following.get(chain[-1]):
                chain.append(following[chain[-1]].pop())
                if chain[-1] == head:
                    break
            chains.append(np.array(chain))
        return chains


def _without_repeats(curve):
    step = np.linalg.norm(np.diff(curve, axis=0), axis=1)
    return curve[np.concatenate([[True], step > 0])]


def _middle(points, values):
    """Mean of values along a closed curve, each weighted by the length it stands for."""
    step = np.linalg.norm(np.roll(points, -1, axis=0) - points, axis=1)
    weight = step + np.roll(step, 1)
    total = weight.sum()
    weight = weight / total if total > 0 else np.full(len(points), 1 / len(points))
    return np.tensordot(weight, values, axes=1).astype(values.dtype)
