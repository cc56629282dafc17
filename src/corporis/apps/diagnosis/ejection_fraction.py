"""The honest rival: a rule that looks at the ejection fraction and nothing else."""

from itertools import combinations, permutations

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from corporis.apps.diagnosis.vocabulary import EJECTION_FRACTION, MODEL_FEATURES


class EjectionFractionRule(ClassifierMixin, BaseEstimator):
    """Cuts the ejection fraction into as many intervals as there are groups, one for each.

    Cuts and the order of the groups give the best mean recall of the groups in training; among
    equals, the cuts with the most room around them.

    Parameters
    ----------
    names : sequence of str
        Columns of the features, among them `feature`.
    feature : str

    Attributes
    ----------
    classes_ : array, (n_groups,)
    cuts_ : array, (n_groups - 1,)
        Rising, in the unit of the feature.
    order_ : int array, (n_groups,)
        Group of each interval, from low to high.

    Examples
    --------
    >>> rule = EjectionFractionRule(["ejection_fraction_percent"])
    >>> rule = rule.fit([[20.0], [30.0], [60.0], [70.0]], ["ill", "ill", "well", "well"])
    >>> rule.cuts_.tolist(), rule.predict([[44.0], [46.0]]).tolist()
    ([45.0], ['ill', 'well'])
    """

    def __init__(self, names=MODEL_FEATURES, feature=EJECTION_FRACTION):
        self.names = names
        self.feature = feature

    def fit(self, X, y):
        """Learn from features (n, n_names) and groups (n,), leaving out hearts without the measure.

        Raises
        ------
        ValueError
            If fewer hearts than groups, or fewer than two groups, have the measure.
        """
        values, y = self.values(X), np.asarray(y)
        seen = np.isfinite(values)
        self.classes_, labels = np.unique(y[seen], return_inverse=True)
        n_groups = len(self.classes_)
        steps = np.unique(values[seen])
        if n_groups < 2 or len(steps) < n_groups:
            raise ValueError(
                f"at least two groups and as many different values of {self.feature} needed, got "
                f"{n_groups} and {len(steps)}"
            )
        self._cut(values[seen], labels, steps)
        self._count(values[seen], labels)
        return self

    def values(self, X) -> np.ndarray:
        """The measure itself, (n,)."""
        return np.asarray(X, dtype=float)[:, list(self.names).index(self.feature)]

    def predict_proba(self, X) -> np.ndarray:
        """Share of each group in the interval, groups weighing alike; even without the measure."""
        check_is_fitted(self)
        values = self.values(X)
        found = self._shares[np.searchsorted(self.cuts_, values)]
        return np.where(np.isfinite(values)[:, None], found, 1 / len(self.classes_))

    def predict(self, X) -> np.ndarray:
        """The group of the interval, (n,); without the measure the group met most in training."""
        check_is_fitted(self)
        values = self.values(X)
        found = self.order_[np.searchsorted(self.cuts_, values)]
        return self.classes_[np.where(np.isfinite(values), found, self._usual)]

    def _cut(self, values, labels, steps):
        n_groups = len(self.classes_)
        middles, room = (steps[1:] + steps[:-1]) / 2, np.diff(steps)
        below = np.array(
            [[np.mean(values[labels == k] < m) for m in middles] for k in range(n_groups)]
        )
        nothing, everything = np.zeros((n_groups, 1)), np.ones((n_groups, 1))
        best = (-1.0, -1.0)
        for cuts in map(list, combinations(range(len(middles)), n_groups - 1)):
            shares = np.diff(np.concatenate([nothing, below[:, cuts], everything], axis=1), axis=1)
            for order in map(list, permutations(range(n_groups))):
                recall = float(shares[order, range(n_groups)].mean())
                # rounded, so that equal recalls are equal whatever the order of summation
                quality = (round(recall, 12), float(room[cuts].min()))
                if quality > best:
                    best, self.cuts_, self.order_ = quality, middles[cuts], np.array(order)

    def _count(self, values, labels):
        intervals = np.searchsorted(self.cuts_, values)
        n_groups = len(self.classes_)
        # one heart of each group is added to each interval, so that nothing is impossible
        counts = np.ones((n_groups, n_groups))
        np.add.at(counts, (intervals, labels), 1)
        shares = counts / counts.sum(axis=0)
        self._shares = shares / shares.sum(axis=1, keepdims=True)
        self._usual = int(np.argmax(np.bincount(labels)))
