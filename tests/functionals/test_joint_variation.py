"""What channels share: special cases that reduce to plain total variation."""

import array_api_compat.torch as torch
import numpy as np
import pytest

from corporis.functionals import JointTotalVariation, TotalVariation, VectorialTotalVariation

KINDS = [JointTotalVariation, VectorialTotalVariation]


@pytest.mark.parametrize("kind", KINDS)
def test_equal_channels_cost_sqrt_of_their_number(kind, rng):
    x = rng.standard_normal((5, 6))
    f = kind((3, 5, 6), weight=0.7, spacing=(1.0, 2.0))
    plain = TotalVariation((5, 6), weight=0.7, spacing=(1.0, 2.0))
    assert np.isclose(f(np.stack([x] * 3)), np.sqrt(3) * plain(x))
    single = kind((1, 5, 6), weight=0.7, spacing=(1.0, 2.0))
    assert np.isclose(single(x[None]), plain(x))


def test_joint_asks_for_one_place_vectorial_for_one_direction_too():
    rows, columns = np.meshgrid(np.arange(4.0), np.arange(4.0), indexing="ij")
    along, across = np.stack([rows, rows]), np.stack([rows, columns])
    joint, vectorial = JointTotalVariation((2, 4, 4)), VectorialTotalVariation((2, 4, 4))
    inside = 9  # places that have differences in both directions
    assert np.isclose(vectorial(across) - joint(across), inside * (2 - np.sqrt(2)))
    assert np.isclose(vectorial(along), joint(along))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("channel_axis", [0, 1, -1])
def test_any_axis_may_hold_the_channels(kind, channel_axis, rng):
    x = rng.standard_normal((3, 4, 5)) + 1j * rng.standard_normal((3, 4, 5))
    moved = np.moveaxis(x, 0, channel_axis)
    f = kind(moved.shape, channel_axis=channel_axis)
    assert np.isclose(f(moved), kind((3, 4, 5))(x))
    assert np.isclose(f(torch.asarray(moved)), f(moved))
    step = f.penalty.prox(f.gradient_operator @ moved, 0.3)
    first = kind((3, 4, 5))
    expected = first.penalty.prox(first.gradient_operator @ x, 0.3)
    np.testing.assert_allclose(step, np.moveaxis(expected, 1, f.channel_axis + 1), atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_frames_may_be_left_out_of_the_derivatives(kind, rng):
    x = rng.standard_normal((3, 2, 4, 5))
    f = kind((3, 2, 4, 5), channel_axis=1, axes=(2, 3))
    assert np.isclose(f(x), sum(kind((2, 4, 5))(frame) for frame in x))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "options, words",
    [
        ({"weight": -1.0}, "weight must be"),
        ({"channel_axis": 3}, "channel_axis must be among"),
        ({"axes": (0, 1)}, "axes must leave out channel_axis"),
        ({"boundary": "mirror"}, "boundary must be"),
        ({"spacing": 0.0}, "spacing must be"),
    ],
)
def test_refuses(kind, options, words):
    with pytest.raises(ValueError, match=words):
        kind((2, 4, 5), **options)
