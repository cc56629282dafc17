"""Plain harmonic phase tracking: exact on plane motions, and lost beyond half a tag."""

import numpy as np
import pytest

from apps.heart_motion.known import rest_of
from corporis.apps.heart_motion import HarmonicTracking, Tags
from corporis.phantoms import TaggedWall

TAGS = Tags(np.array([[0.0, np.pi / 4], [np.pi / 4, 0.0]]), np.zeros(2))


def grid(backward):
    """An endless grid whose material point at each pixel is given."""
    places = np.stack(np.mgrid[:64, :64], axis=-1).astype(float)
    rest = backward(places)
    return np.prod(1 + np.cos(TAGS.phase(rest)), axis=-1)


def test_an_affine_motion_is_found_with_its_gradient():
    F = np.array([[0.93, 0.04], [-0.03, 1.06]])
    shift, middle = np.array([0.5, -0.7]), np.array([32.0, 32.0])
    inverse = np.linalg.inv(F)
    images = np.stack(
        [grid(lambda x: x), grid(lambda x: (x - middle - shift) @ inverse.T + middle)]
    )
    rest = middle + np.random.default_rng(0).uniform(-8, 8, (30, 2))
    places, gradient = HarmonicTracking()(images, TAGS, rest)
    np.testing.assert_array_equal(places[0], rest)
    np.testing.assert_allclose(places[1], (rest - middle) @ F.T + middle + shift, atol=0.1)
    np.testing.assert_allclose(gradient[1], np.broadcast_to(F, (30, 2, 2)), atol=0.04)


@pytest.mark.parametrize("step, right", [(3.5, True), (4.5, False)])
def test_half_a_tag_is_its_limit(step, right):
    images = np.stack([grid(lambda x: x), grid(lambda x: x - [0.0, step])])
    places, _ = HarmonicTracking()(images, TAGS, np.array([[30.0, 33.0]]))
    wanted = 33.0 + step - (0 if right else 8.0)
    np.testing.assert_allclose(places[1], [[30.0, wanted]], atol=1e-3)


def test_on_the_phantom_a_third_of_a_millimetre():
    wall = TaggedWall(n_frames=12)
    rest, pixels = rest_of(wall)
    wave = wall.wave_vectors * wall.pixel_mm
    tags = Tags(wave, -wave @ np.full(2, (wall.side - 1) / 2))
    places, _ = HarmonicTracking()(wall.images(), tags, pixels)
    truth = np.stack([wall.forward(rest, t) for t in wall.times_ms])
    found = (places - (wall.side - 1) / 2) * wall.pixel_mm
    errors = np.linalg.norm(found - truth, axis=-1)
    assert np.median(errors[1:]) < 0.3


def test_bad_values_are_refused():
    with pytest.raises(ValueError, match="n_steps"):
        HarmonicTracking(n_steps=0)
