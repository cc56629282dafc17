"""Principal shapes: exact cases, the optimum of the posterior, robustness."""

import numpy as np
import pytest
from sklearn.base import clone

from corporis.shapes import PrincipalShapes


@pytest.fixture
def family(rng):
    base = 20 * rng.normal(size=(15, 2))
    ways = rng.normal(size=(3, 15, 2))
    return base + np.tensordot(rng.normal(size=(40, 3)) * [3, 2, 1], ways, axes=1)


def test_variances_and_modes_are_those_of_the_family(family):
    model = PrincipalShapes(modes=0.999, alignment="none").fit(family)
    assert len(model.variances_) == 3
    modes = model.modes_.reshape(3, -1)
    np.testing.assert_allclose(modes @ modes.T, np.eye(3), atol=1e-12)
    scores = (family - model.mean_).reshape(40, -1) @ modes.T
    np.testing.assert_allclose(np.var(scores, axis=0, ddof=1), model.variances_, rtol=1e-9)
    few = PrincipalShapes(modes=2, alignment="none").fit(family)
    np.testing.assert_allclose(few.variances_, model.variances_[:2])


@pytest.mark.parametrize("alignment", ["none", "similarity"])
def test_training_shapes_are_reproduced_with_all_modes(family, alignment):
    model = PrincipalShapes(modes=39, prior="box", reach=10, alignment=alignment).fit(family)
    np.testing.assert_allclose(model.transform(family[:5]), family[:5], atol=0.05)


def test_gaussian_code_is_the_most_probable(family, rng):
    model = PrincipalShapes(modes=3, noise=0.7, alignment="none").fit(family)
    seen, trust = family[0] + 0.7 * rng.normal(size=(15, 2)), rng.random(15)
    found = model.explain(seen, trust)

    def cost(b):
        shape = model.mean_ + np.tensordot(b, model.modes_, axes=1)
        squares = trust @ np.sum((seen - shape) ** 2, axis=1)
        return squares / 2 + 0.7**2 * np.sum(b**2 / model.variances_) / 2

    assert found.objective == pytest.approx(cost(found.code), rel=1e-9)
    for _ in range(100):
        assert cost(found.code + 0.1 * rng.normal(size=3)) >= cost(found.code)


def test_box_keeps_modes_within_reach(family):
    model = PrincipalShapes(modes=3, prior="box", reach=1.0, alignment="none").fit(family)
    code = model.explain(family[0] + 9 * model.modes_[0] * np.sqrt(model.variances_[0])).code
    assert code[0] == pytest.approx(np.sqrt(model.variances_[0]))


def test_redescending_weights_ignore_gross_errors(family):
    wrong = family[4].copy()
    wrong[:3] += [30, -20]
    plain = PrincipalShapes(modes=3, noise=0.5).fit(family)
    robust = PrincipalShapes(modes=3, noise=0.5, penalty="redescending").fit(family)
    found = robust.explain(wrong)
    assert np.flatnonzero(found.overruled).tolist() == [0, 1, 2]
    assert np.abs(found.shape - family[4]).max() < 0.3
    np.testing.assert_allclose(found.error[0], [30, -20], atol=0.5)
    assert np.abs(plain.transform(wrong) - family[4]).max() > 3


def test_scikit_learn_contract(family):
    model = PrincipalShapes(5, prior="box")
    assert clone(model).get_params() == model.get_params()
    assert model.fit(family).transform(family[:2].astype(np.float32)).dtype == np.float32
    holes, trust = family[3].copy(), np.ones(15)
    holes[2], trust[2] = np.nan, 0
    np.testing.assert_allclose(model.transform(holes, trust), family[3], atol=0.5)
    for wrong in ({"modes": 0}, {"noise": 0}, {"prior": "flat"}, {"penalty": "l1"}, {"reach": 0}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            PrincipalShapes(**wrong).fit(family)
