"""Mending: each defect made on purpose, found, named and undone; and real livers."""

import os
from pathlib import Path

import numpy as np
import pytest

from corporis.interfaces import Mesh
from corporis.shapes import defects, is_closed, mend, sphere, surface_distance, volume, wound_alike

FOLDER = Path(os.environ.get("CORPORIS_DATA", "data")) / "shapes" / "liver_meshes"


def spoilt(cells):
    ball = sphere(10.0, 3)
    return Mesh(ball.points, cells(ball.cells))


def test_a_sound_surface_keeps_its_vertices():
    ball = sphere(10.0, 3)
    found = mend(ball)
    assert not found.before.any and not found.is_remade and found.n_turned == 0
    np.testing.assert_array_equal(
        found.mesh.points[found.mesh.cells].sum(), ball.points[ball.cells].sum()
    )
    assert volume(found.mesh) == pytest.approx(volume(ball))


def test_winding_is_mended_without_moving_a_vertex():
    def turned(cells):
        chosen = np.arange(len(cells)) % 7 == 0
        return np.where(chosen[:, None], cells[:, ::-1], cells)

    given = spoilt(turned)
    assert defects(given).turned_edges > 0 and "wound wrongly" in defects(given).sentence()
    found = mend(given)
    assert found.n_turned == int(np.sum(np.arange(512) % 7 == 0)) and not found.is_remade
    assert is_closed(found.mesh) and volume(found.mesh) == pytest.approx(volume(sphere(10.0, 3)))
    inside_out = spoilt(lambda cells: cells[:, ::-1])
    assert defects(inside_out).is_inside_out
    assert volume(mend(inside_out).mesh) > 0


def test_turning_is_least_in_each_piece():
    ball = sphere(1.0, 2)
    pair = Mesh(
        np.concatenate([ball.points, ball.points + 5]),
        np.concatenate([ball.cells, ball.cells[:, ::-1] + len(ball.points)]),
    )
    found, n = wound_alike(pair)
    np.testing.assert_array_equal(found.cells, pair.cells)
    assert n == 0


def test_holes_are_closed_where_they_are():
    given = spoilt(lambda cells: np.delete(cells, [5, 90, 91, 300], axis=0))
    assert defects(given).border_edges > 0
    found = mend(given)
    assert found.is_remade and is_closed(found.mesh) and found.n_handles == 0
    assert surface_distance(found.mesh, sphere(10.0, 3)).percentile_95 < 0.15
    assert volume(found.mesh) == pytest.approx(volume(sphere(10.0, 3)), rel=0.01)


def test_a_handle_is_taken_off():
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    u, v = np.meshgrid(angle, angle, indexing="ij")
    ring = 2.0 + 0.8 * np.cos(v)
    handle = np.stack([ring * np.cos(u), ring * np.sin(u), 0.8 * np.sin(v)], axis=-1)
    index = np.arange(24 * 24).reshape(24, 24)
    a, b = index, np.roll(index, -1, 0)
    c, d = np.roll(b, -1, 1), np.roll(index, -1, 1)
    cells = np.concatenate([np.stack([a, b, c], -1), np.stack([a, c, d], -1)]).reshape(-1, 3)
    torus = Mesh(handle.reshape(-1, 3), cells)
    ball = sphere(10.0, 4)
    both = Mesh(
        np.concatenate([ball.points, torus.points + np.array([0, 0, 10.2])]),
        np.concatenate([ball.cells, torus.cells + len(ball.points)]),
    )
    assert defects(torus).handles == 1 and defects(both).pieces == 2
    found = mend(both, 0.4)
    assert is_closed(found.mesh) and defects(found.mesh).pieces == 1
    assert found.n_handles == 0 and defects(found.mesh).handles == 0


def test_what_encloses_nothing_is_refused():
    ball = sphere(10.0, 3)
    upper = ball.points[ball.cells].mean(axis=1)[:, 2] > 1
    with pytest.raises(ValueError, match="rays disagree"):
        mend(Mesh(ball.points, ball.cells[upper]))
    with pytest.raises(ValueError, match="finite"):
        mend(Mesh(np.full((3, 3), np.nan), np.array([[0, 1, 2]])))


@pytest.mark.data
@pytest.mark.parametrize("name", ["3Dircadb-10", "Amos-118", "LiTS-2"])
def test_livers_are_mended_and_stay_where_they_are(name):
    with np.load(FOLDER / f"{name}.npz") as held:
        given = Mesh(held["vertices"].astype(float), held["faces"].astype(np.int64))
    assert defects(given).any
    found = mend(given)
    now = defects(found.mesh)
    assert is_closed(found.mesh) and now.pieces == 1 and not now.is_inside_out
    assert now.handles == found.n_handles == 0
    assert surface_distance(found.mesh, given).percentile_95 < 2.0
    assert volume(found.mesh) == pytest.approx(abs(volume(given)), rel=0.01)


@pytest.mark.parametrize("is_turned", [False, True])
def test_bodies_that_overlap_become_one(is_turned):
    ball = sphere(10.0, 4)
    cells = ball.cells[:, ::-1] if is_turned else ball.cells
    both = Mesh(
        np.concatenate([ball.points, ball.points + np.array([8.0, 0, 0])]),
        np.concatenate([ball.cells, cells + len(ball.points)]),
    )
    found = mend(both)
    shared = 2 * np.pi * 6**2 * (3 * 10 - 6) / 3  # two caps, 6 high
    expected = 2 * volume(ball) - shared
    assert found.is_remade and found.doubt == 0 and found.n_handles == 0
    assert volume(found.mesh) == pytest.approx(expected, rel=0.01)
