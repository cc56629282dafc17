"""A dictionary in two scales: the main modes of all signals, and atoms for what they leave."""

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from corporis.learning.dictionaries import KSVD
from corporis.solvers import batch_pursuit


class ModesAndDetails(TransformerMixin, BaseEstimator):
    r"""Few principal modes `P`, and K-SVD atoms of ``X - X P^T P``, orthogonal to them.

    Atoms learned from signals of one kind all resemble its main modes, and so one another, which
    makes sparse coding slow; with the modes taken out first, what is left is detail that differs.

    Parameters
    ----------
    n_modes : int
        >= 0.
    n_atoms : int
        Modes and details together, more than `n_modes`.
    n_nonzero, n_iterations, seed
        Of the details, as in `KSVD`.

    Attributes
    ----------
    components_ : array, (n_atoms, n_features)
        Of length 1: the modes, largest variance first, then the details.

    Examples
    --------
    >>> import numpy as np
    >>> from corporis.learning import ModesAndDetails
    >>> X = np.outer(np.arange(-6.0, 6.0), [1.0, 0.0, 0.0])      # one mode of all
    >>> X[3, 1], X[8, 2] = 1.0, -1.0                             # and two rare details
    >>> found = ModesAndDetails(n_modes=1, n_atoms=3, n_nonzero=1).fit(X)
    >>> codes = found.transform(X)
    >>> bool(np.abs(codes @ found.components_ - X).max() < 0.1)
    True
    """

    def __init__(self, n_modes=10, n_atoms=64, n_nonzero=4, n_iterations=20, seed=0):
        self.n_modes = n_modes
        self.n_atoms = n_atoms
        self.n_nonzero = n_nonzero
        self.n_iterations = n_iterations
        self.seed = seed

    def fit(self, X, y=None):
        """Learn from signals `X`, (n_signals, n_features), differences from their mean.

        Raises
        ------
        ValueError
            If a number is out of range, or a signal is not finite.
        """
        X = validate_data(self, X, dtype=(np.float64, np.float32))
        if not 0 <= self.n_modes <= min(X.shape) or self.n_atoms <= self.n_modes:
            raise ValueError(
                f"expected 0 <= n_modes <= {min(X.shape)} and n_atoms > n_modes, got "
                f"{self.n_modes} and {self.n_atoms}"
            )
        modes = np.linalg.svd(X, full_matrices=False)[2][: self.n_modes]
        details = KSVD(
            self.n_atoms - self.n_modes, self.n_nonzero, self.n_iterations, self.seed
        ).fit(X - X @ modes.T @ modes)
        self.components_ = np.concatenate([modes, details.components_]).astype(X.dtype)
        return self

    def transform(self, X):
        """Codes, (n_signals, n_atoms): all modes, and few details by pursuit."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=(np.float64, np.float32), reset=False)
        modes, details = np.split(self.components_, [self.n_modes])
        coarse = X @ modes.T
        return np.hstack([coarse, batch_pursuit(details, X - coarse @ modes, self.n_nonzero)])
