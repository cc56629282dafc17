"""Penalties and misfits: what an answer should look like, and how well it fits.

A functional is a frozen description with ``f(x)``; one with ``prox`` is `Proximable`, one with
``gradient`` and ``lipschitz`` is `Smooth`, one with ``polar`` is a `Norm`.
"""

from corporis.functionals.generalised_variation import TotalGeneralisedVariation
from corporis.functionals.group import GroupL2, SparseGroup
from corporis.functionals.huber import Huber
from corporis.functionals.indicator import Box, NonNegative, Simplex, Zero
from corporis.functionals.joint_variation import JointTotalVariation, VectorialTotalVariation
from corporis.functionals.l0 import L0
from corporis.functionals.l1 import L1
from corporis.functionals.l21 import L21
from corporis.functionals.leading import Leading
from corporis.functionals.locally_low_rank import LocallyLowRank
from corporis.functionals.logistic import LogisticLoss
from corporis.functionals.misfit import NormalMisfit, QuadraticForm, QuadraticMisfit, SquaredL2
from corporis.functionals.norm import Norm
from corporis.functionals.nuclear import Nuclear
from corporis.functionals.parent_child import PairFamily, ParentChild, forest
from corporis.functionals.real_image import RealImage
from corporis.functionals.separable import Separable
from corporis.functionals.total_variation import TotalVariation
from corporis.functionals.transformed import Transformed
from corporis.functionals.tree import TreeGroups, wavelet_tree

__all__ = [
    "L0",
    "L1",
    "L21",
    "Box",
    "GroupL2",
    "Huber",
    "JointTotalVariation",
    "Leading",
    "LocallyLowRank",
    "LogisticLoss",
    "NonNegative",
    "Norm",
    "NormalMisfit",
    "Nuclear",
    "PairFamily",
    "ParentChild",
    "QuadraticForm",
    "QuadraticMisfit",
    "RealImage",
    "Separable",
    "Simplex",
    "SparseGroup",
    "SquaredL2",
    "TotalGeneralisedVariation",
    "TotalVariation",
    "Transformed",
    "TreeGroups",
    "VectorialTotalVariation",
    "Zero",
    "forest",
    "wavelet_tree",
]
