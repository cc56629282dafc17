"""Compiled scan of binary codes: exact nearest neighbours in Hamming distance."""

import numpy as np
from numba import njit, types
from numba.extending import intrinsic

BLOCK = 2048
"""Codes looked at together: they and their distances stay in the first cache."""


@intrinsic
def _popcount(_, word):
    """Number of set bits, which compiles to the processor's own instruction."""

    def generate(context, builder, signature, arguments):
        return builder.ctpop(arguments[0])

    return types.int64(types.uint64), generate


@njit(nogil=True, cache=True)
def nearest(queries, codes, distances, places):
    """Fill the k nearest codes of every query, nearest first, of equals the earlier.

    Blocks of codes are first asked for their least distance alone, which runs through the vector
    units without a store; few blocks hold one that is near enough to be looked at again.

    Parameters
    ----------
    queries, codes : uint64 array, (n_queries,) and (n_codes,), contiguous
    distances : int32 array, (n_queries, k)
        Filled; must come larger than any distance.
    places : int64 array, (n_queries, k)
    """
    seen = np.empty(BLOCK, np.int64)
    for begin in range(0, len(codes), BLOCK):
        block = codes[begin : begin + BLOCK]
        for i in range(len(queries)):
            word, least = queries[i], np.int64(64)
            for j in range(len(block)):
                least = min(least, _popcount(block[j] ^ word))
            if least < distances[i, -1]:
                for j in range(len(block)):
                    seen[j] = _popcount(block[j] ^ word)
                _insert(seen, len(block), begin, distances[i], places[i])


@njit(nogil=True, cache=True)
def nearest_wide(queries, codes, distances, places):
    """The same for codes of several words, (n_queries, n_words) and (n_codes, n_words)."""
    seen = np.empty(BLOCK, np.int64)
    for begin in range(0, len(codes), BLOCK):
        block = codes[begin : begin + BLOCK]
        for i in range(len(queries)):
            if _fill(block, queries[i], seen) < distances[i, -1]:
                _insert(seen, len(block), begin, distances[i], places[i])


@njit(nogil=True, cache=True)
def _fill(block, query, seen):
    """Distances of codes of several words to a query, and the least of them."""
    for j in range(len(block)):
        seen[j] = _popcount(block[j, 0] ^ query[0])
    for w in range(1, len(query)):
        for j in range(len(block)):
            seen[j] += _popcount(block[j, w] ^ query[w])
    least = seen[0]
    for j in range(len(block)):
        least = min(least, seen[j])
    return least


@njit(nogil=True, cache=True)
def _insert(seen, count, begin, nearest_so_far, places):
    """Sort into the nearest what is nearer than the last of them."""
    last = len(nearest_so_far) - 1
    for j in range(count):
        d = seen[j]
        if d >= nearest_so_far[last]:
            continue
        k = last
        while k > 0 and nearest_so_far[k - 1] > d:
            nearest_so_far[k] = nearest_so_far[k - 1]
            places[k] = places[k - 1]
            k -= 1
        nearest_so_far[k] = d
        places[k] = begin + j
