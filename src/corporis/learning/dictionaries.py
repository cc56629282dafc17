"""Dictionaries learned from examples: a few atoms explain each of many signals."""

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from corporis.solvers import batch_pursuit


class KSVD(TransformerMixin, BaseEstimator):
    r"""Atoms such that each signal is a sum of few: ``min ||X - C D||^2``, ``||c_i||_0 <= k``.

    Codes by `batch_pursuit`, then each atom in turn is the leading singular vector of what the
    other atoms leave of the signals that use it. An atom that nobody uses becomes the signal that
    is explained worst.

    Parameters
    ----------
    n_atoms : int
    n_nonzero : int
        Atoms a signal may use, >= 1.
    n_iterations : int
        >= 1.
    seed : int
        Of the first atoms, drawn from the signals.

    Attributes
    ----------
    components_ : array, (n_atoms, n_features)
        Of length 1.
    errors_ : array, (n_iterations,)
        Root mean square error of a signal's entry, after each iteration.

    References
    ----------
    Aharon, Elad & Bruckstein (2006), IEEE Trans. Signal Process. 54, 4311-4322,
    doi:10.1109/TSP.2006.881199

    Examples
    --------
    >>> import numpy as np
    >>> from corporis.learning import KSVD
    >>> X = np.repeat(np.eye(3), 4, axis=0) * np.arange(1.0, 13.0)[:, None]
    >>> model = KSVD(n_atoms=3, n_nonzero=1).fit(X)
    >>> float(model.errors_[-1].round(12))
    0.0
    """

    def __init__(self, n_atoms=64, n_nonzero=4, n_iterations=20, seed=0):
        self.n_atoms = n_atoms
        self.n_nonzero = n_nonzero
        self.n_iterations = n_iterations
        self.seed = seed

    def fit(self, X, y=None):
        """Learn from signals `X`, (n_signals, n_features), at least as many as atoms.

        Raises
        ------
        ValueError
            If a number is out of range, or a signal is not finite.
        """
        X = validate_data(self, X, dtype=(np.float64, np.float32))
        if not 1 <= self.n_nonzero <= self.n_atoms <= len(X) or self.n_iterations < 1:
            raise ValueError(
                "expected 1 <= n_nonzero <= n_atoms <= signals and n_iterations >= 1, got "
                f"{self.n_nonzero}, {self.n_atoms}, {len(X)} and {self.n_iterations}"
            )
        atoms, errors = first_atoms(X, self.n_atoms, self.seed), []
        for _ in range(self.n_iterations):
            codes = batch_pursuit(atoms, X, self.n_nonzero)
            left = X - codes @ atoms
            for number in range(self.n_atoms):
                _renew(number, atoms, codes, left, X)
            errors.append(float(np.sqrt(np.mean(left**2))))
        self.components_, self.errors_ = atoms, np.array(errors)
        return self

    def transform(self, X):
        """Codes, (n_signals, n_atoms)."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=(np.float64, np.float32), reset=False)
        return batch_pursuit(self.components_, X, self.n_nonzero)


class OnlineDictionary(TransformerMixin, BaseEstimator):
    r"""Atoms that go on learning from batches, without keeping the signals.

    What batches said is held in two matrices, ``A = sum c^T c`` and ``B = sum x^T c``; every batch
    moves each atom to the least-squares fit, ``d_j += (B_j - A_j D) / A_jj``, then to length 1.

    Parameters
    ----------
    n_atoms, n_nonzero, seed
        As in `KSVD`.
    n_epochs, n_batch : int
        How `fit` walks through its signals, >= 1.

    Attributes
    ----------
    components_ : array, (n_atoms, n_features)
    n_seen_ : int
        Signals so far.

    References
    ----------
    Mairal, Bach, Ponce & Sapiro (2010), J. Mach. Learn. Res. 11, 19-60

    Examples
    --------
    >>> import numpy as np
    >>> from corporis.learning import OnlineDictionary
    >>> X = np.repeat(np.eye(3), 4, axis=0) * np.arange(1.0, 13.0)[:, None]
    >>> model = OnlineDictionary(n_atoms=3, n_nonzero=1, n_batch=12).fit(X)
    >>> model.partial_fit(X).n_seen_
    72
    """

    def __init__(self, n_atoms=64, n_nonzero=4, n_epochs=5, n_batch=256, seed=0):
        self.n_atoms = n_atoms
        self.n_nonzero = n_nonzero
        self.n_epochs = n_epochs
        self.n_batch = n_batch
        self.seed = seed

    def fit(self, X, y=None):
        """Start anew and learn from `X`, (n_signals, n_features), in batches."""
        for name in ("components_", "n_seen_", "_codes_gram", "_products"):
            if hasattr(self, name):
                delattr(self, name)
        X = validate_data(self, X, dtype=np.float64)
        if self.n_epochs < 1 or self.n_batch < self.n_atoms:
            raise ValueError(
                "expected n_epochs >= 1 and n_batch >= n_atoms, got "
                f"{self.n_epochs}, {self.n_batch}"
            )
        order = np.random.default_rng(self.seed)
        for _ in range(self.n_epochs):
            shuffled = X[order.permutation(len(X))]
            n_parts = max(1, len(X) // self.n_batch)
            for part in np.array_split(shuffled, n_parts):
                self.partial_fit(part)
        return self

    def partial_fit(self, X, y=None):
        """Learn from one more batch; the first must hold at least as many signals as atoms."""
        is_first = not hasattr(self, "components_")
        X = validate_data(self, X, dtype=np.float64, reset=is_first)
        if is_first:
            if not 1 <= self.n_nonzero <= self.n_atoms <= len(X):
                raise ValueError(
                    "expected 1 <= n_nonzero <= n_atoms <= signals of the first batch, got "
                    f"{self.n_nonzero}, {self.n_atoms} and {len(X)}"
                )
            self.components_ = first_atoms(X, self.n_atoms, self.seed)
            self._codes_gram = np.zeros((self.n_atoms, self.n_atoms))
            self._products = np.zeros((self.n_atoms, X.shape[1]))
            self.n_seen_ = 0
        codes = batch_pursuit(self.components_, X, self.n_nonzero)
        # what early atoms said is forgotten as they change
        keep = self.n_seen_ / (self.n_seen_ + 4 * len(X))
        self._codes_gram = keep * self._codes_gram + codes.T @ codes
        self._products = keep * self._products + codes.T @ X
        self.components_ = self._moved(self.components_.copy())
        self.n_seen_ += len(X)
        return self

    def transform(self, X):
        """Codes, (n_signals, n_atoms)."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        return batch_pursuit(self.components_, X, self.n_nonzero)

    def _moved(self, atoms):
        for number, use in enumerate(np.diag(self._codes_gram)):
            if use > 1e-12:
                step = (self._products[number] - self._codes_gram[number] @ atoms) / use
                moved = atoms[number] + step
                length = np.linalg.norm(moved)
                if length > 1e-12:
                    atoms[number] = moved / length
        return atoms


def first_atoms(X: np.ndarray, n_atoms: int, seed: int) -> np.ndarray:
    """Signals drawn at random, of length 1; noise where a signal is zero."""
    rng = np.random.default_rng(seed)
    atoms = X[rng.choice(len(X), n_atoms, replace=False)].copy()
    empty = np.linalg.norm(atoms, axis=1) < 1e-12
    atoms[empty] = rng.standard_normal((int(empty.sum()), X.shape[1]))
    return atoms / np.linalg.norm(atoms, axis=1, keepdims=True)


def _renew(number, atoms, codes, left, X):
    """One atom and its weights anew, in place; `left` follows."""
    users = np.flatnonzero(codes[:, number])
    if not len(users):
        worst = int(np.argmax(np.sum(left**2, axis=1)))
        length = np.linalg.norm(X[worst])
        if length > 1e-12:
            atoms[number] = X[worst] / length
        return
    alone = left[users] + np.outer(codes[users, number], atoms[number])
    u, s, v = np.linalg.svd(alone, full_matrices=False)
    # the sign of a singular vector is arbitrary: keep that of the atom
    sign = 1.0 if v[0] @ atoms[number] >= 0 else -1.0
    atoms[number], codes[users, number] = sign * v[0], sign * s[0] * u[:, 0]
    left[users] = alone - np.outer(codes[users, number], atoms[number])
