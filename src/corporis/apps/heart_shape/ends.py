"""Where the ventricle begins and ends along its long axis, at every time.

The base is where the muscle no longer closes around the cavity; the apex is where the fitted
squared radius reaches zero. Positions are in slices (fractional), as on a `Grid`.
"""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from scipy import ndimage

from corporis.apps.heart_shape.body import Grid

THIN = 0.5  # share of the usual wall that closes the ring
SHRINKS = 0.5  # share of a section's area that the next more basal one of a ventricle has at least
BASE_OF_VIEWS = 0.15  # slices by which the base errs where long-axis views tell it
BESIDE, BESIDE_OF_VIEWS = 0.75, 0.1  # slices between the bases of the two ventricles
NARROW, WIDENS = 0.4, 1.5  # a section so narrow, as a share of the widest, never widens so much


@dataclass(frozen=True)
class Ends:
    """Slice positions of base and apex, (n_times,), and which way the apex lies (+1 or -1).

    `base_spread` is the standard deviation of the base, in slices.
    """

    base: np.ndarray
    apex: np.ndarray
    towards_apex: int
    base_spread: float


def apex_direction(area: np.ndarray, right_area: np.ndarray) -> int:
    """+1 if the apex lies towards higher slice indices, else -1.

    A ventricle tapers towards its apex, and the right ventricle ends before the left one.

    Parameters
    ----------
    area, right_area : array, (n_slices,)
        Cavity areas at the largest phase.
    """
    n = len(area)
    if n < 2:
        return 1
    index = np.arange(n)

    def lean(values):
        total = values.sum()
        return (values @ index / total - (n - 1) / 2) / n if total > 0 else 0.0

    # Near the ends the ring is missing or tiny, so the profile as a whole decides.
    return -1 if lean(area) + 0.5 * lean(right_area) > 0 else 1


def without_far_side(area: np.ndarray, towards_apex: int) -> np.ndarray:
    """Which slices belong to the ventricle: it tapers to its apex and does not widen again.

    What is as round and bright beyond the apex is another organ.

    Parameters
    ----------
    area : array, (n_slices,)
        Cavity areas at the largest phase.
    towards_apex : int
        +1 or -1.

    Returns
    -------
    bool array, (n_slices,)
    """
    ordered = area if towards_apex > 0 else area[::-1]
    widest = int(np.argmax(np.where(np.arange(len(area)) < 0.7 * len(area), ordered, 0)))
    taken = np.ones(len(area), dtype=bool)
    narrowest = widest
    for k in range(widest + 1, len(area)):
        is_narrow = ordered[narrowest] < NARROW * ordered[widest]
        if is_narrow and ordered[k] > WIDENS * ordered[narrowest]:
            taken[narrowest + 1 :] = False
            break
        if ordered[k] < ordered[narrowest]:
            narrowest = k
    return taken if towards_apex > 0 else taken[::-1]


def without_vessels(area: np.ndarray, towards_apex: int) -> np.ndarray:
    """Which slices and frames lie below the base, told by the size of the whole section.

    A ventricle widens towards its base; where the section falls to less than half from one slice
    to the next more basal one, it is the aortic root or a piece of the atrium.

    Parameters
    ----------
    area : array, (n_slices, n_times)
        Area inside the outer border; 0 where nothing was seen, which says nothing.
    towards_apex : int
        +1 or -1.

    Returns
    -------
    bool array, (n_slices, n_times)
    """
    ordered = area if towards_apex > 0 else area[::-1]
    taken = np.ones(ordered.shape, dtype=bool)
    for time, column in enumerate(ordered.T):
        seen = np.flatnonzero(column[: int(np.argmax(column)) + 1] > 0)[::-1]
        for k, above in pairwise(seen):
            if column[above] < SHRINKS * column[k]:
                taken[:k, time] = False
                break
    return taken if towards_apex > 0 else taken[::-1]


def ring_coverage(wall_square: np.ndarray, cavity_square: np.ndarray) -> np.ndarray:
    """Share of the circumference that is closed by muscle, (n_slices, n_times).

    An angle counts in proportion to its wall, up to half of the usual wall at that time: atrium
    and aortic root have thin walls, which a wall thickened in systole must not be compared with
    one at rest to be told from.
    """
    seen = np.where(cavity_square > 0, wall_square, np.nan)
    usual = np.ones(wall_square.shape[1])
    for time in np.flatnonzero(np.isfinite(seen).any(axis=(0, 2))):
        usual[time] = np.nanmedian(seen[:, time])
    return np.clip(wall_square / (THIN * usual[:, None] + 1e-9), 0, 1).mean(axis=-1)


def find_ends(present: np.ndarray, cavity_q: np.ndarray, grid: Grid, towards_apex: int) -> Ends:
    """Base from the evidence, apex from the fitted surface.

    Parameters
    ----------
    present : array, (n_slices, n_times)
        Degree, 0 to 1, to which a slice shows the ventricle.
    cavity_q : array, (n_levels, n_angles, n_times)
        Fitted squared radii.
    """
    ordered = present if towards_apex > 0 else present[::-1]
    base = np.array([_base(column) for column in ordered.T])
    apex = np.array(
        [
            _apex(profile if towards_apex > 0 else profile[::-1], grid, start)
            for profile, start in zip(cavity_q.mean(axis=1).T, base, strict=True)
        ]
    )
    base, apex = _smooth(base), _smooth(apex)
    if towards_apex < 0:
        base, apex = grid.n_slices - 1 - base, grid.n_slices - 1 - apex
    return Ends(base, apex, towards_apex, 0.25)


def based_beside(right: Ends, left: Ends) -> Ends:
    """The right ventricle's ends, its base at most `BESIDE` slices from the left one's.

    Both hang on one fibrous plane, give or take a centimetre; atrium and vessels beyond it look
    like the right ventricle far more than like the left one. Where long-axis views told the left
    one's base, the right one is at most `BESIDE_OF_VIEWS` away.

    Examples
    --------
    >>> left, right = (Ends(np.array([b]), np.array([8.0]), 1, 0.2) for b in (1.0, -0.5))
    >>> based_beside(right, left).base.tolist()
    [0.25]
    """
    reach = BESIDE_OF_VIEWS if left.base_spread <= BASE_OF_VIEWS else BESIDE
    return replace(right, base=np.clip(right.base, left.base - reach, left.base + reach))


def _base(present: np.ndarray) -> float:
    """Position where presence crosses one half between a slice and the next more basal one."""
    strong = np.flatnonzero(present >= 0.5)
    if not len(strong):
        strong = np.array([int(np.argmax(present))])
    first = _start_of_longest_run(strong)
    inside = min(present[first], 1.0)
    outside = present[first - 1] if first > 0 else 0.0
    # Presence is an area fraction of a thick slice: full to empty means the base lies between.
    share = (inside - 0.5) / max(inside - outside, 1e-6)
    return first - float(np.clip(share, 0.0, 1.0))


def _start_of_longest_run(indices: np.ndarray) -> int:
    runs = np.split(indices, np.flatnonzero(np.diff(indices) > 2) + 1)
    return int(max(runs, key=len)[0])


def _apex(profile: np.ndarray, grid: Grid, base: float) -> float:
    """Slice position beyond the base where the mean squared radius reaches zero."""
    positions = grid.slice_positions
    small = 0.01 * profile.max()
    beyond = np.flatnonzero((positions > base + 0.5) & (profile <= small))
    if not len(beyond):
        return float(positions[-1])
    k = int(beyond[0])
    if k == 0:
        return float(positions[0])
    drop = profile[k - 1] - profile[k]
    share = (profile[k - 1] - small) / drop if drop > 0 else 0.0
    return float(positions[k - 1] + share * (positions[k] - positions[k - 1]))


def _smooth(values: np.ndarray) -> np.ndarray:
    """Cyclic smoothing over some tenth of the beat; two phases are left alone."""
    if len(values) < 8:
        return values
    middle = ndimage.median_filter(values, size=3, mode="wrap")
    return ndimage.gaussian_filter1d(middle, len(values) / 16, mode="wrap")
