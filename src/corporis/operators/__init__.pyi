from .bridge import to_scipy
from .cartesian import Cartesian
from .coils import Coils
from .component import Component
from .diagonal import Diagonal
from .dictionary import Dictionary
from .difference import FiniteDifference
from .fourier import Fourier
from .generalised_gradient import GeneralisedGradient
from .identity import Identity
from .interpolation import Interpolation
from .matrix import Matrix
from .nonuniform import NonuniformFourier
from .patches import Patches
from .sampling import Sampling
from .spectrum import operator_norm
from .stack import Stack
from .trajectory import Trajectory, density_weights
from .undecimated import UndecimatedWavelet
from .wavelet import Wavelet

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
