"""The most probable shape: exact costs, runs found, uncertainty that is true, frames and gaps."""

import itertools

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from corporis.shapes import PosteriorShapes, PrincipalShapes
from corporis.shapes.run_search import RunSearch


@pytest.fixture(scope="module")
def family():
    """Outlines (200, 20, 2), about 30 mm in radius, of six modes."""
    rng = np.random.default_rng(3)
    angle = 2 * np.pi * np.arange(20) / 20
    waves = np.stack([np.cos(m * angle + p) for m in (2, 3, 4) for p in (0, np.pi / 2)])
    radius = 30 * (1 + rng.normal(size=(200, 6)) @ (waves * [[0.1]] * 2 / 3))
    return radius[..., None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)


def spoilt(shape, places, move, rng):
    seen = shape + 0.5 * rng.normal(size=shape.shape)
    seen[places] += move
    return seen


def distance(a, b):
    return float(np.linalg.norm(a - b, axis=1).mean())


def test_the_cost_of_every_set_is_that_of_the_density():
    rng = np.random.default_rng(1)
    root = rng.normal(size=(10, 12))
    covariance, residual = root @ root.T + np.eye(10), 3 * rng.normal(size=10)
    search = RunSearch(np.linalg.inv(covariance), residual, np.ones(5, bool), 2.0, 1.5)
    whole = -multivariate_normal(cov=covariance).logpdf(residual)
    for size in (1, 2, 3):
        for places in itertools.combinations(range(5), size):
            mask = np.isin(np.arange(5), places)
            rows = np.repeat(~mask, 2)
            left = multivariate_normal(cov=covariance[np.ix_(rows, rows)]).logpdf(residual[rows])
            # numbers that are left out take their normalisation with them
            expected = -left - whole + size * np.log(2 * np.pi)
            runs = sum(mask[i] and not mask[i - 1] for i in range(5))
            found = search._costs(mask[None])[0]
            assert found == pytest.approx(expected + 2.0 * size + 1.5 * runs, abs=1e-8)


@pytest.mark.parametrize("places", [[3, 4, 5, 6], [18, 19, 0, 1, 2], [2, 9, 15], [1, 2, 3, 11, 12]])
def test_landmarks_that_moved_alone_or_together_are_named(family, places):
    rng = np.random.default_rng(7)
    model = PosteriorShapes(noise=0.5, run_cost=3.0).fit(family[:150])
    rival = PrincipalShapes(noise=0.5, modes=20).fit(family[:150])
    for shape in family[150:158]:
        seen = spoilt(shape, places, np.array([14.0, -9.0]), rng)
        found = model.explain(seen)
        assert np.flatnonzero(found.overruled).tolist() == sorted(places)
        assert distance(found.shape, shape) < 0.35 * distance(rival.explain(seen).shape, shape)
        assert np.allclose(found.error[places], seen[places] - found.shape[places])


def test_good_landmarks_are_believed_and_missing_ones_are_filled(family):
    rng = np.random.default_rng(2)
    model = PosteriorShapes(noise=0.5).fit(family[:150])
    false_alarms = 0
    for shape in family[150:170]:
        seen = spoilt(shape, [], 0.0, rng)
        found = model.explain(seen)
        false_alarms += found.overruled.sum()
        assert distance(found.shape, shape) < distance(seen, shape)
        seen[4:9] = np.nan
        gap = model.explain(seen, np.where(np.isfinite(seen[:, 0]), 1.0, 0.0))
        assert not gap.overruled[4:9].any()
        assert distance(gap.shape[4:9], shape[4:9]) < 1.5
    assert false_alarms <= 4  # of 400


def test_the_deviation_is_that_of_the_errors(family):
    rng = np.random.default_rng(5)
    model = PosteriorShapes(noise=0.5, alignment="none").fit(family[:150])
    wrong, claimed = [], []
    for shape in family[150:]:
        seen = spoilt(shape, [], 0.0, rng)
        trust = np.ones(20)
        trust[6:10] = 0
        found = model.posterior(seen, trust)
        wrong.append(np.sum((found.composition.shape - shape) ** 2, axis=1))
        claimed.append(found.deviation**2)
    ratio = np.mean(wrong, axis=0) / np.mean(claimed, axis=0)
    assert np.all(ratio[6:10] > 0.5) and np.all(ratio[6:10] < 2)
    assert np.mean(claimed, axis=0)[6:10].min() > np.mean(claimed, axis=0)[12:18].max()


def test_turning_dictionary_and_input_together_turns_the_answer(family):
    rng = np.random.default_rng(8)
    c, s = np.cos(0.7), np.sin(0.7)
    turn = np.array([[c, -s], [s, c]])
    seen = spoilt(family[160], [3, 4, 5], np.array([12.0, 3.0]), rng)
    one = PosteriorShapes(noise=0.5, alignment="none").fit(family[:150]).explain(seen)
    other = PosteriorShapes(noise=0.5, alignment="none").fit(family[:150] @ turn.T)
    assert np.allclose(other.explain(seen @ turn.T).shape, one.shape @ turn.T, atol=1e-6)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"noise": 0.0}, r"noise must be finite and > 0, got 0\.0"),
        ({"run_cost": -1.0}, "run_cost finite and >= 0"),
        ({"outlier_cost": float("inf")}, "outlier_cost must be finite"),
        ({"alignment": "affine"}, "none, rigid or similarity, got 'affine'"),
        ({"n_rounds": 0}, "n_rounds must be >= 1, got 0"),
    ],
)
def test_numbers_out_of_range_are_refused(family, wrong, words):
    with pytest.raises(ValueError, match=words):
        PosteriorShapes(**wrong).fit(family)


def test_shapes_that_do_not_fit_are_refused(family):
    model = PosteriorShapes(noise=0.5).fit(family)
    with pytest.raises(ValueError, match=r"\(20, 2\)"):
        model.explain(family[0, :19])
    with pytest.raises(ValueError, match="finite"):
        model.explain(np.full((20, 2), np.nan))
    with pytest.raises(ValueError, match=r"\(n >= 2, k, d\)"):
        PosteriorShapes().fit(family[0])


def test_the_training_shapes_that_explain_a_shape_are_named(family):
    rng = np.random.default_rng(5)
    kinds = np.concatenate([family[:12], family[:1] + 4 * rng.normal(size=(1, 20, 2))])
    model = PosteriorShapes(noise=0.2, outlier_cost=1e6, alignment="none").fit(kinds)
    seen = kinds[12] + 0.05 * rng.normal(size=(20, 2))
    found = model.explain(seen)
    ranked = model.contributors(found)
    assert ranked[0][0] == 12  # the only one of its kind
    assert sum(share for _, share in ranked) == pytest.approx(1)
    # what the shapes add up to, and what shrinkage adds, is the explanation
    weights = model._weights(found.code)
    made = weights @ (kinds - model.mean_).reshape(13, -1)
    rest = found.code - made
    spread = model.shrinkage_ * np.trace(np.cov(kinds.reshape(13, -1).T)) / 40
    pull = np.linalg.solve(model.covariance_, found.code)
    np.testing.assert_allclose(rest, spread * pull, atol=1e-6)


def test_nothing_is_searched_where_all_is_believed(family):
    model = PosteriorShapes(noise=0.5).fit(family[:150])
    seen = spoilt(family[160], [], 0.0, np.random.default_rng(4))
    confidences = np.ones(20)
    confidences[5:9] = 0.0
    found, searched = model.completed(seen, confidences), model.posterior(seen, confidences)
    np.testing.assert_allclose(found.composition.shape, searched.composition.shape, atol=0.2)
    assert found.cost == pytest.approx(searched.cost, abs=1.0)
    assert not found.composition.overruled.any()
    wrong = seen.copy()
    wrong[12:15] += 15.0
    believed = model.completed(wrong, confidences)
    assert not believed.composition.overruled.any()
    assert believed.cost > model.posterior(wrong, confidences).cost + 50


def test_the_cost_of_a_set_is_what_the_search_says():
    rng = np.random.default_rng(2)
    root = rng.normal(size=(16, 20))
    residual = rng.normal(size=16)
    residual[4:6] += 30
    search = RunSearch(np.linalg.inv(root @ root.T), residual, np.ones(8, bool), 2.0, 1.5)
    cost, outside = search.best()
    assert search.cost(outside) == pytest.approx(cost)
    assert search.cost(np.zeros(8, bool)) > cost


def test_a_start_that_believes_one_landmark_is_left_out(family, monkeypatch):
    model = PosteriorShapes(noise=0.5).fit(family[:150])
    seen = spoilt(family[160], [], 0.0, np.random.default_rng(4))
    expected = model.posterior(seen).composition.shape
    monkeypatch.setattr(PosteriorShapes, "_graduated", lambda self, given, c: np.arange(20) == 3)
    np.testing.assert_allclose(model.posterior(seen).composition.shape, expected, atol=0.1)
