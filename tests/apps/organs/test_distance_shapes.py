"""Shapes as distances: what is lost is expected, what is seen is kept, disk and bad input."""

import numpy as np
import pytest

from apps.organs.seahorse import MM, labels
from corporis.apps.organs.distance_shapes import DistanceShapes
from corporis.errors import BadInput
from corporis.shapes import dice, signed_distance


@pytest.fixture(scope="module")
def learned():
    return DistanceShapes().fit([labels(k) > 0 for k in range(30)], [MM] * 30)


def test_a_whole_organ_is_explained_as_it_is(learned):
    for seed in (100, 101):
        truth = labels(seed) > 0
        found = learned.expect(truth, MM, np.ones(truth.shape))
        assert dice(found.distance_mm < 0, truth) > 0.93
        near = np.abs(signed_distance(truth)) < 2
        error = np.abs(found.distance_mm - signed_distance(truth))[near]
        assert error.mean() < 0.5 and found.misfit < 2


def test_what_is_lost_and_not_believed_comes_back(learned):
    truth = labels(102) > 0
    seen, trust = truth.copy(), np.ones(truth.shape)
    seen[:, 20:30], trust[:, 20:30] = False, 0.0
    found = learned.expect(seen, MM, trust).distance_mm < 0
    assert dice(found, truth) > 0.9 > dice(seen, truth)
    assert dice(found[:, 20:30], truth[:, 20:30]) > 0.85


def test_a_growth_is_overruled_even_where_it_is_believed(learned):
    truth = labels(103) > 0
    seen = truth.copy()
    middle = np.argwhere(truth).mean(axis=0)
    away = np.linalg.norm(np.stack(np.indices(truth.shape), -1) - middle - [8, -6, 0], axis=-1)
    seen |= away < 5
    found = learned.expect(seen, MM, np.ones(truth.shape)).distance_mm < 0
    grown = seen & ~truth
    assert found[grown].mean() < 0.35 and dice(found, truth) > dice(seen, truth)


def test_another_organ_does_not_fit(learned):
    ball = np.linalg.norm(np.stack(np.indices((36, 50, 34)), -1) - [18, 25, 17], axis=-1) < 10
    own = learned.expect(labels(104) > 0, MM, np.ones(ball.shape)).misfit
    assert learned.expect(ball, MM, np.ones(ball.shape)).misfit > 2 * own


def test_what_was_learned_survives_the_disk(learned, tmp_path):
    learned.save(tmp_path / "shapes.npz")
    again = DistanceShapes.load(tmp_path / "shapes.npz")
    assert again.n_training_ == 30 and again.get_params() == learned.get_params()
    truth = labels(105) > 0
    first, second = (m.expect(truth, MM, np.ones(truth.shape)) for m in (learned, again))
    np.testing.assert_allclose(first.distance_mm, second.distance_mm, atol=1e-4)
    assert first.misfit == pytest.approx(second.misfit, rel=1e-4)
    (tmp_path / "shapes.npz").write_bytes(b"no archive")
    with pytest.raises(BadInput, match="expected shapes"):
        DistanceShapes.load(tmp_path / "shapes.npz")


def test_bad_input_is_refused(learned):
    with pytest.raises(ValueError, match="at least 10 masks"):
        DistanceShapes().fit([labels(0) > 0] * 3, [MM] * 3)
    with pytest.raises(ValueError, match="noise must be finite"):
        DistanceShapes(noise=0).fit([labels(0) > 0] * 10, [MM] * 10)
    with pytest.raises(BadInput, match="voxel inside"):
        learned.expect(np.zeros((9, 9, 9)), MM, np.ones((9, 9, 9)))
