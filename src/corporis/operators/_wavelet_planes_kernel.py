"""Compiled wavelet transform of a stack of planes, for `corporis.operators.wavelet`.

The two axes of a level are treated in one pass, row by row while the rows are in the cache. One
pair of forward and adjoint transform costs about as much as a pair of fast Fourier transforms.
Arrays are flat and real, as in `corporis.operators._wavelet_kernel`; after a change there, numba
keeps what it compiled here until this file changes too.
"""

import numpy as np
from numba import njit

from corporis.operators._wavelet_kernel import (
    OPTIONS,
    copy,
    copy_rolled,
    fold_line,
    fold_rows,
    unfold_line,
    unfold_rows,
)


@njit(**OPTIONS)
def _analyse_plane(x, origin, stride, size, width, low, high, shift, scratch, y, out, place):
    """One level of a plane at `origin` of `x`: approximation to `y`, details to `out`."""
    n_rows, n = size
    half, room, reach = n_rows // 2, scratch.shape[0] // 5, low.shape[0] // 2 - 1
    upper, middle = n_rows - half, (n - n // 2) * width
    rows = 3 * room
    for k in range(upper):
        near, far = k * stride, place + (upper + k) * stride
        if k < half:
            s0, length = shift[0], n * width
            fold_rows(
                x,
                origin,
                stride,
                n_rows,
                low,
                high,
                k,
                s0,
                scratch,
                rows,
                scratch,
                rows + room,
                length,
            )
            copy_rolled(scratch, rows + room, scratch, reach * width, n, shift[1], width)
            fold_line(scratch, room, n, width, low, high, out, far, out, far + middle)
        else:
            last = origin + (n_rows - 1 - shift[0]) % n_rows * stride
            copy(x, last, scratch, rows, n * width)
        copy_rolled(scratch, rows, scratch, reach * width, n, shift[1], width)
        fold_line(scratch, room, n, width, low, high, y, near, out, place + near + middle)


@njit(**OPTIONS)
def _synthesise_plane(
    x, origin, out, place, stride, size, width, low, high, shift, scratch, mid, y, target
):
    """The adjoint of `_analyse_plane`."""
    n_rows, n = size
    half, room = n_rows // 2, scratch.shape[0] // 5
    upper, middle = n_rows - half, (n - n // 2) * width
    for k in range(upper):
        near, line = origin + k * stride, k * stride
        far = place + line + middle
        unfold_line(x, near, out, far, scratch, room, n, width, low, high, shift[1], mid, line)
        if k < half:
            line += upper * stride
            near, far = place + line, place + line + middle
            unfold_line(
                out, near, out, far, scratch, room, n, width, low, high, shift[1], mid, line
            )
    for q in range(half):
        unfold_rows(
            mid, 0, upper * stride, stride, n_rows, low, high, q, shift[0], y, target, n * width
        )
    if upper > half:
        last = target + (n_rows - 1 - shift[0]) % n_rows * stride
        copy(mid, half * stride, y, last, n * width)


@njit(**OPTIONS)
def analyse_planes(x, shape, width, levels, low, high, shift, out):
    """All levels of planes, `shape` = (n_planes, n_rows, n_columns), from `x` to `out`."""
    n_planes, n_rows, n = shape
    stride = n * width
    scratch = np.empty(5 * (n + low.shape[0]) * width, x.dtype)
    work, rest = np.empty((2, n_rows * stride), x.dtype), (0, 0)
    for plane in range(n_planes):
        place = plane * n_rows * stride
        near, far = work[0], work[1]
        height, length = n_rows, n
        for level in range(levels):
            size = (height, length)
            if level == 0:
                _analyse_plane(
                    x, place, stride, size, width, low, high, shift, scratch, near, out, place
                )
            else:
                _analyse_plane(
                    far, 0, stride, size, width, low, high, rest, scratch, near, out, place
                )
            near, far = far, near
            height, length = height - height // 2, length - length // 2
        for k in range(height):
            copy(far, k * stride, out, place + k * stride, length * width)


@njit(**OPTIONS)
def synthesise_planes(x, shape, width, levels, low, high, shift, out):
    """The adjoint of `analyse_planes`."""
    n_planes, n_rows, n = shape
    stride = n * width
    scratch = np.empty(5 * (n + low.shape[0]) * width, x.dtype)
    work, rest = np.empty((3, n_rows * stride), x.dtype), (0, 0)
    mid = work[2]
    for plane in range(n_planes):
        place = plane * n_rows * stride
        near, far = work[0], work[1]
        for level in range(levels - 1, -1, -1):
            height, length = n_rows, n
            for _ in range(level):
                height, length = height - height // 2, length - length // 2
            if level == levels - 1:
                for k in range(height - height // 2):
                    start = k * stride
                    copy(x, place + start, far, start, (length - length // 2) * width)
            size = (height, length)
            if level == 0:
                _synthesise_plane(
                    far,
                    0,
                    x,
                    place,
                    stride,
                    size,
                    width,
                    low,
                    high,
                    shift,
                    scratch,
                    mid,
                    out,
                    place,
                )
            else:
                _synthesise_plane(
                    far, 0, x, place, stride, size, width, low, high, rest, scratch, mid, near, 0
                )
            near, far = far, near
