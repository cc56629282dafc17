"""Laws of estimators."""

from collections.abc import Callable
from typing import Any

import numpy as np

from corporis.interfaces import Array
from corporis.laws.breach import LawBroken


def check_estimator(factory: Callable[[], Any], X: Array, y: Array | None = None) -> None:
    """Two fits agree bit for bit, ``clone`` keeps every parameter, ``fit`` returns itself.

    Parameters
    ----------
    factory : callable
        Makes a new estimator with its seed.
    X, y : arrays
        Training data, left untouched.

    Raises
    ------
    LawBroken
    """
    from sklearn.base import clone

    before = np.array(X), np.array(y)
    first, second = factory(), factory()
    copy = clone(first)
    for estimator in (first, second, copy):
        if estimator.fit(X, y) is not estimator:
            raise LawBroken(f"{estimator}: fit must return the estimator itself")
    if not np.array_equal(before[0], X) or (y is not None and not np.array_equal(before[1], y)):
        raise LawBroken(f"{first} changed its training data")
    learned = [name for name in vars(first) if name.endswith("_") and not name.startswith("_")]
    if not learned:
        raise LawBroken(f"{first} learned nothing whose name ends in an underscore")
    for name in learned:
        for other in (second, copy):
            if not _equal(getattr(first, name), getattr(other, name)):
                raise LawBroken(f"{first}: {name} differs between two fits of the same data")
    if not _equal(factory().get_params(), first.get_params()):
        raise LawBroken(f"{first}: fit changed a parameter")


def _equal(a, b) -> bool:
    if isinstance(a, dict):
        return isinstance(b, dict) and a.keys() == b.keys() and all(_equal(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)):
        return type(a) is type(b) and len(a) == len(b) and all(map(_equal, a, b))
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        is_number = np.asarray(a).dtype.kind in "fc"
        return np.array_equal(a, b, equal_nan=is_number)
    if hasattr(a, "get_params") and type(a) is type(b):
        # a learner inside another: alike if all that it holds is
        return _equal(vars(a), vars(b))
    return bool(a == b)
