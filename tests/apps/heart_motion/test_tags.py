"""Tags found from the spectrum: spacing, direction and phase of known patterns."""

import numpy as np
import pytest

from corporis.apps.heart_motion import find_tags
from corporis.errors import NotFound
from corporis.phantoms import TaggedWall


def pattern(vectors, phases, side=64):
    """A product of raised cosines."""
    y, x = np.mgrid[:side, :side]
    return np.prod([1 + np.cos(k[0] * y + k[1] * x + p) for k, p in zip(vectors, phases)], axis=0)


@pytest.mark.parametrize("spacing", [4.0, 5.3, 8.1])
@pytest.mark.parametrize("angle", [0.0, 0.4, 1.1])
def test_spacing_direction_and_phase_of_a_grid(spacing, angle):
    angles = np.array([angle, angle + np.pi / 2])
    vectors = 2 * np.pi / spacing * np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    image = pattern(vectors, [0.3, -1.0])
    tags = find_tags(image)
    np.testing.assert_allclose(tags.spacing_px, spacing, rtol=4e-3)
    turn = np.sort(np.rad2deg(np.mod(angles, np.pi)))
    np.testing.assert_allclose(np.sort(np.mod(tags.angle_deg + 1e-3, 180)), turn, atol=0.5)
    # at the middle of the image the pattern is brightest where both phases vanish
    y, x = np.mgrid[20:44, 20:44]
    places = np.stack([y, x], axis=-1)
    seen = np.prod(1 + np.cos(tags.phase(places)), axis=-1)
    assert np.corrcoef(seen.ravel(), image[20:44, 20:44].ravel())[0, 1] > 0.99


def test_lines_are_one_family():
    assert len(find_tags(pattern([[0.0, 1.2]], [0.0])).phases) == 1


@pytest.mark.parametrize("snr", [np.inf, 10.0, 5.0])
def test_tags_of_the_phantom(snr):
    wall = TaggedWall(n_frames=1)
    tags = find_tags(wall.images(snr, seed=2)[0])
    np.testing.assert_allclose(tags.spacing_px, 4.0, rtol=0.02)
    np.testing.assert_allclose(np.sort(tags.angle_deg), [-45, 45], atol=1.0)


def test_noise_has_no_tags(rng):
    for _ in range(5):
        with pytest.raises(NotFound, match="no tags between"):
            find_tags(np.abs(rng.standard_normal((64, 64))))
