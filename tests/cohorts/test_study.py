"""Studies: applications meet through the case; and what a result was made with."""

import json
import platform
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import corporis
from corporis.cohorts import Provenance, Study
from corporis.errors import NotFound
from corporis.interfaces import Case, Measure, Report


@dataclass(frozen=True)
class Adds:
    """Adds what it reads: the next one sees it."""

    name: str
    amount: int

    def __call__(self, case: Case) -> Report:
        total = case.facts.get("total", 0) + self.amount
        return Report(
            self.name, [Measure("total", total, "1")], {self.name: total}, {}, {"total": total}
        )


def fails(case):
    raise NotFound("nothing there")


def test_steps_run_in_order_and_meet_through_the_case():
    said = []
    study = Study("sum", (("first", Adds("a", 2)), ("second", Adds("b", 5))))
    given = Case("one", facts={"total": 10})
    case, reports = study(given, progress=lambda text, share: said.append((text, share)))
    assert [r.application for r in reports] == ["a", "b"]
    assert [r.measures[0].value for r in reports] == [12, 17]
    assert case.facts["total"] == 17 and dict(case.images) == {"a": 12, "b": 17}
    assert given.facts["total"] == 10 and not given.images
    assert said == [("first", 0.0), ("second", 0.5)]


def test_a_step_that_fails_ends_the_study():
    study = Study("sum", (("first", Adds("a", 2)), ("second", fails), ("third", Adds("c", 1))))
    with pytest.raises(NotFound, match="nothing there"):
        study(Case("one"))


def test_an_empty_study_changes_nothing():
    case = Case("one", facts={"x": 1})
    assert Study("nothing", ())(case) == (case, ())


def test_the_heart_study_enriches_its_case(studied):
    assert [r.application for r in studied.reports] == ["heart shape", "diagnosis"]
    assert {"heart_features", "state", "conclusion"} <= set(studied.case.facts)
    assert "heart_labels" in studied.case.images and "sax" in studied.case.images
    assert not studied.given.meshes and studied.case.meshes


def test_provenance_says_enough_and_no_path(studied, tmp_path):
    facts = studied.provenance
    assert set(facts) == {"input", "parameters", "versions", "seconds"}
    assert facts["input"] == {"sha256": "ab" * 32, "format": "npz", "files": 3}
    assert facts["versions"]["corporis"] == corporis.__version__
    assert facts["versions"]["numpy"] == np.__version__
    assert facts["versions"]["python"] == platform.python_version()
    assert facts["seconds"] > 0
    text = json.dumps(facts)
    for folder in (Path.cwd(), Path.home(), Path(corporis.__file__).parent, tmp_path):
        assert str(folder) not in text
    assert "/" not in text.replace("\\/", "/") and "\\\\" not in text


def test_seconds_are_counted_from_the_start(monkeypatch):
    now = iter([100.0, 103.456])
    monkeypatch.setattr("corporis.cohorts.study.time.perf_counter", lambda: next(now))
    assert Provenance.start().facts(Case("one"), {})["seconds"] == 3.46


def test_an_unread_case_has_an_empty_input():
    assert Provenance.start().facts(Case("one"), {})["input"] == {
        "sha256": "",
        "format": "",
        "files": 0,
    }
