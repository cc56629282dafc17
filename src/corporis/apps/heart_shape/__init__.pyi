from .application import HeartShape
from .body import Rigidity
from .evidence import Border, EvidenceMaps, Location, PixelEvidence
from .prior import ShapePrior

__all__ = [
    "Border",
    "EvidenceMaps",
    "HeartShape",
    "Location",
    "PixelEvidence",
    "Rigidity",
    "ShapePrior",
]
