"""How well examples foretell others: Gaussian description lengths from products alone."""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular

_PARTS = 5


@dataclass(frozen=True, eq=False)
class Plausibility:
    r"""Description lengths under ``N(0, A^T A / n + noise^2 I)``, for the rows `A` of examples.

    Only products between signals are needed, so that surfaces of thousands of points cost no more
    than outlines of tens.

    Parameters
    ----------
    gram : array, (n, n)
        Products between the examples, differences from their mean.
    size : int
        Numbers in a signal.
    noise : float
        Standard deviation of what examples do not span, > 0.

    Raises
    ------
    ValueError
        If `gram` is no (n >= 2, n), or a number is out of range.

    References
    ----------
    Tipping & Bishop (1999), J. R. Stat. Soc. B 61, 611-622, doi:10.1111/1467-9868.00196

    Examples
    --------
    >>> import numpy as np
    >>> from corporis.learning import Plausibility
    >>> one = Plausibility(np.array([[2.0, 0.0], [0.0, 0.0]]), size=3, noise=1.0)
    >>> zero = one.lengths(np.zeros((1, 2)), np.zeros(1))      # 1/2 log det(2 pi C), det C = 2
    >>> bool(np.isclose(zero[0], 0.5 * np.log(2 * (2 * np.pi) ** 3)))
    True
    """

    gram: np.ndarray
    size: int
    noise: float

    def __post_init__(self):
        n = len(self.gram)
        if n < 2 or np.shape(self.gram) != (n, n):
            raise ValueError(f"gram must be (n >= 2, n), got {np.shape(self.gram)}")
        if self.size < 1 or not 0 < self.noise < np.inf:
            raise ValueError(
                f"expected size >= 1 and noise finite and > 0, got {self.size} and {self.noise}"
            )

    def lengths(self, products: np.ndarray, squares: np.ndarray) -> np.ndarray:
        """Nats (m,) of signals with these products (m, n) with the examples, and squares (m,)."""
        return _lengths(self.gram, products, squares, self.size, self.noise)

    def held_out(self) -> np.ndarray:
        """Nats (n,) of each example under those of the other parts, of five."""
        found = np.empty(len(self.gram))
        for part, kept in self._parts():
            found[part] = self._part_lengths(part, kept, self.gram)
        return found

    def harm(self, products: np.ndarray, square: float) -> float:
        """Nats by which an example's held-out length grows, on average, with one more signal."""
        n = len(self.gram)
        wider = np.zeros((n + 1, n + 1))
        wider[:n, :n], wider[n, :n], wider[:n, n], wider[n, n] = (
            self.gram,
            products,
            products,
            square,
        )
        total = 0.0
        for part, kept in self._parts():
            without = self._part_lengths(part, kept, wider)
            total += float(np.sum(self._part_lengths(part, np.append(kept, n), wider) - without))
        return total / n

    def _parts(self):
        for number in range(min(_PARTS, len(self.gram))):
            is_held = np.arange(len(self.gram)) % _PARTS == number
            yield np.flatnonzero(is_held), np.flatnonzero(~is_held)

    def _part_lengths(self, part, kept, gram):
        squares = np.diag(gram)[part]
        inner = gram[np.ix_(kept, kept)]
        return _lengths(inner, gram[np.ix_(part, kept)], squares, self.size, self.noise)


def _lengths(gram, products, squares, size, noise):
    n, variance = len(gram), noise**2
    factor = np.linalg.cholesky(gram + n * variance * np.eye(n))
    spanned = np.sum(solve_triangular(factor, products.T, lower=True) ** 2, axis=0)
    determinant = 2 * np.sum(np.log(np.diag(factor))) - n * np.log(n * variance)
    logarithm = size * np.log(2 * np.pi * variance) + determinant
    return 0.5 * ((squares - spanned) / variance + logarithm)
