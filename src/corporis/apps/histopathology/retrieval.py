"""Regions alike: every view asks for the cases nearest to it, and these vote on the diagnosis."""

from dataclasses import dataclass

import numpy as np

from corporis.learning import PosteriorHashing, pack
from corporis.learning.hamming import distances

CLIP = 4.0
"""Standard deviations beyond which a feature says no more."""
AT_A_TIME = 2_000_000
"""Code distances held at once: 8 MB."""


@dataclass(frozen=True)
class ViewHashing:
    """Features of views as codes: standardised, cut off, hashed.

    Parameters
    ----------
    mean, deviation : ndarray, (n_features,)
    hashing : PosteriorHashing
        Fitted to standardised features.
    """

    mean: np.ndarray
    deviation: np.ndarray
    hashing: PosteriorHashing

    @classmethod
    def fit(cls, bags, labels, *, groups=None, n_bits=64, seed=0) -> "ViewHashing":
        """Learn from bags of views and the diagnosis of each bag.

        Parameters
        ----------
        bags : sequence of array, (n_views, n_features)
        labels : sequence, one a bag
            At least two kinds.
        groups : sequence of str, one a feature, optional
            Where there is more than one, how much each counts is learned.

        Raises
        ------
        ValueError
            If there is one diagnosis only.
        """
        views = np.concatenate(bags).astype(float)
        deviation = views.std(axis=0)
        mean, deviation = views.mean(axis=0), np.where(deviation > 1e-6, deviation, 1.0)
        of_view = np.repeat(np.asarray(labels), [len(bag) for bag in bags])
        several = list(groups) if groups is not None and len(set(groups)) > 1 else None
        hashing = PosteriorHashing(
            n_bits, width=1.0, fit_strength=0.02, groups=several, random_state=seed
        )
        return cls(mean, deviation, hashing.fit(_standard(views, mean, deviation), of_view))

    def standardised(self, views) -> np.ndarray:
        """Features in standard deviations, at most `CLIP`, (n_views, n_features)."""
        return _standard(np.asarray(views, float), self.mean, self.deviation)

    def __call__(self, views) -> np.ndarray:
        """Packed codes (n_views, n_words) uint64."""
        return pack(self.hashing.transform(self.standardised(views)))


def _standard(views, mean, deviation):
    return np.clip((views - mean) / deviation, -CLIP, CLIP)


def nearest_in_case(query, codes, starts) -> np.ndarray:
    """Bits between every view asked about and the nearest view of every case.

    Parameters
    ----------
    query : uint64 array, (n_query, n_words)
    codes : uint64 array, (n_codes, n_words)
        Of all cases, one after the other.
    starts : int array, (n_cases,)
        Where each case's codes begin; rising, so that every case has a view.

    Returns
    -------
    int32 array, (n_query, n_cases)

    Examples
    --------
    >>> one, other = np.array([[0]], np.uint64), np.array([[1], [3], [7]], np.uint64)
    >>> nearest_in_case(one, other, np.array([0, 2])).tolist()
    [[1, 3]]
    """
    step = max(1, AT_A_TIME // max(len(codes), 1))
    parts = [
        np.minimum.reduceat(distances(query[a : a + step], codes), starts, axis=1)
        for a in range(0, len(query), step)
    ]
    return np.concatenate(parts)


@dataclass(frozen=True)
class CaseVote:
    """Shares of the votes from the distances of views to cases.

    Every view asks its `n_neighbours` nearest cases; the region's share is the mean over views.
    A diagnosis counts the same however many cases it has in the index.

    Parameters
    ----------
    n_neighbours : int
        >= 1; no more are asked than the rarest diagnosis has cases.

    Raises
    ------
    ValueError
        If `n_neighbours` < 1.
    """

    n_neighbours: int = 9

    def __post_init__(self):
        if self.n_neighbours < 1:
            raise ValueError(f"n_neighbours must be >= 1, got {self.n_neighbours}")

    def __call__(self, apart, labels, classes) -> np.ndarray:
        """Shares (n_classes,), summing to 1.

        Parameters
        ----------
        apart : int array, (n_views, n_cases)
            As `nearest_in_case` gives it, of the cases that may vote.
        labels : array, (n_cases,)
        classes : sequence
            All diagnoses, in the order of the result.
        """
        place = np.searchsorted(classes, labels)
        count = np.bincount(place, minlength=len(classes))
        weight = 1 / np.maximum(count, 1)[place]
        # no more than the rarest diagnosis has cases: each could fill a neighbourhood
        k = min(self.n_neighbours, int(count[count > 0].min()))
        # of cases equally near all count, in the share that is left: their order plays no part
        edge = np.sort(apart, axis=1)[:, k - 1 : k]
        nearer, tied = apart < edge, apart == edge
        left = k - nearer.sum(axis=1, keepdims=True)
        votes = (nearer + tied * left / tied.sum(axis=1, keepdims=True)) * weight
        shares = np.stack([votes[:, place == c].sum(axis=1) for c in range(len(classes))], axis=1)
        shares /= shares.sum(axis=1, keepdims=True)
        return shares.mean(axis=0)
