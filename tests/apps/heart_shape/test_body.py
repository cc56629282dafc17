"""From boundaries to a body: the grid, what is observed, and stiffness that no grid changes."""

from dataclasses import replace

import numpy as np
import pytest

from corporis.apps.heart_shape.body import (
    ANGLES,
    Grid,
    Rigidity,
    at_slices,
    fit_body,
    join,
    observe,
    restore_detail,
)
from corporis.apps.heart_shape.polar import Boundary
from corporis.deformables import bending_matrix

RIGID = Rigidity()


def seen(square, grid, *, spread=1.0, scale=1.0, missing=None, beyond=None, is_seen=None):
    """Observations of squares (n_slices, n_times), alike at all angles."""
    square = np.asarray(square, float)
    nothing = np.zeros(square.shape, bool)
    return observe(
        Boundary(
            np.repeat(square[..., None], ANGLES, axis=2),
            np.full((*square.shape, ANGLES), spread),
            ~nothing if is_seen is None else is_seen,
        ),
        grid,
        RIGID,
        scale=scale,
        missing=nothing if missing is None else missing,
        beyond_apex=nothing if beyond is None else beyond,
    )


@pytest.mark.parametrize("n_slices", [1, 2, 3, 8, 10, 14, 20, 40])
def test_the_grid_holds_the_slices(n_slices):
    grid = Grid.of(n_slices)
    positions = grid.slice_positions
    assert len(positions) == grid.n_levels and 15 <= grid.n_levels
    assert positions[0] == -1 and positions[-1] == n_slices
    np.testing.assert_allclose(grid.level(positions), np.arange(grid.n_levels))
    q = np.repeat(positions[:, None, None], 2, axis=1)
    np.testing.assert_allclose(at_slices(q, grid)[:, 0, 0], np.arange(n_slices))


def test_observations_are_in_squared_length_on_the_slices_levels():
    grid = Grid.of(3)
    boundary = Boundary(
        np.arange(3 * 2 * ANGLES, dtype=float).reshape(3, 2, ANGLES) + 100,
        np.full((3, 2, ANGLES), 5.0),
        np.ones((3, 2), bool),
    )
    nothing = np.zeros((3, 2), bool)
    found = observe(boundary, grid, RIGID, scale=1.5, missing=nothing, beyond_apex=nothing)
    row = 2 * ANGLES + 7  # slice 2, angle 7
    assert found.level[row] == grid.level(2) and found.angle[row] == 7 and found.plane[row] == 2
    np.testing.assert_allclose(found.value[row], boundary.square[2, :, 7] * 2.25)
    # The floor is what an error of `floor_pixel` does to the square.
    radius, error = np.sqrt(boundary.square[2, 0, 7]) * 1.5, RIGID.floor_pixel * 1.5
    floor = (radius + error) ** 2 - radius**2
    assert found.spread[row, 0] == pytest.approx(np.hypot(5 * 2.25, floor))
    assert not found.ceiling.any()


def test_missing_frames_say_nothing_and_those_below_the_apex_are_ceilings():
    missing, beyond, is_seen = np.zeros((3, 4, 2), bool)
    missing[1, 0] = True
    beyond[3] = True
    is_seen[:3] = True
    is_seen[2, 1] = False
    found = seen(
        np.full((4, 2), 400.0), Grid.of(4), missing=missing, beyond=beyond, is_seen=is_seen
    )
    spread = found.spread.reshape(4, ANGLES, 2)
    assert np.isinf(spread[1, :, 0]).all() and np.isinf(spread[2, :, 1]).all()
    assert np.isinf(spread).sum() == 2 * ANGLES
    ceiling = found.ceiling.reshape(4, ANGLES, 2)
    assert ceiling[3].all() and not ceiling[:3].any()
    assert not found.value.reshape(4, ANGLES, 2)[3].any()


def test_joined_observations_keep_their_planes_apart():
    grid = Grid.of(3)
    first, second = seen(np.full((3, 1), 400.0), grid), seen(np.full((3, 1), 200.0), grid)
    both = join([first, second])
    assert both.value.shape == (6 * ANGLES, 1)
    assert np.unique(both.plane).tolist() == [0, 1, 2, 3, 4, 5]
    assert both.plane[3 * ANGLES] == 3
    np.testing.assert_array_equal(join([first]).value, first.value)


def test_a_tube_is_fitted_as_it_is():
    grid = Grid.of(5)
    fit = fit_body(seen(np.full((5, 3), 400.0), grid), grid, RIGID)
    assert fit.q.shape == (grid.n_levels, ANGLES, 3)
    np.testing.assert_allclose(fit.q, 400, rtol=2e-3)


def test_a_taper_is_followed_and_goes_straight_on_beyond_the_slices():
    square = 600 * (1 - (np.arange(6) / 6.5) ** 2)
    grid = Grid.of(6)
    fit = fit_body(seen(np.repeat(square[:, None], 2, axis=1), grid), grid, RIGID)
    profile = fit.q.mean(axis=1)[:, 0]
    np.testing.assert_allclose(profile[grid.per_slice :: grid.per_slice][:6], square, atol=4)
    np.testing.assert_allclose(fit.q[..., 1].mean(axis=1), profile, atol=0.1)
    beyond = profile[-grid.per_slice - 1 :]
    np.testing.assert_allclose(np.diff(beyond), beyond[1] - beyond[0], atol=1.5)
    assert beyond[1] - beyond[0] < -35
    closed = np.append(square, 0.0)[:, None]
    below = np.zeros(closed.shape, bool)
    below[-1] = True
    grid = Grid.of(7)
    capped = fit_body(seen(closed, grid, beyond=below), grid, RIGID)
    assert at_slices(capped.q, grid)[-1].max() < 20


def test_one_wrong_slice_is_corrected():
    square = np.full((7, 3), 500.0)
    square[3, 1] = 1200.0
    grid = Grid.of(7)
    fit = fit_body(seen(square, grid), grid, RIGID)
    quadratic = fit_body(seen(square, grid), grid, replace(RIGID, lone=1e9, plane=1e9))
    off = [np.abs(at_slices(f.q, grid)[3, :, 1] - 500).mean() for f in (fit, quadratic)]
    assert off[0] < 0.5 * off[1]
    assert fit.overruled[3, 1] == 1
    fit.overruled[3, 1] = 0
    assert fit.overruled.max() < 0.1


def test_lengths_may_have_any_unit():
    grid, square = (
        Grid.of(5),
        np.array([[400.0, 300], [420, 310], [350, 250], [250, 150], [90, 40]]),
    )
    first = fit_body(seen(square, grid), grid, RIGID)
    other = fit_body(seen(square, grid, scale=3.0), grid, RIGID)
    np.testing.assert_allclose(other.q, 9 * first.q, atol=0.5)


@pytest.mark.parametrize("name", ["along", "time"])
def test_a_finer_grid_does_not_make_the_body_stiffer(name):
    energies = []
    for factor in (1, 2, 4):
        grid, n_times = (Grid(8, 3 * factor), 12) if name == "along" else (Grid(8, 3), 12 * factor)
        along = np.linspace(0, 1, grid.n_levels)[:, None, None]
        time = np.arange(n_times)[None, None, :] / n_times
        q = 400 * (np.cos(np.pi * along) if name == "along" else np.cos(2 * np.pi * time))
        full = (grid.n_levels, 3, n_times)
        q = np.broadcast_to(q, full)
        stiffness = RIGID.stiffness(grid, n_times, 400.0)
        only = replace(stiffness, **dict.fromkeys({"along", "around", "time"} - {name}, 0.0))
        bent = bending_matrix(full, only) @ q.ravel()
        # per place across the other two directions, which are sums over the grid
        others = 3 * (n_times if name == "along" else grid.n_levels)
        energies.append(bent @ bent / others)
    np.testing.assert_allclose(energies, energies[-1], rtol=0.12)
    assert abs(energies[1] / energies[2] - 1) < 0.06


def test_few_phases_are_not_tied_to_each_other():
    assert RIGID.stiffness(Grid.of(8), 3, 400.0).time == 0
    assert RIGID.stiffness(Grid.of(8), 4, 400.0).time > 0
    softer = replace(RIGID, around=2.0).stiffness(Grid.of(8), 2, 400.0)
    assert softer.around == pytest.approx(0.5 * RIGID.stiffness(Grid.of(8), 2, 400.0).around)


def test_nothing_seen_is_refused():
    grid = Grid.of(3)
    nothing = seen(np.full((3, 1), 100.0), grid, is_seen=np.zeros((3, 1), bool))
    with pytest.raises(ValueError, match="no boundary was seen"):
        fit_body(nothing, grid, RIGID)
    below = seen(np.full((3, 1), 100.0), grid, beyond=np.ones((3, 1), bool))
    with pytest.raises(ValueError, match="no boundary was seen"):
        fit_body(below, grid, RIGID)


def test_detail_comes_back_where_the_stiff_surface_agrees_and_spoilt_planes_stay_bridged():
    square = np.tile(500 * (1 - (np.arange(9) / 9.5) ** 4)[:, None], 3)
    square[5] += 60  # a true bulge, one slice long
    seen_here = square.copy()
    seen_here[2, 1] = 1300.0
    grid = Grid.of(9)
    planes = seen(seen_here, grid)
    stiff = fit_body(planes, grid, RIGID)
    fine = restore_detail(stiff, planes, grid, RIGID)
    off = {
        name: np.abs(at_slices(fit.q, grid).mean(axis=1) - square)
        for name, fit in (("stiff", stiff), ("fine", fine))
    }
    assert off["fine"][5].max() < 0.8 * off["stiff"][5].max()
    assert off["fine"][2, 1] < 1.2 * off["stiff"][2, 1] < 0.4 * 800
    np.testing.assert_array_equal(fine.overruled, stiff.overruled)
    assert stiff.misfit.shape == (9, 3) and stiff.misfit.argmax() == 2 * 3 + 1
