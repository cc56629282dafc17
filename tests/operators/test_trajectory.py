"""Encoding along a trajectory: a raster is one, weights share k-space, samples can be left out."""

import numpy as np
import pytest

from corporis.operators import Cartesian, Trajectory, density_weights


def raster(shape):
    """Frequencies of a centred raster, (rows, columns, 2) in radians a pixel."""
    lines = [2 * np.pi * (np.arange(n) - n // 2) / n for n in shape]
    return np.stack(np.meshgrid(*lines, indexing="ij"), axis=-1)


def test_a_raster_is_a_trajectory(rng):
    shape = (6, 9)
    maps = rng.standard_normal((3, *shape)) + 1j * rng.standard_normal((3, *shape))
    x = rng.standard_normal(shape) + 1j * rng.standard_normal(shape)
    along = Trajectory(shape, raster(shape), maps)
    np.testing.assert_allclose(along @ x, Cartesian(shape, None, maps) @ x, atol=1e-10)
    assert along.bound >= Cartesian(shape, None, maps).bound


def test_left_out_samples_are_zero_both_ways(rng):
    shape, mask = (6, 6), rng.random((6, 6)) < 0.5
    along = Trajectory(shape, raster(shape)).keeping(mask)
    x = rng.standard_normal(shape) + 0j
    assert not np.any((along @ x)[~mask])
    np.testing.assert_allclose(along.H @ (1.0 * ~mask + 0j), 0, atol=1e-12)


def test_samples_of_a_raster_stand_for_a_pixel_and_twins_for_half():
    points = raster((8, 8))
    np.testing.assert_allclose(density_weights((8, 8), points), 1, atol=2e-3)
    twice = np.stack([points, points])
    np.testing.assert_allclose(density_weights((8, 8), twice) ** 2, 0.5, atol=2e-3)


def test_dense_samples_make_the_gridded_image_the_image():
    angle = np.pi * np.arange(60) / 60
    radius = np.pi * (np.arange(64) - 32) / 32
    points = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], -1)[:, None]
    along = Trajectory((32, 32), points, weights=density_weights((32, 32), points))
    r, c = np.mgrid[:32, :32] - 16.0
    blob = np.exp(-(r**2 + c**2) / 40) + 0j
    gridded = along.H @ (along @ blob)
    assert np.linalg.norm(gridded - blob) < 0.1 * np.linalg.norm(blob)
    assert 0.9 < along.bound < 1.2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"points": np.zeros((4, 3))}, "points must be"),
        ({"maps": np.ones((2, 5, 5))}, "maps must be"),
        ({"weights": np.ones(3)}, "weights must be"),
        ({"weights": np.zeros(4)}, "not all 0"),
        ({"weights": -np.ones(4)}, ">= 0"),
    ],
)
def test_what_does_not_fit_is_refused(change, words):
    given = {"shape": (4, 4), "points": np.zeros((4, 2)), **change}
    with pytest.raises(ValueError, match=words):
        Trajectory(**given)
