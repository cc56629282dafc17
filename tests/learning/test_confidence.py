"""A detector's confidences: learned from its own errors, and worth something to a sparse body."""

import numpy as np
import pytest
from scipy import ndimage
from skimage.feature import match_template

from corporis.deformables import Sightings, SparseBody
from corporis.interfaces import Mesh
from corporis.learning import ObservationConfidence

SIDE, HALF, REACH = 120, 5, 7
NOISE_PX = 0.5


def tracked(seed):
    """Windows matched from one image to the next: places, displacements, truths and features."""
    random = np.random.default_rng(seed)
    texture = ndimage.gaussian_filter(random.standard_normal((SIDE, SIDE)), 1.5)
    contrast = ndimage.gaussian_filter(random.standard_normal((SIDE, SIDE)), 14)
    first = texture / texture.std() * np.clip(0.5 + contrast / contrast.std(), 0.05, 2)
    way = random.uniform(-1, 1, (2, 3))
    rows, columns = np.indices((SIDE, SIDE)) / SIDE - 0.5
    true = 3 * np.stack([w[0] + w[1] * rows + w[2] * columns for w in way])
    second = ndimage.map_coordinates(first, np.indices(first.shape) - true, order=3, mode="wrap")
    images = [image + 0.5 * random.standard_normal(image.shape) for image in (first, second)]
    margin = HALF + REACH + 2
    places = random.integers(margin, SIDE - margin, (150, 2))
    found, features = zip(*(matched(*images, place) for place in places))
    return places, np.array(found), true[:, places[:, 0], places[:, 1]].T, np.array(features)


def matched(first, second, place):
    """Displacement of the best match, and what is measured of it."""
    a, b = place
    window = first[a - HALF : a + HALF + 1, b - HALF : b + HALF + 1]
    reach = HALF + REACH
    scores = match_template(second[a - reach : a + reach + 1, b - reach : b + reach + 1], window)
    top = np.unravel_index(np.argmax(scores), scores.shape)
    others = scores.copy()
    others[max(top[0] - 2, 0) : top[0] + 3, max(top[1] - 2, 0) : top[1] + 3] = -1
    peak = scores[top]
    return np.array(top) - REACH, (peak, peak - others.max(), window.std())


def body_error(places, found, true, confidence):
    """Of a sparse body that sees them, px."""
    grid = np.stack(np.meshgrid(*[np.linspace(0, SIDE, 9)] * 2, [-6.0, 0.0, 6.0]), -1).reshape(
        -1, 3
    )
    depth = np.linspace(-6, 6, len(places))  # a slab that moves alike at all depths
    solid = np.column_stack([places, depth])
    seen = np.column_stack([found, np.zeros(len(found))])[None]
    body = SparseBody(Mesh(grid[:3], np.array([[0, 1, 2]])), grid, noise=NOISE_PX, believed=2.0)
    fit = body.fit(Sightings(solid, seen, confidence=confidence))
    inner = np.all((grid[:, :2] > 15) & (grid[:, :2] < SIDE - 15), axis=1)
    near = np.linalg.norm(grid[inner, None, :2] - places, axis=2).argmin(axis=1)
    return np.sqrt(np.mean(np.sum((fit.q[0, inner, :2] - true[near]) ** 2, axis=1)))


@pytest.fixture(scope="module")
def learned():
    runs = [tracked(seed) for seed in range(4)]
    features = np.concatenate([run[3] for run in runs])
    errors = np.concatenate([np.linalg.norm(run[1] - run[2], axis=1) for run in runs])
    return ObservationConfidence(3 * NOISE_PX, random_state=0).fit(features, errors)


def test_confidences_are_probabilities_of_other_images(learned):
    runs = [tracked(seed) for seed in range(10, 14)]
    said = np.concatenate([learned.predict(run[3]) for run in runs])
    right = np.concatenate([np.linalg.norm(r[1] - r[2], axis=1) <= 3 * NOISE_PX for r in runs])
    assert 0.1 < 1 - learned.share_right_ < 0.9
    assert np.all((said >= learned.least) & (said <= 1))
    high = said > 0.5
    assert right[high].mean() > right[~high].mean() + 0.4
    assert abs(said.mean() - right.mean()) < 0.1


def test_a_body_errs_less_with_what_was_learned(learned):
    with_it, without = [], []
    for seed in range(10, 14):
        places, found, true, features = tracked(seed)
        with_it.append(body_error(places, found, true, learned.predict(features)))
        without.append(body_error(places, found, true, None))
    assert np.mean(with_it) < np.mean(without)


def test_where_all_are_right_all_are_believed():
    model = ObservationConfidence(1.0).fit(np.eye(4), np.zeros(4))
    np.testing.assert_array_equal(model.predict(np.eye(4)), np.ones(4))


def test_bad_parameters_are_refused():
    for wrong in ({"tolerance": 0.0}, {"least": 1.0}, {"n_trees": 0}):
        with pytest.raises(ValueError, match="must be"):
            ObservationConfidence(**wrong).fit(np.eye(4), np.ones(4))
    with pytest.raises(ValueError, match=">= 0"):
        ObservationConfidence().fit(np.eye(4), -np.ones(4))
