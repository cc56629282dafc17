"""Surfaces of organs as masks: what is small is mended and said, what is open is refused."""

from pathlib import Path

import numpy as np

from corporis.errors import BadInput
from corporis.interfaces import Mesh
from corporis.shapes import Defects, defects, fill_surface, wound_alike
from corporis.shapes.mending import OPEN

FINENESS = 33
"""Voxels along the side of a cube as large as the organ."""
THINNEST = 0.01
"""Of its longest side: what is thinner is a sheet, of which voxels would fill the memory."""
SIDES_MM = (0.1, 1e4)
"""Sides that a surface in mm can have."""


def is_mesh(path: Path) -> bool:
    """Whether an ``.npz`` file holds a surface instead of a mask."""
    if path.suffix != ".npz":
        return False
    try:
        with np.load(path, allow_pickle=False) as held:
            return "vertices" in held and "faces" in held
    except (OSError, ValueError, EOFError):
        return False


def read_mesh(path: Path) -> Mesh:
    """A surface from ``vertices`` (n, 3) in mm, RAS+, and ``faces`` (m, 3), counted from 0.

    Raises
    ------
    BadInput
        If it cannot be read, or is none.
    """
    try:
        with np.load(path, allow_pickle=False) as held:
            points = np.asarray(held["vertices"], float)
            cells = np.asarray(held["faces"]).astype(np.int64)
    except (OSError, ValueError, KeyError, EOFError):
        raise BadInput(f"{path.name}: expected vertices and faces in it: save it again") from None
    if points.ndim != 2 or points.shape[1:] != (3,) or cells.ndim != 2 or cells.shape[1:] != (3,):
        raise BadInput(
            f"{path.name}: expected vertices (n, 3) and faces (m, 3), got {points.shape} and "
            f"{cells.shape}"
        )
    if not len(cells) or not np.isfinite(points).all():
        raise BadInput(f"{path.name}: expected finite vertices and at least one face")
    if cells.min() < 0 or cells.max() >= len(points):
        raise BadInput(
            f"{path.name}: expected faces counted from 0 below {len(points)}, got "
            f"{cells.min()} to {cells.max()}"
        )
    return Mesh(points, cells)


def filled_mesh(path: Path) -> tuple[np.ndarray, np.ndarray, Defects]:
    """What a surface encloses: a mask (right, forward, up), its affine, and what was wrong.

    Raises
    ------
    BadInput
        If it cannot be read, is flat or no organ by its size, or is so open that it encloses
        nothing for certain.
    """
    mesh = read_mesh(path)
    side = float(np.ptp(mesh.points[mesh.cells], axis=(0, 1)).max())
    if not SIDES_MM[0] <= side <= SIDES_MM[1] and side > 0:
        raise BadInput(
            f"{path.name}: expected a surface of an organ in mm, got one of {side:g} mm: convert it"
        )
    wrong = defects(mesh)
    wound = wound_alike(mesh)[0]
    extent = np.ptp(wound.points[wound.cells], axis=(0, 1))
    if not extent.min() > THINNEST * extent.max():
        raise BadInput(f"{path.name}: expected a surface with a volume, got a flat one")
    spacing = float(np.prod(extent) / 3) ** (1 / 3) / FINENESS  # organs fill a third of their box
    found = fill_surface(wound, spacing)
    if not found.mask.any() or found.doubt > OPEN:
        raise BadInput(
            f"{path.name}: expected a surface that encloses an organ, got one with "
            f"{wrong.sentence()}: close it first"
        )
    affine = np.diag([spacing, spacing, spacing, 1.0])
    affine[:3, 3] = found.origin
    return found.mask, affine, wrong
