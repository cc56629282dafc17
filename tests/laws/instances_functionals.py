"""Functionals: convex proxes, the one that is not convex, norms and smooth misfits."""

import numpy as np

from corporis.functionals import (
    L0,
    L1,
    L21,
    Box,
    GroupL2,
    Huber,
    JointTotalVariation,
    Leading,
    LocallyLowRank,
    LogisticLoss,
    NonNegative,
    NormalMisfit,
    Nuclear,
    PairFamily,
    ParentChild,
    QuadraticForm,
    QuadraticMisfit,
    RealImage,
    Separable,
    Simplex,
    SparseGroup,
    SquaredL2,
    TotalGeneralisedVariation,
    TotalVariation,
    Transformed,
    TreeGroups,
    VectorialTotalVariation,
    Zero,
    forest,
    wavelet_tree,
)
from corporis.laws import (
    check_convex_prox,
    check_nonconvex_prox,
    check_norm,
    check_operator,
    check_smooth,
)
from corporis.operators import Cartesian, Dictionary, FiniteDifference, Fourier, Wavelet
from laws.enrolment import Enrolled

RNG = np.random.default_rng(3)
STEPS = (0.05, 0.7, 4.0)
LABELS = [0, 1, 1, 2, 0, 1]


def sample(shape, is_complex, number):
    """A point away from zero, then one with zeros in it, then a large one."""
    rng = np.random.default_rng(10 + number)
    x = rng.standard_normal(shape) + (1j * rng.standard_normal(shape) if is_complex else 0)
    if number == 1:
        x = x * (rng.random(shape) < 0.5)
    return x * (1, 1, 20)[number]


def convex(f, shape, *, is_complex=False, is_norm=False, is_smooth=False, others=()):
    """Held to the prox inequality at several points and steps, and to what else applies."""

    def laws():
        for number in range(3):
            x = sample(shape, is_complex, number)
            for step in STEPS:
                check_convex_prox(f, x, step, np.random.default_rng(4), others=others)
        if is_norm:
            check_norm(f, sample(shape, is_complex, 0), np.random.default_rng(5))
        if is_smooth:
            check_smooth(f, sample(shape, is_complex, 0), np.random.default_rng(6))

    return lambda: Enrolled(f, (laws,))


def smooth(f, shape, *, is_complex=False):
    """Held to the laws of gradients at three points."""

    def laws():
        for number in range(3):
            check_smooth(f, sample(shape, is_complex, number), np.random.default_rng(6))

    return lambda: Enrolled(f, (laws,))


def counted(f):
    """Held to brute force over every entry."""

    def laws():
        for number in range(3):
            for step in (0.3, 2.0):
                check_nonconvex_prox(f, sample((6,), False, number), step)
        check_nonconvex_prox(f, sample((4,), True, 0), 0.3)

    return lambda: Enrolled(f, (laws,))


def varied():
    """Total variation has no prox: its parts are held to theirs, its value to a plain loop."""
    f = TotalVariation((3, 4), weight=0.5, spacing=(1.0, 2.0), boundary=("neumann", "cyclic"))

    def value():
        x, total = sample((3, 4), False, 0), 0.0
        for i in range(3):
            for j in range(4):
                down = x[i + 1, j] - x[i, j] if i < 2 else 0.0
                right = (x[i, (j + 1) % 4] - x[i, j]) / 2
                total += 0.5 * np.hypot(down, right)
        assert abs(f(x) - total) < 1e-12 * total

    return Enrolled(
        f,
        (
            value,
            lambda: check_operator(f.gradient_operator, np.random.default_rng(2)),
            lambda: check_convex_prox(
                f.penalty, sample((2, 3, 4), False, 0), 0.7, np.random.default_rng(4)
            ),
        ),
    )


def varied_together(f, shape, length_of):
    """A variation of channels: its parts are held to theirs, its value to a plain loop.

    `length_of` gives the price of one voxel's Jacobian (n_axes, n_channels).
    """

    def value():
        x, total = sample(shape, True, 0), 0.0
        for i, j in np.ndindex(*shape[1:]):
            down = x[:, i + 1, j] - x[:, i, j] if i + 1 < shape[1] else 0 * x[:, i, j]
            right = x[:, i, (j + 1) % shape[2]] - x[:, i, j]
            total += 0.5 * length_of(np.stack([down, right]))
        assert abs(f(x) - total) < 1e-12 * total

    gradient = (2, *shape)
    return lambda: Enrolled(
        f,
        (
            value,
            lambda: check_operator(f.gradient_operator, np.random.default_rng(2)),
            convex(f.penalty, gradient, is_complex=True, is_norm=True)().laws[0],
        ),
    )


def generalised():
    """Total generalised variation: its parts are held to theirs, its value to a plain loop."""
    f = TotalGeneralisedVariation((3, 4), weight=0.5, ratio=3.0, boundary="cyclic")

    def value():
        (x, v0, v1), total = sample((3, 3, 4), False, 0), 0.0
        for i, j in np.ndindex(3, 4):
            k, m = (i + 1) % 3, (j + 1) % 4
            total += 0.5 * np.hypot(x[k, j] - x[i, j] - v0[i, j], x[i, m] - x[i, j] - v1[i, j])
            change = np.array([[v[i, j] - v[i - 1, j], v[i, j] - v[i, j - 1]] for v in (v0, v1)])
            total += 1.5 * np.linalg.norm((change + change.T) / 2)
        assert abs(f(np.stack([x, v0, v1])) - total) < 1e-12 * total

    return Enrolled(
        f,
        (
            value,
            lambda: check_operator(f.gradient_operator, np.random.default_rng(2)),
            lambda: check_operator(f.image_operator, np.random.default_rng(2)),
            convex(f.penalty, (5, 3, 4))().laws[0],
        ),
    )


def families(f, make=None):
    """Parents and children: every family has a prox, and the families add up to all pairs."""
    wavelet = f.wavelet

    def value():
        x, total = sample(wavelet.shape, True, 0), 0.0
        channels = np.moveaxis(x, f.channel_axis or 0, 0) if f.channel_axis is not None else x[None]
        n0 = wavelet.bands[-1].slices[wavelet.axes[0]].stop
        for i, j in np.ndindex(*channels.shape[1:]):
            child, parent = channels[:, i, j], channels[:, i // 2, j // 2]
            is_root = i < n0 and j < n0
            total += f.weight * np.linalg.norm([child, 0 * child if is_root else parent])
        assert abs(f(x) - total) < 1e-12 * total

    def proxes():
        x = sample(wavelet.shape, True, 1)
        for family in f.families:
            check_convex_prox(family, x, 0.7, np.random.default_rng(4))

    return lambda: Enrolled(make or f, (value, proxes))


def planted_tree():
    """Parents by a plain loop over a square image: half the place, except for the coarsest."""

    def law():
        found = wavelet_tree(Wavelet((2, 16, 16), "haar", levels=3, axes=(1, 2)))
        for i, j in np.ndindex(16, 16):
            expected = -1 if i < 4 and j < 4 else 16 * (i // 2) + j // 2
            assert found[i, j] == expected

    return Enrolled(wavelet_tree, (law,))


def misfit(operator, *, weights=None):
    """A misfit to random data."""
    rng = np.random.default_rng(7)
    data = operator.forward(rng.standard_normal(operator.domain))
    return QuadraticMisfit(operator, data + rng.standard_normal(operator.codomain), weights)


def logistic(n_classes, has_intercept, weights):
    """A loss of ten samples with four features."""
    rng = np.random.default_rng(8)
    labels = np.arange(10) % n_classes
    return LogisticLoss(
        rng.standard_normal((10, 4)) + 1, labels, n_classes, weights, has_intercept=has_intercept
    )


PLANE = Wavelet((8, 8), "haar", levels=2)
PLANES = Wavelet((8, 8, 3), "haar", levels=1, axes=(0, 1))
TREE = np.array([[-1, 0, 0], [1, 1, 2], [-1, 6, 5]])
INTERIOR = [RNG.uniform(0.0, 1.0, 6) for _ in range(40)]
SHARES = [RNG.dirichlet(np.ones(6), 2).T for _ in range(40)]
DENSE = Dictionary(RNG.standard_normal((5, 6)))
WEIGHTS = RNG.random(10)
SCAN = NormalMisfit(
    Cartesian((4, 5), RNG.random(5) < 0.6, RNG.standard_normal((3, 4, 5)) * np.exp(1j)),
    RNG.standard_normal((3, 4, 5)) * np.exp(2j),
)

INSTANCES = {
    "Box": [
        convex(Box(0.0, 1.0), (6,), others=INTERIOR),
        convex(Box(-np.inf, np.linspace(-1, 2, 6)), (6,)),
    ],
    "GroupL2": [
        convex(GroupL2(0.4, LABELS), (6,), is_norm=True),
        convex(GroupL2(0.4, LABELS, [1.0, 0.5, 2.0]), (6, 2), is_norm=True, is_complex=True),
    ],
    "Huber": [
        convex(Huber(0.5, weight=1.5), (6,), is_smooth=True),
        convex(Huber(0.8), (3, 2), is_smooth=True, is_complex=True),
    ],
    "JointTotalVariation": [
        varied_together(
            JointTotalVariation((3, 3, 4), weight=0.5, boundary=("neumann", "cyclic")),
            (3, 3, 4),
            np.linalg.norm,
        ),
    ],
    "L0": [counted(L0(0.4)), counted(L0(3.0))],
    "L1": [
        convex(L1(0.4), (6,), is_norm=True),
        convex(L1(0.4), (2, 3), is_norm=True, is_complex=True),
        convex(L1(np.linspace(0.1, 2, 6)), (6,), is_norm=True),
        convex(L1(np.array([0.0, 1.0, 0.0, 2.0, 1.0, 1.0])), (6,)),
    ],
    "L21": [
        convex(L21(0.4), (3, 4), is_norm=True),
        convex(L21(0.4, axis=(0, 2)), (2, 3, 2), is_norm=True, is_complex=True),
        convex(L21(0.4, axis=-1), (4, 3), is_norm=True),
    ],
    "Leading": [
        convex(Leading(L1(0.4), 4), (6,)),
        convex(Leading(SparseGroup(0.2, 0.3, LABELS), 6), (7, 3)),
    ],
    "LocallyLowRank": [
        convex(LocallyLowRank((2, 3, 4), 2, 0.4, shift=(1, 2)), (2, 3, 4), is_norm=True),
        convex(LocallyLowRank((2, 4), 4, 0.4), (2, 4), is_norm=True, is_complex=True),
    ],
    "LogisticLoss": [
        smooth(logistic(2, False, None), (4,)),
        smooth(logistic(2, True, WEIGHTS), (5,)),
        smooth(logistic(3, False, WEIGHTS), (4, 3)),
        smooth(logistic(4, True, None), (5, 4)),
    ],
    "NonNegative": [convex(NonNegative(), (6,), others=INTERIOR)],
    "NormalMisfit": [
        smooth(NormalMisfit(DENSE, RNG.standard_normal(5)), (6,)),
        smooth(SCAN, (4, 5), is_complex=True),
    ],
    "Nuclear": [
        convex(Nuclear(0.4), (2, 5), is_norm=True),
        convex(Nuclear(0.4, axes=(0, 2)), (4, 3, 2), is_norm=True, is_complex=True),
        convex(Nuclear(0.4, axes=(2, 0)), (3, 2, 4), is_norm=True, is_complex=True),
        convex(Nuclear(0.4), (4, 3), is_norm=True),
        convex(Nuclear(0.4), (2, 3), is_norm=True, is_complex=True),
    ],
    "PairFamily": [
        convex(PairFamily(Wavelet((5, 4), "haar", levels=2), 1, (0, 0), weight=0.4), (5, 4)),
        convex(PairFamily(Wavelet((11,), "db2", levels=3), 1, (0,), 0.4), (11,), is_complex=True),
        convex(PairFamily(Wavelet((11,), "db2", levels=3), 0, (1,), 0.4, None, True), (11,)),
    ],
    "ParentChild": [families(ParentChild(PLANE, weight=0.4))],
    "QuadraticForm": [
        smooth(QuadraticForm(FiniteDifference((4, 3), spacing=0.5), weight=2.0), (4, 3)),
        smooth(QuadraticForm(DENSE, bound=float(np.linalg.norm(DENSE.atoms, 2))), (6,)),
    ],
    "QuadraticMisfit": [
        smooth(misfit(DENSE), (6,)),
        smooth(misfit(DENSE, weights=np.array([0.0, 1.0, 3.0, 0.5, 1.0])), (6,)),
        smooth(misfit(Fourier((3, 2))), (3, 2), is_complex=True),
    ],
    "RealImage": [
        smooth(RealImage(misfit(Fourier((3, 2)))), (3, 2)),
    ],
    "Separable": [
        convex(Separable([L1(0.4), L21(0.3), Zero()], [(2,), (2, 2), (3,)]), (3, 3)),
        convex(Separable([Nuclear(0.4), L1(0.3)], [(2, 2), (2,)]), (6,), is_complex=True),
    ],
    "Simplex": [
        convex(Simplex(), (6, 2), others=SHARES),
        convex(Simplex(total=2.5), (6,), others=[2.5 * share[:, 0] for share in SHARES]),
    ],
    "SparseGroup": [
        convex(SparseGroup(0.2, 0.3, LABELS), (6,), is_norm=True),
        convex(SparseGroup(0.2, 0.3, LABELS), (6, 2), is_norm=True, is_complex=True),
        convex(SparseGroup(0.2, 0.0, LABELS), (6,), is_norm=True),
        convex(SparseGroup(0.0, 0.3, LABELS, [1.0, 2.0, 0.5]), (6, 2), is_norm=True),
    ],
    "SquaredL2": [
        convex(SquaredL2(0.7), (6,), is_smooth=True),
        convex(SquaredL2(2.0), (3, 2), is_smooth=True, is_complex=True),
    ],
    "TotalGeneralisedVariation": [generalised],
    "TotalVariation": [varied],
    "Transformed": [
        convex(Transformed(L1(0.4), Wavelet((5, 4), "db2", levels=1)), (5, 4), is_complex=True),
        convex(Transformed(L21(0.4), Fourier((2, 3), axes=(0,))), (2, 3), is_complex=True),
    ],
    "TreeGroups": [
        convex(TreeGroups(TREE, 0.4), (3, 3)),
        convex(TreeGroups(TREE, 0.4, RNG.random((3, 3)) + 0.1), (2, 3, 3), is_complex=True),
        convex(TreeGroups(TREE, 0.4, RNG.random((3, 3)) < 0.5, is_joint=True), (2, 3, 3)),
        convex(TreeGroups(wavelet_tree(Wavelet((4, 4), "haar", levels=2)), 0.4), (4, 4)),
    ],
    "VectorialTotalVariation": [
        varied_together(
            VectorialTotalVariation((3, 3, 4), weight=0.5, boundary=("neumann", "cyclic")),
            (3, 3, 4),
            lambda jacobian: np.linalg.norm(jacobian, "nuc"),
        ),
    ],
    "Zero": [convex(Zero(), (6,), is_smooth=True)],
    "forest": [families(forest(PLANES, 0.4, channel_axis=2), make=forest)],
    "wavelet_tree": [planted_tree],
}

EXEMPT = {"Norm": "a protocol: it says what norms offer and has no instances"}
