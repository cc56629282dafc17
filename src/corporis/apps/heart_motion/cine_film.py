"""A plain cine of one slice: the wall is followed by registration of neighbouring frames."""

import numpy as np

from corporis.apps.heart_motion.cine import CineMotion, CineSlice, phases_of
from corporis.apps.heart_motion.film import FilmMotion, Observations
from corporis.apps.heart_motion.plane_wall import PlaneWall
from corporis.apps.heart_motion.point_fit import PointFit
from corporis.apps.heart_motion.regions import plane_regions
from corporis.apps.heart_motion.sectors import Sectors
from corporis.deformables import Annulus

FOLLOWED = (5, 48)
"""Rings and angles of the points that are followed."""
LEAST_NOISE_PX = 0.3
BRIGHTER = 1.6
"""Ratio of the brightest frame to the darkest that is doubted."""


def follow_cine(
    name: str, images: np.ndarray, ring: Annulus, sectors: Sectors, fit_times_ms: np.ndarray
) -> FilmMotion:
    """Follow the wall of a whole beat.

    Parameters
    ----------
    name : str
    images : array, (n_frames, rows, columns)
    ring : Annulus
        The wall in the first frame.
    sectors : Sectors
    fit_times_ms : array, (n_frames,)
        Of the frames, or supposed ones.
    """
    rest, _ = ring.quadrature(*FOLLOWED)
    seen = ridden_by_cine(images, fit_times_ms, rest)
    fit = PointFit(noise_px=LEAST_NOISE_PX, area_spread=0.1)
    motion = fit(rest, seen, ring, fit_times_ms)
    wall = PlaneWall.of_ring(ring)
    return FilmMotion(
        name,
        "cine",
        images,
        (0, 0),
        wall,
        motion,
        sectors,
        plane_regions(name, motion, wall, sectors, len(images)),
        len(images),
        Observations(rest, motion.trust[..., 0]),
        warnings=tuple(_doubts(name, images)),
    )


def ridden_by_cine(images: np.ndarray, times_ms: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """Displacement (n_frames, n, 2) in pixels of places (n, 2) that ride on a cine of a beat."""
    steps = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    film = CineSlice(images, np.zeros(3), steps, phases_of(times_ms))
    flat = np.concatenate([rest, np.zeros((len(rest), 1))], axis=1)
    return CineMotion().ridden(film, flat)[..., :2]


def _doubts(name, images):
    yield (
        f"{name}: no tags: muscle between its borders is not seen to move; rotation, and "
        "differences between layers, are what is smooth"
    )
    brightness = images.mean(axis=(1, 2))
    change = float(brightness.max() / max(brightness.min(), 1e-12))
    if change > BRIGHTER:
        yield (
            f"{name}: brightness changes {change:.1f}-fold: this may be no film of one beat, and "
            "its strain no strain"
        )
