"""Diagnosis by the nearest codes: cases alike, and what they vote for."""

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils.validation import check_is_fitted

from corporis.learning.hamming import nearest_codes, pack


class HammingVote(ClassifierMixin, BaseEstimator):
    r"""Class of a sample by the vote of the nearest codes of a database.

    Each of the `n_neighbours` cases that are nearest in Hamming distance has one vote; with
    `is_weighted` a case counts by how much its code says about the class, ``1 - H / log C``, ``H``
    the entropy of the classes that share this code, with one further case of every class.
    Of equal votes the class of the nearest case wins.

    Parameters
    ----------
    hashing : estimator
        With ``transform`` to bits, as `KernelHashing`.
    n_neighbours : int
        >= 1; all cases where there are fewer.
    is_weighted : bool

    Attributes
    ----------
    hashing_ : estimator
    codes_ : uint64 array, (n_cases, n_words)
    labels_ : int array, (n_cases,)
        Places in `classes_`.
    classes_ : array, (n_classes,)

    References
    ----------
    Zhang, Su, Yang & Zhang (2015), Inf. Process. Med. Imaging, LNCS 9123, 147-159 (weights by
    class information)

    Examples
    --------
    >>> import numpy as np
    >>> from corporis.learning import HammingVote
    >>> from corporis.learning import KernelHashing
    >>> X = np.array([[0.0], [0.1], [5.0], [5.1]])
    >>> vote = HammingVote(KernelHashing(n_bits=8, random_state=0), n_neighbours=2)
    >>> vote.fit(X, ["benign", "benign", "malignant", "malignant"]).predict([[0.2]]).tolist()
    ['benign']
    """

    def __init__(self, hashing, n_neighbours=15, *, is_weighted=False):
        self.hashing = hashing
        self.n_neighbours = n_neighbours
        self.is_weighted = is_weighted

    def fit(self, X, y):
        """Learn the codes on these cases, and keep them as the database."""
        self.hashing_ = clone(self.hashing).fit(X, y)
        self.classes_, self.labels_ = np.unique(y, return_inverse=True)
        self.codes_ = pack(self.hashing_.transform(X))
        return self

    def partial_fit(self, X, y):
        """Add diagnosed cases to the database; how codes are made stays.

        Raises
        ------
        ValueError
            If a class was not there when the codes were learned.
        """
        check_is_fitted(self)
        unknown = sorted(set(np.asarray(y).tolist()) - set(self.classes_.tolist()))
        if unknown:
            raise ValueError(f"expected classes out of {self.classes_.tolist()}, got {unknown}")
        self.labels_ = np.concatenate([self.labels_, np.searchsorted(self.classes_, y)])
        self.codes_ = np.concatenate([self.codes_, pack(self.hashing_.transform(X))])
        return self

    def kneighbors(self, X, n_neighbours=None):
        """Distances in bits and places in the database, each (n, n_neighbours), nearest first."""
        check_is_fitted(self)
        count = min(n_neighbours or self.n_neighbours, len(self.codes_))
        return nearest_codes(pack(self.hashing_.transform(X)), self.codes_, count)

    def predict_proba(self, X):
        """Share of the votes, (n, n_classes)."""
        _, places = self.kneighbors(X)
        weight = self._weights()[places]
        votes = np.zeros((len(places), len(self.classes_)))
        rows = np.arange(len(places))
        for column in range(places.shape[1]):
            np.add.at(votes, (rows, self.labels_[places[:, column]]), weight[:, column])
        total = votes.sum(axis=1, keepdims=True)
        return np.where(total > 0, votes / np.where(total > 0, total, 1), 1 / len(self.classes_))

    def predict(self, X):
        """The class with most votes, of equals that of the nearest case."""
        votes = self.predict_proba(X)
        _, places = self.kneighbors(X)
        nearest = self.labels_[places]
        # ties are broken by the first neighbour of a class
        first = np.full(votes.shape, places.shape[1], float)
        for column in reversed(range(places.shape[1])):
            first[np.arange(len(places)), nearest[:, column]] = column
        best = votes >= votes.max(axis=1, keepdims=True) - 1e-12
        return self.classes_[np.argmin(np.where(best, first, np.inf), axis=1)]

    def _weights(self):
        """How much each case's code says about the class, (n_cases,)."""
        if not self.is_weighted:
            return np.ones(len(self.codes_))
        _, bucket = np.unique(self.codes_, axis=0, return_inverse=True)
        counts = np.ones((bucket.max() + 1, len(self.classes_)))
        np.add.at(counts, (bucket.reshape(-1), self.labels_), 1)
        share = counts / counts.sum(axis=1, keepdims=True)
        entropy = -np.sum(share * np.log(share), axis=1)
        return (1 - entropy / np.log(len(self.classes_)))[bucket.reshape(-1)]
