"""One call leaves a contact sheet and its numbers, and never a patient's name."""

import json
import re

import numpy as np
import pytest
from PIL import Image

from apps.histopathology.stained import region
from cohorts.test_slides import write_folder
from corporis.cohorts.slides import index_folder
from corporis.errors import BadInput, NotFound
from corporis.workstation.slides import (
    Request,
    parsed_facts,
    parsed_region,
    run_examples,
    run_search,
)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    root = tmp_path_factory.mktemp("slides")
    folder = write_folder(root / "cases", 24)
    table = folder / "labels.csv"
    table.write_text(re.sub(r",p(\d)", r",SecretName\1", table.read_text()))
    index_folder(folder, root / "cases.index", um_per_px=1.24)
    return root


def test_a_search_leaves_a_sheet_and_numbers(made, tmp_path):
    answer = run_search(made / "cases" / "case5.png", made / "cases.index", tmp_path / "out")
    page = (tmp_path / "out" / "report.html").read_text()
    found = json.loads((tmp_path / "out" / "report.json").read_text())
    assert answer.diagnosis == found["diagnosis"] == "malignant"
    assert found["is_alike"] and found["strangeness"] <= found["strangest_known"]
    assert len(found["matches"]) == 10 and found["cases_compared"] == 22
    assert "vote for malignant (probability" in page
    assert "1.24 um/px was assumed" in page
    assert "SecretName" not in page + json.dumps(found)


def test_the_file_s_name_is_shown_nowhere(made, tmp_path):
    (tmp_path / "anna_smith.png").write_bytes((made / "cases" / "case4.png").read_bytes())
    for name, title in ((None, "query"), ("case 7", "case 7")):
        run_search(tmp_path / "anna_smith.png", made / "cases.index", tmp_path / "out",
                   Request(name=name))  # fmt: skip
        page = (tmp_path / "out" / "report.html").read_text()
        assert f"<title>Cases alike: {title}</title>" in page
        written = page + (tmp_path / "out" / "report.json").read_text()
        assert "anna" not in written.lower()


def test_a_region_and_facts_are_taken_and_own_cases_come_when_asked(made, tmp_path):
    request = Request(3, (20, 10, 120, 110), includes_own=True, facts={"organ": "lung"})
    answer = run_search(made / "cases" / "case8.png", made / "cases.index", tmp_path, request)
    assert len(answer.matches) == 3 and answer.n_compared == 20
    assert {m.entry.label for m in answer.matches} == {"benign"}
    assert "may be among these" in (tmp_path / "report.html").read_text()


def test_what_is_like_nothing_known_is_said_to_be(made, tmp_path):
    rng = np.random.default_rng(0)
    image, _ = region(False, 0, (130, 170))
    image[::2, ::2] = rng.integers(0, 255, image[::2, ::2].shape)
    Image.fromarray(image[..., ::-1].copy()).save(tmp_path / "odd.png")
    answer = run_search(tmp_path / "odd.png", made / "cases.index", tmp_path / "out")
    assert not answer.is_alike
    page = (tmp_path / "out" / "report.html").read_text()
    assert "Nothing alike was found" in page and "Silence is no proof" in page


def test_examples_are_of_one_kind_and_drawn_alike_each_time(made, tmp_path):
    for label, count in (("malignant", 12), ("lung", 20)):
        out = tmp_path / label
        assert run_examples(made / "cases.index", label, out, n_cases=30) == count
    first = (tmp_path / "malignant" / "report.html").read_text()
    assert "Benign" not in first
    run_examples(made / "cases.index", "malignant", tmp_path / "again", n_cases=30)
    assert (tmp_path / "again" / "report.html").read_text() == first
    with pytest.raises(NotFound, match="no case is sarcoma"):
        run_examples(made / "cases.index", "sarcoma", tmp_path / "none")
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("text", ["1,2,3", "a,b,c,d", "", "1,2,3,4,5"])
def test_regions_that_are_no_four_numbers_are_one_line(text):
    with pytest.raises(BadInput, match="--region: expected x,y,width,height"):
        parsed_region(text)


def test_facts_without_a_value_are_one_line():
    with pytest.raises(BadInput, match="--where: expected name=value, got organ"):
        parsed_facts(["organ"])
    assert parsed_facts(None) == {} and parsed_region(None) is None
