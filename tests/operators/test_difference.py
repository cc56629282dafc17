"""Differences of NumPy arrays, made in place, against the general way; more in test_operators."""

import array_api_compat.torch as torch
import numpy as np
import pytest

from corporis.operators import FiniteDifference


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.complex64, np.complex128])
@pytest.mark.parametrize("boundary", ["neumann", "cyclic", ("cyclic", "neumann", "cyclic")])
@pytest.mark.parametrize("shape", [(4, 1, 3), (2, 5, 6)])
def test_in_place_and_general_way_agree(shape, boundary, kind, rng):
    A = FiniteDifference(shape, spacing=(1.0, 2.0, 0.5), boundary=boundary)
    x, y = rng.standard_normal(shape).astype(kind), rng.standard_normal(A.codomain).astype(kind)
    if np.issubdtype(kind, np.complexfloating):
        x, y = x * np.exp(1j).astype(kind), y * np.exp(2j).astype(kind)
    before = x.copy(), y.copy()
    np.testing.assert_array_equal(A @ x, (A @ torch.asarray(x)).numpy())
    np.testing.assert_allclose(A.H @ y, (A.H @ torch.asarray(y)).numpy(), atol=1e-6)
    assert (A @ x).dtype == kind and (A.H @ y).dtype == kind
    np.testing.assert_array_equal(x, before[0])
    np.testing.assert_array_equal(y, before[1])


def test_whole_numbers_have_differences_too():
    A = FiniteDifference((3,), spacing=2.0)
    assert (A @ np.array([1, 3, 4])).tolist() == [[1.0, 0.5, 0.0]]
