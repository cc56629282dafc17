"""Hashing of class posteriors: bits whose distance is the angle between two diagnoses."""

import warnings

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from corporis.learning.hashing import anchors_of, check_parameters, classes_of, gaussian
from corporis.learning.joint_hashing import JointKernel, JointKernelHashing

N_NEAREST = 5
N_TRIAL_BITS, N_TRIAL_SAMPLES = 16, 1000
"""Of the joint-kernel hashing that weighs groups of features."""
EQUAL_SHARE = 0.5
"""Of the weight that is given to all groups alike: one that was made from the very samples, as by
a network that was trained on them, looks surer than it is."""


class PosteriorHashing(TransformerMixin, BaseEstimator):
    r"""Signs of random orthogonal projections of what a sample may be and what it looks like.

    ``z(x) = [g(x) (p(class | x)^power - mean), likeness * looks(x)]`` and
    ``bit_k(x) = [c_k . z(x) > 0]``, so that the share of bits in which two samples differ is, on
    the average over projections, the angle between their ``z`` divided by pi. The posterior ``p``
    is that of a logistic regression on the kernel's anchors and on the features themselves;
    ``power`` below 1 lets the less likely classes speak too, which is what tells classes apart
    that were never seen. ``looks`` are the leading principal components of the centred kernel,
    which no label has touched. ``g`` is 1 where training samples are, and falls to 0 away from
    them, where a posterior means nothing: what is like nothing known is like its own kind there.

    Parameters
    ----------
    n_bits : int
        >= 1.
    n_anchors : int
        Training samples that the kernel compares with, >= 1; all where there are fewer.
    width : float
        Of the Gaussian kernel ``exp(-d^2 / (2 width sigma))``, ``sigma`` the mean squared distance
        of samples and anchors; > 0.
    fit_strength : float
        Inverse of the ridge of the logistic regression, > 0.
    power : float
        In (0, 1].
    likeness : float
        Length of ``looks`` beside the posterior's, >= 0.
    n_looks : int
        Principal components, >= 1; all where there are fewer.
    is_balanced : bool
        Whether every class counts the same, however many samples it has.
    groups : sequence, (n_features,), optional
        A name or number for every feature. The kernel is then a sum of one of each group, whose
        weights `JointKernelHashing` learns; the features themselves are weighed alike.
    random_state : int, RandomState or None
        Draws anchors and projections.

    Attributes
    ----------
    classes_ : array, (n_classes,)
    anchors_, mean_, sigma_
        As in `KernelHashing`; of several groups the mean of their `sigmas_`.
    group_names_, kernel_weights_ : array, (n_groups,)
        Where there are groups; weights sum to 1.
    kernel_shares_ : array, (n_groups,)
        The same, of kernels whose deviations differ.
    groups_, sigmas_ : array, (n_features,) and (n_groups,)
        Where there are groups: places in `group_names_`, and squared widths.
    classifier_ : LogisticRegression
    usual_closeness_ : float
        Median over training samples of the mean of the largest kernel values, `N_NEAREST` of them.
    projections_ : array, (n_classes + n_looks, n_bits)
        Blocks of orthonormal columns.

    References
    ----------
    Charikar (2002), STOC, 380-388, doi:10.1145/509907.509965 (angles from signs); Ji, Li, Yan,
    Zhang & Tian (2012), NIPS 25 (orthogonal projections)

    Examples
    --------
    >>> import numpy as np
    >>> from corporis.learning import PosteriorHashing
    >>> X = np.array([[0.0], [0.1], [5.0], [5.1]])
    >>> hashing = PosteriorHashing(n_bits=16, random_state=0).fit(X, [0, 0, 1, 1])
    >>> bits = hashing.transform(X)
    >>> int(np.sum(bits[0] != bits[1])) < int(np.sum(bits[0] != bits[2]))
    True
    """

    def __init__(
        self,
        n_bits=48,
        *,
        n_anchors=300,
        width=0.3,
        fit_strength=3.0,
        power=0.5,
        likeness=0.3,
        n_looks=16,
        is_balanced=True,
        groups=None,
        random_state=None,
    ):
        self.n_bits = n_bits
        self.n_anchors = n_anchors
        self.width = width
        self.fit_strength = fit_strength
        self.power = power
        self.likeness = likeness
        self.n_looks = n_looks
        self.is_balanced = is_balanced
        self.groups = groups
        self.random_state = random_state

    def fit(self, X, y):
        """Learn posterior, looks and projections.

        Parameters
        ----------
        X : array, (n, n_features)
        y : array, (n,)
            Classes, at least two.

        Raises
        ------
        ValueError
            If there is one class only, or a parameter is out of range.
        """
        X, y = validate_data(self, X, y, dtype=np.float64)
        check_parameters(self)
        if not 0 < self.power <= 1 or not 0 <= self.likeness < np.inf or self.n_looks < 1:
            raise ValueError(
                "power must be in (0, 1], likeness >= 0 and n_looks >= 1, got "
                f"{self.power}, {self.likeness} and {self.n_looks}"
            )
        self.classes_, _ = classes_of(y)
        rng = check_random_state(self.random_state)
        self._fit_kernel(X, y, rng)
        self.feature_mean_, deviation = X.mean(axis=0), X.std(axis=0)
        self.feature_scale_ = np.where(deviation > 0, deviation, 1.0)
        kernel = self._kernel(X)
        self.mean_ = kernel.mean(axis=0)
        centred = kernel - self.mean_
        self.kernel_scale_ = float(centred.std()) or 1.0
        self._fit_classifier(self._inputs(X, centred), y)
        self.usual_closeness_ = float(np.median(_closeness(kernel)))
        _, _, axes = np.linalg.svd(centred, full_matrices=False)
        self.axes_ = axes[: self.n_looks].T
        looks = centred @ self.axes_
        self.looks_scale_ = float(np.mean(np.linalg.norm(looks, axis=1))) or 1.0
        self.posterior_mean_ = self._posterior(self._inputs(X, centred)).mean(axis=0)
        n_inputs = len(self.classes_) + self.axes_.shape[1]
        self.projections_ = orthogonal_blocks(n_inputs, self.n_bits, rng)
        return self

    def transform(self, X):
        """The bits, bool (n, n_bits)."""
        return self.embed(X) @ self.projections_ > 0

    def embed(self, X):
        """``z``, (n, n_classes + n_looks): what the bits are signs of."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        kernel = self._kernel(X)
        centred = kernel - self.mean_
        posterior = self._posterior(self._inputs(X, centred)) - self.posterior_mean_
        near = np.sqrt(np.minimum(_closeness(kernel) / self.usual_closeness_, 1.0))
        looks = centred @ self.axes_ / self.looks_scale_
        return np.hstack([near[:, None] * posterior, self.likeness * looks])

    def _fit_kernel(self, X, y, rng):
        if self.groups is None:
            self.anchors_, self.sigma_ = anchors_of(X, self.n_anchors, rng)
            return
        joint = JointKernelHashing(
            N_TRIAL_BITS, groups=self.groups, n_anchors=self.n_anchors, width=self.width,
            n_samples=N_TRIAL_SAMPLES, random_state=rng.randint(2**31 - 1),
        ).fit(X, y)  # fmt: skip
        n_groups = len(joint.group_names_)
        weights = (1 - EQUAL_SHARE) * joint.kernel_weights_ + EQUAL_SHARE / n_groups
        self.group_names_, self.groups_ = joint.group_names_, joint.groups_
        self.anchors_, self.sigmas_ = joint.anchors_, joint.sigmas_
        self.kernel_weights_, self.sigma_ = weights, float(joint.sigmas_.mean())
        shares = weights / joint.group_scales_
        self.kernel_shares_ = shares / shares.sum()

    def _kernel(self, X):
        if self.groups is None:
            return gaussian(X, self.anchors_, self.width * self.sigma_)
        return JointKernel(self.anchors_, self.groups_, self.sigmas_, self.kernel_shares_)(X)

    def _inputs(self, X, centred):
        """What the classifier sees: likeness to the anchors, and the features themselves."""
        plain = (X - self.feature_mean_) / self.feature_scale_
        if self.groups is not None:
            weights = len(self.kernel_weights_) * self.kernel_weights_
            plain = plain * np.sqrt(weights)[self.groups_]
        return np.hstack([centred / self.kernel_scale_, plain])

    def _fit_classifier(self, inputs, y):
        weight = "balanced" if self.is_balanced else None
        model = LogisticRegression(C=self.fit_strength, max_iter=300, class_weight=weight)
        with warnings.catch_warnings():
            # an optimiser that was stopped early is a classifier like another
            warnings.simplefilter("ignore", ConvergenceWarning)
            self.classifier_ = model.fit(inputs, y)

    def _posterior(self, inputs):
        """Posteriors to a power, of length 1."""
        found = self.classifier_.predict_proba(inputs) ** self.power
        return found / np.linalg.norm(found, axis=1, keepdims=True)


def _closeness(kernel):
    """Mean of the largest kernel values of each sample."""
    count = min(N_NEAREST, kernel.shape[1])
    return np.partition(kernel, -count, axis=1)[:, -count:].mean(axis=1)


def orthogonal_blocks(n_rows: int, n_columns: int, rng) -> np.ndarray:
    """Random columns, orthonormal within each block of `n_rows`, (n_rows, n_columns).

    Examples
    --------
    >>> found = orthogonal_blocks(3, 5, np.random.RandomState(0))
    >>> found.shape, bool(np.allclose(found[:, :3].T @ found[:, :3], np.eye(3)))
    ((3, 5), True)
    """
    blocks = []
    for _ in range(-(-n_columns // n_rows)):
        q, r = np.linalg.qr(rng.standard_normal((n_rows, n_rows)))
        blocks.append(q * np.sign(np.diag(r)))
    return np.hstack(blocks)[:, :n_columns]
