"""Boundaries along rays: moments of known profiles, and where rays lie."""

import numpy as np
import pytest

from apps.heart_shape.known import SEPTUM, maps_of
from corporis.apps.heart_shape import EvidenceMaps
from corporis.apps.heart_shape.polar import (
    Profiles,
    convex_boundary,
    crescent,
    outer_boundary,
    profiles,
    slice_centres,
)

RADII = (np.arange(80) + 0.5) * 0.5


def falling(begin, end):
    """Probability of being inside that falls linearly between two radii."""
    inside = np.clip((end - RADII) / max(end - begin, 1e-9), 0, 1)
    return inside[None, None, None]


def test_a_sharp_boundary_has_its_square_and_no_spread():
    for radius in (5.0, 12.5, 30.0):
        found = outer_boundary(falling(radius, radius), RADII)
        np.testing.assert_allclose(found.square, radius**2, rtol=1e-6)
        np.testing.assert_allclose(found.spread, 0, atol=0.01)
        assert found.is_seen.all()


def test_a_soft_boundary_has_the_moments_of_its_distance():
    """A linear fall is a distance that is uniform between its ends."""
    begin, end = 10.0, 20.0
    found = outer_boundary(falling(begin, end), RADII)
    second = (end**3 - begin**3) / (3 * (end - begin))
    fourth = (end**5 - begin**5) / (5 * (end - begin))
    np.testing.assert_allclose(found.square, second, rtol=1e-3)
    np.testing.assert_allclose(found.spread, np.sqrt(fourth - second**2), rtol=0.01)


def test_holes_are_bridged_and_islands_beyond_are_not_counted():
    whole = falling(15, 15)
    holed = whole.copy()
    holed[..., 12:17] = 0  # a papillary muscle, 2.5 pixels
    np.testing.assert_allclose(outer_boundary(holed, RADII).square, 15**2, rtol=1e-6)
    centre = whole.copy()
    centre[..., :3] = 0  # also in the very middle
    np.testing.assert_allclose(outer_boundary(centre, RADII).square, 15**2, rtol=1e-6)
    island = whole.copy()
    island[..., 50:60] = 1
    np.testing.assert_allclose(outer_boundary(island, RADII).square, 15**2, rtol=1e-6)
    split = whole.copy()
    split[..., 12:24] = 0
    np.testing.assert_allclose(outer_boundary(split, RADII).square, 6**2, rtol=1e-6)


def around(radius):
    """Sharp boundaries at a radius for each of 48 angles."""
    angle = 2 * np.pi * np.arange(48) / 48
    reach = np.broadcast_to(radius(angle), 48)
    return np.clip((reach[:, None] - RADII) / 0.5 + 0.5, 0, 1)[None, None]


def test_a_convex_section_is_as_it_is_and_a_notch_is_bridged():
    oval = around(lambda a: 20 / np.sqrt(np.cos(a) ** 2 + (np.sin(a) / 0.8) ** 2))
    plain, convex = outer_boundary(oval, RADII), convex_boundary(oval, RADII)
    np.testing.assert_allclose(np.sqrt(convex.square), np.sqrt(plain.square), atol=0.3)
    assert convex.is_seen.all()
    notched = around(lambda a: 20 - 9 * np.exp(-(((a - 2.0) / 0.15) ** 2)))
    plain, convex = outer_boundary(notched, RADII), convex_boundary(notched, RADII)
    assert np.sqrt(plain.square).min() < 12
    # A chord across the notch falls a little short of the circle.
    found = np.sqrt(convex.square[0, 0])
    assert found.min() > 18.5 and found.max() < 20.5
    faint = convex_boundary(0.1 * oval, RADII)
    assert not faint.is_seen.any()


def test_doubt_about_the_border_is_its_spread_and_not_its_place():
    """A linear fall: the middle is the border, one standard deviation the 16 % and 84 % levels."""
    soft = np.repeat(falling(10.0, 20.0), 48, axis=2)
    found = convex_boundary(soft, RADII)
    np.testing.assert_allclose(found.square, 15.0**2, rtol=0.02)
    np.testing.assert_allclose(found.spread, 0.5 * (18.4**2 - 11.6**2), rtol=0.03)
    # Inside, 0.8 instead of 1 says nothing about the border.
    dim = convex_boundary(0.8 * np.repeat(falling(15, 15), 48, axis=2), RADII)
    np.testing.assert_allclose(np.sqrt(dim.square), 15, atol=0.3)


def test_faint_slices_are_not_seen():
    strong = np.concatenate([falling(10, 10), 0.1 * falling(10, 10)])
    assert outer_boundary(strong, RADII).is_seen.ravel().tolist() == [True, False]
    assert outer_boundary(strong, RADII, least=0.05).is_seen.all()


def test_rays_leave_the_centre_along_columns_and_turn_towards_rows():
    rows, columns = np.meshgrid(np.arange(64.0), np.arange(64.0), indexing="ij")
    probability = np.zeros((1, 1, 4, 64, 64), np.float32)
    probability[0, 0, 1], probability[0, 0, 2] = rows, columns
    maps = EvidenceMaps(probability, np.array([[100.0, 200.0]]), 1.5)
    centre = np.array([[100 + 1.5 * 30, 200 + 1.5 * 25]])
    found = profiles(maps, centre, n_angles=8)
    np.testing.assert_allclose(found.radii[:3], 1.5 * 0.5 * np.array([0.5, 1.5, 2.5]))
    away = found.radii[20] / 1.5  # map pixels
    for k, (row, column) in {0: (0, 1), 2: (1, 0), 4: (0, -1), 6: (-1, 0)}.items():
        seen = found.probability[0, 0, 1:3, k, 20]
        np.testing.assert_allclose(seen, [30 + away * row, 25 + away * column], atol=1e-3)


def test_outside_the_map_there_is_background():
    found = profiles(maps_of(10.0, 15.0, [(5.0, 5.0)], side=32), np.array([[5.0, 5.0]]), n_angles=4)
    assert np.all(found.probability[0, 0, 0, 3, 20:] == 1)
    assert not found.probability[0, 0, 1:, 3, 20:].any()


@pytest.mark.parametrize("step", [1.0, 1.7])
def test_discs_are_measured_in_source_pixels(step):
    maps = maps_of(
        [[12 * step, 8 * step]],
        [[17 * step, 15 * step]],
        [(40.0, 55.0)],
        step=step,
        origin=(40 - 30 * step, 55 - 28 * step),
    )
    np.testing.assert_allclose(slice_centres(maps), [[40, 55]], atol=0.02)
    seen = profiles(maps, np.array([[40.0, 55.0]]))
    cavity = outer_boundary(seen.probability[:, :, 1], seen.radii)
    whole = outer_boundary(seen.probability[:, :, 1:3].sum(axis=2), seen.radii)
    np.testing.assert_allclose(cavity.square[0].mean(axis=1) / step**2, [144, 64], rtol=0.02)
    np.testing.assert_allclose(whole.square[0].mean(axis=1) / step**2, [289, 225], rtol=0.02)


def test_centres_of_slices_without_cavity_lie_on_the_line_through_the_others():
    line = np.stack([30 + 2.0 * np.arange(6), 25 + 1.0 * np.arange(6)], axis=1)
    inner = np.full((6, 2), 9.0)
    inner[5] = 0
    found = slice_centres(maps_of(inner, inner + 5, line))
    np.testing.assert_allclose(found, line, atol=0.6)
    # A frame that was not acquired has no say, whatever its stand-in shows.
    maps = maps_of(inner, inner + 5, line)
    maps.probability[2, 0] = 0
    maps.probability[2, 0, 1, 50:60, 50:60] = 1
    missing = np.zeros((6, 2), bool)
    missing[2, 0] = True
    np.testing.assert_allclose(slice_centres(maps, missing)[2], line[2], atol=0.6)
    assert np.abs(slice_centres(maps)[2] - line[2]).max() > 3


def test_one_slice_has_its_own_centre():
    found = slice_centres(maps_of(10.0, 14.0, [(20.0, 33.0)]))
    np.testing.assert_allclose(found, [[20, 33]], atol=0.05)


def test_the_crescent_begins_at_the_wall_and_has_its_area():
    maps = maps_of(10.0, 15.0, [(31.5, 31.5)], right=8.0)
    seen = profiles(maps, np.array([[31.5, 31.5]]))
    outer = outer_boundary(seen.probability[:, :, 1:3].sum(axis=2), seen.radii).square
    begin, extent = crescent(seen, outer)
    angle = 2 * np.pi * np.arange(48) / 48
    inside = (angle > SEPTUM[0] + 0.1) & (angle < SEPTUM[1] - 0.1)
    outside = (angle < SEPTUM[0] - 0.1) | (angle > SEPTUM[1] + 0.1)
    np.testing.assert_allclose(extent[0, 0, inside], 23**2 - 15**2, rtol=0.05)
    np.testing.assert_allclose(np.sqrt(begin[0, 0, inside]), 15, atol=0.8)
    assert not extent[0, 0, outside].any()
    np.testing.assert_array_equal(begin[0, 0, outside], outer[0, 0, outside])
    assert np.all(begin >= outer)


def test_faint_right_cavities_do_not_add_up():
    probability = np.zeros((1, 1, 4, 2, 80), np.float32)
    probability[0, 0, 3, 0] = 0.25
    probability[0, 0, 3, 1, 40:60] = 0.8  # 20 to 30 pixels from the centre
    seen = Profiles(probability, RADII, np.zeros((1, 2)))
    begin, extent = crescent(seen, np.full((1, 1, 2), 225.0))
    assert extent[0, 0, 0] == 0 and begin[0, 0, 0] == 225
    # 0.8 is as good as certain: doubt inside must not shrink what is there.
    assert extent[0, 0, 1] == pytest.approx(900 - 400, rel=1e-3)
    assert np.sqrt(begin[0, 0, 1]) == pytest.approx(20.5, abs=0.6)


def test_what_lies_inside_the_left_wall_is_no_right_cavity():
    probability = np.zeros((1, 1, 4, 1, 80), np.float32)
    probability[0, 0, 3, 0, :20] = 1.0  # within 10 pixels
    begin, extent = crescent(
        Profiles(probability, RADII, np.zeros((1, 2))), np.full((1, 1, 1), 400.0)
    )
    assert extent[0, 0, 0] == 0 and begin[0, 0, 0] == 400
