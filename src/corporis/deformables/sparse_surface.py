r"""The sparse deformable surface: a stiff body in space and time that ignores gross errors.

Unknown is the squared radius q(level, angle, time) of a `RadialSurface`. Observations are squared
radii seen on image planes, some of them grossly wrong, one by one (a papillary muscle) or as a
whole plane (a frame spoilt by motion). The energy is convex,

``1/2 ||(C q - p)/s - e - g||^2 + 1/2 ||B q||^2 + 1/2 ||(q - prior)/d||^2
+ lone * sum |e| + plane * sum_planes sqrt(n) ||g||``

with `s` the observations' spread, `e` single gross errors and `g` gross errors of whole planes,
both in units of the spread: the model of *Sparse deformable models* (Yu et al. 2014,
doi:10.1016/j.media.2014.03.002) with time and a shape prior. The blocks q, e and g are minimised
in turn, q always with the same matrix.
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from corporis.deformables.radial import second_difference
from corporis.functionals import L1
from corporis.solvers import conjugate_gradient, run


@dataclass(frozen=True)
class Observations:
    """Squared radii seen on image planes.

    Parameters
    ----------
    level, angle : array, (n,)
        Fractional index on the (level, angle) grid; angle is cyclic.
    value, spread : array, (n, n_times)
        Squared radius and its standard deviation, > 0; infinite where nothing was seen.
    plane : int array, (n,)
        Which image plane an observation came from: its observations may err together.
    ceiling : bool array, (n, n_times)
        Where true, `value` is only an upper bound (a plane beyond the apex: q <= 0 there).
    """

    level: np.ndarray
    angle: np.ndarray
    value: np.ndarray
    spread: np.ndarray
    plane: np.ndarray
    ceiling: np.ndarray

    def __post_init__(self):
        if not np.all(self.spread > 0):
            raise ValueError("spread must be > 0 everywhere (infinite where nothing was seen)")
        if not np.all(np.isfinite(self.value)):
            raise ValueError("value must be finite (an infinite spread marks what was not seen)")

    def mean_of_planes(self, values) -> np.ndarray:
        """Mean of `values` (n, n_times) over each plane's observations, (n_planes, n_times)."""
        total = np.zeros((self.plane.max() + 1, values.shape[1]))
        np.add.at(total, self.plane, np.asarray(values, dtype=float))
        return total / np.maximum(np.bincount(self.plane), 1)[:, None]


@dataclass(frozen=True)
class Stiffness:
    """How strongly q resists bending along the axis, around it, and in time.

    Each is the inverse of the standard deviation of a second difference of q, in units of
    ``1 / squared length``; 0 switches the term off.
    """

    along: float
    around: float
    time: float

    def __post_init__(self):
        if not all(0 <= weight < np.inf for weight in (self.along, self.around, self.time)):
            raise ValueError(f"stiffness must be finite and >= 0, got {self}")


@dataclass(frozen=True)
class SurfaceFit:
    """What a fit found.

    ``q`` (n_levels, n_angles, n_times); ``error`` the gross errors in units of the spread
    (n, n_times); ``overruled`` (n_planes, n_times) the share of a plane's observations that was
    set aside; ``misfit`` (n_planes, n_times) the mean square of its residuals, gross errors and
    all, in units of the spread, 0 where nothing was seen; ``objective`` its value after each
    round, never rising.
    """

    q: np.ndarray
    error: np.ndarray
    overruled: np.ndarray
    misfit: np.ndarray
    objective: tuple[float, ...]


@dataclass(frozen=True)
class PlaneErrors:
    """Gross errors of whole planes: ``weight * sum_{plane, time} sqrt(n) ||g||``.

    Parameters
    ----------
    plane : int array, (n,)
        Group of each row; columns (times) are groups of their own.
    weight : float
        >= 0, in units of the array.
    """

    plane: np.ndarray
    weight: float

    def __post_init__(self):
        if not 0 <= self.weight < np.inf:
            raise ValueError(f"weight must be finite and >= 0, got {self.weight}")

    def __call__(self, g) -> float:
        return self.weight * float(np.sum(self._sizes[:, None] * self._lengths(g)))

    def prox(self, g, step):
        """Shrink every plane's error by ``step * weight * sqrt(n)``."""
        if not step > 0:
            raise ValueError(f"step must be > 0, got {step}")
        length = self._lengths(g)
        cut = step * self.weight * self._sizes[:, None]
        factor = np.where(length > cut, 1 - cut / np.where(length > cut, length, 1), 0)
        return g * factor[self.plane].astype(g.dtype)

    @property
    def _sizes(self):
        return np.sqrt(np.bincount(self.plane))

    def _lengths(self, g):
        square = np.zeros((self.plane.max() + 1, g.shape[1]), dtype=g.dtype)
        np.add.at(square, self.plane, g**2)
        return np.sqrt(square)


@dataclass(frozen=True)
class SparseSurface:
    """Fits a surface to observations; see the module's energy.

    Parameters
    ----------
    shape : (n_levels, n_angles)
    stiffness : Stiffness
    lone, plane : float
        A single residual is believed up to `lone` standard deviations; a plane whose root mean
        square residual exceeds `plane` is set aside as a whole, as far as it exceeds.
    rounds : int
        Block descent rounds, at most.

    References
    ----------
    Yu et al. (2014), Medical Image Analysis 18, 927-937, doi:10.1016/j.media.2014.03.002
    """

    shape: tuple[int, int]
    stiffness: Stiffness
    lone: float = 2.0
    plane: float = 2.0
    rounds: int = 12

    def fit(self, seen: Observations, prior=None, prior_spread=None, start=None) -> SurfaceFit:
        """Minimise the energy.

        Parameters
        ----------
        seen : Observations
        prior : array, (n_levels, n_angles, n_times), optional
            Squared radii that a shape prior expects.
        prior_spread : array broadcastable to it
            Standard deviation of the prior, > 0.
        start : array like `prior`, optional
        """
        full = (*self.shape, seen.value.shape[1])
        system = _System.build(full, self.stiffness, seen, prior, prior_spread)
        single, together = L1(self.lone), PlaneErrors(seen.plane, self.plane)
        q = np.zeros(full) if start is None else np.array(start, dtype=float)
        lone_error = np.zeros_like(system.seen)
        plane_error = np.zeros_like(system.seen)
        trace: list[float] = []
        slack = np.zeros_like(system.seen)
        for _ in range(self.rounds):
            q = system.solve(lone_error + plane_error + slack, q)
            # Below a ceiling nothing is violated: the slack takes up the whole residual there.
            slack = np.where(seen.ceiling, np.minimum(system.residual(q), 0.0), 0.0)
            whitened = system.residual(q) - slack
            # A few passes: the two errors share one residual, so one pass is not their minimum.
            for _ in range(5):
                lone_error = single.prox(whitened - plane_error, 1.0)
                plane_error = together.prox(whitened - lone_error, 1.0)
            misfit = 0.5 * float(np.sum((whitened - lone_error - plane_error) ** 2))
            trace.append(misfit + single(lone_error) + together(plane_error) + system.internal(q))
            if len(trace) > 1 and trace[-2] - trace[-1] <= 1e-4 * abs(trace[-1]):
                break
        error = lone_error + plane_error
        overruled = seen.mean_of_planes(np.abs(error) > 0)
        return SurfaceFit(q, error, overruled, seen.mean_of_planes(whitened**2), tuple(trace))


@dataclass(frozen=True)
class _System:
    """The quadratic part, scaled by its diagonal so that conjugate gradients converge fast."""

    full: tuple[int, int, int]
    sampler: sparse.csr_array
    weight: np.ndarray
    seen: np.ndarray
    bend: sparse.csr_array
    anchor: np.ndarray
    target: np.ndarray
    scale: np.ndarray

    @classmethod
    def build(cls, full, stiffness, observations, prior, prior_spread):
        weight = 1.0 / observations.spread
        sampler = interpolation_matrix(full[:2], observations.level, observations.angle)
        bend = bending_matrix(full, stiffness)
        target = np.zeros(full) if prior is None else np.asarray(prior, dtype=float)
        anchor = np.zeros(full)
        if prior is not None:
            anchor = anchor + 1.0 / np.broadcast_to(prior_spread, full) ** 2
        data = ((sampler * sampler).T @ weight**2).reshape(full)
        stiff = np.asarray((bend * bend).sum(axis=0)).reshape(full)
        diagonal = data + stiff + anchor
        scale = 1.0 / np.sqrt(np.maximum(diagonal, 1e-9 * diagonal.max()))
        return cls(full, sampler, weight, weight * observations.value, bend, anchor, target, scale)

    def sampled(self, q):
        return self.weight * (self.sampler @ q.reshape(-1, self.full[2]))

    def residual(self, q):
        return self.sampled(q) - self.seen

    def internal(self, q):
        bending = 0.5 * float(np.sum((self.bend @ q.ravel()) ** 2))
        return bending + 0.5 * float(np.sum(self.anchor * (q - self.target) ** 2))

    def normal(self, q):
        data = self.sampler.T @ (self.weight * self.sampled(q))
        stiff = self.bend.T @ (self.bend @ q.ravel())
        return data.reshape(self.full) + stiff.reshape(self.full) + self.anchor * q

    def solve(self, error, start):
        wanted = (self.sampler.T @ (self.weight * (self.seen + error))).reshape(self.full)
        wanted = wanted + self.anchor * self.target
        iterates = conjugate_gradient(
            lambda v: self.scale * self.normal(self.scale * v),
            self.scale * wanted,
            start / self.scale,
        )
        return self.scale * run(iterates, at_most=200, tolerance=1e-5).x


def interpolation_matrix(shape, level, angle) -> sparse.csr_array:
    """Linear interpolation of a (level, angle) grid, cyclic in angle, as (n, levels * angles).

    Levels outside the grid take the nearest ring.
    """
    n_levels, n_angles = shape
    level = np.clip(np.asarray(level, dtype=float), 0, n_levels - 1)
    below = np.minimum(level.astype(int), max(n_levels - 2, 0))
    left = np.floor(angle).astype(int)
    rows, columns, values = [], [], []
    for ring, part in ((below, 1 - (level - below)), (below + 1, level - below)):
        for spoke, share in ((left, 1 - (angle - left)), (left + 1, angle - left)):
            rows.append(np.arange(len(level)))
            columns.append(np.minimum(ring, n_levels - 1) * n_angles + spoke % n_angles)
            values.append(part * share)
    coordinates = (np.concatenate(rows), np.concatenate(columns))
    return sparse.csr_array(
        (np.concatenate(values), coordinates), shape=(len(level), n_levels * n_angles)
    )


def bending_matrix(full, stiffness: Stiffness) -> sparse.csr_array:
    """Weighted second differences of q (n_levels, n_angles, n_times), stacked; time is cyclic."""
    n_levels, n_angles, n_times = full
    eyes = [sparse.eye_array(n) for n in full]
    parts = [
        (stiffness.along, second_difference(n_levels), 0),
        (stiffness.around, second_difference(n_angles, cyclic=True), 1),
        (stiffness.time, second_difference(n_times, cyclic=True), 2),
    ]
    blocks = []
    for weight, difference, axis in parts:
        if weight > 0 and difference.shape[0]:
            factors = [difference if k == axis else eyes[k] for k in range(3)]
            blocks.append(weight * sparse.kron(sparse.kron(factors[0], factors[1]), factors[2]))
    if not blocks:
        return sparse.csr_array((0, n_levels * n_angles * n_times))
    return sparse.vstack(blocks).tocsr()
