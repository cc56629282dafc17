"""Where an organ's border may run: a Gaussian field of distances, asked at points of a border."""

from dataclasses import dataclass

import numpy as np

from corporis.apps.organs.mask_frame import Grid

FREE = (0.1, 0.1, 0.1, 0.15, 0.15, 0.15, 0.1)
"""Deviations of what registration may have left: place (sizes), turn (radians), size (share)."""


@dataclass(frozen=True, eq=False)
class BorderPrior:
    r"""A Gaussian field of signed distances, learned from fields of training organs.

    ``cov(u, v) = taper(|u - v|) S(u, v) + local^2 exp(-|u - v|^2 / 2 width^2) + pose``,

    with `S` the sample covariance, ``taper = exp(-|u - v|^2 / 2 reach^2)`` (few organs make far
    places seem related that are not), details of no training organ in the second term, and what
    registration may have left in the third. A border point is a place where the distance is 0.

    Parameters
    ----------
    grid : Grid
    mean : array, (n_places,)
    differences : array, (n_organs, n_places)
        Training fields less their mean.
    reach, local, width, noise : float
        In sizes of the organ; `noise` is the deviation of a good border point. A narrow `local`
        keeps the prior from explaining what is grossly wrong.

    References
    ----------
    Gaspari & Cohn (1999), Q. J. R. Meteorol. Soc. 125, 723-757, doi:10.1002/qj.49712555417
    (tapered covariances); Luthi, Gerig, Jud & Vetter (2018), IEEE Trans. Pattern Anal. 40,
    1860-1873, doi:10.1109/TPAMI.2017.2739743 (Gaussian process shape models)
    """

    grid: Grid
    mean: np.ndarray
    differences: np.ndarray
    reach: float = 3.0
    local: float = 0.015
    width: float = 0.2
    noise: float = 0.01

    def read(self, places: np.ndarray) -> "Reading":
        """What the fields are at places (n, 3)."""
        weights = self.grid.weights(places)
        slope = self.grid.gradient(self.mean)
        turned = np.cross(self.grid.places, slope)
        scaled = np.sum(slope * self.grid.places, axis=1) - self.mean
        return Reading(
            places,
            weights @ self.mean,
            (weights @ self.differences.T) / np.sqrt(len(self.differences) - 1),
            (weights @ np.column_stack([slope, turned, scaled])) * FREE,
        )

    def covariance(self, a: "Reading", b: "Reading") -> np.ndarray:
        """Of the field between places, (n, m), without noise."""
        squares = squared_distances(a.places, b.places)
        found = np.exp(-squares / (2 * self.reach**2)) * (a.modes @ b.modes.T)
        found += self.local**2 * np.exp(-squares / (2 * self.width**2))
        return found + a.free @ b.free.T


@dataclass(frozen=True, eq=False)
class Reading:
    """Mean (n,), modes (n, n_organs) and pose (n, 7) at places (n, 3)."""

    places: np.ndarray
    mean: np.ndarray
    modes: np.ndarray
    free: np.ndarray

    def take(self, chosen: np.ndarray) -> "Reading":
        """Some of the places."""
        return Reading(
            self.places[chosen], self.mean[chosen], self.modes[chosen], self.free[chosen]
        )


def squared_distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Between places (n, d) and (m, d), (n, m)."""
    squares = np.sum(a**2, axis=1)[:, None] + np.sum(b**2, axis=1) - 2 * a @ b.T
    return np.maximum(squares, 0.0)


def thinned(points: np.ndarray, step: float) -> np.ndarray:
    """Indices of points (n, 3), one for each cube of side `step` that holds some.

    Examples
    --------
    >>> thinned(np.array([[0.1, 0, 0], [0.3, 0, 0], [0.35, 0, 0], [1.5, 0, 0]]), 1.0).tolist()
    [1, 3]
    """
    cubes = np.floor(points / step).astype(int)
    _, cube = np.unique(cubes, axis=0, return_inverse=True)
    cube = cube.ravel()
    sums = np.stack([np.bincount(cube, points[:, k]) for k in range(3)], axis=1)
    middle: np.ndarray = sums / np.bincount(cube)[:, None]
    away = np.sum((points - middle[cube]) ** 2, axis=1)
    order = np.lexsort((away, cube))
    first = np.unique(cube[order], return_index=True)[1]
    return np.sort(order[first])
