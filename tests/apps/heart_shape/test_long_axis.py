"""Long-axis views: what lies between the slices, read off intensities."""

from dataclasses import replace

import numpy as np
import pytest

from apps.heart_shape.known import Ellipsoid
from corporis.apps.heart_shape import Rigidity
from corporis.apps.heart_shape.body import ANGLES
from corporis.apps.heart_shape.long_axis import long_axis_observations
from corporis.apps.heart_shape.outline import look, outline
from corporis.apps.heart_shape.planes import LongAxis
from corporis.imaging.image import Image

HEART = Ellipsoid(squeeze=(1.0, 0.5))
BODY = HEART.body(8)
GAP = BODY.frame.gap
PIXEL, SIDE = 1.2, 110
PHASES = np.array([0.0, 0.5])


def view_of(heart, *, off=0.0, turn=0.0, contrast=1.0, noise=0.02, flip=False):
    """An image through the axis (or `off` mm beside it); the base lies at half a gap above 0."""
    across = np.array([np.cos(turn), np.sin(turn), 0.0])
    normal = np.array([-np.sin(turn), np.cos(turn), 0.0]) * (-1 if flip else 1)
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1], affine[:3, 2] = normal * 6, [0, 0, PIXEL], across * PIXEL
    start = -0.5 * (SIDE - 1) * PIXEL * across + off * normal * (-1 if flip else 1)
    affine[:3, 3] = start + np.array([0, 0, -0.5 * GAP - 25])
    rows, columns = np.meshgrid(np.arange(SIDE), np.arange(SIDE), indexing="ij")
    height = PIXEL * rows - 25
    square = (PIXEL * (columns - 0.5 * (SIDE - 1))) ** 2 + off**2
    frames = []
    for t in range(heart.n_times):
        cavity = np.where(height >= 0, heart.cavity(height, t), 0)
        outer = np.maximum(cavity, 0) + np.where(height >= 0, heart.muscle(height), 0)
        image = np.where(square < outer, 0.35, 0.15)
        image = np.where(square < cavity, 0.35 + 0.65 * contrast, image)
        frames.append(image)
    frames = np.array(frames) + noise * np.random.default_rng(0).normal(size=(2, SIDE, SIDE))
    image = Image(frames, ("time", "row", "column"), affine)
    return LongAxis("view", frames.astype(np.float32), image, PHASES)


def heights(seen):
    """Distance from the base of each observation."""
    return GAP * (seen.level / BODY.grid.per_slice - 1 + 0.5)


@pytest.mark.parametrize("turn", [0.0, 0.9])
@pytest.mark.parametrize("flip", [False, True])
def test_squares_are_those_of_the_ellipsoid(turn, flip):
    seen = long_axis_observations(view_of(HEART, turn=turn, flip=flip), BODY, PHASES, plane=3)
    assert np.all(seen.plane == 3)
    side = np.mod(turn / (2 * np.pi) * ANGLES, ANGLES / 2)
    np.testing.assert_allclose(np.mod(seen.angle, ANGLES / 2), side, atol=1e-6)
    assert len(np.unique(np.round(seen.angle, 6))) == 2
    high = heights(seen)
    inside = (high > 4) & (high < 60)
    for t in (0, 1):
        wanted = np.sqrt(HEART.cavity(high[inside], t))
        np.testing.assert_allclose(np.sqrt(seen.value[inside, t]), wanted, atol=1.3)
        assert not seen.ceiling[inside, t].any()
        assert np.all(seen.spread[inside, t] > 2 * wanted)  # at least a millimetre


def test_below_the_apex_there_is_only_an_upper_bound():
    seen = long_axis_observations(view_of(HEART), BODY, PHASES)
    below = heights(seen) > HEART.length + 1
    assert below.sum() >= 2
    assert seen.ceiling[below].all() and not seen.value[below].any()


def test_the_image_is_believed_and_not_the_body():
    """A body that is 3 mm too narrow still finds the wall where the image shows it."""
    narrow = Ellipsoid(22.0, HEART.length, 12.0, HEART.squeeze).body(8)
    seen = long_axis_observations(view_of(HEART), narrow, PHASES)
    high = heights(seen)
    inside = (high > 10) & (high < 50)
    found = np.sqrt(seen.value[inside, 0])
    wanted = np.sqrt(HEART.cavity(high[inside], 0))
    body = np.sqrt(Ellipsoid(22.0).cavity(high[inside], 0))
    assert np.abs(found - wanted).mean() < 0.35 * np.abs(body - wanted).mean()


def test_a_view_beside_the_axis_is_put_in_its_place():
    off = 6.0
    seen = long_axis_observations(view_of(HEART, off=off), BODY, PHASES)
    high = heights(seen)
    inside = (high > 8) & (high < 50)
    np.testing.assert_allclose(
        np.sqrt(seen.value[inside, 0]), np.sqrt(HEART.cavity(high[inside], 0)), atol=1.3
    )
    # the two sides are no longer opposite: both lean towards the view
    angle = seen.angle[inside] / ANGLES * 2 * np.pi
    assert np.all(np.sin(angle) > 0.15)


def test_views_that_cannot_help_are_left_out():
    assert long_axis_observations(view_of(HEART, contrast=0.02), BODY, PHASES) is None
    assert long_axis_observations(view_of(HEART, off=60.0), BODY, PHASES) is None
    affine = np.eye(4)
    affine[:3, :3] = np.array([[0, 0, 1.2], [0, 1.2, 0], [8.0, 0, 0]])
    parallel = Image(np.ones((2, SIDE, SIDE)), ("time", "row", "column"), affine)
    parallel = LongAxis("parallel", np.ones((2, SIDE, SIDE), np.float32), parallel, PHASES)
    assert long_axis_observations(parallel, BODY, PHASES) is None


def test_frames_are_brought_to_the_phases_of_the_short_axis():
    view = view_of(HEART)
    late = replace(view, frames=view.frames[::-1].copy(), phases=PHASES)
    first = long_axis_observations(view, BODY, PHASES)
    second = long_axis_observations(late, BODY, np.array([0.5, 0.0]))
    inside = (heights(first) > 8) & (heights(first) < 50)
    np.testing.assert_allclose(second.value[inside], first.value[inside], rtol=0.12)
    still = replace(view, frames=view.frames[:1], phases=PHASES[:1])
    both = long_axis_observations(still, BODY, PHASES)
    assert both.value.shape[1] == 2


def test_outlines_lean_towards_the_view_where_slices_are_far_apart():
    """The tip lies half way between two slices: the view tells how the ventricle ends."""
    long = Ellipsoid(25.0, 68.0, 9.0, (1.0, 0.5))
    maps, stack = long.maps(5, gap=18.0), long.stack(5, gap=18.0)
    seen = look(maps, stack.missing)
    view = view_of(long)
    affine = view.image.affine.copy()
    # slices begin 5 mm below the base, about the middle of a 64-pixel image
    affine[:3, 3] += [31.5 * 1.5, 31.5 * 1.5, 0.5 * GAP - 5]
    view = replace(view, image=replace(view.image, affine=affine))
    without = outline(stack, seen, Rigidity())
    with_view = outline(stack, seen, Rigidity(), views=[view])
    truth = (68.0 - 5) / 18
    off = [abs(f.body.ends.apex[0] - truth) for f in (without, with_view)]
    assert off[1] < off[0]
    position = without.body.grid.slice_positions
    near = (position > 3.1) & (position < 4.0)  # between the last two slices
    wanted = np.maximum(long.cavity(18 * position[near] + 5, 0), 0)
    off = [np.abs(f.body.cavity[near, :, 0].mean(axis=1) - wanted) for f in (without, with_view)]
    assert np.all(off[1] < 0.95 * off[0])
    in_pixels = replace(stack, length_unit="pixel")
    same = outline(in_pixels, seen, Rigidity(), views=[view])
    np.testing.assert_array_equal(same.body.cavity, without.body.cavity)
