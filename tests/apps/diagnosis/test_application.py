"""The application: what it adds to a case, and what it says when it cannot judge."""

import json

import numpy as np
import pytest

from corporis.apps.diagnosis import Diagnosis, HeartJudge
from corporis.errors import Unsupported
from corporis.interfaces import Application, Case

FACTS = {
    "state",
    "conclusion",
    "probabilities",
    "findings",
    "responsible_segments",
    "caution",
    "counterfactual",
}


def test_an_abnormal_heart(judge, typical):
    case = Case("one", facts={"heart_features": typical("heart failure")})
    report = Diagnosis(judge)(case)
    assert isinstance(Diagnosis(judge), Application)
    assert set(report.facts) == FACTS
    assert report.facts["state"] == "abnormal"
    assert report.facts["responsible_segments"] == list(range(1, 18))
    assert sum(report.facts["probabilities"].values()) == pytest.approx(1)
    values = {m.name: m for m in report.measures}
    assert values["probability abnormal"].value > 80
    assert all(m.unit == "%" and 0 <= m.value <= 100 for m in report.measures)
    assert case.with_report(report).facts["state"] == "abnormal"
    assert any("infarct cannot be told" in sentence for sentence in report.methods)
    assert not report.warnings
    json.dumps(dict(report.facts))


def test_a_normal_heart_has_no_responsible_segment(judge, typical):
    heart = typical("normal", segment_thickening_percent=np.zeros(17))
    report = Diagnosis(judge)(Case("one", facts={"heart_features": heart}))
    assert report.facts["state"] == "normal" and report.facts["responsible_segments"] == []


def test_a_single_phase_is_not_judged(judge, typical):
    still = dict.fromkeys(typical("normal"), np.nan)
    still |= {
        "relative_wall_thickness": 0.9,
        "muscle_to_cavity_ratio": 1.1,
        "segment_thickening_percent": np.full(17, np.nan),
    }
    report = Diagnosis(judge)(Case("one", facts={"heart_features": still}))
    assert report.facts["state"] == "not judged" and report.facts["probabilities"] == {}
    assert report.facts["conclusion"].startswith("No judgement: the ejection fraction could not")
    assert report.measures[0].value is None and "end-systole" in report.measures[0].note
    assert [f["name"] for f in report.facts["findings"]] == ["relative_wall_thickness"]
    assert set(report.facts) == FACTS


def test_what_is_missing_is_said(judge, typical):
    weighed = [n for n, w in zip(judge.names, judge.weights_.T, strict=True) if np.ptp(w) > 0]
    name = weighed[-1]
    heart = typical("heart failure", **{name: np.nan})
    report = Diagnosis(judge)(Case("one", facts={"heart_features": heart}))
    full = Diagnosis(judge)(Case("one", facts={"heart_features": typical("heart failure")}))
    assert len(report.warnings) == 1 and report.warnings[0].startswith("Judged without ")
    assert max(report.facts["probabilities"].values()) < max(full.facts["probabilities"].values())


def test_no_heart_no_segments(judge, typical):
    with pytest.raises(Unsupported, match=r"one: expected the measures of a heart"):
        Diagnosis(judge)(Case("one"))
    heart = typical("heart failure")
    del heart["segment_thickening_percent"]
    report = Diagnosis(judge)(Case("one", facts={"heart_features": heart}))
    assert report.facts["state"] == "abnormal" and report.facts["responsible_segments"] == []


def test_the_atlas_is_named_only_where_it_is_used(judge, typical, monkeypatch, tmp_path, data_dir):
    case = Case("one", facts={"heart_features": typical("heart failure")})
    with_atlas = Diagnosis(judge)(case)
    monkeypatch.setenv("CORPORIS_DATA", str(tmp_path))
    without = Diagnosis(judge)(case)
    assert any("MESA" in s for s in with_atlas.methods)
    assert not any("MESA" in s for s in without.methods)
    sources = [
        next(f["reference"] for f in r.facts["findings"] if f["name"].startswith("ejection"))
        for r in (with_atlas, without)
    ]
    assert "1328 asymptomatic" in sources[0] and sources[1].startswith("made-up normals, n = 6")


def test_only_a_fitted_judge_with_normals(cohort, judge):
    with pytest.raises(ValueError, match="not fitted"):
        Diagnosis(HeartJudge())
    with pytest.raises(ValueError, match="n_findings >= 1"):
        Diagnosis(judge, n_findings=0)
