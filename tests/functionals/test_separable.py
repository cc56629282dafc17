"""Several norms behind several operators are one behind one; penalties of coefficients."""

import array_api_compat.torch as torch
import numpy as np
import pytest

from corporis.functionals import L1, L21, Box, Separable, TotalVariation, Transformed
from corporis.operators import Fourier, Stack, UndecimatedWavelet, Wavelet


def test_is_the_partner_of_a_stack(rng):
    tv, W = TotalVariation((6, 5), 0.3), Wavelet((6, 5), "haar", levels=1)
    A = Stack((tv.gradient_operator, W))
    f = Separable([tv.penalty, L1(0.2)], [tv.gradient_operator.codomain, W.codomain])
    x = rng.standard_normal((6, 5))
    assert np.isclose(f(A @ x), tv(x) + L1(0.2)(W @ x))
    first, second = A.split(f.prox(A @ x, 0.7))
    np.testing.assert_allclose(first, tv.penalty.prox(tv.gradient_operator @ x, 0.7))
    np.testing.assert_allclose(second, L1(0.2).prox(W @ x, 0.7))
    there = f.prox(torch.asarray(A @ x), 0.7)
    np.testing.assert_allclose(there.numpy(), f.prox(A @ x, 0.7), atol=1e-14)


def test_rows_of_any_array_are_parts(rng):
    f = Separable([L21(0.3), Box(0.0, 1.0)], [(2, 4), (1, 4)])
    x = rng.standard_normal((3, 4)).astype(np.float32)
    p = f.prox(x, 1.0)
    assert p.shape == (3, 4) and p.dtype == np.float32
    np.testing.assert_array_equal(p[2], np.clip(x[2], 0, 1))


@pytest.mark.parametrize("penalties, shapes", [([], []), ([L1()], []), ([L1()], [(1,), (2,)])])
def test_refuses(penalties, shapes):
    with pytest.raises(ValueError, match="as many shapes"):
        Separable(penalties, shapes)


def test_refuses_another_size_and_step():
    with pytest.raises(ValueError, match="x must hold 3 numbers"):
        Separable([L1()], [(3,)])(np.zeros(4))
    with pytest.raises(ValueError, match="step must be"):
        Separable([L1()], [(3,)]).prox(np.zeros(3), 0.0)


def test_transformed_prox_moves_to_the_minimum(rng):
    f = Transformed(L1(0.5), Fourier((3, 4)))
    x = rng.standard_normal((3, 4)) + 1j * rng.standard_normal((3, 4))
    p = f.prox(x, 1.0)
    best = f(p) + 0.5 * np.linalg.norm(p - x) ** 2
    for _ in range(50):
        z = p + 0.1 * (rng.standard_normal((3, 4)) + 1j * rng.standard_normal((3, 4)))
        assert f(z) + 0.5 * np.linalg.norm(z - x) ** 2 > best


def test_transformed_refuses_what_cannot_be_orthonormal():
    with pytest.raises(ValueError, match="an orthonormal operator keeps the size"):
        Transformed(L1(), UndecimatedWavelet((4, 4), "haar", levels=1))
