"""How many threads there are, and constants that are converted once."""

import array_api_compat.torch as torch
import numpy as np
import pytest

from corporis.arrays import Constant, n_threads


@pytest.mark.parametrize("asked, expected", [("1", 1), ("1,4", 1), ("100000", None), ("", None)])
def test_threads_are_those_asked_for_but_no_more_than_there_are(asked, expected, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    available = n_threads()
    monkeypatch.setenv("OMP_NUM_THREADS", asked)
    assert n_threads() == (expected or available)


@pytest.mark.parametrize("asked", ["0", "-3", "many"])
def test_threads_asked_for_in_nonsense_are_at_least_one(asked, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", asked)
    assert n_threads() >= 1


def test_a_constant_is_converted_once_for_each_kind():
    weights = Constant(np.arange(3.0))
    single, complex_ = np.zeros(3, np.float32), np.zeros(3, np.complex64)
    assert weights.like(single) is weights.like(complex_)
    assert weights.like(single).dtype == np.float32
    assert weights.like(np.zeros(3)).dtype == np.float64
    assert weights.like(torch.zeros(3)) is weights.like(torch.zeros(2))
    assert weights.like(torch.zeros(3)).dtype == torch.float32
