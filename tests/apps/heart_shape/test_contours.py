"""Outlines and masks on the images, from bodies that are known."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from apps.heart_shape.known import Ellipsoid, affine_of, ends_of, stack_of, tube
from corporis.apps.heart_shape.body import ANGLES, Rigidity
from corporis.apps.heart_shape.contours import long_axis_contours, slice_contours, slice_labels
from corporis.apps.heart_shape.outline import look, outline
from corporis.apps.heart_shape.planes import LongAxis
from corporis.apps.heart_shape.rebuild import RightBody, left_surface
from corporis.imaging.image import Image
from corporis.shapes import contour_area, dice

PIXEL, SIDE = 1.5, 72
CENTRE = 0.5 * (SIDE - 1) * PIXEL


def placed(body, slips=None):
    """The body in the middle of the images, slices slipped by (x, y) in mm."""
    line = np.full((body.grid.n_slices, 2), CENTRE)
    centres = line if slips is None else line + slips
    return replace(body, frame=replace(body.frame, line=line, centres=centres))


def found_of(body, right=None):
    return SimpleNamespace(body=body, right=right)


def stack_for(body, origin=(0.0, 0.0, 0.0)):
    shape = (body.grid.n_slices, len(body.ends.base), SIDE, SIDE)
    return stack_of(np.zeros(shape), affine_of(PIXEL, body.frame.gap, origin=origin))


def disc(centre, radius):
    rows, columns = np.indices((SIDE, SIDE))
    return np.hypot(rows - centre[0], columns - centre[1]) < radius


def test_outlines_are_circles_of_the_fitted_radius():
    body = placed(tube(20.0, 8.0, squeeze=(1.0, 0.49)))
    found = slice_contours(stack_for(body), found_of(body))
    assert set(found) == {"cavity", "outer"}
    assert len(found["cavity"]) == 6 and len(found["cavity"][0]) == 2
    for name, radii in (("cavity", (20, 14)), ("outer", (28, np.sqrt(196 + 384)))):
        for t, radius in enumerate(radii):
            ring = found[name][2][t]
            away = np.hypot(*(ring - 0.5 * (SIDE - 1)).T) * PIXEL
            np.testing.assert_allclose(away, radius, rtol=1e-9)
            assert len(ring) == 4 * ANGLES
    # angle 0 points along columns, a quarter turn along rows
    ring = found["cavity"][2][0] - 0.5 * (SIDE - 1)
    np.testing.assert_allclose(ring[0] * PIXEL, [0, 20], atol=1e-9)
    np.testing.assert_allclose(ring[ANGLES] * PIXEL, [20, 0], atol=1e-9)


def test_between_fitted_angles_outlines_are_band_limited():
    angle = 2 * np.pi * np.arange(ANGLES) / ANGLES
    body = placed(tube())
    body.cavity[:] = ((20 + 2 * np.cos(3 * angle)) ** 2)[None, :, None]
    ring = slice_contours(stack_for(body), found_of(body))["cavity"][1][0]
    away = np.hypot(*(ring - 0.5 * (SIDE - 1)).T) * PIXEL
    fine = 2 * np.pi * np.arange(4 * ANGLES) / (4 * ANGLES)
    np.testing.assert_allclose(away, 20 + 2 * np.cos(3 * fine), atol=1e-9)


def test_a_slipped_slice_is_drawn_where_it_was_imaged():
    slips = np.zeros((6, 2))
    slips[3] = [6.0, -4.5]  # columns, rows
    body = placed(tube(), slips)
    stack = stack_for(body)
    found = slice_contours(stack, found_of(body))["cavity"]
    middle = np.array([ring[0].mean(axis=0) for ring in found]) - 0.5 * (SIDE - 1)
    np.testing.assert_allclose(np.delete(middle, 3, axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(middle[3] * PIXEL, [-4.5, 6.0], atol=1e-9)
    mesh = left_surface(body, "cavity").points[0]  # and the mesh where it belongs
    np.testing.assert_allclose(mesh[:-2, :2].mean(axis=0), CENTRE, atol=1e-9)


def test_images_may_begin_anywhere_in_the_frame():
    body = placed(tube())
    moved = replace(body, frame=replace(body.frame, origin=np.array([7.0, -3.0, 0.0])))
    stack = stack_for(moved, (7.0, -3.0, 0.0))
    ring = slice_contours(stack, found_of(moved))["cavity"][0][0]
    np.testing.assert_allclose(ring.mean(axis=0), 0.5 * (SIDE - 1), atol=1e-9)


@pytest.mark.parametrize("towards", [1, -1])
def test_beyond_the_ends_nothing_is_drawn(towards):
    body = tube(n_slices=8)
    ends = ends_of(body.grid, 1.7, 4.4, 1, towards)
    outer_ends = ends_of(body.grid, 1.7, 5.2, 1, towards)
    body = placed(replace(body, ends=ends, outer_ends=outer_ends))
    found = slice_contours(stack_for(body), found_of(body))
    drawn = {
        name: [s for s in range(8) if found[name][s if towards > 0 else 7 - s][0] is not None]
        for name in found
    }
    # A slice more than half of whose thickness lies below the base shows the heart.
    assert drawn == {"cavity": [2, 3, 4], "outer": [2, 3, 4, 5]}


def test_labels_are_discs_in_discs():
    heart = Ellipsoid(squeeze=(1.0, 0.5))
    body = placed(heart.body(8))
    stack = stack_for(body)
    labels = slice_labels(stack, slice_contours(stack, found_of(body)))
    assert labels.shape == stack.frames.shape and labels.dtype == np.uint8
    middle = np.full(2, 0.5 * (SIDE - 1))
    for s in range(6):
        height = body.frame.gap * (s + 0.5)
        for t in range(2):
            inner = heart.cavity(height, t)
            outer = inner + heart.muscle(height)
            cavity = disc(middle, np.sqrt(inner) / PIXEL)
            whole = disc(middle, np.sqrt(outer) / PIXEL)
            assert dice(labels[s, t] == 1, cavity) > 0.95
            assert dice(labels[s, t] > 0, whole) > 0.97
            assert set(np.unique(labels[s, t])) == {0, 1, 2}


def test_the_right_cavity_lies_outside_the_left_wall():
    body = placed(tube(16.0, 6.0))
    extent = np.zeros_like(body.cavity)
    extent[:, 6:19] = 900.0
    right = RightBody(body.outer, extent, body.ends)
    stack = stack_for(body)
    contours = slice_contours(stack, found_of(body, right))
    labels = slice_labels(stack, contours)
    area = (labels[2, 0] == 3).sum() * PIXEL**2
    assert area == pytest.approx(0.5 * 900 * 13 / ANGLES * 2 * np.pi, rel=0.06)
    assert abs(contour_area(contours["right"][2][0])) * PIXEL**2 == pytest.approx(area, rel=0.06)
    rows, columns = np.nonzero(labels[2, 0] == 3)
    angle = np.arctan2(rows - 0.5 * (SIDE - 1), columns - 0.5 * (SIDE - 1)) / (2 * np.pi) * ANGLES
    assert 5 < angle.min() and angle.max() < 19.1
    # the left ventricle is drawn over it
    assert (labels[2, 0] == 2).sum() * PIXEL**2 == pytest.approx(np.pi * (22**2 - 16**2), rel=0.03)


def test_levels_with_hardly_any_right_cavity_have_no_outline():
    body = placed(tube(16.0, 6.0))
    extent = np.zeros_like(body.cavity)
    extent[: body.grid.n_levels // 2, 6:19] = 900.0
    right = RightBody(body.outer, extent, body.ends)
    found = slice_contours(stack_for(body), found_of(body, right))["right"]
    assert [ring[0] is not None for ring in found] == [True] * 3 + [False] * 3


def test_no_outline_no_label():
    body = placed(tube())
    assert not slice_labels(stack_for(body), {"cavity": [[None]] * 6}).any()


def test_surfaces_cut_long_axis_images_where_they_are():
    heart = Ellipsoid(squeeze=(1.0, 0.5))
    body = heart.body(8)
    meshes = {"left_endocardium": left_surface(body, "cavity")}
    affine = np.eye(4)
    affine[:3, :3] = np.array([[0, 0, 1.2], [6.0, 0, 0], [0, 1.2, 0]])
    affine[:3, 3] = [-50.0, 0.4, -20.0]
    image = Image(np.zeros((3, 100, 84)), ("time", "row", "column"), affine)
    phases = np.array([0.0, 0.45, 0.9])  # nearest in time: first, second, and the first again
    view = LongAxis("view", image.data, image, phases)
    found = long_axis_contours([view], meshes)["view"]["left_endocardium"]
    assert len(found) == 3
    for time, pieces in zip((0, 1, 0), found, strict=True):
        (curve,) = pieces
        height = curve[:, 0] * 1.2 - 20.0 - body.frame.height(-0.5)
        across = curve[:, 1] * 1.2 - 50.0
        square = heart.cavity(height, time) - 0.4**2
        side = (height > 2) & (height < 60)
        np.testing.assert_allclose(np.abs(across[side]), np.sqrt(square[side]), atol=0.7)
        assert height.max() == pytest.approx(heart.length, abs=1.0)
    far = affine.copy()
    far[1, 3] = 80.0  # a view beside the heart
    beside = LongAxis("view", image.data, replace(image, affine=far), phases)
    assert long_axis_contours([beside], meshes)["view"]["left_endocardium"] == [[], [], []]


def test_no_outline_above_the_base():
    body = Ellipsoid()
    stack, maps = body.stack(10), body.maps(10, first=-5.0)
    found = outline(stack, look(maps, stack.missing), Rigidity())
    labels = slice_labels(stack, slice_contours(stack, found))
    assert not (labels[0] == 1).any() and (labels[1, 0] == 1).any()
