"""Compiled soft thresholds of numbers and groups: one pass instead of one an operation.

The plain versions are in `corporis.functionals.l1` and `l21`, and tests hold them together.
"""

import numpy as np
from numba import njit

# Groups are treated in pieces of so many, so that their lengths stay in the cache.
PIECE = 1024


# A division that raises would keep these loops from vector instructions, and so would constants,
# because they are wider than single precision: zero is `size - size`.
@njit(cache=True, nogil=True, error_model="numpy")
def shrink_real(x, cut, out):
    """``out = sign(x) max(|x| - cut, 0)``."""
    for i in range(x.shape[0]):
        size = abs(x[i])
        factor = (size - cut) / size if size > cut else size - size
        out[i] = factor * x[i]


@njit(cache=True, nogil=True, error_model="numpy")
def shrink_complex(x, cut, out):
    """The same for the lengths of pairs of numbers that follow each other."""
    for i in range(x.shape[0] // 2):
        first, second = x[2 * i], x[2 * i + 1]
        size = np.sqrt(first * first + second * second)
        factor = (size - cut) / size if size > cut else size - size
        out[2 * i] = factor * first
        out[2 * i + 1] = factor * second


@njit(cache=True, nogil=True, error_model="numpy")
def shrink_groups_real(x, cut, out):
    """The columns of `x`, (n_members, n_groups), shortened by `cut`, not below zero."""
    n_members, n_groups = x.shape
    factor = np.empty(PIECE, x.dtype)
    for start in range(0, n_groups, PIECE):
        size = min(PIECE, n_groups - start)
        factor[:size] = 0
        for member in range(n_members):
            line = x[member, start : start + size]
            for i in range(size):
                factor[i] += line[i] * line[i]
        for i in range(size):
            length = np.sqrt(factor[i])
            factor[i] = (length - cut) / length if length > cut else length - length
        for member in range(n_members):
            line, target = x[member, start : start + size], out[member, start : start + size]
            for i in range(size):
                target[i] = factor[i] * line[i]


@njit(cache=True, nogil=True, error_model="numpy")
def shrink_groups_complex(x, cut, out):
    """The same where every member of a group is a pair of numbers that follow each other."""
    n_members, n_groups = x.shape[0], x.shape[1] // 2
    factor = np.empty(PIECE, x.dtype)
    for start in range(0, n_groups, PIECE):
        size = min(PIECE, n_groups - start)
        factor[:size] = 0
        for member in range(n_members):
            line = x[member, 2 * start : 2 * (start + size)]
            for i in range(size):
                factor[i] += line[2 * i] * line[2 * i] + line[2 * i + 1] * line[2 * i + 1]
        for i in range(size):
            length = np.sqrt(factor[i])
            factor[i] = (length - cut) / length if length > cut else length - length
        for member in range(n_members):
            line = x[member, 2 * start : 2 * (start + size)]
            target = out[member, 2 * start : 2 * (start + size)]
            for i in range(size):
                target[2 * i] = factor[i] * line[2 * i]
                target[2 * i + 1] = factor[i] * line[2 * i + 1]
