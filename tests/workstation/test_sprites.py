"""Pictures in the page: where pixels land, and that budgets are kept."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from corporis.workstation import View
from corporis.workstation.sprites import crop_box, encode_contours, pack_views, to_bytes
from workstation.synthetic import circle


def decode(sheet):
    data = base64.b64decode(sheet.source.split(",")[1])
    return np.asarray(Image.open(io.BytesIO(data)))


def frame_of(sheet, frame):
    row, column = divmod(frame, sheet.columns)
    top, left = row * sheet.cell[0], column * sheet.cell[1]
    return decode(sheet)[top : top + sheet.size[0], left : left + sheet.size[1]]


def test_each_frame_is_where_the_sheet_says():
    frames = np.stack([np.full((30, 21), 20.0 * t) for t in range(7)])
    frames[:, :4, :4] = 120.0
    sheet = pack_views([View("a", frames)])[0]
    assert sheet.size == (30, 21) and sheet.cell == (32, 24) and sheet.scale == 1
    for t in range(7):
        seen = frame_of(sheet, t)
        expected = to_bytes(frames)[t]
        assert np.abs(seen[8:, 8:].astype(int) - expected[8:, 8:]).max() <= 3


def test_outline_follows_the_picture_through_crop_and_shrinking():
    rows, columns = np.mgrid[:900, :800]
    centre, radius = (500.0, 300.0), 180.0
    image = (np.hypot(rows - centre[0], columns - centre[1]) < radius).astype(float)
    view = View("a", image[None], {"edge": [[circle(radius, centre, 200)]]})
    sheet = pack_views([view], longest_side=200)[0]
    assert max(sheet.size) == 200 and sheet.scale < 0.5
    line = np.array(encode_contours(view, sheet)["edge"][0][0]).reshape(-1, 2)
    seen = frame_of(sheet, 0) > 127
    inside = np.argwhere(seen)[:, ::-1] + 0.5
    drawn_centre = (line.min(axis=0) + line.max(axis=0)) / 2 * sheet.scale / 10
    drawn_radius = (line.max(axis=0) - line.min(axis=0)) / 2 * sheet.scale / 10
    assert np.abs(inside.mean(axis=0) - drawn_centre).max() < 0.3
    assert np.abs(np.sqrt(seen.sum() / np.pi) - drawn_radius).max() < 0.4


def test_thinning_keeps_the_outline_within_its_tolerance():
    view = View("a", np.zeros((1, 200, 200)), {"c": [[circle(60, (100, 100), 400)]]})
    sheet = pack_views([view])[0]
    line = np.array(encode_contours(view, sheet)["c"][0][0]).reshape(-1, 2) / 10
    assert len(line) < 130
    middle = (line[1:] + line[:-1]) / 2
    centre = np.array([100.5, 100.5]) - np.array(sheet.origin)[::-1]
    assert np.abs(np.hypot(*(middle - centre).T) - 60).max() < 0.35
    assert np.array_equal(line[0], line[-1])


def test_views_of_one_group_share_one_window():
    views = [View(str(k), np.zeros((1, 100, 100)), {"c": [[circle(9, (40 + 8 * k, 50))]]})
             for k in range(3)]  # fmt: skip
    views.append(View("bare", np.zeros((1, 100, 100))))
    sheets = pack_views(views)
    assert len({(s.origin, s.size) for s in sheets}) == 1
    assert crop_box(views) == crop_box(views[:3])
    assert crop_box(views[3:]) == (0, 100, 0, 100)


def test_budget_is_kept_or_refused():
    generator = np.random.default_rng(0)
    views = [View("a", generator.random((9, 128, 128)))]
    sizes = {}
    for budget in (1_000_000, 60_000, 12_000):
        sheet = pack_views(views, budget)[0]
        sizes[budget] = len(base64.b64decode(sheet.source.split(",")[1]))
        assert sizes[budget] <= budget
    assert sizes[12_000] < sizes[60_000] < sizes[1_000_000]
    with pytest.raises(ValueError, match="9 frames do not fit into 100 bytes"):
        pack_views(views, 100)


@pytest.mark.parametrize("value", [np.nan, np.inf, 0.0, 7.0])
def test_flat_and_missing_intensities_are_black(value):
    assert not to_bytes(np.full((2, 3, 3), value)).any()


def test_contours_that_are_empty_or_not_finite_are_left_out():
    lines = [np.zeros((0, 2)), np.array([[1.0, 2.0]]), np.array([[1.0, np.nan], [2.0, 3.0]])]
    view = View("a", np.zeros((1, 20, 20)), {"c": [lines]})
    assert encode_contours(view, pack_views([view])[0]) == {"c": [[]]}
