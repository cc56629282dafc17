"""Iterations that minimise, each a generator of iterates that can be resumed bit for bit."""

from corporis.solvers.admm import admm
from corporis.solvers.certificate import LogisticGap, QuadraticGap, refine_intercept
from corporis.solvers.conjugate_gradient import conjugate_gradient
from corporis.solvers.greedy import orthogonal_matching_pursuit
from corporis.solvers.primal_dual import primal_dual
from corporis.solvers.proximal import fista, proximal_gradient
from corporis.solvers.run import run

__all__ = [
    "LogisticGap",
    "QuadraticGap",
    "admm",
    "conjugate_gradient",
    "fista",
    "orthogonal_matching_pursuit",
    "primal_dual",
    "proximal_gradient",
    "refine_intercept",
    "run",
]
