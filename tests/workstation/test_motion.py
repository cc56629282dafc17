"""The motion study from a file to a page: a person's tags and DENSE, and a page that moves."""

import csv
import json

import numpy as np
import pytest

from corporis.apps.heart_motion import Given
from corporis.errors import BadInput
from corporis.phantoms import TaggedWall
from corporis.workstation.motion import parsed_given, run_motion
from corporis.workstation.motion_lines import inside, lines_of
from corporis.workstation.motion_views import walls as walls_of

READY = "document.documentElement.dataset.player && document.documentElement.dataset.viewer"


@pytest.fixture(scope="module")
def tagged(data_dir, tmp_path_factory):
    said = []
    source = data_dir / "cardiac" / "tagged_mri_cmac_subjectA.npz"
    out = tmp_path_factory.mktemp("tagged") / "out"
    run = run_motion(source, out, name="a", progress=lambda text, _: said.append(text))
    assert "following mid" in said and said[-1] == "done"
    return run


def test_all_results_are_left(tagged):
    folder = tagged.report.parent
    names = {p.name for p in folder.iterdir() if not p.name.startswith(".")}
    assert names == {"report.html", "report.json", "measures.csv", "regions.csv", "curves.csv",
                     "motion_basal.npz", "motion_mid.npz", "motion_apical.npz"}  # fmt: skip
    content = json.loads((folder / "report.json").read_text())
    mid = content["slices"][1]
    assert mid["name"] == "mid" and mid["leaves_plane_share"] is None
    assert min(mid["circumferential_strain_percent"]) < -15
    assert 5 < mid["tag_spacing_pixels"][0] < 6.5
    with (folder / "regions.csv").open() as file:
        rows = list(csv.DictReader(file))
    sectors = [r for r in rows if r["part"] == "mid" and r["layer"] == "all"]
    assert len(sectors) == 14 and all(r["segment"] == "" for r in sectors)
    assert all(r["time_to_peak_ms"] == "" for r in rows)
    with np.load(folder / "motion_mid.npz") as held:
        moved = held["displacement_rc"]
        assert moved.shape == (20, len(held["material_rc"]), 2) and not moved[0].any()
        assert 2 < np.linalg.norm(moved, axis=-1).max() < 12
        assert 25 < held["material_rc"].mean(axis=0)[0] < 35  # native pixels, not those of the cut


def test_lines_ride_on_dark_tags(tagged):
    """In the first frame the lines of a family lie where its images are dark."""
    film = next(f for f in tagged.result.facts["motion"].films if f.name == "mid")
    lines = lines_of(film)
    assert set(lines) == {"tag lines", "rims", "rejected"} and lines["rejected"][0] == []
    places = np.concatenate(lines["tag lines"][0])
    assert inside(film, places).all()
    rows, columns = np.rint(places).astype(int).T
    on_lines = film.images[0][rows, columns].mean()
    wall = film.images[0][tuple(np.rint(film.wall.places).astype(int).T)].mean()
    assert on_lines < 0.93 * wall
    for frame in (5, 10):
        places = np.concatenate(lines["tag lines"][frame])
        rows, columns = np.rint(places).astype(int).T
        now = film.motion.forward(film.wall.places)[frame]
        wall = film.images[frame][tuple(np.rint(now).astype(int).T)].mean()
        assert film.images[frame][rows, columns].mean() < 0.95 * wall


def test_the_page_moves_and_is_silent(tagged, browser):
    browser.resize(1400, 1000)
    browser.open(tagged.report, "#frame=1")
    browser.until(READY)
    cell = "document.querySelector('svg text[data-cell]').textContent"
    fill = "document.querySelectorAll('svg path[data-cell]')[20].getAttribute('fill')"
    assert browser.value(cell) == "0"
    before = browser.value(fill)
    browser.value("clock.seek(10)")
    assert browser.value(cell) != "0" and browser.value(fill) != before
    assert browser.value("document.querySelectorAll('.tile').length") == 3
    assert browser.problems == [] and browser.requests == []


def test_slices_with_unequal_frames_are_shown_at_the_same_phase(tmp_path):
    wall = TaggedWall(n_frames=6)
    film = wall.images(20.0)
    np.savez(tmp_path / "a.npz", basal_tagged=film[:4], mid_tagged=film)
    given = Given([(31.5, 31.5, 16.7, 23.3)])
    run = run_motion(tmp_path / "a.npz", tmp_path / "out", given=given)
    films = run.result.facts["motion"].films
    shown = walls_of(films)
    assert [f.n_frames for f in films] == [4, 6]
    assert [len(m.points) for m in shown.values()] == [6, 6]
    alone = walls_of(films[:1])["basal"].points
    assert np.allclose(shown["basal"].points[3], alone[2])  # half a film
    page = run.report.read_text()
    assert '<th scope="col" class="value">Post-systolic, %</th>' in page
    assert "Crosses are observations" in page and ">6.00<" not in page


def test_displacements_of_a_person(data_dir, tmp_path):
    source = data_dir / "cardiac" / "dense_displacement.npz"
    run = run_motion(source, tmp_path / "out", given=Given(frame_ms=20.0, levels=["mid"]))
    measures = {m.name: m for m in run.result.measures}
    assert -25 < measures["global circumferential strain, end-systolic"].value < -16
    assert 25 < measures["global radial strain, end-systolic"].value < 50
    assert 150 < measures["displacement, circumferential strain, time to peak"].value < 300
    page = run.report.read_text()
    assert "Length of the displacement" in page and "Dyssynchrony" in page


def test_words_of_the_command_line():
    given = parsed_given(["30,40,10,15"], ["12,20", "1,2,3,4"], ["mid"], 30.0)
    assert given.walls[0] == (30, 40, 10, 15) and given.insertions[1].inferior == (3, 4)
    for walls, places, words in (
        (["1,2"], [], "--wall: expected ROW,COLUMN,INNER,OUTER"),
        (["1,2,nan,4"], [], "--wall: expected"),
        ([], ["1,2,3"], "--insertion: expected ROW,COLUMN or"),
        (["1,2,4,3"], [], "--wall: a wall is row,column,inner,outer with 0 < inner < outer"),
    ):
        with pytest.raises(BadInput, match=words):
            parsed_given(walls, places, [], None)
    with pytest.raises(BadInput, match=r"^--frame-ms: the time between frames must be > 0 ms"):
        parsed_given([], [], [], -5.0)
    with pytest.raises(BadInput, match=r"^--level: a level is one of"):
        parsed_given([], [], ["base"], None)
