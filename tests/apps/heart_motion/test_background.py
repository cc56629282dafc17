"""Tags keep their contrast, and what is under them goes."""

import numpy as np
import pytest

from corporis.apps.heart_motion.background import blank, without_background


def film(rng):
    """Tags over a brightness that rises, with a corner rotated out of the field of view."""
    rows, columns = np.indices((48, 48))
    tags = np.cos(2 * np.pi * (rows + 0.4 * columns) / 6)
    images = np.stack([40 + rows + 10 * tags, 60 + columns + 5 * tags])
    corner = rows + columns > 76
    images[:, corner] = 0
    return images, tags, corner


def test_only_tags_are_left(rng):
    images, tags, corner = film(rng)
    left = without_background(images, 6.0)
    inside = np.zeros_like(corner)
    inside[8:36, 8:36] = True
    for image, contrast in zip(left, (10, 5)):
        fitted = image[inside] @ tags[inside] / (tags[inside] @ tags[inside])
        assert 0.8 * contrast < fitted < 1.05 * contrast
        assert np.corrcoef(image[inside], tags[inside])[0, 1] > 0.98
    assert np.all(left[:, corner] == 0)


def test_the_edge_of_the_corner_has_no_wave_of_its_own(rng):
    _, _, corner = film(rng)
    flat = np.where(corner, 0.0, 50.0) * np.ones((3, 1, 1))
    assert np.abs(without_background(flat, 6.0)).max() < 1e-9


def test_dark_muscle_is_not_blank(rng):
    images = np.abs(rng.standard_normal((4, 30, 30)))
    assert not blank(images).any()
    images[:, 3, 4] = 0  # one pixel is a chance
    assert not blank(images).any()
    with pytest.raises(ValueError, match="spacing_px"):
        without_background(images, 0.0)
