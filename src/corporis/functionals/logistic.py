"""The misfit of class labels: logistic loss, binary and multinomial."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from corporis.arrays import matched, namespace
from corporis.interfaces import Array


@dataclass(frozen=True, eq=False)
class LogisticLoss:
    r"""Weighted negative log-likelihood, ``f(x) = sum_i s_i (log sum_k exp z_ik - z_i,label(i))``.

    The scores are ``z = features @ x``. Two classes have one column of scores, the log-odds of
    class 1 against class 0, and `x` is a vector; more classes have one column each.

    Parameters
    ----------
    features : array, (n_samples, n_features)
        Real, best standardised.
    labels : int array, (n_samples,)
        Class of every sample, 0 to n_classes - 1.
    n_classes : int
        >= 2.
    sample_weights : array, (n_samples,), or None
        ``s_i`` >= 0, not all zero; None gives each ``1 / n_samples``.
    has_intercept : bool
        Whether `x` has one more row, the intercept, after those of the features.

    Raises
    ------
    ValueError
        If the shapes disagree, a label is out of range, or a value is not finite.

    References
    ----------
    Boehning (1992), Ann. Inst. Stat. Math. 44, 197-200, doi:10.1007/BF00048682 (the bound 1/2
    on the multinomial curvature)

    Examples
    --------
    >>> import numpy as np
    >>> loss = LogisticLoss(np.array([[1.0], [-1.0]]), [1, 0])
    >>> round(loss(np.zeros(1)), 6), loss.gradient(np.zeros(1)).tolist()
    (0.693147, [-0.5])
    """

    features: Array
    labels: Array
    n_classes: int = 2
    sample_weights: Array | None = None
    has_intercept: bool = False

    def __post_init__(self):
        n_samples = len(self.features)
        labels = np.asarray(self.labels)
        weights = np.full(n_samples, 1.0) / n_samples
        if self.sample_weights is not None:
            weights = np.asarray(self.sample_weights, dtype=float)
        if len(self.features.shape) != 2 or labels.shape != (n_samples,):
            raise ValueError(
                f"features (n, p) and labels (n,) needed, got {tuple(self.features.shape)} and "
                f"{labels.shape}"
            )
        if self.n_classes < 2 or labels.min() < 0 or labels.max() >= self.n_classes:
            raise ValueError(f"labels must be 0 to n_classes - 1 = {self.n_classes - 1}")
        if weights.shape != (n_samples,) or not np.all((weights >= 0) & np.isfinite(weights)):
            raise ValueError(f"sample_weights must be {n_samples} finite numbers >= 0")
        if not np.all(np.isfinite(np.asarray(self.features))) or not weights.sum() > 0:
            raise ValueError("features must be finite and some sample weight > 0")
        object.__setattr__(self, "labels", labels.astype(np.int64))
        object.__setattr__(self, "sample_weights", weights)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of `x`: rows of features, then the intercept; columns for > 2 classes."""
        n_rows = self.features.shape[1] + int(self.has_intercept)
        return (n_rows,) if self.n_classes == 2 else (n_rows, self.n_classes)

    def __call__(self, x) -> float:
        xp, scores = namespace(x), self._all_scores(x)
        loss = -xp.sum(matched(self._indicator, x) * _log_softmax(scores), axis=1)
        return float(xp.sum(matched(self.sample_weights, x) * loss))

    def gradient(self, x):
        """``features^T (s (p - labels))`` with the class probabilities ``p``; shape of `x`."""
        slope = self._slope(x)
        if self.n_classes == 2:
            slope = slope[:, 1]
        return matched(self._design, x).T @ slope

    @cached_property
    def lipschitz(self) -> float:
        """``||sqrt(s) features||^2`` times 1/4 for two classes, 1/2 for more."""
        rows = self._design * np.sqrt(np.asarray(self.sample_weights))[:, None]
        curvature = 0.25 if self.n_classes == 2 else 0.5
        return curvature * float(np.linalg.norm(rows, 2)) ** 2

    def probabilities(self, x):
        """Class probabilities of the samples, (n_samples, n_classes)."""
        return namespace(x).exp(_log_softmax(self._all_scores(x)))

    def _slope(self, x):
        weights = matched(self.sample_weights, x)[:, None]
        return weights * (self.probabilities(x) - matched(self._indicator, x))

    def _all_scores(self, x):
        xp, scores = namespace(x), matched(self._design, x) @ x
        if self.n_classes > 2:
            return scores
        return xp.stack([xp.zeros_like(scores), scores], axis=1)

    @cached_property
    def _design(self):
        features = np.asarray(self.features, dtype=float)
        if not self.has_intercept:
            return features
        return np.concatenate([features, np.ones((len(features), 1))], axis=1)

    @cached_property
    def _indicator(self):
        return np.eye(self.n_classes)[self.labels]


def _log_softmax(scores):
    xp = namespace(scores)
    centred = scores - xp.max(scores, axis=1, keepdims=True)
    return centred - xp.log(xp.sum(xp.exp(centred), axis=1, keepdims=True))
