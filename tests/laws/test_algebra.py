"""Operators compose: products, sums, multiples and adjoints, with NumPy and with torch."""

import array_api_compat.torch as torch
import numpy as np
import pytest

from corporis.laws import check_algebra
from corporis.operators import Diagonal, Dictionary, FiniteDifference, Fourier, Identity, Sampling

RNG = np.random.default_rng(11)
MASK = RNG.random((4, 5)) < 0.5
PAIRS = {
    "encoding": (Sampling((4, 5), MASK), Fourier((4, 5))),
    "coil": (Fourier((4, 5)), Diagonal(RNG.standard_normal((4, 5)) * np.exp(1j))),
    "slope of a mixture": (FiniteDifference((6,)), Dictionary(RNG.standard_normal((6, 3)))),
    "divergence": (FiniteDifference((4, 5)).H, FiniteDifference((4, 5))),
}


@pytest.mark.parametrize("library", [np, torch], ids=["numpy", "torch"])
@pytest.mark.parametrize("name", PAIRS)
def test_algebra(name, library, rng):
    check_algebra(*PAIRS[name], rng, library=library)


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match=r"A @ B needs"):
        Identity((3,)) @ Identity((4,))
    with pytest.raises(ValueError, match=r"A \+ B needs"):
        Identity((3,)) + FiniteDifference((3,))


def test_laplacian_by_hand():
    laplacian = -1 * (FiniteDifference((4,)).H @ FiniteDifference((4,)))
    assert (laplacian @ np.array([0.0, 0.0, 1.0, 0.0])).tolist() == [0.0, 1.0, -2.0, 1.0]


def test_complex_multiple_of_torch_arrays_keeps_single_precision():
    A = (1j * Identity((2,))).H
    x = torch.ones(2, dtype=torch.complex64)
    assert (A @ x).dtype == torch.complex64
    assert (A @ x).tolist() == [-1j, -1j]
