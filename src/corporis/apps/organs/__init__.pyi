from .mask_frame import DistanceMap, Grid, Pose, register
from .repair import OrganRepair, Repaired

__all__ = [
    "DistanceMap",
    "Grid",
    "OrganRepair",
    "Pose",
    "Repaired",
    "register",
]
