"""The misfit by the normal operator is the plain one."""

import array_api_compat.torch as torch
import numpy as np
import pytest

from corporis.functionals import NormalMisfit, QuadraticMisfit
from corporis.operators import Cartesian, Fourier


@pytest.mark.parametrize("is_lines", [False, True])
def test_normal_misfit_is_the_quadratic_one(is_lines, rng):
    mask = rng.random((1, 8) if is_lines else (6, 8)) < 0.5
    maps = rng.standard_normal((3, 6, 8)) + 1j * rng.standard_normal((3, 6, 8))
    A = Cartesian((6, 8), mask, maps)
    data = A @ rng.standard_normal((6, 8)) + A @ (0.1 * rng.standard_normal((6, 8)))
    f, plain = NormalMisfit(A, data), QuadraticMisfit(A, data)
    x = rng.standard_normal((6, 8)) + 1j * rng.standard_normal((6, 8))
    assert f(x) == plain(x) and f.lipschitz == plain.lipschitz
    np.testing.assert_allclose(f.gradient(x), plain.gradient(x), atol=1e-11)
    single = NormalMisfit(A, data.astype(np.complex64)).gradient(x.astype(np.complex64))
    assert single.dtype == np.complex64
    there = NormalMisfit(A, torch.asarray(data)).gradient(torch.asarray(x))
    np.testing.assert_allclose(there.numpy(), f.gradient(x), atol=1e-11)


def test_refuses_what_the_quadratic_misfit_refuses():
    with pytest.raises(ValueError, match="data must have shape"):
        NormalMisfit(Fourier((2,)), np.zeros(3))
    with pytest.raises(ValueError, match="data must be finite"):
        NormalMisfit(Fourier((1,)), np.array([np.nan]))
    assert NormalMisfit(Fourier((2,)), np.zeros(2), bound=2.0).lipschitz == 4
