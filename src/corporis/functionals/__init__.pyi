from .generalised_variation import TotalGeneralisedVariation
from .group import GroupL2, SparseGroup
from .huber import Huber
from .indicator import Box, NonNegative, Simplex, Zero
from .joint_variation import JointTotalVariation, VectorialTotalVariation
from .l0 import L0
from .l1 import L1
from .l21 import L21
from .leading import Leading
from .locally_low_rank import LocallyLowRank
from .logistic import LogisticLoss
from .misfit import NormalMisfit, QuadraticForm, QuadraticMisfit, SquaredL2
from .norm import Norm
from .nuclear import Nuclear
from .parent_child import PairFamily, ParentChild, forest
from .real_image import RealImage
from .separable import Separable
from .total_variation import TotalVariation
from .transformed import Transformed
from .tree import TreeGroups, wavelet_tree

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
