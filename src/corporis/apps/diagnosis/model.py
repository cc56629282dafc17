"""The judge of hearts: a sparse linear model on a few measures, made for few training hearts."""

import json
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from corporis.apps.diagnosis.calibration import Calibration, balanced_loss, calibrate
from corporis.apps.diagnosis.novelty import Novelty
from corporis.apps.diagnosis.plain import from_plain, plain
from corporis.apps.diagnosis.ranges import KnownHearts
from corporis.apps.diagnosis.scaling import Scaling
from corporis.apps.diagnosis.vocabulary import MODEL_FEATURES, NORMAL, feature_matrix, wording
from corporis.errors import BadInput, Unreadable
from corporis.interfaces import Array
from corporis.learning.sparse_classifier import SparseLogistic

_FORMAT = "corporis heart judge 1"


class HeartJudge(ClassifierMixin, BaseEstimator):
    r"""Multinomial logistic regression with an L1 and a group penalty on standardised measures.

    Measures of one family (contraction, wall, evenness) form one penalised group with their
    weights for all groups of hearts, and single weights are penalised too; groups of hearts weigh
    alike, whatever their size. The strength of the penalty is
    the one with the least mean logistic loss over repeated inner cross-validation of the training
    hearts (the stronger one of equals); the same left-out scores give the temperature and the
    threshold of `Calibration`. A measure that is missing is replaced by the training median, and
    the share of the model's weight that lies on it is taken from the certainty of the answer.

    Parameters
    ----------
    names : sequence of str
        Columns of the features.
    n_strengths : int
        Strengths tried, from the one that removes every measure down to `weakest` times it.
    weakest : float
        In (0, 1).
    n_folds, n_repeats : int
        Inner cross-validation, >= 2 and >= 1.
    false_alarm : float
        Rate at which hearts like the known ones are called unlike them.
    seed : int

    Attributes
    ----------
    classes_ : array, (n_groups,)
    weights_ : array, (n_groups, n_names)
        For standardised measures; whole columns are zero.
    intercepts_ : array, (n_groups,)
    strength_ : float
        Chosen strength relative to the one that removes every measure.
    scaling_, calibration_, novelty_ : see their classes
    normal_ : array, (n_names,)
        Standardised mean of the normal hearts: what contributions are measured from (zeros where
        no training heart was called normal).
    known_ : KnownHearts
        Ranges for words; filled by `train_judge`.
    n_hearts_ : int
    """

    def __init__(
        self,
        names=MODEL_FEATURES,
        n_strengths=6,
        weakest=0.05,
        n_folds=4,
        n_repeats=2,
        false_alarm=0.1,
        seed=0,
    ):
        self.names = names
        self.n_strengths = n_strengths
        self.weakest = weakest
        self.n_folds = n_folds
        self.n_repeats = n_repeats
        self.false_alarm = false_alarm
        self.seed = seed

    def fit(self, X, y):
        """Learn from measures (n_hearts, n_names), NaN where missing, and groups (n_hearts,).

        One row is one patient. The order of the rows does not matter, to the last bit.

        Raises
        ------
        ValueError
            If the shapes disagree, or a group has fewer than two hearts.
        """
        X, y = self._table(X), np.asarray(y, dtype=str)
        if y.shape != (len(X),):
            raise ValueError(f"one group for each of {len(X)} hearts needed, got {y.shape}")
        order = np.lexsort([y, *X.T])
        X, y = X[order], y[order]
        self.classes_, labels = np.unique(y, return_inverse=True)
        counts = np.bincount(labels)
        if len(counts) < 2 or counts.min() < 2:
            raise ValueError(
                "two groups or more with two hearts or more each needed, got "
                f"{dict(zip(self.classes_.tolist(), counts.tolist(), strict=True))}"
            )
        strength, scores, tested = self._choose(X, labels)
        self.calibration_ = calibrate(scores, tested, len(X))
        self.scaling_ = Scaling.of(X, labels)
        Z = self.scaling_(X)
        weights, intercepts, strengths = self._path(Z, labels, tolerance=1e-7)
        self.weights_, self.intercepts_ = weights[strength], intercepts[strength]
        self.strength_ = float(strengths[strength])
        self.novelty_ = Novelty(self.scaling_.spread_units(X), false_alarm=self.false_alarm)
        self.normal_ = np.zeros(X.shape[1])
        if NORMAL in self.classes_:
            self.normal_ = Z[y == NORMAL].mean(axis=0)
        self.known_ = KnownHearts()
        self.n_hearts_ = len(X)
        return self

    def standardised(self, X) -> np.ndarray:
        """Measures as the weights see them, (n, n_names): standardised, medians for missing."""
        check_is_fitted(self)
        return self.scaling_(self._table(X))

    def decision_function(self, X) -> np.ndarray:
        """Scores of the groups before calibration, (n, n_groups)."""
        return self.standardised(X) @ self.weights_.T + self.intercepts_

    def predict_proba(self, X) -> np.ndarray:
        """Calibrated group probabilities, (n, n_groups), columns as in `classes_`."""
        scores = self.decision_function(X)
        return self.calibration_.probabilities(scores, self.missing_share(X))

    def predict(self, X) -> np.ndarray:
        """The most probable group of each heart, (n,)."""
        return self.classes_[np.argmax(self.predict_proba(X), axis=1)]

    def missing_share(self, X) -> np.ndarray:
        """Share of the model's weight on measures that a heart lacks, (n,), 0 to 1."""
        sizes = np.linalg.norm(self.weights_ - self.weights_.mean(axis=0), axis=0)
        total = sizes.sum()
        return np.isnan(self._table(X)) @ sizes / total if total > 0 else np.zeros(len(X))

    def novelty(self, X) -> np.ndarray:
        """P-values of being like the known hearts, (n,); see `Novelty`."""
        check_is_fitted(self)
        units = self.scaling_.spread_units(self._table(X))
        return np.array([self.novelty_.p_value(row) for row in units])

    def is_unlike(self, X) -> np.ndarray:
        """Whether each heart is unlike all known ones, (n,) bool."""
        return self.novelty(X) <= self.novelty_.false_alarm

    def to_json(self) -> dict[str, Any]:
        """The fitted judge as JSON types; `from_json` gives it back to the last bit."""
        check_is_fitted(self)
        return {
            "format": _FORMAT,
            "parameters": {**self.get_params(), "names": list(self.names)},
            "groups": self.classes_.tolist(),
            "weights": plain(self.weights_),
            "intercepts": plain(self.intercepts_),
            "normal": plain(self.normal_),
            "strength": self.strength_,
            "n_hearts": self.n_hearts_,
            "scaling": self.scaling_.to_plain(),
            "calibration": vars(self.calibration_).copy(),
            "novelty": self.novelty_.to_plain(),
            "known": self.known_.to_plain(),
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "HeartJudge":
        """The judge that `to_json` wrote.

        Raises
        ------
        BadInput
            If the content is of another format.
        """
        if content.get("format") != _FORMAT:
            raise BadInput(
                f"expected a judge of format {_FORMAT!r}, got {content.get('format')!r}: train it "
                "anew with corporis train"
            )
        parameters = dict(content["parameters"])
        judge = cls(**{**parameters, "names": tuple(parameters["names"])})
        judge.classes_ = np.array(content["groups"], dtype=str)
        judge.weights_ = from_plain(content["weights"])
        judge.intercepts_ = from_plain(content["intercepts"])
        judge.normal_ = from_plain(content["normal"])
        judge.strength_ = float(content["strength"])
        judge.n_hearts_ = int(content["n_hearts"])
        judge.scaling_ = Scaling.from_plain(content["scaling"])
        judge.calibration_ = Calibration(**content["calibration"])
        judge.novelty_ = Novelty.from_plain(content["novelty"])
        judge.known_ = KnownHearts.from_plain(content["known"])
        return judge

    @classmethod
    def load(cls, path: Path | str | None = None) -> "HeartJudge":
        """A judge from a JSON file; by default the one shipped with the package.

        Raises
        ------
        BadInput
            If the file is missing or is not a judge.
        """
        source = resources.files("corporis.apps.diagnosis") / "weights" / "heart_judge.json"
        source = source if path is None else Path(path)
        try:
            content = json.loads(source.read_text(encoding="utf-8"))
        except OSError as error:
            raise BadInput(
                f"{source.name}: no trained judge of hearts there: give the file that "
                "corporis train writes"
            ) from error
        except ValueError as error:
            raise Unreadable(f"{source.name}: expected a judge as JSON, got {error}") from error
        if not isinstance(content, dict):
            raise Unreadable(f"{source.name}: expected a judge as a JSON object")
        try:
            return cls.from_json(content)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise Unreadable(
                f"{source.name}: expected a judge that corporis train wrote, but parts are missing "
                "or of another kind: train it anew"
            ) from error

    def _table(self, X) -> np.ndarray:
        X = np.asarray(X, dtype=float)
        if X.ndim != 2 or X.shape[1] != len(self.names):
            raise ValueError(f"features must be (n_hearts, {len(self.names)}), got {X.shape}")
        return np.where(np.isfinite(X), X, np.nan)

    def _path(self, Z, labels, tolerance=1e-3):
        """Weights, intercepts and relative strengths from the strongest penalty downwards."""
        varies = np.ptp(Z, axis=0) > 0
        kinds = [wording(n).family or n for n, v in zip(self.names, varies, strict=True) if v]
        families = np.unique(kinds, return_inverse=True)[1]
        model = SparseLogistic(0.5, 0.5, families, class_weight="balanced", tolerance=tolerance)
        path = model.path(Z[:, varies], labels, self.n_strengths, self.weakest)
        slopes = path.coefficients / model.scale_
        intercepts = path.intercepts - slopes @ model.mean_
        weights = np.zeros((*slopes.shape[:2], Z.shape[1]))
        weights[..., varies] = slopes
        if weights.shape[1] == 1:
            weights = np.concatenate([np.zeros_like(weights), weights], axis=1)
            intercepts = np.concatenate([np.zeros_like(intercepts), intercepts], axis=1)
        return weights, intercepts, path.strengths / path.strengths[0]

    def _choose(self, X, labels):
        """Index of the best strength, with the left-out scores and labels at that strength."""
        rng = np.random.default_rng(self.seed)
        n_folds = min(self.n_folds, int(np.bincount(labels).min()))
        scores, tested = [], []
        for _ in range(self.n_repeats):
            fold_of = stratified_folds(labels, n_folds, rng)
            for fold in range(n_folds):
                learn, test = fold_of != fold, fold_of == fold
                scaling = Scaling.of(X[learn], labels[learn])
                weights, intercepts, _ = self._path(scaling(X[learn]), labels[learn])
                scores.append(scaling(X[test]) @ weights.transpose(0, 2, 1) + intercepts[:, None])
                tested.append(labels[test])
        scores, tested = np.concatenate(scores, axis=1), np.concatenate(tested)
        losses = [
            balanced_loss(calibrate(s, tested, len(X)).probabilities(s), tested) for s in scores
        ]
        best = int(np.argmin(losses))
        return best, scores[best], tested


def train_judge(
    table: Sequence[Mapping[str, float | Array]],
    groups: Sequence[str],
    *,
    source: str = "Sunnybrook",
    seed: int = 0,
) -> HeartJudge:
    """A judge with the ranges it needs for words, from features by name.

    Parameters
    ----------
    table : sequence of mapping
        ``heart_features`` of each patient.
    groups : sequence of str
        "heart failure", "hypertrophy" or "normal".
    source : str
        How the training hearts are called in words.
    """
    judge = HeartJudge(seed=seed).fit(feature_matrix(table), groups)
    judge.known_ = KnownHearts.of(table, groups, source)
    return judge


def stratified_folds(labels, n_folds: int, rng: np.random.Generator) -> np.ndarray:
    """Fold of every sample, (n,), each class dealt out evenly and at random."""
    labels = np.asarray(labels)
    fold_of = np.empty(len(labels), dtype=int)
    dealt = 0
    for label in np.unique(labels):
        members = rng.permutation(np.flatnonzero(labels == label))
        # the deal goes on where the last class ended, so that folds are of one size
        fold_of[members] = (dealt + np.arange(len(members))) % n_folds
        dealt += len(members)
    return fold_of
