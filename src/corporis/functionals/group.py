"""Groups named by labels: sparse between groups, and inside them where wished."""

from dataclasses import dataclass

import numpy as np

from corporis.arrays import matched, namespace
from corporis.functionals.l1 import L1, soft_threshold
from corporis.interfaces import Array


@dataclass(frozen=True, eq=False)
class SparseGroup:
    r"""L1 plus weighted group lengths, ``l1 ||x||_1 + group sum_g w_g ||x_g||_2``.

    Rows of `x` with the same label form a group, all further axes included: the measures of one
    heart segment, for all classes. The group term chooses segments, the L1 term chooses
    measures inside them. The prox thresholds first and shrinks the groups afterwards; the
    reverse order is not the prox.

    Parameters
    ----------
    l1, group : float
        Strengths, >= 0.
    labels : int array, (n_rows,)
        Group of every row, 0 to n_groups - 1; each group has at least one row.
    group_weights : array, (n_groups,), or None
        ``w_g`` >= 0; None takes the square root of the number of rows.

    Raises
    ------
    ValueError
        If a strength or weight is negative or not finite, if a label has no row, or, in `prox`,
        if ``step <= 0``.

    References
    ----------
    Simon, Friedman, Hastie & Tibshirani (2013), J. Comput. Graph. Stat. 22, 231-245,
    doi:10.1080/10618600.2012.681250

    Examples
    --------
    >>> import numpy as np
    >>> f = SparseGroup(l1=1.0, group=1.0, labels=[0, 0, 1], group_weights=[1.0, 1.0])
    >>> f(np.array([3.0, -4.0, 0.0]))
    12.0
    >>> f.prox(np.array([4.0, 5.0, 1.5]), step=1.0).round(6).tolist()
    [2.4, 3.2, 0.0]
    """

    l1: float
    group: float
    labels: Array
    group_weights: Array | None = None

    def __post_init__(self):
        for name in ("l1", "group"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise ValueError(f"{name} must be finite and >= 0, got {getattr(self, name)}")
        labels = np.asarray(self.labels)
        if labels.ndim != 1 or labels.dtype.kind not in "iu" or labels.size == 0:
            raise ValueError(f"labels must be a list of integers, got shape {labels.shape}")
        sizes = np.bincount(labels) if labels.min() >= 0 else np.zeros(1)
        if np.any(sizes == 0):
            raise ValueError("labels must be 0 to n_groups - 1, each with at least one row")
        weights = np.sqrt(sizes) if self.group_weights is None else np.asarray(self.group_weights)
        if weights.shape != sizes.shape or not np.all((weights >= 0) & np.isfinite(weights)):
            raise ValueError(f"group_weights must be {sizes.size} finite numbers >= 0")
        object.__setattr__(self, "labels", labels)
        object.__setattr__(self, "group_weights", weights.astype(float))

    def __call__(self, x) -> float:
        xp = namespace(x)
        lengths = self._lengths(x) * matched(self.group_weights, x)
        return self.l1 * float(xp.sum(xp.abs(x))) + self.group * float(xp.sum(lengths))

    def prox(self, x, step):
        """Soft threshold, then shrink every group; shape and dtype of `x` kept."""
        if not step > 0:
            raise ValueError(f"step must be > 0, got {step}")
        xp = namespace(x)
        thinned = soft_threshold(x, matched(step * self.l1, x))
        lengths = self._lengths(thinned)
        cut = float(step * self.group) * matched(self.group_weights, x)
        is_alive = lengths > cut
        factor = xp.where(is_alive, 1 - cut / xp.where(is_alive, lengths, 1), 0)
        factor = factor[xp.asarray(self.labels)]
        return thinned * xp.reshape(factor, (-1,) + (1,) * (x.ndim - 1))

    def polar(self, u) -> float:
        """Smallest ``t`` with ``||soft(u_g, t l1)||_2 <= t group w_g`` for every group.

        The left side falls and the right side grows with ``t``, so bisection finds it; the
        upper end is returned, which is always feasible.
        """
        if self.group == 0:
            return L1(self.l1).polar(u)
        xp = namespace(u)
        limit = float(self.group) * matched(self.group_weights, u)
        high = max(self._upper_bound(u), 0.0)
        low = 0.0
        if high in (0.0, float("inf")):
            return high
        for _ in range(60):
            middle = (low + high) / 2
            lengths = self._lengths(soft_threshold(u, matched(middle * self.l1, u)))
            if bool(xp.all(lengths <= middle * limit)):
                high = middle
            else:
                low = middle
        return high

    def _upper_bound(self, u) -> float:
        xp = namespace(u)
        if self.l1 > 0:
            return float(xp.max(xp.abs(u))) / self.l1
        lengths, limit = self._lengths(u), self.group * matched(self.group_weights, u)
        if bool(xp.any((limit == 0) & (lengths > 0))):
            return float("inf")
        return float(xp.max(lengths / xp.where(limit == 0, 1, limit)))

    def _lengths(self, x):
        xp = namespace(x)
        rows = xp.linalg.vector_norm(xp.reshape(x, (x.shape[0], -1)), axis=1)
        members = np.arange(self.group_weights.size)[:, None] == self.labels
        return xp.sqrt(matched(members, x) @ rows**2)


@dataclass(frozen=True, eq=False)
class GroupL2:
    r"""Weighted group lengths, ``weight * sum_g w_g ||x_g||_2``, groups named by labels.

    The group lasso for groups of unequal size; `L21` is its fast form for groups that are
    lines of an array.

    Parameters
    ----------
    weight : float
        Strength, >= 0.
    labels : int array, (n_rows,)
        Group of every row, 0 to n_groups - 1.
    group_weights : array, (n_groups,), or None
        ``w_g`` >= 0; None takes the square root of the number of rows.

    Raises
    ------
    ValueError
        As `SparseGroup`.

    References
    ----------
    Yuan & Lin (2006), J. R. Stat. Soc. B 68, 49-67, doi:10.1111/j.1467-9868.2005.00532.x

    Examples
    --------
    >>> import numpy as np
    >>> GroupL2(1.0, labels=[0, 0, 1], group_weights=[1.0, 1.0])(np.array([3.0, 4.0, -2.0]))
    7.0
    """

    weight: float
    labels: Array
    group_weights: Array | None = None

    def __post_init__(self):
        if not 0 <= self.weight < float("inf"):
            raise ValueError(f"weight must be finite and >= 0, got {self.weight}")
        object.__setattr__(self, "group_weights", self._penalty().group_weights)
        object.__setattr__(self, "labels", self._penalty().labels)

    def __call__(self, x) -> float:
        return self._penalty()(x)

    def prox(self, x, step):
        """Shrink every group's length by ``step * weight * w_g``."""
        return self._penalty().prox(x, step)

    def polar(self, u) -> float:
        """The largest ``||u_g||_2 / (weight * w_g)``."""
        if self.weight == 0:
            return float("inf") if bool(namespace(u).any(u != 0)) else 0.0
        return self._penalty().polar(u)

    def _penalty(self) -> SparseGroup:
        return SparseGroup(0.0, self.weight, self.labels, self.group_weights)
