"""What a moving body says that a tagged plane shows: where its tags lie, which phases disagree."""

from dataclasses import dataclass

import numpy as np

from corporis.apps.heart_motion.fusion import DOUBTED_MM, Fusion, TaggedFilm, WallMotion
from corporis.apps.heart_motion.harmonic import wrapped

N_INVERSION = 4
MET_MM = 0.3
WITHIN = 1.05
"""Part of the wall's half thickness within which lines are drawn."""
REJECTED = 0.25
"""Trust below which a phase counts as set aside: it is off by more than `DOUBTED_MM`."""
INSIDE = 0.9
"""Part within which phases are compared, as the fit does."""


@dataclass(frozen=True, eq=False)
class PlaneCheck:
    """One plane, pixel by pixel.

    Parameters
    ----------
    phases : array, (n_frames, n_families, rows, columns)
        Of the tags as the motion gives them, not wrapped; NaN outside of the wall.
    trust : array, (n_frames, rows, columns)
        How far the least believed phase agrees, 0 to 1; NaN where none is compared.
    """

    phases: np.ndarray
    trust: np.ndarray

    @property
    def rejected_share(self) -> float:
        """Share of compared pixels that were set aside, of all frames but the first."""
        known = self.trust[1:][np.isfinite(self.trust[1:])]
        return float(np.mean(known < REJECTED)) if len(known) else 0.0

    @property
    def n_compared(self) -> np.ndarray:
        """Pixels of muscle in each frame."""
        return np.sum(np.isfinite(self.trust), axis=(1, 2))


def check_plane(film: TaggedFilm, motion: WallMotion, fusion: Fusion) -> PlaneCheck:
    """Compare a plane with a motion that was fitted to it."""
    wall, shape = motion.wall, film.images.shape[1:]
    pixels = np.indices(shape).reshape(2, -1).T
    x = film.origin + pixels @ film.steps
    low, high = wall.heights[0], wall.heights[-1]
    near = np.hypot(x[:, 0], x[:, 1]) < np.max(wall.outer) + 10
    near &= (x[:, 2] > low - 5) & (x[:, 2] < high)
    in_pixels = film.waves @ np.asarray(film.steps, dtype=float).T
    seen = fusion.filter(np.asarray(film.images, dtype=float), in_pixels)
    seen = seen.reshape(*seen.shape[:2], -1)
    n_frames, n_families = seen.shape[:2]
    phases = np.full((n_frames, n_families, len(x)), np.nan)
    trust = np.full((n_frames, len(x)), np.nan)
    length = np.linalg.norm(film.waves, axis=1)
    for t in range(n_frames):
        rest, rho = _material(wall, motion.q[t], x[near])
        expected = film.phase(rest)
        inside = (np.abs(rho) < WITHIN) & (rest[:, 2] > low + 1)
        phases[t][:, near] = np.where(inside, expected, np.nan)
        off = wrapped(np.angle(seen[t][:, near]) - expected) / length[:, None]
        agrees = 1 / (1 + (off / DOUBTED_MM) ** 2) ** 2
        compared = inside & (np.abs(rho) < INSIDE)
        trust[t, near] = np.where(compared, agrees.min(axis=0), np.nan)
    return PlaneCheck(phases.reshape(n_frames, n_families, *shape), trust.reshape(n_frames, *shape))


def _material(wall, q, x):
    """Material places that are now at x, and their depth; depth is far where none is found."""
    rest = x - wall.basis(x) @ q
    for _ in range(N_INVERSION):
        rest = x - wall.basis(rest) @ q
    rho = wall.coordinates(rest)[:, 0]
    missed = np.linalg.norm(rest + wall.basis(rest) @ q - x, axis=1) > MET_MM
    return rest, np.where(missed, np.inf, rho)
