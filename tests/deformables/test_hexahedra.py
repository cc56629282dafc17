"""Curved hexahedra: volumes, areas, surfaces, and what is refused."""

import sys

import numpy as np
import pytest

from corporis.deformables import Hexahedra, brick, tube_sector, ventricle_quarter
from corporis.errors import MissingExtra

LINE = np.linspace(0, 1, 3)


def enclosed(body):
    """Volume within the surface's triangles."""
    a, b, c = (body.nodes[body.surface[:, i]] for i in range(3))
    return float(np.sum(a * np.cross(b, c)) / 6)


def test_volume_and_area_of_a_tube_converge_with_the_fourth_power():
    volume, area = np.pi / 4 * (35**2 - 25**2) * 8, np.pi / 2 * 25 * 8
    errors = []
    for n in (1, 2, 4):
        tube = tube_sector(25, 35, 8, (1, n, 1))
        inside = tube.on_facets(tube.facets(lambda p: np.isclose(p[:, 0], 25)))
        errors.append([abs(tube.weights.sum() - volume), abs(inside.weights.sum() - area)])
    order = np.log2(np.array(errors)[:-1] / np.array(errors)[1:])
    assert order.min() > 3.8


def test_normals_point_out_of_the_body():
    tube = tube_sector(25, 35, 8, (1, 2, 1))
    for radius, sign in ((25, -1), (35, 1)):
        faces = tube.on_facets(tube.facets(lambda p, r=radius: np.isclose(p[:, 0], r)))
        places = faces.values @ tube.nodes[faces.members]
        radial = places[..., :2] / np.linalg.norm(places[..., :2], axis=-1, keepdims=True)
        assert np.all(sign * np.sum(radial * faces.normals[..., :2], axis=-1) > 0.99)


def test_the_ventricle_is_what_two_half_ellipsoids_leave():
    # a quarter of the integral of pi r^2 from the apex to the base, for each ellipsoid
    def cap(short, long, base=5.0):
        return 0.25 * np.pi * short**2 * (base - base**3 / (3 * long**2) + 2 * long / 3)

    wall = ventricle_quarter((2, 6, 1))
    # between both, the rule of the base leaves a thin cone at constant height: all of it is wall
    assert wall.weights.sum() == pytest.approx(cap(10, 20) - cap(7, 17), rel=2e-3)
    np.testing.assert_allclose(wall.nodes[:, 2].max(), 5.0, atol=1e-9)
    for depth, (short, long) in ((0, (7, 17)), (1, (10, 20))):
        shell = wall.nodes[np.isclose(wall.parameters[:, 2], depth)]
        square = (shell[:, 0] ** 2 + shell[:, 1] ** 2) / short**2 + shell[:, 2] ** 2 / long**2
        np.testing.assert_allclose(square, 1, atol=1e-9)
        assert shell[:, 2].min() == pytest.approx(-long)


@pytest.mark.parametrize("body", [brick((LINE, LINE, LINE)), ventricle_quarter((2, 2, 1))])
def test_the_surface_is_closed_and_seen_from_outside(body):
    cells = body.surface
    sides = np.concatenate([cells[:, [0, 1]], cells[:, [1, 2]], cells[:, [2, 0]]])
    there, back = ({tuple(pair) for pair in s.tolist()} for s in (sides, sides[:, ::-1]))
    assert len(there) == len(sides) and there == back
    assert enclosed(body) == pytest.approx(body.weights.sum(), rel=0.05)


def test_shape_functions_repeat_quadratic_fields_with_their_slopes(rng):
    body = brick((LINE, LINE, LINE))
    a, b = rng.standard_normal((3, 3)), rng.standard_normal(3)
    a = a + a.T

    def field(x):
        return np.einsum("...i,ij,...j->...", x, a, x) + x @ b

    nodal = field(body.nodes)[body.members]
    np.testing.assert_allclose(np.einsum("mqa,ma->mq", body.values, nodal), field(body.places))
    slopes = np.einsum("mqai,ma->mqi", body.slopes, nodal)
    np.testing.assert_allclose(slopes, 2 * body.places @ a + b, atol=1e-11)


def test_bad_bodies_are_refused(monkeypatch):
    with pytest.raises(ValueError, match="corners must be"):
        Hexahedra(np.zeros((8, 2)), np.arange(8)[None])
    mirrored = brick((LINE, LINE, LINE), lambda p: p * [1, 1, -1])
    with pytest.raises(ValueError, match="8 of 8 hexahedra are inside out"):
        mirrored.weights  # noqa: B018
    with pytest.raises(ValueError, match="inner_mm < outer_mm"):
        tube_sector(3, 2, 1, (1, 1, 1))
    with pytest.raises(ValueError, match="at least one cell"):
        tube_sector(1, 2, 1, (0, 1, 1))
    with pytest.raises(ValueError, match="base below the top"):
        ventricle_quarter((1, 1, 1), base_mm=18)
    with pytest.raises(ValueError, match="grow outwards"):
        ventricle_quarter((1, 1, 1), inner_mm=(11, 17))
    monkeypatch.setitem(sys.modules, "skfem", None)
    with pytest.raises(MissingExtra, match=r"corporis\[elements\]"):
        brick((LINE, LINE, LINE)).nodes  # noqa: B018
