from .application import Diagnosis
from .ejection_fraction import EjectionFractionRule
from .evaluation import evaluate_elsewhere, evaluate_judge
from .model import HeartJudge, train_judge
from .ranges import KnownHearts, Range, normal_range
from .vocabulary import MODEL_FEATURES, feature_matrix

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
