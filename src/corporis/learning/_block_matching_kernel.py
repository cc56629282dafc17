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
def _apply(matrix, x, y):
    """``y = matrix @ x`` for long rows, all patches of a stack beside each other."""
    size, length = x.shape
    for u in range(size):
        weight, row, target = matrix[u, 0], x[0], y[u]
        for t in range(length):
            target[t] = weight * row[t]
        for i in range(1, size):
            weight, row = matrix[u, i], x[i]
            for t in range(length):
                target[t] += weight * row[t]


@njit(**OPTIONS)
def _turn(x, y, n, parts):
    """Swap rows and columns of every patch, the parts kept together."""
    size = x.shape[0]
    inner = size * parts
    for i in range(size):
        for k in range(n):
            for j in range(size):
                for p in range(parts):
                    y[j, k * inner + i * parts + p] = x[i, k * inner + j * parts + p]


@njit(**OPTIONS)
def _load(flat, places, n_columns, parts, x):
    """The patches of a stack, one row of all of them after another."""
    size, n = x.shape[0], places.shape[0]
    inner = size * parts
    for k in range(n):
        row, column = places[k] // n_columns, places[k] % n_columns * parts
        for i in range(size):
            for t in range(inner):
                x[i, k * inner + t] = flat[row + i, column + t]


@njit(**OPTIONS)
def _store(x, places, n_columns, parts, share, total, weight):
    """Add the patches, `share` times, where they belong."""
    size, n = x.shape[0], places.shape[0]
    inner = size * parts
    for k in range(n):
        row, column = places[k] // n_columns, places[k] % n_columns
        for i in range(size):
            for t in range(inner):
                total[row + i, column * parts + t] += share * x[i, k * inner + t]
            for j in range(size):
                weight[row + i, column + j] += share


@njit(**OPTIONS)
def _haar(x, y, n, inner, is_inverse):
    """Orthonormal Haar transform over the `n` (a power of two) patches of a stack, in place."""
    root = x.dtype.type(np.sqrt(0.5))
    half = 1 if is_inverse else n // 2
    while 1 <= half <= n // 2:
        for i in range(x.shape[0]):
            row, held = x[i], y[i]
            for k in range(half):
                if is_inverse:
                    a, b, c, d = k * inner, (half + k) * inner, 2 * k * inner, (2 * k + 1) * inner
                else:
                    a, b, c, d = 2 * k * inner, (2 * k + 1) * inner, k * inner, (half + k) * inner
                for t in range(inner):
                    held[c + t] = root * (row[a + t] + row[b + t])
                    held[d + t] = root * (row[a + t] - row[b + t])
            for t in range(2 * half * inner):
                row[t] = held[t]
        half = half * 2 if is_inverse else half // 2


@njit(**OPTIONS)
def _threshold(x, parts, width, cut):
    """Zero all coefficients (`width` numbers each) not longer than `cut`; how many are left.

    The mean of a stack, the first of every channel, is always kept.
    """
    kept, limit = 0, cut * cut
    for i in range(x.shape[0]):
        for e in range(0, x.shape[1], width):
            square = limit - limit
            for p in range(width):
                square += x[i, e + p] * x[i, e + p]
            if square > limit or (i == 0 and e < parts):
                kept += 1
            else:
                for p in range(width):
                    x[i, e + p] = 0
    return kept


@njit(**OPTIONS)
def collaborate(flat, parts, width, size, found, cut, cosine, total, weight):
    """Filter every stack of alike patches and add them to `total`, their weights to `weight`."""
    n_columns = flat.shape[1] // parts
    n, inner = found.shape[1], size * parts
    x = np.empty((size, n * inner), flat.dtype)
    y = np.empty((size, n * inner), flat.dtype)
    back = np.ascontiguousarray(cosine.T)
    one = flat.dtype.type(1)
    for g in range(found.shape[0]):
        _load(flat, found[g], n_columns, parts, x)
        _haar(x, y, n, inner, False)
        _apply(cosine, x, y)
        _turn(y, x, n, parts)
        _apply(cosine, x, y)
        share = one / flat.dtype.type(_threshold(y, parts, width, cut))
        _apply(back, y, x)
        _turn(x, y, n, parts)
        _apply(back, y, x)
        _haar(x, y, n, inner, True)
        _store(x, found[g], n_columns, parts, share, total, weight)
