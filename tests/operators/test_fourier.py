"""The unitary transform: threads and precision; more is in test_operators."""

import array_api_compat.torch as torch
import numpy as np
import pytest
import scipy.fft

from corporis.arrays import n_threads
from corporis.operators import Fourier


@pytest.mark.parametrize("is_centred", [False, True])
@pytest.mark.parametrize("kind", [np.float32, np.complex64, np.float64, np.complex128])
def test_precision_is_kept_and_input_untouched(kind, is_centred, rng):
    x = rng.standard_normal((5, 6)).astype(kind)
    before, A = x.copy(), Fourier((5, 6), is_centred=is_centred)
    spectrum = A @ x
    assert spectrum.dtype == np.result_type(kind, np.complex64)
    np.testing.assert_allclose((A.H @ spectrum).real, before.real, atol=1e-6)
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize("is_centred", [False, True])
def test_all_libraries_give_the_same(is_centred, rng):
    x = rng.standard_normal((3, 5, 6)) + 1j * rng.standard_normal((3, 5, 6))
    A = Fourier((3, 5, 6), axes=(0, -1), is_centred=is_centred)
    np.testing.assert_allclose((A @ torch.asarray(x)).numpy(), A @ x, atol=1e-12)
    np.testing.assert_allclose((A.H @ torch.asarray(x)).numpy(), A.H @ x, atol=1e-12)


def test_numpy_arrays_go_through_scipy_with_the_threads_allowed(monkeypatch):
    seen = []

    def fftn(x, **options):
        seen.append(options)
        return x

    monkeypatch.setattr(scipy.fft, "fftn", fftn)
    Fourier((4,)) @ np.zeros(4)
    (options,) = seen
    assert options["workers"] == n_threads() and options["norm"] == "ortho"
