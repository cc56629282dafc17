"""Compiled dual descent of total variation on planes: one pass a step instead of a dozen.

The plain version is `TotalVariationProx._descend`, and a test holds them together. A complex plane
is a row of its real parts followed by a row of its imaginary parts, which share the length of a
dual vector; apart, they are loops that a processor takes eight or sixteen numbers at a time. Each
part ends in a column of padding that repeats its last pixel, so that no difference crosses it.
"""

import math
from typing import Any

import numpy as np
from numba import njit

OPTIONS: dict[str, Any] = {
    "cache": True,
    "nogil": True,
    "error_model": "numpy",
    "fastmath": {"contract"},
}


def descend(x, dual, cut, limits, spacing, n_steps):
    """`n_steps` accelerated steps of the dual field (2, rows, columns) of a plane `x`."""
    real = np.float32 if x.dtype in (np.float32, np.complex64) else np.float64
    n_parts = 2 if np.iscomplexobj(x) else 1
    plane = _pack(_pairs(x, x.dtype, real, n_parts)[None])[0]
    old = _pack(_pairs(dual, x.dtype, real, n_parts))
    down, right = real(1 / spacing[0]), real(1 / spacing[1])
    share = real(1 / (cut * 4 * (1 / spacing[0] ** 2 + 1 / spacing[1] ** 2)))
    rates = (real(cut) * down, real(cut) * right, share * down, share * right)
    momenta = np.array(_momenta(n_steps), real)
    box = (real(limits[0]), real(limits[1]), bool(np.any(np.isfinite(limits))))
    _descend(plane, old.copy(), old, x.shape[1], rates, box, momenta)
    found = np.empty((*dual.shape, n_parts), real)
    _unpack(old, found)
    return found.view(x.dtype)[..., 0]


def _pairs(x, dtype, real, n_parts):
    """Real and imaginary parts along a last axis."""
    plain = np.ascontiguousarray(x, dtype=dtype)
    return plain.view(real).reshape(*plain.shape, n_parts)


def _momenta(n_steps):
    """How far each step goes on beyond itself."""
    found, momentum = [], 1.0
    for _ in range(n_steps):
        grown = (1 + math.sqrt(1 + 4 * momentum**2)) / 2
        found.append((momentum - 1) / grown)
        momentum = grown
    return found


@njit(**OPTIONS)
def _pack(pairs):
    """(n, rows, columns, parts) as (n, rows, parts * (columns + 1)), padding zero."""
    n, rows, columns, parts = pairs.shape
    found = np.empty((n, rows, parts * (columns + 1)), pairs.dtype)
    for k in range(n):
        for i in range(rows):
            for c in range(parts):
                row = found[k, i, c * (columns + 1) : (c + 1) * (columns + 1)]
                for j in range(columns):
                    row[j] = pairs[k, i, j, c]
                row[columns] = 0
    return found


@njit(**OPTIONS)
def _unpack(rows_of_parts, pairs):
    n, rows, columns, parts = pairs.shape
    for k in range(n):
        for i in range(rows):
            for c in range(parts):
                row = rows_of_parts[k, i, c * (columns + 1) : (c + 1) * (columns + 1)]
                for j in range(columns):
                    pairs[k, i, j, c] = row[j]


@njit(**OPTIONS)
def _descend(plane, ahead, old, columns, rates, box, momenta):
    """Every step: ``new = Proj(ahead + share D P(plane - cut D^H ahead))``, then on beyond it.

    Row i + 1 of the image is seen before row i of the field moves, as it needs the field of both.
    """
    rows, width = plane.shape
    seen, scale = np.zeros((2, width + 1), plane.dtype), np.zeros(width, plane.dtype)
    for momentum in momenta:
        _look(plane, ahead, 0, columns, rates, box, seen[0])
        for i in range(rows):
            here, below = seen[i % 2], seen[(i + 1) % 2]
            if i + 1 < rows:
                _look(plane, ahead, i + 1, columns, rates, box, below)
                _climb(ahead[0, i], rates[2], here, below)
            _climb(ahead[1, i], rates[3], here, here[1:])
            for k in range(columns, width, columns + 1):
                ahead[0, i, k] = 0
                ahead[1, i, k] = 0
            _shrinkage(ahead[0, i], ahead[1, i], columns + 1, scale)
            _go_on(ahead[0, i], old[0, i], scale, momentum)
            _go_on(ahead[1, i], old[1, i], scale, momentum)


@njit(**OPTIONS)
def _look(plane, field, i, columns, rates, box, seen):
    """Row i of ``P(plane - cut D^H field)``."""
    rows, width = plane.shape
    given, across = plane[i], field[1, i]
    if i < rows - 1:
        down = field[0, i]
        for j in range(width):
            seen[j] = given[j] + rates[0] * down[j]
    else:
        seen[:width] = given
    if i > 0:
        above = field[0, i - 1]
        for j in range(width):
            seen[j] -= rates[0] * above[j]
    for part in range(0, width, columns + 1):
        seen[part] += rates[1] * across[part]
        row, last, this = seen[part + 1 :], across[part:], across[part + 1 :]
        for j in range(columns - 2):
            row[j] += rates[1] * (this[j] - last[j])
        if columns > 1:
            row[columns - 2] -= rates[1] * last[columns - 2]
        else:
            seen[part] -= rates[1] * across[part]
    if box[2]:
        for j in range(width):
            value = seen[j] if seen[j] > box[0] else box[0]
            seen[j] = value if value < box[1] else box[1]
    for k in range(columns, width, columns + 1):
        seen[k] = seen[k - 1]


@njit(**OPTIONS)
def _climb(field, rate, here, there):
    for j in range(len(field)):
        field[j] += rate * (there[j] - here[j])


@njit(**OPTIONS)
def _shrinkage(first, second, width, scale):
    """``1 / max(1, length)`` of the field's vectors, for each part."""
    for j in range(width):
        scale[j] = first[j] * first[j] + second[j] * second[j]
    for part in range(width, len(scale), width):
        a, b = first[part:], second[part:]
        for j in range(width):
            scale[j] += a[j] * a[j] + b[j] * b[j]
    one = scale.dtype.type(1)
    for j in range(width):
        square = scale[j]
        scale[j] = one / np.sqrt(square if square > one else one)
    for part in range(width, len(scale), width):
        scale[part : part + width] = scale[:width]


@njit(**OPTIONS)
def _go_on(ahead, old, scale, momentum):
    for j in range(len(scale)):
        new = scale[j] * ahead[j]
        ahead[j] = new + momentum * (new - old[j])
        old[j] = new
