"""The orthonormal wavelet transform."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np
import pywt

from corporis.arrays import check_shape
from corporis.interfaces import LinearOperator, Shape
from corporis.operators import _wavelet_fast as fast
from corporis.operators import _wavelet_plain as plain
from corporis.operators._wavelet_plain import split_size


class Band(NamedTuple):
    """One band of wavelet coefficients: details of one size and direction.

    `orientation` has a letter for each transformed axis, in their order in the array: ``d`` where
    the band holds details along that axis, ``a`` where it holds approximations. Level 1 is the
    finest. `slices` cut the band out of the coefficients.
    """

    level: int
    orientation: str
    slices: tuple[slice, ...]


@dataclass(frozen=True)
class Wavelet(LinearOperator):
    r"""Orthonormal discrete wavelet transform with cyclic boundaries, ``A.H A = A A.H = I``.

    Images have few large wavelet coefficients, which is why few samples of k-space can be
    enough. The coefficients lie in an array of the image's shape, every level's approximation
    in the first half of each axis (Mallat's layout). At an odd length the last sample is passed
    on to the next level's approximation as it is, so that any size stays orthonormal.

    Parameters
    ----------
    shape : tuple of int
        Shape of the arrays.
    name : str
        An orthogonal wavelet of PyWavelets: "haar", "db2" to "db38", "sym4", "coif1", ...
    levels : int
        How often approximations are split, >= 1, at most as long as each has two samples an axis.
    axes : tuple of int or None
        Axes to transform; None takes all.
    shift : int or tuple of int
        The array is rolled forth by this many samples first, one number or one an axis of
        `axes`: averages over shifts have no block artefacts (cycle spinning).

    Raises
    ------
    ValueError
        If an axis is missing or repeated, the wavelet is unknown or not orthogonal, `levels` is
        out of range, or `shift` has another number of entries than `axes`.

    References
    ----------
    Mallat (1989), IEEE Trans. Pattern Anal. Mach. Intell. 11, 674-693, doi:10.1109/34.192463;
    Coifman & Donoho (1995), Lect. Notes Stat. 103, 125-150 (cycle spinning)

    Examples
    --------
    >>> W = Wavelet((4,), "haar", levels=2)
    >>> (abs(W @ np.ones(4))).round(6).tolist()
    [2.0, 0.0, 0.0, 0.0]
    >>> [(band.level, band.orientation) for band in Wavelet((8, 8), levels=1).bands]
    [(1, 'ad'), (1, 'da'), (1, 'dd'), (1, 'aa')]
    """

    shape: Shape
    name: str = "db4"
    levels: int = 4
    axes: Sequence[int] | None = None
    shift: int | Sequence[int] = 0

    def __post_init__(self):
        object.__setattr__(self, "shape", tuple(int(n) for n in self.shape))
        axes = valid_axes(self.shape, self.axes)
        shift = (self.shift,) * len(axes) if np.ndim(self.shift) == 0 else tuple(self.shift)
        if len(shift) != len(axes):
            raise ValueError(f"shift must be one number or one an axis of {axes}, got {shift}")
        if self.axes is not None:
            # `axes` are put in rising order, and every shift stays with its axis.
            given = [axis % len(self.shape) for axis in self.axes]
            shift = tuple(shift[given.index(axis)] for axis in axes)
        object.__setattr__(self, "axes", axes)
        object.__setattr__(self, "shift", tuple(int(s) for s in shift))
        filters(self.name)
        check_levels(self.levels, self.shape, axes)

    domain = property(lambda self: self.shape)
    codomain = property(lambda self: self.shape)

    @cached_property
    def bands(self):
        """Tuple of `Band`, from the finest to the coarsest details, the approximation last."""
        found = []
        for level in range(1, self.levels + 1):
            for letters in itertools.product("ad", repeat=len(self.axes)):
                if "d" in letters or level == self.levels:
                    found.append(Band(level, "".join(letters), self._slices(level, letters)))
        found.sort(key=lambda band: (band.level, "d" not in band.orientation))
        return tuple(found)

    def forward(self, x):
        """Coefficients in Mallat's layout, `shape`."""
        check_shape(x, self.shape)
        library = fast if fast.is_fast(x) else plain
        return library.analyse(x, filters(self.name), self.axes, self.levels, self.shift)

    def adjoint(self, y):
        """The array that has these coefficients, `shape`."""
        check_shape(y, self.shape, "y")
        library = fast if fast.is_fast(y) else plain
        return library.synthesise(y, filters(self.name), self.axes, self.levels, self.shift)

    def _slices(self, level, letters):
        """Where the band with these letters lies."""
        slices = [slice(None)] * len(self.shape)
        for axis, letter in zip(self.axes, letters):
            near, whole = (split_size(self.shape[axis], depth) for depth in (level, level - 1))
            slices[axis] = slice(0, near) if letter == "a" else slice(near, whole)
        return tuple(slices)


@lru_cache
def filters(name: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Low-pass and high-pass filter of an orthogonal wavelet, orthonormal to 1e-10.

    Parameters
    ----------
    name : str
        As in PyWavelets.

    Returns
    -------
    tuple of two tuples of float, of the same even length

    Raises
    ------
    ValueError
        If the wavelet is unknown or not orthogonal to that accuracy.

    Examples
    --------
    >>> [round(value, 4) for value in filters("haar")[0]]
    [0.7071, 0.7071]
    """
    if name not in pywt.wavelist(kind="discrete") or not pywt.Wavelet(name).orthogonal:
        raise ValueError(
            f"name must be an orthogonal wavelet of PyWavelets such as 'db4', got {name!r}"
        )
    wavelet = pywt.Wavelet(name)
    low, high = np.asarray(wavelet.rec_lo), np.asarray(wavelet.rec_hi)
    for lag in range(0, low.size, 2):
        products = [low[lag:] @ low[: low.size - lag], high[lag:] @ high[: low.size - lag]]
        if not np.allclose(products, float(lag == 0), rtol=0, atol=1e-10):
            raise ValueError(
                f"the filters of {name!r} are tabulated to few digits and not orthonormal: take "
                "another wavelet, such as 'db4'"
            )
    return tuple(low.tolist()), tuple(high.tolist())


def valid_axes(shape: Shape, axes: Sequence[int] | None) -> tuple[int, ...]:
    """Axes counted from the front, in rising order; None is all.

    Raises
    ------
    ValueError
        If there is none, or one is missing or repeated.

    Examples
    --------
    >>> valid_axes((2, 3, 4), (-1, 0))
    (0, 2)
    """
    n_axes = len(shape)
    axes = tuple(range(n_axes)) if axes is None else tuple(axes)
    if not axes or any(not -n_axes <= axis < n_axes for axis in axes):
        raise ValueError(f"axes must be among the {n_axes} of the array, got {axes}")
    counted = tuple(sorted(axis % n_axes for axis in axes))
    if len(set(counted)) != len(counted):
        raise ValueError(f"axes must differ, got {axes}")
    return counted


def check_levels(levels: int, shape: Shape, axes: Sequence[int]) -> None:
    """Raise ``ValueError`` unless every axis can be split so often.

    Examples
    --------
    >>> check_levels(3, (8, 1), axes=(0,))
    """
    shortest = min(shape[axis] for axis in axes)
    deepest = max(shortest - 1, 0).bit_length()
    if not 1 <= levels <= deepest:
        raise ValueError(
            f"levels must be >= 1 and, for an axis of {shortest} samples, <= {deepest}, got "
            f"{levels}; leave short axes out of `axes`"
        )
