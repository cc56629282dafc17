"""The virtual patient from a word to a page, small."""

import json

import numpy as np
import pytest

from corporis.errors import BadInput
from corporis.workstation.motion_virtual import parsed_segments, run_virtual_motion

READY = "document.documentElement.dataset.player && document.documentElement.dataset.viewer"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    out = tmp_path_factory.mktemp("virtual") / "out"
    return run_virtual_motion(out, {7: 0.8, 12: 0.8}, n_frames=12, seed=1)


def test_the_infarct_is_found_and_said(run):
    folder = run.report.parent
    content = json.loads((folder / "report.json").read_text())
    assert {7, 12} <= set(content["segments_found_weak"])
    assert content["infarct"] == {"7": 0.8, "12": 0.8}
    assert content["true_scores"]["7"] > 0.05
    assert (folder / "meshes" / "endocardium.pvd").is_file()
    assert (folder / "motion.npz").is_file() and (folder / "regions.csv").is_file()
    page = run.report.read_text()
    assert "2 of 2 found" in page and "weak, as planted" in page
    for row in run.compared[:3]:
        assert row.value == pytest.approx(float(row.note), abs=3.0)


def test_shifts_between_breath_holds_are_found_and_shown(run):
    content = json.loads((run.report.parent / "report.json").read_text())
    shifts = content["shifts_mm"]
    assert len(shifts) == 9
    off = [np.hypot(*np.subtract(s["found"], s["true"])) for s in shifts.values()]
    far = [np.hypot(*s["true"]) for s in shifts.values()]
    assert np.mean(off) < 0.5 and np.mean(far) > 2
    named = {m.name: m.value for m in run.result.measures}
    assert named["shift of planes, largest"] == pytest.approx(max(far), abs=0.6)
    page = run.report.read_text()
    assert "Shifts between breath-holds" in page and "without correction planes lie" in page


def test_the_page_is_drawn(run, browser):
    browser.resize(1400, 1000)
    browser.open(run.report, "#frame=4")
    browser.until(READY)
    assert browser.value("document.documentElement.dataset.viewer") == "drawn"
    assert browser.value("document.querySelectorAll('.tile').length") == 9
    assert browser.value("document.querySelectorAll('svg.bullseye').length") == 2
    assert browser.problems == [] and browser.requests == []


def test_segments_of_the_command_line():
    assert parsed_segments(None) == {} and parsed_segments("7, 12:0.5") == {7: 0.7, 12: 0.5}
    for text in ("17", "0", "a", "7:2", "7:"):
        if text == "7:":
            assert parsed_segments(text) == {7: 0.7}
            continue
        with pytest.raises(BadInput, match="--infarct: expected segments 1 to 16"):
            parsed_segments(text)
