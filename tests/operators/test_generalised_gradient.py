"""Derivatives of slopes: ramps cost nothing, and second differences are centred."""

import numpy as np
import pytest

from corporis.operators import Component, GeneralisedGradient


def test_ramps_with_their_slopes_vanish_up_to_the_border():
    z, y, x = np.meshgrid(np.arange(3.0), np.arange(4.0), np.arange(5.0), indexing="ij")
    spacing = (8.0, 2.0, 1.0)
    image = 2 * 8 * z + 3 * 2 * y - x + 7
    slopes = [np.full(image.shape, slope) for slope in (2.0, 3.0, -1.0)]
    image_and_slopes = np.stack([image, *slopes])
    assert np.abs(GeneralisedGradient((3, 4, 5), spacing=spacing) @ image_and_slopes).max() < 1e-12


def test_changes_of_slope_are_the_centred_symmetric_derivative(rng):
    n = 6
    A = GeneralisedGradient((n, n), boundary="cyclic")
    x, v = rng.standard_normal((n, n)), rng.standard_normal((2, n, n))
    compared, (rows, mixed, columns) = np.split(A @ np.stack([x, *v]), [2])
    np.testing.assert_allclose(compared[0], np.roll(x, -1, 0) - x - v[0], atol=1e-12)
    np.testing.assert_allclose(compared[1], np.roll(x, -1, 1) - x - v[1], atol=1e-12)
    back = [[part - np.roll(part, 1, axis) for axis in (0, 1)] for part in v]
    np.testing.assert_allclose(rows, back[0][0], atol=1e-12)
    np.testing.assert_allclose(columns, back[1][1], atol=1e-12)
    np.testing.assert_allclose(mixed, (back[0][1] + back[1][0]) / np.sqrt(2), atol=1e-12)
    # with the slopes of the image, the second difference about each sample
    gradient = np.stack([np.roll(x, -1, 0) - x, np.roll(x, -1, 1) - x])
    changes = (A @ np.stack([x, *gradient]))[2:]
    np.testing.assert_allclose(changes[0], np.roll(x, -1, 0) - 2 * x + np.roll(x, 1, 0), atol=1e-12)


def test_one_component_of_many(rng):
    x = rng.standard_normal((3, 4))
    np.testing.assert_array_equal(Component((3, 4), -1) @ x, x[2])
    with pytest.raises(ValueError, match="index must be among"):
        Component((3, 4), 3)
    with pytest.raises(ValueError, match="index must be among"):
        Component((), 0)


@pytest.mark.parametrize(
    "options", [{"axes": (2,)}, {"spacing": 0.0}, {"boundary": "mirror"}, {"axes": (0, 0)}]
)
def test_refuses(options):
    with pytest.raises(ValueError, match="must"):
        GeneralisedGradient((3, 4), **options)
