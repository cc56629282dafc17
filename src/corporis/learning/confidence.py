"""How far an observation is to be believed, learned from observations whose errors were known."""

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.utils.validation import check_is_fitted, validate_data


class ObservationConfidence(BaseEstimator):
    """Probability that an observation is right, from what its detector measured of it.

    Boosted trees tell observations with errors within `tolerance` from grossly wrong ones, by
    features such as the strength of a tag, the height of a peak of correlation, or the agreement
    of two filters. What they say is the confidence of `corporis.deformables.Sightings`.

    Parameters
    ----------
    tolerance : float
        > 0, in the errors' unit: an observation is right up to it.
    least : float
        In (0, 1): no observation is believed less, so that none is lost for certain.
    n_trees : int
        >= 1.
    random_state : int or None

    Attributes
    ----------
    share_right_ : float
        Of the observations learned from.

    References
    ----------
    Friedman (2001), Ann. Stat. 29, 1189-1232, doi:10.1214/aos/1013203451
    """

    def __init__(self, tolerance=1.0, least=0.02, n_trees=60, random_state=None):
        self.tolerance = tolerance
        self.least = least
        self.n_trees = n_trees
        self.random_state = random_state

    def fit(self, X, y):
        """Learn from features `X` (n, n_features) and sizes of error `y` (n,).

        Raises
        ------
        ValueError
            If a parameter is out of range, or an error is negative.
        """
        if not self.tolerance > 0 or not 0 < self.least < 1 or not self.n_trees >= 1:
            raise ValueError(
                "tolerance must be > 0, least in (0, 1) and n_trees >= 1, got "
                f"{self.tolerance}, {self.least} and {self.n_trees}"
            )
        X, y = validate_data(self, X, y, dtype=np.float64, y_numeric=True)
        if y.min() < 0:
            raise ValueError(f"sizes of error must be >= 0, got {y.min():g}")
        is_right = y <= self.tolerance
        self.share_right_ = float(is_right.mean())
        self._trees = None
        if 0 < self.share_right_ < 1:
            self._trees = HistGradientBoostingClassifier(
                max_iter=self.n_trees,
                learning_rate=0.1,
                max_leaf_nodes=8,
                min_samples_leaf=min(20, max(1, len(y) // 10)),
                early_stopping=False,
                random_state=self.random_state,
            ).fit(X, is_right)
        return self

    def predict(self, X) -> np.ndarray:
        """Confidences of observations with features `X`, (n,), `least` to 1."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        if self._trees is None:  # all were right, or none was
            return np.full(len(X), max(self.share_right_, self.least))
        return np.maximum(self._trees.predict_proba(X)[:, 1], self.least)
