"""Binary codes: packed, compared, searched exactly, and how good a ranking by them is."""

import itertools
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from corporis.arrays import n_threads
from corporis.learning import _hamming_kernel

WORD = 64


def pack(bits: np.ndarray) -> np.ndarray:
    """Bits as words, (n, ceil(n_bits / 64)) uint64; the last word is filled up with zeros.

    Parameters
    ----------
    bits : bool array, (n, n_bits)

    Examples
    --------
    >>> import numpy as np
    >>> from corporis.learning import pack
    >>> pack(np.array([[True, False, True], [False, False, False]])).tolist()
    [[5], [0]]
    """
    bits = np.asarray(bits, dtype=bool)
    if bits.ndim != 2 or bits.shape[1] < 1:
        raise ValueError(f"bits must be (n, n_bits) with n_bits >= 1, got {bits.shape}")
    width = -(-bits.shape[1] // WORD) * WORD
    padded = np.zeros((len(bits), width), bool)
    padded[:, : bits.shape[1]] = bits
    return np.packbits(padded, axis=1, bitorder="little").view("<u8").astype(np.uint64, copy=False)


def distances(queries: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Hamming distances between packed codes, (n_queries, n_codes) int32.

    Examples
    --------
    >>> distances(np.array([[5]], np.uint64), np.array([[5], [4], [0]], np.uint64)).tolist()
    [[0, 1, 2]]
    """
    _check(queries, codes)
    found = np.zeros((len(queries), len(codes)), np.int32)
    for mine, theirs in zip(queries.T, codes.T):
        found += np.bitwise_count(mine[:, None] ^ theirs[None])
    return found


def nearest_codes(
    queries: np.ndarray, codes: np.ndarray, n_neighbours: int
) -> tuple[np.ndarray, np.ndarray]:
    """The exact nearest codes of every query, by a scan of all.

    Parameters
    ----------
    queries, codes : uint64 array, (n_queries, n_words) and (n_codes, n_words)
        As `pack` makes them.
    n_neighbours : int
        1 to n_codes.

    Returns
    -------
    distances : int32 array, (n_queries, n_neighbours)
        Rising.
    places : int64 array, (n_queries, n_neighbours)
        In `codes`; of equally near ones the earlier first.

    Raises
    ------
    ValueError
        If the codes are no words of one number, or `n_neighbours` is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> from corporis.learning import nearest_codes
    >>> codes = np.array([[7], [1], [3], [1]], np.uint64)
    >>> near, places = nearest_codes(np.array([[1]], np.uint64), codes, 3)
    >>> near.tolist(), places.tolist()
    ([[0, 0, 1]], [[1, 3, 2]])
    """
    _check(queries, codes)
    if not 1 <= n_neighbours <= len(codes):
        raise ValueError(f"n_neighbours must be 1 to {len(codes)}, got {n_neighbours}")
    queries, codes = np.ascontiguousarray(queries), np.ascontiguousarray(codes)
    near = np.full((len(queries), n_neighbours), WORD * codes.shape[1] + 1, np.int32)
    places = np.zeros((len(queries), n_neighbours), np.int64)
    edges = np.linspace(0, len(queries), min(n_threads(), max(len(queries), 1)) + 1).astype(int)
    parts = [slice(a, b) for a, b in itertools.pairwise(edges) if b > a]

    def search(part):
        if codes.shape[1] == 1:
            given = queries[part, 0].copy(), codes.reshape(-1)
            _hamming_kernel.nearest(*given, near[part], places[part])
        else:
            _hamming_kernel.nearest_wide(queries[part], codes, near[part], places[part])

    if len(parts) < 2:
        for part in parts:
            search(part)
        return near, places
    with ThreadPoolExecutor(len(parts)) as pool:
        list(pool.map(search, parts))
    return near, places


def mean_average_precision(ranks: np.ndarray, is_relevant: np.ndarray) -> float:
    """Mean over queries of the average precision of the whole ranked list.

    Entries of equal distance count as a ranking of them at random would on average, so that the
    order of the database plays no part.

    Parameters
    ----------
    ranks : int array, (n_queries, n_codes)
        Distances, >= 0; smaller is better.
    is_relevant : bool array, (n_queries, n_codes)

    Returns
    -------
    float
        0 to 1; queries without a relevant entry are left out, NaN where none is left.

    References
    ----------
    McSherry & Najork (2008), ECIR, LNCS 4956, 414-421, doi:10.1007/978-3-540-78646-7_38

    Examples
    --------
    >>> import numpy as np
    >>> from corporis.learning import mean_average_precision
    >>> mean_average_precision(np.array([[0, 1, 2]]), np.array([[True, False, True]]))
    0.8333333333333333
    >>> mean_average_precision(np.array([[0, 0]]), np.array([[True, False]]))    # 1 or 1/2
    0.75
    """
    found = [
        _average_precision(row, wanted) for row, wanted in zip(ranks, is_relevant) if np.any(wanted)
    ]
    return float(np.mean(found)) if found else float("nan")


def _average_precision(ranks, wanted):
    """Within a tie of n entries, m of them wanted, the t-th is wanted with probability m / n."""
    n = np.bincount(ranks)
    m = np.bincount(ranks, weights=wanted)
    tie = np.repeat(np.arange(len(n)), n)
    place = np.arange(1, len(ranks) + 1)
    before_n, before_m = np.cumsum(n) - n, np.cumsum(m) - m
    within = place - before_n[tie] - 1
    others = np.where(n[tie] > 1, within * (m[tie] - 1) / np.maximum(n[tie] - 1, 1), 0.0)
    share = m[tie] / n[tie]
    return float(np.sum(share * (before_m[tie] + 1 + others) / place) / m.sum())


def _check(queries, codes):
    for name, array in (("queries", queries), ("codes", codes)):
        if np.ndim(array) != 2 or np.asarray(array).dtype != np.uint64:
            raise ValueError(
                f"{name} must be (n, n_words) uint64 as pack() makes them, got "
                f"{np.shape(array)} {np.asarray(array).dtype}"
            )
    if queries.shape[1] != codes.shape[1]:
        raise ValueError(
            f"expected codes of one length, got {queries.shape[1]} and {codes.shape[1]} words"
        )
