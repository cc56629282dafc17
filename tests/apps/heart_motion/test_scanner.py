"""The scanner: scattered points as their Dirichlet kernels, against the sum itself."""

import numpy as np
import pytest

from corporis.apps.heart_motion.scanner import Scanner
from corporis.phantoms import TaggedWall


def dirichlet(distance, n):
    """The kernel of n frequencies, the outermost shared by both signs."""
    k = np.arange(-(n // 2), n // 2 + 1)
    weight = np.where(np.abs(k) == n // 2, 0.5, 1.0)
    return np.cos(2 * np.pi * np.multiply.outer(distance, k) / n) @ weight / n


def test_points_are_their_kernels(rng):
    # two points of one value apart by a pixel cancel the outermost frequency
    places = rng.uniform(-3, 25, (2, 7, 2))
    values = rng.standard_normal((2, 7, 3))
    found = Scanner((20, 24))(places, values)
    rows = dirichlet(np.arange(20)[:, None] - places[..., None, :, 0], 20)
    columns = dirichlet(np.arange(24)[:, None] - places[..., None, :, 1], 24)
    truth = np.einsum("tyn,txn,tnc->tcyx", rows, columns, values)
    spectrum = [np.fft.fft2(image) for image in (found, truth)]
    inner = np.ones((20, 24), dtype=bool)
    inner[10], inner[:, 12] = False, False
    np.testing.assert_allclose(spectrum[0][..., inner], spectrum[1][..., inner], atol=2e-4)


def test_the_sum_of_the_image_is_the_sum_of_the_values(rng):
    values = rng.standard_normal((1, 9, 1))
    image = Scanner((16, 16))(rng.uniform(0, 15, (1, 9, 2)), values)
    assert abs(image.sum() - values.sum()) < 1e-5


def test_a_wall_made_of_points_is_the_phantom():
    wall = TaggedWall(n_frames=1)
    angle = 2 * np.pi * np.arange(300) / 300
    radius, weight = np.polynomial.legendre.leggauss(30)
    radius = 30 + 5 * radius
    around = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    rest = (radius[:, None, None] * around).reshape(-1, 2)
    area = np.repeat(5 * weight * radius * 2 * np.pi / 300, 300) / wall.pixel_mm**2
    tags = np.prod([(1 + np.cos(rest @ k)) / 2 for k in wall.wave_vectors], axis=0)
    places = rest / wall.pixel_mm + (wall.side - 1) / 2
    made = Scanner((64, 64))(places[None], (area * tags)[None, :, None])[0, 0]
    # the phantom has edges of one fine pixel and an outermost frequency of one sign
    assert np.abs(made - wall.clean()[0].real).max() < 0.015


def test_bad_values_are_refused():
    with pytest.raises(ValueError, match="must be even"):
        Scanner((15, 16))
