"""Displacements that DENSE measured become a smooth motion, gross errors set aside."""

from dataclasses import dataclass

import numpy as np

from corporis.apps.heart_motion.film import FilmMotion, Observations
from corporis.apps.heart_motion.plane_wall import PlaneWall
from corporis.apps.heart_motion.regions import plane_regions
from corporis.apps.heart_motion.sectors import Sectors
from corporis.deformables import ThinPlate
from corporis.deformables.thin_plate import PlateFit

MOST_PIXELS = 4000
"""A thin plate through more points takes too long."""
DOUBTED = 2.0
"""How much more a wall narrows with exchanged components, for their order to be doubted."""
NEAR_PX = 0.75


@dataclass(frozen=True, eq=False)
class PlateMotion:
    """A motion given by a thin plate at every time.

    Parameters
    ----------
    plate : PlateFit
        Displacements at several times.
    """

    plate: PlateFit

    def displacement(self, rest: np.ndarray) -> np.ndarray:
        """Displacement (n_frames, n, 2) of material points (n, 2)."""
        return self.plate(rest)

    def forward(self, rest: np.ndarray) -> np.ndarray:
        """Where material points (n, 2) are, (n_frames, n, 2)."""
        return rest + self.plate(rest)

    def gradient(self, rest: np.ndarray) -> np.ndarray:
        """F (n_frames, n, 2, 2) at material points (n, 2)."""
        return np.eye(2) + self.plate.gradient(rest)


def follow_displacements(
    name: str, moved: np.ndarray, sectors: Sectors, plate: ThinPlate | None = None
) -> FilmMotion:
    """Fit the displacements of a film of material pixels.

    Parameters
    ----------
    name : str
    moved : array, (n_frames, 2, rows, columns)
        In pixels along rows and columns, since the state at rest; zero in all frames where there
        is no muscle.
    sectors : Sectors
    plate : ThinPlate or None

    Raises
    ------
    ValueError
        If the pixels do not go around a cavity, or are too many.
    """
    mask = np.any(moved != 0, axis=(0, 1))
    wall = PlaneWall.of_mask(mask)
    if len(wall.places) > MOST_PIXELS:
        raise ValueError(f"expected at most {MOST_PIXELS} pixels of muscle, got {len(wall.places)}")
    seen = np.moveaxis(moved[:, :, mask], 1, -1)
    fit = (plate or ThinPlate()).fit(wall.places, seen)
    motion = PlateMotion(fit)
    return FilmMotion(
        name,
        "displacements",
        _film(mask, wall.places, seen, motion.forward(wall.places)),
        (0, 0),
        wall,
        motion,
        sectors,
        plane_regions(name, motion, wall, sectors, len(moved)),
        len(moved),
        Observations(wall.places, fit.trust),
        warnings=tuple(_doubts(name, wall, seen)),
    )


def _doubts(name, wall, seen):
    off = wall.places - wall.centre
    outward = off / np.hypot(*off.T)[:, None]
    # a wall narrows and widens as a whole; of exchanged components no such motion is left
    inward, exchanged = (
        float(np.abs(np.einsum("tni,ni->tn", u, outward).mean(axis=1)).max())
        for u in (seen, seen[..., ::-1])
    )
    if exchanged > DOUBTED * inward:
        yield (
            f"{name}: the wall narrows by {inward:.2f} pixels at most, and by {exchanged:.2f} with "
            "the displacement's components exchanged: check their order"
        )


def _film(mask, places, seen, now):
    """What there is to look at: how far muscle has moved, where it is now."""
    from scipy.spatial import cKDTree

    grid = np.indices(mask.shape).reshape(2, -1).T
    film = np.zeros((len(seen), mask.size))
    for image, moved, at in zip(film, seen, now):
        distance, nearest = cKDTree(at).query(grid)
        near = distance < NEAR_PX
        image[near] = 0.35 + np.linalg.norm(moved[nearest[near]], axis=1)
    return film.reshape(len(seen), *mask.shape)
