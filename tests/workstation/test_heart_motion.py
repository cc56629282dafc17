"""The heart study follows the muscle: by tags beside the cine, else by the cine."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from corporis.cohorts.heart import split_motion
from corporis.errors import BadInput
from corporis.imaging import Image, demo_study
from corporis.interfaces import Case, Mesh
from corporis.phantoms import VirtualHeart, short_axis
from corporis.shapes import grid_surface
from corporis.workstation.heart import run_heart
from corporis.workstation.heart_motion import follow_heart, given_by
from corporis.workstation.motion import run_motion

HEART = VirtualHeart()
HEIGHTS = (18.0, 40.0, 66.0)
N_RINGS, N_ANGLES = 28, 48


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return run_heart(demo_study(), tmp_path_factory.mktemp("heart") / "out", name="a")


def test_cine_gives_global_strain_and_its_own_report(run):
    folder = run.report.parent
    content = json.loads((folder / "report.json").read_text())
    table = {m["name"]: m for m in content["measures"]}
    around = table["global circumferential strain (GCS), end-systolic"]
    along = table["global longitudinal strain (GLS), end-systolic"]
    assert -35 < around["value"] < -15 and -25 < along["value"] < -8
    assert "end-diastole (frame 1, to" in along["note"]
    page = run.report.read_text()
    assert 'href="motion/report.html"' in page and "How much the muscle shortens" in page
    assert "Longitudinal strain of the endocardium" in page
    painted = run.case.meshes["left_epicardium"].point_data
    assert np.nanmin(painted["circumferential"]) < -15
    assert not any("tags" in name for name in table)


def test_the_endocardium_is_followed_and_shortens(run):
    found = run.reports[2].facts["surface"]
    assert -35 < found.whole.strain["circumferential"].min() < -15
    assert -25 < found.whole.strain["longitudinal"].min() < -8
    assert 0.25 < found.end_systole / len(found.volume_ml) < 0.55
    assert np.abs(found.volume_ml[-1] / found.volume_ml[0] - 1) < 0.1  # the beat is a cycle
    assert np.isfinite(found.trust).sum() >= 6 and np.nanmax(found.residual_mm) < 4


def test_its_files_and_page(run):
    folder = run.report.parent / "motion"
    assert (folder / "meshes" / "endocardium.pvd").is_file()
    content = json.loads((folder / "report.json").read_text())
    assert content["study"] == "motion of the endocardium"
    radial = next(m for m in content["measures"] if m["name"] == "global radial strain")
    assert radial["value"] is None and "does not show" in radial["note"]
    page = (folder / "report.html").read_text()
    assert "Long axis" in page and "Global strain of the endocardium" in page


def test_the_motion_study_outlines_a_cine_by_itself(monkeypatch, tmp_path, run):
    monkeypatch.setattr("corporis.workstation.motion_cine.heart_study", lambda **_: _Done(run))
    asked = []
    monkeypatch.setattr(
        "corporis.workstation.motion_cine.carry_surface",
        lambda case, tell: asked.append(case) or (case, run.reports[2]),
    )
    found = run_motion(demo_study(), tmp_path / "out")
    assert "heart_numbers" in asked[0].facts
    assert "endocardium was followed" in found.report.read_text()


def test_the_muscle_is_left_alone_where_it_is_not_wanted(monkeypatch, tmp_path, run):
    monkeypatch.setattr("corporis.workstation.heart.heart_study", lambda **_: _Done(run))
    found = run_heart(demo_study(), tmp_path / "out", follows_motion=False)
    assert not (tmp_path / "out" / "motion").exists()
    assert not any("global" in m.name for r in found.reports for m in r.measures)
    assert "How much the muscle shortens" not in found.report.read_text()


def test_tags_beside_the_cine_are_followed_instead(monkeypatch, tmp_path, run):
    study = tmp_path / "study"
    shutil.copytree(demo_study(), study)
    np.savez(study / "tags.npz", mid_tagged=film(40.0)[:, 4:60, 4:60], **marks())
    monkeypatch.setattr("corporis.workstation.heart.heart_study", lambda **_: _Done(run))
    found = run_heart(study, tmp_path / "out")
    table = {m.name: m.value for r in found.reports for m in r.measures}
    assert -30 < table["mid, circumferential strain, peak"] < -10
    assert "global longitudinal strain (GLS), peak" not in table
    assert (tmp_path / "out" / "motion" / "motion_mid.npz").is_file()


def test_tags_alone_are_a_report_of_motion(tmp_path):
    np.savez(tmp_path / "tags.npz", mid_tagged=film(40.0)[:, 4:60, 4:60], **marks())
    found = run_heart(tmp_path / "tags.npz", tmp_path / "out")
    assert "no cine: the heart is not outlined" in found.reports[0].warnings[0]
    assert (tmp_path / "out" / "motion_mid.npz").is_file()


def test_tags_that_no_file_names_need_their_wall(tmp_path):
    np.savez(tmp_path / "a.npz", image=film(40.0), pixel_spacing=[1.5, 1.5])
    with pytest.raises(BadInput, match=r"give --wall .*options of corporis motion"):
        run_heart(tmp_path / "a.npz", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_walls_levels_and_insertions_of_tags_are_those_of_the_outlines():
    given = given_by(outlined(), Case("a", {f"t{h:g}": tagged(h) for h in HEIGHTS}))
    assert given.levels == ["basal", "mid", "apical"]
    for height, (row, column, inner, outer), insertion in zip(
        HEIGHTS, given.walls, given.insertions
    ):
        assert (row, column) == pytest.approx((31.5, 31.5), abs=0.3)
        angle = np.linspace(0, 2 * np.pi, 48, endpoint=False)
        assert inner == pytest.approx(np.sqrt(2 * HEART.inner(height, angle)).mean() / 1.5, abs=0.3)
        assert outer == pytest.approx(np.sqrt(2 * HEART.outer(height, angle)).mean() / 1.5, abs=0.3)
        for place, wanted in zip((insertion.anterior, insertion.inferior), (0, 120)):
            turn = np.arctan2(place[1] - column, place[0] - row)
            assert np.rad2deg(turn) == pytest.approx(wanted, abs=8)


def test_tags_without_a_place_give_nothing():
    image = tagged(40.0)
    lost = replace(image, facts={"is_placed": False})
    assert given_by(outlined(), Case("a", {"t": lost})).walls == ()
    beyond = replace(image, affine=image.affine + np.eye(4)[:, [0, 1, 3, 2]] * 0)
    beyond.affine[2, 3] = 500.0
    assert given_by(outlined(), Case("a", {"t": beyond})).walls == ()


def test_what_cannot_be_followed_is_named():
    heart = outlined()
    found = follow_heart(heart, None)
    assert found.case is None and found.write({}, None) is None
    assert {m.note for m in found.report.measures} == {"needs at least 4 frames of the beat"}
    lost = Case("b", {"t": replace(tagged(40.0), facts={"is_placed": False})})
    (doubt,) = follow_heart(heart, lost).report.warnings
    assert "was not followed" in doubt and "--wall" in doubt


def test_a_cine_and_what_shows_motion_are_told_apart(rng):
    plain = Image(rng.random((5, 24, 24)), ("time", "row", "column"), np.eye(4))
    named = Image(rng.random((5, 24, 24)), ("time", "row", "column"), np.eye(4),
                  facts={"contrast": "tagged"})  # fmt: skip
    cine, motion = split_motion(Case("a", {"cine": plain, "a": named, "grid": tagged(40.0)}))
    assert list(cine.images) == ["cine"] and list(motion.images) == ["a", "grid"]
    assert split_motion(Case("a", {"cine": plain}))[1] is None


class _Done:
    """A study that was run already: outlining is tested elsewhere."""

    def __init__(self, run):
        self.run, self.name = run, "heart"
        self.steps = [("", _Shape())]

    def __call__(self, case):
        reports = self.run.reports[:2]
        for report in reports:
            case = case.with_report(report)
        return case, reports


class _Shape:
    border, rigidity = "expert", HEART


def film(height):
    return short_axis(height).images(HEART, np.arange(6) / 16, 25.0, seed=1)


def marks():
    """Four places in the middle of the wall of the first frame."""
    radius = 0.5 * sum(np.sqrt(2 * float(f(40.0, 0.5))) for f in (HEART.inner, HEART.outer)) / 1.5
    angle = np.pi / 2 * np.arange(4)
    places = 27.5 + radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return {"mid_green_landmarks_rc": np.broadcast_to(places, (6, 4, 2))}


def tagged(height):
    plane = short_axis(height)
    affine = np.eye(4)
    affine[:3, 1:3] = plane.steps.T
    affine[:3, 0], affine[:3, 3] = np.cross(*plane.steps), plane.origin
    return Image(film(height), ("time", "row", "column"), affine)


def outlined():
    """A heart as the study leaves it, of one frame, from the phantom's own radii."""
    angle = 2 * np.pi * np.arange(N_ANGLES) / N_ANGLES
    share = np.sin(0.5 * np.pi * np.arange(N_RINGS) / N_RINGS)
    meshes = {}
    for name, radius, length in (
        ("left_endocardium", HEART.inner, HEART.length_mm),
        ("left_epicardium", HEART.outer, HEART.outer_length_mm),
    ):
        z, a = np.meshgrid(length * share, angle, indexing="ij")
        r = np.sqrt(2 * radius(z, a))
        rings = np.stack([r * np.cos(a), r * np.sin(a), z], axis=-1).reshape(-1, 3)
        points = np.concatenate([rings, [[0, 0, length], [0, 0, 0]]])
        meshes[name] = Mesh(points[None], grid_surface(N_RINGS, N_ANGLES))
    return Case("a", {}, meshes, {"heart_numbers": _Numbers(), "short_axis": _Stack()})


class _Numbers:
    """Walls with segments as the study numbers them."""

    @property
    def wall(self):
        from corporis.apps.heart_shape.measure import Wall
        from corporis.deformables import aha_segment

        fractions = (np.arange(40) + 0.5) / 40
        angle = 2 * np.pi * np.arange(N_ANGLES) / N_ANGLES
        return Wall(np.zeros((40, N_ANGLES, 1)), fractions, aha_segment(angle, fractions[:, None]))


class _Stack:
    length_unit = "mm"
    frames = np.zeros((1, 1, 4, 4))
