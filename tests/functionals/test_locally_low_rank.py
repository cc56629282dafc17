"""Blocks of a series against singular values by hand."""

import array_api_compat.torch as torch
import numpy as np
import pytest

from corporis.functionals import LocallyLowRank, Nuclear

CASES = [((4, 6, 8), 2, 0), ((4, 7, 5), (3, 2), (1, -2)), ((3, 9), 4, 2), ((2, 4, 5, 3), 2, 1)]


def by_hand(f, x, treat):
    """`treat` every block (n_frames, n_voxels) of the rolled series, in plain loops."""
    grid, axes = f.shape[1:], tuple(range(1, len(f.shape)))
    rolled = np.roll(x, f.shift, axes)
    result = rolled.copy()
    starts = [range(0, n, size) for n, size in zip(grid, f.block)]
    for corner in np.array(np.meshgrid(*starts, indexing="ij")).reshape(len(grid), -1).T:
        place = (slice(None), *(slice(c, c + size) for c, size in zip(corner, f.block)))
        block = rolled[place]
        result[place] = treat(block.reshape(len(block), -1)).reshape(block.shape)
    return np.roll(result, [-s for s in f.shift], axes)


@pytest.mark.parametrize("shape, block, shift", CASES)
@pytest.mark.parametrize("is_complex", [False, True])
def test_every_block_has_its_singular_values_shrunk(shape, block, shift, is_complex, rng):
    x = rng.standard_normal(shape) + (1j * rng.standard_normal(shape) if is_complex else 0)
    f, seen = LocallyLowRank(shape, block, 0.5, shift), []

    def shrink(matrix):
        left, values, right = np.linalg.svd(matrix, full_matrices=False)
        seen.append(values)
        return (left * np.maximum(values - 0.4, 0)) @ right

    before = x.copy()
    np.testing.assert_allclose(f.prox(x, 0.8), by_hand(f, x, shrink), atol=1e-12)
    assert np.isclose(f(x), 0.5 * sum(values.sum() for values in seen))
    assert np.isclose(f.polar(x), max(values.max() for values in seen) / 0.5)
    np.testing.assert_array_equal(x, before)
    there = torch.asarray(x)
    np.testing.assert_allclose(f.prox(there, 0.8).numpy(), f.prox(x, 0.8), atol=1e-12)
    np.testing.assert_array_equal(there.numpy(), before)
    assert np.isclose(f(there), f(x))


def test_one_block_is_the_nuclear_norm(rng):
    x = rng.standard_normal((4, 3, 5))
    f, g = LocallyLowRank((4, 3, 5), (3, 5), 0.5), Nuclear(0.5)
    assert np.isclose(f(x), g(x.reshape(4, 15)))
    np.testing.assert_allclose(
        f.prox(x, 0.7).reshape(4, 15), g.prox(x.reshape(4, 15), 0.7), atol=1e-12
    )


def test_a_still_image_needs_one_value_in_each_block(rng):
    still = np.stack([rng.standard_normal((6, 6))] * 5)
    lengths = [np.linalg.norm(still[:, r : r + 3, c : c + 3]) for r in (0, 3) for c in (0, 3)]
    assert np.isclose(LocallyLowRank((5, 6, 6), 3)(still), sum(lengths))


@pytest.mark.parametrize(
    "options, words",
    [
        ({"shape": (3,)}, r"shape must be \(n_frames"),
        ({"block": 0}, "block must be >= 1"),
        ({"block": (2, 2, 2)}, "block must be >= 1"),
        ({"shift": (1,)}, "shift must be"),
        ({"weight": -1.0}, "weight must be"),
    ],
)
def test_refuses(options, words):
    with pytest.raises(ValueError, match=words):
        LocallyLowRank(**{"shape": (3, 4, 5), "block": 2, **options})
    with pytest.raises(ValueError, match="step must be"):
        LocallyLowRank((3, 4, 5)).prox(np.zeros((3, 4, 5)), 0.0)
    with pytest.raises(ValueError, match="must have shape"):
        LocallyLowRank((3, 4, 5)).prox(np.zeros((3, 4)), 1.0)
    assert LocallyLowRank((2, 2), weight=0.0).polar(np.ones((2, 2))) == np.inf
