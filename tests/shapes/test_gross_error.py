"""The Huber lasso: elimination, derivative, certificate, and two solvers against oracles."""

import numpy as np
import pytest
from sklearn.linear_model import Lasso

from corporis.shapes import GrossErrorMisfit, sparse_code


@pytest.fixture
def misfit(rng):
    target = rng.normal(size=(12, 2))
    target[:3] += 8
    trust = rng.random(12)
    trust[5] = 0
    return GrossErrorMisfit(rng.normal(size=(30, 12, 2)), target, 0.2 + rng.random(12), trust)


def test_the_eliminated_error_is_the_best_one(misfit, rng):
    x = 0.1 * rng.normal(size=30)

    def with_error(e):
        squares = np.sum((misfit.residual(x) - e) ** 2, axis=1) / 2
        return misfit.confidence @ (squares + misfit.threshold * np.linalg.norm(e, axis=1))

    best = misfit.error(x)
    assert misfit(x) == pytest.approx(with_error(best), rel=1e-12)
    for size in (1e-3, 0.1, 1, 10):
        for _ in range(50):
            assert with_error(best + size * rng.normal(size=best.shape)) >= misfit(x) - 1e-12
    assert with_error(0 * best) > misfit(x)


def test_gradient_is_the_derivative_and_its_slope_is_bounded(misfit, rng):
    for _ in range(20):
        x, step = rng.normal(size=(2, 30))
        numeric = (misfit(x + 1e-6 * step) - misfit(x - 1e-6 * step)) / 2e-6
        assert numeric == pytest.approx(misfit.gradient(x) @ step, rel=1e-5, abs=1e-6)
        slope = np.linalg.norm(misfit.gradient(x + step) - misfit.gradient(x))
        assert slope <= misfit.lipschitz * np.linalg.norm(step)


@pytest.mark.parametrize("size", [1, 2])
def test_compiled_and_plain_solvers_agree(misfit, size):
    grouped = GrossErrorMisfit(
        misfit.atoms.reshape(30, -1, size),
        misfit.target.reshape(-1, size),
        np.repeat(misfit.threshold, 2 // size),
        np.repeat(misfit.confidence, 2 // size),
    )
    results = [sparse_code(grouped, 0.3, tolerance=1e-9, compiled=c) for c in (True, False)]
    objectives = [grouped(r.x) + 0.3 * np.abs(r.x).sum() for r in results]
    assert [r.reason for r in results] == ["tolerance"] * 2
    assert objectives[0] == pytest.approx(objectives[1], rel=3e-9)
    np.testing.assert_allclose(results[0].x, results[1].x, atol=1e-3)
    np.testing.assert_array_equal(abs(results[0].x) > 1e-3, abs(results[1].x) > 1e-3)


def test_gap_bounds_the_distance_from_the_minimum(misfit, rng):
    best = sparse_code(misfit, 0.3, tolerance=1e-12)
    lowest = misfit(best.x) + 0.3 * np.abs(best.x).sum()
    assert misfit.gap(best.x, 0.3) <= 1e-10
    for size in (1e-4, 1e-2, 1):
        x = best.x + size * rng.normal(size=30)
        above = misfit(x) + 0.3 * np.abs(x).sum() - lowest
        assert above <= misfit.gap(x, 0.3)
    few = sparse_code(misfit, 0.3, tolerance=1e-12, at_most=2)
    assert few.reason == "at_most"
    assert few.gap == pytest.approx(misfit.gap(few.x, 0.3))


def test_without_gross_errors_it_is_the_lasso(rng):
    atoms, target = rng.normal(size=(30, 12, 2)), rng.normal(size=(12, 2))
    plain = GrossErrorMisfit(atoms, target, np.full(12, np.inf), np.ones(12))
    found = sparse_code(plain, 2.0, tolerance=1e-12)
    oracle = Lasso(alpha=2.0 / 24, fit_intercept=False, tol=1e-12, max_iter=100_000)
    oracle.fit(atoms.reshape(30, -1).T, target.ravel())
    np.testing.assert_allclose(found.x, oracle.coef_, atol=1e-6)
    assert not plain.error(found.x).any()


def test_a_planted_sparse_code_survives_gross_errors(rng):
    atoms = rng.normal(size=(60, 40, 3))
    code = np.zeros(60)
    code[[3, 17, 42]] = [2.0, -1.5, 1.0]
    target = np.tensordot(code, atoms, axes=1) + 0.01 * rng.normal(size=(40, 3))
    wrong = rng.choice(40, 10, replace=False)
    target[wrong] += 20 * rng.normal(size=(10, 3))
    misfit = GrossErrorMisfit(atoms, target, np.full(40, 0.05), np.ones(40))
    found = sparse_code(misfit, 0.05, tolerance=1e-8)
    assert np.flatnonzero(abs(found.x) > 0.02).tolist() == [3, 17, 42]
    np.testing.assert_allclose(found.x, code, atol=0.02)
    error = np.linalg.norm(misfit.error(found.x), axis=1)
    assert set(np.flatnonzero(error > 1)) == set(wrong)


def test_a_heavy_weight_gives_the_empty_code_and_precision_is_kept(misfit):
    limit = np.abs(misfit.gradient(np.zeros(30))).max()
    assert not sparse_code(misfit, 1.001 * limit).x.any()
    assert sparse_code(misfit, 0.9 * limit).x.any()
    assert sparse_code(misfit, 0.3, np.zeros(30, np.float32)).x.dtype == np.float32


def test_wrong_input_is_named(misfit):
    with pytest.raises(ValueError, match="weight"):
        sparse_code(misfit, 0.0)
    with pytest.raises(ValueError, match="atoms"):
        GrossErrorMisfit(misfit.atoms[:, 1:], misfit.target, misfit.threshold, misfit.confidence)
    with pytest.raises(ValueError, match="threshold"):
        GrossErrorMisfit(misfit.atoms, misfit.target, -misfit.threshold, misfit.confidence)


@pytest.mark.parametrize("size", [1, 3])
def test_every_newton_step_lowers_the_objective(rng, size):
    atoms = rng.normal(size=(50, 30, size)) + 2 * rng.normal(size=(30, size))  # alike, as organs
    target = atoms[:3].mean(axis=0) + 0.1 * rng.normal(size=(30, size))
    target[::4] += 20
    misfit = GrossErrorMisfit(atoms, target, np.full(30, 0.2), 0.5 + rng.random(30))
    found = [sparse_code(misfit, 0.5, tolerance=1e-13, at_most=k) for k in range(12)]
    objectives = [misfit(r.x) + 0.5 * np.abs(r.x).sum() for r in found]
    assert [r.count for r in found[:4]] == [0, 1, 2, 3]
    assert np.all(np.diff(objectives) <= 1e-12 * objectives[0])
    # Newton's method: ten more digits cost few more steps (the curvature of single coordinates
    # that err is next to nothing, and steps are cut there)
    near, best = (sparse_code(misfit, 0.5, tolerance=t) for t in (1e-2, 1e-12))
    assert best.reason == "tolerance"
    assert size == 1 or best.count <= near.count + 20
