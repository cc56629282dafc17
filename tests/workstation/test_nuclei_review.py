"""The report on a review: what was corrected, learned, and how it did on what was held out."""

import pytest

from cohorts.reviewed import searched, some_of, truth_of
from corporis.cohorts.nuclei_review import Requests
from corporis.errors import BadInput
from corporis.workstation.nuclei_review import (
    account_of,
    parsed_labels,
    parsed_places,
    run_review,
    sentences,
)


def test_the_report_says_what_was_learned(tmp_path):
    made, _, folder = searched(tmp_path)
    truth = truth_of(made, folder)
    chosen = some_of(truth, "long", 3) + some_of(truth, "round", 3)
    gone = some_of(truth, "round", 6)[3:]
    run_review(folder, Requests({n: truth[n] for n in chosen}, gone))
    page = (folder / "report.html").read_text()
    assert "What was corrected, and what was learned" in page
    assert "6 of 6 were wrong or unknown before" in page and "no error rates of all nuclei" in page
    assert "Most like the deleted, and worth a look:" in page and "unless asked (--filter)" in page
    assert "Outlines: long red, round blue." in page and "research use only" in page
    run_review(folder, is_undoing=True)
    assert "What was corrected" not in (folder / "report.html").read_text()


def review(**changed):
    trial = {"n": 4, "before": 0.7, "after": 0.8, "is_used": True, "n_harmed": 0}
    held = {
        "steps": 1, "found": 9, "labelled": 0, "deleted": 0, "drawn": 4, "added": 0,
        "types_changed_of_others": 0, "filtered": 0, "growth": 1.1, "suspects": [],
        "trials": {"outlines": trial},
    }  # fmt: skip
    return held | changed


def test_each_lesson_has_its_sentence():
    (said,) = sentences(review())
    assert "was 0.700, and 0.800" in said and "scaled by 1.100" in said
    (said,) = sentences(review(labelled=2, trials={}))
    assert "give an example of another" in said
    worse = {"n": 3, "before": 1.0, "after": 2.0, "is_used": False, "n_harmed": 0}
    (said,) = sentences(review(trials={"types": worse}))
    assert "is not used" in said
    used = {"n": 3, "before": 3, "after": 1, "is_used": True, "n_harmed": 0}
    (said,) = sentences(review(trials={"false": used}, filtered=7))
    assert "would have caught 2" in said and "took 7 others away" in said
    assert account_of(review(steps=0)) == ""


@pytest.mark.parametrize("text", ["a=b", "12", "12=", "=x", "1.5=x"])
def test_labels_that_are_none_are_one_line(text):
    with pytest.raises(BadInput, match="--set: expected NUMBER=TYPE"):
        parsed_labels([text])


@pytest.mark.parametrize("text", ["1", "a,b", "1,2,3", ""])
def test_places_that_are_none_are_one_line(text):
    with pytest.raises(BadInput, match="--add: expected X,Y"):
        parsed_places([text])
