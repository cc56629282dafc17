"""Estimators that do without scikit-learn, held against scikit-learn."""

import numpy as np
import pytest
import sklearn.base
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from corporis.estimators import BaseEstimator, check_is_fitted, clone
from corporis.shapes import PartitionedComposition, PrincipalShapes, SparseShapeComposition


class Plain(BaseEstimator):
    def __init__(self, factor=1.0, inner=None, names=("a",)):
        self.factor, self.inner, self.names = factor, inner, names

    def fit(self, X, y=None):
        self.mean_ = self.factor * np.mean(X)
        return self


class Known(sklearn.base.BaseEstimator):
    def __init__(self, factor=1.0, inner=None, names=("a",)):
        self.factor, self.inner, self.names = factor, inner, names


def test_parameters_are_those_that_scikit_learn_gives():
    ours, theirs = Plain(2.0, Plain(3.0)), Known(2.0, Known(3.0))
    assert ours.get_params(deep=False).keys() == theirs.get_params(deep=False).keys()
    assert ours.get_params().keys() == theirs.get_params().keys()
    ours.set_params(inner__factor=5.0, factor=4.0)
    assert (ours.factor, ours.inner.factor) == (4.0, 5.0)
    with pytest.raises(ValueError, match="Plain has no parameter 'wrong': expected one of factor"):
        ours.set_params(wrong=1)


def test_what_was_changed_is_shown():
    assert repr(Plain(2.0, Plain())) == "Plain(factor=2.0, inner=Plain())"
    assert repr(Plain()) == "Plain()"


@pytest.mark.parametrize("copy", [clone, sklearn.base.clone])
def test_a_copy_has_the_parameters_and_learned_nothing(copy):
    first = Plain(2.0, Plain(3.0, names=["b"])).fit([1.0])
    second = copy(first)
    assert second.get_params(deep=False).keys() == first.get_params(deep=False).keys()
    assert second.inner is not first.inner and second.inner.names is not first.inner.names
    assert (second.factor, second.inner.factor, second.inner.names) == (2.0, 3.0, ["b"])
    assert not hasattr(second, "mean_")


def test_what_learned_nothing_says_so():
    with pytest.raises(NotFittedError, match="this Plain has learned nothing yet: call 'fit'"):
        check_is_fitted(Plain())
    check_is_fitted(Plain().fit([1.0]))


@pytest.mark.parametrize("model", [PrincipalShapes(), SparseShapeComposition()])
def test_scikit_learn_takes_them(model, rng):
    shapes = rng.normal(size=(1, 12, 2)) + 0.1 * rng.normal(size=(20, 12, 2))
    fitted = make_pipeline(model).fit(shapes)
    assert fitted.transform(shapes[:1]).shape == (1, 12, 2)

    def score(estimator, X, y=None):
        return -float(np.abs(estimator.transform(X) - X).mean())

    noise = {"noise": [0.05, 0.1]} if hasattr(model, "noise") else {"alignment": ["none", "rigid"]}
    search = GridSearchCV(model, noise, scoring=score, cv=2, error_score="raise").fit(shapes)
    assert set(search.best_params_) == set(noise)


def test_an_estimator_within_another_is_reached():
    whole = PartitionedComposition()
    assert clone(whole).get_params(deep=False).keys() == whole.get_params(deep=False).keys()
