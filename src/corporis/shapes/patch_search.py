"""Patches of a surface that are grossly wrong, found whole: each ball of points of each size."""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cholesky, solve_triangular

_LOG_2PI = float(np.log(2 * np.pi))


@dataclass(frozen=True, eq=False)
class Patches:
    """What was set aside.

    Parameters
    ----------
    believed : bool array, (n,)
        Points that the shape explains.
    members : tuple of int array
        Points of each patch, its seed first.
    cost : float
        Description length of all points, nats.
    """

    believed: np.ndarray
    members: tuple[np.ndarray, ...]
    cost: float


@dataclass(frozen=True, eq=False)
class PatchSearch:
    r"""Which patches of a surface to set aside, so that the rest is one shape.

    The twin on surfaces of the search over runs of a contour. Values `y` at `n` points are
    Gaussian with covariance `shape` where they belong to the shape; a patch `O` that does not is
    Gaussian, and smooth too, with covariance `gross`. The description length

    ``-log p_shape(y_S) + sum_O (patch_cost + point_cost |O| - log p_gross(y_O))``

    falls with every patch that is set aside. What a patch changes has a closed form: with the
    precision ``P = shape_SS^-1`` and ``u = P y_S``, leaving out `O` adds
    ``-1/2 u_O^T P_OO^-1 u_O + 1/2 log|P_OO| - |O|/2 log 2 pi``. One Cholesky factor for each seed
    holds that for *all* balls about it, so that every seed and size is tried. Found patches are
    then sought again, each in the light of the others.

    Parameters
    ----------
    places : array, (n, d)
        Where the points lie: a patch is a seed and the points nearest to it.
    values : array, (n,)
        Differences from the mean shape.
    shape, gross : array, (n, n)
        Covariances, positive definite: noise is in them.
    patch_cost : float
        Nats for each patch, >= 0.
    point_cost : float
        Nats for each point that is set aside, >= 0.
    n_seeds : int
        Most seeds that are tried at a time, >= 1.
    largest : float
        Largest share of the believed points that one patch may take, in (0, 1).

    Raises
    ------
    ValueError
        If shapes do not fit or a number is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> from corporis.shapes import PatchSearch
    >>> places = np.arange(30.0)[:, None]
    >>> near = np.exp(-((places - places.T) ** 2) / 50)
    >>> values = np.where((places[:, 0] > 9) & (places[:, 0] < 17), 5.0, 0.0)
    >>> search = PatchSearch(places, values, near + 0.01 * np.eye(30), 25 * near + np.eye(30))
    >>> sorted(np.flatnonzero(~search.find().believed).tolist())
    [10, 11, 12, 13, 14, 15, 16]
    """

    places: np.ndarray
    values: np.ndarray
    shape: np.ndarray
    gross: np.ndarray
    patch_cost: float = 5.0
    point_cost: float = 0.0
    n_seeds: int = 150
    largest: float = 0.55

    def __post_init__(self):
        n = len(self.values)
        for name in ("shape", "gross"):
            if np.shape(getattr(self, name)) != (n, n):
                raise ValueError(
                    f"{name} must be ({n}, {n}) like the values, got "
                    f"{np.shape(getattr(self, name))}"
                )
        if np.ndim(self.places) != 2 or len(self.places) != n:
            raise ValueError(f"places must be ({n}, d), got {np.shape(self.places)}")
        if not (0 <= self.patch_cost < np.inf and 0 <= self.point_cost < np.inf):
            raise ValueError(
                "expected patch_cost and point_cost >= 0 and finite, got "
                f"{self.patch_cost} and {self.point_cost}"
            )
        if self.n_seeds < 1 or not 0 < self.largest < 1:
            raise ValueError(
                "expected n_seeds >= 1 and largest in (0, 1), got "
                f"{self.n_seeds} and {self.largest}"
            )

    def find(self, at_most: int = 6) -> Patches:
        """Set patches aside while the description length falls, at most so many."""
        members: list[np.ndarray] = []
        cost = self._shape_cost(np.arange(len(self.values)))
        while len(members) < at_most:
            change, found = self._best(self._kept(members))
            if change >= 0:
                break
            members.append(found)
            cost += change
        for _ in range(2 if len(members) > 1 else 0):
            cost, members = self._revised(cost, members)
        return Patches(self._believed(members), tuple(members), cost)

    def _revised(self, cost, members):
        """Each patch taken back and sought again."""
        for number in range(len(members)):
            others = [m for k, m in enumerate(members) if k != number]
            kept = self._kept(others)
            change, found = self._best(kept)
            rest = sum(self._gross_cost(m) for m in others)
            without = self._shape_cost(kept) + rest
            if without + change < cost - 1e-9:
                members, cost = [*others, found], without + change
        return cost, members

    def _best(self, kept):
        """The largest fall of the description length by one patch, and the patch."""
        precision = np.linalg.inv(self.shape[np.ix_(kept, kept)])
        pull = precision @ self.values[kept]
        n_most = max(1, int(self.largest * len(kept)))
        seeds = np.unique(np.linspace(0, len(kept) - 1, self.n_seeds).astype(int))
        best, patch = np.inf, kept[:1]
        for seed in seeds:
            away = np.sum((self.places[kept] - self.places[kept[seed]]) ** 2, axis=1)
            order = np.argsort(away, kind="stable")[:n_most]
            change = self._changes(precision[np.ix_(order, order)], pull[order], kept[order])
            size = int(np.argmin(change))
            if change[size] < best:
                best, patch = float(change[size]), kept[order[: size + 1]]
        return best, patch

    def _changes(self, precision, pull, points):
        """Of the description length by the first, first two, ... of these points."""
        factor = cholesky(precision, lower=True, check_finite=False)
        z = solve_triangular(factor, pull, lower=True, check_finite=False)
        other = cholesky(self.gross[np.ix_(points, points)], lower=True, check_finite=False)
        w = solve_triangular(other, self.values[points], lower=True, check_finite=False)
        gain = -0.5 * z**2 + np.log(np.diag(factor)) - 0.5 * _LOG_2PI
        price = 0.5 * w**2 + np.log(np.diag(other)) + 0.5 * _LOG_2PI
        return np.cumsum(gain + price + self.point_cost) + self.patch_cost

    def _shape_cost(self, points):
        return _description_length(self.values[points], self.shape[np.ix_(points, points)])

    def _gross_cost(self, points):
        own = _description_length(self.values[points], self.gross[np.ix_(points, points)])
        return own + self.point_cost * len(points) + self.patch_cost

    def _believed(self, members):
        believed = np.ones(len(self.values), bool)
        for points in members:
            believed[points] = False
        return believed

    def _kept(self, members):
        return np.flatnonzero(self._believed(members))


def _description_length(values, covariance):
    factor = cholesky(covariance, lower=True, check_finite=False)
    z = solve_triangular(factor, values, lower=True, check_finite=False)
    return float(0.5 * z @ z + np.log(np.diag(factor)).sum() + 0.5 * len(values) * _LOG_2PI)
