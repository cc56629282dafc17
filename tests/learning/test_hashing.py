"""Supervised hashing: its algebra, its gradient, and what codes are worth."""

import numpy as np
import pytest

from corporis.learning import HammingVote, KernelHashing, PosteriorHashing
from corporis.learning.hamming import distances, mean_average_precision, pack
from corporis.learning.hashing import Pairs, _ascend, gaussian


def blobs(rng, n=60, apart=3.0, n_classes=3):
    """Round clouds on a circle, and their classes."""
    y = np.arange(n * n_classes) % n_classes
    angle = 2 * np.pi * y / n_classes
    centres = apart * np.stack([np.cos(angle), np.sin(angle), np.zeros(len(y))], axis=1)
    return centres + rng.standard_normal(centres.shape), y


def dense(y, n_bits, codes):
    pairs = np.where(y[:, None] == y[None], 1.0, -1.0)
    return n_bits * pairs - sum(np.outer(h, h) for h in codes)


def test_what_is_left_of_the_pairs_is_never_formed_but_right(rng):
    y, K = rng.integers(0, 3, 20), rng.standard_normal((20, 4))
    pairs, codes = Pairs(np.eye(3)[y], 6), []
    for _ in range(3):
        R = dense(y, 6, codes)
        v = rng.standard_normal(20)
        np.testing.assert_allclose(pairs.times(v), R @ v, atol=1e-10)
        np.testing.assert_allclose(pairs.between(K), K.T @ R @ K, atol=1e-10)
        assert pairs.length == pytest.approx(np.linalg.norm(R))
        h = np.where(rng.random(20) < 0.5, 1.0, -1.0)
        pairs.explain(h, h @ R @ h)
        codes.append(h)


def test_a_bit_helps_exactly_where_its_gain_says_so(rng):
    X, y = blobs(rng)
    hashing = KernelHashing(12, n_anchors=40, random_state=0).fit(X, y)
    H = np.where(hashing.transform(X), 1.0, -1.0)
    falls = np.diff(hashing.residuals_) < 0
    for k in range(12):
        R = dense(y, 12, H.T[:k])
        assert hashing.residuals_[k] == pytest.approx(np.linalg.norm(R) / len(y))
        assert falls[k] == (H[:, k] @ R @ H[:, k] > len(y) ** 2 / 2)


def test_the_ascent_climbs(rng):
    X, y = blobs(rng, apart=1.0)
    K = gaussian(X, X[:30], 4.0)
    K = K - K.mean(axis=0)
    pairs = Pairs(np.eye(3)[y], 8)
    start = rng.standard_normal(30)

    def value(a):
        phi = np.tanh(K @ a / 2)
        return phi @ dense(y, 8, []) @ phi

    climbed = _ascend(K, pairs, start, 500, 0.0)
    assert value(climbed) > 1.2 * value(start)
    # a stationary point: the slope is that of finite differences, and it is small
    slope = np.array([(value(climbed + d) - value(climbed - d)) / 2e-5 for d in 1e-5 * np.eye(30)])
    first = np.array([(value(start + d) - value(start - d)) / 2e-5 for d in 1e-5 * np.eye(30)])
    assert np.linalg.norm(slope) < 0.1 * np.linalg.norm(first)


def test_the_order_of_training_does_not_matter_given_the_anchors(rng):
    X, y = blobs(rng, n=20)
    order = rng.permutation(len(X))
    codes = []
    for given, labels in ((X, y), (X[order], y[order])):
        hashing = KernelHashing(6, n_anchors=len(X), tolerance=0.0, max_iter=50, random_state=0)
        codes.append(distances(*[pack(hashing.fit(given, labels).transform(X))] * 2))
    # anchors are all samples, in another order: pairs keep their distance but for rounding
    assert np.mean(codes[0] == codes[1]) > 0.9


@pytest.mark.parametrize(
    "hashing",
    [KernelHashing(24, n_anchors=60, random_state=0), PosteriorHashing(24, random_state=0)],
)
def test_codes_rank_better_than_distances_of_features(rng, hashing):
    X, y = blobs(rng, apart=2.0)
    noise = rng.standard_normal((len(X), 6)) * 3
    X = np.hstack([X, noise])
    train = np.arange(len(X)) < 120
    hashing.fit(X[train], y[train])
    codes = pack(hashing.transform(X))
    wanted = y[~train][:, None] == y[train]
    found = mean_average_precision(distances(codes[~train], codes[train]), wanted)
    apart = np.linalg.norm(X[~train][:, None] - X[train][None], axis=2)
    plain = mean_average_precision(np.argsort(np.argsort(apart, axis=1), axis=1), wanted)
    assert found > plain + 0.1


def test_posterior_bits_measure_the_angle(rng):
    X, y = blobs(rng)
    hashing = PosteriorHashing(4096, random_state=0).fit(X, y)
    z, bits = hashing.embed(X[:6]), hashing.transform(X[:6])
    unit = z / np.linalg.norm(z, axis=1, keepdims=True)
    angle = np.arccos(np.clip(unit @ unit.T, -1, 1)) / np.pi
    share = np.mean(bits[:, None] != bits[None], axis=2)
    np.testing.assert_allclose(share, angle, atol=0.04)


def test_the_vote_reaches_what_is_known_to_be_possible():
    rng = np.random.default_rng(5)
    # two Gaussians at distance 2: no rule is right more often than 84.1 %
    y = np.arange(3000) % 2
    X = np.column_stack([2.0 * y, np.zeros(3000)]) + rng.standard_normal((3000, 2))
    vote = HammingVote(PosteriorHashing(32, n_anchors=100, random_state=0), 25)
    accuracy = vote.fit(X[:1000], y[:1000]).score(X[1000:], y[1000:])
    assert 0.82 < accuracy < 0.86


def test_added_cases_are_found_and_vote():
    X = np.array([[0.0], [0.1], [5.0], [5.1]])
    vote = HammingVote(KernelHashing(8, random_state=0), 1).fit(X, ["a", "a", "b", "b"])
    vote.partial_fit([[0.2]], ["b"])
    distance, place = vote.kneighbors([[0.2]], 5)
    assert set(place[0, :3].tolist()) == {0, 1, 4} and distance[0, 0] == 0
    with pytest.raises(ValueError, match="expected classes out of"):
        vote.partial_fit([[1.0]], ["c"])


def test_votes_weigh_by_what_a_code_says():
    X = np.array([[0.0], [0.0], [0.0], [5.0], [5.0], [5.0]])
    y = ["a", "a", "b", "b", "b", "b"]
    weighted = HammingVote(KernelHashing(8, random_state=0), 6, is_weighted=True).fit(X, y)
    weight = weighted._weights()
    assert weight[0] == weight[2] < weight[3]
    assert weight[0] == pytest.approx(1 + (0.6 * np.log(0.6) + 0.4 * np.log(0.4)) / np.log(2))


@pytest.mark.parametrize("wrong", [{"n_bits": 0}, {"width": 0.0}, {"n_anchors": 0}])
@pytest.mark.parametrize("kind", [KernelHashing, PosteriorHashing])
def test_parameters_out_of_range_are_refused(kind, wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        kind(**wrong).fit([[0.0], [1.0]], [0, 1])


@pytest.mark.parametrize("kind", [KernelHashing, PosteriorHashing])
def test_one_class_is_refused(kind):
    with pytest.raises(ValueError, match="class"):
        kind(4).fit([[0.0], [1.0]], [1, 1])


def test_what_is_like_nothing_known_is_like_its_own_kind(rng):
    X, y = blobs(rng, n_classes=2)
    hashing = PosteriorHashing(64, width=0.1, random_state=0).fit(X, y)
    far = np.array([0.0, 0.0, 40.0]) + rng.standard_normal((20, 3))
    codes = [pack(hashing.transform(x)) for x in (far, X)]
    among, others = distances(codes[0], codes[0]), distances(codes[0], codes[1])
    assert among.max() < others.min()
    assert np.linalg.norm(hashing.embed(far)[:, :2]) < 1e-3
