"""Singular values by closed form against LAPACK's."""

import array_api_compat.torch as torch
import numpy as np
import pytest

from corporis.functionals import Nuclear
from corporis.functionals.nuclear import shrink_singular_values, singular_values

SHAPES = [(2, 2), (2, 5), (6, 2), (2, 9), (1, 4), (3, 3), (4, 3), (5, 2, 3), (2, 1)]


def by_lapack(x, cut):
    left, values, right = np.linalg.svd(x, full_matrices=False)
    return (left * np.maximum(values - cut, 0)[..., None, :]) @ right


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("is_complex", [False, True])
@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_closed_form_is_the_decomposition(shape, is_complex, scale, rng):
    x = rng.standard_normal((7, *shape)) + (1j * rng.standard_normal((7, *shape)) * is_complex)
    x = scale * (x if is_complex else x.real)
    x[1] = 0
    x[2, ..., 1:, :] = 0
    x[3, ..., :] = x[3, ..., :1, :]
    expected = np.linalg.svd(x, compute_uv=False)
    np.testing.assert_allclose(singular_values(x), expected, atol=1e-7 * scale)
    np.testing.assert_allclose(singular_values(x)[0], expected[0], rtol=1e-12)
    for cut in (0.1 * scale, scale, 100 * scale):
        got = shrink_singular_values(x, cut)
        np.testing.assert_allclose(got, by_lapack(x, cut), atol=1e-9 * scale)
        there = shrink_singular_values(torch.asarray(x), cut)
        np.testing.assert_allclose(there.numpy(), got, atol=1e-9 * scale)


@pytest.mark.parametrize("shape", [(3, 5), (6, 4), (4, 4), (1, 3), (3, 12)])
@pytest.mark.parametrize("kind", [np.float32, np.complex64])
def test_single_precision_by_the_gram_matrix_loses_nothing(shape, kind, rng):
    x = rng.standard_normal((7, *shape)).astype(kind)
    if kind == np.complex64:
        x += 1j * rng.standard_normal((7, *shape)).astype(np.float32)
    x[1], x[2, 1:] = 0, 0
    wide = x.astype(np.complex128 if np.iscomplexobj(x) else np.float64)
    values = singular_values(x)
    assert values.dtype == np.float32
    np.testing.assert_allclose(values, singular_values(wide), atol=2e-6)
    for cut in (0.0, 0.8, 100.0):
        got = shrink_singular_values(x, cut)
        assert got.dtype == kind
        np.testing.assert_allclose(got, by_lapack(wide, cut), atol=5e-6)
        there = shrink_singular_values(torch.asarray(x), cut)
        np.testing.assert_allclose(there.numpy(), got, atol=5e-6)


def test_equal_singular_values_and_rank_one_keep_their_accuracy():
    turned = 3 * np.array([[0.6, -0.8], [0.8, 0.6]])
    np.testing.assert_allclose(shrink_singular_values(turned, 1.0), turned * 2 / 3, atol=1e-15)
    row = np.array([[1.0, 2.0, 2.0], [1e-9, 0.0, 0.0]])
    small = np.linalg.svd(row, compute_uv=False)[1]
    assert abs(singular_values(row)[1] / small - 1) < 1e-9


def test_any_two_axes_make_a_matrix(rng):
    x = rng.standard_normal((2, 4, 3))
    f = Nuclear(0.5, axes=(2, 0))
    expected = 0.5 * sum(np.linalg.norm(x[:, i], "nuc") for i in range(4))
    assert abs(f(x) - expected) < 1e-12
    got = f.prox(x, 0.8)
    for i in range(4):
        np.testing.assert_allclose(got[:, i], by_lapack(x[:, i], 0.4), atol=1e-12)
    for axes in ((0, 0), (0,)):
        with pytest.raises(ValueError, match="axes must be two"):
            Nuclear(axes=axes)
