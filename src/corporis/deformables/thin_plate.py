r"""A thin plate through scattered displacements, some of them grossly wrong.

``min_f sum_i w_i |u_i - f(x_i)|^2 + lambda int |grad grad f|^2``

over all fields `f` of the plane: the answer is ``f(x) = sum_i c_i r_i^2 log(r_i) / (8 pi)`` plus an
affine part. Trust `w` falls from 1 to 0 where an observation disagrees with the others by more than
a few deviations, and the limit comes down from the largest disagreement (graduated
non-convexity). How stiff the plate is, and what a usual disagreement is, are read off the data by
leaving one observation out.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from corporis.arrays import check_finite

FALL = 1.4
"""Ratio of successive limits of believing."""
N_ASKED = 4
"""Times at which leaving one out is tried, where trust changes from time to time."""
LEAST = 1e-6
"""Trust that is never undercut, so that equations stay regular."""


@dataclass(frozen=True)
class ThinPlate:
    """A thin plate fitted to displacements of scattered points, at one time or many.

    Parameters
    ----------
    stiffness : tuple of float
        Values of lambda that are tried, in squared distances of points, > 0.
    believed : float or None
        Deviations beyond which an observation is disbelieved, > 0; None believes everything.
    floor : float
        Deviation of a good observation that is never undercut, in the unit of displacements.
    n_final : int
        Rounds at the last limit, >= 1.

    Raises
    ------
    ValueError
        If a number is out of range.

    References
    ----------
    Duchon (1977), LNM 571, 85-100; Wahba (1990), Spline Models for Observational Data (leaving one
    out); Yang, Antonante, Tzoumas & Carlone (2020), doi:10.1109/LRA.2020.2965893

    Examples
    --------
    >>> y, x = np.mgrid[:5, :5]
    >>> rest = np.stack([y.ravel(), x.ravel()], axis=-1).astype(float)
    >>> seen = 0.1 * rest
    >>> seen[7] += 3.0                                     # grossly wrong
    >>> fit = ThinPlate().fit(rest, seen)
    >>> fit(np.array([[2.0, 2.5]])).round(3).tolist(), bool(fit.trust[7] < 0.01)
    ([[0.2, 0.25]], True)
    """

    stiffness: tuple[float, ...] = (1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0, 100.0)
    believed: float | None = 5.0
    floor: float = 1e-3
    n_final: int = 3

    def __post_init__(self):
        if not self.stiffness or not min(self.stiffness) > 0:
            raise ValueError(f"stiffness must hold numbers > 0, got {self.stiffness}")
        if self.believed is not None and not self.believed > 0:
            raise ValueError(f"believed must be > 0 or None, got {self.believed}")
        if not self.floor > 0 or self.n_final < 1:
            raise ValueError("floor must be > 0 and n_final >= 1")

    def fit(self, rest: np.ndarray, displacement: np.ndarray) -> "PlateFit":
        """The field that most observations agree on.

        Parameters
        ----------
        rest : array, (n, 2)
            Different points, not on one line, at least 4.
        displacement : array, (n, d) or (n_times, n, d)
            A point that is wrong at most times is disbelieved at all of them.

        Raises
        ------
        ValueError
            If shapes do not match, a number is not finite, or points coincide or lie on a line.
        """
        rest, seen = np.asarray(rest, dtype=float), np.asarray(displacement, dtype=float)
        film = seen if seen.ndim == 3 else seen[None]
        if rest.ndim != 2 or rest.shape[1] != 2 or film.shape[1] != len(rest) or len(rest) < 4:
            raise ValueError(
                "rest must be (n, 2) with n >= 4 and displacement (n, d) or (n_times, n, d), got "
                f"{rest.shape} and {seen.shape}"
            )
        check_finite(rest, "rest")
        check_finite(seen, "displacement")
        centre = rest.mean(axis=0)
        scale = _distance_of_neighbours(rest)
        system = _System((rest - centre) / scale)
        trust = np.ones(film.shape[:2])
        price, noise = self._chosen(system, film, trust)
        if self.believed is not None:
            square = _disagreement(system.residual(film, trust, max(self.stiffness)))
            limit, final = np.sqrt(square.max()) + self.floor, 0
            while final < self.n_final:
                limit = max(limit / FALL, self.believed * noise)
                trust = 1 / (1 + square / limit**2) ** 2
                price, noise = self._chosen(system, film, trust)
                if limit > self.believed * noise * (1 + 1e-9):
                    price = max(price, self._stiffest(system, film, trust, limit))
                else:
                    final += 1
                square = _disagreement(system.residual(film, trust, price))
        weights = system.solved(film, trust, price)
        found = PlateFit(rest, centre, scale, weights, trust, price, noise)
        return found if seen.ndim == 3 else found.at(0)

    def _chosen(self, system, film, trust):
        """The price with the least error of observations left out, and their deviation.

        Where trust changes from time to time, a few times stand for all.
        """
        varies = np.any(trust != trust[0])
        times = np.unique(np.linspace(0, len(film) - 1, N_ASKED).astype(int))
        few, asked = (film[times], trust[times]) if varies else (film, trust)
        best = None
        for price in self.stiffness:
            square = system.left_out(few, asked, price)
            error = float(np.sum(asked * square) / asked.sum())
            if best is None or error < best[0]:
                best = error, price, square
        _, price, square = best
        # the median length of two normal numbers is 1.177 deviations
        return price, max(float(np.sqrt(np.median(square))) / 1.1774, self.floor)

    def _stiffest(self, system, film, trust, limit):
        """The stiffest plate whose trusted residuals are as small as the limit supposes.

        A patch that is wrong as a whole agrees with itself: a soft plate would follow it.
        """
        for price in sorted(self.stiffness, reverse=True):
            square = np.sum(system.residual(film, trust, price) ** 2, axis=-1)
            if np.sum(trust * square) <= trust.sum() * (limit / self.believed) ** 2:
                return price
        return min(self.stiffness)


@dataclass(frozen=True, eq=False)
class PlateSmoother:
    """Thin plates of given stiffness through the same points, asked at these points only.

    Parameters
    ----------
    rest : array, (n, 2)
        Different points, not on one line.

    Raises
    ------
    ValueError
        If points coincide or lie on a line.

    Examples
    --------
    >>> rest = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
    >>> PlateSmoother(rest)(1 + 0.5 * rest, np.ones(4), stiffness=1.0).round(6).tolist()
    [[1.0, 1.0], [1.0, 1.5], [1.5, 1.0], [1.5, 1.5]]
    """

    rest: np.ndarray

    def __post_init__(self):
        self._system  # noqa: B018 - points that lie on a line are found at birth

    def __call__(self, displacement, trust, stiffness: float) -> np.ndarray:
        """Displacement (n, d) of the points.

        Parameters
        ----------
        displacement : array, (n, d)
            As seen.
        trust : array, (n,)
            >= 0.
        stiffness : float
            Lambda in squared distances of points, > 0.
        """
        if not stiffness > 0:
            raise ValueError(f"stiffness must be > 0, got {stiffness}")
        seen, trust = np.asarray(displacement, dtype=float), np.asarray(trust, dtype=float)
        return seen - self._system.residual(seen[None], trust[None], stiffness)[0]

    @cached_property
    def _system(self):
        rest = np.asarray(self.rest, dtype=float)
        return _System((rest - rest.mean(axis=0)) / _distance_of_neighbours(rest))


@dataclass(frozen=True, eq=False)
class PlateFit:
    """A field in the plane, at one time or many.

    Parameters
    ----------
    rest : array, (n, 2)
    centre : array, (2,)
    scale : float
    weights : array, (n + 3, d) or (n_times, n + 3, d)
    trust : array, (n,) or (n_times, n)
        How far each observation was believed, 0 to 1.
    price : float
        The stiffness chosen.
    noise : float
        Deviation of what an observation left out is from what the others say, a coordinate.
    """

    rest: np.ndarray
    centre: np.ndarray
    scale: float
    weights: np.ndarray
    trust: np.ndarray
    price: float
    noise: float

    def __call__(self, places: np.ndarray) -> np.ndarray:
        """Displacement (m, d) or (n_times, m, d) at places (m, 2)."""
        x = (np.asarray(places, dtype=float) - self.centre) / self.scale
        basis = np.concatenate([_kernel(x, self._sources), np.ones((len(x), 1)), x], axis=1)
        return basis @ self.weights

    def gradient(self, places: np.ndarray) -> np.ndarray:
        """Slopes (..., m, d, 2) of the displacement at places (m, 2)."""
        x = (np.asarray(places, dtype=float) - self.centre) / self.scale
        off = x[:, None] - self._sources
        square = np.sum(off**2, axis=-1)
        # d/dx (r^2 log r) = (2 log r + 1) x
        radial = np.where(square > 0, np.log(np.maximum(square, 1e-300)) + 1, 0) / (8 * np.pi)
        columns = []
        for axis in range(2):
            affine = np.broadcast_to(np.eye(3)[axis + 1], (len(x), 3))
            columns.append(np.concatenate([radial * off[..., axis], affine], axis=1) @ self.weights)
        return np.stack(columns, axis=-1) / self.scale

    def at(self, time: int) -> "PlateFit":
        """The field at one time index."""
        return PlateFit(
            self.rest,
            self.centre,
            self.scale,
            self.weights[time],
            self.trust[time],
            self.price,
            self.noise,
        )

    @property
    def _sources(self):
        return (self.rest - self.centre) / self.scale


class _System:
    """``[[K + lambda / W, T], [T^T, 0]] [c, d] = [u, 0]``."""

    def __init__(self, x):
        self.kernel, self.affine = _kernel(x, x), np.concatenate([np.ones((len(x), 1)), x], axis=1)
        if np.linalg.matrix_rank(self.affine, tol=1e-9) < 3:
            raise ValueError("points must not all lie on one line")

    def matrix(self, trust, price):
        n = len(trust)
        full = np.zeros((n + 3, n + 3))
        full[:n, :n] = self.kernel + np.diag(price / np.maximum(trust, LEAST))
        full[:n, n:], full[n:, :n] = self.affine, self.affine.T
        return full

    def solved(self, film, trust, price):
        """Weights (n_times, n + 3, d); times of equal trust share one factorisation."""
        padded = np.concatenate([film, np.zeros((len(film), 3, film.shape[2]))], axis=1)
        if np.all(trust == trust[0]):
            flat = np.moveaxis(padded, 0, 1).reshape(padded.shape[1], -1)
            found = np.linalg.solve(self.matrix(trust[0], price), flat)
            return np.moveaxis(found.reshape(padded.shape[1], len(film), -1), 1, 0)
        return np.stack([np.linalg.solve(self.matrix(w, price), u) for w, u in zip(trust, padded)])

    def residual(self, film, trust, price):
        """``u - f(x)``, which is ``lambda c / w``."""
        weights = self.solved(film, trust, price)[:, : film.shape[1]]
        return price * weights / np.maximum(trust, LEAST)[..., None]

    def left_out(self, film, trust, price):
        """Squared errors (n_times, n) of observations predicted from all others."""
        n = film.shape[1]
        found, inverse = np.empty(film.shape), None
        for t, (seen, now) in enumerate(zip(film, trust)):
            if inverse is None or np.any(now != trust[t - 1]):
                inverse = np.linalg.inv(self.matrix(now, price))[:n, :n]
            # what is left of an observation when it is left out: c_i over the inverse's diagonal
            found[t] = inverse @ seen / np.diag(inverse)[:, None]
        return np.sum(found**2, axis=-1)


def _disagreement(residual):
    """Squared residuals (n_times, n), at least what is usual for the point."""
    square = np.sum(residual**2, axis=-1)
    return np.maximum(square, np.median(square, axis=0))


def _kernel(x, sources):
    square = np.sum((x[:, None] - sources) ** 2, axis=-1)
    return square * np.log(np.maximum(square, 1e-300)) / (16 * np.pi)


def _distance_of_neighbours(rest):
    square = np.sum((rest[:, None] - rest) ** 2, axis=-1)
    np.fill_diagonal(square, np.inf)
    nearest = square.min(axis=1)
    if not nearest.min() > 0:
        raise ValueError("two points coincide: keep one of them")
    return float(np.sqrt(np.median(nearest)))
