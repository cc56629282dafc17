"""One judged heart: exact contributions, the way back to normal, the four states."""

import numpy as np
import pytest

from corporis.apps.diagnosis import feature_matrix
from corporis.apps.diagnosis.judgement import judge_heart, lacking


def raw_log_odds(judge, features, rival):
    groups = judge.classes_.tolist()
    scores = judge.decision_function(feature_matrix([features]))[0] / judge.calibration_.temperature
    return scores[groups.index(rival)] - scores[groups.index("normal")]


def test_contributions_explain_the_log_odds_exactly(judge, typical):
    heart = typical("hypertrophy")
    judged = judge_heart(heart, judge)
    mean_normal = dict(zip(judge.names, judge.scaling_.raw(judge.normal_), strict=True))
    difference = raw_log_odds(judge, heart, "hypertrophy") - raw_log_odds(
        judge, mean_normal, "hypertrophy"
    )
    assert judged.rival == "hypertrophy"
    assert sum(judged.contributions.values()) == pytest.approx(difference)
    assert max(judged.contributions, key=judged.contributions.get) in (
        "relative_wall_thickness",
        "muscle_to_cavity_ratio",
    )


def test_the_smallest_change_makes_normal_win(judge, typical):
    for group in ("heart failure", "hypertrophy"):
        heart = typical(group)
        judged = judge_heart(heart, judge)
        assert judged.change.is_reachable and judged.changed
        moved = {n: v + 1e-6 * (v - heart[n]) for n, v in judged.changed.items()}
        after = judge.predict(feature_matrix([{**heart, **moved}]))[0]
        assert after == "normal"
        less = {n: heart[n] + 0.98 * (v - heart[n]) for n, v in judged.changed.items()}
        assert judge.predict(feature_matrix([{**heart, **less}]))[0] != "normal"


def test_states(judge, typical, strict):
    assert judge_heart(typical("normal"), judge).state == "normal"
    for group in ("heart failure", "hypertrophy"):
        judged = judge_heart(typical(group), judge)
        assert (judged.state, judged.rival, judged.is_group_sure) == ("abnormal", group, True)
        assert next(iter(judged.probabilities)) == group
    strange = typical("normal", relative_wall_thickness=2.5, cavity_eccentricity_es=0.4)
    assert judge_heart(strange, judge).state == "unlike any known"
    half = {n: (typical("normal")[n] + typical("hypertrophy")[n]) / 2 for n in judge.names}
    assert judge_heart(half, strict(0.9)).state == "uncertain"


def test_abnormal_although_the_kind_is_open(judge, typical, strict):
    both = typical("heart failure", relative_wall_thickness=0.725, muscle_to_cavity_ratio=2.16)
    judged = judge_heart(both, strict(0.9))
    assert max(judged.probabilities.values()) < 0.9 and judged.probabilities["normal"] <= 0.05
    assert (judged.state, judged.is_group_sure) == ("abnormal", False)
    # where normal is not ruled out as clearly, the same lack of a first group is uncertainty
    assert judge_heart(both, strict(0.95)).state == "uncertain"


def test_what_is_lacking(judge, typical):
    assert lacking(typical("normal"), judge) == ""
    assert "ejection fraction could not be measured" in lacking({}, judge)
    assert "model's weight" in lacking({"ejection_fraction_percent": 60.0}, judge)
    judged = judge_heart(typical("normal", wall_thickening_percent=np.nan), judge)
    assert "wall_thickening_percent" not in judged.contributions
    weighs = np.ptp(judge.weights_, axis=0)[judge.names.index("wall_thickening_percent")] > 0
    assert ("wall_thickening_percent" in judged.missing) == weighs
