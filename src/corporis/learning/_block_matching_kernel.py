"""Compiled search for alike patches and filter of their stacks, for `block_matching`.

Images are (rows, columns, parts), real: a complex image has two parts, which share the threshold.
The plain version is in `tests/learning/test_block_matching.py`, and a law holds the two together.
"""

from typing import Any

import numpy as np
from numba import njit

OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "fastmath": {"contract", "reassoc"}}


@njit(**OPTIONS)
def _column_distances(first, y, second, x_from, length, shift, size, sums):
    """Squares of the differences of two bands of rows, added down the columns."""
    for t in range(length):
        sums[t] = 0
    for i in range(size):
        a, b = first[y + i], second[i]
        for t in range(length):
            difference = a[x_from + t] - b[x_from + shift + t]
            sums[t] += difference * difference


@njit(**OPTIONS)
def _insert(distances, found, distance, place):
    """Put a patch into its order; the first, the reference itself, stays."""
    k = distances.shape[0] - 1
    while k > 1 and distances[k - 1] > distance:
        distances[k], found[k] = distances[k - 1], found[k - 1]
        k -= 1
    distances[k], found[k] = distance, place


@njit(**OPTIONS)
def match(flat, parts, size, rows, columns, radius, found):
    """For every reference patch the nearest patches around it, the nearest first.

    `flat` is (n_rows, n_columns * parts); `found` is (n_references, n_alike) with the places
    ``row * n_columns + column`` and begins with the reference itself.
    """
    n_rows, width = flat.shape
    n_columns = width // parts
    n_alike, block = found.shape[1], size * parts
    sums = np.empty(width, flat.dtype)
    distances = np.empty((columns.shape[0], n_alike), flat.dtype)
    for r in range(rows.shape[0]):
        y, start = rows[r], r * columns.shape[0]
        for c in range(columns.shape[0]):
            found[start + c, 0] = y * n_columns + columns[c]
            for k in range(n_alike):
                distances[c, k] = np.inf
            distances[c, 0] = 0
        for dy in range(max(-radius, -y), min(radius, n_rows - size - y) + 1):
            other = flat[y + dy : y + dy + size]
            for dx in range(-radius, radius + 1):
                if dx == 0 and dy == 0:
                    continue
                low, high = max(0, -dx), min(n_columns, n_columns - dx)
                if high - low < size:
                    continue
                _column_distances(
                    flat, y, other, low * parts, (high - low) * parts, dx * parts, size, sums
                )
                for c in range(columns.shape[0]):
                    x = columns[c]
                    if x < low or x + size > high:
                        continue
                    at, distance = (x - low) * parts, sums[0] - sums[0]
                    for t in range(block):
                        distance += sums[at + t]
                    if distance >= distances[c, n_alike - 1]:
                        continue
                    place = (y + dy) * n_columns + x + dx
                    _insert(distances[c], found[start + c], distance, place)


@njit(**OPTIONS)
def _apply(matrix, x, y, inner):
    """``y[u] = sum_i matrix[u, i] x[i]`` for rows of length `inner`."""
    size = matrix.shape[0]
    for u in range(size):
        for t in range(inner):
            y[u, t] = matrix[u, 0] * x[0, t]
        for i in range(1, size):
            weight = matrix[u, i]
            for t in range(inner):
                y[u, t] += weight * x[i, t]


@njit(**OPTIONS)
def _turn(x, y, size, parts):
    """Swap rows and columns of a patch, the parts kept together."""
    for i in range(size):
        for j in range(size):
            for p in range(parts):
                y[j, i * parts + p] = x[i, j * parts + p]


@njit(**OPTIONS)
def _load(flat, place, n_columns, size, parts, cosine, first, second, out):
    """The cosine transform of one patch (its frequencies swapped), into `out`, flat."""
    y, x = place // n_columns, place % n_columns
    inner = size * parts
    for i in range(size):
        for t in range(inner):
            first[i, t] = flat[y + i, x * parts + t]
    _apply(cosine, first, second, inner)
    _turn(second, first, size, parts)
    _apply(cosine, first, second, inner)
    for i in range(size):
        for t in range(inner):
            out[i * inner + t] = second[i, t]


@njit(**OPTIONS)
def _store(row, place, n_columns, size, parts, back, first, second, share, total):
    """Undo `_load` and add the patch, `share` times, where it belongs."""
    y, x = place // n_columns, place % n_columns
    inner = size * parts
    for i in range(size):
        for t in range(inner):
            first[i, t] = row[i * inner + t]
    _apply(back, first, second, inner)
    _turn(second, first, size, parts)
    _apply(back, first, second, inner)
    for i in range(size):
        for t in range(inner):
            total[y + i, x * parts + t] += share * second[i, t]


@njit(**OPTIONS)
def _haar(stack, scratch, n, length, is_inverse):
    """Orthonormal Haar transform along a stack of `n` (a power of two) rows, in place."""
    root = stack.dtype.type(np.sqrt(0.5))
    half = 1 if is_inverse else n // 2
    while 1 <= half <= n // 2:
        for k in range(half):
            if is_inverse:
                a, b = stack[k], stack[half + k]
                c, d = scratch[2 * k], scratch[2 * k + 1]
            else:
                a, b = stack[2 * k], stack[2 * k + 1]
                c, d = scratch[k], scratch[half + k]
            for t in range(length):
                c[t] = root * (a[t] + b[t])
                d[t] = root * (a[t] - b[t])
        for k in range(2 * half):
            for t in range(length):
                stack[k, t] = scratch[k, t]
        half = half * 2 if is_inverse else half // 2


@njit(**OPTIONS)
def _threshold(stack, n, length, width, cut):
    """Zero all coefficients (`width` numbers each) not longer than `cut`; how many are left."""
    kept, limit = 0, cut * cut
    for k in range(n):
        for e in range(0, length, width):
            square = limit - limit
            for p in range(width):
                square += stack[k, e + p] * stack[k, e + p]
            if square > limit or (k == 0 and e < width):
                kept += 1
            else:
                for p in range(width):
                    stack[k, e + p] = 0
    return kept


@njit(**OPTIONS)
def collaborate(flat, parts, width, size, found, cut, cosine, total, weight):
    """Filter every stack of alike patches and add them to `total`, their weights to `weight`."""
    n_columns = flat.shape[1] // parts
    n, inner = found.shape[1], size * parts
    length = size * inner
    stack = np.empty((n, length), flat.dtype)
    scratch = np.empty((n, length), flat.dtype)
    first = np.empty((size, inner), flat.dtype)
    second = np.empty((size, inner), flat.dtype)
    back = np.ascontiguousarray(cosine.T)
    one = flat.dtype.type(1)
    for g in range(found.shape[0]):
        for k in range(n):
            _load(flat, found[g, k], n_columns, size, parts, cosine, first, second, stack[k])
        _haar(stack, scratch, n, length, False)
        kept = _threshold(stack, n, length, width, cut)
        _haar(stack, scratch, n, length, True)
        share = one / flat.dtype.type(kept)
        for k in range(n):
            _store(stack[k], found[g, k], n_columns, size, parts, back, first, second, share, total)
            y, x = found[g, k] // n_columns, found[g, k] % n_columns
            for i in range(size):
                for j in range(size):
                    weight[y + i, x + j] += share
