"""Low rank in small blocks: what few neighbouring voxels do over time is simple."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from corporis.arrays import check_shape, namespace
from corporis.functionals.nuclear import shrink_singular_values, singular_values
from corporis.interfaces import Shape


@dataclass(frozen=True)
class LocallyLowRank:
    r"""Sum over blocks of the nuclear norm of (frames x voxels), ``weight * sum_b ||X_b||_*``.

    The blocks tile the grid without overlap, the last along an axis may be smaller. A whole
    beating heart needs many singular values, but each small block few. A random `shift` in each
    iteration hides the borders of the blocks.

    Parameters
    ----------
    shape : tuple of int
        Shape of the series, (n_frames, *grid).
    block : int or tuple of int
        Size of a block in voxels, >= 1, one number or one for each axis of the grid.
    weight : float
        Strength, >= 0.
    shift : int or tuple of int
        The grid is rolled forth by this many voxels before it is cut, one number or one an axis.

    Raises
    ------
    ValueError
        If `shape` has no grid, a block is smaller than 1, `block` or `shift` has another number
        of entries than the grid has axes, `weight` is negative or not finite, or, in `prox`, if
        ``step <= 0``.

    References
    ----------
    Trzasko & Manduca (2011), Proc. Intl. Soc. Mag. Reson. Med. 19, 4371; Zhang, Pauly &
    Levesque (2015), Magn. Reson. Med. 73, 655-661

    Examples
    --------
    >>> f = LocallyLowRank((2, 4), block=2)
    >>> still = np.array([[3.0, 4.0, 0.0, 0.0], [0.0, 0.0, 0.0, 2.0]])
    >>> f(still)    # one singular value in each block, 5 and 2
    7.0
    >>> f.prox(still, step=1.0).round(6).tolist()
    [[2.4, 3.2, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]]
    """

    shape: Shape
    block: int | Sequence[int] = 8
    weight: float = 1.0
    shift: int | Sequence[int] = 0

    def __post_init__(self):
        shape = tuple(int(n) for n in self.shape)
        n_axes = len(shape) - 1
        if n_axes < 1:
            raise ValueError(f"shape must be (n_frames, *grid), got {shape}")
        if not 0 <= self.weight < float("inf"):
            raise ValueError(f"weight must be finite and >= 0, got {self.weight}")
        block = (self.block,) * n_axes if np.ndim(self.block) == 0 else tuple(self.block)
        shift = (self.shift,) * n_axes if np.ndim(self.shift) == 0 else tuple(self.shift)
        if len(block) != n_axes or not all(size >= 1 for size in block):
            raise ValueError(f"block must be >= 1, one number or one an axis, got {block}")
        if len(shift) != n_axes:
            raise ValueError(f"shift must be one number or {n_axes}, got {shift}")
        for name, value in (("shape", shape), ("block", block), ("shift", shift)):
            object.__setattr__(self, name, tuple(int(n) for n in value))

    def __call__(self, x) -> float:
        check_shape(x, self.shape)
        xp, total = namespace(x), 0.0
        x = xp.roll(x, self.shift, axis=self._axes)
        for places, split in self._regions():
            total += float(xp.sum(singular_values(_blocks(x[places], split))))
        return float(self.weight) * total

    def prox(self, x, step):
        """Shorten the singular values of every block by ``step * weight``."""
        if not step > 0:
            raise ValueError(f"step must be > 0, got {step}")
        check_shape(x, self.shape)
        xp = namespace(x)
        rolled = xp.roll(x, self.shift, axis=self._axes)
        for places, split in self._regions():
            region = rolled[places]
            shrunk = shrink_singular_values(_blocks(region, split), float(step * self.weight))
            rolled[places] = _unblocked(shrunk, split, region.shape)
        return xp.roll(rolled, tuple(-s for s in self.shift), axis=self._axes)

    def polar(self, u) -> float:
        """The largest singular value of all blocks of `u`, in units of `weight`."""
        check_shape(u, self.shape)
        xp = namespace(u)
        u = xp.roll(u, self.shift, axis=self._axes)
        largest = max(
            float(xp.max(singular_values(_blocks(u[places], split))))
            for places, split in self._regions()
        )
        if self.weight == 0:
            return float("inf") if largest > 0 else 0.0
        return largest / self.weight

    @property
    def _axes(self):
        return tuple(range(1, len(self.shape)))

    def _regions(self):
        """Parts of the grid with blocks of one size: slices, and (count, size) an axis."""
        segments = []
        for n, size in zip(self.shape[1:], self.block):
            whole = n // size * size
            options = [(slice(0, whole), (n // size, size))] if whole else []
            if whole < n:
                options.append((slice(whole, n), (1, n - whole)))
            segments.append(options)
        for choice in itertools.product(*segments):
            yield (slice(None), *(cut for cut, _ in choice)), [split for _, split in choice]


def _blocks(region, split):
    """Matrices (n_blocks, n_frames, n_voxels) of a region that blocks of one size tile."""
    xp, n_axes = namespace(region), len(split)
    n_frames = region.shape[0]
    cut = xp.reshape(region, (n_frames, *itertools.chain(*split)))
    counts, sizes = range(1, 2 * n_axes, 2), range(2, 2 * n_axes + 1, 2)
    cut = xp.permute_dims(cut, (*counts, 0, *sizes))
    return xp.reshape(cut, (-1, n_frames, math.prod(size for _, size in split)))


def _unblocked(blocks, split, shape):
    """The inverse of `_blocks`."""
    xp, n_axes = namespace(blocks), len(split)
    counts, sizes = zip(*split)
    cut = xp.reshape(blocks, (*counts, shape[0], *sizes))
    order = itertools.chain(*((axis, n_axes + 1 + axis) for axis in range(n_axes)))
    return xp.reshape(xp.permute_dims(cut, (n_axes, *order)), shape)
