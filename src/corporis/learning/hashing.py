"""Kernel supervised hashing: bits that agree within a class and differ between classes."""

import numpy as np
from scipy.linalg import eigh
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

RIDGE = 1e-6
"""Share of its mean diagonal that is added to the anchors' Gram matrix."""


class KernelHashing(TransformerMixin, BaseEstimator):
    r"""Kernel supervised hashing: ``bit_k(x) = [a_k . kbar(x) > 0]``.

    With ``kbar(x)_j = kappa(x, anchor_j) - mean_j`` and pairs ``S_ij = 1`` of one class and ``-1``
    of two, the codes ``H`` in {-1, 1} minimise ``||H H^T / n_bits - S||_F`` bit by bit: each bit
    maximises ``h^T R h`` of what is left, from a spectral start by smooth ascent.

    Parameters
    ----------
    n_bits : int
        >= 1.
    n_anchors : int
        Training samples that the kernel compares with, >= 1; all where there are fewer.
    n_samples : int
        Training samples whose pairs are used at most, >= 2.
    width : float
        Of the Gaussian kernel ``exp(-d^2 / (2 width sigma))``, ``sigma`` the mean squared distance
        of samples and anchors; > 0, 1 as published.
    max_iter : int
        Steps of the ascent of one bit, >= 1.
    tolerance : float
        Change of the cost per sample that ends it, >= 0.
    random_state : int, RandomState or None
        Draws the anchors and samples.

    Attributes
    ----------
    anchors_ : array, (n_anchors, n_features)
    mean_ : array, (n_anchors,)
        Of the kernel over the training samples.
    sigma_ : float
    weights_ : array, (n_anchors, n_bits)
        ``a_k``.
    residuals_ : array, (n_bits + 1,)
        ``||R||_F / n_samples`` before and after every bit. A bit lowers it exactly where
        ``h^T R h > n_samples^2 / 2``.
    classes_ : array, (n_classes,)

    References
    ----------
    Liu, Wang, Ji, Jiang & Chang (2012), CVPR, 2074-2081, doi:10.1109/CVPR.2012.6247912;
    Zhang, Liu, Dundar, Badve & Zhang (2015), IEEE Trans. Med. Imaging 34, 496-506,
    doi:10.1109/TMI.2014.2361481

    Examples
    --------
    >>> import numpy as np
    >>> from corporis.learning import KernelHashing
    >>> X = np.array([[0.0], [0.1], [5.0], [5.1]])
    >>> hashing = KernelHashing(n_bits=4, random_state=0).fit(X, ["benign"] * 2 + ["malignant"] * 2)
    >>> bits = hashing.transform(X)
    >>> bool(np.all(bits[0] == bits[1])), bool(np.all(bits[0] != bits[2]))
    (True, True)
    """

    def __init__(
        self,
        n_bits=48,
        *,
        n_anchors=300,
        n_samples=2000,
        width=1.0,
        max_iter=500,
        tolerance=1e-2,
        random_state=None,
    ):
        self.n_bits = n_bits
        self.n_anchors = n_anchors
        self.n_samples = n_samples
        self.width = width
        self.max_iter = max_iter
        self.tolerance = tolerance
        self.random_state = random_state

    def fit(self, X, y):
        """Learn the bits.

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
        rng = check_random_state(self.random_state)
        self.classes_, place = classes_of(y)
        self.anchors_, self.sigma_ = anchors_of(X, self.n_anchors, rng)
        chosen = rng.permutation(len(X))[: self.n_samples]
        kernel = self._kernel(X[chosen])
        self.mean_ = kernel.mean(axis=0)
        self._fit_bits(kernel - self.mean_, np.eye(len(self.classes_))[place[chosen]], self.n_bits)
        return self

    def transform(self, X):
        """The bits, bool (n, n_bits)."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        return (self._kernel(X) - self.mean_) @ self.weights_ > 0

    def _kernel(self, X):
        return gaussian(X, self.anchors_, self.width * self.sigma_)

    def _fit_bits(self, K, Y, n_bits):
        pairs = Pairs(Y, n_bits)
        gram = K.T @ K
        ridge = RIDGE * np.trace(gram) / len(gram) * np.eye(len(gram)) + np.finfo(float).tiny
        weights, residuals = [], [pairs.length / len(K)]
        for _ in range(n_bits):
            start = _spectral(pairs.between(K), gram, ridge, len(K))
            ascended = _ascend(K, pairs, start, self.max_iter, self.tolerance)
            codes = [np.where(K @ a > 0, 1.0, -1.0) for a in (start, ascended)]
            gains = [h @ pairs.times(h) for h in codes]
            best = int(gains[1] > gains[0])
            weights.append((start, ascended)[best])
            pairs.explain(codes[best], gains[best])
            residuals.append(pairs.length / len(K))
        self.weights_, self.residuals_ = np.stack(weights, axis=1), np.array(residuals)


def check_parameters(hashing) -> None:
    """Refuse counts below 1 and widths that are not positive."""
    least = {"n_bits": 1, "n_anchors": 1, "n_samples": 2, "max_iter": 1}
    for name, bound in least.items():
        value = getattr(hashing, name, bound)
        if not value >= bound:
            raise ValueError(f"{name} must be >= {bound}, got {value}")
    if not 0 < hashing.width < np.inf:
        raise ValueError(f"width must be finite and > 0, got {hashing.width}")


def anchors_of(X, n_anchors, rng) -> tuple[np.ndarray, float]:
    """Samples drawn as anchors, and the mean squared distance of all samples to them."""
    anchors = X[rng.permutation(len(X))[:n_anchors]]
    sigma = float(np.mean(squared_distances(X, anchors)))
    return anchors, sigma if sigma > 0 else 1.0


def gaussian(X, anchors, sigma) -> np.ndarray:
    """``exp(-||x - a||^2 / (2 sigma))``, (n, n_anchors); `sigma` is a squared length.

    Examples
    --------
    >>> gaussian(np.array([[0.0]]), np.array([[0.0], [2.0]]), 2.0).round(4).tolist()
    [[1.0, 0.3679]]
    """
    return np.exp(-squared_distances(X, anchors) / (2 * sigma))


def squared_distances(X, anchors) -> np.ndarray:
    """``||x - a||^2``, (n, n_anchors)."""
    apart = np.sum(X**2, axis=1)[:, None] + np.sum(anchors**2, axis=1) - 2 * X @ anchors.T
    return np.maximum(apart, 0.0)


class Pairs:
    """What the bits so far leave of the pairs: ``R = n_bits S - sum_k h_k h_k^T``, never formed.

    ``S = 2 Y Y^T - 1 1^T`` with ``Y`` one column a class.
    """

    def __init__(self, Y, n_bits):
        self._Y, self._n_bits = Y, n_bits
        self._codes = np.zeros((len(Y), 0))
        self._square = float(n_bits * len(Y)) ** 2

    @property
    def length(self) -> float:
        """``||R||_F``."""
        return float(np.sqrt(max(self._square, 0.0)))

    def times(self, v):
        """``R v``."""
        pairs = 2 * self._Y @ (self._Y.T @ v) - np.sum(v, axis=0)
        return self._n_bits * pairs - self._codes @ (self._codes.T @ v)

    def between(self, K):
        """``K^T R K``."""
        classes, ones, codes = self._Y.T @ K, K.sum(axis=0), self._codes.T @ K
        pairs = 2 * classes.T @ classes - np.outer(ones, ones)
        return self._n_bits * pairs - codes.T @ codes

    def explain(self, h, gain) -> None:
        """Take a bit off; `gain` is ``h^T R h``."""
        self._square += len(h) ** 2 - 2 * gain
        self._codes = np.column_stack([self._codes, h])


def _spectral(between, gram, ridge, n):
    """Top generalised eigenvector, scaled so that ``||K a||^2 = n``."""
    last = len(gram) - 1
    _, vectors = eigh(between, gram + ridge, subset_by_index=(last, last))
    a = vectors[:, 0]
    return a * np.sqrt(n / max(a @ gram @ a, np.finfo(float).tiny))


def _ascend(K, pairs, start, max_iter, tolerance):
    """Nesterov steps on ``-phi^T R phi``, ``phi = tanh(K a / 2)``, steps halved where they fail."""

    def cost(a):
        phi = np.tanh(K @ a / 2)
        seen = pairs.times(phi)
        return -phi @ seen, phi, seen

    x = ahead = start
    value, phi, seen = cost(x)
    step, momentum, last = None, 1.0, value
    for _ in range(max_iter):
        slope = -K.T @ (seen * (1 - phi**2))
        square = float(slope @ slope)
        if square == 0:
            break
        step = 1 / np.sqrt(square) if step is None else 2 * step
        while True:
            new = ahead - step * slope
            new_value, *_ = found = cost(new)
            if new_value <= value - step * square / 2 or step * np.sqrt(square) < 1e-9:
                break
            step /= 2
        grown = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        ahead = new + (momentum - 1) / grown * (new - x)
        x, momentum = new, grown
        if abs(last - new_value) / len(K) <= tolerance:
            break
        last = new_value
        value, phi, seen = cost(ahead) if grown > 1 else found
    return x


def classes_of(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The classes in `y`, sorted, and the place of each sample's among them, (n,).

    Raises
    ------
    ValueError
        If there is one only.
    """
    classes, place = np.unique(y, return_inverse=True)
    if len(classes) < 2:
        raise ValueError(f"expected at least two classes, got only {classes[0]!r}")
    return classes, place
