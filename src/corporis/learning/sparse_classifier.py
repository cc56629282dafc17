"""Sparse logistic regression: few measures, whole groups of them, and a certificate."""

from dataclasses import dataclass

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from corporis.functionals import Leading, LogisticLoss, SparseGroup
from corporis.solvers import LogisticGap, fista, refine_intercept, run


class SparseLogistic(ClassifierMixin, BaseEstimator):
    r"""Logistic regression with L1 and group penalties, solved to a duality gap.

    Minimises, over the weights ``W`` of standardised features and free intercepts ``b``,
    ``sum_i s_i loss(y_i, W^T x_i + b) + l1 ||W||_1 + group sum_g sqrt(|g|) ||W_g||_2``
    with sample weights ``s`` of sum 1. Two classes have one weight a feature, more classes have
    one a class, and a group holds its features' weights for all classes.

    Parameters
    ----------
    l1, group : float
        Strengths, >= 0, not both 0. Larger keeps fewer measures; see `strongest`.
    groups : int array, (n_features,), or None
        Group of every feature (all measures of one heart segment), 0 to n_groups - 1; None
        makes every feature its own group.
    class_weight : {None, "balanced"}
        "balanced" gives every class the same total weight, whatever its size.
    max_iter : int
        Iterations at most, >= 1.
    tolerance : float
        Accepted duality gap, relative to the loss of the best constant prediction.

    Attributes
    ----------
    classes_ : array, (n_classes,)
    coef_ : array, (1 or n_classes, n_features)
        Weights for features in their own units.
    intercept_ : array, (1 or n_classes,)
    standardised_coef_ : array, like `coef_`
        Weights for standardised features: these are comparable with each other.
    mean_, scale_ : array, (n_features,)
        Training statistics; a constant feature has scale 1 and gets weight 0.
    objective_, gap_ : float
        The objective and by how much, at most, it is above the minimum.
    n_iter_ : int
    has_converged_ : bool
        Whether the gap reached the tolerance; if not, raise `max_iter`.

    References
    ----------
    Simon et al. (2013), J. Comput. Graph. Stat. 22, 231-245,
    doi:10.1080/10618600.2012.681250

    Examples
    --------
    >>> import numpy as np
    >>> from corporis.learning import SparseLogistic
    >>> X = np.array([[-2.0, 1.0], [-1.0, -1.0], [1.0, 1.0], [2.0, -1.0]])
    >>> model = SparseLogistic(l1=0.1).fit(X, ["ill", "ill", "well", "well"])
    >>> model.predict(X).tolist(), model.has_converged_
    (['ill', 'ill', 'well', 'well'], True)
    >>> float(model.coef_[0, 1])    # the second feature says nothing and gets no weight
    0.0
    """

    def __init__(
        self, l1=0.1, group=0.0, groups=None, class_weight=None, max_iter=2000, tolerance=1e-6
    ):
        self.l1 = l1
        self.group = group
        self.groups = groups
        self.class_weight = class_weight
        self.max_iter = max_iter
        self.tolerance = tolerance

    def fit(self, X, y):
        """Learn from features `X`, (n_samples, n_features), and labels `y`, (n_samples,).

        Raises
        ------
        ValueError
            If a parameter is out of range, a value is not finite, or there is only one class.
        """
        loss = self._loss(X, y)
        result = self._solve(loss, self._penalty(1.0), _null_model(loss))
        self._learn(loss, result)
        return self

    def strongest(self, X, y) -> float:
        """Smallest factor on `l1` and `group` for which all weights are zero."""
        loss = self._loss(X, y)
        return self._penalty(1.0).polar(loss.gradient(_null_model(loss))[:-1])

    def path(self, X, y, n_strengths=30, smallest=0.01) -> "RegularisationPath":
        """Weights from the strongest penalty downwards, each started from the one before.

        Parameters
        ----------
        X, y : arrays
            As in `fit`.
        n_strengths : int
            Number of strengths, >= 2, evenly spaced in logarithm.
        smallest : float
            Last strength relative to the first, in (0, 1).
        """
        if n_strengths < 2 or not 0 < smallest < 1:
            raise ValueError(
                f"n_strengths >= 2 and smallest in (0, 1) needed, got {n_strengths}, {smallest}"
            )
        loss = self._loss(X, y)
        x = _null_model(loss)
        top = self._penalty(1.0).polar(loss.gradient(x)[:-1])
        # A hair above the exact value, so that rounding does not wake a weight at the start.
        factors = top * (1 + 1e-9) * np.geomspace(1, smallest, n_strengths)
        solutions, gaps = [], []
        for factor in factors:
            result = self._solve(loss, self._penalty(factor), x)
            x = refine_intercept(loss, result.x)
            solutions.append(x)
            gaps.append(result.gap)
        columns = np.stack([s.reshape(s.shape[0], -1).T for s in solutions])
        return RegularisationPath(factors, columns[..., :-1], columns[..., -1], np.array(gaps))

    def decision_function(self, X):
        """Log-odds of the second class, (n_samples,), or scores, (n_samples, n_classes)."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=float, reset=False)
        scores = (X - self.mean_) / self.scale_ @ self.standardised_coef_.T + self._offset
        return scores[:, 0] if len(self.classes_) == 2 else scores

    def predict_proba(self, X):
        """Class probabilities, (n_samples, n_classes), columns as in `classes_`."""
        scores = self.decision_function(X)
        if scores.ndim == 1:
            scores = np.stack([np.zeros_like(scores), scores], axis=1)
        likelihood = np.exp(scores - scores.max(axis=1, keepdims=True))
        return likelihood / likelihood.sum(axis=1, keepdims=True)

    def predict(self, X):
        """The most probable class of every sample, (n_samples,)."""
        return self.classes_[np.argmax(self.predict_proba(X), axis=1)]

    def _loss(self, X, y) -> LogisticLoss:
        self._check_parameters()
        X, y = validate_data(self, X, y, dtype=float)
        self.classes_, labels = np.unique(y, return_inverse=True)
        counts = np.bincount(labels)
        if counts.size < 2:
            raise ValueError(f"labels must hold at least two classes, got {self.classes_.tolist()}")
        if self.groups is not None and np.shape(self.groups) != (X.shape[1],):
            raise ValueError(f"groups must name {X.shape[1]} features, got {np.shape(self.groups)}")
        self.mean_, spread = X.mean(axis=0), X.std(axis=0)
        # A spread at rounding level is that of a constant; dividing by it would invent a feature.
        is_constant = spread <= 1e-12 * (np.abs(self.mean_) + 1)
        self.scale_ = np.where(is_constant, 1.0, spread)
        features = np.where(is_constant, 0.0, (X - self.mean_) / self.scale_)
        weights = np.full(len(X), 1 / len(X))
        if self.class_weight == "balanced":
            weights = 1 / (counts.size * counts[labels])
        return LogisticLoss(features, labels, counts.size, weights, has_intercept=True)

    def _check_parameters(self):
        for name in ("l1", "group"):
            if not 0 <= getattr(self, name) < np.inf:
                raise ValueError(f"{name} must be finite and >= 0, got {getattr(self, name)}")
        if self.l1 + self.group == 0:
            raise ValueError("l1 + group must be > 0: without a penalty there is no certificate")
        if self.class_weight not in (None, "balanced"):
            raise ValueError(f"class_weight must be None or 'balanced', got {self.class_weight!r}")

    def _penalty(self, factor) -> SparseGroup:
        groups = np.arange(self.n_features_in_) if self.groups is None else np.asarray(self.groups)
        return SparseGroup(factor * self.l1, factor * self.group, groups)

    def _solve(self, loss, penalty, start):
        everything = Leading(penalty, loss.features.shape[1])
        # The best constant prediction sets the scale of the objective.
        scale = loss(_null_model(loss))
        return run(
            fista(loss, everything, start),
            at_most=self.max_iter,
            tolerance=self.tolerance * scale,
            certificate=LogisticGap(loss, penalty),
        )

    def _learn(self, loss, result):
        x = refine_intercept(loss, result.x)
        columns = x.reshape(x.shape[0], -1).T
        self.standardised_coef_, self._offset = columns[:, :-1], columns[:, -1]
        self.coef_ = self.standardised_coef_ / self.scale_
        self.intercept_ = self._offset - self.coef_ @ self.mean_
        self.objective_ = loss(x) + self._penalty(1.0)(x[:-1])
        self.gap_, self.n_iter_ = result.gap, result.count
        self.has_converged_ = result.reason == "tolerance"


@dataclass(frozen=True, eq=False)
class RegularisationPath:
    """Weights of standardised features along falling strengths.

    Parameters
    ----------
    strengths : array, (n_strengths,)
        Factors on `l1` and `group`, falling.
    coefficients : array, (n_strengths, 1 or n_classes, n_features)
    intercepts : array, (n_strengths, 1 or n_classes)
    gaps : array, (n_strengths,)
        Duality gap of each solution.
    """

    strengths: np.ndarray
    coefficients: np.ndarray
    intercepts: np.ndarray
    gaps: np.ndarray

    @property
    def is_active(self) -> np.ndarray:
        """Which features have a weight that is not zero, (n_strengths, n_features)."""
        return np.any(self.coefficients != 0, axis=1)


@dataclass(frozen=True, eq=False)
class Stability:
    """How often each feature and group was chosen over half-subsamples.

    Parameters
    ----------
    features : array, (n_features,)
        Selection frequency in [0, 1].
    groups : array, (n_groups,)
        Frequency with which at least one feature of the group was selected.
    mean_selected : float
        Mean number of groups selected in a subsample.
    """

    features: np.ndarray
    groups: np.ndarray
    mean_selected: float

    def false_selection_bound(self, threshold: float) -> float:
        """Bound ``q^2 / ((2 threshold - 1) p)`` on the expected number of false groups.

        It assumes exchangeable noise groups, which neighbouring heart segments violate:
        permuted labels are the honest control.

        Raises
        ------
        ValueError
            If the threshold is not in (0.5, 1].
        """
        if not 0.5 < threshold <= 1:
            raise ValueError(f"threshold must be in (0.5, 1], got {threshold}")
        return self.mean_selected**2 / ((2 * threshold - 1) * self.groups.size)


def stability_selection(model: SparseLogistic, X, y, *, n_subsamples=100, seed=0) -> Stability:
    """Refit `model` on random halves of every class and count what it keeps.

    Parameters
    ----------
    model : SparseLogistic
        Its parameters; it is cloned, not fitted.
    X, y : arrays
        Features, (n_samples, n_features), and labels, (n_samples,); two samples a class or more.
    n_subsamples : int
        >= 1.
    seed : int

    Returns
    -------
    Stability

    Raises
    ------
    ValueError
        If ``n_subsamples < 1`` or a class has fewer than two samples.

    References
    ----------
    Meinshausen & Buehlmann (2010), J. R. Stat. Soc. B 72, 417-473,
    doi:10.1111/j.1467-9868.2010.00740.x
    """
    from sklearn.base import clone

    X, y = np.asarray(X, dtype=float), np.asarray(y)
    classes, counts = np.unique(y, return_counts=True)
    if n_subsamples < 1 or counts.min() < 2:
        raise ValueError(
            f"n_subsamples >= 1 and two samples a class needed, got {n_subsamples} and "
            f"{counts.min()}"
        )
    groups = np.arange(X.shape[1]) if model.groups is None else np.asarray(model.groups)
    members = np.arange(groups.max() + 1)[:, None] == groups
    rng = np.random.default_rng(seed)
    chosen = np.zeros(X.shape[1])
    chosen_groups = np.zeros(len(members))
    for _ in range(n_subsamples):
        half = np.concatenate([_half(np.flatnonzero(y == c), rng) for c in classes])
        is_active = np.any(clone(model).fit(X[half], y[half]).coef_ != 0, axis=0)
        chosen += is_active
        chosen_groups += members @ is_active
    return Stability(
        chosen / n_subsamples,
        chosen_groups / n_subsamples,
        float(chosen_groups.sum() / n_subsamples),
    )


def _half(samples, rng):
    return rng.choice(samples, size=len(samples) // 2, replace=False)


def _null_model(loss) -> np.ndarray:
    """No weights, and the intercept that gives every class its share."""
    return refine_intercept(loss, np.zeros(loss.shape))
