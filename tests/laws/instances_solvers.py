"""Solvers: each on a problem whose answer is known in closed form, or certified by a gap."""

import itertools
import math

import numpy as np

from corporis.functionals import (
    L1,
    L21,
    Leading,
    LogisticLoss,
    NonNegative,
    Nuclear,
    QuadraticForm,
    QuadraticMisfit,
    RealImage,
    SparseGroup,
    SquaredL2,
    TotalVariation,
    Zero,
)
from corporis.laws import check_convex_prox, check_solver
from corporis.operators import Cartesian, Diagonal, Dictionary, FiniteDifference, Identity
from corporis.solvers import (
    CompositeGap,
    LogisticGap,
    QuadraticGap,
    QuadraticProx,
    TotalVariationProx,
    admm,
    composite_splitting,
    conjugate_gradient,
    consensus_admm,
    fcsa,
    fista,
    orthogonal_matching_pursuit,
    plug_and_play,
    primal_dual,
    proximal_gradient,
    run,
)
from laws.enrolment import Enrolled

RNG = np.random.default_rng(9)
WIDE = Dictionary(RNG.standard_normal((20, 40)) / np.sqrt(20))
TALL = Dictionary(RNG.standard_normal((60, 45)) / np.sqrt(60))
DATA = RNG.standard_normal(20)
TALL_DATA = RNG.standard_normal(60)
RIDGE = np.linalg.solve(TALL.atoms.T @ TALL.atoms + 0.1 * np.eye(45), TALL.atoms.T @ TALL_DATA)
RIDGE_MISFIT = QuadraticMisfit(TALL, TALL_DATA)
STEP_DATA = np.repeat([0.0, 10.0], 25)
# Each half of a step moves towards the other by weight / length: closed form of 1-d TV.
STEP_SOLUTION = np.repeat([2.0 / 25, 10 - 2.0 / 25], 25)


def lasso(solver):
    """Certified by its duality gap."""
    misfit, penalty = QuadraticMisfit(WIDE, DATA), L1(0.05)
    return _certified(solver, misfit, penalty, np.zeros(40), QuadraticGap(misfit, penalty))


def weighted_lasso(solver):
    """With a weight of zero, which leaves a datum out."""
    weights = np.linspace(0.0, 2.0, 20)
    misfit, penalty = QuadraticMisfit(WIDE, DATA, weights), L1(0.02)
    return _certified(solver, misfit, penalty, np.zeros(40), QuadraticGap(misfit, penalty))


def group_lasso(solver):
    """Groups of two neighbours, with sparsity inside."""
    misfit, penalty = QuadraticMisfit(WIDE, DATA), SparseGroup(0.02, 0.02, np.arange(40) // 2)
    return _certified(solver, misfit, penalty, np.zeros(40), QuadraticGap(misfit, penalty))


def low_rank(solver):
    """Its solution is known too: singular values shortened by the weight."""
    data = np.random.default_rng(1).standard_normal((6, 5))
    misfit, penalty = QuadraticMisfit(Identity((6, 5)), data), Nuclear(0.7)
    solution = penalty.prox(data, 1.0)
    return _certified(
        solver, misfit, penalty, np.zeros((6, 5)), QuadraticGap(misfit, penalty), solution
    )


def logistic_lasso(solver, n_classes):
    """With an intercept that the penalty leaves free."""
    rng = np.random.default_rng(2)
    features = rng.standard_normal((30, 12))
    labels = np.digitize(
        features[:, 0] + 0.5 * rng.standard_normal(30), [-0.3, 0.4][: n_classes - 1]
    )
    loss = LogisticLoss(features, labels, n_classes, has_intercept=True)
    penalty = L1(0.03)
    return _certified(
        solver, loss, Leading(penalty, 12), np.zeros(loss.shape), LogisticGap(loss, penalty)
    )


def ridge(solver):
    """Least squares with a ridge, against the normal equations."""
    return Enrolled(
        solver,
        (
            lambda: check_solver(
                lambda start: solver(RIDGE_MISFIT, SquaredL2(0.1), start),
                np.zeros(45),
                solution=RIDGE,
            ),
        ),
    )


def _certified(solver, smooth, penalty, start, gap, solution=None):
    return Enrolled(
        solver,
        (
            lambda: check_solver(
                lambda first: solver(smooth, penalty, first),
                start,
                certificate=gap,
                solution=solution,
                at_most=20000,
            ),
        ),
    )


def normal_equations():
    """Conjugate gradients on a system with 45 unknowns."""
    system = TALL.H @ TALL + 0.1 * Identity((45,))
    rhs = TALL.H @ TALL_DATA
    return Enrolled(
        conjugate_gradient,
        (
            lambda: check_solver(
                lambda start: conjugate_gradient(system, rhs, start),
                np.zeros(45),
                solution=RIDGE,
                tolerance=1e-10,
            ),
        ),
    )


def step_edge(solver):
    """Total variation of a step: both sides move together, flat."""
    tv = TotalVariation((50,), weight=2.0)
    misfit = QuadraticMisfit(Identity((50,)), STEP_DATA)

    def by_primal_dual(start):
        return primal_dual(misfit, Zero(), tv.penalty, tv.gradient_operator, start)

    def by_admm(start):
        return admm(misfit, tv.penalty, tv.gradient_operator, start, penalty=2.0)

    solve = by_primal_dual if solver is primal_dual else by_admm
    return Enrolled(
        solver,
        (lambda: check_solver(solve, np.zeros(50), solution=STEP_SOLUTION, at_most=6000),),
    )


def without_misfit():
    """Chambolle-Pock proper: all of the objective behind proxes."""
    data = np.random.default_rng(3).standard_normal((2, 8))

    class Distance:
        """Half the squared distance to the data, by its prox."""

        def __call__(self, x):
            return 0.5 * float(np.sum((x - data) ** 2))

        def prox(self, x, step):
            return (x + step * data) / (1 + step)

    penalty = L21(0.6)
    return Enrolled(
        primal_dual,
        (
            lambda: check_solver(
                lambda start: primal_dual(Zero(), Distance(), penalty, Identity((2, 8)), start),
                np.zeros((2, 8)),
                solution=penalty.prox(data, 1.0),
            ),
        ),
    )


def smoothness():
    """ADMM where the misfit alone is singular: a string held by one norm."""
    bending = QuadraticForm(FiniteDifference((45,)), weight=0.5)
    penalty = SquaredL2(0.1)
    target = RNG.standard_normal(45)

    class Held:
        """Half the weighted squared distance to a target."""

        def __call__(self, x):
            return penalty(x - target)

        def prox(self, x, step):
            return target + penalty.prox(x - target, step)

    matrix = np.stack([bending.gradient(unit) for unit in np.eye(45)], axis=1)
    solution = np.linalg.solve(matrix + 0.1 * np.eye(45), 0.1 * target)
    return Enrolled(
        admm,
        (
            lambda: check_solver(
                lambda start: admm(bending, Held(), Identity((45,)), start, penalty=0.3),
                np.zeros(45),
                solution=solution,
            ),
        ),
    )


def pursuit():
    """Forty-five exact terms of a tall dictionary: the last iterate is least squares."""
    data = TALL_DATA
    solution = np.linalg.lstsq(TALL.atoms, data, rcond=None)[0]

    def solve(start):
        resumed = None if isinstance(start, np.ndarray) else start
        return orthogonal_matching_pursuit(TALL, data, resumed)

    return Enrolled(
        orthogonal_matching_pursuit,
        (lambda: check_solver(solve, np.zeros(45), solution=solution, tolerance=1e-10),),
    )


def splitting():
    """Two penalties with known proxes on data that are seen directly: nothing below zero."""
    data = np.linspace(-2.0, 3.0, 11)
    misfit = QuadraticMisfit(Identity((11,)), data, bound=1.0)
    return Enrolled(
        composite_splitting,
        (
            lambda: check_solver(
                lambda start: composite_splitting(misfit, [L1(0.4), NonNegative()], start),
                np.zeros(11),
                solution=np.maximum(data - 0.4, 0),
            ),
        ),
    )


def agreed_copies():
    """The same closed form, with the misfit met exactly."""
    data = np.linspace(-2.0, 3.0, 11)
    fit = QuadraticProx(QuadraticMisfit(Identity((11,)), data), tolerance=1e-14)
    return Enrolled(
        consensus_admm,
        (
            lambda: check_solver(
                lambda start: consensus_admm(fit, [L1(0.4), NonNegative()], start),
                np.zeros(11),
                solution=np.maximum(data - 0.4, 0),
            ),
        ),
    )


def published_splitting():
    """With one penalty the published algorithm is FISTA and reaches the minimum."""
    misfit, penalty = QuadraticMisfit(WIDE, DATA), L1(0.05)
    gap = QuadraticGap(misfit, penalty)
    return Enrolled(
        fcsa,
        (
            lambda: check_solver(
                lambda start: fcsa(misfit, [penalty], start),
                np.zeros(40),
                certificate=gap,
                at_most=20000,
            ),
        ),
    )


def variation(shape, **limits):
    """Total variation by its dual, exact enough for the law of a prox."""
    prox = TotalVariationProx(TotalVariation(shape, weight=0.3), n_inner=3000, **limits)
    x = RNG.uniform(-1, 2, shape)
    others = [RNG.uniform(0, 1, shape), np.full(shape, 0.5)]
    return Enrolled(prox, (lambda: check_convex_prox(prox, x, 0.7, RNG, others=others),))


def composite_gap(low, high):
    """Never below the true distance, and small where splitting has converged."""
    data = RNG.standard_normal(20)
    misfit = QuadraticMisfit(WIDE, data)
    tv = TotalVariationProx(TotalVariation((40,), weight=0.02), low, high, 50)
    penalties = [tv, L1(0.03)]
    gap = CompositeGap(misfit, penalties)

    def law():
        iterates = list(
            itertools.islice(composite_splitting(misfit, penalties, np.zeros(40)), 4000)
        )
        best = min(gap.objective(np.clip(it.x, low, high)) for it in iterates[-3:])
        for number in (0, 5, 50, 500, 3999):
            above = gap.objective(np.clip(iterates[number].x, low, high)) - best
            assert gap(iterates[number]) >= above - 1e-10
        assert gap(iterates[-1]) < 1e-4 * best

    return Enrolled(gap, (law,))


def gap_bounds(gap, objective, best, points):
    """A certificate is never below the true distance to the minimum."""

    def law():
        for x in points:
            above = objective(x) - best
            assert gap(x) >= above - 1e-10 * (1 + abs(best))

    return Enrolled(gap, (law,))


def quadratic_gap():
    """Against a solution of high precision."""
    misfit, penalty = QuadraticMisfit(WIDE, DATA), L1(0.05)
    best = run(fista(misfit, penalty, np.zeros(40)), at_most=20000, tolerance=1e-15).x
    points = [best + s * RNG.standard_normal(40) for s in (0.0, 1e-6, 1e-3, 0.1, 10.0)]
    return gap_bounds(
        QuadraticGap(misfit, penalty),
        lambda x: misfit(x) + penalty(x),
        misfit(best) + penalty(best),
        points,
    )


def logistic_gap():
    """Against a solution of high precision; the intercept of a point is the best one."""
    rng = np.random.default_rng(2)
    features = rng.standard_normal((30, 12))
    loss = LogisticLoss(features, np.arange(30) % 3, 3, has_intercept=True)
    penalty, free = L1(0.02), Leading(L1(0.02), 12)
    best = run(fista(loss, free, np.zeros((13, 3))), at_most=20000, tolerance=1e-15).x
    points = [best + s * rng.standard_normal((13, 3)) for s in (0.0, 1e-6, 1e-3, 0.1, 3.0)]
    for point in points[1:]:
        point[-1] = best[-1]
    gap = LogisticGap(loss, penalty)
    lowest = loss(best) + free(best)

    def law():
        from corporis.solvers import refine_intercept

        for x in points:
            refined = refine_intercept(loss, x)
            assert gap(x) >= loss(refined) + free(refined) - lowest - 1e-10
        assert gap(best) < 1e-8

    return Enrolled(gap, (law,))


def plugged():
    """With the prox of a norm as denoiser it is Douglas-Rachford splitting of the lasso."""
    misfit, penalty = QuadraticMisfit(TALL, TALL_DATA), L1(0.05)

    class Shrink:
        def rest(self, x):
            return None

        def denoise(self, x, sigma, memory):
            return penalty.prox(x, sigma), memory

    def solve(start):
        return plug_and_play(
            QuadraticProx(misfit, 200, 1e-13), Shrink(), start, [2.0] * 900, step_of=lambda s: s
        )

    gap = QuadraticGap(misfit, penalty)
    return Enrolled(
        plug_and_play,
        (lambda: check_solver(solve, np.zeros(45), certificate=gap, at_most=800),),
    )


def quadratic_prox(operator):
    """Against the inequality of a prox, like any penalty."""
    rng = np.random.default_rng(3)
    data = rng.standard_normal(operator.codomain) + 1j * rng.standard_normal(operator.codomain)
    data = operator.forward(operator.adjoint(data))
    prox = QuadraticProx(QuadraticMisfit(operator, data), 100, 1e-12)
    x = rng.standard_normal(operator.domain) + 1j * rng.standard_normal(operator.domain)
    real = QuadraticProx(RealImage(prox.misfit), 100, 1e-12)
    laws = (
        lambda: check_convex_prox(prox, x, 0.7, rng),
        lambda: check_convex_prox(real, x.real, 0.7, rng),
    )
    return Enrolled(prox, laws)


INSTANCES = {
    "CompositeGap": [
        lambda: composite_gap(-0.5, 0.5),
        lambda: composite_gap(-math.inf, math.inf),
    ],
    "LogisticGap": [logistic_gap],
    "QuadraticGap": [quadratic_gap],
    "QuadraticProx": [
        lambda: quadratic_prox(Diagonal(np.array([0.5, 1.0, 2.0]))),
        lambda: quadratic_prox(Cartesian((4, 3), np.eye(4, 3, dtype=bool))),
        lambda: quadratic_prox(Cartesian((4, 5), np.tri(4, 5, dtype=bool), is_centred=False)),
        lambda: quadratic_prox(Cartesian((4, 6), np.eye(4, 6, dtype=bool), axes=(1,))),
    ],
    "TotalVariationProx": [
        lambda: variation((7, 6)),
        lambda: variation((5, 4), low=0.0, high=1.0),
        lambda: variation((4, 3, 5)),
    ],
    "admm": [lambda: step_edge(admm), smoothness],
    "composite_splitting": [splitting],
    "consensus_admm": [agreed_copies],
    "conjugate_gradient": [normal_equations],
    "fcsa": [published_splitting],
    "fista": [
        lambda: lasso(fista),
        lambda: weighted_lasso(fista),
        lambda: group_lasso(fista),
        lambda: low_rank(fista),
        lambda: logistic_lasso(fista, 2),
        lambda: logistic_lasso(fista, 3),
        lambda: ridge(fista),
    ],
    "orthogonal_matching_pursuit": [pursuit],
    "plug_and_play": [plugged],
    "primal_dual": [lambda: step_edge(primal_dual), without_misfit],
    "proximal_gradient": [lambda: lasso(proximal_gradient), lambda: ridge(proximal_gradient)],
}

EXEMPT = {
    "Copies": "the memory of consensus_admm, a pure value",
    "Denoiser": "a protocol, held through plug_and_play and BlockMatching",
    "Splits": "the memory of composite splitting, a pure value",
    "WarmProximable": "a protocol, held through TotalVariationProx",
    "batch_pursuit": "no iteration is seen; held to the single pursuit in test_batch_pursuit.py",
    "refine_intercept": "a Newton solve, held to a flat slope in solvers/test_solvers.py",
    "run": "drives solvers and is none; its rules are in solvers/test_solvers.py",
}
