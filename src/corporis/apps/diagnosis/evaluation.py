"""How well a judge does on patients it has not seen, beside the ejection fraction alone."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from corporis.apps.diagnosis.ejection_fraction import EjectionFractionRule
from corporis.apps.diagnosis.model import HeartJudge, stratified_folds
from corporis.apps.diagnosis.novelty import Novelty
from corporis.apps.diagnosis.scaling import Scaling
from corporis.apps.diagnosis.vocabulary import NORMAL, feature_matrix
from corporis.interfaces import Array

FAILURE = "heart failure"
N_FOLDS = 5


def evaluate_judge(
    table: Sequence[Mapping[str, float | Array]],
    groups: Sequence[str],
    patients: Sequence[str],
    seed: int = 0,
    *,
    n_repeats: int = 3,
    n_permutations: int = 5,
    n_bootstrap: int = 2000,
) -> dict[str, Any]:
    """Patient-wise nested cross-validation of the judge and of the ejection-fraction rule.

    Every choice (standardisation, strength, temperature, thresholds) is made anew on the training
    patients of each fold. A patient's probabilities are the mean over `n_repeats` deals into
    folds. Novelty is tested by withholding one group after the other: `unknown_recall` is the mean
    over the groups that are not normal of the share of withheld hearts called unlike any known,
    `unknown_false_alarm` the share of unseen hearts of known groups called so.

    Parameters
    ----------
    table, groups, patients : sequences
        Features by name, group and a different name for each patient; the order does not matter.
    seed : int
    n_repeats, n_permutations, n_bootstrap : int
        Deals into folds, label permutations of the control, and patient bootstraps.

    Returns
    -------
    dict
        ``heart_failure_auc``, ``ef_only_auc`` (against the rest), ``group_accuracy``,
        ``ef_only_accuracy`` (which of the groups), ``heart_failure_accuracy``,
        ``ef_only_heart_failure_accuracy``, each with ``_low`` and ``_high`` (95 %: patient
        bootstrap for areas, Clopper-Pearson for accuracies); ``decided_share`` and
        ``decided_accuracy``; ``unknown_recall`` and its kin; ``permuted_group_accuracy`` and
        ``permuted_heart_failure_auc`` (labels permuted: chance). None where not applicable.

    Raises
    ------
    ValueError
        If lengths disagree, a patient is named twice, or a group has fewer than three.
    """
    X, y, _ = _sorted(table, groups, patients)
    rng = np.random.default_rng(seed)
    classes = np.unique(y)
    judged, ruled, threshold = _held_out(X, y, rng, n_repeats, seed)
    found: dict[str, Any] = {"judge_n_patients": len(y)}
    found |= _scores("", judged, y, classes, rng, n_bootstrap)
    found |= _scores("ef_only_", ruled, y, classes, rng, n_bootstrap)
    found |= _rule_area(X, y, rng, n_bootstrap)
    is_decided = judged.max(axis=1) >= threshold
    is_right = classes[np.argmax(judged, axis=1)] == y
    found["decided_share"] = float(is_decided.mean())
    found["decided_accuracy"] = float(is_right[is_decided].mean()) if is_decided.any() else None
    found |= _unknown(X, y, rng, n_repeats)
    found |= _permuted(X, y, rng, n_permutations, seed)
    return found


def evaluate_elsewhere(
    table: Sequence[Mapping[str, float | Array]],
    groups: Sequence[str],
    others: Sequence[Mapping[str, float | Array]],
    other_groups: Sequence[str],
    seed: int = 0,
    *,
    n_bootstrap: int = 2000,
) -> dict[str, Any]:
    """The judge and the ejection-fraction rule learned here and scored on other patients.

    Parameters
    ----------
    table, groups : sequences
        Features by name and group of each patient to learn from.
    others, other_groups : sequences
        The same of each patient to score; none may be in `table`.
    seed, n_bootstrap : int
        As in `evaluate_judge`.

    Returns
    -------
    dict
        The accuracies, areas, ``unknown_recall`` and ``unknown_false_alarm`` of `evaluate_judge`;
        an area is left out where the others are all ill or all well.

    Raises
    ------
    ValueError
        If lengths disagree, there is nobody to score, or `HeartJudge.fit` refuses the table.
    """
    X, y = feature_matrix(table), np.asarray(groups, dtype=str)
    X_other, y_other = feature_matrix(others), np.asarray(other_groups, dtype=str)
    if len(X) != len(y) or len(X_other) != len(y_other) or not len(y_other):
        raise ValueError("one group a patient and somebody to score needed")
    rng = np.random.default_rng(seed)
    judge, rule = HeartJudge(seed=seed).fit(X, y), EjectionFractionRule().fit(X, y)
    judged = judge.predict_proba(X_other)
    ruled = (rule.predict(X_other)[:, None] == judge.classes_).astype(float)
    found: dict[str, Any] = {"judge_n_patients": len(y_other)}
    found |= _scores("", judged, y_other, judge.classes_, rng, n_bootstrap)
    found |= _scores("ef_only_", ruled, y_other, judge.classes_, rng, n_bootstrap)
    found |= _rule_area(X_other, y_other, rng, n_bootstrap)
    recalls = []
    for group in np.intersect1d(y[y != NORMAL], y_other):
        known = y != group
        recalls.append(float(np.mean(_unlike(X[known], y[known], X_other[y_other == group]))))
        found[f"unknown_recall_{str(group).replace(' ', '_')}"] = recalls[-1]
    found["unknown_recall"] = float(np.mean(recalls)) if recalls else None
    found["unknown_false_alarm"] = float(np.mean(_unlike(X, y, X_other)))
    return found


def clopper_pearson(n_right: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Exact interval of a share, from the quantiles of the beta distribution.

    References
    ----------
    Clopper & Pearson (1934), Biometrika 26, 404-413, doi:10.1093/biomet/26.4.404

    Examples
    --------
    >>> [round(v, 3) for v in clopper_pearson(36, 41)]
    [0.738, 0.959]
    """
    from scipy.stats import beta

    tail = (1 - level) / 2
    low = beta.ppf(tail, n_right, n - n_right + 1) if n_right > 0 else 0.0
    high = beta.ppf(1 - tail, n_right + 1, n - n_right) if n_right < n else 1.0
    return float(low), float(high)


def area_under_curve(score, is_ill) -> float:
    """Share of pairs (ill, well) in which the ill one scores higher, ties counting half.

    Examples
    --------
    >>> area_under_curve([3.0, 1.0, 2.0, 1.0], [True, True, False, False])
    0.625
    """
    score, is_ill = np.asarray(score, dtype=float), np.asarray(is_ill, dtype=bool)
    difference = score[is_ill][:, None] - score[~is_ill][None, :]
    return float(np.mean((difference > 0) + 0.5 * (difference == 0)))


def bootstrap_interval(
    score, is_ill, rng: np.random.Generator, n_bootstrap: int = 2000
) -> tuple[float, float]:
    """95 % interval of the area under the curve, patients drawn with replacement."""
    score, is_ill = np.asarray(score, dtype=float), np.asarray(is_ill, dtype=bool)
    areas = []
    for _ in range(n_bootstrap):
        drawn = rng.integers(0, len(score), len(score))
        # a draw without one of the two kinds has no area
        if 0 < np.count_nonzero(is_ill[drawn]) < len(score):
            areas.append(area_under_curve(score[drawn], is_ill[drawn]))
    low, high = np.percentile(areas, [2.5, 97.5])
    return float(low), float(high)


def _sorted(table, groups, patients):
    X, y, names = feature_matrix(table), np.asarray(groups, dtype=str), np.asarray(patients)
    if not len(X) == len(y) == len(names):
        raise ValueError(
            f"one group and one name a patient needed, got {len(X)}, {len(y)} and {len(names)}"
        )
    counts = np.unique(y, return_counts=True)[1]
    if len(counts) < 2 or counts.min() < 3 or len(np.unique(names)) < len(names):
        raise ValueError("two groups of three patients or more needed, each patient named once")
    order = np.argsort(names, kind="stable")
    return X[order], y[order], names[order]


def _held_out(X, y, rng, n_repeats, seed):
    """Mean held-out probabilities of the judge, votes of the rule, and the mean threshold."""
    classes, labels = np.unique(y, return_inverse=True)
    judged, ruled = np.zeros((2, len(y), len(classes)))
    thresholds = []
    for repeat in range(n_repeats):
        fold_of = stratified_folds(labels, min(N_FOLDS, np.bincount(labels).min()), rng)
        for fold in np.unique(fold_of):
            test = fold_of == fold
            judge = HeartJudge(seed=seed + repeat).fit(X[~test], y[~test])
            rule = EjectionFractionRule().fit(X[~test], y[~test])
            judged[test] += judge.predict_proba(X[test]) / n_repeats
            ruled[test] += (rule.predict(X[test])[:, None] == classes) / n_repeats
            thresholds.append(judge.calibration_.threshold)
    return judged, ruled, float(np.mean(thresholds))


def _scores(prefix, probabilities, y, classes, rng, n_bootstrap) -> dict[str, Any]:
    predicted = classes[np.argmax(probabilities, axis=1)]
    name = "accuracy" if prefix else "group_accuracy"
    found = _share(f"{prefix}{name}", predicted == y)
    if FAILURE not in classes or len(classes) < 3:
        return found
    failing = probabilities[:, list(classes).index(FAILURE)]
    is_ill = y == FAILURE
    found |= _share(f"{prefix}heart_failure_accuracy", (predicted == FAILURE) == is_ill)
    if not prefix:
        if is_ill.any() and not is_ill.all():
            found |= _area("heart_failure_auc", failing, is_ill, rng, n_bootstrap)
        normal = probabilities[:, list(classes).index(NORMAL)] if NORMAL in classes else None
        if normal is not None and len(np.unique(y == NORMAL)) == 2:
            found |= _area("abnormal_auc", 1 - normal, y != NORMAL, rng, n_bootstrap)
    return found


def _rule_area(X, y, rng, n_bootstrap) -> dict[str, Any]:
    """The measure itself ranks the patients: no fold can do better for the rule."""
    score = -EjectionFractionRule().values(X)
    seen = np.isfinite(score)
    is_ill = y[seen] == FAILURE
    if is_ill.all() or not is_ill.any():
        return {"ef_only_auc": None, "ef_only_auc_low": None, "ef_only_auc_high": None}
    return _area("ef_only_auc", score[seen], is_ill, rng, n_bootstrap)


def _area(name, score, is_ill, rng, n_bootstrap):
    low, high = bootstrap_interval(score, is_ill, rng, n_bootstrap)
    return {name: area_under_curve(score, is_ill), f"{name}_low": low, f"{name}_high": high}


def _share(name, is_right):
    low, high = clopper_pearson(int(np.sum(is_right)), len(is_right))
    return {name: float(np.mean(is_right)), f"{name}_low": low, f"{name}_high": high}


def _unknown(X, y, rng, n_repeats) -> dict[str, Any]:
    """Withhold each group in turn; false alarms on unseen hearts of known groups."""
    found: dict[str, Any] = {}
    recalls = []
    for group in np.unique(y[y != NORMAL]):
        known = y != group
        if len(np.unique(y[known])) < 2:
            continue
        share = float(np.mean(_unlike(X[known], y[known], X[~known])))
        found[f"unknown_recall_{str(group).replace(' ', '_')}"] = share
        recalls.append(share)
    labels = np.unique(y, return_inverse=True)[1]
    alarms = np.zeros(len(y))
    for _ in range(n_repeats):
        fold_of = stratified_folds(labels, min(N_FOLDS, np.bincount(labels).min()), rng)
        for fold in np.unique(fold_of):
            test = fold_of == fold
            alarms[test] += _unlike(X[~test], y[~test], X[test]) / n_repeats
    found["unknown_recall"] = float(np.mean(recalls)) if recalls else None
    found["unknown_false_alarm"] = float(alarms.mean())
    return found


def _unlike(X, y, hearts) -> np.ndarray:
    scaling = Scaling.of(X, y)
    novelty = Novelty(scaling.spread_units(X))
    return np.array([novelty.is_unlike(heart) for heart in scaling.spread_units(hearts)])


def _permuted(X, y, rng, n_permutations, seed) -> dict[str, Any]:
    """The same protocol on permuted labels, one deal into folds each."""
    accuracy, areas = [], []
    for _ in range(n_permutations):
        shuffled = rng.permutation(y)
        judged, _, _ = _held_out(X, shuffled, rng, 1, seed)
        classes = np.unique(shuffled)
        accuracy.append(np.mean(classes[np.argmax(judged, axis=1)] == shuffled))
        if FAILURE in classes:
            failing = judged[:, list(classes).index(FAILURE)]
            areas.append(area_under_curve(failing, shuffled == FAILURE))
    return {
        "permuted_group_accuracy": float(np.mean(accuracy)) if accuracy else None,
        "permuted_heart_failure_auc": float(np.mean(areas)) if areas else None,
        "group_accuracy_of_the_largest_group": float(max(np.mean(y == c) for c in np.unique(y))),
    }
