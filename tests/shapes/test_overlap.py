"""Overlap, and the way from outlines to masks and back."""

import numpy as np
import pytest

from corporis.errors import NotFound
from corporis.shapes import (
    contour_area,
    dice,
    fill_polygon,
    jaccard,
    mask_contour,
    mask_contours,
    polar_contour,
)


def test_known_overlaps_and_the_relation_between_them(rng):
    a, b = rng.random((2, 30, 30)) < 0.4
    j = jaccard(a, b)
    assert dice(a, b) == pytest.approx(2 * j / (1 + j))
    assert dice(a, a) == jaccard(a, a) == 1
    assert dice(a, ~a) == jaccard(a, ~a) == 0
    empty = np.zeros((3, 3))
    assert dice(empty, empty) == jaccard(empty, empty) == 1
    assert dice(empty, empty + 1) == 0
    with pytest.raises(ValueError, match="same shape"):
        dice(np.ones(3), np.ones(4))


def test_filled_polygon_agrees_with_the_winding_of_every_centre(rng):
    for _ in range(20):
        polygon = polar_contour(5 + 8 * rng.random(11), (9.3 + rng.random(), 10.1))
        mask = fill_polygon(polygon, (20, 22))
        r, c = np.indices(mask.shape)
        to = polygon[:, None, None] - np.stack([r, c], -1)
        angle = np.arctan2(to[..., 1], to[..., 0])
        turn = np.diff(np.concatenate([angle, angle[:1]]), axis=0)
        winding = ((turn + np.pi) % (2 * np.pi) - np.pi).sum(axis=0) / (2 * np.pi)
        np.testing.assert_array_equal(mask, np.abs(winding) > 0.5)


def test_polygons_that_share_sides_tile_the_image():
    # Vertices and sides run through pixel centres: the hard case.
    corners = np.array([[2, 2], [2, 14], [14, 14], [14, 2]])
    for middle in ([8, 8], [5, 9], [8.5, 3.25]):
        parts = [
            fill_polygon([corners[i], corners[(i + 1) % 4], middle], (17, 17)) for i in range(4)
        ]
        total = np.sum(parts, axis=0)
        np.testing.assert_array_equal(total, fill_polygon(corners, (17, 17)))
        assert total.sum() == 144


def test_polygons_beyond_the_image_and_the_wrong_way_round():
    square = np.array([[-5.0, -5], [-5, 3.5], [40, 3.5], [40, -5]])
    expected = np.zeros((6, 6), bool)
    expected[:, :4] = True
    np.testing.assert_array_equal(fill_polygon(square, (6, 6)), expected)
    np.testing.assert_array_equal(fill_polygon(square[::-1], (6, 6)), expected)
    assert not fill_polygon(square + 100, (6, 6)).any()
    with pytest.raises(ValueError, match="n >= 3"):
        fill_polygon([[0, 0], [1, 1]], (4, 4))


def test_outlines_give_the_mask_back(rng):
    from scipy.ndimage import gaussian_filter

    for _ in range(10):
        mask = gaussian_filter(rng.normal(size=(40, 50)), 2) > 0
        back = np.zeros(mask.shape, bool)
        for outline in mask_contours(mask):
            np.testing.assert_array_equal(outline[0], outline[-1])
            back ^= fill_polygon(outline, mask.shape)
        np.testing.assert_array_equal(back, mask)


def test_outline_of_the_largest_region():
    mask = np.zeros((12, 12))
    mask[1:3, 1:3], mask[5:11, 4:12] = 1, 2
    outline = mask_contour(mask)
    assert abs(contour_area(outline)) == pytest.approx(48 - 4 * 0.125)
    assert outline.min(axis=0).tolist() == [4.5, 3.5]
    with pytest.raises(NotFound, match="not empty"):
        mask_contour(np.zeros((4, 4)))
