"""Nested groups against brute force, and a tree that grows from its roots."""

import itertools

import array_api_compat.torch as torch
import numpy as np
import pytest

from corporis.functionals import L1, L21, TreeGroups, wavelet_tree
from corporis.operators import Wavelet

TREES = {
    "chain": [-1, 0, 1, 2],
    "star": [-1, 0, 0, 0, 0],
    "leaves before roots": [2, 2, 4, 4, -1, 6, -1],
    "singles": [-1, -1, -1],
}


def descendants(parents):
    """The members of every group."""
    groups = []
    for i in range(len(parents)):
        members = []
        for j in range(len(parents)):
            above = j
            while above not in (-1, i):
                above = parents[above]
            if above == i:
                members.append(j)
        groups.append(members)
    return groups


def by_dual_descent(x, groups, cuts, n_sweeps=200):
    """The prox by another way: block descent on the dual, one vector for each group."""
    parts = np.zeros((len(groups), *x.shape), x.dtype)
    for _ in range(n_sweeps):
        for number, (members, cut) in enumerate(zip(groups, cuts)):
            rest = (x - parts.sum(axis=0) + parts[number])[members]
            length = np.linalg.norm(rest)
            parts[number][members] = rest * min(1.0, cut / length) if length > 0 else 0
    return x - parts.sum(axis=0)


@pytest.mark.parametrize("name", TREES)
@pytest.mark.parametrize("is_complex", [False, True])
@pytest.mark.parametrize("scale", [0.5, 2.0])
def test_prox_against_descent_on_the_dual(name, is_complex, scale, rng):
    parents = np.array(TREES[name])
    n = parents.size
    x = scale * (rng.standard_normal(n) + (1j * rng.standard_normal(n) if is_complex else 0))
    weights = rng.random(n) + 0.2
    f, groups = TreeGroups(parents, 0.5, weights), descendants(parents)
    expected = by_dual_descent(x, groups, 0.5 * 0.9 * weights)
    np.testing.assert_allclose(f.prox(x, 0.9), expected, atol=1e-9)
    total = sum(0.5 * w * np.linalg.norm(x[g]) for w, g in zip(weights, groups))
    assert np.isclose(f(x), total)


@pytest.mark.parametrize("x", [[1.0, 2.0, -0.4], [0.1, 0.2, 0.3], [3.0, 0.2, 0.9], [0.0, 2.0, 2.0]])
def test_prox_against_brute_force_over_a_grid(x):
    x, f = np.array(x), TreeGroups(np.array([-1, 0, 1]), weight=0.6)
    p = f.prox(x, 1.0)
    best = f(p) + 0.5 * np.sum((p - x) ** 2)
    line = np.linspace(-0.2, 1.2, 15)
    for shares in itertools.product(line, repeat=3):
        z = x * shares
        assert f(z) + 0.5 * np.sum((z - x) ** 2) >= best - 1e-12


def test_what_survives_is_a_tree(rng):
    parents = wavelet_tree(Wavelet((16, 16), "db2", levels=3)).reshape(-1)
    alive = TreeGroups(parents, 0.9).prox(rng.standard_normal(256), 1.0) != 0
    assert 0 < alive.sum() < 200
    assert np.all(alive[parents[alive & (parents >= 0)]])


def test_singles_are_l1_and_joint_singles_are_l21(rng):
    x = rng.standard_normal((3, 6))
    single = np.full(6, -1)
    np.testing.assert_allclose(TreeGroups(single, 0.4).prox(x, 1.0), L1(0.4).prox(x, 1.0))
    joint = TreeGroups(single, 0.4, is_joint=True)
    np.testing.assert_allclose(joint.prox(x, 1.0), L21(0.4, axis=0).prox(x, 1.0), atol=1e-14)
    assert np.isclose(joint(x), L21(0.4, axis=0)(x))


def test_leading_axes_are_trees_of_their_own_or_share_groups(rng):
    parents = np.array([[-1, 0], [0, 1]])
    x = rng.standard_normal((3, 2, 2))
    own, shared = TreeGroups(parents, 0.5), TreeGroups(parents, 0.5, is_joint=True)
    np.testing.assert_allclose(own.prox(x, 1.0), [own.prox(part, 1.0) for part in x], atol=1e-15)
    assert np.isclose(own(x), sum(own(part) for part in x))
    groups = descendants(parents.reshape(-1).tolist())
    flat = x.reshape(3, 4)
    assert np.isclose(shared(x), 0.5 * sum(np.linalg.norm(flat[:, g]) for g in groups))


def test_group_weight_zero_leaves_a_coefficient_to_its_ancestors(rng):
    parents, x = np.array([-1, 0, 0]), rng.standard_normal(3)
    only_root = TreeGroups(parents, 0.3, np.array([1.0, 0.0, 0.0]))
    np.testing.assert_allclose(only_root.prox(x, 1.0), L21(0.3).prox(x, 1.0), atol=1e-15)


@pytest.mark.parametrize("is_joint", [False, True])
def test_torch_gives_the_same_and_precision_is_kept(is_joint, rng):
    W = Wavelet((2, 9, 11), "db2", levels=2, axes=(1, 2))
    f = TreeGroups(wavelet_tree(W), 0.4, rng.random((9, 11)), is_joint)
    x = rng.standard_normal((2, 9, 11)) + 1j * rng.standard_normal((2, 9, 11))
    np.testing.assert_allclose(f.prox(torch.asarray(x), 0.8).numpy(), f.prox(x, 0.8), atol=1e-12)
    assert np.isclose(f(torch.asarray(x)), f(x))
    single = f.prox(x.astype(np.complex64), np.float64(0.8))
    assert single.dtype == np.complex64
    np.testing.assert_allclose(single, f.prox(x, 0.8), atol=1e-5)


def test_tree_of_an_odd_wavelet_has_parents_at_half_the_place():
    W = Wavelet((11, 14), "haar", levels=2)
    parents, bands = wavelet_tree(W), {(b.level, b.orientation): b.slices for b in W.bands}
    flat, n_orphans = np.arange(11 * 14).reshape(11, 14), 0
    for (level, orientation), place in bands.items():
        above = bands.get((level + 1, orientation))
        for i, j in np.ndindex(parents[place].shape):
            parent = parents[place][i, j]
            if level == 2:
                assert parent == -1
            elif i // 2 < flat[above].shape[0] and j // 2 < flat[above].shape[1]:
                assert parent == flat[above][i // 2, j // 2]
            else:
                n_orphans += 1
                assert parent == -1
    assert n_orphans > 0


@pytest.mark.parametrize(
    "arguments, words",
    [
        (([1, 0],), "its own ancestor"),
        (([0],), "its own ancestor"),
        (([-1, 2, 3, 1],), "its own ancestor"),
        (([-2, 0],), "parents must be integers"),
        (([-1, 2],), "parents must be integers"),
        (([-1.0, 0.0],), "parents must be integers"),
        (([-1], -1.0), "weight must be"),
        (([-1], 1.0, [-1.0]), "group_weights must be"),
        (([-1], 1.0, [1.0, 1.0]), "group_weights must be"),
    ],
)
def test_refuses(arguments, words):
    with pytest.raises(ValueError, match=words):
        TreeGroups(np.array(arguments[0]), *arguments[1:])


def test_refuses_other_shapes_and_axes():
    with pytest.raises(ValueError, match="x must be"):
        TreeGroups(np.array([-1, 0]))(np.zeros(3))
    with pytest.raises(ValueError, match="step must be"):
        TreeGroups(np.array([-1, 0])).prox(np.zeros(2), 0.0)
    with pytest.raises(ValueError, match="axes must be the last"):
        wavelet_tree(Wavelet((8, 3), "haar", levels=1, axes=(0,)))
