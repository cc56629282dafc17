"""The heart's shape from cine MRI: found, outlined, rebuilt in space and time, and measured."""

from corporis.apps.heart_shape.application import HeartShape
from corporis.apps.heart_shape.body import Rigidity
from corporis.apps.heart_shape.evidence import Border, EvidenceMaps, Location, PixelEvidence
from corporis.apps.heart_shape.prior import ShapePrior

__all__ = [
    "Border",
    "EvidenceMaps",
    "HeartShape",
    "Location",
    "PixelEvidence",
    "Rigidity",
    "ShapePrior",
]
