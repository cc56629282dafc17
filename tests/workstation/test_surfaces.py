"""Surfaces in the page: what is packed can be read back, and the still shows them."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from corporis.interfaces import Mesh
from corporis.workstation import Camera, Colouring, Look
from corporis.workstation.surfaces import (
    BACKGROUND,
    colour_range,
    colour_table,
    draw_still,
    pack_surfaces,
)
from workstation.synthetic import ellipsoid, heart_meshes

THICKENING = Colouring("thickening_percent", "Wall thickening", "%", 0, 80)


def unpack(text, kind):
    return np.frombuffer(base64.b64decode(text), kind)


def picture(source):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(source.split(",")[1])))).astype(int)


def test_vertices_survive_quantisation():
    meshes = heart_meshes(5)
    packed = pack_surfaces(meshes, [THICKENING])
    corners = np.concatenate([m.points.reshape(-1, 3) for m in meshes.values()])
    low = (corners.min(axis=0) + corners.max(axis=0)) / 2 - packed["size"] / 2
    for surface, mesh in zip(packed["surfaces"], meshes.values(), strict=True):
        points = unpack(surface["points"], "<u2").reshape(mesh.points.shape)
        error = np.abs(low + packed["size"] * points / 65535 - mesh.points).max()
        assert error <= 0.51 * packed["size"] / 65535
        assert np.array_equal(unpack(surface["cells"], "<u4").reshape(-1, 3), mesh.cells)


def test_values_survive_and_missing_ones_are_marked():
    mesh = heart_meshes(5)["left_epicardium"]
    packed = pack_surfaces({"a": mesh}, [THICKENING])["surfaces"][0]
    values = mesh.point_data["thickening_percent"]
    codes = unpack(packed["fields"]["thickening_percent"], "u1").reshape(values.shape).astype(float)
    assert np.array_equal(codes == 0, np.isnan(values))
    known = np.isfinite(values)
    back = 80 * (codes[known] - 1) / 254
    assert np.abs(back - np.clip(values[known], 0, 80)).max() <= 80 / 254 / 2 + 1e-9
    assert 0 < unpack(packed["mark"], "u1").mean() < 255


def test_colour_range_is_given_or_robust():
    mesh = Mesh(np.zeros((101, 3)), np.zeros((0, 3), int), {"a": np.arange(101.0)})
    assert colour_range(Colouring("a", "", ""), {"m": mesh}) == pytest.approx((2, 98))
    assert colour_range(Colouring("a", "", "", 5, 9), {"m": mesh}) == (5, 9)
    flat = Mesh(np.zeros((2, 3)), np.zeros((0, 3), int), {"a": np.full(2, np.nan)})
    assert colour_range(Colouring("a", "", ""), {"m": flat}) == (0, 1)


def test_still_shows_a_ball_of_the_right_size_and_place():
    points, cells = ellipsoid((10, 10, 10), n_around=40, n_along=24)
    far, _ = ellipsoid((1, 1, 1), (-30, 0, 30), 40, 24)
    meshes = {"ball": Mesh(points, cells), "left": Mesh(far, cells)}
    looks = {"ball": Look("#ff0000"), "left": Look("#0000ff")}
    seen = picture(draw_still(meshes, looks=looks, side=300))
    red = seen[..., 0] - seen[..., 2] > 60
    blue = seen[..., 2] - seen[..., 0] > 60
    # The cube's edge is 41 mm (-10 to 31), drawn on 90 % of the picture.
    assert np.sqrt(red.sum() / np.pi) == pytest.approx(10 / 41 * 0.9 * 300, rel=0.04)
    rows, columns = np.argwhere(blue).mean(axis=0) - np.argwhere(red).mean(axis=0)
    # Patient's left (-R) is on the right of the screen, the head above.
    assert columns == pytest.approx(30 / 41 * 270, rel=0.04)
    assert rows == pytest.approx(-30 / 41 * 270, rel=0.04)
    assert np.abs(seen[:5, :5] - BACKGROUND).max() < 6


def test_still_hides_what_is_behind_and_shows_it_through_glass():
    inner, cells = ellipsoid((5, 5, 5))
    outer, _ = ellipsoid((10, 10, 10))
    meshes = {"inner": Mesh(inner, cells), "outer": Mesh(outer, cells)}
    green = {"inner": Look("#00ff00"), "outer": Look("#ff0000")}
    glass = {"inner": Look("#00ff00"), "outer": Look("#ff0000", 0.4)}
    opaque = picture(draw_still(meshes, looks=green, side=120))[60, 60]
    through = picture(draw_still(meshes, looks=glass, side=120))[60, 60]
    assert opaque[1] < 40 < opaque[0]
    assert through[1] > 100 and through[0] > 40


def test_still_is_coloured_by_the_values():
    points, cells = ellipsoid((10, 10, 10))
    for value, index in ((0.0, 0), (80.0, 255)):
        mesh = Mesh(points, cells, {"thickening_percent": np.full(len(points), value)})
        middle = picture(draw_still({"a": mesh}, colouring=THICKENING, side=120))[60, 60]
        colour = colour_table("viridis")[index].astype(float)
        assert middle @ colour / np.linalg.norm(middle) / np.linalg.norm(colour) > 0.99


def test_camera_looks_from_the_front_with_the_head_up():
    rotation = Camera().rotation
    assert np.allclose(rotation @ rotation.T, np.eye(3)) and np.linalg.det(rotation) > 0
    assert np.allclose(rotation @ [0, 1, 0], [0, 0, 1])  # anterior is towards the viewer


def test_bad_surfaces_are_refused():
    mesh = heart_meshes(3)["left_endocardium"]
    short = Mesh(mesh.points, mesh.cells, {"thickening_percent": np.zeros(4)})
    with pytest.raises(ValueError, match="of surface 'a' must be"):
        pack_surfaces({"a": short}, [THICKENING])
    with pytest.raises(ValueError, match="must have finite vertices"):
        pack_surfaces({"a": Mesh(np.full((3, 3), np.nan), np.array([[0, 1, 2]]))})
