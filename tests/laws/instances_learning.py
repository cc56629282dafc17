"""Learners: deterministic, and indifferent to being cloned."""

import numpy as np

from corporis.laws import check_estimator
from corporis.learning import (
    KSVD,
    GrowingShapes,
    HammingVote,
    JointKernelHashing,
    KernelHashing,
    ModesAndDetails,
    ObservationConfidence,
    OnlineDictionary,
    PosteriorHashing,
    Representatives,
    SparseLogistic,
)
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


def dictionary(factory):
    """Held to the law on thirty signals of six numbers."""
    return lambda: Enrolled(factory(), (lambda: check_estimator(factory, FEATURES),))


def hashing(factory):
    """Held to the law on thirty samples of three classes."""
    return lambda: Enrolled(factory(), (lambda: check_estimator(factory, FEATURES, THREE),))


def growing(**parameters):
    """Held to the law on ten outlines."""
    shapes = 10 * np.random.default_rng(2).standard_normal((10, 6, 2))
    return lambda: Enrolled(
        GrowingShapes(**parameters),
        (lambda: check_estimator(lambda: GrowingShapes(**parameters), shapes),),
    )


INSTANCES = {
    "GrowingShapes": [growing(), growing(noise=2.0, n_atoms=12)],
    "HammingVote": [
        hashing(lambda: HammingVote(KernelHashing(6, n_anchors=9, random_state=0), 3)),
    ],
    "JointKernelHashing": [
        hashing(
            lambda: JointKernelHashing(
                8, groups=["a", "a", "b", "b", "c", "c"], n_anchors=9, random_state=0
            )
        ),
    ],
    "KSVD": [dictionary(lambda: KSVD(n_atoms=8, n_nonzero=2, n_iterations=3))],
    "KernelHashing": [hashing(lambda: KernelHashing(8, n_anchors=9, random_state=0))],
    "ModesAndDetails": [dictionary(lambda: ModesAndDetails(n_modes=2, n_atoms=8, n_nonzero=2))],
    "ObservationConfidence": [
        lambda: Enrolled(
            ObservationConfidence(random_state=0),
            (
                lambda: check_estimator(
                    lambda: ObservationConfidence(random_state=0), FEATURES, np.abs(FEATURES[:, 0])
                ),
            ),
        )
    ],
    "OnlineDictionary": [
        dictionary(lambda: OnlineDictionary(n_atoms=8, n_nonzero=2, n_epochs=2, n_batch=10))
    ],
    "PosteriorHashing": [
        hashing(lambda: PosteriorHashing(8, n_anchors=9, random_state=0)),
        hashing(
            lambda: PosteriorHashing(8, groups=[0, 0, 0, 1, 1, 1], n_anchors=9, random_state=0)
        ),
    ],
    "Representatives": [
        dictionary(lambda: Representatives(n_atoms=8)),
        dictionary(lambda: Representatives(n_atoms=5, reach=2.0, n_neighbours=3)),
    ],
    "SparseLogistic": [
        learner(TWO, l1=0.05),
        learner(THREE, l1=0.02, group=0.02, groups=[0, 0, 1, 1, 2, 2], class_weight="balanced"),
    ],
}

EXEMPT = {
    "Agreement": "a value; planted bias and spread are recovered in learning/test_agreement.py",
    "BlockMatching": "a denoiser; its plain version and symmetries in learning/test_block_matching",
    "CoarseFirst": "a description; what it asks of views is in learning/test_training.py",
    "Contributions": "a value that contributions() returns",
    "Counterfactual": "a value that counterfactual() returns",
    "DeletionTest": "a value that deletion_test() returns",
    "DictionaryDenoiser": "a denoiser; what it must do is in learning/test_dictionary_denoiser",
    "Offer": "a value that GrowingShapes keeps",
    "Plausibility": "a pure value; the Gaussian it stands for is in learning/test_plausibility.py",
    "Network": "the bytes of a graph, run against torch in learning/test_networks.py",
    "RegularisationPath": "a value that SparseLogistic.path() returns",
    "Stability": "a value that stability_selection() returns",
    "Training": "a description; seeds and schedules are in learning/test_training.py",
    "UNet": "a description; what fit makes of it is in learning/test_networks.py",
}
