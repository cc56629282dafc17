"""One heart judged: probabilities, state, what drove it, and what would change it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from corporis.apps.diagnosis.model import HeartJudge
from corporis.apps.diagnosis.vocabulary import EJECTION_FRACTION, NORMAL, feature_matrix
from corporis.interfaces import Array
from corporis.learning.explanation import Counterfactual, contributions, counterfactual

STATES = ("normal", "abnormal", "uncertain", "unlike any known")


@dataclass(frozen=True, eq=False)
class Judgement:
    """What the judge says of one heart.

    Parameters
    ----------
    state : str
        One of `STATES`.
    probabilities : mapping of str to float
        By group, in falling order.
    rival : str
        The most probable group that is not normal: contributions speak for it against normal.
    is_group_sure : bool
        Whether the most probable group reaches the judge's threshold.
    likeness : float
        P-value of being like the known hearts.
    contributions : mapping of str to float
        Log-odds for `rival` against normal by measure, compared with the mean normal heart;
        only measures that this heart has and the model weighs.
    strangeness : mapping of str to float
        Squared difference from the nearest known hearts by measure, in squared spreads.
    missing : tuple of str
        Measures that the model weighs and this heart lacks.
    change : Counterfactual
        Smallest change, in standardised measures, that makes normal the most probable.
    changed : mapping of str to float
        The changed measures after that change, in their own units.
    """

    state: str
    probabilities: Mapping[str, float]
    rival: str
    is_group_sure: bool
    likeness: float
    contributions: Mapping[str, float]
    strangeness: Mapping[str, float]
    missing: tuple[str, ...]
    change: Counterfactual
    changed: Mapping[str, float]

    @property
    def abnormal(self) -> float:
        """Probability that the heart is not normal."""
        return 1 - self.probabilities[NORMAL]


def lacking(features: Mapping[str, float | Array], judge: HeartJudge) -> str:
    """Why there can be no judgement, as a clause; "" where there can.

    There is none without the ejection fraction, nor where more than half of the model's weight
    lies on measures that are missing.
    """
    if not np.isfinite(float(features.get(EJECTION_FRACTION, np.nan))):
        return (
            "the ejection fraction could not be measured (it needs end-diastole, end-systole and "
            "more than one slice)"
        )
    share = float(judge.missing_share(feature_matrix([features], judge.names))[0])
    if share > 0.5:
        return f"measures with {100 * share:.0f} % of the model's weight could not be made"
    return ""


def judge_heart(features: Mapping[str, float | Array], judge: HeartJudge) -> Judgement:
    """Judge one heart; see `lacking` for when not to ask.

    The state is "unlike any known" where the heart is far from all known ones; otherwise "normal"
    or "abnormal" where the most probable group reaches the threshold t, "abnormal" also where
    only the kind is open (normal has at most (1 - t) / 2, as it has where one group of three
    reaches t); and "uncertain" in between.
    """
    X = feature_matrix([features], judge.names)
    probabilities = dict(zip(judge.classes_.tolist(), judge.predict_proba(X)[0].tolist()))
    ranked = sorted(probabilities, key=lambda g: (-probabilities[g], g))
    rival = next(g for g in ranked if g != NORMAL)
    likeness = float(judge.novelty(X)[0])
    is_sure = probabilities[ranked[0]] >= judge.calibration_.threshold
    seen = np.isfinite(X[0])
    weighs = np.ptp(judge.weights_, axis=0) > 0
    change = _smallest_change(judge, X)
    raw = judge.scaling_.raw(judge.standardised(X)[0] + change.change)
    return Judgement(
        _state(judge, probabilities, ranked[0], likeness),
        {g: probabilities[g] for g in ranked},
        rival,
        is_sure,
        likeness,
        _by_name(judge, _contributions(judge, X, rival), seen & weighs),
        _by_name(judge, judge.novelty_.parts(judge.scaling_.spread_units(X)[0]), seen),
        tuple(n for n, w, s in zip(judge.names, weighs, seen) if w and not s),
        change,
        _by_name(judge, raw, np.abs(change.change) > 1e-9),
    )


def _state(judge, probabilities, first, likeness) -> str:
    threshold = judge.calibration_.threshold
    if likeness <= judge.novelty_.false_alarm:
        return "unlike any known"
    if probabilities[first] >= threshold:
        return "normal" if first == NORMAL else "abnormal"
    return "abnormal" if probabilities[NORMAL] <= (1 - threshold) / 2 else "uncertain"


def _contributions(judge, X, rival) -> np.ndarray:
    groups = judge.classes_.tolist()
    temperature = judge.calibration_.temperature
    return contributions(
        judge.weights_ / temperature,
        judge.intercepts_ / temperature,
        judge.standardised(X)[0],
        target=groups.index(rival),
        reference=groups.index(NORMAL),
        baseline=judge.normal_,
    ).values


def _smallest_change(judge, X) -> Counterfactual:
    """Only measures that the heart has, and only to values that known hearts have."""
    ends = np.full((2, len(judge.names)), np.nan)
    for i, name in enumerate(judge.names):
        if name in judge.known_.all:
            ends[:, i] = judge.known_.all[name].low, judge.known_.all[name].high
    low, high = (ends - judge.scaling_.mean) / judge.scaling_.deviation
    return counterfactual(
        judge.weights_,
        judge.intercepts_,
        judge.standardised(X)[0],
        target=judge.classes_.tolist().index(NORMAL),
        changeable=np.isfinite(X[0]) & judge.scaling_.is_used,
        low=low,
        high=high,
    )


def _by_name(judge, values, keep) -> dict[str, float]:
    return {
        name: float(value)
        for name, value, kept in zip(judge.names, values, keep)
        if kept and np.isfinite(value)
    }
