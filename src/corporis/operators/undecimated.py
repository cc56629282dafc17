"""The undecimated wavelet transform: all shifts of the orthonormal one at once."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from corporis.arrays import check_shape, namespace
from corporis.interfaces import LinearOperator, Shape
from corporis.operators import _undecimated_kernel as kernel
from corporis.operators._wavelet_fast import filters_as, flat_reals, is_fast
from corporis.operators.wavelet import Band, check_levels, filters, valid_axes


@dataclass(frozen=True)
class UndecimatedWavelet(LinearOperator):
    r"""Wavelet transform without subsampling, a Parseval frame: ``A.H A = I``.

    Every band has the size of the image. On sizes that halve `levels` times, thresholding its
    coefficients, level l of d axes at ``2^(-l d / 2)`` times the threshold, equals the average
    over all shifts of thresholding with `Wavelet` (full cycle spinning): no block artefacts, at
    the cost of many more coefficients.

    Parameters
    ----------
    shape : tuple of int
        Shape of the arrays; any size.
    name, levels, axes
        As in `Wavelet`.

    Raises
    ------
    ValueError
        As `Wavelet`.

    References
    ----------
    Coifman & Donoho (1995), Lect. Notes Stat. 103, 125-150; Nason & Silverman (1995), Lect.
    Notes Stat. 103, 281-299

    Examples
    --------
    >>> A = UndecimatedWavelet((4,), "haar", levels=1)
    >>> (A @ np.array([1.0, 1.0, 3.0, 3.0])).round(6).tolist()[1]    # averages of neighbours
    [1.0, 2.0, 3.0, 2.0]
    >>> (A.H @ (A @ np.array([1.0, 1.0, 3.0, 3.0]))).round(6).tolist()
    [1.0, 1.0, 3.0, 3.0]
    """

    shape: Shape
    name: str = "db4"
    levels: int = 4
    axes: Sequence[int] | None = None

    def __post_init__(self):
        object.__setattr__(self, "shape", tuple(int(n) for n in self.shape))
        object.__setattr__(self, "axes", valid_axes(self.shape, self.axes))
        filters(self.name)
        check_levels(self.levels, self.shape, self.axes)

    domain = property(lambda self: self.shape)
    codomain = property(lambda self: (len(self.bands), *self.shape))

    @cached_property
    def bands(self):
        """The bands in the order of the leading axis; their slices are that one index."""
        letters = self._orientations
        found = [(level, word) for level in range(1, self.levels + 1) for word in letters[1:]]
        found.append((self.levels, letters[0]))
        return tuple(
            Band(level, word, (slice(index, index + 1),))
            for index, (level, word) in enumerate(found)
        )

    def forward(self, x):
        """All bands, the finest first and the approximation last, (n_bands, *shape)."""
        check_shape(x, self.shape)
        if not is_fast(x):
            return self._plain_forward(x)
        out, n_details = np.empty(self.codomain, x.dtype), len(self._orientations) - 1
        near = x
        for level in range(self.levels):
            start = level * n_details
            parts = [near]
            for axis in self.axes[:-1]:
                parts = [half for part in parts for half in self._apart(part, axis, level)]
            is_last = level == self.levels - 1
            near = out[-1] if is_last else np.empty(self.shape, x.dtype)
            targets = [near, *out[start : start + n_details]]
            for part, low, high in zip(parts, targets[::2], targets[1::2]):
                self._apart(part, self.axes[-1], level, (low, high))
        return out

    def _plain_forward(self, x):
        found, near = [], x
        for level in range(self.levels):
            parts = [near]
            for axis in self.axes:
                pairs = (filter_axis(part, *self._filters, axis, 2**level) for part in parts)
                parts = [half for pair in pairs for half in pair]
            near = parts[0]
            found += parts[1:]
        return namespace(x).stack([*found, near], axis=0)

    def adjoint(self, y):
        """The array whose bands these are, or that fits them best, `shape`."""
        check_shape(y, self.codomain, "y")
        n_details = len(self._orientations) - 1
        near = y[-1, ...]
        for level in reversed(range(self.levels)):
            start = level * n_details
            parts = [near, *(y[start + number, ...] for number in range(n_details))]
            for axis in reversed(self.axes):
                pairs = zip(parts[::2], parts[1::2])
                parts = [self._together(low, high, axis, level) for low, high in pairs]
            near = parts[0]
        return near

    @property
    def _orientations(self):
        return ["".join(word) for word in itertools.product("ad", repeat=len(self.axes))]

    def _apart(self, x, axis, level, targets=None):
        """Approximation and detail along one axis, of NumPy arrays."""
        near, far = targets or (np.empty(x.shape, x.dtype), np.empty(x.shape, x.dtype))
        source = flat_reals(x)
        shape, low, high = self._settings(source, x, axis)
        kernel.filter_axis(source, shape, low, high, 2**level, flat_reals(near), flat_reals(far))
        return near, far

    def _together(self, near, far, axis, level):
        """The adjoint of `_apart`."""
        if is_fast(near):
            x = np.empty(near.shape, near.dtype)
            source = flat_reals(near)
            shape, low, high = self._settings(source, near, axis)
            kernel.merge_axis(source, flat_reals(far), shape, low, high, 2**level, flat_reals(x))
            return x
        return merge_axis(near, far, *self._filters, axis, 2**level)

    @property
    def _filters(self):
        return tuple([tap * math.sqrt(0.5) for tap in taps] for taps in filters(self.name))

    def _settings(self, flat, x, axis):
        inner = math.prod(x.shape[axis + 1 :]) * (flat.size // x.size)
        low, high = filters_as(filters(self.name), flat.dtype)
        scale = flat.dtype.type(math.sqrt(0.5))
        shape = (math.prod(x.shape[:axis]), x.shape[axis], inner)
        return shape, low * scale, high * scale


def filter_axis(x, low, high, axis, hole):
    """Both filters along one axis, cyclic, with taps `hole` samples apart; any array library.

    Examples
    --------
    >>> filter_axis(np.array([1.0, 2.0, 4.0]), [1.0, 1.0], [1.0, -1.0], axis=0, hole=1)[1].tolist()
    [-1.0, -2.0, 3.0]
    """
    xp, near, far = namespace(x), 0.0, 0.0
    for tap in range(len(low)):
        turned = xp.roll(x, -hole * (tap - len(low) // 2 + 1), axis=axis)
        near, far = near + low[tap] * turned, far + high[tap] * turned
    return near, far


def merge_axis(near, far, low, high, axis, hole):
    """The adjoint of `filter_axis`.

    Examples
    --------
    >>> ones = np.ones(3)
    >>> merge_axis(ones, 2 * ones, [0.5, 0.5], [0.25, 0.0], axis=0, hole=1).tolist()
    [1.5, 1.5, 1.5]
    """
    xp, total = namespace(near), 0.0
    for tap in range(len(low)):
        mixed = low[tap] * near + high[tap] * far
        total = total + xp.roll(mixed, hole * (tap - len(low) // 2 + 1), axis=axis)
    return total
