"""Point patterns: how many points lie where, how near each other, and who neighbours whom.

Points are (n, 2) in the unit of length of their window, which starts at the origin.
"""

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from scipy import fft, ndimage
from scipy.spatial import Delaunay, cKDTree


class Window(Protocol):
    """Where points could have been seen."""

    @property
    def area(self) -> float: ...

    def covariance(self, steps) -> np.ndarray:
        """Area of the window that stays in it when moved by each step (n, 2)."""
        ...

    def uniform(self, n: int, rng) -> np.ndarray:
        """`n` points drawn evenly from it."""
        ...


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A window ``[0, rows] x [0, columns]``, both > 0.

    Examples
    --------
    >>> from corporis.shapes import Rectangle
    >>> Rectangle(4.0, 3.0).covariance([[1.0, -2.0]]).tolist()
    [3.0]
    """

    rows: float
    columns: float

    def __post_init__(self):
        if not min(self.rows, self.columns) > 0:
            raise ValueError(f"sides must be > 0, got {self.rows} and {self.columns}")

    @property
    def area(self) -> float:
        """Rows times columns."""
        return self.rows * self.columns

    def covariance(self, steps) -> np.ndarray:
        """Area that stays inside after each step."""
        left = np.array([self.rows, self.columns]) - np.abs(np.asarray(steps, float))
        return np.maximum(left, 0).prod(axis=-1)

    def uniform(self, n: int, rng) -> np.ndarray:
        """Points drawn evenly."""
        return rng.uniform(0, 1, (n, 2)) * [self.rows, self.columns]


@dataclass(frozen=True)
class Region:
    """A window of pixels: tissue without its holes. Pixel (r, c) covers ``[r, r+1) x [c, c+1)``.

    Parameters
    ----------
    mask : ndarray, (H, W), bool
        Not empty.
    """

    mask: np.ndarray
    _covariance: np.ndarray = field(init=False, repr=False, compare=False)

    def __post_init__(self):
        mask = np.asarray(self.mask, bool)
        if mask.ndim != 2 or not mask.any():
            raise ValueError(f"a region needs a 2-D mask that is not empty, got {mask.shape}")
        size = [fft.next_fast_len(2 * n, True) for n in mask.shape]
        spectrum = fft.rfft2(mask.astype(float), size)
        object.__setattr__(self, "mask", mask)
        object.__setattr__(self, "_covariance", fft.irfft2(np.abs(spectrum) ** 2, size))

    @property
    def area(self) -> float:
        """Number of pixels."""
        return float(np.count_nonzero(self.mask))

    def covariance(self, steps) -> np.ndarray:
        """Area that stays inside after each step; exact at whole steps, bilinear between."""
        steps = np.asarray(steps, float)
        low = np.floor(steps).astype(int)
        share = steps - low
        total = np.zeros(len(steps))
        for i in (0, 1):
            for j in (0, 1):
                weight = np.abs(1 - i - share[:, 0]) * np.abs(1 - j - share[:, 1])
                rows, columns = ((low + np.array([i, j])) % self._covariance.shape).T
                total += weight * self._covariance[rows, columns]
        is_near = (np.abs(steps) < self.mask.shape).all(axis=1)  # beyond, the transform repeats
        return np.where(is_near, np.maximum(total, 0), 0)

    def uniform(self, n: int, rng) -> np.ndarray:
        """Points drawn evenly."""
        pixels = np.argwhere(self.mask)
        return pixels[rng.integers(len(pixels), size=n)] + rng.uniform(0, 1, (n, 2))


def kernel_density(points, mask, bandwidth_px) -> np.ndarray:
    r"""Points per pixel, whose sum over the window is exactly the number of points.

    ``f(x) = w(x) sum_i G(x - x_i) w(x_i)``, the weight such that ``w (G * w) = 1`` in the window
    and 0 outside. So every point keeps its mass, and points spread evenly give an even map up to
    the border; dividing by the kernel's mass on one side alone gives only one of the two.

    Parameters
    ----------
    points : array, (n, 2)
        Rows and columns; pixel (r, c) covers ``[r, r+1) x [c, c+1)``. All within the mask.
    mask : bool array, (H, W)
        Where points can be.
    bandwidth_px : float
        Standard deviation of the kernel, > 0.

    Raises
    ------
    ValueError
        If `bandwidth_px` is not > 0 or a point lies outside.

    References
    ----------
    Diggle (1985), J. R. Stat. Soc. C 34, 138-147, doi:10.2307/2347366
    Sinkhorn & Knopp (1967), Pac. J. Math. 21, 343-348, doi:10.2140/pjm.1967.21.343

    Examples
    --------
    >>> import numpy as np
    >>> from corporis.shapes import kernel_density
    >>> density = kernel_density([[0.5, 0.5]], np.ones((9, 9), bool), 2.0)
    >>> float(density.sum().round(12)), int(density.argmax())
    (1.0, 0)
    """
    points, mask = np.asarray(points, float).reshape(-1, 2), np.asarray(mask, bool)
    if not bandwidth_px > 0:
        raise ValueError(f"bandwidth_px must be > 0, got {bandwidth_px}")
    pixel = np.floor(points).astype(int)
    is_outside = ((pixel < 0) | (pixel >= mask.shape)).any(axis=1)
    if is_outside.any() or not mask[tuple(pixel.T)].all():
        raise ValueError("every point must lie within the mask")
    weight = _even_weight(mask, bandwidth_px)
    held = _smooth(weight, bandwidth_px)[tuple(pixel.T)]
    impulses = np.zeros(mask.shape)
    np.add.at(impulses, tuple(pixel.T), 1 / held)
    return weight * _smooth(impulses, bandwidth_px)


def _even_weight(mask, bandwidth, n_iterations=30):
    """Symmetric scaling of the kernel to row sums of one (Sinkhorn), zero outside the mask."""
    weight = mask.astype(float)
    for _ in range(n_iterations):
        held = _smooth(weight, bandwidth)
        weight = np.where(mask, np.sqrt(weight / np.where(mask, held, 1.0)), 0.0)
    return weight


def _smooth(values, bandwidth):
    # with zeros outside, the filter is its own adjoint: this is what makes the sum exact
    return ndimage.gaussian_filter(values, bandwidth, mode="constant")


def ripley_k(points, window: Window, r) -> np.ndarray:
    r"""Ripley's K: mean number of further points within `r` of a point, over the intensity.

    ``K(r) = |W|^2 / (n (n - 1)) sum_{i != j} 1[d_ij <= r] / |W and (W + x_j - x_i)|``: the
    translation correction, unbiased for any window that admits the steps.

    Parameters
    ----------
    points : array, (n >= 2, 2)
    window : Window
    r : array, (k,)
        Rising radii, > 0.

    Returns
    -------
    float array, (k,)
        An area; ``pi r^2`` for points that ignore each other.

    Raises
    ------
    ValueError
        If there are fewer than two points, or radii do not rise from above 0.

    References
    ----------
    Ripley (1976), J. Appl. Probab. 13, 255-266, doi:10.2307/3212829
    Ohser (1983), Math. Operationsforsch. Stat. 14, 63-71, doi:10.1080/02331888308801687
    """
    points, r = np.asarray(points, float), np.asarray(r, float)
    if len(points) < 2 or r.ndim != 1 or not (np.diff(r, prepend=0) > 0).all():
        raise ValueError(
            f"expected at least two points and rising radii > 0, got {len(points)} and {r}"
        )
    pairs = cKDTree(points).query_pairs(r[-1], output_type="ndarray")
    steps = points[pairs[:, 1]] - points[pairs[:, 0]]
    weight = 2 * window.area**2 / np.maximum(window.covariance(steps), 1e-12)
    place = np.searchsorted(r, np.linalg.norm(steps, axis=1))
    total = np.cumsum(np.bincount(place, weight, len(r))[: len(r)])
    return total / (len(points) * (len(points) - 1))


def ripley_l(points, window: Window, r) -> np.ndarray:
    """Besag's ``L(r) = sqrt(K(r) / pi)``: ``r`` for points that ignore each other."""
    return np.sqrt(ripley_k(points, window, r) / np.pi)


def random_envelope(n, window: Window, r, *, n_simulations=99, seed=0):
    """Smallest and largest K of as many points thrown at random, at each radius, (2, k).

    A pattern of this kind leaves it at a given radius with chance ``2 / (n_simulations + 1)``.
    """
    rng = np.random.default_rng(seed)
    found = [ripley_k(window.uniform(n, rng), window, r) for _ in range(n_simulations)]
    return np.stack([np.min(found, axis=0), np.max(found, axis=0)])


def nearest_distances(points) -> np.ndarray:
    """Distance of each point to its nearest neighbour, (n,); infinite for a lone one."""
    points = np.asarray(points, float)
    if len(points) < 2:
        return np.full(len(points), np.inf)
    return cKDTree(points).query(points, 2)[0][:, 1]


def clark_evans(points, window: Rectangle) -> float:
    """Mean nearest distance over that of random points: below 1 clusters, above 1 is regular.

    With Donnelly's correction for the border of a rectangle.

    References
    ----------
    Clark & Evans (1954), Ecology 35, 445-453, doi:10.2307/1931034
    Donnelly (1978), Simulation studies in archaeology, 91-95
    """
    n, area = len(points), window.area
    perimeter = 2 * (window.rows + window.columns)
    expected = 0.5 * np.sqrt(area / n) + (0.0514 + 0.041 / np.sqrt(n)) * perimeter / n
    return float(nearest_distances(points).mean() / expected)


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Delaunay's neighbours of each point.

    Parameters
    ----------
    pairs : int array, (n_pairs, 2)
        Each pair once, lower index first.
    lengths : array, (n_pairs,)
    degrees : int array, (n,)
        Neighbours of each point; six in the mean, far from the border.
    """

    pairs: np.ndarray
    lengths: np.ndarray
    degrees: np.ndarray


def delaunay_neighbours(points, at_most=np.inf) -> Neighbours:
    """Who neighbours whom: points joined by Delaunay's triangles, no further than `at_most`.

    Examples
    --------
    >>> from corporis.shapes import delaunay_neighbours
    >>> delaunay_neighbours([[0, 0], [0, 1], [1, 0]]).degrees.tolist()
    [2, 2, 2]
    """
    points = np.asarray(points, float)
    if len(points) < 3 or np.linalg.matrix_rank(points - points.mean(axis=0)) < 2:
        order = np.lexsort(points.T[::-1])  # on a line, neighbours are the next ones
        pairs = np.sort(np.stack([order[:-1], order[1:]], axis=1), axis=1)
    else:
        triangles = Delaunay(points).simplices
        sides = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
        pairs = np.unique(np.sort(sides, axis=1), axis=0)
    lengths = np.linalg.norm(points[pairs[:, 0]] - points[pairs[:, 1]], axis=1)
    pairs, lengths = pairs[lengths <= at_most], lengths[lengths <= at_most]
    return Neighbours(pairs, lengths, np.bincount(pairs.ravel(), minlength=len(points)))
