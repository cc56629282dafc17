"""The compiled thresholds of numbers and groups against the plain ones."""

import numpy as np
import pytest

from corporis.functionals import L1, L21
from corporis.functionals.l1 import shrink_plain, soft_threshold

KINDS = [np.float32, np.float64, np.complex64, np.complex128]


def draw(rng, shape, kind):
    x = rng.standard_normal(shape) + (1j * rng.standard_normal(shape))
    x = np.where(rng.random(shape) < 0.2, 0, x)
    return (x if np.issubdtype(kind, np.complexfloating) else x.real).astype(kind)


def accuracy(kind):
    return 1e-6 if kind in (np.float32, np.complex64) else 1e-14


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("cut", [0.0, 0.6, 30.0])
def test_soft_threshold_compiled_and_plain_agree(kind, cut, rng):
    x = draw(rng, (7, 9), kind)
    before = x.copy()
    for view in (x, x.T, x[::2, 1:]):
        got = soft_threshold(view, np.array(cut, x.real.dtype))
        assert got.dtype == kind and got.shape == view.shape
        expected = shrink_plain(view, np.array(cut, x.real.dtype))
        np.testing.assert_allclose(got, expected, atol=accuracy(kind))
    np.testing.assert_array_equal(x, before)


def test_zero_and_what_is_at_the_threshold_go_and_nan_stays():
    got = L1().prox(np.array([0.0, 1.0, -1.0, np.nan, 1.5]), 1.0)
    assert got[:3].tolist() == [0, 0, 0] and np.isnan(got[3]) and got[4] == 0.5
    assert L1(0.0).prox(np.zeros(2), 1.0).tolist() == [0, 0]


def test_weights_that_differ_take_the_plain_way(rng):
    x, weights = draw(rng, (4, 5), np.complex64), rng.random(5)
    got = L1(weights).prox(x, 0.7)
    expected = np.stack([L1(w).prox(x[:, i], 0.7) for i, w in enumerate(weights)], axis=1)
    np.testing.assert_allclose(got, expected, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape, axis", [((3, 4, 5), 0), ((3, 4, 5), (1, 0)), ((2, 1030), 0)])
def test_groups_compiled_and_plain_agree(kind, shape, axis, rng):
    f, x = L21(0.6, axis=axis), draw(rng, shape, kind)
    x[(slice(None),) * (2 if axis == (1, 0) else 1) + (0,)] = 0
    before = x.copy()
    got = f.prox(x, 2.0)
    assert got.dtype == kind and got.shape == shape
    np.testing.assert_allclose(got, f.prox_plain(x, 1.2), atol=accuracy(kind))
    turned = np.moveaxis(np.ascontiguousarray(np.moveaxis(x, 0, -1)), -1, 0)
    np.testing.assert_array_equal(f.prox(turned, 2.0), got)
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize("axis", [1, -1, (0, 2), (1, 2)])
def test_groups_along_other_axes_are_the_same_groups(axis, rng):
    x = draw(rng, (3, 4, 5), np.float64)
    axes = (axis,) if isinstance(axis, int) else axis
    leading = np.moveaxis(x, axes, range(len(axes)))
    expected = L21(0.6, axis=tuple(range(len(axes)))).prox(leading, 1.0)
    got = L21(0.6, axis=axis).prox(x, 1.0)
    np.testing.assert_allclose(got, np.moveaxis(expected, range(len(axes)), axes), atol=1e-14)
