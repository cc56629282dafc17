"""A penalty on the first rows only: intercepts and other free unknowns stay unpenalised."""

from dataclasses import dataclass

from corporis.arrays import namespace
from corporis.interfaces import Proximable


@dataclass(frozen=True, eq=False)
class Leading:
    """``f(x[:n_rows])``: the rows after the first `n_rows` are free.

    Parameters
    ----------
    penalty : Proximable
        The functional of the leading rows.
    n_rows : int
        How many rows along axis 0 it sees, >= 1.

    Raises
    ------
    ValueError
        If ``n_rows < 1``.

    Examples
    --------
    >>> import numpy as np
    >>> from corporis.functionals import L1
    >>> Leading(L1(), 2).prox(np.array([3.0, 0.5, 7.0]), step=1.0).tolist()
    [2.0, 0.0, 7.0]
    """

    penalty: Proximable
    n_rows: int

    def __post_init__(self):
        if self.n_rows < 1:
            raise ValueError(f"n_rows must be >= 1, got {self.n_rows}")

    def __call__(self, x) -> float:
        return self.penalty(x[: self.n_rows])

    def prox(self, x, step):
        """The prox of the leading rows; the others are returned as they are."""
        lead = self.penalty.prox(x[: self.n_rows], step)
        return namespace(x).concat([lead, x[self.n_rows :]], axis=0)
