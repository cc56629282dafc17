"""Meshless bodies: neighbours through the wall, the patch test, and energy under refinement."""

import numpy as np
import pytest

from corporis.deformables import MeshlessBody, MovingLeastSquares
from corporis.interfaces import Mesh

LAME, SHEAR = 8.0, 3.0


def block(n, rng=None):
    """n^3 particles in a cube of side 1, jittered inside where there is a generator."""
    line = (np.arange(n) + 0.5) / n
    rest = np.stack(np.meshgrid(line, line, line, indexing="ij"), axis=-1).reshape(-1, 3)
    if rng is None:
        return rest
    return rest + rng.uniform(-0.15, 0.15, rest.shape) / n


def body(rest, **options):
    return MeshlessBody(Mesh(rest[:3], np.array([[0, 1, 2]])), rest, LAME, SHEAR, **options)


def test_two_walls_across_a_cavity_do_not_hold_each_other():
    x, y = np.meshgrid(np.arange(20.0), np.arange(4.0), indexing="ij")
    arm = np.stack([x.ravel(), y.ravel()], axis=-1)
    back = np.stack(np.meshgrid(np.arange(-4.0, 0.0), np.arange(10.0), indexing="ij"), axis=-1)
    # a hair-pin: two arms 1.5 spacings apart, joined at one end
    rest = np.concatenate([arm, arm + np.array([0, 5.5]), back.reshape(-1, 2)])
    cloud = MovingLeastSquares(rest, n_neighbours=10)
    values = cloud.values(np.array([[17.0, 3.4]])).toarray()[0]
    touched = rest[values != 0]
    assert touched[:, 1].max() <= 3.0
    near = np.argsort(np.linalg.norm(rest - [17.0, 3.4], axis=1))[:10]
    assert rest[near, 1].max() > 4.0, "the nearest particles do lie on both arms"


def test_patch_test(rng):
    rest = block(5, rng)
    matrix = 0.1 * rng.standard_normal((3, 3))
    model = body(rest)
    strain = 0.5 * (matrix + matrix.T)
    density = 0.5 * LAME * np.trace(strain) ** 2 + SHEAR * np.sum(strain**2)
    expected = density * model.volumes.sum()
    assert model.internal()(rest @ matrix.T) == pytest.approx(expected, rel=1e-10)
    gradient = model.cloud.gradient(rest + rest @ matrix.T, rest)
    np.testing.assert_allclose(
        gradient, np.broadcast_to(np.eye(3) + matrix, (125, 3, 3)), atol=1e-9
    )


def test_energy_converges_under_refinement():
    def energy(n):
        rest = block(n)
        q = np.zeros_like(rest)
        q[:, 0] = np.sin(1.5 * rest[:, 0])
        return body(rest).internal()(q)

    # u_x = sin(1.5 x): 1/2 (lame + 2 shear) (1.5 cos)^2 over the cube
    mean = 1.5**2 * (0.5 + np.sin(3.0) / 6)
    expected = 0.5 * (LAME + 2 * SHEAR) * mean
    wrong = [abs(energy(n) / expected - 1) for n in (6, 12)]
    assert wrong[1] < 0.6 * wrong[0] < 0.15


def test_flat_neighbourhoods_are_refused():
    flat = np.concatenate([np.random.default_rng(0).uniform(0, 1, (30, 2)), np.zeros((30, 1))], 1)
    with pytest.raises(ValueError, match="line or plane"):
        MovingLeastSquares(flat, 8).values(flat[:2])


@pytest.mark.parametrize(
    ("change", "message"),
    [({"steady": 0.0}, "lame must be"), ({"n_neighbours": 3}, "n_neighbours must be")],
)
def test_bad_numbers_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        _ = body(block(3), **change).carrier
