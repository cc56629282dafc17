"""Compiled sampling of spline coefficients at places, and scattering of points onto a grid."""

import math

import numpy as np
from numba import njit

WIDTH = 6
"""Cells of the fine grid that a scattered point touches along each axis."""
SHAPE = 2.34 * WIDTH
"""Beta of the Kaiser-Bessel window for a grid twice as fine."""


@njit(cache=True, nogil=True, error_model="numpy")
def sample(coefficients, places, out):
    """Cubic B-splines (t, a, rows, columns) at places (t, n, 2): complex (t, a, n).

    Beyond the image's edge the edge is repeated.
    """
    n_times, n_tags, rows, columns = coefficients.shape
    wy, wx = np.empty(4), np.empty(4)
    for t in range(n_times):
        for j in range(places.shape[1]):
            y, x = places[t, j, 0], places[t, j, 1]
            y = min(max(y, 0.0), rows - 1.0)
            x = min(max(x, 0.0), columns - 1.0)
            top, left = math.floor(y), math.floor(x)
            _spline(y - top, wy)
            _spline(x - left, wx)
            for a in range(n_tags):
                total = 0.0 + 0.0j
                for i in range(4):
                    row = _mirrored(top - 1 + i, rows)
                    line = 0.0 + 0.0j
                    for k in range(4):
                        line += wx[k] * coefficients[t, a, row, _mirrored(left - 1 + k, columns)]
                    total += wy[i] * line
                out[t, a, j] = total


@njit(cache=True, nogil=True, error_model="numpy")
def _spline(f, w):
    g = 1.0 - f
    w[0] = g * g * g / 6
    w[1] = (4 - 6 * f * f + 3 * f * f * f) / 6
    w[2] = (4 - 6 * g * g + 3 * g * g * g) / 6
    w[3] = f * f * f / 6


@njit(cache=True, nogil=True, error_model="numpy")
def _mirrored(i, n):
    if i < 0:
        return -i
    if i >= n:
        return 2 * (n - 1) - i
    return i


@njit(cache=True, nogil=True, error_model="numpy")
def scatter(places, values, window, grid):
    """Add values (t, n, c) at places (t, n, 2), in cells, to a cyclic grid (t, c, rows, columns).

    `window` holds the window at distances 0 to ``WIDTH / 2``, finely; in between it is linear.
    """
    n_times, n_parts, rows, columns = grid.shape
    step = (window.size - 2) / (WIDTH / 2)
    wy, wx = np.empty(WIDTH), np.empty(WIDTH)
    for t in range(n_times):
        for j in range(places.shape[1]):
            y, x = places[t, j, 0], places[t, j, 1]
            top, left = math.ceil(y - WIDTH / 2), math.ceil(x - WIDTH / 2)
            for i in range(WIDTH):
                d = abs(top + i - y) * step
                k = int(d)
                wy[i] = window[k] + (d - k) * (window[k + 1] - window[k])
                d = abs(left + i - x) * step
                k = int(d)
                wx[i] = window[k] + (d - k) * (window[k + 1] - window[k])
            for c in range(n_parts):
                for i in range(WIDTH):
                    row = (top + i) % rows
                    v = values[t, j, c] * wy[i]
                    for k in range(WIDTH):
                        grid[t, c, row, (left + k) % columns] += v * wx[k]
