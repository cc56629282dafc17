"""The undecimated transform is all shifts of the orthonormal one at once."""

import itertools

import array_api_compat.torch as torch
import numpy as np
import pytest

from corporis.functionals.l1 import soft_threshold
from corporis.operators import UndecimatedWavelet, Wavelet

CASES = {
    "line": ((8,), {"levels": 3}),
    "odd line shorter than the filter": ((7,), {"name": "db8", "levels": 2}),
    "plane": ((9, 12), {"name": "db2", "levels": 2}),
    "planes": ((2, 9, 7), {"levels": 2, "axes": (1, 2)}),
    "volume": ((5, 6, 3), {"name": "haar", "levels": 1}),
    "rows longer than a piece": ((3, 1100), {"name": "db2", "levels": 1}),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("kind", [np.float32, np.complex64, np.float64, np.complex128])
def test_is_a_parseval_frame_of_any_size_in_any_library(name, kind, rng):
    shape, options = CASES[name]
    A = UndecimatedWavelet(shape, **options)
    x = rng.standard_normal(shape).astype(kind)
    if np.issubdtype(kind, np.complexfloating):
        x += 1j * rng.standard_normal(shape).astype(x.real.dtype)
    before, y = x.copy(), A @ x
    assert y.shape == (len(A.bands), *shape) and y.dtype == kind
    limit = 1e-12 if kind in (np.float64, np.complex128) else 2e-5
    np.testing.assert_allclose(A.H @ y, x, atol=limit)
    np.testing.assert_allclose(np.linalg.norm(y), np.linalg.norm(x), rtol=limit)
    np.testing.assert_allclose((A @ torch.asarray(x)).numpy(), y, atol=limit)
    other = y + rng.standard_normal(y.shape).astype(x.real.dtype)
    np.testing.assert_allclose((A.H @ torch.asarray(other)).numpy(), A.H @ other, atol=limit)
    np.testing.assert_array_equal(x, before)


def test_bands_are_those_of_the_shifted_orthonormal_transform(rng):
    x = rng.standard_normal((8, 16))
    A = UndecimatedWavelet((8, 16), "db2", levels=2)
    y = A @ x
    for shift in ((0, 0), (1, 3), (2, 1)):
        W = Wavelet((8, 16), "db2", levels=2, shift=shift)
        coefficients = W @ x
        for band, row in zip(W.bands, y):
            step = 2**band.level
            rolled = np.roll(row, shift, axis=(0, 1)) * step
            np.testing.assert_allclose(
                coefficients[band.slices], rolled[::step, ::step], atol=1e-12
            )


def test_thresholding_is_full_cycle_spinning(rng):
    x = rng.standard_normal((8, 8)) + 1j * rng.standard_normal((8, 8))
    A, cut = UndecimatedWavelet((8, 8), "db2", levels=2), 0.7
    cuts = np.array([cut * 2.0 ** (-band.level) for band in A.bands])[:, None, None]
    at_once = A.H @ soft_threshold(A @ x, cuts)
    mean = 0
    for shift in itertools.product(range(4), repeat=2):
        W = Wavelet((8, 8), "db2", levels=2, shift=shift)
        mean = mean + (W.H @ soft_threshold(W @ x, np.array(cut))) / 16
    np.testing.assert_allclose(at_once, mean, atol=1e-12)


def test_commutes_with_any_shift(rng):
    x = rng.standard_normal((7, 9))
    A = UndecimatedWavelet((7, 9), "db3", levels=2)
    moved = A @ np.roll(x, (3, 4), (0, 1))
    np.testing.assert_allclose(moved, np.roll(A @ x, (3, 4), (1, 2)), atol=1e-12)


@pytest.mark.parametrize(
    "options, words",
    [
        ({"name": "bior2.2"}, "name must be"),
        ({"levels": 5}, "levels must be"),
        ({"axes": ()}, "axes must be among"),
    ],
)
def test_refuses(options, words):
    with pytest.raises(ValueError, match=words):
        UndecimatedWavelet((8, 9), **{"levels": 1, **options})
