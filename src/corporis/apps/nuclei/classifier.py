"""Types of nuclei from their measurements: a margin between classes, chosen between patients."""

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics import f1_score
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.utils.validation import check_is_fitted, validate_data

GRID = tuple((c, gamma) for c in (1.0, 5.0) for gamma in (0.3, 1.0))


class NucleusClassifier(ClassifierMixin, BaseEstimator):
    """Support vectors with a Gaussian kernel on standardised features, classes weighted alike.

    Parameters
    ----------
    grid : sequence of (float, float)
        Candidates for the price of an error and for the kernel's width, the latter relative to
        ``1 / n_features``. With one candidate, or without groups, the first is taken.
    n_folds : int
        Folds of whole groups between which candidates are compared, by macro-averaged F1; >= 2.

    Attributes
    ----------
    chosen_ : (float, float)
    classes_ : array

    Examples
    --------
    >>> X = np.array([[0.0], [0.1], [0.9], [1.0]])
    >>> NucleusClassifier().fit(X, ["small", "small", "large", "large"]).predict([[0.2]]).tolist()
    ['small']
    """

    def __init__(self, grid=GRID, n_folds=3):
        self.grid = grid
        self.n_folds = n_folds

    def fit(self, X, y, groups=None):
        """Learn from features (n, d) and types (n,); `groups` (n,) name the patient of each.

        Raises
        ------
        ValueError
            If there is one type only, no candidate, or `n_folds` < 2.
        """
        X, y = validate_data(self, X, y)
        if not len(self.grid) or self.n_folds < 2:
            raise ValueError(
                f"expected candidates and n_folds >= 2, got {len(self.grid)} and {self.n_folds}"
            )
        self.classes_ = np.unique(y)
        if len(self.classes_) < 2:
            raise ValueError(f"expected at least two types, got only {self.classes_.tolist()}")
        self.chosen_ = self._chosen(X, y, groups)
        self._machine = _model(self.chosen_, X.shape[1]).fit(X, y)
        return self

    def predict(self, X):
        """Type of each nucleus, (n,)."""
        check_is_fitted(self)
        return self._machine.predict(validate_data(self, X, reset=False))

    def _chosen(self, X, y, groups):
        if groups is None or len(self.grid) == 1 or len(np.unique(groups)) < self.n_folds:
            return self.grid[0]
        quality = np.zeros(len(self.grid))
        for train, test in GroupKFold(self.n_folds).split(X, y, groups):
            if len(np.unique(y[train])) < 2:
                continue
            for number, candidate in enumerate(self.grid):
                found = _model(candidate, X.shape[1]).fit(X[train], y[train]).predict(X[test])
                quality[number] += f1_score(y[test], found, average="macro", zero_division=0)
        return self.grid[int(np.argmax(quality))]


def _model(candidate, n_features):
    price, width = candidate
    machine = SVC(C=price, gamma=width / n_features, class_weight="balanced")
    return make_pipeline(StandardScaler(), machine)
