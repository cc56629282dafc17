"""Organs: masks of any origin mended by what organs of their kind look like."""

from corporis.apps.organs.mask_frame import DistanceMap, Grid, Pose, register
from corporis.apps.organs.repair import OrganRepair, Repaired

__all__ = ["DistanceMap", "Grid", "OrganRepair", "Pose", "Repaired", "register"]
