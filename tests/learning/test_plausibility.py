"""Description lengths from products, against SciPy's Gaussian in full coordinates."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from corporis.learning import Plausibility


def by_definition(x, examples, noise):
    covariance = examples.T @ examples / len(examples) + noise**2 * np.eye(examples.shape[1])
    return -multivariate_normal(np.zeros(examples.shape[1]), covariance).logpdf(x)


@pytest.mark.parametrize("n, size", [(6, 11), (30, 4)])
def test_lengths_are_those_of_the_gaussian(rng, n, size):
    examples, x = rng.normal(size=(n, size)), 2 * rng.normal(size=(3, size))
    judge = Plausibility(examples @ examples.T, size, 0.7)
    found = judge.lengths(x @ examples.T, np.sum(x**2, axis=1))
    np.testing.assert_allclose(found, by_definition(x, examples, 0.7), rtol=1e-10)


def test_held_out_lengths_and_harm_are_what_they_say(rng):
    examples, x = rng.normal(size=(12, 5)) * [3, 1, 1, 0.1, 0.1], rng.normal(size=5)
    judge, total = Plausibility(examples @ examples.T, 5, 0.5), 0.0
    held = judge.held_out()
    for i in range(12):
        kept = examples[np.arange(12) % 5 != i % 5]
        without = by_definition(examples[i], kept, 0.5)
        assert held[i] == pytest.approx(without, rel=1e-10)
        total += by_definition(examples[i], np.concatenate([kept, x[None]]), 0.5) - without
    assert judge.harm(examples @ x, x @ x) == pytest.approx(total / 12, rel=1e-8)


def test_a_shape_like_the_others_helps_and_a_foreign_one_harms(rng):
    ways = rng.normal(size=(3, 30))
    examples = rng.normal(size=(20, 3)) @ ways + 0.1 * rng.normal(size=(20, 30))
    judge = Plausibility(examples @ examples.T, 30, 0.1)
    like = rng.normal(size=3) @ ways
    foreign = 3 * rng.normal(size=30)
    assert judge.harm(examples @ foreign, foreign @ foreign) > 0.01
    assert judge.harm(examples @ like, like @ like) < judge.harm(
        examples @ foreign, foreign @ foreign
    )
    with pytest.raises(ValueError, match="noise"):
        Plausibility(np.eye(3), 4, 0.0)
    with pytest.raises(ValueError, match="gram"):
        Plausibility(np.eye(1), 4, 1.0)
