"""How often a surface runs round a point, and the parts of a surface, each with its outside out."""

import numpy as np
import scipy

from corporis.interfaces import Mesh

_CHUNK = 4_000_000
_CLOSED = 0.05
"""Of a part's area: vector areas of a closed surface sum to 0, those of small holes are missing."""
_N_ASKED = 40
"""Vertices of a part, spread over it, that say whether it lies within another."""


def winding_number(mesh: Mesh, points: np.ndarray) -> np.ndarray:
    """How often a surface runs round points (n, 3): 1 inside of an outward closed one, 0 outside.

    The sum of the triangles' solid angles over the full sphere; a hole takes away its own.
    """
    corners = np.asarray(mesh.points, float)[mesh.cells]
    points, turns = np.asarray(points, float), np.zeros(len(points))
    for part in np.array_split(np.arange(len(points)), len(points) * len(corners) // _CHUNK + 1):
        a, b, c = np.moveaxis(corners[None] - points[part, None, None], 2, 0)
        la, lb, lc = (np.sqrt(np.einsum("...i,...i", v, v)) for v in (a, b, c))
        over = np.einsum("...i,...i", a, np.cross(b, c))
        under = la * lb * lc
        for first, second, third in ((a, b, lc), (b, c, la), (c, a, lb)):
            under = under + np.einsum("...i,...i", first, second) * third
        turns[part] = np.arctan2(over, under).sum(axis=1) / (2 * np.pi)
    return turns


def neighbours(cells: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs of triangles with a side that no third one has.

    Parameters
    ----------
    cells : int array, (m, 3)

    Returns
    -------
    first, second : int array, (n,)
        Triangles.
    agrees : bool array, (n,)
        Whether they run their side in opposite directions, as triangles wound alike do.

    Examples
    --------
    >>> import numpy as np
    >>> first, second, agrees = neighbours(np.array([[0, 1, 2], [2, 1, 3], [5, 6, 7]]))
    >>> sorted([*first.tolist(), *second.tolist()]), agrees.tolist()
    ([0, 1], [True])
    """
    directed = np.concatenate([cells[:, [0, 1]], cells[:, [1, 2]], cells[:, [2, 0]]])
    owner = np.tile(np.arange(len(cells)), 3)
    order = np.lexsort(np.sort(directed, axis=1).T)
    ordered = np.sort(directed, axis=1)[order]
    same = np.all(ordered[1:] == ordered[:-1], axis=1)
    alone = same & ~np.append(same[1:], False) & ~np.insert(same[:-1], 0, False)
    first, second = order[:-1][alone], order[1:][alone]
    return owner[first], owner[second], directed[first, 0] != directed[second, 0]


def outward_parts(mesh: Mesh) -> tuple[np.ndarray, np.ndarray]:
    """Triangles with every closed part's outside out, cavities excepted; and which are of such.

    Parts are triangles that are joined and wound alike. One that lies within another goes with
    it: wound as the one around it is more of the same, wound the other way it stays its cavity.
    Of a moving surface the mean volume over time says which side is out. Open parts stay.

    Returns
    -------
    cells : int array, (m, 3)
    is_closed : bool array, (m,)
        Whether a triangle's part has at most small holes.
    """
    cells = np.asarray(mesh.cells)
    m = len(cells)
    first, second, agrees = neighbours(cells)
    links = np.ones(int(agrees.sum())), (first[agrees], second[agrees])
    graph = scipy.sparse.coo_array(links, shape=(m, m))
    n_parts, part = scipy.sparse.csgraph.connected_components(graph, directed=False)
    corners = np.asarray(mesh.points, float)[..., cells, :]
    corners = corners.reshape(-1, m, 3, 3)
    closed = np.flatnonzero(_is_closed(corners[0], part, n_parts))
    turned = np.zeros(n_parts, bool)
    volumes = _volumes(corners, part, n_parts)
    still = corners[0]
    low, high = np.full((n_parts, 3), np.inf), np.full((n_parts, 3), -np.inf)
    np.minimum.at(low, part, still.min(axis=1))
    np.maximum.at(high, part, still.max(axis=1))
    order = closed[np.argsort(-np.abs(volumes[closed]), kind="stable")]
    for number, k in enumerate(order):
        turned[k] = volumes[k] < 0
        larger = order[:number]
        around = np.all((low[larger] <= low[k]) & (high[larger] >= high[k]), axis=1)
        for j in larger[around][::-1]:  # the smallest around it first
            if _lies_within(still[part == k], still[part == j]):
                turned[k] = turned[j]
                break
    found = np.where(turned[part][:, None], cells[:, ::-1], cells)
    return found, np.isin(part, closed)


def _is_closed(corners, part, n_parts):
    """Whether a part's vector areas cancel, (n_parts,)."""
    a, b, c = np.moveaxis(corners, 1, 0)
    normals = np.cross(b - a, c - a)
    area = np.bincount(part, np.linalg.norm(normals, axis=1), n_parts)
    total = np.stack([np.bincount(part, axis, n_parts) for axis in normals.T], axis=1)
    return np.linalg.norm(total, axis=1) <= _CLOSED * area


def _volumes(corners, part, n_parts):
    """What each part encloses, > 0 where its outside is out, summed over times, (n_parts,)."""
    total, counts = np.zeros(n_parts), np.bincount(part, minlength=n_parts)
    for each in corners:
        middles = each.mean(axis=1)
        centre = np.stack([np.bincount(part, x, n_parts) for x in middles.T], axis=1)
        a, b, c = np.moveaxis(each - (centre / counts[:, None])[part, None], 1, 0)
        total += np.bincount(part, np.sum(a * np.cross(b, c), axis=1), n_parts) / 6
    return total


def _lies_within(inner, outer):
    """Whether vertices of triangles (n, 3, 3) are enclosed by others."""
    asked = inner[np.linspace(0, len(inner) - 1, min(_N_ASKED, len(inner))).astype(int), 0]
    around = Mesh(outer.reshape(-1, 3), np.arange(3 * len(outer)).reshape(-1, 3))
    return bool(np.all(np.abs(winding_number(around, asked)) > 0.5))
