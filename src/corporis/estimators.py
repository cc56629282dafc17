"""scikit-learn's contract for estimators, kept without importing scikit-learn.

`sklearn.base` alone takes more than half a second to import, which a person waits for at every
start; who has scikit-learn loaded uses these estimators in its pipelines and searches as any
other.
"""

import inspect
from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Self, TypeVar

T = TypeVar("T")


class BaseEstimator:
    """Parameters by name, as `sklearn.base.BaseEstimator` gives them.

    A subclass takes its parameters as named arguments of ``__init__`` and keeps each, unchanged,
    under its own name; what it learns ends in an underscore.

    Examples
    --------
    >>> class Scaled(BaseEstimator):
    ...     def __init__(self, factor=1.0, inner=None):
    ...         self.factor, self.inner = factor, inner
    >>> Scaled(2.0, Scaled(3.0)).set_params(inner__factor=4.0)
    Scaled(factor=2.0, inner=Scaled(factor=4.0))
    """

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Parameters by name; with `deep`, those of estimators inside too, as ``outer__name``."""
        found: dict[str, Any] = {}
        for name in inspect.signature(type(self).__init__).parameters:
            if name == "self":
                continue
            found[name] = value = getattr(self, name)
            if deep and hasattr(value, "get_params") and not isinstance(value, type):
                found |= {f"{name}__{key}": inner for key, inner in value.get_params().items()}
        return found

    def set_params(self, **params: Any) -> Self:
        """Change parameters, those of estimators inside by ``outer__name``; the estimator itself.

        Raises
        ------
        ValueError
            If there is no parameter of a name.
        """
        names = self.get_params(deep=False)
        for key, value in params.items():
            name, _, inner = key.partition("__")
            if name not in names:
                raise ValueError(
                    f"{type(self).__name__} has no parameter {name!r}: expected one of "
                    f"{', '.join(sorted(names))}"
                )
            if inner:
                getattr(self, name).set_params(**{inner: value})
            else:
                setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        signature = inspect.signature(type(self).__init__).parameters
        changed = (
            f"{name}={value!r}"
            for name, value in self.get_params(deep=False).items()
            if repr(value) != repr(signature[name].default)
        )
        return f"{type(self).__name__}({', '.join(changed)})"

    def __sklearn_tags__(self):
        from sklearn.base import BaseEstimator as Theirs

        return Theirs().__sklearn_tags__()


def clone(estimator: T) -> T:
    """An estimator with the same parameters that has learned nothing."""
    get_params = getattr(estimator, "get_params")  # noqa: B009  the contract is structural
    given: Mapping[str, Any] = get_params(deep=False)
    return type(estimator)(
        **{
            name: clone(value) if hasattr(value, "get_params") else deepcopy(value)
            for name, value in given.items()
        }
    )


def check_is_fitted(estimator: Any) -> None:
    """Raise scikit-learn's ``NotFittedError`` if nothing was learned yet."""
    if not any(name.endswith("_") and not name.startswith("_") for name in vars(estimator)):
        from sklearn.exceptions import NotFittedError

        raise NotFittedError(
            f"this {type(estimator).__name__} has learned nothing yet: call 'fit' before"
        )
