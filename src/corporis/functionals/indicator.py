"""Indicators of convex sets: zero inside, infinite outside; the prox is the projection."""

import math
from dataclasses import dataclass

import numpy as np

from corporis.arrays import matched, namespace
from corporis.interfaces import Array

# Projections land on the border only up to rounding; this share of the scale counts as inside.
SLACK = 1e-5


@dataclass(frozen=True, slots=True)
class Zero:
    """``f(x) = 0``: no penalty, where a solver wants one.

    Examples
    --------
    >>> import numpy as np
    >>> Zero()(np.ones(2)), Zero().prox(np.ones(2), step=1.0).tolist()
    (0.0, [1.0, 1.0])
    """

    def __call__(self, x) -> float:
        return 0.0

    def prox(self, x, step):
        """`x` itself."""
        if not step > 0:
            raise ValueError(f"step must be > 0, got {step}")
        return x

    def gradient(self, x):
        """Zeros."""
        return namespace(x).zeros_like(x)

    @property
    def lipschitz(self) -> float:
        """0."""
        return 0.0


@dataclass(frozen=True, eq=False)
class Box:
    """Real numbers between two limits: 0 where ``lower <= x <= upper``, else infinite.

    Parameters
    ----------
    lower, upper : float or array
        ``lower <= upper`` everywhere; broadcast against `x`; may be infinite.

    Raises
    ------
    ValueError
        If a lower limit is above its upper limit, or, in `prox`, if ``step <= 0``.

    Examples
    --------
    >>> import numpy as np
    >>> Box(0.0, 1.0)(np.array([0.5, 2.0])), Box(0.0, 1.0).prox(np.array([0.5, 2.0]), 1.0).tolist()
    (inf, [0.5, 1.0])
    """

    lower: float | Array
    upper: float | Array

    def __post_init__(self):
        if not np.all(np.asarray(self.lower) <= np.asarray(self.upper)):
            raise ValueError("lower must be <= upper everywhere")

    def __call__(self, x) -> float:
        xp = namespace(x)
        lower, upper = matched(self.lower, x), matched(self.upper, x)
        return 0.0 if bool(xp.all((x >= lower) & (x <= upper))) else math.inf

    def prox(self, x, step):
        """The nearest point of the box."""
        if not step > 0:
            raise ValueError(f"step must be > 0, got {step}")
        xp = namespace(x)
        return xp.minimum(xp.maximum(x, matched(self.lower, x)), matched(self.upper, x))


@dataclass(frozen=True, slots=True)
class NonNegative:
    """Real numbers >= 0: 0 where all are, else infinite.

    Examples
    --------
    >>> import numpy as np
    >>> NonNegative().prox(np.array([-1.0, 2.0]), step=1.0).tolist()
    [0.0, 2.0]
    """

    def __call__(self, x) -> float:
        return 0.0 if bool(namespace(x).all(x >= 0)) else math.inf

    def prox(self, x, step):
        """Negative entries set to zero."""
        if not step > 0:
            raise ValueError(f"step must be > 0, got {step}")
        xp = namespace(x)
        return xp.where(x > 0, x, xp.zeros_like(x))


@dataclass(frozen=True, slots=True)
class Simplex:
    """Shares along axis 0: entries >= 0 that sum to `total`, as mixtures of tissues or shapes.

    Parameters
    ----------
    total : float
        Sum of each column, > 0.

    Raises
    ------
    ValueError
        If `total` is not positive and finite, or, in `prox`, if ``step <= 0``.

    References
    ----------
    Held, Wolfe & Crowder (1974), Math. Program. 6, 62-88, doi:10.1007/BF01580223

    Examples
    --------
    >>> import numpy as np
    >>> Simplex().prox(np.array([1.0, 0.5, -3.0]), step=1.0).tolist()
    [0.75, 0.25, 0.0]
    """

    total: float = 1.0

    def __post_init__(self):
        if not 0 < self.total < float("inf"):
            raise ValueError(f"total must be finite and > 0, got {self.total}")

    def __call__(self, x) -> float:
        xp = namespace(x)
        error = float(xp.max(xp.abs(xp.sum(x, axis=0) - self.total)))
        is_inside = bool(xp.all(x >= 0)) and error <= SLACK * self.total
        return 0.0 if is_inside else math.inf

    def prox(self, x, step):
        """The nearest shares: one number is taken off each column, negative rests become 0."""
        if not step > 0:
            raise ValueError(f"step must be > 0, got {step}")
        xp = namespace(x)
        falling = xp.sort(x, axis=0, descending=True)
        rank = matched(np.arange(1, x.shape[0] + 1).reshape((-1,) + (1,) * (x.ndim - 1)), x)
        offsets = (xp.cumulative_sum(falling, axis=0) - float(self.total)) / rank
        # The right number of kept entries is where this offset is largest.
        shifted = x - xp.max(offsets, axis=0, keepdims=True)
        return xp.where(shifted > 0, shifted, xp.zeros_like(x))
