"""Group sparsity: the mixed norm L2,1, whose prox keeps or kills whole groups."""

import math
from dataclasses import dataclass

import numpy as np

from corporis.arrays import namespace
from corporis.functionals.l1 import REAL


@dataclass(frozen=True, slots=True)
class L21:
    r"""Weighted sum of group lengths, ``f(x) = weight * sum_g ||x_g||_2``.

    A group is one line of `x` along `axis`: the coils of a voxel, the derivatives of a
    pixel, one shape's landmarks. The remaining axes, of any shape, count the groups.

    Parameters
    ----------
    weight : float
        Strength of the penalty, >= 0; unit: objective per unit of `x`.
    axis : int or tuple of int
        Axes that together form one group.

    Raises
    ------
    ValueError
        If `weight` is negative or not finite, or, in `prox`, if ``step <= 0``.

    References
    ----------
    Yuan & Lin (2006), J. R. Stat. Soc. B 68, 49-67, doi:10.1111/j.1467-9868.2005.00532.x

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[3.0, 0.3], [4.0, 0.4]])    # two groups, lengths 5 and 0.5
    >>> L21(weight=2.0)(x)
    11.0
    >>> L21().prox(x, step=1.0).round(1).tolist() # lengths 5 -> 4 and 0.5 -> 0
    [[2.4, 0.0], [3.2, 0.0]]
    """

    weight: float = 1.0
    axis: int | tuple[int, ...] = 0

    def __post_init__(self):
        if not 0 <= self.weight < float("inf"):
            raise ValueError(f"weight must be finite and >= 0, got {self.weight}")

    def __call__(self, x) -> float:
        return float(self.weight) * float(namespace(x).sum(self._lengths(x)))

    def prox(self, x, step):
        """Shrink every group's length by ``step * weight``; shape and dtype of `x` kept."""
        if not step > 0:
            raise ValueError(f"step must be > 0, got {step}")
        cut = float(step * self.weight)
        n_leading = self._n_leading(x.ndim)
        if isinstance(x, np.ndarray) and x.dtype in REAL and n_leading:
            return _shrink_compiled(x, cut, n_leading)
        return self.prox_plain(x, cut)

    def prox_plain(self, x, cut):
        """`prox` for any array library, with the product of step and weight."""
        xp, length = namespace(x), self._lengths(x)
        is_alive = length > cut
        return x * xp.where(is_alive, 1 - cut / xp.where(is_alive, length, 1), 0)

    def polar(self, u) -> float:
        """The longest group of `u`, in units of `weight`."""
        longest = float(namespace(u).max(self._lengths(u)))
        if self.weight == 0:
            return float("inf") if longest > 0 else 0.0
        return longest / self.weight

    def _n_leading(self, n_axes):
        """How many axes make up a group, if they are the first ones, else 0."""
        axes = (self.axis,) if isinstance(self.axis, int) else self.axis
        counted = sorted(axis % n_axes for axis in axes)
        return len(counted) if counted == list(range(len(counted))) else 0

    def _lengths(self, x):
        return namespace(x).linalg.vector_norm(x, axis=self.axis, keepdims=True)


def _shrink_compiled(x, cut, n_leading):
    from corporis.functionals import _threshold_kernel as kernel  # numba starts slowly

    x = np.ascontiguousarray(x)
    out, real = np.empty_like(x), REAL[x.dtype]
    n_members = math.prod(x.shape[:n_leading])
    shrink = kernel.shrink_groups_complex if x.dtype.kind == "c" else kernel.shrink_groups_real
    shape = (n_members, x.size * (x.itemsize // real.itemsize) // max(n_members, 1))
    source, target = (array.reshape(-1).view(real).reshape(shape) for array in (x, out))
    shrink(source, real.type(cut), target)
    return out
