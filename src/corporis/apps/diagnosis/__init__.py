"""Diagnosis: what a measured heart most resembles, how sure that is, and why.

`Diagnosis` is the application; `HeartJudge` the sparse model behind it, trained by `train_judge`
and scored by `evaluate_judge` or `evaluate_elsewhere` beside the ejection fraction alone.
"""

from corporis.apps.diagnosis.application import Diagnosis
from corporis.apps.diagnosis.ejection_fraction import EjectionFractionRule
from corporis.apps.diagnosis.evaluation import evaluate_elsewhere, evaluate_judge
from corporis.apps.diagnosis.model import HeartJudge, train_judge
from corporis.apps.diagnosis.ranges import KnownHearts, Range, normal_range
from corporis.apps.diagnosis.vocabulary import MODEL_FEATURES, feature_matrix

__all__ = [
    "MODEL_FEATURES",
    "Diagnosis",
    "EjectionFractionRule",
    "HeartJudge",
    "KnownHearts",
    "Range",
    "evaluate_elsewhere",
    "evaluate_judge",
    "feature_matrix",
    "normal_range",
    "train_judge",
]
