"""Nuclei told apart: every pixel votes for its centre, and goes with those that vote alike."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from skimage.segmentation import watershed

from corporis.apps.nuclei.overlapping import OverlapSplitting


@dataclass(frozen=True, slots=True)
class CentreVoting:
    """Labels from votes: each inside pixel votes at ``pixel + offset``, weighted by its chance.

    Votes are smoothed; each maximum that gathers enough is a nucleus, and a pixel belongs to the
    one in whose basin its vote fell. Each pixel has one owner, so that nuclei never overlap.

    Parameters
    ----------
    threshold : float
        Probability above which a pixel is inside, in (0, 1); below one half, since those who
        draw outlines draw them generously.
    spread_px : float
        Standard deviation of a vote, > 0.
    least_votes : float
        Height of a maximum: the smoothed density of votes, per pixel, >= 0.
    deepest_saddle : float
        Two maxima are one nucleus if the ridge between them reaches this share of the lower one,
        in [0, 1].
    least_area_px : int
        Smaller nuclei are dropped.
    overlaps : OverlapSplitting or None
        Parts nuclei that lie over each other, for smears and thick sections.
    """

    threshold: float = 0.4
    spread_px: float = 2.5
    least_votes: float = 1.0
    deepest_saddle: float = 0.6
    least_area_px: int = 30
    overlaps: OverlapSplitting | None = None

    def __post_init__(self):
        if not 0 < self.threshold < 1 or not self.spread_px > 0 or self.least_votes < 0:
            raise ValueError(
                "expected threshold in (0, 1), spread_px > 0 and least_votes >= 0, got "
                f"{self.threshold}, {self.spread_px} and {self.least_votes}"
            )
        if not 0 <= self.deepest_saddle <= 1:
            raise ValueError(f"deepest_saddle must be in [0, 1], got {self.deepest_saddle}")

    def __call__(self, maps) -> np.ndarray:
        """Label image (H, W) of int32, 1..N without gaps, from `NucleusMaps`."""
        shape = maps.inside.shape
        rows, columns = np.nonzero(maps.inside > self.threshold)
        if not len(rows):
            return np.zeros(shape, np.int32)
        offset = maps.offset[:, rows, columns]
        place = [
            np.clip(np.rint(start + step), 0, n - 1).astype(int)
            for start, step, n in zip((rows, columns), offset, shape)
        ]
        index = np.ravel_multi_index(place, shape)
        weight = maps.inside[rows, columns]
        votes = np.bincount(index, weight, shape[0] * shape[1]).reshape(shape)
        votes = ndimage.gaussian_filter(votes.astype(np.float32), self.spread_px)
        basins = self._basins(votes)
        labels = np.zeros(shape, np.int32)
        labels[rows, columns] = basins[tuple(place)]
        labels = tidy(labels, self.least_area_px)
        if self.overlaps is None:
            return labels
        return tidy(self.overlaps(maps, labels), self.least_area_px)

    def _basins(self, votes):
        is_peak = (votes == ndimage.maximum_filter(votes, 3)) & (votes >= self.least_votes)
        markers, _ = ndimage.label(is_peak, np.ones((3, 3)))
        basins = watershed(-votes, markers, mask=votes > 1e-4)
        return joined(votes, basins, self.deepest_saddle)


def joined(votes, basins, deepest_saddle) -> np.ndarray:
    """Basins whose ridge is hardly lower than the lower of their peaks, made one.

    Highest ridges first, as the persistence of peaks has it: a peak dies where it first meets a
    higher one, and counts if it stood out enough by then.

    Parameters
    ----------
    votes : array, (H, W)
    basins : int array, (H, W)
        1..n, each about one maximum.
    deepest_saddle : float
        Ridge over lower peak above which two are one, in [0, 1]; 1 joins none.
    """
    n = int(basins.max(initial=0))
    if n < 2:
        return basins
    peak = np.concatenate([[0], ndimage.maximum(votes, basins, np.arange(1, n + 1))])
    first, second, ridge = _ridges(votes, basins)
    owner = np.arange(n + 1)

    def root(k):
        while owner[k] != k:
            owner[k] = owner[owner[k]]
            k = owner[k]
        return k

    for k in np.argsort(-ridge):
        a, b = root(first[k]), root(second[k])
        low, high = (a, b) if peak[a] < peak[b] else (b, a)
        if a != b and ridge[k] > deepest_saddle * peak[low]:
            owner[low] = high
    return np.array([root(k) for k in range(n + 1)])[basins]


def _ridges(votes, basins):
    """Pairs of basins that touch, and the highest place where they do."""
    pairs, heights = [], []
    for one, other in ((np.s_[1:], np.s_[:-1]), (np.s_[:, 1:], np.s_[:, :-1])):
        a, b = basins[one], basins[other]
        touch = (a != b) & (a > 0) & (b > 0)
        pairs.append(np.stack([np.minimum(a[touch], b[touch]), np.maximum(a[touch], b[touch])]))
        heights.append(np.minimum(votes[one][touch], votes[other][touch]))
    pairs, heights = np.concatenate(pairs, axis=1), np.concatenate(heights)
    order = np.argsort(heights, kind="stable")
    code = pairs[0].astype(np.int64) * (int(basins.max()) + 1) + pairs[1]
    _, last = np.unique(code[order][::-1], return_index=True)  # the highest of each pair
    best = order[::-1][last]
    return pairs[0][best], pairs[1][best], heights[best]


def tidy(labels, least_area_px) -> np.ndarray:
    """Each label's largest piece, holes filled where nobody else lives; small ones dropped.

    Returns
    -------
    int32 array
        1..N without gaps, in the order of `labels`.
    """
    result = np.zeros(labels.shape, np.int32)
    n_kept = 0
    for number, box in enumerate(ndimage.find_objects(labels), 1):
        if box is None:
            continue
        mine = labels[box] == number
        pieces, n_pieces = ndimage.label(mine)
        if n_pieces > 1:
            mine = pieces == 1 + np.argmax(np.bincount(pieces.ravel())[1:])
        if np.count_nonzero(mine) < least_area_px:
            continue
        n_kept += 1
        result[box][mine | _own_holes(mine, labels[box])] = n_kept
    return result


def _own_holes(mine, labels):
    """Holes in which nobody lives."""
    pieces, n_pieces = ndimage.label(ndimage.binary_fill_holes(mine) & ~mine)
    if not n_pieces:
        return np.zeros_like(mine)
    is_empty = ndimage.maximum(labels, pieces, np.arange(n_pieces + 1)) == 0
    is_empty[0] = False
    return is_empty[pieces]
