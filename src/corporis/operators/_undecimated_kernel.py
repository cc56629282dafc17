"""Compiled filters with holes, for `corporis.operators.undecimated`.

Arrays are flat and real, of the shape (n_outer, n, n_inner); the plain version is in
`corporis.operators.undecimated`, and a test holds the two together. Rows are treated in pieces,
so that those under one filter fit a cache; indices are unsigned, because a signed one might
count from the end and stops vector instructions.
"""

from typing import Any

from numba import njit, uintp

_OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "fastmath": {"contract"}}
PIECE = 1024


@njit(**_OPTIONS)
def _filter_run(h, g, x, source, near, far, target, size, is_first):
    """What one tap of both filters adds to a run of both results."""
    i, k = uintp(source), uintp(target)
    if is_first:
        for t in range(uintp(size)):
            near[k + t] = h * x[i + t]
            far[k + t] = g * x[i + t]
    else:
        for t in range(uintp(size)):
            near[k + t] += h * x[i + t]
            far[k + t] += g * x[i + t]


@njit(**_OPTIONS)
def _merge_run(h, g, near, far, source, x, target, size, is_first):
    """The adjoint of `_filter_run`."""
    i, k = uintp(source), uintp(target)
    if is_first:
        for t in range(uintp(size)):
            x[k + t] = h * near[i + t] + g * far[i + t]
    else:
        for t in range(uintp(size)):
            x[k + t] += h * near[i + t] + g * far[i + t]


@njit(**_OPTIONS)
def filter_axis(x, shape, low, high, hole, near, far):
    """Both filters along the middle axis, taps `hole` samples apart, cyclic."""
    n_outer, n, inner = shape
    length = n * inner
    for outer in range(n_outer):
        for start in range(0, length, PIECE):
            stop = min(start + PIECE, length)
            for tap in range(low.shape[0]):
                # A line is one ring of n * inner numbers: a tap reads it turned.
                turn = hole * (tap - low.shape[0] // 2 + 1) * inner
                done = start
                while done < stop:
                    source = (done + turn) % length
                    size = min(stop - done, length - source)
                    place = outer * length
                    _filter_run(
                        low[tap],
                        high[tap],
                        x,
                        place + source,
                        near,
                        far,
                        place + done,
                        size,
                        tap == 0,
                    )
                    done += size


@njit(**_OPTIONS)
def merge_axis(near, far, shape, low, high, hole, x):
    """The adjoint of `filter_axis`."""
    n_outer, n, inner = shape
    length = n * inner
    for outer in range(n_outer):
        for start in range(0, length, PIECE):
            stop = min(start + PIECE, length)
            for tap in range(low.shape[0]):
                turn = hole * (tap - low.shape[0] // 2 + 1) * inner
                done = start
                while done < stop:
                    source = (done - turn) % length
                    size = min(stop - done, length - source)
                    place = outer * length
                    _merge_run(
                        low[tap],
                        high[tap],
                        near,
                        far,
                        place + source,
                        x,
                        place + done,
                        size,
                        tap == 0,
                    )
                    done += size
