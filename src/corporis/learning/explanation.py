"""Why a linear classifier decides as it does: exact contributions, smallest change, deletion."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

__all__ = [
    "Contributions",
    "Counterfactual",
    "DeletionTest",
    "contributions",
    "counterfactual",
    "deletion_test",
]


@dataclass(frozen=True, eq=False)
class Contributions:
    """How much each feature moves the log-odds of one class against another.

    Parameters
    ----------
    values : array, (n_features,)
        Natural-logarithm odds; they sum to ``log_odds - at_baseline``, exactly.
    at_baseline : float
        Log-odds of the baseline.
    log_odds : float
        Log-odds of the case.
    """

    values: np.ndarray
    at_baseline: float
    log_odds: float


@dataclass(frozen=True, eq=False)
class Counterfactual:
    """The smallest change, in the sum of absolute values, that changes the decision.

    Parameters
    ----------
    change : array, (n_features,)
        What to add to each feature; zeros where nothing is needed or possible.
    length : float
        ``sum |change|``; infinite where no allowed change is enough.
    is_reachable : bool
    """

    change: np.ndarray
    length: float
    is_reachable: bool


@dataclass(frozen=True, eq=False)
class DeletionTest:
    """What happens to the log-odds as features are deleted, most important first.

    Parameters
    ----------
    curve : array, (n_features + 1,)
        Log-odds after 0, 1, 2 ... features were set to their baseline.
    area : float
        Mean of the curve: the lower, the better the order names what drives the decision.
    random_area : float
        Mean area over random orders.
    p_value : float
        Share of random orders whose area is as low, counting the tested order itself.
    """

    curve: np.ndarray
    area: float
    random_area: float
    p_value: float


def contributions(weights, intercepts, x, *, target, reference, baseline=None) -> Contributions:
    r"""Exact additive parts of ``log p_target / p_reference`` of a (multinomial) linear model.

    Feature ``j`` contributes ``(w_target,j - w_reference,j) (x_j - baseline_j)``. Nothing is
    approximated or sampled: for a linear model these are also its Shapley values for features
    that are replaced one by one by the baseline.

    Parameters
    ----------
    weights : array, (n_classes, n_features) or (1, n_features)
        One row a class; a single row is class 1 of two, against class 0.
    intercepts : array, (n_classes,) or (1,)
    x : array, (n_features,)
    target, reference : int
        Rows of the two classes.
    baseline : array, (n_features,), optional
        What the case is compared with, for example the mean normal case; zeros by default.

    Raises
    ------
    ValueError
        If a shape disagrees or a value is not finite.

    References
    ----------
    Strumbelj & Kononenko (2014), Knowl. Inf. Syst. 41, 647-665, doi:10.1007/s10115-013-0679-x

    Examples
    --------
    >>> from corporis.learning import contributions
    >>> parts = contributions([[0.0, 0.0], [2.0, -1.0]], [0.0, 0.5], [3.0, 1.0],
    ...                       target=1, reference=0)
    >>> parts.values.tolist(), parts.log_odds
    ([6.0, -1.0], 5.5)
    """
    weights, intercepts, x = _checked(weights, intercepts, x)
    baseline = np.zeros_like(x) if baseline is None else np.asarray(baseline, dtype=float)
    if baseline.shape != x.shape or not np.all(np.isfinite(baseline)):
        raise ValueError(f"baseline must be {x.size} finite numbers, got shape {baseline.shape}")
    slope = weights[target] - weights[reference]
    start = float(intercepts[target] - intercepts[reference])
    at_baseline = start + float(slope @ baseline)
    return Contributions(slope * (x - baseline), at_baseline, start + float(slope @ x))


def counterfactual(
    weights, intercepts, x, *, target, margin=0.0, changeable=None, low=None, high=None
) -> Counterfactual:
    r"""The least ``||d||_1`` for which the class `target` wins at ``x + d``.

    A linear programme: minimise ``sum |d|`` subject to
    ``(w_target - w_k)(x + d) + b_target - b_k >= margin`` for every other class ``k``.

    Parameters
    ----------
    weights, intercepts, x : arrays
        As in `contributions`; standardise the features, so that changes are comparable.
    target : int
        Row of the class that shall win.
    margin : float
        Log-odds by which it shall win, >= 0.
    changeable : bool array, (n_features,), optional
        Features that may change; all by default.
    low, high : array, (n_features,), optional
        Limits of ``x + d``, NaN or infinite where there is none. A feature that already lies
        outside may stay where it is.

    Raises
    ------
    ValueError
        If a shape disagrees, a value is not finite or ``margin < 0``.

    References
    ----------
    Wachter, Mittelstadt & Russell (2018), Harv. J. Law Technol. 31, 841-887 (the idea)

    Examples
    --------
    >>> from corporis.learning import counterfactual
    >>> found = counterfactual([[0.0, 0.0], [2.0, -1.0]], [0.0, 0.0], [-3.0, 0.0], target=1)
    >>> found.change.tolist(), found.length       # the stronger feature, from -3 to 0
    ([3.0, 0.0], 3.0)
    """
    weights, intercepts, x = _checked(weights, intercepts, x)
    if not margin >= 0:
        raise ValueError(f"margin must be >= 0, got {margin}")
    slopes = np.delete(weights[target] - weights, target, axis=0)
    lacking = margin - slopes @ x - np.delete(intercepts[target] - intercepts, target)
    if np.all(lacking <= 0):
        return Counterfactual(np.zeros_like(x), 0.0, True)
    up, down = _room(x, changeable, low, high)
    from scipy.optimize import linprog

    # d = u - v with u, v >= 0: at the optimum one of them is zero, so sum(u + v) = sum |d|
    solved = linprog(
        np.ones(2 * x.size),
        A_ub=-np.concatenate([slopes, -slopes], axis=1),
        b_ub=-lacking,
        bounds=np.stack([np.zeros(2 * x.size), np.concatenate([up, down])], axis=1),
        method="highs",
    )
    if not solved.success:
        return Counterfactual(np.zeros_like(x), float("inf"), False)
    change = solved.x[: x.size] - solved.x[x.size :]
    return Counterfactual(change, float(np.abs(change).sum()), True)


def deletion_test(
    log_odds: Callable[[np.ndarray], np.ndarray],
    x,
    baseline,
    importance,
    *,
    n_random: int = 200,
    seed: int = 0,
) -> DeletionTest:
    """Delete features in the order an explanation names, and compare with random orders.

    It serves any model, since it only asks the model: an explanation that names the right
    features makes the log-odds fall sooner than chance.

    Parameters
    ----------
    log_odds : callable
        Maps cases (n, n_features) to log-odds (n,) of the decision that is explained.
    x, baseline : array, (n_features,)
        The case, and the values that stand for "deleted".
    importance : array, (n_features,)
        What the explanation says of each feature; the largest is deleted first.
    n_random : int
        Number of random orders, >= 1.
    seed : int

    Examples
    --------
    >>> import numpy as np
    >>> from corporis.learning import deletion_test
    >>> weights = np.array([0.0, 3.0, -1.0, 1.0])
    >>> test = deletion_test(lambda X: X @ weights, np.ones(4), np.zeros(4), weights)
    >>> test.curve.tolist(), test.area < test.random_area
    ([3.0, 0.0, -1.0, -1.0, 0.0], True)
    """
    x, baseline, importance = (np.asarray(v, dtype=float) for v in (x, baseline, importance))
    if not x.shape == baseline.shape == importance.shape or x.ndim != 1 or n_random < 1:
        raise ValueError(
            "x, baseline and importance must have one shape (n_features,) and n_random be >= 1, "
            f"got {x.shape}, {baseline.shape}, {importance.shape} and {n_random}"
        )
    rng = np.random.default_rng(seed)
    named = np.argsort(-importance, kind="stable")
    orders = np.stack([named, *(rng.permutation(x.size) for _ in range(n_random))])
    # rank[i, j]: when feature j goes; after k deletions those of rank < k are gone
    rank = np.argsort(orders, axis=1)
    is_gone = rank[:, None, :] < np.arange(x.size + 1)[None, :, None]
    cases = np.where(is_gone, baseline, x).reshape(-1, x.size)
    curves = np.asarray(log_odds(cases), dtype=float).reshape(n_random + 1, x.size + 1)
    areas = curves.mean(axis=1)
    as_good = np.count_nonzero(areas[1:] <= areas[0] + 1e-12 * (1 + abs(areas[0])))
    return DeletionTest(
        curves[0], float(areas[0]), float(areas[1:].mean()), (1 + as_good) / (n_random + 1)
    )


def _checked(weights, intercepts, x):
    weights, intercepts, x = (np.asarray(v, dtype=float) for v in (weights, intercepts, x))
    if weights.ndim == 2 and len(weights) == 1 and intercepts.shape == (1,):
        weights = np.concatenate([np.zeros_like(weights), weights])
        intercepts = np.concatenate([np.zeros(1), intercepts])
    if weights.ndim != 2 or intercepts.shape != weights.shape[:1] or x.shape != weights.shape[1:]:
        raise ValueError(
            "weights (n_classes, n_features), intercepts (n_classes,) and x (n_features,) "
            f"needed, got {weights.shape}, {intercepts.shape} and {x.shape}"
        )
    if not all(np.all(np.isfinite(v)) for v in (weights, intercepts, x)):
        raise ValueError("weights, intercepts and x must be finite: impute what is missing first")
    return weights, intercepts, x


def _room(x, changeable, low, high):
    """How far each feature may rise and fall."""
    changeable = np.ones(x.size, bool) if changeable is None else np.asarray(changeable, bool)
    high = np.full(x.size, np.inf) if high is None else np.asarray(high, dtype=float)
    low = np.full(x.size, -np.inf) if low is None else np.asarray(low, dtype=float)
    up = np.maximum(np.where(np.isnan(high), np.inf, high) - x, 0)
    down = np.maximum(x - np.where(np.isnan(low), -np.inf, low), 0)
    return np.where(changeable, up, 0), np.where(changeable, down, 0)
