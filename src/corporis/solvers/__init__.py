"""Iterations that minimise, each a generator of iterates that can be resumed bit for bit."""

from corporis.solvers.admm import admm
from corporis.solvers.batch_pursuit import batch_pursuit
from corporis.solvers.certificate import LogisticGap, QuadraticGap, refine_intercept
from corporis.solvers.composite_gap import CompositeGap
from corporis.solvers.composite_splitting import Splits, composite_splitting, fcsa
from corporis.solvers.conjugate_gradient import conjugate_gradient
from corporis.solvers.consensus import Copies, consensus_admm
from corporis.solvers.greedy import orthogonal_matching_pursuit
from corporis.solvers.plug_and_play import Denoiser, plug_and_play
from corporis.solvers.primal_dual import primal_dual
from corporis.solvers.proximal import fista, proximal_gradient
from corporis.solvers.quadratic_prox import QuadraticProx
from corporis.solvers.run import run
from corporis.solvers.total_variation import TotalVariationProx
from corporis.solvers.warm import WarmProximable

__all__ = [
    "CompositeGap",
    "Copies",
    "Denoiser",
    "LogisticGap",
    "QuadraticGap",
    "QuadraticProx",
    "Splits",
    "TotalVariationProx",
    "WarmProximable",
    "admm",
    "batch_pursuit",
    "composite_splitting",
    "conjugate_gradient",
    "consensus_admm",
    "fcsa",
    "fista",
    "orthogonal_matching_pursuit",
    "plug_and_play",
    "primal_dual",
    "proximal_gradient",
    "refine_intercept",
    "run",
]
