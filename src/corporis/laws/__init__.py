r"""What each noun must satisfy, each checked against an independent oracle.

Hold your own operators, functionals, solvers, models and estimators to these: every check returns
nothing when the law holds and raises `LawBroken` with the numbers when it does not.

=======================  ===========================================================================
`check_operator`         ``<A u, v> = <u, A.H v>``, linearity, shapes, precision, input untouched
`check_algebra`          ``A @ B``, ``A.H``, ``a * A``, ``A + B`` say what they mean
`check_convex_prox`      ``f(z) >= f(p) + Re<x - p, z - p> / step`` for many ``z``, near and far
`check_nonconvex_prox`   brute force over every scalar or group length
`check_norm`             ``Re<u, z> <= polar(u) f(z)``, and no smaller number will do
`check_smooth`           directional derivatives, and the Lipschitz bound on hard pairs
`check_solver`           17 + 23 iterations are 40 bit for bit; known solution; gap closes
`check_deformable`       the tangent is the derivative; a rigid motion costs no energy
`check_constitutive`     stress is the energy's slope, the tangent the stress's
`check_estimator`        deterministic under its seed; survives ``clone``
=======================  ===========================================================================

The customary test of a prox, Moreau's identity with a conjugate that was derived from the same
prox, holds for wrong proxes too; the inequality above is the definition of a subgradient and
needs nothing but values of ``f``.
"""

from corporis.laws.breach import DTYPES, LawBroken
from corporis.laws.constitutive import check_constitutive
from corporis.laws.deformable import check_deformable
from corporis.laws.estimator import check_estimator
from corporis.laws.functional import (
    check_convex_prox,
    check_nonconvex_prox,
    check_norm,
    check_smooth,
)
from corporis.laws.operator import check_algebra, check_operator
from corporis.laws.solver import check_solver

__all__ = [
    "DTYPES",
    "LawBroken",
    "check_algebra",
    "check_constitutive",
    "check_convex_prox",
    "check_deformable",
    "check_estimator",
    "check_nonconvex_prox",
    "check_norm",
    "check_operator",
    "check_smooth",
    "check_solver",
]
