"""MR images from undersampled k-space: calibrated, reconstructed, and how far from the minimum."""

from corporis.apps.mri.application import Reconstruction
from corporis.apps.mri.calibration import Espirit
from corporis.apps.mri.encoding import Encoding, Receiver, encode, encode_series
from corporis.apps.mri.grid import Grid
from corporis.apps.mri.held_back import HeldBack, hold_back
from corporis.apps.mri.joint import Contrasts, JointContrasts
from corporis.apps.mri.low_rank import locally_low_rank, low_rank_plus_sparse
from corporis.apps.mri.noise import Noise, noise_of
from corporis.apps.mri.noise_map import g_factor, noise_map
from corporis.apps.mri.partial_fourier import NearlyReal
from corporis.apps.mri.patches import PatchPrior
from corporis.apps.mri.phase_contrast import flow, velocity
from corporis.apps.mri.reconstruct import Method, Slice, reconstruct
from corporis.apps.mri.series import CausalSeries, FrameResult
from corporis.apps.mri.variation import ConvexPrior

__all__ = [
    "CausalSeries",
    "Contrasts",
    "ConvexPrior",
    "Encoding",
    "Espirit",
    "FrameResult",
    "Grid",
    "HeldBack",
    "JointContrasts",
    "Method",
    "NearlyReal",
    "Noise",
    "PatchPrior",
    "Receiver",
    "Reconstruction",
    "Slice",
    "encode",
    "encode_series",
    "flow",
    "g_factor",
    "hold_back",
    "locally_low_rank",
    "low_rank_plus_sparse",
    "noise_map",
    "noise_of",
    "reconstruct",
    "velocity",
]
