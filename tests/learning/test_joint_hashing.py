"""Joint-kernel hashing: its gradient, its simplex, and weights that find what tells."""

import numpy as np
import pytest
from scipy.optimize import minimize

from corporis.learning import HammingVote, JointKernelHashing, KernelHashing, PosteriorHashing
from corporis.learning.joint_hashing import cost_of_weights, on_simplex


def cues(rng, n=240):
    """Two classes, told by one cue; the other is noise of the same size and more columns."""
    y = np.arange(n) % 2
    telling = rng.standard_normal((n, 2)) + 2.5 * y[:, None]
    return np.hstack([telling, 2 * rng.standard_normal((n, 8))]), y, ["a"] * 2 + ["b"] * 8


def test_the_slope_in_the_weights_is_that_of_finite_differences(rng):
    seen = rng.standard_normal((3, 20, 5))
    bits = np.where(rng.random((20, 5)) < 0.5, 1.0, -1.0)
    Y, mu = np.eye(2)[rng.integers(0, 2, 20)], np.array([0.2, 0.3, 0.5])
    slope = cost_of_weights(mu, seen, bits, Y)[1]
    numeric = [
        (cost_of_weights(mu + d, seen, bits, Y)[0] - cost_of_weights(mu - d, seen, bits, Y)[0])
        / 2e-6
        for d in 1e-6 * np.eye(3)
    ]
    np.testing.assert_allclose(slope, numeric, rtol=1e-5)


def test_the_cost_is_that_of_the_pairs_formed_in_full(rng):
    seen = rng.standard_normal((2, 12, 3))
    bits = np.where(rng.random((12, 3)) < 0.5, 1.0, -1.0)
    y, mu = rng.integers(0, 2, 12), np.array([0.4, 0.6])
    phi = np.tanh(np.tensordot(mu, seen, 1) / 2)
    pairs, wanted = 3 * np.where(y[:, None] == y[None], 1.0, -1.0), 0.0
    for k in range(3):
        wanted -= phi[:, k] @ (pairs - bits[:, :k] @ bits[:, :k].T) @ phi[:, k]
    assert cost_of_weights(mu, seen, bits, np.eye(2)[y])[0] == pytest.approx(wanted)


def test_the_simplex_holds_the_nearest_point(rng):
    for v in rng.standard_normal((5, 4)) * 2:
        found = on_simplex(v)
        assert found.sum() == pytest.approx(1) and found.min() >= 0
        rival = minimize(
            lambda x, v=v: np.sum((x - v) ** 2),
            np.full(4, 0.25),
            jac=lambda x, v=v: 2 * (x - v),
            bounds=[(0, 1)] * 4,
            constraints={"type": "eq", "fun": lambda x: x.sum() - 1},
        )
        np.testing.assert_allclose(found, rival.x, atol=1e-5)


def test_the_cue_that_tells_is_weighed_more_and_helps(rng):
    X, y, groups = cues(rng)
    joint = JointKernelHashing(12, groups=groups, n_anchors=60, random_state=0)
    one = KernelHashing(12, n_anchors=60, random_state=0)
    votes = [HammingVote(h, 9).fit(X[:120], y[:120]).score(X[120:], y[120:]) for h in (joint, one)]
    found = joint.fit(X[:120], y[:120])
    weight = dict(zip(found.group_names_.tolist(), found.kernel_weights_.tolist()))
    assert sum(weight.values()) == pytest.approx(1) and weight["a"] > 0.8
    assert votes[0] > votes[1]


def test_posteriors_weigh_groups_too_but_none_is_silent(rng):
    X, y, groups = cues(rng)
    joint = PosteriorHashing(32, groups=groups, n_anchors=60, random_state=0)
    vote = HammingVote(joint, 9).fit(X[:120], y[:120])
    weights = vote.hashing_.kernel_weights_
    assert weights.sum() == pytest.approx(1) and weights[0] > 0.7 and weights[1] >= 0.25
    assert vote.score(X[120:], y[120:]) > 0.9


def test_one_group_is_kernel_hashing(rng):
    X, y, _ = cues(rng, 80)
    knobs = {"n_anchors": 30, "random_state": 0}
    joint = JointKernelHashing(8, **knobs).fit(X, y)
    plain = KernelHashing(8, **knobs).fit(X, y)
    np.testing.assert_array_equal(joint.transform(X), plain.transform(X))
    np.testing.assert_allclose(joint.residuals_, plain.residuals_)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [({"n_rounds": 0}, "n_rounds"), ({"groups": ["a"]}, "groups must name 2"), ({}, "two classes")],
)
def test_what_cannot_be_learned_is_refused(wrong, said):
    with pytest.raises(ValueError, match=said):
        y = [0, 1] if wrong else [1, 1]
        JointKernelHashing(2, **wrong).fit([[0.0, 0.0], [1.0, 1.0]], y)
