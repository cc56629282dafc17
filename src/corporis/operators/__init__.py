"""Linear maps between n-dimensional arrays, each with its exact adjoint."""

from corporis.operators.bridge import to_scipy
from corporis.operators.cartesian import Cartesian
from corporis.operators.coils import Coils
from corporis.operators.component import Component
from corporis.operators.diagonal import Diagonal
from corporis.operators.dictionary import Dictionary
from corporis.operators.difference import FiniteDifference
from corporis.operators.fourier import Fourier
from corporis.operators.generalised_gradient import GeneralisedGradient
from corporis.operators.identity import Identity
from corporis.operators.interpolation import Interpolation
from corporis.operators.matrix import Matrix
from corporis.operators.nonuniform import NonuniformFourier
from corporis.operators.patches import Patches
from corporis.operators.sampling import Sampling
from corporis.operators.spectrum import operator_norm
from corporis.operators.stack import Stack
from corporis.operators.trajectory import Trajectory, density_weights
from corporis.operators.undecimated import UndecimatedWavelet
from corporis.operators.wavelet import Wavelet

__all__ = [
    "Cartesian",
    "Coils",
    "Component",
    "Diagonal",
    "Dictionary",
    "FiniteDifference",
    "Fourier",
    "GeneralisedGradient",
    "Identity",
    "Interpolation",
    "Matrix",
    "NonuniformFourier",
    "Patches",
    "Sampling",
    "Stack",
    "Trajectory",
    "UndecimatedWavelet",
    "Wavelet",
    "density_weights",
    "operator_norm",
    "to_scipy",
]
