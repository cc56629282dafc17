"""The phantom as the tests see it: its ring in pixels, and the error of a motion in mm."""

import numpy as np

from corporis.deformables import Annulus


def ring_of(wall) -> Annulus:
    """The still wall, in pixels."""
    middle = (wall.side - 1) / 2
    return Annulus(
        np.array([middle, middle]), wall.inner_mm / wall.pixel_mm, wall.outer_mm / wall.pixel_mm
    )


def rest_of(wall) -> tuple[np.ndarray, np.ndarray]:
    """Wall pixels at rest: in mm from the centre, and in pixels."""
    rest = wall.grid()[wall.wall()]
    return rest, rest / wall.pixel_mm + (wall.side - 1) / 2


def displacement_errors(motion, wall) -> np.ndarray:
    """Distances (n_frames, n) in mm between found and true places of the wall's pixels."""
    rest, pixels = rest_of(wall)
    truth = np.stack([wall.displacement(rest, t) for t in wall.times_ms])
    return np.linalg.norm(motion.displacement(pixels) * wall.pixel_mm - truth, axis=-1)


def strain_errors(motion, wall) -> np.ndarray:
    """Errors (n_frames, n, 2, 2) of strain at the wall's pixels."""
    rest, pixels = rest_of(wall)
    return motion.strain(pixels) - np.stack([wall.strain(rest, t) for t in wall.times_ms])
