"""Groups that form a tree: a coefficient may live only where its ancestors do."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from array_api_compat import device

from corporis.arrays import Constant, namespace
from corporis.interfaces import Array
from corporis.operators import Wavelet


@dataclass(frozen=True, eq=False)
class TreeGroups:
    r"""``f(x) = weight * sum_i w_i ||(x_i and all its descendants)||_2``: nested groups.

    What survives the prox is a tree that grows from its roots: if a coefficient goes, all below
    it go. One pass from the leaves to the roots shrinks every group exactly, because a group
    either contains another or has nothing in common with it.

    Parameters
    ----------
    parents : int array
        For every coefficient the index of its parent in C order, or -1 for a root. For wavelets,
        see `wavelet_tree`.
    weight : float
        Strength, >= 0.
    group_weights : array or None
        ``w_i`` >= 0 in the shape of `parents`; None is 1. Weight 0 gives a coefficient no group
        of its own.
    is_joint : bool
        The leading axes that `x` has beyond the shape of `parents` (contrasts, coils, frames)
        are either trees of their own, or, if true, share their groups.

    Raises
    ------
    ValueError
        If a parent is out of range or a coefficient is its own ancestor, a weight is negative or
        not finite, `x` does not end in the shape of `parents`, or, in `prox`, if ``step <= 0``.

    References
    ----------
    Jenatton, Mairal, Obozinski & Bach (2011), J. Mach. Learn. Res. 12, 2297-2334

    Examples
    --------
    >>> f = TreeGroups(np.array([-1, 0, 0]))    # a root with two leaves
    >>> f(np.array([0.0, 3.0, -4.0]))    # 5 + 3 + 4
    12.0
    >>> f.prox(np.array([0.0, 4.0, -5.0]), step=1.0).round(6).tolist()    # leaves 3, -4, then 5
    [0.0, 2.4, -3.2]
    """

    parents: Array
    weight: float = 1.0
    group_weights: Array | None = None
    is_joint: bool = False

    def __post_init__(self):
        if not 0 <= self.weight < float("inf"):
            raise ValueError(f"weight must be finite and >= 0, got {self.weight}")
        parents = np.asarray(self.parents)
        is_valid = parents.dtype.kind in "iu" and parents.size > 0
        if not is_valid or parents.min() < -1 or parents.max() >= parents.size:
            raise ValueError(f"parents must be integers from -1 to {parents.size - 1}")
        object.__setattr__(self, "parents", parents)
        if self.group_weights is not None:
            weights = np.asarray(self.group_weights, dtype=float)
            if weights.shape != parents.shape or not np.all((weights >= 0) & np.isfinite(weights)):
                raise ValueError(f"group_weights must be finite and >= 0, {parents.shape}")
            object.__setattr__(self, "group_weights", weights)
        self._generations  # noqa: B018  (a ring of parents is refused at birth)

    def __call__(self, x) -> float:
        xp = namespace(x)
        energy, _ = self._climb(x, 0.0)
        weights = self._weights.like(energy[0]) if self._weights is not None else 1.0
        lengths = xp.sqrt(xp.concat(energy, axis=-1))
        return float(self.weight) * float(xp.sum(weights * lengths))

    def prox(self, x, step):
        """Shrink the groups one after the other, those inside others first."""
        if not step > 0:
            raise ValueError(f"step must be > 0, got {step}")
        xp = namespace(x)
        _, factors = self._climb(x, float(step * self.weight))
        # A coefficient has been shrunk with its own group and with those of all its ancestors.
        for depth, above in enumerate(self._parent_places[1:], 1):
            whole = xp.take(factors[depth - 1], _index(above, x), axis=-1)
            factors[depth] = factors[depth] * whole
        factor = xp.take(xp.concat(factors, axis=-1), _index(self._home, x), axis=-1)
        flat = xp.reshape(x, (-1, self.parents.size))
        return xp.reshape(flat * factor, x.shape)

    def _climb(self, x, cut):
        """Energies of all groups before their own shrinkage, and its factors, by generation."""
        xp, shape = namespace(x), self.parents.shape
        if tuple(x.shape[x.ndim - len(shape) :]) != shape:
            raise ValueError(f"x must be (..., *{shape}), got {tuple(x.shape)}")
        energy = xp.abs(xp.reshape(x, (-1, self.parents.size))) ** 2
        if self.is_joint:
            energy = xp.sum(energy, axis=0, keepdims=True)
        energy = xp.take(energy, _index(self._order, x), axis=-1)
        energies, factors, below = [], [], None
        for depth in reversed(range(len(self._generations))):
            start, stop = self._bounds[depth], self._bounds[depth + 1]
            total = energy[:, start:stop]
            if below is not None:
                padded = xp.concat([below, xp.zeros_like(below[:, :1])], axis=-1)
                for children in self._child_places[depth]:
                    total = total + xp.take(padded, _index(children, x), axis=-1)
            limit = cut
            if self._weights is not None:
                limit = cut * self._weights.like(energy)[start:stop]
            length = xp.sqrt(total)
            is_alive = length > limit
            factor = xp.where(is_alive, 1 - limit / xp.where(is_alive, length, 1), 0)
            energies.append(total)
            factors.append(factor)
            below = total * factor**2
        return energies[::-1], factors[::-1]

    @cached_property
    def _generations(self):
        """Coefficients by their distance from a root."""
        parents = self.parents.reshape(-1)
        depth, missing = np.full(parents.size, -1), parents >= 0
        depth[~missing] = 0
        for generation in range(1, parents.size + 1):
            if not missing.any():
                return [np.flatnonzero(depth == d) for d in range(depth.max() + 1)]
            found = missing & (depth[parents] == generation - 1)
            if not found.any():
                break
            depth[found], missing = generation, missing & ~found
        raise ValueError("parents must form trees, a coefficient here is its own ancestor")

    @cached_property
    def _order(self):
        return np.concatenate(self._generations)

    @cached_property
    def _home(self):
        """Where every coefficient is in the order of generations."""
        home = np.empty(self.parents.size, dtype=np.int64)
        home[self._order] = np.arange(self.parents.size)
        return home

    @cached_property
    def _bounds(self):
        return np.cumsum([0, *(len(members) for members in self._generations)]).tolist()

    @cached_property
    def _parent_places(self):
        """For every generation, where its parents are in the one above."""
        places, parents = [None], self.parents.reshape(-1)
        for depth in range(1, len(self._generations)):
            above = self._home[parents[self._generations[depth]]]
            places.append(above - self._bounds[depth - 1])
        return places

    @cached_property
    def _child_places(self):
        """For every generation the first, second, ... child of each member in the one below.

        Who has no such child is sent one place beyond the end.
        """
        tables = []
        for depth in range(len(self._generations) - 1):
            above = self._parent_places[depth + 1]
            order = np.argsort(above, kind="stable")
            rank = np.empty(above.size, dtype=np.int64)
            counts = np.bincount(above, minlength=len(self._generations[depth]))
            starts = np.cumsum(counts) - counts
            rank[order] = np.arange(above.size) - starts[above[order]]
            table = np.full((counts.max(), counts.size), above.size)
            table[rank, above] = np.arange(above.size)
            tables.append(table)
        return tables

    @cached_property
    def _weights(self):
        if self.group_weights is None:
            return None
        return Constant(self.group_weights.reshape(-1)[self._order])


def wavelet_tree(wavelet: Wavelet) -> np.ndarray:
    """Parent of every wavelet coefficient, for `TreeGroups`.

    The parent of a detail is that at half its place on the next coarser level in the same
    direction. The coarsest details and the approximation are roots, and so is the last detail
    of an axis where an odd number of them leaves it without a parent.

    Parameters
    ----------
    wavelet : Wavelet
        Its transformed axes must be the last ones of its shape.

    Returns
    -------
    int array in the shape of the transformed axes
        Index of the parent in C order, -1 for roots.

    Raises
    ------
    ValueError
        If the wavelet's axes are not the last ones.

    Examples
    --------
    >>> wavelet_tree(Wavelet((8,), "haar", levels=3)).tolist()    # a3, d3, d2, d2, d1, ...
    [-1, -1, 1, 1, 2, 2, 3, 3]
    """
    axes, n_axes = tuple(wavelet.axes or ()), len(wavelet.shape)
    if axes != tuple(range(n_axes - len(axes), n_axes)):
        raise ValueError(f"the wavelet's axes must be the last ones, got {axes} of {n_axes}")
    grid = wavelet.shape[n_axes - len(axes) :]
    parents, flat = np.full(grid, -1), np.arange(np.prod(grid)).reshape(grid)
    slices = {(b.level, b.orientation): b.slices[n_axes - len(axes) :] for b in wavelet.bands}
    for (level, orientation), child in slices.items():
        above = slices.get((level + 1, orientation))
        if above is None:
            continue
        sizes = [len(range(n)[cut]) for n, cut in zip(grid, above)]
        lines = [np.arange(len(range(n)[cut])) // 2 for n, cut in zip(grid, child)]
        places = np.meshgrid(*lines, indexing="ij")
        has_parent = np.all([place < size for place, size in zip(places, sizes)], axis=0)
        clipped = tuple(np.minimum(place, size - 1) for place, size in zip(places, sizes))
        parents[child] = np.where(has_parent, flat[above][clipped], -1)
    return parents


def _index(places, x):
    return namespace(x).asarray(places, device=device(x))
