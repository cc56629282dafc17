"""Learners: deterministic, and indifferent to being cloned."""

import numpy as np

from corporis.laws import check_estimator
from corporis.learning import SparseLogistic
from laws.enrolment import Enrolled

RNG = np.random.default_rng(13)
FEATURES = RNG.standard_normal((30, 6)) + 2
TWO = np.where(FEATURES[:, 0] > 2, "ill", "well")
THREE = np.digitize(FEATURES[:, 1], [1.6, 2.4])


def learner(y, **parameters):
    """Held to the law on thirty samples of six features."""
    return lambda: Enrolled(
        SparseLogistic(**parameters),
        (lambda: check_estimator(lambda: SparseLogistic(**parameters), FEATURES, y),),
    )


INSTANCES = {
    "SparseLogistic": [
        learner(TWO, l1=0.05),
        learner(THREE, l1=0.02, group=0.02, groups=[0, 0, 1, 1, 2, 2], class_weight="balanced"),
    ],
}

EXEMPT = {
    "BlockMatching": "a denoiser; its plain version and symmetries in learning/test_block_matching",
    "Contributions": "a value that contributions() returns",
    "Counterfactual": "a value that counterfactual() returns",
    "DeletionTest": "a value that deletion_test() returns",
    "Network": "the bytes of a graph, run against torch in learning/test_networks.py",
    "RegularisationPath": "a value that SparseLogistic.path() returns",
    "Stability": "a value that stability_selection() returns",
    "UNet": "a description; what fit makes of it is in learning/test_networks.py",
}
