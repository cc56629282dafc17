"""Finite elements: patch tests, refinement, volume, and curvature of the energy."""

import numpy as np
import pytest
from scipy.sparse.linalg import spsolve
from scipy.spatial.transform import Rotation

from corporis.deformables import (
    ElasticSolid,
    Guccione,
    LinearSolid,
    SaintVenantKirchhoff,
    brick,
    cauchy_stress,
    second_piola_stress,
)
from corporis.solvers import conjugate_gradient, run

LINE = np.linspace(0, 10, 3)


def distorted(n=2):
    """A cube of 10 mm, its inner corners moved; edges stay straight."""
    line = np.linspace(0, 10, n + 1)
    cube = brick((line, line, line))
    inner = np.all((cube.corners > 0) & (cube.corners < 10), axis=1)
    moved = (
        cube.corners
        + 0.9 * np.random.default_rng(4).uniform(-1, 1, (len(inner), 3)) * (inner[:, None])
    )
    return type(cube)(moved, cube.cells)


def on_boundary(body):
    return np.isin(np.arange(len(body.nodes)), body.surface)


def test_patch_test_of_small_strains_is_exact(rng):
    """The boundary is moved by an affine map, and the inside follows."""
    solid = LinearSolid(distorted(), 7.0, 3.0)
    matrix = 0.1 * rng.standard_normal((3, 3))
    truth = solid.body.nodes @ matrix.T
    edge = on_boundary(solid.body)[:, None]
    energy = solid.internal()
    fixed = np.where(edge, truth, 0)
    system = conjugate_gradient(
        lambda q: np.where(edge, q, energy.gradient(np.where(edge, 0, q))),
        np.where(edge, 0, -energy.gradient(fixed)),
        np.zeros(solid.shape),
    )
    result = run(system, at_most=500, tolerance=1e-13)
    np.testing.assert_allclose(np.where(edge, truth, result.x), truth, atol=1e-8)
    strain = 0.5 * (matrix + matrix.T)
    density = 3.5 * np.trace(strain) ** 2 + 3.0 * np.sum(strain**2)
    assert energy(truth) == pytest.approx(1000 * density, rel=1e-12)


def test_patch_test_of_large_strains_is_exact(rng):
    """One step from the truth disturbed: Newton's method comes back to the affine map."""
    body = distorted()
    axes = np.broadcast_to(Rotation.random(random_state=5).as_matrix(), (len(body.cells), 27, 3, 3))
    solid = ElasticSolid(body, Guccione(), bulk_kpa=300.0, local_kpa=20.0, axes=axes)
    F = np.eye(3) + 0.15 * rng.standard_normal((3, 3))
    truth = body.nodes @ (F - np.eye(3)).T
    free = np.repeat(~on_boundary(body), 3)
    q = truth + 0.05 * rng.standard_normal(truth.shape) * free.reshape(-1, 3)
    for _ in range(6):
        matrix, off = solid.internal().hessian(q).tocsc(), solid.internal().gradient(q).ravel()
        step = np.zeros(q.size)
        step[free] = -spsolve(matrix[free][:, free], off[free])
        q = q + step.reshape(q.shape)
    np.testing.assert_allclose(q, truth, atol=1e-9)
    J = np.linalg.det(F)
    expected = cauchy_stress(second_piola_stress(Guccione(), F, axes[0, 0]), F)
    expected = expected + 300 * (J - 1) * np.eye(3)
    np.testing.assert_allclose(solid.stress(q), np.broadcast_to(expected, axes.shape), atol=1e-7)


def test_energies_converge_with_the_fourth_power():
    """``u_x = sin(0.3 x)`` on a cube of 10 mm; both energies are one-dimensional integrals."""
    x = (np.arange(20000) + 0.5) / 2000
    e = 0.3 * np.cos(0.3 * x)
    small = 100 * np.mean(0.5 * 13.0 * e**2) * 10
    green = e + 0.5 * e**2
    large = 100 * np.mean(0.5 * 13.0 * green**2) * 10
    errors = []
    for n in (2, 4, 8):
        body = brick((np.linspace(0, 10, n + 1), np.array([0, 10.0]), np.array([0, 10.0])))
        q = np.zeros(body.nodes.shape)
        q[:, 0] = np.sin(0.3 * body.nodes[:, 0])
        first = LinearSolid(body, 7.0, 3.0).internal()(q) - small
        second = ElasticSolid(body, SaintVenantKirchhoff(7.0, 3.0)).internal()(q) - large
        errors.append([abs(first), abs(second)])
    order = np.log2(np.array(errors)[:-1] / np.array(errors)[1:])
    assert order.min() > 3.5


def test_both_bodies_agree_where_strains_are_small(rng):
    body = distorted()
    q = 1e-5 * rng.standard_normal(body.nodes.shape)
    linear = LinearSolid(body, 7.0, 3.0).internal()
    finite = ElasticSolid(body, SaintVenantKirchhoff(7.0, 3.0)).internal()
    assert finite(q) == pytest.approx(linear(q), rel=1e-4)
    np.testing.assert_allclose(finite.gradient(q), linear.gradient(q), atol=1e-6)


def test_curvature_is_the_slope_of_the_slope(rng):
    body = distorted()
    axes = Rotation.random(body.weights.size, random_state=1).as_matrix()
    axes = axes.reshape(*body.weights.shape, 3, 3)
    energy = ElasticSolid(body, Guccione(), 60.0, 9.0, axes).internal()
    q, move = 0.1 * rng.standard_normal((2, *body.nodes.shape))
    matrix = energy.hessian(q)
    measured = (energy.gradient(q + 1e-5 * move) - energy.gradient(q - 1e-5 * move)) / 2e-5
    np.testing.assert_allclose(matrix @ move.ravel(), measured.ravel(), atol=1e-5)
    assert abs(matrix - matrix.T).max() < 1e-10
    foretold = energy.pull(q, 1e-5 * move) - energy.pull(q)
    np.testing.assert_allclose(energy.pull(q + 1e-5 * move) - energy.pull(q), foretold, atol=1e-6)


def test_turning_by_any_angle_costs_nothing():
    body = distorted()
    solid = ElasticSolid(body, Guccione(), 60.0, 9.0)
    turn = Rotation.random(random_state=2).as_matrix()
    assert abs(solid.internal()(body.nodes @ turn.T - body.nodes)) < 1e-20
    np.testing.assert_allclose(solid.points(np.ones(solid.shape)), body.nodes + 1)


def test_volume_is_kept_without_locking():
    """A slender beam of nearly incompressible muscle bends as beams do."""
    body = brick((np.linspace(0, 40, 9), np.array([0, 2.0]), np.array([0, 2.0])))
    solid = ElasticSolid(body, SaintVenantKirchhoff(0.0, 10.0), bulk_kpa=1e5)
    free = (body.nodes[:, 0] > 0).repeat(3)
    load = np.zeros(solid.shape)
    tip = np.flatnonzero(body.nodes[:, 0] == 40)
    load[tip, 2] = 1e-4 / len(tip)
    matrix = solid.internal().hessian(np.zeros(solid.shape)).tocsc()
    q = np.zeros(load.size)
    q[free] = spsolve(matrix[free][:, free], load.ravel()[free])
    # force l^3 / (3 E I) with E = 3 shear and I = 2^4 / 12
    expected = 1e-4 * 40**3 / (3 * 30.0 * 16 / 12)
    assert q.reshape(-1, 3)[tip, 2].mean() == pytest.approx(expected, rel=0.03)


def test_bad_values_are_refused():
    body = distorted()
    with pytest.raises(ValueError, match="local_kpa <= bulk_kpa"):
        ElasticSolid(body, Guccione(), bulk_kpa=1.0, local_kpa=2.0)
    with pytest.raises(ValueError, match="axes must have shape"):
        ElasticSolid(body, Guccione(), axes=np.eye(3))
    with pytest.raises(ValueError, match="q must have shape"):
        LinearSolid(body).points(np.zeros((3, 3)))
    with pytest.raises(ValueError, match="shear_kpa"):
        LinearSolid(body, 1.0, 0.0)
