"""Real examples as atoms: against exhaustive choice, with outliers, and codes in closed form."""

from itertools import combinations

import numpy as np
import pytest

from corporis.learning import Representatives, herded, transductive_design


def unexplained(kernel, known, ridge):
    """Trace of the posterior covariance by its definition."""
    known = list(known)
    gram = kernel[np.ix_(known, known)] + ridge * np.eye(len(known))
    return np.trace(kernel - kernel[:, known] @ np.linalg.solve(gram, kernel[known]))


def test_what_is_left_is_the_posterior_variance_and_near_the_best_choice(rng):
    x = rng.normal(size=(14, 4)) * [4, 2, 1, 0.3]
    kernel = x @ x.T
    chosen, left = transductive_design(kernel, 3, 0.5)
    for count in (1, 2, 3):
        assert left[count - 1] == pytest.approx(unexplained(kernel, chosen[:count], 0.5))
    alone = [unexplained(kernel, [i], 0.5) for i in range(14)]
    assert chosen[0] == np.argmin(alone)
    best = min(unexplained(kernel, c, 0.5) for c in combinations(range(14), 3))
    assert left[-1] <= 1.25 * best
    worst = max(unexplained(kernel, c, 0.5) for c in combinations(range(14), 3))
    assert left[-1] < 0.5 * worst


def test_known_signals_count_as_chosen(rng):
    x = rng.normal(size=(12, 5))
    whole, _ = transductive_design(x @ x.T, 5, 0.1)
    first, rest = whole[:2], whole[2:]
    again, _ = transductive_design(x @ x.T, 3, 0.1, known=first)
    np.testing.assert_array_equal(again, rest)
    trust = np.ones(12)
    trust[whole[2]] = 0
    assert whole[2] not in transductive_design(x @ x.T, 5, 0.1, trust=trust)[0]


def test_outliers_are_neither_chosen_nor_served(rng):
    directions = rng.normal(size=(3, 20))
    x = rng.normal(size=(60, 3)) @ directions + 0.01 * rng.normal(size=(60, 20))
    spoilt = np.concatenate([x, x[:3] + 40 * rng.normal(size=(3, 20))])
    found = Representatives(n_atoms=4).fit(spoilt)
    assert not found.trust_[60:].any()
    assert found.trust_[:60].sum() >= 57
    assert found.indices_.max() < 60
    assert found.explained_[2] > 0.97
    assert np.all(np.diff(found.explained_) >= 0)
    trusting = Representatives(n_atoms=4, rejection=1e6).fit(spoilt)
    assert trusting.indices_.max() >= 60


def test_atoms_are_signals_and_codes_reproduce_what_lies_between_neighbours(rng):
    x = np.linspace(0, 10, 41)[:, None] * [1.0, 0.5]
    found = Representatives(n_atoms=9, reach=3.0, n_neighbours=2).fit(x)
    np.testing.assert_array_equal(found.components_, x[found.indices_])
    between = found.components_[:2].mean(axis=0)[None]
    codes = found.transform(x)
    np.testing.assert_allclose(codes.sum(axis=1), 1)
    assert (np.count_nonzero(codes, axis=1) <= 2).all()
    np.testing.assert_allclose(found.transform(between) @ found.components_, between, atol=1e-3)
    places = np.sort(found.indices_)
    assert np.diff(places).max() <= 12  # local products spread the atoms along the line
    inside = (x[:, 0] >= x[places[0], 0]) & (x[:, 0] <= x[places[-1], 0])
    np.testing.assert_allclose((codes @ found.components_)[inside], x[inside], atol=0.02)


@pytest.mark.parametrize(
    "wrong", [{"n_atoms": 0}, {"n_atoms": 99}, {"ridge": 0.0}, {"reach": -1.0}, {"rejection": 0}]
)
def test_wrong_numbers_are_named(wrong, rng):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Representatives(**{"n_atoms": 3, **wrong}).fit(rng.normal(size=(20, 3)))
    with pytest.raises(ValueError, match="n_chosen"):
        transductive_design(np.eye(3), 4, 1.0)


def test_a_herd_has_the_moments_of_all_and_counts_those_that_were_there(rng):
    x = rng.normal(size=(200, 3)) * [3.0, 2.0, 1.0] + rng.exponential(size=(200, 1))
    x -= x.mean(axis=0)

    def away(chosen):
        kept = x[chosen]
        second = kept.T @ kept / len(kept) - x.T @ x / len(x)
        return np.linalg.norm(kept.mean(axis=0)) + np.linalg.norm(second)

    chosen = herded(x, 40)
    assert len(set(chosen.tolist())) == 40
    at_random = [away(rng.permutation(200)[:40]) for _ in range(20)]
    assert away(chosen) < 0.5 * min(at_random)
    first = [*np.argsort(x[:, 0])[-20:], *np.argsort(x[:, 0])[:-20]]  # the known lie on one side
    more = herded(x[first], 40, n_known=20)
    assert more.min() >= 20
    assert x[first][more, 0].mean() < -0.5
    with pytest.raises(ValueError, match="n_chosen <= 5"):
        herded(x[:10], 6, n_known=5)


@pytest.mark.filterwarnings("error")
def test_kernels_and_signals_that_are_not_finite_are_refused():
    kernel = np.diag([1.0, 5.0, 3.0])
    wrong = kernel.copy()
    wrong[1, 1] = np.nan
    with pytest.raises(ValueError, match="kernel must be finite, 1 of 9 values are not"):
        transductive_design(wrong, 2, ridge=1e-9)
    with pytest.raises(ValueError, match="trust must be finite"):
        transductive_design(kernel, 2, ridge=1e-9, trust=np.array([1, np.nan, 1]))
    with pytest.raises(ValueError, match=r"kernel must have shape \(3, 3\), got \(3, 2\)"):
        transductive_design(kernel[:, :2], 2, ridge=1e-9)
    with pytest.raises(ValueError, match="signals must be finite"):
        herded(wrong, 2)
