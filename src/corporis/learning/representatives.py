"""Dictionaries of real examples: few of them, chosen so that they explain all others."""

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from corporis.arrays import check_finite, check_shape

_SMALL = 1e-12


class Representatives(TransformerMixin, BaseEstimator):
    r"""Signals chosen greedily to explain all others, ``min sum_i t_i ||x_i - x_i~||^2``.

    ``x_i~`` is the ridge regression of a signal on those chosen, in the space of a kernel: plain
    products, or products that fade with distance, so that an atom speaks for its neighbourhood
    only. Each step takes the signal that lowers the trusted rest of all signals most (sequential
    transductive design). Signals far from all others have the trust `t` taken from them: they
    neither ask to be explained nor may explain. An atom is a real case, which a doctor can open.

    Parameters
    ----------
    n_atoms : int
        >= 1.
    ridge : float
        > 0, in mean squared lengths of a signal about the mean: how much a signal must contribute.
    reach : float or None
        Distance over which products fade, in median distances between neighbours; None: never.
    n_neighbours : int
        Nearest signals that say whether one is alone; nearest atoms that code a signal.
    rejection : float
        > 0; a signal is alone when the logarithm of its distance to its neighbours exceeds the
        median by so many (robust) standard deviations.

    Attributes
    ----------
    indices_ : int array, (n_atoms,)
        Signals chosen, the most telling first.
    components_ : array, (n_atoms, n_features)
        These signals.
    trust_ : array, (n_signals,)
        1 for signals among others, 0 for outliers.
    explained_ : array, (n_atoms,)
        Share of the trusted signals' squares about the mean explained after each choice.

    References
    ----------
    Yu, Bi & Tresp (2006), ICML, 1081-1088, doi:10.1145/1143844.1143980 (the greedy choice);
    Wang, Yang, Yu, Lv, Huang & Gong (2010), CVPR, 3360-3367, doi:10.1109/CVPR.2010.5540018
    (codes of nearest atoms, which sum to 1)

    Examples
    --------
    >>> import numpy as np
    >>> from corporis.learning import Representatives
    >>> X = np.repeat([[0.0, 0.0], [6.0, 0.0], [0.0, 9.0]], 5, axis=0)
    >>> X += 0.01 * np.arange(15)[:, None]
    >>> found = Representatives(n_atoms=3, reach=20.0, n_neighbours=2).fit(X)
    >>> sorted((found.indices_ // 5).tolist())           # one of each kind
    [0, 1, 2]
    """

    def __init__(self, n_atoms=64, ridge=0.01, reach=None, n_neighbours=5, rejection=4.0):
        self.n_atoms = n_atoms
        self.ridge = ridge
        self.reach = reach
        self.n_neighbours = n_neighbours
        self.rejection = rejection

    def fit(self, X, y=None):
        """Choose among signals `X`, (n_signals, n_features), more than atoms and neighbours.

        Raises
        ------
        ValueError
            If a number is out of range, a signal is not finite, or too few are no outliers.
        """
        X = validate_data(self, X, dtype=(np.float64, np.float32))
        self._check(len(X))
        distances = _distances(X, X)
        near = np.sort(distances, axis=1)[:, 1 : self.n_neighbours + 1].mean(axis=1)
        self.trust_ = (_deviations(np.log(near + _SMALL)) <= self.rejection).astype(float)
        if self.trust_.sum() < self.n_atoms:
            raise ValueError(
                f"n_atoms must be at most the {int(self.trust_.sum())} signals that are not "
                f"alone, got {self.n_atoms}: choose fewer, or a larger rejection"
            )
        centred = X - np.average(X, axis=0, weights=self.trust_)
        kernel = centred @ centred.T
        if self.reach is not None:
            width = self.reach * max(float(np.median(near)), _SMALL)
            # near the mean products vanish, neighbours do not
            kernel = (kernel + np.diag(kernel).mean()) * np.exp(-0.5 * (distances / width) ** 2)
        size = float(self.trust_ @ np.diag(kernel) / self.trust_.sum())
        self.indices_, left = transductive_design(
            kernel, self.n_atoms, self.ridge * max(size, _SMALL), trust=self.trust_
        )
        self.components_ = X[self.indices_]
        self.explained_ = 1 - left / max(size * self.trust_.sum(), _SMALL)
        return self

    def transform(self, X):
        """Codes, (n_signals, n_atoms): the nearest atoms, in shares that sum to 1."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=(np.float64, np.float32), reset=False)
        near = np.argsort(_distances(X, self.components_), axis=1)[:, : self.n_neighbours]
        codes = np.zeros((len(X), len(self.components_)), X.dtype)
        for code, x, chosen in zip(codes, X, near):
            differences = self.components_[chosen] - x
            gram = differences @ differences.T
            gram += 1e-6 * (np.trace(gram) + _SMALL) * np.eye(len(chosen))
            shares = np.linalg.solve(gram, np.ones(len(chosen)))
            code[chosen] = shares / shares.sum()
        return codes

    def _check(self, n_signals):
        fewest = max(self.n_atoms, self.n_neighbours + 1)
        if min(self.n_atoms, self.n_neighbours) < 1 or fewest > n_signals:
            raise ValueError(
                "expected 1 <= n_atoms <= signals and 1 <= n_neighbours < signals, got "
                f"{self.n_atoms}, {self.n_neighbours} and {n_signals} signals"
            )
        for name in ("ridge", "rejection", *(() if self.reach is None else ("reach",))):
            if not 0 < getattr(self, name) < np.inf:
                raise ValueError(f"{name} must be finite and > 0, got {getattr(self, name)}")


def transductive_design(
    kernel: np.ndarray,
    n_chosen: int,
    ridge: float,
    *,
    trust: np.ndarray | None = None,
    known: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Which signals to know, so that all are explained best: one after the other.

    Parameters
    ----------
    kernel : array, (n, n)
        Products between signals, positive semidefinite.
    n_chosen : int
        How many more, at most those that are left.
    ridge : float
        > 0, in the unit of `kernel`: variance of what is left unexplained of a known signal.
    trust : array, (n,), optional
        Weight of each signal in the sum of the rest, >= 0; those of 0 are never chosen.
    known : int array, optional
        Signals known before.

    Returns
    -------
    chosen : int array, (n_chosen,)
    left : array, (n_chosen,)
        Trusted sum of what is unexplained, after each.

    Raises
    ------
    ValueError
        If numbers are out of range, the kernel is not (n, n), or something is not finite.

    Examples
    --------
    >>> import numpy as np
    >>> from corporis.learning import transductive_design
    >>> chosen, left = transductive_design(np.diag([1.0, 5.0, 3.0]), 2, ridge=1e-9)
    >>> chosen.tolist(), left.round(6).tolist()
    ([1, 2], [4.0, 1.0])
    """
    n = len(kernel)
    trust = np.ones(n) if trust is None else np.asarray(trust, float)
    check_shape(np.asarray(kernel), (n, n), "kernel")
    check_shape(trust, (n,), "trust")
    check_finite(kernel, "kernel")
    check_finite(trust, "trust")
    before = np.zeros(0, int) if known is None else np.asarray(known, int)
    free = trust > 0
    free[before] = False
    if not ridge > 0 or not 0 <= n_chosen <= free.sum():
        raise ValueError(
            f"expected ridge > 0 and 0 <= n_chosen <= {int(free.sum())} signals that are left, "
            f"got {ridge} and {n_chosen}"
        )
    rest = np.array(kernel, float)
    for i in before:
        rest -= np.outer(rest[:, i], rest[i] / (rest[i, i] + ridge))
    chosen, left = [], []
    for _ in range(n_chosen):
        gain = trust @ rest**2 / (np.diag(rest) + ridge)
        best = int(np.argmax(np.where(free, gain, -1.0)))
        rest -= np.outer(rest[:, best], rest[best] / (rest[best, best] + ridge))
        free[best] = False
        chosen.append(best)
        left.append(float(trust @ np.diag(rest)))
    return np.array(chosen, int), np.array(left)


def herded(signals: np.ndarray, n_chosen: int, *, n_known: int = 0) -> np.ndarray:
    r"""Signals that together have the mean and covariance of all: one after the other.

    Each choice lowers most the distance between means of ``x . y / s + (x . y / s)^2`` products,
    with `s` the mean squared length: kernel herding, in the space where two sets of signals are
    alike when their first two moments are.

    Parameters
    ----------
    signals : array, (n, n_features)
        Differences from what is common to all.
    n_chosen : int
        How many more, at most those that are left.
    n_known : int
        So many signals, the first ones, were chosen before.

    Returns
    -------
    int array, (n_chosen,)

    Raises
    ------
    ValueError
        If numbers are out of range, or signals are not (n, n_features) and finite.

    References
    ----------
    Chen, Welling & Smola (2010), UAI, 109-116, arXiv:1203.3472

    Examples
    --------
    >>> import numpy as np
    >>> from corporis.learning import herded
    >>> signals = np.array([[1.0], [-1.0], [1.1], [-1.1], [4.0], [-4.0]])
    >>> np.sign(signals[herded(signals, 4), 0]).sum()      # the mean of all is 0
    np.float64(0.0)
    """
    n = len(signals)
    if np.ndim(signals) != 2:
        raise ValueError(f"signals must be (n, n_features), got {np.shape(signals)}")
    check_finite(signals, "signals")
    if not (0 <= n_known <= n and 0 <= n_chosen <= n - n_known):
        raise ValueError(
            f"expected 0 <= n_chosen <= {n - n_known} signals that are left, got {n_chosen}"
        )
    products = signals @ signals.T
    products = products / max(float(np.mean(np.diag(products))), _SMALL)
    kernel = products + products**2
    free = np.arange(n) >= n_known
    wanted, have, chosen = kernel.mean(axis=1), kernel[:, :n_known].sum(axis=1), []
    for size in range(n_known + 1, n_known + n_chosen + 1):
        # twice the change of the squared distance between the two means in that space
        cost = (2 * have + np.diag(kernel)) / size**2 - 2 * wanted / size
        best = int(np.argmin(np.where(free, cost, np.inf)))
        free[best] = False
        have = have + kernel[:, best]
        chosen.append(best)
    return np.array(chosen, int)


def _distances(a, b):
    squares = np.sum(a**2, axis=1)[:, None] - 2 * a @ b.T + np.sum(b**2, axis=1)
    return np.sqrt(np.maximum(squares, 0))


def _deviations(values):
    """How many standard deviations above the median, from the median deviation."""
    centred = values - np.median(values)
    return centred / max(1.4826 * float(np.median(np.abs(centred))), 1e-9)
