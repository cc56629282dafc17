"""Surfaces of organs as masks: read, filled, counted, refused."""

import os
from pathlib import Path

import numpy as np
import pytest

from corporis.apps.organs.upright import steps_of, upright
from corporis.cohorts.organ_meshes import filled_mesh, is_mesh, read_mesh
from corporis.errors import BadInput
from corporis.shapes import sphere, volume

FOLDER = Path(os.environ.get("CORPORIS_DATA", "data")) / "shapes" / "liver_meshes"


def stored(path, points, cells):
    np.savez(path, vertices=points, faces=cells)
    return path


def test_a_surface_lies_upright_where_its_millimetres_say(tmp_path):
    ball = sphere(1.0, 4)
    points = ball.points * [30, 20, 45]
    points[:, 0] += 10 * (points[:, 2] > 0)  # to the right, above
    path = stored(tmp_path / "a.npz", points, ball.cells)
    assert is_mesh(path)
    mask, affine, wrong = filled_mesh(path)
    assert not wrong.any
    found, steps = upright(mask, affine)[0], steps_of(affine)
    up, forward, right = (np.ptp(np.argwhere(found), axis=0) + 1) * steps
    assert (up, forward, right) == pytest.approx((90, 40, 70), abs=4)
    upper, lower = np.array_split(np.argwhere(found), 2)
    assert upper[:, 0].mean() < lower[:, 0].mean() and upper[:, 2].mean() < lower[:, 2].mean()


def test_what_cannot_be_filled_is_named(tmp_path):
    ball = sphere(20.0, 3)
    upper = ball.points[ball.cells].mean(axis=1)[:, 2] > 0
    with pytest.raises(BadInput, match=r"a\.npz: .* edges at holes: close it first"):
        filled_mesh(stored(tmp_path / "a.npz", ball.points, ball.cells[upper]))
    with pytest.raises(BadInput, match="counted from 0"):
        read_mesh(stored(tmp_path / "b.npz", ball.points, ball.cells + 1))
    with pytest.raises(BadInput, match="finite"):
        read_mesh(stored(tmp_path / "c.npz", ball.points * np.nan, ball.cells))
    with pytest.raises(BadInput, match=r"faces \(m, 3\)"):
        read_mesh(stored(tmp_path / "d.npz", ball.points, ball.cells[:, :2]))
    with pytest.raises(BadInput, match="flat"):
        filled_mesh(stored(tmp_path / "e.npz", ball.points * [1, 1, 0], ball.cells))
    with pytest.raises(BadInput, match="flat"):  # its voxels would fill any memory
        filled_mesh(stored(tmp_path / "e.npz", ball.points * [1, 1, 1e-12], ball.cells))
    (tmp_path / "f.npz").write_bytes(b"none")
    assert not is_mesh(tmp_path / "f.npz")
    with pytest.raises(BadInput, match="expected vertices and faces"):
        read_mesh(tmp_path / "f.npz")


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("factor", [1e200, 1e-200, 1e6])
def test_a_surface_that_is_not_in_millimetres_is_named(tmp_path, factor):
    ball = sphere(20.0, 3)
    with pytest.raises(BadInput, match=r"^a\.npz: .* organ in mm, got one of 4e"):
        filled_mesh(stored(tmp_path / "a.npz", factor * ball.points, ball.cells))


@pytest.mark.data
@pytest.mark.parametrize("name", ["Amos-118", "LiTS-2", "3Dircadb-9"])
def test_livers_are_filled_to_their_volume(name):
    mask, affine, wrong = filled_mesh(FOLDER / f"{name}.npz")
    assert wrong.any
    true = abs(volume(read_mesh(FOLDER / f"{name}.npz")))
    assert mask.sum() * affine[0, 0] ** 3 == pytest.approx(true, rel=0.01)
