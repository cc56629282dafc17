"""Sparsity: the sum of magnitudes, whose prox is soft thresholding."""

from dataclasses import dataclass

import numpy as np

from corporis.arrays import matched, namespace
from corporis.interfaces import Array

# dtypes that the compiled thresholds know, and the real numbers they are made of
REAL = {np.dtype(c): np.dtype(f) for c, f in zip("fdFD", "fdfd")}


@dataclass(frozen=True, eq=False)
class L1:
    r"""Weighted sum of magnitudes, ``f(x) = sum_i weight_i |x_i|``.

    The convex penalty that makes most entries exactly zero: few wavelets, few atoms, few
    measures that speak for a disease.

    Parameters
    ----------
    weight : float or array
        Strength, >= 0; an array is broadcast against `x`. Unit: objective per unit of `x`.

    Raises
    ------
    ValueError
        If a weight is negative or not finite, or, in `prox`, if ``step <= 0``.

    References
    ----------
    Tibshirani (1996), J. R. Stat. Soc. B 58, 267-288; Donoho (1995), IEEE Trans. Inf. Theory
    41, 613-627, doi:10.1109/18.382009

    Examples
    --------
    >>> import numpy as np
    >>> L1(weight=2.0)(np.array([3.0, -1.0]))
    8.0
    >>> L1().prox(np.array([3.0, -0.5]), step=1.0).tolist()
    [2.0, -0.0]
    """

    weight: float | Array = 1.0

    def __post_init__(self):
        weight = np.asarray(self.weight)
        if not (np.all(np.isfinite(weight)) and np.all(weight >= 0)):
            raise ValueError(f"weight must be finite and >= 0, got {self.weight}")

    def __call__(self, x) -> float:
        xp = namespace(x)
        return float(xp.sum(matched(self.weight, x) * xp.abs(x)))

    def prox(self, x, step):
        """Shorten every entry by ``step * weight``; shape and dtype of `x` kept."""
        if not step > 0:
            raise ValueError(f"step must be > 0, got {step}")
        return soft_threshold(x, float(step) * matched(self.weight, x))

    def polar(self, u) -> float:
        """``max_i |u_i| / weight_i``; infinite where a free entry has a slope."""
        xp = namespace(u)
        size = xp.abs(u)
        weight = xp.broadcast_to(matched(self.weight, u), size.shape)
        is_free = weight == 0
        if bool(xp.any(is_free & (size > 0))):
            return float("inf")
        return float(xp.max(size / xp.where(is_free, 1, weight)))


def soft_threshold(x, cut):
    """Shorten the magnitude of every entry of `x` by `cut` >= 0, not below zero.

    Examples
    --------
    >>> import numpy as np
    >>> soft_threshold(np.array([3 + 4j, 0.1]), np.array(2.5)).tolist()
    [(1.5+2j), 0j]
    """
    if isinstance(x, np.ndarray) and x.dtype in REAL and np.ndim(cut) == 0:
        return _shrink_compiled(x, cut)
    return shrink_plain(x, cut)


def shrink_plain(x, cut):
    """`soft_threshold` for any array library, and for a `cut` that broadcasts against `x`.

    Examples
    --------
    >>> import numpy as np
    >>> shrink_plain(np.array([3.0, -2.0]), np.array([1.0, 4.0])).tolist()
    [2.0, -0.0]
    """
    xp = namespace(x)
    size = xp.abs(x)
    is_alive = size > cut
    return x * xp.where(is_alive, 1 - cut / xp.where(is_alive, size, 1), 0)


def _shrink_compiled(x, cut):
    from corporis.functionals import _threshold_kernel as kernel  # numba starts slowly

    x = np.ascontiguousarray(x)
    out, real = np.empty_like(x), REAL[x.dtype]
    shrink = kernel.shrink_complex if x.dtype.kind == "c" else kernel.shrink_real
    shrink(x.reshape(-1).view(real), real.type(cut), out.reshape(-1).view(real))
    return out
