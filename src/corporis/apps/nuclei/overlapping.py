"""Two nuclei that lie over each other and were found as one: told by shape, votes and darkness."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from corporis.shapes import jaccard
from corporis.shapes.ellipse import moments_ellipse, two_ellipses

MARGIN = 3
"""Pixels around a nucleus that are looked at."""
FEWEST = 4
"""Pixels from which a mean is taken."""
FAINTEST = 0.05
"""Optical density of a nucleus over its ground below which darkness says nothing."""


@dataclass(frozen=True, slots=True)
class OverlapSplitting:
    """Parts a nucleus where two ellipses explain it, and votes and light say that there are two.

    Light goes through both nuclei: where they overlap it is darker than in either. A nucleus is
    parted if its outline is the union of two ellipses and either their own parts vote for centres
    apart, or do so less clearly and the lens they share is darker than both. The lens goes to the
    smaller one.

    Made for smears and thick sections. In thin sections most nuclei of such a shape are one, and
    it does more harm than good.

    Parameters
    ----------
    least_spread : float
        By how much the mean votes of the two parts lie apart, relative to the parts themselves,
        where shape alone speaks beside them.
    least_spread_dark, least_darkness : float
        The same where the lens is darker, by how much relative to the darker part over the ground.
    roundest : float
        IoU with one ellipse above which a nucleus is not looked at.

    Examples
    --------
    >>> OverlapSplitting().least_spread
    0.3
    """

    least_spread: float = 0.3
    least_spread_dark: float = 0.2
    least_darkness: float = 0.15
    roundest: float = 0.95

    def __call__(self, maps, labels) -> np.ndarray:
        """Labels (H, W) int32 from `NucleusMaps` and labels 1..n; new nuclei are n + 1 and so on.

        Where the maps hold no density, shape and votes decide.
        """
        result = np.array(labels, np.int32)
        count = int(result.max(initial=0))
        for number, box in enumerate(ndimage.find_objects(labels), 1):
            if box is None:
                continue
            second = self._second(maps, labels[box] == number, box)
            if second is not None:
                count += 1
                result[box][second] = count
        return result

    def _second(self, maps, mask, box):
        """Pixels of the second nucleus within the box; None where there is one nucleus only."""
        padded = np.pad(mask, MARGIN)
        grid = np.moveaxis(np.indices(padded.shape), 0, -1)
        alone = jaccard(padded, moments_ellipse(padded).level(grid) <= 1)
        found = two_ellipses(padded) if alone <= self.roundest else None
        if found is None:
            return None
        quality, pair = found
        levels = [ellipse.level(grid) for ellipse in pair]
        one, other = (level <= 1 for level in levels)
        areas = np.count_nonzero(one), np.count_nonzero(other)
        lens, own = padded & one & other, (padded & one & ~other, padded & other & ~one)
        least = min(map(np.count_nonzero, own)) / np.count_nonzero(padded)
        if min(areas) <= 0.2 * max(areas) or least <= 0.1:
            return None
        spread = _spread(maps.offset, own, [s.start - MARGIN for s in box])
        gain, size_ratio = quality - alone, min(areas) / max(areas)
        by_shape = (
            spread > self.least_spread and quality > 0.93 and gain > 0.03
            and least > 0.15 and size_ratio > 0.25
        )  # fmt: skip
        by_light = (
            maps.density is not None
            and spread > self.least_spread_dark and quality > 0.92 and gain > 0.01
            and np.count_nonzero(lens) > 0.05 * min(areas)
            and _darkness(maps.density[box], lens, own) > self.least_darkness
        )  # fmt: skip
        if not by_shape and not by_light:
            return None
        first_has = np.where(lens, areas[0] < areas[1], levels[0] < levels[1])
        second = mask & ~first_has[MARGIN:-MARGIN, MARGIN:-MARGIN]
        return second if FEWEST < np.count_nonzero(second) < np.count_nonzero(mask) else None


def _spread(offset, own, corner):
    """How far apart the mean votes of two parts lie along the way between the parts, relative."""
    votes, middles = [], []
    for part in own:
        places = np.argwhere(part) + corner
        inside = ((places >= 0) & (places < offset.shape[1:])).all(axis=1)
        places = places[inside]
        if len(places) <= FEWEST:
            return 0.0
        middles.append(places.mean(axis=0))
        votes.append((places + offset[:, places[:, 0], places[:, 1]].T).mean(axis=0))
    way = middles[1] - middles[0]
    return float((votes[1] - votes[0]) @ way / max(way @ way, 1e-9))


def _darkness(density, lens, own):
    """Density of the lens over the darker part's, relative to that over the ground around."""
    seen = np.pad(density, MARGIN, mode="edge")
    whole = lens | own[0] | own[1]
    core = ndimage.binary_erosion(whole)
    parts = [seen[part & core] for part in (lens, *own)]
    if min(map(len, parts)) < FEWEST:
        return 0.0
    ring = ndimage.binary_dilation(whole, iterations=MARGIN) & ~whole
    ground = float(np.quantile(seen[ring], 0.25)) if ring.any() else 0.0
    dark = max(float(part.mean()) for part in parts[1:])
    return (float(parts[0].mean()) - dark) / max(dark - ground, FAINTEST)
