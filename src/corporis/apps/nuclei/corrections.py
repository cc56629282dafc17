"""What a few corrections teach: types, what is no nucleus, and how widely outlines are drawn.

Each lesson is learned in a moment from features that were measured already, and is tried on
corrections that were held out. Types and outlines are used where they helped there. What is no
nucleus is used where a person asks for it: false detections are few, and on tissue about as many
true ones look like them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.utils.validation import check_is_fitted, validate_data

from corporis.shapes import contour_area, contour_centroid, fill_polygon

CLIP = 4.0
"""Standard deviations beyond which a feature says no more."""
BACKGROUND = 10.0
"""Corrections that all nuclei which nobody corrected count for together."""
N_PARTS = 20
"""Corrections are held out one by one, or in so many parts."""
LEAST_OUTLINES, LEAST_DELETED = 3, 2
"""Corrections below which there is no lesson."""
FINENESS = 4
"""Pixels of the grid on which outlines are compared, in one pixel of the search."""


class FewLabels(ClassifierMixin, BaseEstimator):
    """Logistic regression, strongly shrunk, on features in usual standard deviations.

    Made for fewer labels than features: what is usual comes from all nuclei of the slide, which
    need no labels, and with strong shrinkage the boundary tends to the plane between the means.

    Parameters
    ----------
    strength : float
        Inverse of the penalty on squared coefficients, > 0.
    is_balanced : bool
        Whether types count the same, however many labels they have.
    families : sequence of int, (d,), optional
        Family of each feature: all families together weigh the same, so that many features of
        chromatin do not drown the few of shape.

    Attributes
    ----------
    classes_ : array

    Examples
    --------
    >>> X = np.array([[0.0], [0.1], [0.9], [1.0]])
    >>> FewLabels().fit(X, ["small", "small", "large", "large"]).predict([[0.2]]).tolist()
    ['small']
    """

    def __init__(self, strength=0.1, is_balanced=True, families=None):
        self.strength = strength
        self.is_balanced = is_balanced
        self.families = families

    def fit(self, X, y, sample_weight=None, usual=None):
        """Learn from features (n, d) and types (n,).

        Parameters
        ----------
        sample_weight : array, (n,), optional
            How much each label counts, >= 0.
        usual : (array, array), optional
            Mean and standard deviation (d,) of all nuclei; by default of `X`.

        Raises
        ------
        ValueError
            If there is one type only, or `strength` is not > 0.
        """
        X, y = validate_data(self, X, y)
        if not self.strength > 0:
            raise ValueError(f"strength must be > 0, got {self.strength}")
        self.classes_, place = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"expected at least two types, got only {self.classes_.tolist()}")
        weight = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight, float)
        if self.is_balanced:
            weight = weight / np.bincount(place, weight)[place] * weight.sum() / len(self.classes_)
        mean, deviation = (X.mean(axis=0), X.std(axis=0)) if usual is None else usual
        self._usual = np.asarray(mean), np.where(np.asarray(deviation) > 1e-9, deviation, 1.0)
        share = np.ones(X.shape[1])
        if self.families is not None:
            size = np.bincount(self.families)[np.asarray(self.families)]
            share = np.sqrt(X.shape[1] / len(np.unique(self.families)) / size)
        self._share = share
        machine = LogisticRegression(C=self.strength, max_iter=500)
        self._machine = machine.fit(self._standard(X), place, weight)
        return self

    def predict_proba(self, X):
        """Chance of each type, (n, n_types); shrunk as the coefficients are, and no calibration."""
        check_is_fitted(self)
        return self._machine.predict_proba(self._standard(validate_data(self, X, reset=False)))

    def predict(self, X):
        """The likeliest type of each nucleus, (n,)."""
        return self.classes_[np.argmax(self.predict_proba(X), axis=1)]

    def _standard(self, X):
        mean, deviation = self._usual
        return np.clip((X - mean) / deviation, -CLIP, CLIP) * self._share


@dataclass(frozen=True)
class Corrections:
    """What a person corrected, as far as it can be learned from.

    Parameters
    ----------
    labelled : ndarray, (n, d)
        Features of nuclei whose type a person gave.
    labels : sequence of str, (n,)
    labels_before : sequence of str, (n,)
        What was said of them before anything was learned; empty for no type.
    deleted : ndarray, (m, d)
        Features of what a person found to be no nucleus.
    outlines : sequence of (ndarray, ndarray)
        Outline (k, 2) as it was found, and as a person drew it.
    background : ndarray, (b, d)
        Features of a sample of all others.
    background_labels : sequence of str, (b,)
        What is said of these without learning; empty for no type.
    usual : (ndarray, ndarray)
        Mean and standard deviation (d,) of all nuclei.
    families : sequence of int, (d,), optional
        See `FewLabels`.
    """

    labelled: np.ndarray
    labels: Sequence[str]
    labels_before: Sequence[str]
    deleted: np.ndarray
    outlines: Sequence[tuple[np.ndarray, np.ndarray]]
    background: np.ndarray
    background_labels: Sequence[str]
    usual: tuple[np.ndarray, np.ndarray]
    families: Sequence[int] | None = None


@dataclass(frozen=True)
class Trial:
    """How a lesson did on corrections that it had not seen.

    Parameters
    ----------
    n : int
        Corrections that were held out.
    before, after : float
        Errors without the lesson and with it; of outlines, the mean overlap (IoU).
    is_used : bool
        Whether the lesson helped, or was asked for.
    n_harmed : int
        Of what a person had confirmed as nuclei, how many the filter would have taken away.
    """

    n: int
    before: float
    after: float
    is_used: bool
    n_harmed: int = 0


@dataclass(frozen=True)
class Lesson:
    """What was learned.

    Parameters
    ----------
    types : FewLabels or None
    false : FewLabels or None
        Tells true (is no nucleus) from false. What it says most surely deserves a look.
    is_filtering : bool
        Whether what it says is taken away.
    growth : float
        Logarithm of the factor by which outlines grow about their centres.
    trials : dict of Trial
        Of ``types``, ``false`` and ``outlines``, where there was something to learn from.
    """

    types: FewLabels | None = None
    false: FewLabels | None = None
    is_filtering: bool = False
    growth: float = 0.0
    trials: dict[str, Trial] = field(default_factory=dict)


def learn(given: Corrections, *, is_filtering: bool = False) -> Lesson:
    """Learn what corrections teach, and try it on corrections held out.

    Parameters
    ----------
    given : Corrections
    is_filtering : bool
        Whether a person wants what is like the deleted to be taken away.
    """
    trials, types, false, growth = {}, None, None, 0.0
    if len(set(given.labels) | set(filter(None, given.background_labels))) > 1 and given.labels:
        trials["types"] = _try_types(given)
        types = _types(given, range(len(given.labels))) if trials["types"].is_used else None
    if len(given.deleted) >= LEAST_DELETED:
        trials["false"] = _try_filter(given, is_filtering)
        rows = range(len(given.deleted)), range(len(given.labelled))
        false = _filter(given, *rows)
    if len(given.outlines) >= LEAST_OUTLINES:
        trials["outlines"] = _try_growth(given.outlines)
        growth = growth_of(given.outlines) if trials["outlines"].is_used else 0.0
    return Lesson(types, false, is_filtering and false is not None, growth, trials)


def parts(n: int) -> list[list[int]]:
    """Rows that are held out together: one by one, or every twentieth.

    Examples
    --------
    >>> parts(3), len(parts(50)), parts(50)[19]
    ([[0], [1], [2]], 20, [19, 39])
    """
    return [list(range(k, n, N_PARTS)) for k in range(min(n, N_PARTS))]


def _types(given, rows):
    """From the labels of some rows; nuclei that the stain itself names count for few labels."""
    rows = list(rows)
    named = np.array([bool(name) for name in given.background_labels], bool)
    x = np.concatenate([given.labelled[rows], given.background[named]])
    y = [given.labels[i] for i in rows] + [name for name in given.background_labels if name]
    if len(set(y)) < 2:
        return None
    weight = np.ones(len(y))
    weight[len(rows) :] = BACKGROUND / max(named.sum(), 1)
    model = FewLabels(is_balanced=not named.any(), families=given.families)
    return model.fit(x, np.array(y), sample_weight=weight, usual=given.usual)


def _try_types(given):
    n, wrong = len(given.labels), 0
    for held in parts(n):
        model = _types(given, [i for i in range(n) if i not in held])
        if model is None:  # the held-out one was the only one of its type
            wrong += len(held)
            continue
        found = model.predict(given.labelled[held])
        wrong += sum(given.labels[i] != said for i, said in zip(held, found, strict=True))
    before = sum(a != b for a, b in zip(given.labels, given.labels_before, strict=True))
    return Trial(n, before, wrong, wrong <= before)


def _filter(given, deleted, confirmed):
    deleted, confirmed = list(deleted), list(confirmed)
    x = np.concatenate([given.deleted[deleted], given.labelled[confirmed], given.background])
    y = np.arange(len(x)) < len(deleted)
    if y.all():
        return None
    weight = np.ones(len(x))
    weight[len(deleted) + len(confirmed) :] = BACKGROUND / max(len(given.background), 1)
    model = FewLabels(is_balanced=False, families=given.families)
    return model.fit(x, y, sample_weight=weight, usual=given.usual)


def _try_filter(given, is_used):
    n, m, missed, harmed = len(given.deleted), len(given.labelled), 0, 0
    for held in parts(n):
        model = _filter(given, [i for i in range(n) if i not in held], range(m))
        missed += int((~_is_false(model, given.deleted[held])).sum())
    for held in parts(m):
        model = _filter(given, range(n), [i for i in range(m) if i not in held])
        harmed += int(_is_false(model, given.labelled[held]).sum())
    return Trial(n, n, missed, is_used, harmed)


def _is_false(model, x):
    return np.zeros(len(x), bool) if model is None else model.predict(x)


def growth_of(outlines) -> float:
    """Mean logarithm of drawn to found radius, shrunk as if one more had been right."""
    ratios = [abs(contour_area(drawn)) / abs(contour_area(found)) for found, drawn in outlines]
    return float(np.sum(np.log(ratios)) / 2 / (len(ratios) + 1))


def grown(outline, growth: float) -> np.ndarray:
    """An outline (k, 2) scaled about its centre by ``exp(growth)``."""
    centre = contour_centroid(outline)
    return centre + np.exp(growth) * (np.asarray(outline) - centre)


def _try_growth(outlines):
    before = [overlap(found, drawn) for found, drawn in outlines]
    after = []
    for held in parts(len(outlines)):
        growth = growth_of([pair for i, pair in enumerate(outlines) if i not in held])
        after += [overlap(grown(outlines[i][0], growth), outlines[i][1]) for i in held]
    one, other = float(np.mean(before)), float(np.mean(after))
    return Trial(len(outlines), one, other, other > one)


def overlap(one, other) -> float:
    """Intersection over union of two outlines (k, 2), on a grid finer than pixels."""
    both = np.concatenate([one, other])
    low = np.floor(both.min(axis=0)) - 1
    rows, columns = FINENESS * (np.ceil(both.max(axis=0)) + 2 - low)
    shape = int(rows), int(columns)
    first, second = (fill_polygon(FINENESS * (p - low), shape) for p in (one, other))
    return float((first & second).sum() / max((first | second).sum(), 1))


def apart(outline, growth: float, gaps) -> np.ndarray:
    """An outline that grows, but nowhere beyond half of its way to the nearest other nucleus.

    Parameters
    ----------
    outline : array, (k, 2)
    growth : float
    gaps : array, (k,)
        Distance from each point to the nearest outline of another, pixels.
    """
    outline = np.asarray(outline, float)
    step = grown(outline, growth) - outline
    length = np.linalg.norm(step, axis=1)
    room = np.maximum(np.asarray(gaps) / 2 - 0.5, 0) if growth > 0 else np.inf
    return outline + step * np.minimum(1, room / np.maximum(length, 1e-12))[:, None]
