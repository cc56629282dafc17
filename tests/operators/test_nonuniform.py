"""The transform at any frequencies against the sum that defines it."""

import sys

import array_api_compat.torch as torch
import numpy as np
import pytest

from corporis.errors import MissingExtra
from corporis.operators import Fourier, NonuniformFourier


def by_sum(x, points):
    grid = np.meshgrid(*(np.arange(n) - n // 2 for n in x.shape), indexing="ij")
    phases = np.tensordot(points, np.stack(grid), 1)
    axes = tuple(range(-x.ndim, 0))
    return np.sum(x * np.exp(-1j * phases), axis=axes) / np.sqrt(x.size)


@pytest.mark.parametrize("shape", [(9,), (4, 7), (3, 4, 5)])
def test_is_the_sum_it_says(shape, rng):
    x = rng.standard_normal(shape) + 1j * rng.standard_normal(shape)
    points = rng.uniform(-8, 8, (6, 2, len(shape)))
    A = NonuniformFourier(shape, points)
    assert A.codomain == (6, 2)
    np.testing.assert_allclose(A @ x, by_sum(x, points), atol=1e-10)
    single = A @ x.astype(np.complex64)
    assert single.dtype == np.complex64
    np.testing.assert_allclose(single, by_sum(x, points), atol=1e-4)


@pytest.mark.parametrize("shape", [(2, 6, 5), (6, 5)])
def test_on_the_grid_it_is_the_unitary_transform(shape, rng):
    x = rng.standard_normal(shape)
    lines = [2 * np.pi * (np.arange(n) - n // 2) / n for n in (6, 5)]
    points = np.stack(np.meshgrid(*lines, indexing="ij"), axis=-1)
    expected = Fourier(shape, axes=(-2, -1), is_centred=True) @ x
    A = NonuniformFourier(shape, points)
    np.testing.assert_allclose(A @ x, expected, atol=1e-10)
    np.testing.assert_allclose(A.H @ (A @ x), x, atol=1e-10)


def test_torch_arrays_and_views(rng):
    x = rng.standard_normal((7, 4)) + 1j * rng.standard_normal((7, 4))
    A = NonuniformFourier((4, 7), rng.uniform(-4, 4, (5, 2)))
    np.testing.assert_allclose(A @ x.T, A @ x.T.copy(), atol=1e-12)
    there = A @ torch.asarray(x.T.copy())
    assert isinstance(there, torch.Tensor)
    np.testing.assert_allclose(there.numpy(), A @ x.T, atol=1e-12)


def test_without_finufft_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "finufft", None)
    A = NonuniformFourier((4,), np.zeros((2, 1)))
    with pytest.raises(
        MissingExtra, match=r"finufft: install it with pip .*corporis\[nonuniform\]"
    ):
        A @ np.zeros(4)


@pytest.mark.parametrize(
    "points, options, words",
    [
        (np.zeros((5, 3)), {}, "points must be finite"),
        (np.zeros(5), {}, "points must be finite"),
        (np.full((5, 2), np.nan), {}, "points must be finite"),
        (np.zeros((5, 2)), {"tolerance": 0.0}, "tolerance must be > 0"),
    ],
)
def test_refuses(points, options, words):
    with pytest.raises(ValueError, match=words):
        NonuniformFourier((4, 6), points, **options)
