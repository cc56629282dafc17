"""What lies inside of a surface that may be open, tangled or wound wrongly: rays vote."""

from dataclasses import dataclass

import numpy as np

from corporis.interfaces import Mesh
from corporis.shapes.winding import outward_parts, winding_number

_NUDGE = (0.0137, 0.0071)  # rays that run exactly through a vertex would count it twice


@dataclass(frozen=True, eq=False)
class Inside:
    """A surface as a mask.

    Parameters
    ----------
    mask : bool array, (a, b, c)
        Voxels whose centre is inside.
    origin : array, (3,)
        Centre of voxel (0, 0, 0), in the unit of the mesh.
    spacing : float
    doubt : float
        Share of the rays through voxels inside whose two ends disagree about them: of a closed
        surface 0, a few hundredths with small holes, a third or more with a side missing.
    """

    mask: np.ndarray
    origin: np.ndarray
    spacing: float
    doubt: float


def fill_surface(mesh: Mesh, spacing: float, margin: int = 2) -> Inside:
    """The mask of a surface, whether it is closed or not.

    Along each axis rays run through the voxels' centres; a voxel is inside of a ray that entered
    the surface more often than it left before it, or the reverse, and as seen from the ray's other
    end likewise. Six such votes, two to an axis, decide by the solid angle of the surface where
    they do not agree: the generalised winding number, which a hole changes little.

    Parts that are closed, but for small holes, are turned with their outside out beforehand, so
    that what two of them share is inside too; one that lies within another and is wound the other
    way is its cavity. Of parts that are open, which have no side to enter, an odd number of
    crossings counts.

    Parameters
    ----------
    mesh : Mesh
        Still, its triangles wound consistently (`mend` sees to that) for a sound decision where
        votes differ; either side of each part may be out.
    spacing : float
        Of the voxels, > 0, in the mesh's unit.
    margin : int
        Empty voxels around.

    Raises
    ------
    ValueError
        If the mesh moves, has no triangle or is not finite, or a number is out of range.

    References
    ----------
    Nooruddin & Turk (2003), IEEE Trans. Vis. Comput. Graph. 9, 191-205,
    doi:10.1109/TVCG.2003.1196006 (votes of rays); Jacobson, Kavan & Sorkine-Hornung (2013), ACM
    Trans. Graph. 32, 33, doi:10.1145/2461912.2461916 (winding numbers)

    Examples
    --------
    >>> from corporis.shapes import fill_surface
    >>> from corporis.shapes import sphere
    >>> found = fill_surface(sphere(10.0, 4), 1.0)
    >>> bool(abs(found.mask.sum() / 4188.8 - 1) < 0.02), found.doubt
    (True, 0.0)
    """
    if mesh.is_moving or not len(mesh.cells) or not np.isfinite(mesh.points).all():
        raise ValueError("filling needs a still surface with triangles and finite points")
    if not 0 < spacing < np.inf or margin < 1:
        raise ValueError(f"spacing must be > 0 and margin >= 1, got {spacing} and {margin}")
    cells, is_closed = outward_parts(mesh)
    used = np.asarray(mesh.points, float)[cells]
    low, high = used.min(axis=(0, 1)), used.max(axis=(0, 1))
    origin = low - margin * spacing
    shape = tuple((np.ceil((high - low) / spacing).astype(int) + 2 * margin + 1).tolist())
    votes, odd = np.zeros(shape, np.int8), np.zeros(shape, np.int8)
    for axis in range(3):
        order = [axis, *(k for k in range(3) if k != axis)]
        corners = (used[:, :, order] - origin[order]) / spacing
        before, after = _crossings(corners, is_closed, tuple(shape[k] for k in order))
        votes += np.moveaxis(before + after, 0, axis)
        odd += np.moveaxis(before ^ after, 0, axis)
    mask = votes >= 4
    split = np.argwhere((votes > 0) & (votes < 6))
    if len(split):
        turned = Mesh(mesh.points, cells)
        turns = winding_number(turned, origin + spacing * split)
        mask[tuple(split.T)] = np.abs(turns) > 0.5
    doubt = float(odd[mask].mean()) / 3 if mask.any() else 1.0
    return Inside(mask, origin, float(spacing), doubt)


def _crossings(corners, is_closed, shape):
    """Whether rays along the first axis are inside, as both ends see it, int8 arrays of `shape`.

    `corners` (m, 3, 3) are in voxels, `is_closed` (m,) says of which triangles a side is known.
    """
    flat = corners[:, :, 1:] - _NUDGE
    low = np.clip(np.ceil(flat.min(axis=1)), 0, None).astype(int)
    high = np.minimum(np.floor(flat.max(axis=1)).astype(int), np.array(shape[1:]) - 1)
    n_each = np.maximum(high - low + 1, 0)
    counts = n_each.prod(axis=1)
    owner = np.repeat(np.arange(len(corners)), counts)
    rank = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    column = low[owner] + np.stack(np.divmod(rank, np.maximum(n_each[owner, 1], 1)), axis=1)
    a, b, c = np.moveaxis(flat[owner], 1, 0)
    u = _cross(b - column, c - column)
    v = _cross(c - column, a - column)
    w = _cross(a - column, b - column)
    leaves = (u > 0) & (v > 0) & (w > 0)
    hit = leaves | ((u < 0) & (v < 0) & (w < 0))
    share = np.stack([u, v, w], axis=1)[hit]
    share /= share.sum(axis=1, keepdims=True)
    height = np.sum(share * corners[owner[hit], :, 0], axis=1)
    place = np.clip(np.ceil(height).astype(int), 0, shape[0])
    at, signs, is_closed = (
        (place, *column[hit].T),
        np.where(leaves[hit], -1, 1),
        is_closed[owner[hit]],
    )
    before, after = np.zeros(shape, bool), np.zeros(shape, bool)
    for chosen, is_inside in ((is_closed, _is_entered), (~is_closed, _is_odd)):
        if chosen.any():
            steps = np.zeros((shape[0] + 1, *shape[1:]), np.int32)
            np.add.at(steps, tuple(index[chosen] for index in at), signs[chosen])
            passed = np.cumsum(steps, axis=0)
            before ^= is_inside(passed[:-1])
            after ^= is_inside(passed[-1] - passed[:-1])
    return before.astype(np.int8), after.astype(np.int8)


def _is_entered(passed):
    return passed != 0


def _is_odd(passed):
    return passed % 2 != 0


def _cross(u, v):
    return u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]
