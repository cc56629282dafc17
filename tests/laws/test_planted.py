"""The laws can fail: each planted mistake must break one, and its right twin none."""

from dataclasses import dataclass

import numpy as np
import pytest

from corporis.functionals import L0, L1, L21, Box, QuadraticForm, Simplex, SparseGroup
from corporis.interfaces import Iterate, LinearOperator
from corporis.laws import (
    LawBroken,
    check_constitutive,
    check_convex_prox,
    check_deformable,
    check_estimator,
    check_nonconvex_prox,
    check_norm,
    check_operator,
    check_smooth,
    check_solver,
)
from corporis.operators import Diagonal, FiniteDifference, Fourier, Matrix
from corporis.solvers import fista


@dataclass(frozen=True)
class Wrong:
    """A functional's values with another prox."""

    value: object
    wrong_prox: object

    def __call__(self, x):
        return self.value(x)

    def prox(self, x, step):
        return self.wrong_prox(x, step)


def hard(x, step):
    return np.where(np.abs(x) > step, x, 0 * x)


def in_parts(x, step):
    shrink = L1().prox
    return (shrink(x.real, step) + 1j * shrink(x.imag, step)).astype(x.dtype)


def spoil(x, step):
    p = L1().prox(x, step)
    x[...] = p
    return p


def group_first(x, step):
    labels = [0, 0, 0, 1, 1, 1]
    shrunk = SparseGroup(0.0, 0.5, labels).prox(x, step)
    return L1(0.3).prox(shrunk, step)


def shares_by_division(x, step):
    positive = np.maximum(x, 0) + np.asarray(1e-3, x.dtype)
    return positive / positive.sum(axis=0)


WRONG_PROXES = {
    "step ignored": Wrong(L1(), lambda x, step: L1().prox(x, 1.0)),
    "weight squared": Wrong(L1(0.5), lambda x, step: L1(0.25).prox(x, step)),
    "hard, not soft": Wrong(L1(), hard),
    "identity": Wrong(L1(), lambda x, step: 1 * x),
    "input changed": Wrong(L1(), spoil),
    "double precision": Wrong(L1(), lambda x, step: L1().prox(x, step) * np.float64(1)),
    "groups shrunk first": Wrong(SparseGroup(0.3, 0.5, [0, 0, 0, 1, 1, 1]), group_first),
    "box too small": Wrong(Box(0.0, 1.0), lambda x, step: np.clip(x, x.dtype.type(0.1), 1)),
    "shares by division": Wrong(Simplex(), shares_by_division),
}


@pytest.mark.parametrize("name", WRONG_PROXES)
def test_wrong_prox_is_found(name, rng):
    x = rng.standard_normal(6)
    points = [rng.uniform(0, 1, 6) for _ in range(30)] + [rng.dirichlet(np.ones(6), 30).T[:, 0]]
    with pytest.raises(LawBroken):
        check_convex_prox(WRONG_PROXES[name], x, 0.4, rng, others=points)


def test_wrong_prox_of_complex_numbers_is_found(rng):
    x = rng.standard_normal(6) + 1j * rng.standard_normal(6)
    with pytest.raises(LawBroken):
        check_convex_prox(Wrong(L1(), in_parts), x, 0.4, rng)


def test_wrong_group_axis_is_found(rng):
    with pytest.raises(LawBroken):
        check_convex_prox(Wrong(L21(axis=0), L21(axis=1).prox), rng.standard_normal((4, 3)), 1, rng)


def test_prox_that_leaves_the_domain_is_found(rng):
    with pytest.raises(LawBroken, match="outside the domain"):
        check_convex_prox(Wrong(Box(0, 1), lambda x, step: x + 3), rng.standard_normal(4), 1, rng)


def test_too_few_points_are_not_a_pass(rng):
    point = Wrong(Box(0.25, 0.25), lambda x, step: 0 * x + x.dtype.type(0.25))
    plane = Wrong(
        lambda x: 0.0 if np.all(x[:-1] == 0.25) and x[-1] == rng.random() else np.inf,
        lambda x, step: 0 * x,
    )
    check_convex_prox(point, rng.standard_normal(4), 1.0, rng)
    with pytest.raises(LawBroken):
        check_convex_prox(plane, rng.standard_normal(4), 1.0, rng)


@pytest.mark.parametrize(
    "wrong",
    [
        Wrong(L0(0.5), lambda x, step: np.where(x**2 > step * 0.5, x, 0 * x)),
        Wrong(L0(0.5), lambda x, step: np.where(np.abs(x) > 2 * step * 0.5, x, 0 * x)),
        Wrong(L0(0.5), lambda x, step: L1(0.5).prox(x, step)),
    ],
    ids=["factor two lost", "square lost", "soft, not hard"],
)
def test_wrong_nonconvex_prox_is_found(wrong):
    x = np.array([0.1, 0.4, 0.7, -0.9, 1.2, -3.0])
    with pytest.raises(LawBroken):
        check_nonconvex_prox(wrong, x, 0.5)


def test_wrong_group_length_is_found():
    class Pair:
        """Price of each column that is not zero."""

        def __call__(self, x):
            return float(np.count_nonzero(np.linalg.norm(x, axis=0)))

        def prox(self, x, step, factor=2):
            kept = np.sum(x**2, axis=0, keepdims=True) > factor * step
            return np.where(kept, x, 0 * x)

    x = np.array([[0.1, 0.9, 3.0], [0.2, -0.5, 0.0]])  # the second is between both thresholds
    check_nonconvex_prox(Pair(), x, 0.7, axis=0)
    with pytest.raises(LawBroken):
        check_nonconvex_prox(
            Wrong(Pair(), lambda x, step: Pair().prox(x, step, factor=1)), x, 0.7, axis=0
        )


@dataclass(frozen=True)
class WrongOperator(LinearOperator):
    """An operator with another forward or adjoint map."""

    right: LinearOperator
    wrong_forward: object = None
    wrong_adjoint: object = None

    domain = property(lambda self: self.right.domain)
    codomain = property(lambda self: self.right.codomain)

    def forward(self, x):
        return (self.wrong_forward or self.right.forward)(x)

    def adjoint(self, y):
        return (self.wrong_adjoint or self.right.adjoint)(y)


PHASES = Diagonal(np.exp(1j * np.arange(5.0)))
EDGES = FiniteDifference((5,))
SPECTRUM = Fourier((5,))


def spoiled(x):
    x *= 2
    return PHASES.forward(x / 2)


WRONG_OPERATORS = {
    "not conjugated": WrongOperator(PHASES, wrong_adjoint=PHASES.forward),
    "cyclic adjoint": WrongOperator(
        EDGES, wrong_adjoint=FiniteDifference((5,), boundary="cyclic").adjoint
    ),
    "not unitary": WrongOperator(SPECTRUM, wrong_adjoint=np.fft.ifft),
    "affine": WrongOperator(EDGES, wrong_forward=lambda x: EDGES.forward(x) + x.dtype.type(1)),
    "double": WrongOperator(EDGES, wrong_forward=lambda x: EDGES.forward(x) * np.ones((1, 5))),
    "phase lost": WrongOperator(EDGES, lambda x: EDGES.forward(x.real), EDGES.adjoint),
    "wrong shape": WrongOperator(EDGES, lambda x: EDGES.forward(x)[0], EDGES.adjoint),
    "input changed": WrongOperator(PHASES, spoiled, PHASES.adjoint),
    "conjugated input": WrongOperator(EDGES, lambda x: EDGES.forward(x.conj()), EDGES.adjoint),
}


@pytest.mark.parametrize("name", WRONG_OPERATORS)
def test_wrong_operator_is_found(name, rng):
    check_operator(WRONG_OPERATORS[name].right, rng)
    with pytest.raises(LawBroken):
        check_operator(WRONG_OPERATORS[name], rng)


def test_operator_with_a_memory_is_found(rng):
    calls = []

    def forward(x):
        calls.append(1)
        return x * x.dtype.type(1 + 1e-3 * (len(calls) % 3 == 0))

    with pytest.raises(LawBroken):
        check_operator(WrongOperator(Fourier((5,)).H @ Fourier((5,)), forward), rng)


@dataclass(frozen=True)
class Slope:
    """A quadratic with a gradient and a bound of one's choice."""

    factor: float
    lipschitz: float
    curvature = np.array([1.0, 2.0, 4.0])

    def __call__(self, x):
        return 0.5 * float(np.sum(self.curvature * x**2))

    def gradient(self, x):
        return self.factor * self.curvature * x


def test_wrong_gradient_or_bound_is_found(rng):
    check_smooth(Slope(1.0, 4.0), rng.standard_normal(3), rng)
    for wrong in (Slope(2.0, 8.0), Slope(1.001, 5.0), Slope(1.0, 3.9)):
        with pytest.raises(LawBroken):
            check_smooth(wrong, rng.standard_normal(3), rng)


@dataclass(frozen=True)
class WrongNorm:
    """L1 with a dual norm that is off by a factor."""

    factor: float

    def __call__(self, x):
        return L1()(x)

    def prox(self, x, step):
        return L1().prox(x, step)

    def polar(self, u):
        return self.factor * L1().polar(u)


def test_wrong_dual_norm_is_found(rng):
    u = rng.standard_normal(6)
    check_norm(WrongNorm(1.0), u, rng)
    for factor in (0.9, 1.1, np.inf):
        with pytest.raises(LawBroken):
            check_norm(WrongNorm(factor), u, rng)


@dataclass(frozen=True)
class Valley:
    """A quadratic with a long flat floor and its minimum at one."""

    curvature = np.array([0.02, 0.5, 4.0])
    lipschitz = 4.0

    def __call__(self, x):
        return 0.5 * float(np.sum(self.curvature * (x - 1) ** 2))

    def gradient(self, x):
        return self.curvature * (x - 1)


QUADRATIC = Valley()
TARGET_START = np.array([3.0, -2.0, 1.0])


def forgetful(start):
    """Loses the momentum when resumed."""
    if isinstance(start, Iterate):
        start = Iterate(start.x, start.count, start.change)
    return fista(QUADRATIC, L1(0.1), start, restart=False)


def recounting(start):
    """Starts to count anew when resumed."""
    yield from fista(QUADRATIC, L1(0.1), start.x if isinstance(start, Iterate) else start)


def biased(start):
    """Minimises something else."""
    return fista(QUADRATIC, L1(0.1), start)


def test_wrong_solver_is_found():
    good = lambda start: fista(QUADRATIC, L1(0.0), start)  # noqa: E731
    check_solver(good, TARGET_START, solution=np.ones(3))
    check_solver(good, TARGET_START, certificate=QUADRATIC)
    for solve in (forgetful, recounting):
        with pytest.raises(LawBroken, match="differ"):
            check_solver(solve, TARGET_START)
    with pytest.raises(LawBroken, match="solution"):
        check_solver(biased, TARGET_START, solution=np.ones(3))
    with pytest.raises(LawBroken, match="gap"):
        check_solver(biased, TARGET_START, certificate=lambda x: 1.0 + QUADRATIC(x))


CORNERS = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
BARS = [(i, j) for i in range(4) for j in range(i)]


def truss():
    """Linear strain of the six bars of a tetrahedron."""
    rows = np.zeros((6, 4, 3))
    for row, (i, j) in zip(rows, BARS):
        along = (CORNERS[i] - CORNERS[j]) / np.linalg.norm(CORNERS[i] - CORNERS[j])
        row[i], row[j] = along, -along
    return Matrix(rows.reshape(6, 12), (4, 3), (6,))


@dataclass(frozen=True)
class Tetrahedron:
    """Four free corners, moved by displacements, with mistakes on demand."""

    tangent_factor: float = 1.0
    anchor: float = 0.0

    def points(self, q):
        return CORNERS + q + 0.1 * q**2

    def tangent(self, q):
        return Diagonal(self.tangent_factor * (1 + 0.2 * q))

    def internal(self):
        bars = truss().matrix
        held = np.sqrt(self.anchor) * np.eye(12)
        rows = np.concatenate([bars, held])
        bound = float(np.linalg.norm(rows, 2))
        return QuadraticForm(Matrix(rows, (4, 3), (len(rows),)), bound=bound)


def test_deformable_law(rng):
    q, rest = rng.standard_normal((4, 3)), np.zeros((4, 3))
    assert check_deformable(Tetrahedron(), q, rng, rest=rest) == 6
    assert check_deformable(Tetrahedron(anchor=0.5), q, rng) == 0
    with pytest.raises(LawBroken, match="tangent"):
        check_deformable(Tetrahedron(tangent_factor=1.01), q, rng, rest=rest)
    with pytest.raises(LawBroken, match="rigid"):
        check_deformable(Tetrahedron(anchor=0.5), q, rng, rest=rest)


class Averager:
    """Learns a mean, with mistakes on demand."""

    def __init__(self, mistake=None):
        self.mistake = mistake

    def get_params(self, deep=True):
        return {"mistake": self.mistake}

    def fit(self, X, y=None):
        self.mean_ = X.mean(axis=0)
        if self.mistake == "unseeded":
            self.mean_ = self.mean_ + np.random.default_rng().standard_normal()
        if self.mistake == "data changed":
            X -= self.mean_
        if self.mistake == "parameter changed":
            self.mistake = [self.mistake]
        return None if self.mistake == "nothing returned" else self


MISTAKES = ["unseeded", "data changed", "nothing returned", "parameter changed"]


def test_estimator_law(rng):
    X = rng.standard_normal((5, 2))
    check_estimator(Averager, X)
    for mistake in MISTAKES:
        with pytest.raises(LawBroken):
            check_estimator(lambda mistake=mistake: Averager(mistake), X.copy())


@dataclass(frozen=True)
class Stretchy:
    """A cubic law with one part spoiled."""

    spoiled: str = ""

    def energy(self, E):
        return np.sum(E**3, axis=(-2, -1)) / 3

    def stress(self, E):
        factor = 1.01 if self.spoiled == "stress" else 1.0
        return factor * E**2

    def tangent(self, E):
        one = np.eye(3)
        same = 0.5 * (np.einsum("ik,jl->ijkl", one, one) + np.einsum("il,jk->ijkl", one, one))
        if self.spoiled == "symmetry":
            same = np.einsum("ik,jl->ijkl", one, one)
        factor = 1.01 if self.spoiled == "tangent" else 1.0
        return 2 * factor * E[..., None, None] * same


@pytest.mark.parametrize("spoiled", ["", "stress", "tangent", "symmetry"])
def test_constitutive_laws(spoiled):
    strains = np.random.default_rng(1).standard_normal((4, 3, 3))
    strains = strains + np.swapaxes(strains, 1, 2)
    if not spoiled:
        return check_constitutive(Stretchy(), strains, np.random.default_rng(2))
    with pytest.raises(LawBroken):
        check_constitutive(Stretchy(spoiled), strains, np.random.default_rng(2))
