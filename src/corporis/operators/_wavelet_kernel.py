"""Compiled passes of the cyclic wavelet transform, for `corporis.operators.wavelet`.

All arrays are flat and real; a complex line of n samples is a line of n samples of `width` 2,
and a line is named by the array that holds it and where it begins. Sums over taps run along
whole lines, two taps at a time, which compilers turn into vector instructions; indices are
unsigned, because a signed one might count from the end and stops them. The plain version is
`corporis.operators._wavelet_plain`, and a test holds the two together.
"""

from typing import Any

import numpy as np
from numba import njit, uintp

OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "fastmath": {"contract"}}

# Rows are treated in pieces of so many numbers, so that those under one filter fit a cache.
PIECE = 1024


@njit(**OPTIONS)
def _fold_pair(h0, h1, g0, g1, x, first, z, second, y, near, w, far, size, is_first):
    """Two taps of two filters: what lines of `x` and `z` add to lines of `y` and `w`."""
    i, j, a, d = uintp(first), uintp(second), uintp(near), uintp(far)
    if is_first:
        for t in range(uintp(size)):
            y[a + t] = h0 * x[i + t] + h1 * z[j + t]
            w[d + t] = g0 * x[i + t] + g1 * z[j + t]
    else:
        for t in range(uintp(size)):
            y[a + t] += h0 * x[i + t] + h1 * z[j + t]
            w[d + t] += g0 * x[i + t] + g1 * z[j + t]


@njit(**OPTIONS)
def copy(x, source, y, target, size):
    """A line of `size` numbers from `x` to `y`."""
    i, j = uintp(source), uintp(target)
    for t in range(uintp(size)):
        y[j + t] = x[i + t]


@njit(**OPTIONS)
def copy_rolled(x, source, y, target, n, shift, width):
    """A line of n samples, moved forth by `shift`; what leaves at the end comes back."""
    cut = shift % n
    copy(x, source, y, target + cut * width, (n - cut) * width)
    copy(x, source + (n - cut) * width, y, target, cut * width)


@njit(**OPTIONS)
def _copy_alternate(x, even, odd, y, target, n, width):
    """Lines of even and of odd samples, n each, to one line."""
    i, j, k, step = uintp(even), uintp(odd), uintp(target), uintp(width)
    if width == 2:
        for t in range(uintp(n)):
            y[k + 4 * t] = x[i + 2 * t]
            y[k + 4 * t + 1] = x[i + 2 * t + 1]
            y[k + 4 * t + 2] = x[j + 2 * t]
            y[k + 4 * t + 3] = x[j + 2 * t + 1]
    else:
        for t in range(uintp(n)):
            for w in range(step):
                y[k + 2 * t * step + w] = x[i + t * step + w]
                y[k + (2 * t + 1) * step + w] = x[j + t * step + w]


@njit(**OPTIONS)
def _copy_apart(x, source, y, even, odd, n, width):
    """A line of 2 n samples to lines of its even and of its odd ones."""
    k, i, j, step = uintp(source), uintp(even), uintp(odd), uintp(width)
    if width == 2:
        for t in range(uintp(n)):
            y[i + 2 * t] = x[k + 4 * t]
            y[i + 2 * t + 1] = x[k + 4 * t + 1]
            y[j + 2 * t] = x[k + 4 * t + 2]
            y[j + 2 * t + 1] = x[k + 4 * t + 3]
    else:
        for t in range(uintp(n)):
            for w in range(step):
                y[i + t * step + w] = x[k + 2 * t * step + w]
                y[j + t * step + w] = x[k + (2 * t + 1) * step + w]


@njit(**OPTIONS)
def fold_rows(x, origin, stride, n, low, high, k, shift, y, near, w, far, size):
    """Approximation and detail number `k` of n rows that are first rolled by `shift`."""
    n_even = n - n % 2
    start = 2 * k - (low.shape[0] // 2 - 1)
    for tap in range(0, low.shape[0], 2):
        first = origin + ((start + tap) % n_even - shift) % n * stride
        second = origin + ((start + tap + 1) % n_even - shift) % n * stride
        h0, h1, g0, g1 = low[tap], low[tap + 1], high[tap], high[tap + 1]
        _fold_pair(h0, h1, g0, g1, x, first, x, second, y, near, w, far, size, tap == 0)


@njit(**OPTIONS)
def unfold_rows(x, near, far, stride, n, low, high, q, shift, y, origin, size):
    """Rows 2 q and 2 q + 1 of n, then rolled back, of approximations and details in `x`."""
    half, reach = n // 2, low.shape[0] // 2 - 1
    first = origin + ((2 * q - reach) % (2 * half) - shift) % n * stride
    second = origin + ((2 * q + 1 - reach) % (2 * half) - shift) % n * stride
    for tap in range(0, low.shape[0], 2):
        back = (q - tap // 2) % half * stride
        # The transposed filters: approximation and detail now play the part of two samples.
        h0, h1, g0, g1 = low[tap], low[tap + 1], high[tap], high[tap + 1]
        a, d = near + back, far + back
        _fold_pair(h0, g0, h1, g1, x, a, x, d, y, first, y, second, size, tap == 0)


@njit(**OPTIONS)
def fold_line(scratch, room, n, width, low, high, y, near, w, far):
    """Approximations and details of the line that lies in `scratch` after a margin.

    The margin is one sample less than half the filter; three lines of `room` follow each other.
    """
    half, reach = n // 2, low.shape[0] // 2 - 1
    n_even = 2 * half
    line = reach * width
    if n > n_even:
        copy(scratch, line + n_even * width, y, near + half * width, width)
    for place in range(reach):
        before, after = (place - reach) % n_even, place % n_even
        copy(scratch, line + before * width, scratch, place * width, width)
        copy(scratch, line + after * width, scratch, line + (n_even + place) * width, width)
    even, odd = room, 2 * room
    _copy_apart(scratch, 0, scratch, even, odd, half + reach, width)
    for tap in range(0, low.shape[0], 2):
        h0, h1, g0, g1 = low[tap], low[tap + 1], high[tap], high[tap + 1]
        i, j, size = even + tap // 2 * width, odd + tap // 2 * width, half * width
        _fold_pair(h0, h1, g0, g1, scratch, i, scratch, j, y, near, w, far, size, tap == 0)


@njit(**OPTIONS)
def unfold_line(x, near, z, far, scratch, room, n, width, low, high, shift, y, target):
    """The adjoint of `fold_line`, to a line of `y` that is rolled back by `shift` at last."""
    half, reach = n // 2, low.shape[0] // 2 - 1
    size, even, odd = half * width, 2 * room, 3 * room
    copy(x, near, scratch, reach * width, size)
    copy(z, far, scratch, room + reach * width, size)
    for place in range(reach):
        before = (reach + (place - reach) % half) * width
        copy(scratch, before, scratch, place * width, width)
        copy(scratch, room + before, scratch, room + place * width, width)
    for tap in range(0, low.shape[0], 2):
        h0, h1, g0, g1 = low[tap], low[tap + 1], high[tap], high[tap + 1]
        a = (reach - tap // 2) * width
        d = room + a
        _fold_pair(
            h0, g0, h1, g1, scratch, a, scratch, d, scratch, even, scratch, odd, size, tap == 0
        )
    _copy_alternate(scratch, even, odd, scratch, 0, half, width)
    if shift == 0:
        copy_rolled(scratch, 0, y, target, 2 * half, -reach, width)
        copy(x, near + size, y, target + 2 * size, (n - 2 * half) * width)
    else:
        copy_rolled(scratch, 0, scratch, even, 2 * half, -reach, width)
        copy(x, near + size, scratch, even + 2 * size, (n - 2 * half) * width)
        copy_rolled(scratch, even, y, target, n, -shift, width)


@njit(**OPTIONS)
def analyse_axis(x, shape, low, high, out):
    """One level along the middle axis of `shape` = (n_outer, n, n_inner) from `x` to `out`."""
    n_outer, n, inner = shape
    half, reach = n // 2, low.shape[0] // 2 - 1
    upper, room = n - half, (n + low.shape[0]) * inner
    is_short = inner < 16
    scratch = np.empty(3 * room if is_short else 0, x.dtype)
    for outer in range(n_outer):
        origin = outer * n * inner
        middle = origin + upper * inner
        if is_short:
            copy(x, origin, scratch, reach * inner, n * inner)
            fold_line(scratch, room, n, inner, low, high, out, origin, out, middle)
            continue
        for start in range(0, inner, PIECE):
            size = min(PIECE, inner - start)
            for k in range(half):
                a, d = origin + k * inner + start, middle + k * inner + start
                fold_rows(x, origin + start, inner, n, low, high, k, 0, out, a, out, d, size)
        if upper > half:
            copy(x, origin + (n - 1) * inner, out, middle - inner, inner)


@njit(**OPTIONS)
def synthesise_axis(x, shape, low, high, out):
    """The adjoint of `analyse_axis`."""
    n_outer, n, inner = shape
    upper, room = n - n // 2, (n + low.shape[0]) * inner
    is_short = inner < 16
    scratch = np.empty(4 * room if is_short else 0, x.dtype)
    for outer in range(n_outer):
        origin = outer * n * inner
        middle = origin + upper * inner
        if is_short:
            unfold_line(x, origin, x, middle, scratch, room, n, inner, low, high, 0, out, origin)
            continue
        for start in range(0, inner, PIECE):
            size, a, d, first = min(PIECE, inner - start), origin + start, middle + start, origin
            for q in range(n // 2):
                unfold_rows(x, a, d, inner, n, low, high, q, 0, out, first + start, size)
        if n % 2:
            copy(x, middle - inner, out, origin + (n - 1) * inner, inner)
