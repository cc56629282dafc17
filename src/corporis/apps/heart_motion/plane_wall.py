"""The wall of a ventricle in one plane, as material points: where they are around and across it."""

from dataclasses import dataclass

import numpy as np

from corporis.deformables import Annulus

LAYERS = ("inner", "middle", "outer")
N_RINGS, N_ANGLES = 9, 144
NARROW_RAD = np.deg2rad(12)
N_WAVES = 8


@dataclass(frozen=True, eq=False)
class PlaneWall:
    """Material points of a ring-shaped wall in the first frame.

    Parameters
    ----------
    places : array, (n, 2)
        (row, column) in pixels.
    area : array, (n,)
    centre : array, (2,)
    depth : array, (n,)
        0 at the inner rim, 1 at the outer.
    rims : array, (2, n_angles, 2)
        The closed inner and outer rim.
    """

    places: np.ndarray
    area: np.ndarray
    centre: np.ndarray
    depth: np.ndarray
    rims: np.ndarray

    @classmethod
    def of_ring(cls, ring: Annulus) -> "PlaneWall":
        """Of the ring between two circles."""
        places, area = ring.quadrature(N_RINGS, N_ANGLES)
        radius = np.hypot(*(places - ring.centre).T)
        depth = (radius - ring.inner) / (ring.outer - ring.inner)
        return cls(places, area, ring.centre, depth, _circles(ring))

    @classmethod
    def of_mask(cls, mask: np.ndarray) -> "PlaneWall":
        """Of the pixels of a mask (rows, columns) that go around a cavity.

        Raises
        ------
        ValueError
            If they do not go all around.
        """
        places = np.argwhere(mask).astype(float)
        if len(places) < 24:
            raise ValueError(f"a wall has at least 24 pixels, got {len(places)}")
        centre = 0.5 * (places.min(axis=0) + places.max(axis=0))
        off = places - centre
        radius, angle = np.hypot(*off.T), np.arctan2(off[:, 1], off[:, 0])
        around = 2 * np.pi * np.arange(N_ANGLES) / N_ANGLES
        near = np.abs(np.angle(np.exp(1j * (around[:, None] - angle)))) < NARROW_RAD
        if not near.any(axis=1).all():
            raise ValueError("the wall has a hole: some directions from its centre meet no pixel")
        low = _smooth(np.array([np.quantile(radius[n], 0.05) for n in near]) - 0.5)
        high = _smooth(np.array([np.quantile(radius[n], 0.95) for n in near]) + 0.5)
        if low.min() < 1 or mask[tuple(np.rint(centre).astype(int))]:
            raise ValueError("the wall has no cavity: its centre is muscle")
        inner, outer = (_around(angle, around, rim) for rim in (low, high))
        depth = np.clip((radius - inner) / (outer - inner), 0, 1)
        turned = np.stack([np.cos(around), np.sin(around)], axis=-1)
        rims = centre + np.stack([low, high])[:, :, None] * turned
        return cls(places, np.ones(len(places)), centre, depth, rims)

    @property
    def angle(self) -> np.ndarray:
        """From the first image axis towards the second, (n,)."""
        return np.arctan2(*(self.places - self.centre).T[::-1])

    @property
    def layer(self) -> np.ndarray:
        """Index of the third of the depth, (n,)."""
        return np.minimum((3 * self.depth).astype(int), 2)

    @property
    def middle(self) -> np.ndarray:
        """The closed line in the middle of the wall, (n_angles, 2)."""
        return self.rims.mean(axis=0)


def ring_around(points: np.ndarray, thickness: float = 0.25) -> Annulus:
    """The ring about the circle nearest to some points in the middle of the wall.

    Parameters
    ----------
    points : array, (n, 2)
        At least 3.
    thickness : float
        Share of the circle's radius that belongs to the wall on each side.

    Examples
    --------
    >>> ring = ring_around(np.array([[0.0, 4.0], [0.0, -4.0], [4.0, 0.0], [-4.0, 0.0]]))
    >>> round(ring.inner, 6), round(ring.outer, 6)
    (3.0, 5.0)
    """
    from scipy import optimize

    def off(p):
        return np.hypot(*(points - p[:2]).T) - p[2]

    middle = points.mean(axis=0)
    start = [*middle, np.hypot(*(points - middle).T).mean()]
    row, column, radius = (float(v) for v in optimize.least_squares(off, start).x)
    return Annulus(np.array([row, column]), (1 - thickness) * radius, (1 + thickness) * radius)


def ring_of_mask(mask: np.ndarray) -> Annulus:
    """The ring between two circles that is nearest to a wall given as pixels."""
    wall = PlaneWall.of_mask(mask)
    radius = np.hypot(*(wall.rims - wall.centre).transpose(2, 0, 1)).mean(axis=1)
    return Annulus(wall.centre, float(radius[0]), float(radius[1]))


def _smooth(radii):
    """The first waves around of a rim that follows the corners of pixels."""
    spectrum = np.fft.rfft(radii)
    spectrum[N_WAVES + 1 :] = 0
    return np.fft.irfft(spectrum, len(radii))


def _around(angle, around, values):
    return np.interp(np.mod(angle, 2 * np.pi), np.append(around, 2 * np.pi), [*values, values[0]])


def _circles(ring):
    angle = 2 * np.pi * np.arange(N_ANGLES) / N_ANGLES
    turned = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    return ring.centre + np.array([ring.inner, ring.outer])[:, None, None] * turned
