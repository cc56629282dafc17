"""Small pieces of an image, overlapping."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from array_api_compat import device

from corporis.arrays import check_shape, namespace
from corporis.interfaces import LinearOperator, Shape
from corporis.operators import _patches_kernel as kernel


@dataclass(frozen=True)
class Patches(LinearOperator):
    """All patches of one size, as a list: what dictionaries and patch denoisers work on.

    The adjoint adds overlapping patches; divided by `counts` it averages them, and undoes
    `forward` wherever a patch lies.

    Parameters
    ----------
    shape : tuple of int
        Shape of the image.
    size : int or tuple of int
        Size of a patch, >= 1 and at most the image's, one number or one an axis.
    stride : int or tuple of int
        Distance between neighbouring patches, >= 1, one number or one an axis.
    is_cyclic : bool
        Whether patches go on at the other end of the image; otherwise all lie inside, and where
        the stride leaves a rest, the last samples are in no patch.

    Raises
    ------
    ValueError
        If a size or stride is out of range, or there is not one an axis.

    Examples
    --------
    >>> P = Patches((4,), size=3)
    >>> (P @ np.array([1.0, 2.0, 3.0, 4.0])).tolist()
    [[1.0, 2.0, 3.0], [2.0, 3.0, 4.0], [3.0, 4.0, 1.0], [4.0, 1.0, 2.0]]
    >>> Patches((4,), size=3, is_cyclic=False).counts.tolist()
    [1.0, 2.0, 2.0, 1.0]
    """

    shape: Shape
    size: int | Sequence[int]
    stride: int | Sequence[int] = 1
    is_cyclic: bool = True

    def __post_init__(self):
        shape = tuple(int(n) for n in self.shape)
        size = (self.size,) * len(shape) if np.ndim(self.size) == 0 else tuple(self.size)
        stride = (self.stride,) * len(shape) if np.ndim(self.stride) == 0 else tuple(self.stride)
        if len(size) != len(shape) or not all(1 <= s <= n for s, n in zip(size, shape)):
            raise ValueError(f"size must be 1 to the image's {shape}, one an axis, got {size}")
        if len(stride) != len(shape) or not all(s >= 1 for s in stride):
            raise ValueError(f"stride must be >= 1, one number or one an axis, got {stride}")
        for name, value in (("shape", shape), ("size", size), ("stride", stride)):
            object.__setattr__(self, name, tuple(int(n) for n in value))

    domain = property(lambda self: self.shape)
    codomain = property(lambda self: (math.prod(self.n_along), *self.size))

    @property
    def n_along(self):
        """How many patches there are along each axis."""
        sizes = zip(self.shape, self.size, self.stride)
        if self.is_cyclic:
            return tuple(-(-n // stride) for n, _, stride in sizes)
        return tuple((n - size) // stride + 1 for n, size, stride in sizes)

    @cached_property
    def counts(self) -> np.ndarray:
        """In how many patches every sample lies, `shape`, float64."""
        return self.adjoint(np.ones(self.codomain))

    def forward(self, x):
        """Patches in C order of their corners, (n_patches, *size)."""
        check_shape(x, self.shape)
        xp, wide = namespace(x), x
        for axis, extra in enumerate(self._margins):
            wide = xp.concat([wide, _cut(wide, axis, 0, extra)], axis=axis)
        if isinstance(x, np.ndarray):
            flat = np.empty((self.codomain[0], math.prod(self.size)), x.dtype)
            kernel.gather(wide.reshape(-1), *self._flat_places, flat)
            return flat.reshape(self.codomain)
        patches = xp.empty((*self.n_along, *self.size), dtype=x.dtype, device=device(x))
        for offset, places in self._places:
            patches[(..., *offset)] = wide[places]
        return xp.reshape(patches, self.codomain)

    def adjoint(self, y):
        """Patches added where they came from, `shape`."""
        check_shape(y, self.codomain, "y")
        xp = namespace(y)
        wide = xp.zeros(self._widths, dtype=y.dtype, device=device(y))
        if isinstance(y, np.ndarray):
            flat = np.ascontiguousarray(y).reshape(len(y), -1)
            kernel.scatter(flat, *self._flat_places, wide.reshape(-1))
        else:
            patches = xp.reshape(y, (*self.n_along, *self.size))
            for offset, places in self._places:
                wide[places] += patches[(..., *offset)]
        for axis, (n, extra) in reversed(list(enumerate(zip(self.shape, self._margins)))):
            kept = _cut(wide, axis, 0, n)
            if extra:
                first = _cut(kept, axis, 0, extra) + _cut(wide, axis, n, n + extra)
                kept = xp.concat([first, _cut(kept, axis, extra, n)], axis=axis)
            wide = kept
        return wide

    @property
    def _margins(self):
        """By how much patches reach beyond the end of each axis: less than its length."""
        if not self.is_cyclic:
            return (0,) * len(self.shape)
        ends = zip(self.n_along, self.stride, self.size, self.shape)
        return tuple(max(0, (n - 1) * stride + size - total) for n, stride, size, total in ends)

    @property
    def _widths(self):
        return tuple(n + extra for n, extra in zip(self.shape, self._margins))

    @cached_property
    def _flat_places(self):
        """Where patches begin, and where their samples lie from there, in the widened image."""
        steps = np.cumprod((1, *self._widths[:0:-1]))[::-1]
        found = []
        for counts, stride in ((self.n_along, self.stride), (self.size, (1,) * len(self.size))):
            lines = [np.arange(n) * s * step for n, s, step in zip(counts, stride, steps)]
            found.append(sum(np.meshgrid(*lines, indexing="ij")).reshape(-1))
        return tuple(found)

    @property
    def _places(self):
        """For every sample of a patch, where it lies in all patches."""
        for offset in itertools.product(*(range(size) for size in self.size)):
            yield (
                offset,
                tuple(
                    slice(start, start + (n - 1) * stride + 1, stride)
                    for start, n, stride in zip(offset, self.n_along, self.stride)
                ),
            )


def _cut(x, axis, start, stop):
    return x[(slice(None),) * axis + (slice(start, stop),)]
