"""Plain cine: a chamber whose beat is known, drawn on five planes."""

import numpy as np
import pytest

from corporis.apps.heart_motion import CineMotion, CineSlice, phases_of
from corporis.apps.heart_motion.cine import section
from corporis.deformables import Registration
from corporis.interfaces import Mesh
from corporis.shapes import grid_surface, point_to_surface

N_FRAMES, PIXEL_MM, SIDE = 10, 2.0, 48
RADII = np.array([20.0, 20.0, 36.0])


def scale(phase):
    """Of the chamber: 30 % narrower and 15 % shorter in the middle of the beat."""
    return 1 - np.sin(np.pi * phase) ** 2 * np.array([0.3, 0.3, 0.15])


def chamber(phase):
    """An ellipsoid about (0, 0, 0)."""
    level, angle = np.linspace(-0.95, 0.95, 15), 2 * np.pi * np.arange(24) / 24
    ring = np.sqrt(1 - level**2)
    x, y = ring[:, None] * np.cos(angle), ring[:, None] * np.sin(angle)
    points = np.stack([x, y, level[:, None] + 0 * x], axis=-1).reshape(-1, 3)
    points = np.concatenate([points, [[0, 0, 1.0]], [[0, 0, -1.0]]])
    return Mesh(points * RADII * scale(phase), grid_surface(15, 24))


def film(along_rows, along_columns, middle, spoilt=False):
    """A plane through `middle`: bright blood, a grey wall, a still surrounding."""
    steps = PIXEL_MM * np.array([along_rows, along_columns], dtype=float)
    origin = np.asarray(middle, dtype=float) - 0.5 * (SIDE - 1) * steps.sum(axis=0)
    row, column = np.indices((SIDE, SIDE))
    x = origin + row[..., None] * steps[0] + column[..., None] * steps[1]
    phases, images = np.arange(N_FRAMES) / N_FRAMES, []
    for phase in phases:
        # the wall follows the chamber and fades with distance
        depth = np.linalg.norm(x / (RADII * scale(phase)), axis=-1)
        wall = np.linalg.norm(x / (RADII * (0.4 * scale(phase) + 0.6) * 1.45), axis=-1)
        blood, muscle = (0.5 - 0.5 * np.tanh(8 * (d - 1)) for d in (depth, wall))
        still = 40 * np.cos(x.sum(axis=-1) / 9)
        images.append(200 * blood + 60 * muscle + (1 - muscle) * (150 + still))
    if spoilt:
        images = [np.roll(image, 5 * (k % 3), axis=0) for k, image in enumerate(images)]
    return CineSlice(np.stack(images), origin, steps, phases)


def planes():
    short = [film([0, 1, 0], [1, 0, 0], [0, 0, z]) for z in (-20, 0, 20)]
    return [*short, film([0, 0, 1], [1, 0, 0], [0, 0, 0]), film([0, 0, 1], [0, 1, 0], [0, 0, 0])]


def off(found, phases):
    return [
        float(point_to_surface(now, chamber(phase)).mean()) for now, phase in zip(found, phases)
    ]


def test_a_beating_chamber_is_followed():
    phases = np.array([0.0, 0.2, 0.5, 0.8])
    fit = CineMotion(n_waves=3)(planes(), chamber(0.0), phases)
    found = off(fit.surface.points, phases)
    still = off([chamber(0.0).points] * 4, phases)
    assert found[0] == pytest.approx(0, abs=1e-6)
    assert max(found) < 0.6 and max(still) > 3
    assert fit.trust.min() > 0.5


def test_a_spoilt_plane_is_set_aside_and_named():
    slices = planes()
    slices[1] = film([0, 1, 0], [1, 0, 0], [0, 0, 0], spoilt=True)
    phases = np.array([0.0, 0.5])
    fit = CineMotion(n_waves=3)(slices, chamber(0.0), phases)
    assert np.nanargmin(fit.trust) == 1 and fit.trust[1] < 0.5
    assert off(fit.surface.points, phases)[1] < 1.5


def test_points_ride_on_a_shift():
    still = film([0, 1, 0], [1, 0, 0], [0, 0, 0])
    images = np.stack([np.roll(still.images[0], k, axis=0) for k in (0, 1, 2, 1)])
    moving = CineSlice(images, still.origin, still.steps, np.arange(4) / 4)
    places = np.array([[20.0, 0, 0], [0, 20.0, 0], [-14, 14, 0]])
    ridden = CineMotion(registration=Registration()).ridden(moving, places)
    np.testing.assert_allclose(ridden[2], np.tile([0, 2 * PIXEL_MM, 0], (3, 1)), atol=0.4)


def test_a_section_lies_on_the_plane():
    normal = np.array([0.6, 0.0, 0.8])
    cut = section(chamber(0.0), np.array([1.0, 2.0, 3.0]), normal)
    np.testing.assert_allclose((cut - [1.0, 2.0, 3.0]) @ normal, 0, atol=1e-9)
    assert len(cut) > 24


def test_pixels_invert_the_steps():
    plane = film([0, 0.6, 0.8], [1, 0, 0], [5, 6, 7])
    at = np.array([[3.0, 8.0], [10.0, 0.5]])
    np.testing.assert_allclose(plane.pixels(plane.origin + at @ plane.steps), at)


def test_bad_slices_are_refused():
    whole = film([0, 1, 0], [1, 0, 0], [0, 0, 0])
    with pytest.raises(ValueError, match="increase"):
        CineSlice(whole.images, whole.origin, whole.steps, whole.phases[::-1])
    with pytest.raises(ValueError, match="4"):
        CineSlice(whole.images[:3], whole.origin, whole.steps, whole.phases[:3])
    with pytest.raises(ValueError, match="origin"):
        CineSlice(whole.images, whole.origin[:2], whole.steps, whole.phases)
    far = film([0, 1, 0], [1, 0, 0], [0, 0, 900])
    with pytest.raises(ValueError, match="cuts none"):
        CineMotion()([far], chamber(0.0), np.array([0.0, 0.5]))


def test_phases_fill_the_beat():
    assert phases_of([10.0, 20.0, 30.0, 40.0]).tolist() == [0.0, 0.25, 0.5, 0.75]
