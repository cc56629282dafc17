"""Counting: the number of entries that are not zero, whose prox is hard thresholding."""

from dataclasses import dataclass

from corporis.arrays import namespace


@dataclass(frozen=True, slots=True)
class L0:
    r"""Weighted count of non-zero entries, ``f(x) = weight * #{i : x_i != 0}``; not convex.

    Keeps an entry whole or drops it, and so does not shorten what it keeps.

    Parameters
    ----------
    weight : float
        Price of an entry, >= 0.

    Raises
    ------
    ValueError
        If `weight` is negative or not finite, or, in `prox`, if ``step <= 0``.

    References
    ----------
    Blumensath & Davies (2008), J. Fourier Anal. Appl. 14, 629-654,
    doi:10.1007/s00041-008-9035-z

    Examples
    --------
    >>> import numpy as np
    >>> L0(2.0)(np.array([3.0, 0.0, 0.1]))
    4.0
    >>> L0().prox(np.array([3.0, 1.0]), step=1.0).tolist()    # kept where x^2 / 2 > 1
    [3.0, 0.0]
    """

    weight: float = 1.0

    def __post_init__(self):
        if not 0 <= self.weight < float("inf"):
            raise ValueError(f"weight must be finite and >= 0, got {self.weight}")

    def __call__(self, x) -> float:
        return self.weight * int(namespace(x).count_nonzero(x))

    def prox(self, x, step):
        """Zero where ``|x|^2 <= 2 step weight``, unchanged elsewhere."""
        if not step > 0:
            raise ValueError(f"step must be > 0, got {step}")
        xp = namespace(x)
        return xp.where(xp.abs(x) ** 2 > 2 * step * self.weight, x, xp.zeros_like(x))
