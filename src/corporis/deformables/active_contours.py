"""Active contours in the plane: many at once, stiff, inflated, and keeping off each other.

Stiffness is solved implicitly: its matrix is circulant, so that Fourier's transform along the
contour diagonalises it, and steps may be long.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from corporis.shapes.landmarks import resample_contour

CLOSEST_PX = 0.5
"""Distances below half a pixel repel no stronger than half a pixel does."""

Force = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Force (n, k, 2) at points (n, k, 2) with outward unit normals (n, k, 2)."""


@dataclass(frozen=True, slots=True)
class RepulsiveContours:
    r"""Balloons that push their neighbours away,
    ``dv_i/dt = tension v'' - bending v'''' + balloon n_i + force + repulsion sum_j int n_j / d^2``.

    Primes are derivatives by arc length, ``n`` outward normals; the integral runs over the
    contours of the `n_neighbours` nearest. A neighbour's outward normal points from it to here,
    hence the plus. Alone and without image a circle stays one, with
    ``dr/dt = balloon - tension / r - bending / r^3``.

    Soft repulsion cannot keep contours disjoint for certain: who needs that must draw them into
    one label image.

    Parameters
    ----------
    tension, bending, repulsion : float
        >= 0; units px^2 and px^4 a unit of time, and px^2.
    balloon : float
        Pixels a unit of time; negative deflates.
    step : float
        Of time, > 0.
    n_points : int
        Of each contour, >= 8.
    n_neighbours : int
        >= 0.
    resample_every : int
        Steps after which points are spread evenly again, >= 1.

    Raises
    ------
    ValueError
        If a number is out of its range.

    References
    ----------
    Cohen (1991), CVGIP Image Underst. 53, 211-218, doi:10.1016/1049-9660(91)90028-N

    Examples
    --------
    >>> angle = 2 * np.pi * np.arange(64) / 64
    >>> circle = 10 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    >>> free = RepulsiveContours(tension=0.0, bending=0.0, balloon=1.0, repulsion=0.0, step=0.1)
    >>> moved = free.evolve(circle[None], n_steps=10)         # one pixel further out
    >>> np.linalg.norm(moved[0], axis=1).round(6).min().item()
    11.0
    """

    tension: float = 0.3
    bending: float = 0.3
    balloon: float = 0.0
    repulsion: float = 1.0
    step: float = 0.2
    n_points: int = 64
    n_neighbours: int = 4
    resample_every: int = 5

    def __post_init__(self):
        if min(self.tension, self.bending, self.repulsion) < 0 or not self.step > 0:
            raise ValueError(
                "expected tension, bending and repulsion >= 0 and step > 0, got "
                f"{self.tension}, {self.bending}, {self.repulsion} and {self.step}"
            )
        if self.n_points < 8 or self.n_neighbours < 0 or self.resample_every < 1:
            raise ValueError(
                "expected n_points >= 8, n_neighbours >= 0 and resample_every >= 1, got "
                f"{self.n_points}, {self.n_neighbours} and {self.resample_every}"
            )

    def evolve(self, contours, *, n_steps: int, force: Force | None = None) -> np.ndarray:
        """Contours after `n_steps`, (n, n_points, 2).

        Parameters
        ----------
        contours : sequence of array, (m_i >= 3, 2)
            Closed, in either direction; resampled to `n_points`.
        n_steps : int
            >= 0.
        force : callable, optional
            What the image adds, ``force(points, normals)``.
        """
        points = np.array([self._even(contour) for contour in contours], float)
        points = points.reshape(len(points), self.n_points, 2)
        if not len(points):
            return points
        partners = self._partners(points)
        for count in range(n_steps):
            points = self._stepped(points, partners, force)
            if (count + 1) % self.resample_every == 0:
                points = np.array([resample_contour(p, self.n_points) for p in points])
        return points

    def _even(self, contour):
        """Evenly spaced, turning from the first axis to the second."""
        points = resample_contour(np.asarray(contour, float), self.n_points)
        return points if _areas(points[None])[0] >= 0 else points[::-1]

    def _partners(self, points):
        """Pairs (i, j): j is among the nearest of i, by centroids."""
        n = min(self.n_neighbours, len(points) - 1)
        if n < 1 or self.repulsion == 0:
            return np.zeros((0, 2), int)
        centres = points.mean(axis=1)
        _, near = cKDTree(centres).query(centres, n + 1)
        pairs = np.stack([np.repeat(np.arange(len(points)), n + 1), near.ravel()], axis=1)
        return pairs[pairs[:, 0] != pairs[:, 1]]

    def _stepped(self, points, partners, force):
        outward, lengths = normals(points)
        push = self.balloon * outward + self._repelled(points, outward, lengths, partners)
        if force is not None:
            push = push + force(points, outward)
        spacing = lengths.sum(axis=1, keepdims=True) / self.n_points
        wave = 2 - 2 * np.cos(2 * np.pi * np.arange(self.n_points) / self.n_points)
        stiffness = self.tension * wave / spacing**2 + self.bending * wave**2 / spacing**4
        right = np.fft.fft((points + self.step * push) @ [1, 1j], axis=1)
        moved = np.fft.ifft(right / (1 + self.step * stiffness), axis=1)
        return np.stack([moved.real, moved.imag], axis=-1)

    def _repelled(self, points, outward, lengths, partners):
        result = np.zeros_like(points)
        for block in np.array_split(partners, max(1, len(partners) // 256)):
            i, j = block.T
            away = points[i, :, None] - points[j, None, :]
            square = np.maximum((away**2).sum(axis=-1), CLOSEST_PX**2)
            pull = np.einsum("pst,ptd->psd", 1 / square, outward[j] * lengths[j, :, None])
            np.add.at(result, i, self.repulsion * pull)
        return result


def normals(points) -> tuple[np.ndarray, np.ndarray]:
    """Outward unit normals (n, k, 2) and arc lengths (n, k) of points on closed contours.

    Contours turn from the first axis towards the second, so that their areas are positive.
    """
    along = (np.roll(points, -1, axis=1) - np.roll(points, 1, axis=1)) / 2
    lengths = np.linalg.norm(along, axis=-1)
    unit = along / np.maximum(lengths, 1e-12)[..., None]
    return np.stack([unit[..., 1], -unit[..., 0]], axis=-1), lengths


def _areas(points):
    x, y = points[..., 0], points[..., 1]
    return np.sum(x * np.roll(y, -1, axis=-1) - y * np.roll(x, -1, axis=-1), axis=-1) / 2
