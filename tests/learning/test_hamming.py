"""Binary codes: exact search, ties that the order of the database does not decide."""

import itertools

import numpy as np
import pytest

from corporis.learning.hamming import distances, mean_average_precision, nearest_codes, pack


@pytest.mark.parametrize(("n_bits", "n_codes"), [(48, 5000), (64, 3000), (65, 2500), (130, 700)])
def test_the_scan_is_that_of_sorted_distances(rng, n_bits, n_codes):
    bits = rng.random((n_codes, n_bits)) < 0.5
    codes = pack(bits)
    queries = pack(bits[:7] ^ (rng.random((7, n_bits)) < 0.1))
    plain = np.sum(bits[None] != _unpack(queries, n_bits)[:, None], axis=2)
    np.testing.assert_array_equal(distances(queries, codes), plain)
    near, places = nearest_codes(queries, codes, 12)
    order = np.argsort(plain, axis=1, kind="stable")[:, :12]
    np.testing.assert_array_equal(places, order)
    np.testing.assert_array_equal(near, np.take_along_axis(plain, order, 1))


def _unpack(codes, n_bits):
    return np.unpackbits(codes.view("u1"), axis=1, bitorder="little")[:, :n_bits].astype(bool)


def test_threads_change_nothing(rng, monkeypatch):
    codes = pack(rng.random((4000, 64)) < 0.5)
    alone = nearest_codes(codes[:9], codes, 5)
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    together = nearest_codes(codes[:9], codes, 5)
    for one, other in zip(alone, together):
        np.testing.assert_array_equal(one, other)


def test_average_precision_is_the_mean_over_all_orders_of_ties():
    ranks, wanted = np.array([0, 1, 1, 1, 2, 2]), np.array([0, 1, 0, 1, 1, 0], bool)
    values = []
    for order in itertools.permutations(range(6)):
        if np.all(np.diff(ranks[list(order)]) >= 0):
            hits = wanted[list(order)]
            values.append(np.mean(np.cumsum(hits)[hits] / (1 + np.flatnonzero(hits))))
    assert mean_average_precision(ranks[None], wanted[None]) == pytest.approx(np.mean(values))


def test_average_precision_leaves_out_queries_without_a_match():
    ranks = np.array([[0, 1], [0, 1]])
    assert mean_average_precision(ranks, np.array([[True, False], [False, False]])) == 1.0
    assert np.isnan(mean_average_precision(ranks, np.zeros((2, 2), bool)))


def test_what_are_no_codes_is_refused():
    codes = np.zeros((3, 1), np.uint64)
    with pytest.raises(ValueError, match="n_neighbours must be 1 to 3, got 4"):
        nearest_codes(codes, codes, 4)
    with pytest.raises(ValueError, match="uint64"):
        nearest_codes(codes.astype(float), codes, 1)
    with pytest.raises(ValueError, match="one length, got 2 and 1 words"):
        nearest_codes(np.zeros((1, 2), np.uint64), codes, 1)
    with pytest.raises(ValueError, match="bits must be"):
        pack(np.zeros(5, bool))
