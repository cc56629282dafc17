"""Patches set aside: what the closed form says against plain sums, and what is found."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from corporis.shapes import PatchSearch, sphere


def problem(n=40, seed=0):
    rng = np.random.default_rng(seed)
    places = rng.uniform(-1, 1, (n, 3))
    squares = np.sum((places[:, None] - places) ** 2, axis=-1)
    shape = 0.04 * np.exp(-squares / 0.5) + 1e-4 * np.eye(n)
    gross = 1.0 + 0.5 * np.exp(-squares / 0.5) + 1e-4 * np.eye(n)
    values = rng.multivariate_normal(np.zeros(n), shape)
    return places, values, shape, gross


def length(values, covariance):
    return -multivariate_normal(np.zeros(len(values)), covariance).logpdf(values)


def test_the_best_single_patch_is_that_of_a_plain_search():
    places, values, shape, gross = problem()
    values[np.linalg.norm(places - places[3], axis=1) < 0.7] += 0.8
    search = PatchSearch(places, values, shape, gross, 2.0, 0.1)
    found = search.find(at_most=1)
    best, n = np.inf, len(values)
    for seed in range(n):
        order = np.argsort(np.linalg.norm(places - places[seed], axis=1))
        for size in range(1, int(0.55 * n) + 1):
            out, kept = order[:size], np.sort(order[size:])
            cost = length(values[kept], shape[np.ix_(kept, kept)]) + 2.0 + 0.1 * size
            cost += length(values[out], gross[np.ix_(out, out)])
            best = min(best, cost)
    assert found.cost == pytest.approx(best, abs=1e-6)


def capped(*caps):
    """A sphere's surface, caps of it pushed in (+1) or pulled out (-1)."""
    ball = sphere(1.0, 3).points
    squares = np.sum((ball[:, None] - ball) ** 2, axis=-1)
    shape = 0.02**2 * np.exp(-squares / 0.1) + 0.05**2 + 1e-4 * np.eye(len(ball))
    gross = 0.2**2 + 0.1**2 * np.exp(-squares / 0.2) + 1e-4 * np.eye(len(ball))
    values = np.zeros(len(ball))
    for direction, sign in caps:
        values += sign * np.maximum(ball @ np.asarray(direction) - 0.7, 0)
    return ball, values, shape, gross


def test_two_patches_are_found_and_their_cost_is_a_plain_sum():
    places, values, shape, gross = capped(([0, 0, 1.0], 1), ([0.8, 0, -0.6], -1))
    # without a largest share, one ball over both caps is what a greedy search takes first
    found = PatchSearch(places, values, shape, gross, 3.0, 0.2, largest=0.25).find()
    assert len(found.members) >= 2
    assert not found.believed[np.abs(values) > 0.06].any()
    assert found.believed[values == 0].mean() > 0.8  # a ball is no cap: its rim is generous
    kept = np.flatnonzero(found.believed)
    cost = length(values[kept], shape[np.ix_(kept, kept)])
    for points in found.members:
        cost += length(values[points], gross[np.ix_(points, points)]) + 3.0 + 0.2 * len(points)
    assert found.cost == pytest.approx(cost, abs=1e-6)


def test_a_sound_shape_is_left_alone_and_the_frame_does_not_matter():
    places, values, shape, gross = problem(80, 2)
    assert PatchSearch(places, values, shape, gross).find().believed.all()
    values[np.linalg.norm(places - [0.5, 0.5, 0.5], axis=1) < 0.8] += 1.0
    turn = np.linalg.qr(np.random.default_rng(3).standard_normal((3, 3)))[0]
    here = PatchSearch(places, values, shape, gross).find()
    there = PatchSearch(places @ turn + 5.0, values, shape, gross).find()
    assert 0 < np.sum(~here.believed) < 40
    np.testing.assert_array_equal(here.believed, there.believed)


def test_a_cap_of_a_sphere_pushed_in_is_found_whole():
    found = PatchSearch(*capped(([0, 0, 1.0], 1)), 5.0, 0.2).find()
    _, values, _, _ = capped(([0, 0, 1.0], 1))
    assert not found.believed[values > 0.06].any()
    assert found.believed[values == 0].mean() > 0.95


def test_wrong_numbers_are_named():
    places, values, shape, gross = problem()
    with pytest.raises(ValueError, match="gross must be"):
        PatchSearch(places, values, shape, gross[:5, :5])
    with pytest.raises(ValueError, match="places must be"):
        PatchSearch(places[:5], values, shape, gross)
    with pytest.raises(ValueError, match="patch_cost"):
        PatchSearch(places, values, shape, gross, -1.0)
    with pytest.raises(ValueError, match="largest"):
        PatchSearch(places, values, shape, gross, largest=1.0)
