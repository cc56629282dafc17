"""Kernel supervised hashing over several groups of features, whose weights are learned too."""

from dataclasses import dataclass

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.validation import validate_data

from corporis.learning.hashing import (
    KernelHashing,
    Pairs,
    check_parameters,
    classes_of,
    gaussian,
    squared_distances,
)

LEAST_SCALE = 1e-9
MOST_HALVINGS = 20


@dataclass(frozen=True)
class JointKernel:
    """``sum_g weight_g kappa_g(x_g, anchor_g)``, a Gaussian of every group's own width.

    Parameters
    ----------
    anchors : array, (n_anchors, n_features)
    groups : int array, (n_features,)
        0..n_groups - 1: whose each feature is.
    sigmas : array, (n_groups,)
        Squared lengths, > 0.
    weights : array, (n_groups,)
        >= 0.

    Examples
    --------
    >>> kernel = JointKernel(np.zeros((1, 2)), np.array([0, 1]), np.ones(2), np.array([0.5, 0.5]))
    >>> kernel(np.array([[0.0, 9.0]])).round(3).tolist()    # alike in the one, not in the other
    [[0.5]]
    """

    anchors: np.ndarray
    groups: np.ndarray
    sigmas: np.ndarray
    weights: np.ndarray

    @classmethod
    def learn(cls, X, groups, n_anchors, width, rng) -> "JointKernel":
        """Anchors drawn from samples, widths from their mean squared distances, equal weights."""
        anchors = X[rng.permutation(len(X))[:n_anchors]]
        n_groups = int(groups.max()) + 1
        sigmas = np.ones(n_groups)
        for g in range(n_groups):
            mean = float(np.mean(squared_distances(X[:, groups == g], anchors[:, groups == g])))
            sigmas[g] = width * mean if mean > 0 else 1.0
        return cls(anchors, groups, sigmas, np.full(n_groups, 1 / n_groups))

    def each(self, X) -> np.ndarray:
        """Of every group, (n_groups, n, n_anchors)."""
        return np.stack(
            [
                gaussian(X[:, self.groups == g], self.anchors[:, self.groups == g], sigma)
                for g, sigma in enumerate(self.sigmas)
            ]
        )

    def __call__(self, X) -> np.ndarray:
        """(n, n_anchors)."""
        return np.tensordot(self.weights, self.each(X), 1)


class JointKernelHashing(KernelHashing):
    r"""Joint-kernel supervised hashing: one code from several groups of features.

    As `KernelHashing`, with ``kbar = sum_g mu_g kbar_g``, every group's kernel centred and of equal
    deviation, and ``mu`` in the simplex. Bits at fixed weights and a projected gradient step in
    the weights at fixed bits, in turn: the cost of the weights is that of all bits together, each
    on what the bits before it left.

    Parameters
    ----------
    n_bits, n_anchors, n_samples, width, max_iter, tolerance, random_state
        As in `KernelHashing`.
    groups : sequence, (n_features,), optional
        A name or number for every feature; those of one name are compared as one. All are one
        group by default.
    n_rounds : int
        Turns of bits and weights, >= 1; the first has equal weights.
    n_trial_bits : int
        Bits of each turn, >= 1, and no more than `n_bits`: few tell as much about the weights.

    Attributes
    ----------
    group_names_ : array, (n_groups,)
    groups_ : int array, (n_features,)
        Places in `group_names_`.
    sigmas_, group_scales_ : array, (n_groups,)
        Squared width of each kernel, and its deviation relative to the mean of all.
    kernel_weights_ : array, (n_groups,)
        ``mu``, summing to 1.
    anchors_, mean_, weights_, residuals_, classes_
        As in `KernelHashing`.

    References
    ----------
    Jiang, Zhang, Huang, Yang & Metaxas (2015), MICCAI, LNCS 9351, 366-373 (joint kernels)
    Duchi, Shalev-Shwartz, Singer & Chandra (2008), ICML, 272-279 (projection onto the simplex)

    Examples
    --------
    >>> import numpy as np
    >>> from corporis.learning import JointKernelHashing
    >>> rng = np.random.default_rng(0)
    >>> y = np.arange(60) % 2
    >>> X = np.stack([y + rng.normal(0, 0.1, 60), rng.normal(size=60)], axis=1)
    >>> hashing = JointKernelHashing(n_bits=4, groups=["telling", "noise"], random_state=0)
    >>> weight = dict(zip(hashing.fit(X, y).group_names_, hashing.kernel_weights_))
    >>> bool(weight["telling"] > 0.8)
    True
    """

    def __init__(
        self,
        n_bits=48,
        *,
        groups=None,
        n_rounds=5,
        n_trial_bits=16,
        n_anchors=300,
        n_samples=2000,
        width=1.0,
        max_iter=500,
        tolerance=1e-2,
        random_state=None,
    ):
        super().__init__(
            n_bits,
            n_anchors=n_anchors,
            n_samples=n_samples,
            width=width,
            max_iter=max_iter,
            tolerance=tolerance,
            random_state=random_state,
        )
        self.groups = groups
        self.n_rounds = n_rounds
        self.n_trial_bits = n_trial_bits

    def fit(self, X, y):
        """Learn bits and weights.

        Parameters
        ----------
        X : array, (n, n_features)
        y : array, (n,)
            Classes, at least two.

        Raises
        ------
        ValueError
            If there is one class only, a parameter is out of range, or `groups` does not name
            every feature.
        """
        X, y = validate_data(self, X, y, dtype=np.float64)
        check_parameters(self)
        if not self.n_rounds >= 1 or not self.n_trial_bits >= 1:
            raise ValueError(
                f"n_rounds and n_trial_bits must be >= 1, got {self.n_rounds} and "
                f"{self.n_trial_bits}"
            )
        rng = check_random_state(self.random_state)
        self.classes_, place = classes_of(y)
        self.group_names_, groups = grouped(self.groups, X.shape[1])
        kernel = JointKernel.learn(X, groups, self.n_anchors, self.width, rng)
        chosen = rng.permutation(len(X))[: self.n_samples]
        each = kernel.each(X[chosen])
        means = each.mean(axis=1, keepdims=True)
        scales = np.maximum((each - means).std(axis=(1, 2)), LEAST_SCALE)
        scales /= scales.mean()  # so that one group alone is as in KernelHashing
        each = (each - means) / scales[:, None, None]
        Y = np.eye(len(self.classes_))[place[chosen]]
        mu = self._fit_weights(each, Y)
        self.kernel_weights_, self.group_scales_ = mu, scales
        self.anchors_, self.groups_, self.sigmas_ = kernel.anchors, groups, kernel.sigmas
        self.mean_ = np.tensordot(mu / scales, means[:, 0], 1)
        return self

    def _kernel(self, X):
        weights = self.kernel_weights_ / self.group_scales_
        return JointKernel(self.anchors_, self.groups_, self.sigmas_, weights)(X)

    def _fit_weights(self, each, Y):
        """``mu``; leaves the bits that belong to it."""
        mu = np.full(len(each), 1 / len(each))
        for _ in range(self.n_rounds - 1 if len(each) > 1 else 0):
            self._fit_bits(np.tensordot(mu, each, 1), Y, min(self.n_trial_bits, self.n_bits))
            found = self._stepped(mu, each, Y)
            if found is None:
                break
            mu = found
        self._fit_bits(np.tensordot(mu, each, 1), Y, self.n_bits)
        return mu

    def _stepped(self, mu, each, Y):
        """Weights after one projected gradient step that lowers the cost; None where none does."""
        seen = np.einsum("gna,ab->gnb", each, self.weights_)  # K_g a of every bit
        bits = np.where(np.tensordot(mu, seen, 1) > 0, 1.0, -1.0)
        value, slope = cost_of_weights(mu, seen, bits, Y)
        step = 1 / max(float(np.abs(slope).max()), np.finfo(float).tiny)
        for _ in range(MOST_HALVINGS):
            found = on_simplex(mu - step * slope)
            if cost_of_weights(found, seen, bits, Y)[0] < value:
                return found
            step /= 2
        return None


def cost_of_weights(mu, seen, bits, Y) -> tuple[float, np.ndarray]:
    """``-sum_k phi_k^T R_k phi_k`` and its slope in the weights, the bits held.

    Parameters
    ----------
    mu : array, (n_groups,)
    seen : array, (n_groups, n, n_bits)
        What every group's kernel adds to the argument of every bit.
    bits : array, (n, n_bits)
        -1 or 1: ``R_k`` is what the bits before k leave of the pairs.
    Y : array, (n, n_classes)
        One column a class.
    """
    phi = np.tanh(np.tensordot(mu, seen, 1) / 2)
    left = _left(bits, Y, phi)
    slope = -np.einsum("gnb,nb->g", seen, left * (1 - phi**2))
    return -float(np.sum(phi * left)), slope


def _left(bits, Y, phi):
    """``R_k phi_k`` of every bit k, ``R_k`` what the bits before it leave of the pairs."""
    pairs, found = Pairs(Y, bits.shape[1]), np.empty_like(phi)
    for k in range(bits.shape[1]):
        found[:, k] = pairs.times(phi[:, k])
        pairs.explain(bits[:, k], 0.0)
    return found


def grouped(groups, n_features: int) -> tuple[np.ndarray, np.ndarray]:
    """Names of groups, sorted, and whose each feature is; one group where none are named.

    Raises
    ------
    ValueError
        If there is not one name a feature.
    """
    if groups is None:
        return np.array(["all"]), np.zeros(n_features, int)
    if len(groups) != n_features:
        raise ValueError(f"groups must name {n_features} features, got {len(groups)}")
    names, place = np.unique(np.asarray(groups), return_inverse=True)
    return names, place.reshape(-1)


def on_simplex(v) -> np.ndarray:
    """The nearest point with entries >= 0 that sum to 1.

    Examples
    --------
    >>> on_simplex(np.array([1.4, 0.4, -3.0])).round(3).tolist()
    [1.0, 0.0, 0.0]
    >>> on_simplex(np.array([0.6, 0.6])).round(3).tolist()
    [0.5, 0.5]
    """
    v = np.asarray(v, float)
    falling = np.sort(v)[::-1]
    over = (np.cumsum(falling) - 1) / np.arange(1, len(v) + 1)
    return np.maximum(v - over[np.count_nonzero(falling > over) - 1], 0.0)
