"""The sparse surface: gross errors are overruled, and the minimum is the minimum."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize

from corporis.deformables import (
    Observations,
    PlaneErrors,
    SparseSurface,
    Stiffness,
    bending_matrix,
    interpolation_matrix,
)

N_LEVELS, N_ANGLES, N_TIMES, N_PLANES = 9, 12, 6, 5
SPREAD = 12.0
STIFF = Stiffness(along=0.04, around=0.01, time=0.004)
NEVER = 1e9  # a gross error that is never worth its price: plain least squares


def truth():
    """A smooth body that tapers and beats, (levels, angles, times)."""
    level = np.linspace(0, 1, N_LEVELS)[:, None, None]
    angle = 2 * np.pi * np.arange(N_ANGLES)[None, :, None] / N_ANGLES
    time = 2 * np.pi * np.arange(N_TIMES)[None, None, :] / N_TIMES
    return 900 * (1 - 0.8 * level**2) * (1 + 0.06 * np.cos(2 * angle)) * (1 + 0.2 * np.cos(time))


def observed(noise=0.3, seed=0):
    """Every other level is an image plane."""
    level = np.repeat(np.arange(0.0, N_LEVELS, 2), N_ANGLES)
    angle = np.tile(np.arange(N_ANGLES, dtype=float), N_PLANES)
    value = truth()[::2].reshape(-1, N_TIMES)
    value = value + noise * SPREAD * np.random.default_rng(seed).normal(size=value.shape)
    return Observations(
        level,
        angle,
        value,
        np.full(value.shape, SPREAD),
        np.repeat(np.arange(N_PLANES), N_ANGLES),
        np.zeros(value.shape, bool),
    )


def spoilt(change):
    """Observations with some values changed by `change(value)`."""
    clean = observed()
    value = clean.value.copy()
    change(value.reshape(N_PLANES, N_ANGLES, N_TIMES))
    return replace(clean, value=value)


def off(fit):
    """Root mean square error of a fit."""
    return float(np.sqrt(np.mean((fit.q - truth()) ** 2)))


SPARSE = SparseSurface((N_LEVELS, N_ANGLES), STIFF)
QUADRATIC = replace(SPARSE, lone=NEVER, plane=NEVER)


def test_lone_wrong_rays_are_overruled():
    def papillary(value):
        value[1, 3] -= 500
        value[3, 8, 2] += 400

    seen = spoilt(papillary)
    sparse, quadratic = SPARSE.fit(seen), QUADRATIC.fit(seen)
    clean = off(SPARSE.fit(observed()))
    assert off(sparse) < 4 * clean
    assert off(quadratic) > 3 * off(sparse)
    error = sparse.error.reshape(N_PLANES, N_ANGLES, N_TIMES)
    assert np.all(error[1, 3] > 20) and error[3, 8, 2] < -20  # residual: fit minus seen
    error[1, 3], error[3, 8, 2] = 0, 0
    assert np.mean(np.abs(error) > 1) < 0.05
    assert not quadratic.error.any()


def test_a_wrong_plane_is_set_aside_as_a_whole():
    def moved(value):
        value[2, :, 1] += 350

    seen = spoilt(moved)
    sparse, quadratic = SPARSE.fit(seen), QUADRATIC.fit(seen)
    assert off(quadratic) > 2 * off(sparse)
    assert sparse.overruled.shape == (N_PLANES, N_TIMES)
    assert sparse.overruled[2, 1] == 1
    sparse.overruled[2, 1] = 0
    assert sparse.overruled.max() < 0.3


def test_an_error_that_no_ray_shows_alone_is_seen_in_its_plane():
    def moved(value):
        value[2, :, 1] += 60  # too little for any single ray of this stiff a body

    seen = spoilt(moved)
    together = replace(SPARSE, lone=NEVER, plane=1.0).fit(seen)
    aside = np.abs(together.error).reshape(N_PLANES, N_ANGLES, N_TIMES)
    assert np.all(aside[2, :, 1] > 0)
    aside[2, :, 1] = 0
    assert aside.max() < 1


def envelope(whitened, plane, lone, weight):
    """``min_{e, g}`` of the energy's data part for given residuals, by alternation to the end."""
    size = np.sqrt(np.bincount(plane))[:, None]
    e, g = np.zeros_like(whitened), np.zeros_like(whitened)
    for _ in range(3000):
        before = e + g
        rest = whitened - g
        e = np.sign(rest) * np.maximum(np.abs(rest) - lone, 0)
        rest = whitened - e
        length = np.sqrt([np.sum(rest[plane == p] ** 2, axis=0) for p in range(len(size))])
        g = rest * np.maximum(1 - weight * size / np.maximum(length, 1e-300), 0)[plane]
        if np.abs(e + g - before).max() < 1e-10:
            break
    length = np.sqrt([np.sum(g[plane == p] ** 2, axis=0) for p in range(len(size))])
    value = 0.5 * np.sum((whitened - e - g) ** 2) + lone * np.abs(e).sum()
    return value + weight * np.sum(size * length), whitened - e - g


def test_the_objective_falls_to_the_minimum_of_the_stated_energy():
    def wrong(value):
        value[1, 3] -= 500
        value[2, :, 1] += 350

    seen = spoilt(wrong)
    fit = SPARSE.fit(seen)
    assert len(fit.objective) > 1 and np.all(np.diff(fit.objective) <= 1e-9 * fit.objective[0])
    full = (N_LEVELS, N_ANGLES, N_TIMES)
    sampler = interpolation_matrix(full[:2], seen.level, seen.angle)
    bend = bending_matrix(full, STIFF)

    def energy(q):
        residual = (sampler @ q.reshape(-1, N_TIMES) - seen.value) / SPREAD
        data, slope = envelope(residual, seen.plane, SPARSE.lone, SPARSE.plane)
        bent = bend @ q
        return data + 0.5 * bent @ bent, (sampler.T @ slope / SPREAD).ravel() + bend.T @ bent

    assert energy(fit.q.ravel())[0] == pytest.approx(fit.objective[-1], rel=1e-3)
    best = minimize(energy, fit.q.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": 200})
    assert fit.objective[-1] <= best.fun * 1.01
    long = replace(SPARSE, rounds=60).fit(seen)
    gap = np.array([o - best.fun for o in (fit.objective[0], fit.objective[3], long.objective[-1])])
    assert gap[0] > 3 * gap[1] > 9 * gap[2] > -1e-6 * best.fun


def test_without_gross_errors_it_is_linear_least_squares():
    full, seen = (N_LEVELS, N_ANGLES, N_TIMES), observed(noise=1.0)
    sampler = interpolation_matrix(full[:2], seen.level, seen.angle).toarray()
    data = np.kron(sampler, np.eye(N_TIMES)) / SPREAD
    matrix = np.concatenate([data, bending_matrix(full, STIFF).toarray()])
    right = np.concatenate([seen.value.ravel() / SPREAD, np.zeros(len(matrix) - len(data))])
    expected = np.linalg.lstsq(matrix, right)[0].reshape(full)
    found = QUADRATIC.fit(seen)
    np.testing.assert_allclose(found.q, expected, atol=0.05)
    residual = matrix @ expected.ravel() - right
    assert found.objective[-1] == pytest.approx(0.5 * residual @ residual, rel=1e-4)


def test_a_lone_place_is_a_soft_threshold_between_data_and_prior():
    """One observation and a prior of one point, without stiffness: solved by hand."""
    value, expected, spread = 100.0, 40.0, 10.0
    for prior_spread, lone, wanted in (
        (10.0, NEVER, 70.0),  # the mean
        (20.0, NEVER, 40 + 60 * 0.8),
        (10.0, 1.0, 50.0),  # the observation pulls with one unit at most: 40 + 1 * 10^2 / 10
    ):
        model = SparseSurface((1, 3), Stiffness(0, 0, 0), lone=lone, plane=NEVER, rounds=200)
        seen = Observations(
            np.zeros(3),
            np.arange(3.0),
            np.full((3, 1), value),
            np.full((3, 1), spread),
            np.arange(3),
            np.zeros((3, 1), bool),
        )
        fit = model.fit(seen, prior=np.full((1, 3, 1), expected), prior_spread=prior_spread)
        np.testing.assert_allclose(fit.q, wanted, atol=0.5)


def test_what_was_not_seen_says_nothing():
    seen = observed()
    spread = seen.spread.copy()
    hidden = seen.plane == 2
    spread[hidden] = np.inf
    value = seen.value.copy()
    value[hidden] = 1e6
    first = SPARSE.fit(replace(seen, spread=spread, value=value))
    value[hidden] = -1e6
    second = SPARSE.fit(replace(seen, spread=spread, value=value))
    np.testing.assert_array_equal(first.q, second.q)
    assert np.abs(first.q[4] - truth()[4]).max() < 60  # bridged by stiffness
    assert not first.error[hidden].any()


def test_a_prior_fills_what_was_not_seen():
    seen = observed()
    spread = np.where((seen.plane >= 3)[:, None], np.inf, seen.spread)
    blind = replace(seen, spread=spread)
    alone = SPARSE.fit(blind)
    helped = SPARSE.fit(blind, prior=truth(), prior_spread=30.0)
    hidden = slice(6, None)
    errors = [np.abs(f.q[hidden] - truth()[hidden]).mean() for f in (alone, helped)]
    assert errors[1] < 0.2 * errors[0]
    wrong = SPARSE.fit(seen, prior=truth() + 300, prior_spread=np.inf)
    np.testing.assert_allclose(wrong.q, SPARSE.fit(seen).q, atol=0.5)


def test_a_ceiling_only_holds_from_above():
    seen = observed()
    beyond = seen.plane == N_PLANES - 1
    ceiling = np.repeat(beyond[:, None], N_TIMES, axis=1)
    zero = np.where(ceiling, 0.0, seen.value)
    capped = QUADRATIC.fit(replace(seen, value=zero, ceiling=ceiling))
    equal = QUADRATIC.fit(replace(seen, value=zero))
    assert capped.q[-1].max() < 0.35 * truth()[-1].mean()
    # Where the body would be negative by itself, a ceiling costs nothing; an equality does.
    falling = truth() - 1.2 * truth()[-1:] - 40 * np.arange(N_LEVELS)[:, None, None]
    value = np.where(ceiling, 0.0, falling[::2].reshape(-1, N_TIMES))
    capped, equal = (
        replace(QUADRATIC, rounds=40).fit(replace(seen, value=value, ceiling=c))
        for c in (ceiling, np.zeros_like(ceiling))
    )
    assert capped.q[-1].max() < -50
    assert np.abs(equal.q[-1]).max() < 60
    assert capped.objective[-1] < 0.5 * equal.objective[-1]


def test_the_start_does_not_matter():
    seen = observed()
    patient = replace(SPARSE, rounds=60)
    np.testing.assert_allclose(
        patient.fit(seen).q, patient.fit(seen, start=truth() * 3).q, atol=2.0
    )


def test_energy_is_the_same_when_the_grid_is_refined():
    """Weights that fall with the step to the power 3/2 see the curve, not the grid.

    A second difference is ``f'' h^2``; with a standard deviation ``d h^(3/2)`` the sum over the
    grid is ``1/d^2`` times the integral of ``f''^2``.
    """
    curved = {0: lambda x: np.cos(np.pi * x), 1: lambda x: np.cos(4 * np.pi * x)}
    curved[2] = curved[1]
    exact = {0: np.pi**4 / 2, 1: (4 * np.pi) ** 4 / 2, 2: (4 * np.pi) ** 4 / 2}
    for axis, name in enumerate(("along", "around", "time")):
        for n in (64, 128):
            full = [1, 1, 1]
            full[axis] = n + (axis == 0)
            x = np.linspace(0, 1, full[axis], endpoint=axis == 0)
            weights = {"along": 0.0, "around": 0.0, "time": 0.0, name: n**1.5}
            bent = bending_matrix(tuple(full), Stiffness(**weights)) @ curved[axis](x)
            assert bent @ bent == pytest.approx(exact[axis], rel=0.05)


def test_bending_counts_each_direction(rng):
    q = rng.normal(size=(5, 6, 4))
    along = 3 * np.diff(q, n=2, axis=0)
    around = 2 * (np.roll(q, 1, 1) - 2 * q + np.roll(q, -1, 1))
    time = 0.5 * (np.roll(q, 1, 2) - 2 * q + np.roll(q, -1, 2))
    expected = sum(float(np.sum(part**2)) for part in (along, around, time))
    bent = bending_matrix(q.shape, Stiffness(3, 2, 0.5)) @ q.ravel()
    assert bent @ bent == pytest.approx(expected)
    assert bending_matrix((5, 6, 4), Stiffness(0, 0, 0)).shape == (0, 120)
    # two phases: no second difference in time, whatever its weight
    assert bending_matrix((1, 3, 2), Stiffness(1, 0, 1)).shape == (0, 6)


def test_interpolation_is_linear_along_and_cyclic_around(rng):
    level, angle = rng.uniform(0, 6, 40), rng.uniform(-8, 20, 40)
    matrix = interpolation_matrix((7, 8), level, angle)
    np.testing.assert_allclose(matrix.sum(axis=1), 1)
    height = np.repeat(np.arange(7.0), 8)
    np.testing.assert_allclose(matrix @ height, level)
    saw = np.tile([1.0, 0, 0, 0, 0, 0, 0, 0], 7)  # a hat around angle 0
    away = np.abs((angle + 4) % 8 - 4)
    np.testing.assert_allclose(matrix @ saw, np.maximum(1 - away, 0), atol=1e-12)
    beyond = interpolation_matrix((7, 8), [-2.0, 9.0], [0.0, 0.0])
    np.testing.assert_allclose(beyond @ height, [0, 6])
    single = interpolation_matrix((1, 4), [0.0], [3.5])
    np.testing.assert_allclose(single.toarray(), [[0.5, 0, 0, 0.5]])


def test_plane_errors_by_hand():
    penalty = PlaneErrors(np.array([0, 0, 0, 0, 1]), weight=0.5)
    g = np.array([[3.0], [0], [4], [0], [-2]])
    assert penalty(g) == pytest.approx(0.5 * (2 * 5 + 1 * 2))
    # lengths 5 -> 5 - 1 * 0.5 * sqrt(4) = 4 and 2 -> 1.5
    shrunk = penalty.prox(g, 1.0)
    np.testing.assert_allclose(shrunk, [[2.4], [0], [3.2], [0], [-1.5]])
    assert not penalty.prox(g, 5.0)[:4].any()
    with pytest.raises(ValueError, match="step"):
        penalty.prox(g, 0.0)


def test_impossible_values_are_refused():
    seen = observed()
    with pytest.raises(ValueError, match="spread must be > 0"):
        replace(seen, spread=0 * seen.spread)
    with pytest.raises(ValueError, match="finite"):
        replace(seen, value=seen.value + np.nan)
    with pytest.raises(ValueError, match="stiffness"):
        Stiffness(-1.0, 0.0, 0.0)
    with pytest.raises(ValueError, match="stiffness"):
        Stiffness(1.0, np.nan, 0.0)
    with pytest.raises(ValueError, match="weight"):
        PlaneErrors(np.zeros(3, int), -1.0)
