"""From boundaries on planes to a body in space and time: the deformable surface of the heart."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from corporis.apps.heart_shape.polar import Boundary
from corporis.deformables import Observations, SparseSurface, Stiffness

ANGLES = 48


@dataclass(frozen=True)
class Grid:
    """Levels along the long axis, finer than the slices and one slice longer at both ends.

    Heights are in slices: slice `s` lies at level ``(s + 1) * per_slice``.
    """

    n_slices: int
    per_slice: int

    @classmethod
    def of(cls, n_slices: int) -> "Grid":
        """A grid of some 25 levels."""
        return cls(n_slices, max(1, round(24 / (n_slices + 1))))

    @property
    def n_levels(self) -> int:
        """Number of levels."""
        return (self.n_slices + 1) * self.per_slice + 1

    def level(self, slice_position) -> np.ndarray:
        """Fractional level of a fractional slice position."""
        return (np.asarray(slice_position, dtype=float) + 1) * self.per_slice

    @property
    def slice_positions(self) -> np.ndarray:
        """Slice position of each level, (n_levels,), from -1 to n_slices."""
        return np.arange(self.n_levels) / self.per_slice - 1


@dataclass(frozen=True)
class Rigidity:
    """How much a heart bends, as shares of its mean squared radius R^2.

    `along` is the typical second derivative along the axis per (heart length)^2, `around` per
    radian^2, `time` per (beat)^2; larger numbers let the surface bend more. `floor_pixel` is the
    error of a boundary that looks perfectly sharp; `lone` and `plane` are those of
    `SparseSurface`. Where detail is restored, `along` grows to `fine`, and what the stiffer
    surface said is believed to `held`, a standard deviation as share of R^2.
    """

    along: float = 6.0
    around: float = 1.0
    time: float = 80.0
    floor_pixel: float = 0.7
    lone: float = 2.0
    plane: float = 1.5
    fine: float = 60.0
    held: float = 0.3

    def stiffness(self, grid: Grid, n_times: int, square: float) -> Stiffness:
        """Weights for a grid; the power 3/2 keeps the energy the same when the grid is refined."""
        along = self.along * square * (1.0 / (grid.n_slices * grid.per_slice)) ** 1.5
        around = self.around * square * (2 * np.pi / ANGLES) ** 1.5
        time = self.time * square * (1.0 / n_times) ** 1.5
        return Stiffness(1 / along, 1 / around, 1 / time if n_times > 3 else 0.0)


def observe(
    boundary: Boundary,
    grid: Grid,
    rigidity: Rigidity,
    *,
    scale: float,
    missing: np.ndarray,
    beyond_apex: np.ndarray,
) -> Observations:
    """A boundary seen on slices as observations, in squared length.

    Parameters
    ----------
    boundary : Boundary
        In source pixels.
    scale : float
        Length of a pixel.
    missing, beyond_apex : bool array, (n_slices, n_times)
        Frames without evidence, and frames that lie below the apex (an upper bound of 0).
    """
    n_slices, n_times, n_angles = boundary.square.shape
    square = boundary.square * scale**2
    floor = 2 * np.sqrt(square) * rigidity.floor_pixel * scale + (rigidity.floor_pixel * scale) ** 2
    spread = np.sqrt((boundary.spread * scale**2) ** 2 + floor**2)
    blind = missing | (~boundary.is_seen & ~beyond_apex)
    spread = np.where(blind[..., None], np.inf, spread)
    ceiling = np.broadcast_to((beyond_apex & ~missing)[..., None], square.shape)
    square = np.where(ceiling, 0.0, square)

    def flat(values):
        return np.moveaxis(values, 1, 2).reshape(n_slices * n_angles, n_times)

    return Observations(
        np.repeat(grid.level(np.arange(n_slices)), n_angles),
        np.tile(np.arange(n_angles, dtype=float), n_slices),
        flat(square),
        flat(spread),
        np.repeat(np.arange(n_slices), n_angles),
        flat(ceiling),
    )


def join(parts: Sequence[Observations]) -> Observations:
    """Several sets of observations as one; planes are renumbered."""
    planes, offset = [], 0
    for part in parts:
        planes.append(part.plane + offset)
        offset += int(part.plane.max()) + 1
    return Observations(
        np.concatenate([p.level for p in parts]),
        np.concatenate([p.angle for p in parts]),
        np.concatenate([p.value for p in parts]),
        np.concatenate([p.spread for p in parts]),
        np.concatenate(planes),
        np.concatenate([p.ceiling for p in parts]),
    )


def fit_body(seen, grid: Grid, rigidity: Rigidity, *, prior=None, prior_spread=None):
    """Fit one surface; returns the `SurfaceFit` with q (n_levels, n_angles, n_times)."""
    square = _mean_square(seen)
    stiffness = rigidity.stiffness(grid, seen.value.shape[1], square)
    surface = SparseSurface(
        (grid.n_levels, ANGLES), stiffness, lone=rigidity.lone, plane=rigidity.plane
    )
    return surface.fit(seen, prior=prior, prior_spread=prior_spread)


def _mean_square(seen) -> float:
    """R^2, the mean of the squared radii that were seen."""
    believed = np.isfinite(seen.spread) & ~seen.ceiling
    if not np.any(believed):
        raise ValueError("no boundary was seen on any plane")
    return float(np.mean(seen.value[believed]))


def restore_detail(fit, seen, grid: Grid, rigidity: Rigidity):
    """The surface bent closer to planes that a stiff fit agrees with already.

    A surface stiff enough to bridge spoilt frames takes true detail off the others. Which are
    which, the stiff fit tells: the further a plane lies off it, in units of its spread, the less
    it is believed now (a redescending weight, where the fit's own is convex).

    Parameters
    ----------
    fit : SurfaceFit
        What `fit_body` made of `seen`.
    seen : Observations
    grid : Grid
    rigidity : Rigidity

    Returns
    -------
    SurfaceFit
        With `overruled` of the stiff fit.
    """
    belief = 1 / (1 + fit.misfit) ** 2
    finer = replace(rigidity, along=rigidity.fine)
    doubted = replace(seen, spread=seen.spread / belief[seen.plane])
    held = np.full_like(fit.q, rigidity.held * _mean_square(seen))
    found = fit_body(doubted, grid, finer, prior=fit.q, prior_spread=held)
    return replace(found, overruled=fit.overruled)


def at_slices(q: np.ndarray, grid: Grid) -> np.ndarray:
    """q on the slices themselves, (n_slices, n_angles, n_times)."""
    return q[grid.per_slice * (1 + np.arange(grid.n_slices))]
