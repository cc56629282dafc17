"""Pixel evidence seen along rays from the ventricle's centre.

Along a ray the probability of "inside" is made to fall monotonically; it is then the survival
function of the boundary's distance, whose moments give the expected squared radius (what areas
are made of) and its spread, without a threshold.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from corporis.shapes import convex_radii

CAVITY, MUSCLE, RIGHT = 1, 2, 3
MIDDLE = (0.3, 0.4, 0.5, 0.6, 0.7)  # levels of probability that the squared radius is read at
LIKELY = 0.5  # probability of cavity in the centre of a slice that shows it
ONE_SIGMA = (0.16, 0.84)  # levels one standard deviation out, and in


@dataclass(frozen=True)
class Profiles:
    """Class probabilities along rays.

    ``probability`` (n_slices, n_times, 4, n_angles, n_radii); ``radii`` (n_radii,) in source
    pixels; ``centres`` (n_slices, 2) row and column. Angle 0 points along +column, a quarter turn
    along +row.
    """

    probability: np.ndarray
    radii: np.ndarray
    centres: np.ndarray


@dataclass(frozen=True)
class Boundary:
    """Expected squared radius and its standard deviation, (n_slices, n_times, n_angles), pixel^2.

    ``is_seen`` (n_slices, n_times) tells where there is a boundary at all.
    """

    square: np.ndarray
    spread: np.ndarray
    is_seen: np.ndarray


def slice_centres(maps, missing=None) -> np.ndarray:
    """Centre of the cavity on each slice, (n_slices, 2) source row and column.

    Slices with little cavity take the line through the others.
    """
    cavity = maps.probability[:, :, CAVITY].astype(np.float32)
    if missing is not None:
        cavity = np.where(missing[:, :, None, None], 0, cavity)
    mean = cavity.mean(axis=1)
    mass = mean.sum(axis=(1, 2))
    grid = np.arange(mean.shape[-1])
    row = np.einsum("sij,i->s", mean, grid) / np.maximum(mass, 1e-6)
    column = np.einsum("sij,j->s", mean, grid) / np.maximum(mass, 1e-6)
    centres = maps.origin + maps.step * np.stack([row, column], axis=1)
    trust = np.minimum(mass, np.quantile(mass, 0.75))
    index = np.arange(len(mass))
    degree = min(1, len(mass) - 1)
    line = np.stack(
        [np.polyval(np.polyfit(index, c, degree, w=trust + 1e-6), index) for c in centres.T], axis=1
    )
    share = (mass / (mass + 0.15 * np.quantile(mass, 0.75) + 1e-9))[:, None]
    return share * centres + (1 - share) * line


def profiles(maps, centres, *, n_angles: int = 48) -> Profiles:
    """Sample evidence maps along rays from `centres` (n_slices, 2), in source pixels."""
    n = maps.probability.shape[-1]
    n_radii = int(1.1 * n)
    radii = (np.arange(n_radii) + 0.5) * 0.5
    angle = 2 * np.pi * np.arange(n_angles) / n_angles
    out = np.empty((*maps.probability.shape[:3], n_angles, n_radii), dtype=np.float32)
    for s, centre in enumerate(centres):
        row, column = (centre - maps.origin[s]) / maps.step
        where = np.stack(
            [row + np.outer(np.sin(angle), radii), column + np.outer(np.cos(angle), radii)]
        )
        for t in range(out.shape[1]):
            for c in range(4):
                # Outside the map there is background, nothing else.
                ndimage.map_coordinates(
                    maps.probability[s, t, c].astype(np.float32, copy=False),
                    where,
                    output=out[s, t, c],
                    order=1,
                    mode="constant",
                    cval=1.0 if c == 0 else 0.0,
                )
    return Profiles(out, radii * maps.step, np.asarray(centres, dtype=float))


def outer_boundary(inside, radii, *, hole: int = 7, least: float = 0.15) -> Boundary:
    """Where "inside" ends, going out from the centre.

    Parameters
    ----------
    inside : array, (n_slices, n_times, n_angles, n_radii)
        Probability of being inside.
    radii : array, (n_radii,)
        Uniform.
    hole : int
        Gaps up to this many samples are bridged (papillary muscles).
    least : float
        A slice is "seen" when the mean probability near the centre is at least this.
    """
    closed = ndimage.grey_closing(inside, size=(1, 1, 1, hole), mode="nearest")
    closed[..., : hole // 2] = closed[..., : hole // 2 + 1].max(axis=-1, keepdims=True)
    survival = np.minimum.accumulate(closed, axis=-1)
    step = radii[1] - radii[0]
    square = 2 * step * survival @ radii
    fourth = 4 * step * survival @ radii**3
    spread = np.sqrt(np.maximum(fourth - square**2, 0))
    is_seen = survival[..., : hole // 2 + 1].mean(axis=(-1, -2)) >= least
    return Boundary(square, spread, is_seen)


def convex_boundary(inside, radii) -> Boundary:
    """Where "inside" ends, with every level of its probability closed to the convex hull.

    A ventricle's sections are convex but for papillary muscles and trabeculae, which count as
    cavity: where they notch the evidence, the neighbouring rays bridge them. The squared radius
    is a trimmed mean of the distance's distribution, over its middle `MIDDLE`: doubt in the very
    interior (0.9 instead of 1) says little about the border, and must not shrink the whole.

    Parameters
    ----------
    inside, radii
        As in `outer_boundary`; rays at equal angles all around.
    """
    closed = ndimage.grey_closing(inside, size=(1, 1, 1, 7), mode="nearest")
    closed[..., :3] = closed[..., :4].max(axis=-1, keepdims=True)
    survival = np.minimum.accumulate(closed, axis=-1)
    step = radii[1] - radii[0]
    square = {
        level: convex_radii(_reach(survival, radii, step, level)) ** 2
        for level in (*MIDDLE, *ONE_SIGMA)
    }
    middle = np.mean([square[level] for level in MIDDLE], axis=0)
    spread = 0.5 * (square[ONE_SIGMA[0]] - square[ONE_SIGMA[1]])
    # Less than half likely in its very centre, a section has no border at these levels.
    return Boundary(middle, spread, survival[..., :4].mean(axis=(-1, -2)) >= LIKELY)


def _reach(survival, radii, step, level) -> np.ndarray:
    """How far rays reach at a level of the falling `survival`, linear between samples."""
    last = (survival > level).sum(axis=-1) - 1
    here = np.take_along_axis(survival, np.maximum(last, 0)[..., None], -1)[..., 0]
    beyond = np.minimum(last + 1, len(radii) - 1)
    there = np.take_along_axis(survival, beyond[..., None], -1)[..., 0]
    share = (here - level) / np.maximum(here - there, 1e-9)
    return np.where(last < 0, 0.0, radii[np.maximum(last, 0)] + step * np.clip(share, 0, 1))


def crescent(profile: Profiles, outer_square) -> tuple[np.ndarray, np.ndarray]:
    """The right ventricle on each ray: squared radius where it begins, and its squared extent.

    Parameters
    ----------
    profile : Profiles
    outer_square : array, (n_slices, n_times, n_angles)
        Squared outer radius of the left ventricle, pixel^2: the right one lies beyond it.

    Returns
    -------
    begin, extent : array, (n_slices, n_times, n_angles)
        ``extent = 2 * integral of P(right) radius d radius``, >= 0; where nothing is seen it
        is 0 and `begin` is `outer_square`.
    """
    radii = profile.radii
    step = radii[1] - radii[0]
    right = profile.probability[:, :, RIGHT]
    beyond = radii >= np.sqrt(outer_square)[..., None] - 2 * step
    # Faint probabilities far and wide would add up along the rays, and doubt inside would shrink
    # what is there: only the border between 0.3 and 0.7 is soft.
    right = np.where(beyond, np.clip((right - 0.3) / 0.4, 0, 1), 0)
    extent = 2 * step * right @ radii
    # The inner edge: half of what lies on the ray has not begun before the 5 % point.
    share = np.cumsum(right, axis=-1) / np.maximum(right.sum(axis=-1, keepdims=True), 1e-6)
    begin = radii[np.argmax(share > 0.05, axis=-1)] ** 2
    is_seen = extent > 4 * step**2
    return np.where(is_seen, np.maximum(begin, outer_square), outer_square), extent
