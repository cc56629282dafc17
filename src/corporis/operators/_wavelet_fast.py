"""The orthonormal wavelet transform of NumPy arrays, by compiled passes.

The plain version is `corporis.operators._wavelet_plain`, with the same arguments and results, and
a test holds the two together. Large temporary arrays cost more than the arithmetic, because the
system clears their pages: two are made for a transform, and none where its axes are the last two.
"""

import itertools
import math
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import numpy as np

from corporis.arrays import n_threads
from corporis.operators import _wavelet_kernel as kernel
from corporis.operators import _wavelet_planes_kernel as planes_kernel
from corporis.operators._wavelet_plain import approximation

# dtypes that the compiled passes know, and the real numbers they are made of
REAL = {np.dtype(c): np.dtype(f) for c, f in zip("fdFD", "fdfd")}


def is_fast(x) -> bool:
    """Whether the compiled passes know such arrays."""
    return isinstance(x, np.ndarray) and x.dtype in REAL


def analyse(x, filters, axes, levels, shift):
    """Coefficients of `x`, after it was rolled forth by `shift`, one number an axis."""
    if axes == (x.ndim - 2, x.ndim - 1):
        return _by_planes(planes_kernel.analyse_planes, x, filters, levels, shift)
    out, spare = np.empty(x.shape, x.dtype), [np.empty(x.size, x.dtype) for _ in range(2)]
    part = np.roll(x, shift, axis=axes) if any(shift) else x
    for level in range(levels):
        block = approximation(x.shape, axes, level)
        for axis in axes:
            part = _pass(kernel.analyse_axis, part, filters, axis, spare)
        out[block] = part
        part = part[approximation(x.shape, axes, level + 1)]
    return out


def synthesise(y, filters, axes, levels, shift):
    """The adjoint of `analyse`."""
    if axes == (y.ndim - 2, y.ndim - 1):
        return _by_planes(planes_kernel.synthesise_planes, y, filters, levels, shift)
    out, spare = np.array(y), [np.empty(y.size, y.dtype) for _ in range(2)]
    for level in reversed(range(levels)):
        block = approximation(y.shape, axes, level)
        part = out[block]
        for axis in axes:
            part = _pass(kernel.synthesise_axis, part, filters, axis, spare)
        out[block] = part
    return np.roll(out, tuple(-s for s in shift), axis=axes) if any(shift) else out


def flat_reals(x):
    """The real numbers that a NumPy array is made of, as one line in C order."""
    return np.ascontiguousarray(x).reshape(-1).view(REAL[x.dtype])


@lru_cache
def filters_as(filters, dtype):
    """The filters as arrays of a real dtype."""
    return tuple(np.array(taps, dtype=dtype) for taps in filters)


def _by_planes(passes, x, filters, levels, shift):
    out = np.empty(x.shape, x.dtype)
    source, target = flat_reals(x), flat_reals(out)
    low, high = filters_as(filters, source.dtype)
    width, (n_rows, n_columns) = source.size // x.size, x.shape[-2:]

    def treat(planes):
        shape, cut = (len(planes), n_rows, n_columns), n_rows * n_columns * width
        here = slice(planes.start * cut, planes.stop * cut)
        passes(source[here], shape, width, levels, low, high, shift, target[here])

    _in_threads(treat, math.prod(x.shape[:-2]))
    return out


def _pass(step, x, filters, axis, spare):
    """One level along one axis; `x` may lie in the second of two spare memories, not the first."""
    if not x.flags.c_contiguous:
        copy = spare[0][: x.size].reshape(x.shape)
        copy[...] = x
        x = copy
        spare.reverse()
    out = spare[0][: x.size].reshape(x.shape)
    spare.reverse()
    source = flat_reals(x)
    inner = math.prod(x.shape[axis + 1 :]) * (source.size // x.size)
    shape = (math.prod(x.shape[:axis]), x.shape[axis], inner)
    step(source, shape, *filters_as(filters, source.dtype), flat_reals(out))
    return out


def _in_threads(treat, n_planes):
    """Call `treat` with ranges that make up ``range(n_planes)``, each in a thread of its own."""
    n_parts = min(n_threads(), n_planes)
    edges = [n_planes * part // n_parts for part in range(n_parts + 1)]
    ranges = [range(start, stop) for start, stop in itertools.pairwise(edges)]
    if n_parts == 1:
        treat(ranges[0])
        return
    with ThreadPoolExecutor(n_parts) as pool:
        list(pool.map(treat, ranges))
