"""Drawings: segments lie where the 17-segment model puts them, curves pass through values."""

import re

import numpy as np
import pytest
from matplotlib import colormaps

from corporis.workstation import BullsEye, Curve, bullseye, colour_scale, curve_diagram, ruler
from corporis.workstation.diagrams import ticks
from corporis.workstation.figures import bullseye_range

# Middle of each segment, degrees counter-clockwise from the right: anterior is up, the septum
# left, after Cerqueira et al. (2002), figure 4.
ANGLES = {1: 90, 2: 150, 3: 210, 4: 270, 5: 330, 6: 30, 7: 90, 8: 150, 9: 210, 10: 270, 11: 330,
          12: 30, 13: 90, 14: 180, 15: 270, 16: 0}  # fmt: skip


def numbers_of(svg):
    found = re.findall(r'class="number" x="([-\d.]+)" y="([-\d.]+)"[^>]*>(\d+)<', svg)
    return {int(n): (float(x), -(float(y) + 5)) for x, y, n in found}


def test_segments_lie_as_the_heart_association_says():
    places = numbers_of(bullseye(BullsEye("a", "mm", np.arange(17.0))))
    assert set(places) == set(range(1, 18))
    for segment, angle in ANGLES.items():
        x, y = places[segment]
        turn = (np.degrees(np.arctan2(y, x)) - angle + 180) % 360 - 180
        assert abs(turn) < 0.5
    reach = {s: np.hypot(*places[s]) for s in places}
    assert reach[17] == 0 and reach[13] < reach[7] < reach[1]


def test_segments_are_coloured_on_the_given_scale():
    values = np.linspace(0, 80, 17)
    svg = bullseye(BullsEye("a", "%", values, low=0, high=80))
    fills = re.findall(r'<path d="[^"]+" fill="rgb\((\d+),(\d+),(\d+)\)"', svg)
    table = np.rint(255 * colormaps["viridis"](np.arange(256))[:, :3]).astype(int)
    for fill, value in zip(fills, values, strict=True):
        assert tuple(map(int, fill)) == tuple(table[round(255 * value / 80)])


def test_range_of_a_bullseye():
    assert bullseye_range(BullsEye("a", "mm", np.array([np.nan] + [4.0] * 15 + [9.0]))) == (4, 9)
    assert bullseye_range(BullsEye("a", "mm", np.full(17, np.nan))) == (0, 1)
    assert bullseye_range(BullsEye("a", "mm", np.full(17, 6.0), low=2, high=12)) == (2, 12)


def test_marked_segments_are_outlined():
    svg = bullseye(BullsEye("a", "mm", np.arange(17.0), {3, 9, 17}))
    assert svg.count('class="mark"') == 3


def test_curve_passes_through_its_values_and_leaves_gaps():
    values = np.array([100.0, 60.0, np.nan, 80.0, 95.0])
    svg = curve_diagram([Curve("left", "ml", values)], np.array([0, 200, 400, 600, 800.0]), "ms")
    dots = np.array(re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)"', svg), dtype=float)
    known = np.isfinite(values)
    slope = np.polyfit(values[known], dots[:, 1], 1)
    assert np.abs(np.polyval(slope, values[known]) - dots[:, 1]).max() < 0.1
    assert slope[0] < 0
    path = re.search(r'class="line" d="([^"]+)"', svg)[1]
    assert path.count("M") == 2 and path.count("L") == 2
    places = re.search(r'data-places="([^"]+)"', svg)[1].split()
    assert np.allclose(np.array(places, float)[known], dots[:, 0])


def test_band_is_left_out_where_it_is_not_known():
    low = np.array([1.0, np.nan, 1.0])
    svg = curve_diagram([Curve("a", "ml", np.full(3, 2.0), low, low + 2)], np.arange(3), "ms")
    assert "nan" not in svg and len(re.search(r'points="([^"]+)"', svg)[1].split()) == 4


@pytest.mark.parametrize(("low", "high"), [(0, 1), (0, 187.3), (-40, 900), (0, 3.2e5), (0, 1e-3)])
def test_ticks_are_few_round_and_inside(low, high):
    marks = np.array(ticks(low, high))
    assert 2 <= len(marks) <= 6
    assert marks.min() >= low - 1e-9 and marks.max() <= high * (1 + 1e-9)
    step = np.diff(marks)
    assert np.allclose(step, step[0])
    assert f"{step[0]:.1e}"[:3] in ("1.0", "2.0", "2.5", "5.0")


@pytest.mark.parametrize(("value", "kind"), [(24, "outside"), (60, "inside"), (90, "outside")])
def test_ruler_places_the_value_relative_to_the_range(value, kind):
    text = ruler(value, (48, 76), "%")
    left, width = map(
        float, re.search(r'normal" style="left:([\d.]+)%;width:([\d.]+)', text).groups()
    )
    dot = float(re.search(rf'dot {kind}" style="left:([\d.]+)', text)[1])
    assert (dot - left) / width == pytest.approx((value - 48) / 28, abs=0.01)
    assert 0 <= dot <= 100


def test_scale_names_its_unit():
    text = colour_scale("viridis", 0, 80, "Wall <thickening>", "%")
    assert "Wall &lt;thickening&gt;, %" in text and "<span>40</span>" in text
