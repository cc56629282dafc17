"""Patches by hand, and averaging undoes taking them apart."""

import array_api_compat.torch as torch
import numpy as np
import pytest

from corporis.operators import Patches

CASES = [
    ((7,), 3, 1, True),
    ((7,), 3, 2, True),
    ((7,), 3, 2, False),
    ((7,), 2, 3, True),
    ((5, 6), (2, 3), (1, 2), True),
    ((5, 6), (5, 6), 1, True),
    ((5, 6), (2, 3), 2, False),
    ((3, 5, 6), (3, 2, 2), (9, 1, 1), True),
]


@pytest.mark.parametrize("shape, size, stride, is_cyclic", CASES)
def test_every_patch_is_a_window(shape, size, stride, is_cyclic, rng):
    P = Patches(shape, size, stride, is_cyclic)
    x = rng.standard_normal(shape) + 1j * rng.standard_normal(shape)
    patches = (P @ x).reshape(*P.n_along, *P.size)
    for place in np.ndindex(*P.n_along):
        corner = np.multiply(place, P.stride)
        cyclic = np.ix_(*((c + np.arange(s)) % n for c, s, n in zip(corner, P.size, shape)))
        np.testing.assert_array_equal(patches[place], x[cyclic])
        if not is_cyclic:
            assert np.all(corner + P.size <= shape)


@pytest.mark.parametrize("shape, size, stride, is_cyclic", CASES)
def test_averaging_undoes_and_torch_agrees(shape, size, stride, is_cyclic, rng):
    P = Patches(shape, size, stride, is_cyclic)
    x = rng.standard_normal(shape)
    np.testing.assert_allclose(P.H @ (P @ x), P.counts * x, atol=1e-12)
    assert P.counts.sum() == np.prod(P.codomain)
    y = rng.standard_normal(P.codomain)
    np.testing.assert_array_equal((P @ torch.asarray(x)).numpy(), P @ x)
    np.testing.assert_allclose((P.H @ torch.asarray(y)).numpy(), P.H @ y, atol=1e-12)


def test_all_cyclic_patches_cover_alike():
    assert np.all(Patches((6, 7), (2, 3)).counts == 6)


@pytest.mark.parametrize(
    "options, words",
    [
        ({"size": 5}, "size must be 1 to"),
        ({"size": (2, 2, 2)}, "size must be 1 to"),
        ({"size": 0}, "size must be 1 to"),
        ({"size": 2, "stride": 0}, "stride must be >= 1"),
        ({"size": 2, "stride": (1,)}, "stride must be >= 1"),
    ],
)
def test_refuses(options, words):
    with pytest.raises(ValueError, match=words):
        Patches((4, 6), **options)
