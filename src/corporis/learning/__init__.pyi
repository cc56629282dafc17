from .agreement import Agreement, bland_altman, coverage
from .block_matching import BlockMatching
from .confidence import ObservationConfidence
from .dictionaries import KSVD, OnlineDictionary
from .dictionary_denoiser import DictionaryDenoiser
from .explanation import (
    Contributions,
    Counterfactual,
    DeletionTest,
    contributions,
    counterfactual,
    deletion_test,
)
from .growing_shapes import GrowingShapes, Offer
from .hamming import mean_average_precision, nearest_codes, pack
from .hamming_vote import HammingVote
from .hashing import KernelHashing
from .joint_hashing import JointKernelHashing
from .modes_and_details import ModesAndDetails
from .networks import Network, UNet, fit
from .plausibility import Plausibility
from .posterior_hashing import PosteriorHashing
from .representatives import Representatives, herded, transductive_design
from .sparse_classifier import RegularisationPath, SparseLogistic, Stability, stability_selection
from .training import CoarseFirst, Training
from .tuning import restored, tuned

__all__ = [
    "KSVD",
    "Agreement",
    "BlockMatching",
    "CoarseFirst",
    "Contributions",
    "Counterfactual",
    "DeletionTest",
    "DictionaryDenoiser",
    "GrowingShapes",
    "HammingVote",
    "JointKernelHashing",
    "KernelHashing",
    "ModesAndDetails",
    "Network",
    "ObservationConfidence",
    "Offer",
    "OnlineDictionary",
    "Plausibility",
    "PosteriorHashing",
    "RegularisationPath",
    "Representatives",
    "SparseLogistic",
    "Stability",
    "Training",
    "UNet",
    "bland_altman",
    "contributions",
    "counterfactual",
    "coverage",
    "deletion_test",
    "fit",
    "herded",
    "mean_average_precision",
    "nearest_codes",
    "pack",
    "restored",
    "stability_selection",
    "transductive_design",
    "tuned",
]
