"""Corrections teach in a moment, are undone without a trace, and nothing is lost on the way."""

import json
import shutil
import time

import numpy as np
import pytest
import tifffile
from pyarrow.parquet import read_table

from cohorts.reviewed import rows_of, searched, shapes_of, some_of, truth_of
from corporis.cohorts.nuclei import outline_nuclei
from corporis.cohorts.nuclei_files import NEGATIVE, POSITIVE
from corporis.cohorts.nuclei_review import Requests, Searched, review_nuclei
from corporis.errors import BadInput, OutputError, Unreadable
from corporis.imaging.lock import only_one
from corporis.shapes import fill_polygon


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    return searched(tmp_path_factory.mktemp("searched"))


@pytest.fixture
def slide(original, tmp_path):
    made, source, folder = original
    shutil.copytree(folder, tmp_path / "out")
    return made[0], source, tmp_path / "out", truth_of(made, folder)


@pytest.fixture(scope="module")
def immune(tmp_path_factory):
    return searched(tmp_path_factory.mktemp("immune"), "ihc")


@pytest.fixture
def immune_slide(immune, tmp_path):
    made, _, folder = immune
    shutil.copytree(folder, tmp_path / "out")
    return tmp_path / "out", truth_of(made, folder)


def content(folder):
    names = ("nuclei.geojson", "nuclei.csv", "nuclei.json")
    return [(folder / name).read_bytes() for name in names]


def test_types_of_ones_own_are_learned_from_few_labels_in_a_moment(slide):
    _, _, folder, truth = slide
    chosen = some_of(truth, "long", 8) + some_of(truth, "round", 8)
    begun = time.perf_counter()
    found = review_nuclei(folder, Requests({n: truth[n] for n in chosen}))
    assert time.perf_counter() - begun < 10
    rows = rows_of(folder)
    right = [rows[n]["class"] == truth[n] for n in rows]
    assert np.mean(right) > 0.9 and len(rows) == found["nuclei"] == len(truth)
    trial = found["review"]["trials"]["types"]
    assert (trial["n"], trial["before"]) == (16, 16) and trial["after"] <= 2
    assert found["review"]["types_changed_of_others"] == len(truth) - 16
    named = {s["properties"]["name"]: s["properties"] for s in shapes_of(folder)["features"]}
    for number, row in rows.items():
        assert named[str(number)]["classification"]["name"] == row["class"]
    assert sum(found["classes"].values()) == len(truth)


def test_one_type_alone_is_given_to_nobody_else(slide):
    _, _, folder, truth = slide
    first, second = list(truth)[:2]
    found = review_nuclei(folder, Requests({first: "a", second: "a"}))
    assert found["classes"] == {"a": 2} and "types" not in found["review"]["trials"]


def test_undo_leaves_no_trace(slide):
    _, _, folder, truth = slide
    blank = review_nuclei(folder)
    before = content(folder)
    chosen = some_of(truth, "long", 2) + some_of(truth, "round", 2)
    one = review_nuclei(folder, Requests({n: truth[n] for n in chosen}))
    between = content(folder)
    review_nuclei(folder, Requests(deleted=some_of(truth, "round", 8)[4:]))
    assert content(folder) != between
    assert review_nuclei(folder, is_undoing=True) == one
    assert content(folder) == between
    assert review_nuclei(folder, is_undoing=True) == blank
    assert content(folder) == before
    with pytest.raises(BadInput, match="nothing to undo"):
        review_nuclei(folder, is_undoing=True)


def test_numbers_stay_when_others_are_deleted(slide):
    _, _, folder, truth = slide
    before = rows_of(folder)
    gone = list(truth)[3:6]
    found = review_nuclei(folder, Requests(deleted=gone))
    after = rows_of(folder)
    assert set(after) == set(before) - set(gone) and found["review"]["deleted"] == 3
    assert all(after[n] == before[n] for n in after)
    with pytest.raises(BadInput, match="was deleted: undo that first"):
        review_nuclei(folder, Requests({gone[0]: "a"}))


def test_what_is_like_the_deleted_is_named_and_goes_when_asked(immune_slide):
    folder, truth = immune_slide
    brown, blue = some_of(truth, "brown", 99), some_of(truth, "blue", 8)
    named = review_nuclei(folder, Requests(dict.fromkeys(blue, NEGATIVE), brown[:6]))
    assert named["review"]["filtered"] == 0
    suspects = named["review"]["suspects"]
    assert np.mean([truth[n] == "brown" for n in suspects]) >= 0.9
    trial = named["review"]["trials"]["false"]
    assert trial["before"] == 6 and trial["after"] <= 2 and trial["n_harmed"] == 0
    found = review_nuclei(folder, Requests(is_filtering=True))
    gone = set(truth) - set(rows_of(folder)) - set(brown[:6])
    # it is wary: others like the deleted are taken for nuclei as long as nobody deleted them
    assert found["review"]["filtered"] == len(gone) >= 3
    assert {truth[n] for n in gone} == {"brown"}
    assert review_nuclei(folder, is_undoing=True)["nuclei"] == named["nuclei"]


def widened(shape, factor):
    ring = np.array(shape["geometry"]["coordinates"][0])
    centre = ring[:-1].mean(axis=0)
    shape["geometry"]["coordinates"] = [(centre + factor * (ring - centre)).tolist()]


def test_outlines_drawn_wider_teach_the_others(slide, tmp_path):
    _, source, folder, _ = slide
    held = shapes_of(folder)
    areas = {n: float(row["shape.area_px"]) for n, row in rows_of(folder).items()}
    drawn = held["features"][4:28:4]
    for shape in drawn:
        widened(shape, 1.25)
    (tmp_path / "edited.geojson").write_text(json.dumps(held))
    with pytest.raises(BadInput, match="give --slide"):
        review_nuclei(folder, Requests(edited=tmp_path / "edited.geojson"))
    found = review_nuclei(folder, Requests(edited=tmp_path / "edited.geojson"), slide=source)
    review = found["review"]
    assert review["drawn"] == 6 and review["deleted"] == review["added"] == 0
    trial = review["trials"]["outlines"]
    assert trial["before"] == pytest.approx(1 / 1.25**2, abs=0.03) and trial["after"] > 0.9
    assert review["growth"] == pytest.approx(1.25 ** (6 / 7), abs=0.01)
    numbers = {int(s["properties"]["name"]) for s in drawn}
    after = {n: float(row["shape.area_px"]) for n, row in rows_of(folder).items()}
    for n in numbers:
        assert after[n] / areas[n] == pytest.approx(1.25**2, rel=0.05)
    others = [after[n] / areas[n] for n in after if n not in numbers]
    np.testing.assert_allclose(others, review["growth"] ** 2, rtol=1e-4)
    count = np.zeros((420, 400), int)
    for shape in shapes_of(folder)["features"]:
        if int(shape["properties"]["name"]) not in numbers:
            ring = np.array(shape["geometry"]["coordinates"][0])[:-1, ::-1] - 0.5
            count += fill_polygon(ring, count.shape)
    assert count.max() == 1


def test_a_missed_nucleus_is_added_where_it_is_pointed_at(slide):
    tissue, source, folder, truth = slide
    number = some_of(truth, "long", 1)[0]
    row = rows_of(folder)[number]
    x, y = float(row["x_px"]), float(row["y_px"])
    review_nuclei(folder, Requests(deleted=[number]))
    found = review_nuclei(folder, Requests(added=[(x, y, "long")]), slide=source)
    new = len(truth) + 1
    assert found["nuclei"] == len(truth) and found["review"]["added"] == 1
    again = rows_of(folder)[new]
    assert again["class"] == "long"
    mask = tissue.labels == tissue.labels[int(y), int(x)]
    assert float(again["shape.area_px"]) == pytest.approx(mask.sum(), rel=0.3)
    with pytest.raises(BadInput, match="is at x"):
        review_nuclei(folder, Requests(added=[(x, y, "")]), slide=source)
    with pytest.raises(BadInput, match="outside of the slide"):
        review_nuclei(folder, Requests(added=[(5000, y, "")]), slide=source)
    assert review_nuclei(folder, Requests(deleted=[new]))["review"]["added"] == 0


def test_corrections_weigh_more_than_the_stain_says(immune_slide):
    folder, truth = immune_slide
    rows = rows_of(folder)
    assert all((rows[n]["class"] == POSITIVE) == (truth[n] == "brown") for n in rows)
    # whoever reads it calls all brown ones negative: all are what he says after a few of them
    wrong = dict.fromkeys(some_of(truth, "brown", 15), NEGATIVE)
    found = review_nuclei(folder, Requests(wrong))
    assert found["positive_fraction"] < 0.1
    assert found["review"]["trials"]["types"]["after"] < 5


def test_a_failed_review_changes_nothing(slide):
    _, _, folder, truth = slide
    before = content(folder)

    def fail(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        review_nuclei(folder, Requests(deleted=list(truth)[:2]), also=fail)
    assert content(folder) == before and not (folder / "review.json").exists()
    assert sorted(folder.parent.iterdir()) == [folder]


def test_another_search_does_not_throw_corrections_away(slide):
    _, source, folder, truth = slide
    review_nuclei(folder, Requests(deleted=list(truth)[:2]))
    with pytest.raises(OutputError, match="holds a review of 1 steps, which would be lost"):
        outline_nuclei(source, folder, um_per_px=0.25)
    review_nuclei(folder, is_undoing=True)
    assert outline_nuclei(source, folder, um_per_px=0.25, side=256)["nuclei"] == len(truth)


def test_what_cannot_be_used_is_one_line(slide, tmp_path):
    _, source, folder, truth = slide
    for requests, said in (
        (Requests({0: "a"}), f"expected a number from 1 to {len(truth)}"),
        (Requests(deleted=[len(truth) + 1]), "expected a number from 1 to"),
        (Requests({1: "x" * 61}), "1 to 60 letters, got 61"),
        (Requests(added=[(5.0, 5.0, "")]), "give --slide"),
        (Requests(edited=tmp_path / "none.geojson"), "cannot be read: check the path"),
    ):
        with pytest.raises(BadInput, match=said):
            review_nuclei(folder, requests)
    with pytest.raises(BadInput, match="run corporis nuclei"):
        review_nuclei(tmp_path)
    other = tmp_path / "other.png"
    other.write_bytes(source.read_bytes() + b"x")
    with pytest.raises(BadInput, match="not the slide that these nuclei were found in"):
        review_nuclei(folder, Requests(added=[(5.0, 5.0, "")]), slide=other)
    (folder / "review.json").write_text('{"version": 9}')
    with pytest.raises(Unreadable, match="expected a journal of version 1"):
        review_nuclei(folder)
    (folder / "nuclei.json").write_text("{}")
    with pytest.raises(Unreadable, match="run corporis nuclei again"):
        Searched.open(folder)


def test_two_reviews_at_once_are_one_and_a_clear_line(slide):
    folder = slide[2]
    before = content(folder)
    with only_one(folder, "writing nuclei into"):
        with pytest.raises(OutputError, match="another process is writing nuclei into it: wait"):
            review_nuclei(folder, Requests({1: "round"}))
        with pytest.raises(OutputError, match="another process"):
            outline_nuclei(slide[1], folder)
    assert content(folder) == before
    review_nuclei(folder, Requests({1: "round"}))
    assert not list(folder.parent.glob(".out*"))


def test_the_image_of_numbers_and_the_columns_follow(slide):
    folder = slide[2]
    review_nuclei(folder, Requests(deleted=[3]))
    labels = tifffile.imread(folder / "labels.tif")
    rows = rows_of(folder)
    assert set(np.unique(labels).tolist()) == {0, *rows} and 3 not in rows
    assert read_table(folder / "nuclei.parquet")["nucleus"].to_pylist() == list(rows)
