"""MR images from undersampled k-space: calibrated, reconstructed, and how far from the minimum."""

from corporis.apps.mri.application import Reconstruction
from corporis.apps.mri.calibration import Espirit
from corporis.apps.mri.encoding import Encoding, encode
from corporis.apps.mri.held_back import HeldBack, hold_back
from corporis.apps.mri.noise import Noise, noise_of
from corporis.apps.mri.patches import PatchPrior
from corporis.apps.mri.reconstruct import Method, Slice, reconstruct
from corporis.apps.mri.variation import ConvexPrior

__all__ = [
    "ConvexPrior",
    "Encoding",
    "Espirit",
    "HeldBack",
    "Method",
    "Noise",
    "PatchPrior",
    "Reconstruction",
    "Slice",
    "encode",
    "hold_back",
    "noise_of",
    "reconstruct",
]
