"""The virtual half of the demonstration: what is compared is the truth of the heart imaged."""

import pytest

from corporis.phantoms import Scanner, VirtualHeart
from corporis.workstation.demo import HEART, Compared, run_virtual_heart, truth


def test_truth_of_a_heart_by_hand():
    # without a regional disease the ejection fraction is the parameter itself
    heart = VirtualHeart(ejection=0.55, right_ejection=0.4)
    known = truth(heart)
    assert known["ejection fraction"] == pytest.approx(55, abs=0.01)
    assert known["right ventricular ejection fraction"] == pytest.approx(40, abs=0.01)
    assert known["end-systolic volume"] == pytest.approx(0.45 * known["end-diastolic volume"])
    # the wall's mean lies between its thinnest and thickest place
    assert 5 < known["mean wall thickness at end-diastole"] < 10


def test_error_has_a_sign():
    assert Compared("volume", "ml", 90.0, 100.0).error == -10.0


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """A virtual heart measured by the study, by name of the measure."""
    said = []
    tmp_path = tmp_path_factory.mktemp("demo")
    scanner = Scanner(n_slices=10, n_frames=10, side=112, pixel_mm=1.8, snr=20.0)
    found, compared = run_virtual_heart(
        tmp_path / "out", scanner=scanner, progress=lambda text, share: said.append((text, share))
    )
    assert found.report.is_file() and found.case.name == "virtual-heart"
    assert said[0][0] == "imaging a virtual heart" and said[-1][1] == 1.0
    by_name = {c.name: c for c in compared}
    assert set(by_name) == set(truth(HEART))
    return by_name


def test_virtual_heart_is_measured_near_its_truth(measured):
    volume = measured["end-diastolic volume"]
    assert abs(volume.error) < 0.15 * volume.truth


def test_virtual_heart_empties_as_much_as_it_does(measured):
    assert abs(measured["ejection fraction"].error) < 6
