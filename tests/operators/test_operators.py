"""Operators against SciPy, NumPy and hand-made numbers; the laws are in tests/laws."""

import array_api_compat.torch as torch
import numpy as np
import pytest
from scipy import ndimage, sparse
from scipy.sparse.linalg import lsqr

from corporis.operators import (
    Diagonal,
    Dictionary,
    FiniteDifference,
    Fourier,
    Identity,
    Interpolation,
    Matrix,
    Sampling,
    Stack,
    operator_norm,
    to_scipy,
)


def test_differences_of_a_ramp_are_its_slopes():
    z, y, x = np.meshgrid(np.arange(3.0), np.arange(4.0), np.arange(5.0), indexing="ij")
    gradient = FiniteDifference((3, 4, 5), spacing=(8.0, 2.0, 1.0)) @ (8 * z + 6 * y - x)
    assert np.all(gradient[0, :-1] == 1) and np.all(gradient[0, -1] == 0)
    assert np.all(gradient[1, :, :-1] == 3) and np.all(gradient[1, :, -1] == 0)
    assert np.all(gradient[2, ..., :-1] == -1) and np.all(gradient[2, ..., -1] == 0)


def test_cyclic_differences_of_a_wave_converge_at_first_order():
    errors = []
    for n in (100, 200):
        angle = 2 * np.pi * np.arange(n) / n
        A = FiniteDifference((n,), spacing=2 * np.pi / n, boundary="cyclic")
        errors.append(np.abs((A @ np.sin(angle))[0] - np.cos(angle)).max())
    assert 1.9 < errors[0] / errors[1] < 2.1


@pytest.mark.parametrize(
    "arguments",
    [
        {"axes": (2,)},
        {"axes": (0, -2)},
        {"axes": ()},
        {"spacing": 0.0},
        {"spacing": (1.0, 1.0, 1.0)},
        {"boundary": "mirror"},
        {"boundary": ("cyclic",)},
    ],
)
def test_differences_refuse(arguments):
    with pytest.raises(ValueError, match="must"):
        FiniteDifference((3, 4), **arguments)


def test_fourier_is_the_unitary_transform(rng):
    x = rng.standard_normal((3, 4, 5))
    spectrum = Fourier((3, 4, 5), axes=(0, 2)) @ x
    np.testing.assert_allclose(spectrum, np.fft.fftn(x, axes=(0, 2)) / np.sqrt(15), atol=1e-12)
    assert np.isclose(np.linalg.norm(spectrum), np.linalg.norm(x))


def test_centred_spectrum_of_a_centred_spike_is_flat_and_real():
    x = np.zeros((5, 6))
    x[2, 3] = np.sqrt(30)
    np.testing.assert_allclose(Fourier((5, 6), is_centred=True) @ x, np.ones((5, 6)), atol=1e-12)


def test_fourier_refuses_repeated_axes():
    with pytest.raises(ValueError, match="differ"):
        Fourier((3, 4), axes=(0, -2))


def test_sampling_keeps_order_and_leading_axes(rng):
    mask, x = rng.random((4, 5)) < 0.5, rng.standard_normal((2, 4, 5))
    A = Sampling((2, 4, 5), mask)
    np.testing.assert_array_equal(A @ x, x[:, mask])
    np.testing.assert_array_equal(A.H @ (A @ x), x * mask)


@pytest.mark.parametrize("mask", [np.ones(3), np.zeros(5, bool), np.ones(4, bool)])
def test_sampling_refuses(mask):
    with pytest.raises(ValueError, match="mask"):
        Sampling((2, 5), mask)


def test_dictionary_mixes(rng):
    atoms, x = rng.standard_normal((4, 3, 5)), rng.standard_normal((5, 2))
    mixture = Dictionary(atoms, columns=(2,)) @ x
    np.testing.assert_allclose(mixture, np.einsum("ija,ak->ijk", atoms, x), atol=1e-12)
    with pytest.raises(ValueError, match="n_atoms"):
        Dictionary(np.zeros(4))


@pytest.mark.parametrize(
    "outside, mode", [("nearest", "nearest"), ("cyclic", "grid-wrap"), ("zero", "constant")]
)
def test_interpolation_agrees_with_scipy(outside, mode, rng):
    x, points = rng.standard_normal((4, 5, 3)), rng.uniform(-4, 8, (200, 3))
    got = Interpolation((4, 5, 3), points, outside) @ x
    expected = ndimage.map_coordinates(x, points.T, order=1, mode=mode)
    np.testing.assert_allclose(got, expected, atol=1e-12)


def test_interpolation_is_exact_for_linear_functions_at_corners_and_between(rng):
    points = np.concatenate([rng.uniform(0, 3, (50, 2)), [[0, 0], [3, 3], [3, 0]]])
    rows, columns = np.meshgrid(np.arange(4.0), np.arange(4.0), indexing="ij")
    got = Interpolation((4, 4), points) @ (2 * rows - columns + 1)
    np.testing.assert_allclose(got, 2 * points[:, 0] - points[:, 1] + 1, atol=1e-12)


@pytest.mark.parametrize(
    "points, outside", [(np.zeros((2, 3)), "zero"), (np.full((2, 2), np.nan), "zero")]
)
def test_interpolation_refuses_points(points, outside):
    with pytest.raises(ValueError, match="points"):
        Interpolation((4, 4), points, outside)


def test_interpolation_refuses_words():
    with pytest.raises(ValueError, match="outside"):
        Interpolation((4, 4), np.zeros((2, 2)), "mirror")


def test_matrix_is_the_matrix(rng):
    matrix, x = rng.standard_normal((6, 8)), rng.standard_normal((2, 4))
    for kind in (matrix, sparse.csr_array(matrix)):
        np.testing.assert_allclose(
            Matrix(kind, (2, 4), (3, 2)) @ x, (matrix @ x.ravel()).reshape(3, 2)
        )
    with pytest.raises(ValueError, match="has shape"):
        Matrix(matrix, (8,), (5,))


def test_stack_splits_what_it_joins(rng):
    A = Stack([Identity((3, 2)), FiniteDifference((3, 2))])
    x = rng.standard_normal((3, 2))
    parts = A.split(A @ x)
    np.testing.assert_array_equal(parts[0], x)
    np.testing.assert_array_equal(parts[1], FiniteDifference((3, 2)) @ x)
    with pytest.raises(ValueError, match="one domain"):
        Stack([Identity((3,)), Identity((4,))])
    with pytest.raises(ValueError, match="one domain"):
        Stack([])


@pytest.mark.parametrize(
    "operator", [Identity((3,)), Diagonal(np.ones(3)), FiniteDifference((3,)), Fourier((3,))]
)
def test_a_wrong_shape_is_refused(operator):
    with pytest.raises(ValueError, match="must have shape"):
        operator @ np.zeros(4)
    with pytest.raises(ValueError, match="must have shape"):
        operator.H @ np.zeros(5)


@pytest.mark.parametrize("like", [np.zeros(1), np.zeros(1, np.float32), np.zeros(1, complex)])
def test_norm_is_the_largest_singular_value(like, rng):
    matrix = rng.standard_normal((7, 5))
    expected = np.linalg.norm(matrix, 2)
    assert abs(operator_norm(Dictionary(matrix), like=like) / expected - 1) < 1e-3


def test_norm_of_a_gradient_is_that_of_theory():
    # A cyclic grid of even size: sqrt(4 / h^2) an axis, reached by the checkerboard.
    norm = operator_norm(FiniteDifference((8, 6), spacing=(1.0, 2.0), boundary="cyclic"))
    assert abs(norm - np.sqrt(4 + 1)) < 1e-3


def test_norm_with_torch_and_of_zero():
    A = Diagonal(torch.asarray([1.0, -3.0]))
    assert abs(operator_norm(A, like=torch.zeros(1)) - 3) < 1e-3
    assert operator_norm(Diagonal(np.zeros(4))) == 0
    assert operator_norm(A, like=torch.zeros(1)) == operator_norm(A, like=torch.zeros(1))


def test_scipy_solves_with_our_operators(rng):
    matrix, y = rng.standard_normal((3, 4, 5)), rng.standard_normal((3, 4))
    found = lsqr(to_scipy(Dictionary(matrix)), y.ravel(), atol=1e-13, btol=1e-13)[0]
    expected = np.linalg.lstsq(matrix.reshape(12, 5), y.ravel(), rcond=None)[0]
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_scipy_sees_complex_adjoints():
    A = to_scipy(Diagonal(np.array([1j, 2.0])), dtype=complex)
    assert (A.H @ np.array([1.0, 1.0])).tolist() == [-1j, 2 + 0j]
