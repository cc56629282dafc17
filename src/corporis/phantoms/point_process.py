"""Point processes in a window whose second moments are known in closed form."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class PoissonProcess:
    """Points that ignore each other: ``K(r) = pi r^2``.

    Parameters
    ----------
    intensity : float
        Points per unit area, > 0.
    """

    intensity: float

    def __post_init__(self):
        if not 0 < self.intensity < np.inf:
            raise ValueError(f"intensity must be > 0, got {self.intensity}")

    @property
    def density(self) -> float:
        """Points per unit area."""
        return self.intensity

    def sample(self, shape, rng) -> np.ndarray:
        """Points (n, 2) in ``[0, shape[0]) x [0, shape[1])``."""
        n = rng.poisson(self.intensity * shape[0] * shape[1])
        return rng.uniform(0, 1, (n, 2)) * np.asarray(shape, float)

    def k(self, r) -> np.ndarray:
        """Ripley's function, in units of area."""
        return np.pi * np.asarray(r, float) ** 2


@dataclass(frozen=True, slots=True)
class ThomasProcess:
    """Clusters: parents are Poisson, each has a Poisson number of children around it.

    ``K(r) = pi r^2 + (1 - exp(-r^2 / (4 s^2))) / parents``.

    Parameters
    ----------
    parents : float
        Clusters per unit area, > 0.
    children : float
        Mean points of a cluster, > 0.
    spread : float
        Standard deviation ``s`` of a child about its parent, > 0.

    References
    ----------
    Thomas (1949), Biometrika 36, 18-25, doi:10.2307/2332526
    """

    parents: float
    children: float
    spread: float

    def __post_init__(self):
        if not min(self.parents, self.children, self.spread) > 0:
            raise ValueError("parents, children and spread must be > 0")

    @property
    def density(self) -> float:
        """Points per unit area."""
        return self.parents * self.children

    def sample(self, shape, rng) -> np.ndarray:
        """Points (n, 2) in the window; parents also live within 5 spreads around it."""
        margin = 5 * self.spread
        size = np.asarray(shape, float) + 2 * margin
        centres = rng.uniform(0, 1, (rng.poisson(self.parents * size.prod()), 2)) * size - margin
        counts = rng.poisson(self.children, len(centres))
        points = np.repeat(centres, counts, axis=0)
        points = points + self.spread * rng.standard_normal(points.shape)
        return points[((points >= 0) & (points < shape)).all(axis=1)]

    def k(self, r) -> np.ndarray:
        """Ripley's function, in units of area."""
        r = np.asarray(r, float)
        return np.pi * r**2 - np.expm1(-(r**2) / (4 * self.spread**2)) / self.parents


@dataclass(frozen=True, slots=True)
class HardCoreProcess:
    """Matern's second process: of Poisson points closer than `distance` only the eldest stays.

    Parameters
    ----------
    intensity : float
        Of the points before thinning, per unit area, > 0.
    distance : float
        No two points are nearer, > 0.

    References
    ----------
    Chiu, Stoyan, Kendall & Mecke (2013), Stochastic Geometry and its Applications, 3rd ed.,
    doi:10.1002/9781118658222
    """

    intensity: float
    distance: float

    def __post_init__(self):
        if not min(self.intensity, self.distance) > 0:
            raise ValueError("intensity and distance must be > 0")

    @property
    def density(self) -> float:
        """Points per unit area that stay: ``(1 - exp(-intensity pi R^2)) / (pi R^2)``."""
        disc = np.pi * self.distance**2
        return float(-np.expm1(-self.intensity * disc) / disc)

    def sample(self, shape, rng) -> np.ndarray:
        """Points (n, 2) in the window; rivals also live within `distance` around it."""
        from scipy.spatial import cKDTree

        size = np.asarray(shape, float) + 2 * self.distance
        points = rng.uniform(0, 1, (rng.poisson(self.intensity * size.prod()), 2)) * size
        points -= self.distance
        age = rng.random(len(points))
        stays = np.ones(len(points), bool)
        pairs = cKDTree(points).query_pairs(self.distance, output_type="ndarray")
        younger = np.where(age[pairs[:, 0]] < age[pairs[:, 1]], pairs[:, 0], pairs[:, 1])
        stays[younger] = False  # also where the elder was itself removed: the second process
        points = points[stays]
        return points[((points >= 0) & (points < shape)).all(axis=1)]

    def pair_density(self, r) -> np.ndarray:
        """Second-order product density: chance of points at both ends of a step `r`."""
        r, radius, a = np.asarray(r, float), self.distance, self.intensity
        disc, half = np.pi * radius**2, np.clip(r / (2 * radius), 0, 1)
        lens = 2 * radius**2 * (np.arccos(half) - half * np.sqrt(1 - half**2))
        union = 2 * disc - lens
        with np.errstate(divide="ignore", invalid="ignore"):
            both = -2 * union * np.expm1(-a * disc) + 2 * disc * np.expm1(-a * union)
            both = both / (disc * union * (union - disc))
        return np.where(r < radius, 0.0, both)

    def k(self, r) -> np.ndarray:
        """Ripley's function, in units of area, by integration of `pair_density`."""
        r = np.atleast_1d(np.asarray(r, float))
        grid = np.linspace(0, r.max(), 4001)
        ring = 2 * np.pi * grid * self.pair_density(grid) / self.density**2
        total = np.concatenate([[0], np.cumsum((ring[1:] + ring[:-1]) / 2 * np.diff(grid))])
        return np.interp(r, grid, total)
