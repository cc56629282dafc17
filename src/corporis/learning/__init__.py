"""What learns: sparse classifiers and their explanation, dictionaries that grow, hashing, small
networks, and images from themselves.

The names below are loaded when they are first used: scikit-learn is slow to import.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from corporis.learning.agreement import Agreement, bland_altman, coverage
    from corporis.learning.block_matching import BlockMatching
    from corporis.learning.confidence import ObservationConfidence
    from corporis.learning.dictionaries import KSVD, OnlineDictionary
    from corporis.learning.dictionary_denoiser import DictionaryDenoiser
    from corporis.learning.explanation import (
        Contributions,
        Counterfactual,
        DeletionTest,
        contributions,
        counterfactual,
        deletion_test,
    )
    from corporis.learning.growing_shapes import GrowingShapes, Offer
    from corporis.learning.hamming import mean_average_precision, nearest_codes, pack
    from corporis.learning.hamming_vote import HammingVote
    from corporis.learning.hashing import KernelHashing
    from corporis.learning.joint_hashing import JointKernelHashing
    from corporis.learning.modes_and_details import ModesAndDetails
    from corporis.learning.networks import Network, UNet, fit
    from corporis.learning.plausibility import Plausibility
    from corporis.learning.posterior_hashing import PosteriorHashing
    from corporis.learning.representatives import Representatives, herded, transductive_design
    from corporis.learning.sparse_classifier import (
        RegularisationPath,
        SparseLogistic,
        Stability,
        stability_selection,
    )
    from corporis.learning.training import CoarseFirst, Training
    from corporis.learning.tuning import restored, tuned

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

_HOMES = {
    **dict.fromkeys(("Agreement", "bland_altman", "coverage"), "agreement"),
    **dict.fromkeys(("CoarseFirst", "Training"), "training"),
    **dict.fromkeys(("restored", "tuned"), "tuning"),
    "BlockMatching": "block_matching",
    "ObservationConfidence": "confidence",
    "DictionaryDenoiser": "dictionary_denoiser",
    "HammingVote": "hamming_vote",
    "JointKernelHashing": "joint_hashing",
    "KernelHashing": "hashing",
    "PosteriorHashing": "posterior_hashing",
    **dict.fromkeys(("mean_average_precision", "nearest_codes", "pack"), "hamming"),
    "ModesAndDetails": "modes_and_details",
    "Plausibility": "plausibility",
    **dict.fromkeys(("GrowingShapes", "Offer"), "growing_shapes"),
    **dict.fromkeys(("KSVD", "OnlineDictionary"), "dictionaries"),
    **dict.fromkeys(("Network", "UNet", "fit"), "networks"),
    **dict.fromkeys(("Representatives", "herded", "transductive_design"), "representatives"),
    **dict.fromkeys(
        ("RegularisationPath", "SparseLogistic", "Stability", "stability_selection"),
        "sparse_classifier",
    ),
}


def __getattr__(name: str):
    if name not in __all__:
        raise AttributeError(f"module 'corporis.learning' has no attribute {name!r}")
    home = _HOMES.get(name, "explanation")
    value = getattr(import_module(f"corporis.learning.{home}"), name)
    globals()[name] = value
    return value
