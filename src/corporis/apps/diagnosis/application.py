"""The diagnosis: normal or abnormal, what it most resembles, and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from corporis.apps.diagnosis.judgement import Judgement, judge_heart, lacking
from corporis.apps.diagnosis.model import HeartJudge
from corporis.apps.diagnosis.ranges import KnownHearts, atlas_is_here
from corporis.apps.diagnosis.sentences import (
    conclusion,
    findings,
    responsible_segments,
    way_to_normal,
)
from corporis.apps.diagnosis.vocabulary import EJECTION_FRACTION, NORMAL, SEGMENTS, wording
from corporis.errors import Unsupported
from corporis.interfaces import Case, Measure, Report


@dataclass(frozen=True)
class Diagnosis:
    """Judges a measured heart, and says why.

    It reads the fact ``heart_features`` and gives the facts ``state``, ``conclusion``,
    ``caution``, ``probabilities``, ``findings``, ``responsible_segments`` and ``counterfactual``.

    Parameters
    ----------
    model : HeartJudge
        Fitted, with "normal" among its groups.
    n_findings : int
        Measures named as drivers at most, >= 1.

    Raises
    ------
    ValueError
        If the judge is not fitted or does not know normal hearts.
    """

    model: HeartJudge
    n_findings: int = 4

    def __post_init__(self):
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self.model)
        if NORMAL not in self.model.classes_ or self.n_findings < 1:
            raise ValueError(
                "a judge that knows the group 'normal' and n_findings >= 1 needed, got "
                f"{self.model.classes_.tolist()} and {self.n_findings}"
            )

    def __call__(self, case: Case) -> Report:
        """Judge the heart of a case.

        Raises
        ------
        Unsupported
            If no heart was measured in this case.
        """
        features = case.facts.get("heart_features")
        if features is None:
            raise Unsupported(
                f"{case.name}: expected the measures of a heart (fact heart_features), got none: "
                "run the application heart_shape first"
            )
        why_not = lacking(features, self.model)
        if why_not:
            return self._refusal(features, why_not)
        judged = judge_heart(features, self.model)
        return Report(
            "diagnosis",
            _measures(judged),
            facts=self._facts(features, judged),
            methods=_methods(self.model),
            references=_references(),
            warnings=_warnings(judged),
        )

    def _facts(self, features: Mapping[str, Any], judged: Judgement) -> dict[str, Any]:
        told = findings(features, judged, self.model.known_, self.n_findings)
        segments: list[int] = []
        if judged.state in ("abnormal", "unlike any known"):
            segments = _segments(features, self.model.known_)
        return {
            "state": judged.state,
            "conclusion": conclusion(judged, told),
            "caution": _caution(self.model),
            "probabilities": dict(judged.probabilities),
            "findings": told,
            "responsible_segments": segments,
            "counterfactual": way_to_normal(judged, features),
        }

    def _refusal(self, features: Mapping[str, Any], why: str) -> Report:
        sentence = f"No judgement: {why}."
        facts: dict[str, Any] = {
            "state": "not judged",
            "conclusion": sentence,
            "caution": "",
            "probabilities": {},
            "findings": findings(features, None, self.model.known_, self.n_findings),
            "responsible_segments": [],
            "counterfactual": "",
        }
        nothing = Measure("probability abnormal", None, "%", note=f"not judged: {why}")
        return Report(
            "diagnosis",
            (nothing,),
            facts=facts,
            methods=_methods(self.model),
            references=_references(),
            warnings=(sentence,),
        )


def _caution(judge: HeartJudge) -> str:
    return (
        f"The judge learned from {judge.n_hearts_} hearts of one hospital: this is a hint where to "
        "look, for research, and not a diagnosis."
    )


def _segments(features, known: KnownHearts) -> list[int]:
    return responsible_segments(features.get(SEGMENTS, np.full(17, np.nan)), known)


def _measures(judged: Judgement) -> tuple[Measure, ...]:
    groups = (
        Measure(f"probability {'of ' if g != NORMAL else ''}{g}", 100 * p, "%")
        for g, p in judged.probabilities.items()
    )
    return (
        Measure("probability abnormal", 100 * judged.abnormal, "%"),
        *groups,
        Measure(
            "likeness to known hearts",
            100 * judged.likeness,
            "%",
            note="share of the known hearts that lie at least as far from the others",
        ),
    )


def _warnings(judged: Judgement) -> tuple[str, ...]:
    if not judged.missing:
        return ()
    names = ", ".join(wording(n).words for n in judged.missing)
    return (f"Judged without {names}: the probabilities are the less certain for it.",)


def _methods(judge: HeartJudge) -> tuple[str, ...]:
    used = [
        wording(n).words
        for n, column in zip(judge.names, judge.weights_.T, strict=True)
        if np.ptp(column) > 0
    ]
    groups = ", ".join(judge.classes_.tolist())
    ranges = "minimum to maximum over the normal hearts among them"
    if atlas_is_here():
        ranges = (
            f"for {wording(EJECTION_FRACTION).words} and sphericity the 2.5 to 97.5 percentiles "
            f"of the asymptomatic people of the MESA atlas, read from the user's copy, otherwise "
            f"{ranges}"
        )
    return (
        f"A multinomial logistic model with L1 and group penalties, trained on {judge.n_hearts_} "
        f"hearts ({groups}; groups weigh alike), uses {', '.join(used) or 'no measure'}: all "
        "of the left ventricle, and ratios in which pixel size and slice distance cancel (how "
        "finely an image shows the heart still matters). Strength, temperature and threshold come "
        "from cross-validation inside the training hearts.",
        f"Probabilities are shrunk by {100 * judge.calibration_.shrinkage:.0f} % towards an even "
        "guess, as many as so few hearts allow; a largest probability below "
        f"{100 * judge.calibration_.threshold:.0f} % is called uncertain.",
        "Findings are ordered by their exact contribution to the log-odds against normal, "
        "compared with the mean normal heart.",
        f"Normal ranges are computed: {ranges}.",
        "Unlike any known: the mean squared distance to the three nearest training hearts, in "
        "spreads within groups, ranks among the farthest "
        f"{100 * judge.novelty_.false_alarm:.0f} % of the training hearts' own distances.",
        "Responsible segments thicken less than the same segment in every normal training heart.",
        "Whether a failing heart has an infarct cannot be told from outlines of cavity and wall, "
        "so hearts that fail with and without one are a single group.",
        _caution(judge),
    )


def _references() -> tuple[str, ...]:
    found = (
        "Radau et al., Evaluation framework for algorithms segmenting short axis cardiac MRI, "
        "The MIDAS Journal, 2009 (Sunnybrook data)",
        "Simon et al., A sparse-group lasso, Journal of Computational and Graphical Statistics "
        "22:231-245, 2013, doi:10.1080/10618600.2012.681250",
    )
    if not atlas_is_here():
        return found
    return (
        *found,
        "Fonseca et al., The Cardiac Atlas Project: an imaging database for computational "
        "modeling and statistical atlases of the heart, Bioinformatics 27:2288-2295, 2011, "
        "doi:10.1093/bioinformatics/btr360",
    )
