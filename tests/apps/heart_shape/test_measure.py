"""Measures against tubes, ellipsoids, cones and shells, whose numbers are known."""

from dataclasses import replace

import numpy as np
import pytest

from apps.heart_shape.known import Ellipsoid, body_of, ends_of, tube
from corporis.apps.heart_shape.body import ANGLES, Grid
from corporis.apps.heart_shape.measure import (
    BOUNDARY_PIXEL,
    Curve,
    Phases,
    by_segment,
    ejection_fraction,
    find_phases,
    interval,
    rates,
    right_curve,
    volume_curve,
    wall_thickness,
)
from corporis.apps.heart_shape.rebuild import RightBody
from corporis.deformables import aha_segment


def volumes(body, which="cavity", pixel=1.0):
    ends = body.ends if which == "cavity" else body.outer_ends
    return volume_curve(getattr(body, which), body.grid, body.frame, ends, pixel)


def test_a_tube_has_its_volume():
    body = tube(20.0, 8.0, n_slices=6, gap=10.0, squeeze=(1.0, 0.4))
    np.testing.assert_allclose(volumes(body).volume, np.pi * 400 * 60 * np.array([1, 0.4]))
    muscle = volumes(body, "outer").volume - volumes(body).volume
    np.testing.assert_allclose(muscle, np.pi * (28**2 - 20**2) * 60)


@pytest.mark.parametrize("towards", [1, -1])
def test_an_ellipsoid_has_its_volume(towards):
    heart = Ellipsoid(squeeze=(1.0, 0.5))
    found = volumes(heart.body(10, towards=towards)).volume
    np.testing.assert_allclose(found, [heart.volume(0), heart.volume(1)], rtol=0.01)


def test_ends_may_lie_anywhere_between_slices():
    body = tube(20.0, 8.0, n_slices=6, gap=10.0)
    for base, apex in ((0.3, 4.85), (-1.0, 6.0), (2.0, 2.5)):
        ends = ends_of(body.grid, base, apex, 1)
        found = volumes(replace(body, ends=ends)).volume[0]
        assert found == pytest.approx(np.pi * 400 * 10 * (apex - base))


def test_slices_need_not_be_evenly_spaced():
    body = tube(20.0, 8.0, n_slices=4)
    uneven = replace(body.frame, heights=np.array([0.0, 6.0, 18.0, 25.0]))
    ends = ends_of(body.grid, 0.0, 3.0, 1)
    found = volumes(replace(body, frame=uneven, ends=ends)).volume[0]
    assert found == pytest.approx(np.pi * 400 * 25, rel=1e-3)


def test_the_spread_adds_boundary_and_base():
    body = tube(20.0, 8.0, n_slices=6, gap=10.0)
    for pixel in (1.0, 2.0):
        side = 2 * np.pi * 20 * 60 * BOUNDARY_PIXEL * pixel
        base = np.pi * 400 * body.ends.base_spread * 10
        assert volumes(body, pixel=pixel).spread[0] == pytest.approx(np.hypot(side, base), rel=1e-3)


def test_the_right_cavity_is_measured_by_its_extent():
    body = tube(20.0, 8.0, n_slices=6, gap=10.0)
    extent = np.zeros_like(body.cavity)
    extent[:, :12] = 800.0
    right = RightBody(body.outer, extent, body.ends)
    found = right_curve(right, body.grid, body.frame, 1.0)
    assert found.volume[0] == pytest.approx(np.pi * 800 * 12 / ANGLES * 60)


def test_phases_are_the_largest_and_the_smallest():
    assert find_phases(np.array([100.0, 80, 40, 60, 95])) == Phases(0, 2)
    assert find_phases(np.array([99.0, 80, 40, 60, 100])) == Phases(0, 2)  # at the R wave
    assert find_phases(np.array([90.0, 80, 40, 60, 100])) == Phases(4, 2)  # not gated at it
    assert find_phases(np.array([50.0])) == Phases(0, 0)


@pytest.mark.parametrize("wall", [4.0, 9.0, 15.0])
def test_a_tube_has_its_thickness_everywhere(wall):
    found = wall_thickness(tube(20.0, wall), None)
    assert found.thickness.shape == (20, ANGLES, 1)
    np.testing.assert_allclose(found.thickness, wall, rtol=1e-6)
    assert not found.segment.any()


def cone_body(slope=0.4, wall=6.0, n_slices=8, gap=8.0):
    """A cone whose wall is `wall` thick along its normal."""
    grid = Grid.of(n_slices)
    height = gap * grid.slice_positions
    inner = 40.0 - slope * height
    outer = inner + wall * np.sqrt(1 + slope**2)
    shape = (grid.n_levels, ANGLES, 1)
    squares = [np.broadcast_to(r[:, None, None] ** 2, shape).copy() for r in (inner, outer)]
    return body_of(*squares, grid, gap, ends_of(grid, -0.5, n_slices - 0.5, 1))


def test_an_inclined_wall_is_measured_along_its_normal():
    found = wall_thickness(cone_body(wall=6.0), None).thickness
    np.testing.assert_allclose(found, 6.0, rtol=0.01)
    steep = wall_thickness(cone_body(slope=0.2, wall=6.0), None).thickness
    np.testing.assert_allclose(steep, 6.0, rtol=0.01)


def test_an_oval_wall_is_measured_along_its_normal():
    """Between two circles that share a centre away from the axis, rays cross at an angle."""
    grid, angle = Grid.of(6), 2 * np.pi * np.arange(ANGLES) / ANGLES
    off = 6.0

    def from_axis(radius):
        along = off * np.cos(angle)
        return (along + np.sqrt(radius**2 - off**2 + along**2)) ** 2

    squares = [
        np.broadcast_to(from_axis(r)[None, :, None], (grid.n_levels, ANGLES, 1)).copy()
        for r in (24.0, 30.0)
    ]
    body = body_of(*squares, grid, 10.0, ends_of(grid, -0.5, 5.5, 1))
    found = wall_thickness(body, None).thickness
    np.testing.assert_allclose(found, 6.0, rtol=0.02)


def test_a_thick_place_is_found_in_its_segment():
    body = tube(20.0, 8.0, n_slices=8)
    start, sense = 10.0, 1
    angle = 2 * np.pi * (np.arange(ANGLES) - start) / ANGLES
    level = (body.grid.slice_positions + 0.5) / 8
    inside = aha_segment(angle[None], level[:, None]) == 9
    outer = body.outer.copy()
    outer[inside] = 40.0**2
    thick = replace(body, outer=outer)
    found = by_segment(wall := wall_thickness(thick, (start, sense)), wall.thickness[..., 0])
    assert np.argmax(found) + 1 == 9
    assert found[8] > 14
    np.testing.assert_allclose(np.delete(found, 8), 8.0, atol=1.5)


@pytest.mark.parametrize(("start", "sense"), [(0.0, 1), (17.0, 1), (5.0, -1), (30.5, -1)])
def test_numbering_follows_the_insertion(start, sense):
    segment = wall_thickness(tube(), (start, sense)).segment
    assert set(np.unique(segment)) == set(range(1, 18))
    step = ANGLES / 6

    def at(sixths, ring):
        return segment[ring, round(start + sense * step * sixths) % ANGLES]

    # From the insertion: anteroseptal, inferoseptal, inferior, inferolateral, anterolateral,
    # anterior; the same in the middle; the septal quarter is centred on the septum.
    assert [at(k + 0.5, 2) for k in range(6)] == [2, 3, 4, 5, 6, 1]
    assert [at(k + 0.5, 9) for k in range(6)] == [8, 9, 10, 11, 12, 7]
    assert at(1, 15) == 14 and at(4, 15) == 16
    assert np.all(segment[-1] == 17)


def test_segments_that_were_not_numbered_are_nan():
    wall = wall_thickness(tube(), None)
    assert np.isnan(by_segment(wall, wall.thickness[..., 0])).all()


def test_rates_of_a_wave():
    n, cycle = 30, 800.0
    time = np.arange(n) / n
    volume = 100 + 30 * np.cos(2 * np.pi * time) + 5 * np.sin(4 * np.pi * time)
    fine = np.linspace(0, 1, 5001)
    slope = (-60 * np.pi * np.sin(2 * np.pi * fine) + 20 * np.pi * np.cos(4 * np.pi * fine)) / (
        cycle / 1000
    )
    out, filling = rates(volume, cycle)
    assert out == pytest.approx(-slope.min(), rel=0.01)
    assert filling == pytest.approx(slope.max(), rel=0.01)
    jitter = volume + np.where(np.arange(n) % 2, 2.0, -2.0)
    np.testing.assert_allclose(rates(jitter, cycle), (out, filling), rtol=1e-6)


def test_ejection_fraction_and_its_spread():
    curve = Curve(np.array([120.0, 48.0]), np.array([6.0, 4.8]))
    value, spread = ejection_fraction(curve, Phases(0, 1))
    assert value == pytest.approx(60)
    assert spread == pytest.approx(40 * 0.5 * np.hypot(0.1, 0.05))
    nothing = ejection_fraction(Curve(np.zeros(2), np.ones(2)), Phases(0, 1))
    assert np.isnan(nothing).all()


def test_an_interval_does_not_pass_zero():
    measure = interval("volume", 10.0, 2.0, "ml", "roughly")
    assert (measure.low, measure.high) == (pytest.approx(6.08), pytest.approx(13.92))
    assert measure.note == "roughly" and measure.unit == "ml"
    assert interval("volume", 1.0, 2.0, "ml").low == 0.0
