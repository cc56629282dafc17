"""Coil sensitivities by hand, in sets and frames."""

import array_api_compat.torch as torch
import numpy as np
import pytest

from corporis.operators import Coils, operator_norm


def complex_normal(rng, *shape):
    return rng.standard_normal(shape) + 1j * rng.standard_normal(shape)


def test_one_set_is_a_product(rng):
    maps, x = complex_normal(rng, 3, 4, 5), complex_normal(rng, 4, 5)
    A = Coils(maps)
    np.testing.assert_allclose(A @ x, maps * x)
    y = complex_normal(rng, 3, 4, 5)
    np.testing.assert_allclose(A.H @ y, np.sum(maps.conj() * y, axis=0))


def test_sets_and_frames_are_sums_of_products(rng):
    maps, x = complex_normal(rng, 2, 3, 4, 5), complex_normal(rng, 6, 2, 4, 5)
    A = Coils(maps, has_sets=True, frames=6)
    assert (A.domain, A.codomain) == ((6, 2, 4, 5), (6, 3, 4, 5))
    np.testing.assert_allclose(A @ x, np.einsum("scij,tsij->tcij", maps, x))
    y = complex_normal(rng, 6, 3, 4, 5)
    np.testing.assert_allclose(A.H @ y, np.einsum("scij,tcij->tsij", maps.conj(), y))


def test_torch_gives_the_same(rng):
    maps, x = complex_normal(rng, 2, 3, 4), complex_normal(rng, 2, 4)
    A = Coils(maps, has_sets=True)
    np.testing.assert_allclose((A @ torch.asarray(x)).numpy(), A @ x)
    B = Coils(torch.asarray(maps), has_sets=True)
    np.testing.assert_allclose((B @ torch.asarray(x)).numpy(), A @ x)
    assert abs(B.bound - A.bound) < 1e-12


@pytest.mark.parametrize("has_sets", [False, True])
def test_bound_is_the_norm(has_sets, rng):
    A = Coils(complex_normal(rng, *((2, 3, 4, 5) if has_sets else (3, 4, 5))), has_sets)
    norm = operator_norm(A, like=np.zeros(1, complex), tolerance=1e-12, at_most=3000)
    assert abs(norm / A.bound - 1) < 1e-3


def test_normalised_maps_of_one_set_keep_lengths(rng):
    maps = complex_normal(rng, 3, 4, 5)
    maps /= np.linalg.norm(maps, axis=0)
    x = complex_normal(rng, 4, 5)
    np.testing.assert_allclose(Coils(maps).H @ (Coils(maps) @ x), x, atol=1e-12)
    assert abs(Coils(maps).bound - 1) < 1e-12


@pytest.mark.parametrize(
    "maps, options, words",
    [
        (np.ones(3), {}, r"maps must be \(n_coils, \*grid\)"),
        (np.ones((2, 3)), {"has_sets": True}, "n_sets"),
        (np.full((2, 3), np.nan), {}, "maps must be finite"),
        (np.ones((2, 3)), {"frames": 0}, "frames must be >= 1"),
    ],
)
def test_refuses(maps, options, words):
    with pytest.raises(ValueError, match=words):
        Coils(maps, **options)
