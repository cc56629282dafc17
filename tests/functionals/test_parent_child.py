"""Families of pairs: disjoint, complete, each with the exact prox, at any size."""

import array_api_compat.torch as torch
import numpy as np
import pytest

from corporis.functionals import PairFamily, ParentChild, forest
from corporis.operators import Wavelet

SIZES = [(16, 16), (16, 8), (11, 13), (7, 20), (9,), (8,), (6, 5, 9)]


def index_groups(f):
    """All groups of a family as lists of flat indices."""
    flat = np.arange(np.prod(f.wavelet.shape)).reshape(f.wavelet.shape)
    for places in f._groups:
        yield from np.stack([flat[place].reshape(-1) for place in places], axis=1).tolist()


@pytest.mark.parametrize("shape", SIZES)
def test_families_are_disjoint_and_hold_every_coefficient_once_as_child(shape):
    f = ParentChild(Wavelet(shape, "db2", levels=2))
    children = []
    assert len(f.families) == 2 ** (len(shape) + 1)
    for family in f.families:
        members = [index for group in index_groups(family) for index in group]
        assert len(set(members)) == len(members)
        children += [group[0] for group in index_groups(family)]
    assert sorted(children) == list(range(np.prod(shape)))


def test_on_a_square_pairs_are_those_of_the_paper():
    f = ParentChild(Wavelet((16, 16), "haar", levels=3))
    pairs = {tuple(group) for family in f.families for group in index_groups(family)}
    expected = set()
    for i, j in np.ndindex(16, 16):
        child = 16 * i + j
        root = i < 2 and j < 2
        expected.add((child,) if root else (child, 16 * (i // 2) + j // 2))
    assert pairs == expected
    # the diagonal of G^T G: a row of its own, and one for each of four children
    counts = np.bincount([index for pair in pairs for index in pair])
    assert set(counts) == {1, 5} and counts.reshape(16, 16)[0, 0] == 1


@pytest.mark.parametrize("channel_axis", [None, 0, -1])
@pytest.mark.parametrize("kind", [np.float64, np.complex64])
def test_prox_of_every_family_is_that_of_its_groups(channel_axis, kind, rng):
    shape = {None: (11, 13), 0: (3, 11, 13), -1: (11, 13, 3)}[channel_axis]
    axes = tuple(a for a in range(len(shape)) if channel_axis is None or a != channel_axis % 3)
    x = rng.standard_normal(shape).astype(kind)
    if kind == np.complex64:
        x += 1j * rng.standard_normal(shape).astype(np.float32)
    f = ParentChild(Wavelet(shape, "db2", 2, axes), 0.5, channel_axis)
    plane = ParentChild(Wavelet((11, 13), "db2", 2), 0.5)
    before = x.copy()
    for family, single in zip(f.families, plane.families):
        got = family.prox(x, 1.6)
        channels = x.reshape(1, -1) if channel_axis is None else None
        if channels is None:
            channels = np.moveaxis(x, channel_axis, 0).reshape(3, -1)
        expected, total = channels.copy(), 0.0
        for group in index_groups(single):
            length = np.linalg.norm(channels[:, group])
            expected[:, group] *= max(0, 1 - 0.8 / length)
            total += 0.5 * length
        back = expected.reshape(1, 11, 13) if channel_axis is None else expected.reshape(3, 11, 13)
        back = back[0] if channel_axis is None else np.moveaxis(back, 0, channel_axis)
        np.testing.assert_allclose(got, back, atol=1e-6)
        assert got.dtype == kind and np.isclose(family(x), total)
        there = torch.asarray(x)
        np.testing.assert_allclose(family.prox(there, 1.6).numpy(), got, atol=1e-6)
    np.testing.assert_array_equal(x, before)


def test_batches_are_trees_of_their_own(rng):
    x = rng.standard_normal((3, 8, 8))
    f = ParentChild(Wavelet((3, 8, 8), "haar", 2, axes=(1, 2)))
    single = ParentChild(Wavelet((8, 8), "haar", 2))
    assert np.isclose(f(x), sum(single(plane) for plane in x))


def test_one_channel_of_a_forest_is_a_tree(rng):
    x = rng.standard_normal((1, 8, 8))
    f = forest(Wavelet((1, 8, 8), "haar", 2, axes=(1, 2)), 0.7, channel_axis=0)
    assert np.isclose(f(x), ParentChild(Wavelet((8, 8), "haar", 2), 0.7)(x[0]))


def test_roots_may_be_spared():
    W = Wavelet((8, 8), "haar", 2)
    x = np.zeros((8, 8))
    x[0, 0] = 5.0  # a root without children
    assert ParentChild(W)(x) == 5 and ParentChild(W, spares_roots=True)(x) == 0


@pytest.mark.parametrize(
    "options, words",
    [
        ({"weight": -1.0}, "weight must be"),
        ({"channel_axis": 1}, "channel_axis must be an axis"),
        ({"channel_axis": 5}, "channel_axis must be an axis"),
    ],
)
def test_refuses(options, words):
    W = Wavelet((2, 8, 8), "haar", 2, axes=(1, 2))
    with pytest.raises(ValueError, match=words):
        ParentChild(W, **options)
    with pytest.raises(ValueError, match=words):
        PairFamily(W, 0, (0, 0), **options)
    with pytest.raises(ValueError, match="step must be"):
        ParentChild(W).families[0].prox(np.zeros((2, 8, 8)), -1.0)
