"""Words: findings, ranges, conclusions, the responsible segments."""

import numpy as np
import pytest

from corporis.apps.diagnosis.judgement import judge_heart
from corporis.apps.diagnosis.ranges import KnownHearts, Range
from corporis.apps.diagnosis.sentences import (
    conclusion,
    finding,
    findings,
    responsible_segments,
    way_to_normal,
)
from corporis.apps.diagnosis.vocabulary import WORDINGS, wording

KNOWN = KnownHearts(
    normal={"ejection_fraction_percent": Range(48.2, 75.7, "somewhere", 9)},
    all={"ejection_fraction_percent": Range(12.0, 79.0, "everywhere", 29)},
)


def test_a_finding_in_words(no_atlas):
    found = finding("ejection_fraction_percent", 23.8, KNOWN, 1.5)
    assert found["text"] == "ejection fraction 24 %, normal 48 to 76 %"
    assert (found["direction"], found["reference"]) == ("below", "somewhere")
    assert (found["contribution"], found["normal"], found["unit"]) == (1.5, (48.2, 75.7), "%")
    strange = finding("ejection_fraction_percent", 95.0, KNOWN, with_all=True)
    assert strange["text"].endswith("in all hearts the judge knows 12 to 79 %")
    unknown = finding("relative_wall_thickness", 0.5, KNOWN)
    assert unknown["text"] == "relative wall thickness 0.50, normal range not known"
    assert unknown["direction"] == "neutral"


def test_numbers_are_written_plainly():
    words = WORDINGS["wall_thickening_percent"]
    assert words.value(-0.2) == "0 %"
    assert WORDINGS["ed_volume_ml"].interval(90.4, 150.6) == "90 to 151 ml"
    assert wording("some_new_measure").value(1) == "1.00"


def test_drivers_come_first_and_ejection_fraction_is_told(judge, typical, no_atlas):
    heart = typical("heart failure")
    judged = judge_heart(heart, judge)
    told = findings(heart, judged, judge.known_, at_most=2)
    sizes = [abs(judged.contributions.get(f["name"], 0.0)) for f in told]
    assert sizes[0] == max(abs(c) for c in judged.contributions.values())
    assert sizes[0] >= sizes[1]
    names = [f["name"] for f in told]
    assert "ejection_fraction_percent" in names and len(set(names)) == len(names)
    assert all(f["direction"] != "within" for f in told[2:] if "ejection" not in f["name"])


def test_conclusions(judge, typical, no_atlas):
    def sentence(heart):
        judged = judge_heart(heart, judge)
        return conclusion(judged, findings(heart, judged, judge.known_))

    failing = sentence(typical("heart failure"))
    assert failing.startswith("This heart is abnormal and most resembles heart failure (")
    assert ", above all by its " in failing and "(normal " in failing
    assert sentence(typical("normal")).startswith("This heart is like normal ones (probability ")
    strange = sentence(typical("hypertrophy", relative_wall_thickness=4.0))
    assert strange.startswith(
        "This heart is unlike any the judge knows (relative wall thickness 4.00, normal "
    )
    assert strange.endswith("it resembles hypertrophy most.")
    for text in (failing, strange):
        assert text.count("\n") == 0 and "nan" not in text


def test_an_open_kind_and_an_open_question(typical, strict, no_atlas):
    firm = strict(0.9)
    both = typical("heart failure", relative_wall_thickness=0.725, muscle_to_cavity_ratio=2.16)
    judged = judge_heart(both, firm)
    text = conclusion(judged, findings(both, judged, firm.known_))
    assert text.startswith(
        "This heart is abnormal (probability 97 %), but whether it resembles heart failure or "
        "hypertrophy is uncertain, above all by its "
    )
    judged = judge_heart(both, strict(0.95))
    text = conclusion(judged, findings(both, judged, firm.known_))
    assert text.startswith("No group is likely enough") and "normal 3 %" in text


def test_way_to_normal(judge, typical):
    heart = typical("hypertrophy")
    words = way_to_normal(judge_heart(heart, judge), heart)
    assert words.startswith("Normal would be the most probable if ") and " rather than " in words
    assert way_to_normal(judge_heart(typical("normal"), judge), typical("normal")) == ""


def test_segments():
    limits = np.full(17, 30.0)
    limits[4] = np.nan
    thickening = np.full(17, 40.0)
    thickening[[0, 4, 16]] = 10.0
    thickening[7] = np.nan
    known = KnownHearts(segment_low=limits)
    assert responsible_segments(thickening, known) == [1, 17]
    assert responsible_segments(np.full(17, np.nan), known) == []
    with pytest.raises(ValueError, match="17 segments"):
        responsible_segments(np.zeros(16), known)
