"""Masks in one frame: where an organ is, how large, how turned, and its distances on one grid."""

from dataclasses import dataclass

import numpy as np
import scipy

from corporis.errors import BadInput
from corporis.shapes import signed_distance

LEAST_VOXELS = 64
"""Of a mask that can be an organ's: with fewer it has no form that others could explain."""
_EVEN = 0.7  # voxels


def check_size(n_voxels: int, name: str) -> None:
    """Refuse what is too small to be an organ.

    Raises
    ------
    BadInput
        If there are fewer than `LEAST_VOXELS`.
    """
    if n_voxels < LEAST_VOXELS:
        raise BadInput(
            f"{name}: too small to be an organ: {n_voxels} voxels, expected at least "
            f"{LEAST_VOXELS}: give the mask of a whole organ, or one of finer steps"
        )


@dataclass(frozen=True, eq=False)
class Pose:
    """Where an organ lies: ``x = centre + size R u`` takes the frame's place `u` to mm.

    Parameters
    ----------
    centre : array, (3,)
        mm, voxel 0 at the origin.
    size : float
        Cube root of the volume, mm.
    turn : array, (3, 3)
        Rotation.
    """

    centre: np.ndarray
    size: float
    turn: np.ndarray

    def to_mm(self, places: np.ndarray) -> np.ndarray:
        """Places (n, 3) of the frame in mm."""
        return self.centre + self.size * places @ self.turn.T

    def to_frame(self, points_mm: np.ndarray) -> np.ndarray:
        """Points (n, 3) in mm as places of the frame."""
        return (points_mm - self.centre) @ self.turn / self.size


@dataclass(frozen=True, eq=False)
class DistanceMap:
    """Signed distance of a mask's border in mm, to be read anywhere.

    Parameters
    ----------
    values : array, (a, b, c)
        At the voxels' centres, mm, negative inside.
    spacing_mm : array, (3,)
    """

    values: np.ndarray
    spacing_mm: np.ndarray

    @classmethod
    def of(cls, mask: np.ndarray, spacing_mm: tuple[float, float, float]) -> "DistanceMap":
        """Of a mask; two layers are added so that its border closes.

        Raises
        ------
        BadInput
            If the mask is no volume, or is empty.
        """
        mask = np.asarray(mask) != 0
        if mask.ndim != 3 or not mask.any():
            raise BadInput(
                f"a mask must be a volume with a voxel inside, got shape {mask.shape} with "
                f"{int(mask.sum())} voxels"
            )
        spacing = np.asarray(spacing_mm, float)
        return cls(signed_distance(np.pad(mask, 2), tuple(spacing))[2:-2, 2:-2, 2:-2], spacing)

    def at(self, points_mm: np.ndarray) -> np.ndarray:
        """Distances (n,) at points (n, 3); outside the volume, the nearest voxel's plus the way."""
        index = points_mm / self.spacing_mm
        last = np.array(self.values.shape) - 1.0
        inside = np.clip(index, 0, last)
        away = np.linalg.norm((index - inside) * self.spacing_mm, axis=1)
        return scipy.ndimage.map_coordinates(self.values, inside.T, order=1, mode="nearest") + away

    def border(self) -> np.ndarray:
        """Points (n, 3) of the border in mm, the steps of voxels evened out."""
        from skimage.measure import marching_cubes

        # without smoothing, the border of voxels is a staircase of half a voxel
        level = scipy.ndimage.gaussian_filter(self.values, _EVEN)
        if not level.min() < 0 < level.max():
            level = self.values
        return (
            marching_cubes(np.pad(level, 1, mode="edge"), 0.0)[0].astype(float) * (self.spacing_mm)
            - self.spacing_mm
        )

    def pose(self) -> Pose:
        """By centre of gravity and volume, not turned."""
        inside = np.argwhere(self.values < 0) * self.spacing_mm
        size = (len(inside) * float(np.prod(self.spacing_mm))) ** (1 / 3)
        return Pose(inside.mean(axis=0), size, np.eye(3))


@dataclass(frozen=True, eq=False)
class Grid:
    """Places of the frame on a regular grid, ``first + step * index``."""

    first: np.ndarray
    step: float
    shape: tuple[int, int, int]

    @classmethod
    def around(cls, low: np.ndarray, high: np.ndarray, step: float) -> "Grid":
        """The grid that covers a box of the frame."""
        shape = tuple(int(n) for n in np.ceil((high - low) / step) + 1)
        return cls(np.asarray(low, float), step, (shape[0], shape[1], shape[2]))

    @property
    def places(self) -> np.ndarray:
        """All places (n, 3), the last axis fastest."""
        return self.first + self.step * np.indices(self.shape).reshape(3, -1).T

    def read(self, values: np.ndarray, places: np.ndarray, order: int = 1) -> np.ndarray:
        """Values (n,) of a field on the grid (all its places) elsewhere."""
        index = (places - self.first) / self.step
        field = np.asarray(values, float).reshape(self.shape)
        return scipy.ndimage.map_coordinates(field, index.T, order=order, mode="nearest")

    def weights(self, places: np.ndarray) -> "scipy.sparse.csr_array":
        """Trilinear weights (n, n_places) of the grid's values elsewhere; the edge's beyond it."""
        last = np.array(self.shape) - 1
        index = np.clip((places - self.first) / self.step, 0, last - 1e-9)
        low = np.floor(index).astype(int)
        share = index - low
        columns, weights = [], []
        for corner in np.ndindex(2, 2, 2):
            columns.append(np.ravel_multi_index(tuple((low + corner).T), self.shape))
            weights.append(np.prod(np.where(corner, share, 1 - share), axis=1))
        rows = np.tile(np.arange(len(places)), 8)
        entries = (np.concatenate(weights), (rows, np.concatenate(columns)))
        return scipy.sparse.csr_array(entries, shape=(len(places), int(np.prod(self.shape))))

    def gradient(self, values: np.ndarray) -> np.ndarray:
        """Derivatives (n, 3) by the frame's coordinates."""
        found = np.gradient(np.asarray(values, float).reshape(self.shape), self.step)
        return np.stack([g.ravel() for g in found], axis=1)


def register(
    distances: DistanceMap,
    start: Pose,
    target: np.ndarray,
    grid: Grid,
    *,
    weights: np.ndarray | None = None,
    band: float = 0.15,
    n_steps: int = 6,
) -> Pose:
    """Place, size and turn that bring a mask's distances onto those of a shape in the frame.

    Gauss-Newton steps on the weighted squares of the difference, within `band` of the target's
    border; a step moves by at most a tenth of the organ.

    Parameters
    ----------
    target : array, (n,)
        Distances in the frame (units of size) at all places of the grid.
    weights : array, (n,), optional
        Trust in each place, >= 0.
    """
    near = np.abs(target) < band
    places, wanted = grid.places[near], target[near]
    slope = grid.gradient(target)[near]
    trust = np.ones(len(places)) if weights is None else weights[near]
    turned = np.cross(places, slope)  # derivative by a small turn about each axis
    scaled = np.sum(slope * places, axis=1) - wanted
    jacobian = np.column_stack([slope, turned, scaled])
    normal = (jacobian * trust[:, None]).T @ jacobian
    if not np.trace(normal) > 0:  # no place is trusted
        return start
    normal += np.trace(normal) / 7 * np.diag([1e-6, 1e-6, 1e-6, 1e-3, 1e-3, 1e-3, 1e-4])
    pose = start
    for _ in range(n_steps):
        seen = np.clip(distances.at(pose.to_mm(places)) / pose.size, -2 * band, 2 * band)
        step = np.linalg.solve(normal, jacobian.T @ (trust * (wanted - seen)))
        step = np.clip(step, -0.1, 0.1)
        pose = Pose(
            pose.centre + pose.size * pose.turn @ step[:3],
            pose.size * float(np.exp(step[6])),
            pose.turn @ _rotation(step[3:6]),
        )
        if np.abs(step).max() < 1e-3:
            break
    return pose


def _rotation(vector):
    """About the axis of `vector` by its length in radians (Rodrigues' formula), (3, 3)."""
    x, y, z = vector
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    angle = float(np.linalg.norm(vector))
    # both factors by their limits: sin(a) / a and (1 - cos(a)) / a^2
    first, second = np.sinc(angle / np.pi), 0.5 * np.sinc(angle / (2 * np.pi)) ** 2
    return np.eye(3) + first * cross + second * cross @ cross
