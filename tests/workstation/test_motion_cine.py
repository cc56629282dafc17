"""Which studies are plain cine of crossing planes."""

import numpy as np

from corporis.apps.heart_motion import Given
from corporis.imaging import Image, demo_study, read
from corporis.interfaces import Case
from corporis.phantoms import VirtualHeart, long_axis, short_axis
from corporis.workstation.motion_cine import is_cine_study


def test_what_counts_as_a_cine_study(rng):
    case = read(demo_study())
    assert is_cine_study(case, Given())
    assert not is_cine_study(case, Given([(30.0, 30.0, 8.0, 12.0)]))
    image = Image(rng.random((5, 9, 9)), ("time", "row", "column"), np.eye(4))
    assert not is_cine_study(Case("a", {"one": image, "two": image}), Given())  # none crosses


def test_tags_on_crossing_planes_are_no_plain_cine():
    heart, phases = VirtualHeart(), np.arange(4) / 8
    planes = {"a": short_axis(40.0), "b": long_axis(0.0, 42.0)}
    images = {}
    for name, plane in planes.items():
        affine = np.eye(4)
        affine[:3, 1:3] = plane.steps.T
        affine[:3, 0], affine[:3, 3] = np.cross(*plane.steps), plane.origin
        film = plane.images(heart, phases, 20.0)
        images[name] = Image(film, ("time", "row", "column"), affine)
    assert not is_cine_study(Case("a", images), Given())
    plain = {k: v.with_data(v.data * 0 + np.indices(v.data.shape)[1]) for k, v in images.items()}
    assert is_cine_study(Case("a", plain), Given())
