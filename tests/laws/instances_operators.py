"""Operators, with NumPy and with torch."""

import array_api_compat.torch as torch
import numpy as np
from scipy import sparse

from corporis.laws import check_operator
from corporis.operators import (
    Cartesian,
    Coils,
    Component,
    Diagonal,
    Dictionary,
    FiniteDifference,
    Fourier,
    GeneralisedGradient,
    Identity,
    Interpolation,
    Matrix,
    NonuniformFourier,
    Patches,
    Sampling,
    Stack,
    Trajectory,
    UndecimatedWavelet,
    Wavelet,
)
from laws.enrolment import Enrolled

RNG = np.random.default_rng(1)
ATOMS = RNG.standard_normal((4, 3, 5))
COMPLEX_ATOMS = RNG.standard_normal((4, 3)) + 1j * RNG.standard_normal((4, 3))
MASK = RNG.random((4, 5)) < 0.4
FREQUENCIES = RNG.uniform(-7, 7, (6, 2, 3))
TRAJECTORY_WEIGHTS = RNG.random(FREQUENCIES.shape[:-1])
TRAJECTORY_MAPS = RNG.standard_normal((3, 4, 5)) + 1j * RNG.standard_normal((3, 4, 5))
MAPS = RNG.standard_normal((2, 3, 4, 5)) + 1j * RNG.standard_normal((2, 3, 4, 5))
POINTS = RNG.uniform(-2, 7, (6, 2, 3))


def everywhere(operator):
    """Held to the law with NumPy and with torch."""
    return lambda: Enrolled(
        operator,
        (
            lambda: check_operator(operator, np.random.default_rng(2)),
            lambda: check_operator(operator, np.random.default_rng(2), library=torch),
        ),
    )


def numpy_only(operator):
    """Held to the law with NumPy: the operator needs SciPy."""
    return lambda: Enrolled(operator, (lambda: check_operator(operator, np.random.default_rng(2)),))


INSTANCES = {
    "Cartesian": [
        everywhere(Cartesian((4, 5), MASK)),
        everywhere(Cartesian((4, 6, 2), None, is_centred=False, axes=(0, -1))),
        everywhere(Cartesian((4, 5), MASK, MAPS[0])),
        everywhere(Cartesian((4, 5), MASK[0], MAPS, frames=2)),
        everywhere(Cartesian((4, 5), np.stack([MASK, ~MASK]), MAPS[0].real, frames=2)),
    ],
    "Coils": [
        everywhere(Coils(MAPS[0])),
        everywhere(Coils(MAPS, has_sets=True)),
        everywhere(Coils(MAPS[0].real, frames=3)),
        everywhere(Coils(MAPS, has_sets=True, frames=2)),
    ],
    "Component": [everywhere(Component((3, 4, 2), index=-2))],
    "Diagonal": [
        everywhere(Diagonal(RNG.standard_normal((3, 4)))),
        everywhere(Diagonal(COMPLEX_ATOMS)),
    ],
    "Dictionary": [
        everywhere(Dictionary(ATOMS)),
        everywhere(Dictionary(ATOMS, columns=(2,))),
        everywhere(Dictionary(COMPLEX_ATOMS)),
    ],
    "FiniteDifference": [
        everywhere(FiniteDifference((5,))),
        everywhere(FiniteDifference((4, 1, 3), spacing=(2.0, 1.0, 0.5))),
        everywhere(FiniteDifference((4, 5), axes=(-1, 0), boundary=("cyclic", "neumann"))),
        everywhere(FiniteDifference((2, 3), axes=(1,), boundary="cyclic")),
    ],
    "Fourier": [
        everywhere(Fourier((4, 5))),
        everywhere(Fourier((3, 4, 5), axes=(-2, -1), is_centred=True)),
    ],
    "GeneralisedGradient": [
        everywhere(GeneralisedGradient((5, 4), spacing=(1.0, 2.0))),
        everywhere(GeneralisedGradient((4, 3, 2), boundary=("cyclic", "neumann", "cyclic"))),
        everywhere(GeneralisedGradient((2, 5, 4), axes=(2, 1))),
    ],
    "Identity": [everywhere(Identity((3, 2)))],
    "Interpolation": [
        numpy_only(Interpolation((5, 4, 6), POINTS)),
        numpy_only(Interpolation((5, 4, 6), POINTS, outside="zero")),
        numpy_only(Interpolation((5, 4, 6), POINTS, outside=("nearest", "cyclic", "zero"))),
        numpy_only(Interpolation((1,), np.array([[0.0], [3.0]]))),
    ],
    "Matrix": [
        everywhere(Matrix(RNG.standard_normal((6, 8)), (2, 4), (3, 2))),
        everywhere(Matrix(COMPLEX_ATOMS, (3,), (4,))),
        numpy_only(Matrix(sparse.random_array((6, 8), density=0.4, rng=RNG).tocsr(), (2, 4), (6,))),
    ],
    "NonuniformFourier": [
        everywhere(NonuniformFourier((5,), FREQUENCIES[..., :1])),
        everywhere(NonuniformFourier((2, 4, 5), FREQUENCIES[..., :2])),
        everywhere(NonuniformFourier((4, 5, 3), FREQUENCIES, tolerance=1e-3)),
    ],
    "Patches": [
        everywhere(Patches((5, 6), size=(2, 3))),
        everywhere(Patches((5, 6), size=(4, 3), stride=(2, 4))),
        everywhere(Patches((5, 6, 3), size=(2, 3, 3), stride=2, is_cyclic=False)),
    ],
    "Sampling": [
        everywhere(Sampling((4, 5), MASK)),
        everywhere(Sampling((2, 3, 4, 5), MASK)),
    ],
    "Stack": [
        everywhere(Stack((Identity((4, 5)), FiniteDifference((4, 5)), Sampling((4, 5), MASK)))),
        everywhere(Stack((Fourier((4, 5)), Identity((4, 5))))),
    ],
    "Trajectory": [
        everywhere(Trajectory((4, 5), FREQUENCIES[..., :2])),
        everywhere(Trajectory((4, 5), FREQUENCIES[..., :2], TRAJECTORY_MAPS, TRAJECTORY_WEIGHTS)),
    ],
    "UndecimatedWavelet": [
        everywhere(UndecimatedWavelet((9, 6), "db2", levels=2)),
        everywhere(UndecimatedWavelet((2, 5, 7), "haar", levels=1, axes=(-1,))),
        everywhere(UndecimatedWavelet((4, 6, 5), "db4", levels=2)),
    ],
    "Wavelet": [
        everywhere(Wavelet((12, 9), "db2", levels=3, shift=(2, 5))),
        everywhere(Wavelet((7,), "db8", levels=2)),
        everywhere(Wavelet((3, 8, 17), "db4", levels=3, axes=(-1, -2), shift=(4, 1))),
        everywhere(Wavelet((9, 4, 6), "sym4", levels=2, axes=(0, 2), shift=1)),
        everywhere(Wavelet((20, 30), "haar", levels=2, axes=(0,))),
    ],
}

EXEMPT = {
    "density_weights": "a function; rasters, twins and spokes in operators/test_trajectory",
    "operator_norm": "a number, compared with singular values in operators/test_operators.py",
    "to_scipy": "a SciPy object, compared with SciPy's own solvers in operators/test_operators.py",
}
