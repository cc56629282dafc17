"""Plain cine of crossing planes: the embedded real heart, from a folder to a page."""

import json

import numpy as np
import pytest

from corporis.apps.heart_motion import Given
from corporis.imaging import Image, demo_study, read
from corporis.interfaces import Case
from corporis.phantoms import VirtualHeart, long_axis, short_axis
from corporis.workstation.motion import run_motion
from corporis.workstation.motion_cine import is_cine_study


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return run_motion(demo_study(), tmp_path_factory.mktemp("cine") / "out", name="a")


def test_the_endocardium_is_followed_and_shortens(run):
    found = run.result.facts["surface"]
    assert -35 < found.whole.strain["circumferential"].min() < -15
    assert -25 < found.whole.strain["longitudinal"].min() < -8
    assert 0.25 < found.end_systole / len(found.volume_ml) < 0.55
    assert np.abs(found.volume_ml[-1] / found.volume_ml[0] - 1) < 0.1  # the beat is a cycle
    assert np.isfinite(found.trust).sum() >= 6 and np.nanmax(found.residual_mm) < 4


def test_its_files_and_page(run):
    folder = run.report.parent
    assert (folder / "meshes" / "endocardium.pvd").is_file()
    content = json.loads((folder / "report.json").read_text())
    assert content["study"] == "motion of the endocardium"
    radial = next(m for m in content["measures"] if m["name"] == "global radial strain")
    assert radial["value"] is None and "does not show" in radial["note"]
    page = run.report.read_text()
    assert "Long axis" in page and "Whole endocardium" in page


def test_what_counts_as_a_cine_study(rng):
    case = read(demo_study())
    assert is_cine_study(case, Given())
    assert not is_cine_study(case, Given([(30.0, 30.0, 8.0, 12.0)]))
    image = Image(rng.random((5, 9, 9)), ("time", "row", "column"), np.eye(4))
    assert not is_cine_study(Case("a", {"one": image, "two": image}), Given())  # none crosses


def test_tags_on_crossing_planes_are_no_plain_cine():
    heart, phases = VirtualHeart(), np.arange(4) / 8
    planes = {"a": short_axis(40.0), "b": long_axis(0.0, 42.0)}
    images = {}
    for name, plane in planes.items():
        affine = np.eye(4)
        affine[:3, 1:3] = plane.steps.T
        affine[:3, 0], affine[:3, 3] = np.cross(*plane.steps), plane.origin
        film = plane.images(heart, phases, 20.0)
        images[name] = Image(film, ("time", "row", "column"), affine)
    assert not is_cine_study(Case("a", images), Given())
    plain = {k: v.with_data(v.data * 0 + np.indices(v.data.shape)[1]) for k, v in images.items()}
    assert is_cine_study(Case("a", plain), Given())
