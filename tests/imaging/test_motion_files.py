"""Tagged films and displacements in .npz files."""

import numpy as np
import pytest

from corporis.errors import Unreadable
from corporis.imaging import read


def test_tagged_films_in_order_with_first_landmarks_only(tmp_path, rng):
    marks = rng.uniform(5, 20, (5, 4, 2))
    np.savez(
        tmp_path / "a.npz",
        apical_tagged=rng.integers(0, 255, (5, 24, 26)),
        basal_tagged=rng.integers(0, 255, (5, 24, 26)),
        basal_green_landmarks_rc=marks,
        basal_red_landmarks_rc=marks,
    )
    case = read(tmp_path / "a.npz")
    assert list(case.images) == ["basal", "apical"] and case.facts["modality"] == "MR"
    basal = case.images["basal"]
    assert basal.axes == ("time", "row", "column") and basal.data.shape == (5, 24, 26)
    assert basal.length_unit == "pixel" and basal.facts["contrast"] == "tagged"
    assert np.array_equal(basal.facts["landmarks"], marks[0])
    assert "landmarks" not in case.images["apical"].facts


def test_displacements_are_along_rows_then_columns(tmp_path):
    moved = np.zeros((2, 6, 7, 3))
    moved[0, 2, 3] = 1.5  # along columns
    np.savez(tmp_path / "a.npz", displacement_px=moved, trigger_time_ms=[0.0, 20, 40])
    image = read(tmp_path / "a.npz").images["displacement"]
    assert image.axes == ("time", "channel", "row", "column")
    assert image.data[1, :, 2, 3].tolist() == [0.0, 1.5]
    assert image.times_ms.tolist() == [0, 20, 40]


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"displacement_px": np.zeros((2, 5, 5, 3))}, "expected displacements, got zeros"),
        (
            {"a_tagged": np.ones((4, 9, 9)), "a_tagged_overlay_mask": np.ones((4, 9, 8))},
            "must have the shape of the film",
        ),
        (
            {"a_tagged": np.ones((3, 9, 9)), "trigger_time_ms": np.array([0.0, 2, 1])},
            "trigger_time_ms must increase",
        ),
        (
            {"a_tagged": np.ones((3, 9, 9)), "trigger_time_ms": np.arange(2.0)},
            "expected trigger_time_ms of 3 frames, got the shape \\(2,\\)",
        ),
        (
            {"displacement_px": np.ones((2, 5, 5, 3)), "trigger_time_ms": np.arange(2.0)},
            "expected trigger_time_ms of 3 frames",
        ),
    ],
)
def test_what_does_not_fit_is_one_line(tmp_path, arrays, words):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(Unreadable, match=words):
        read(tmp_path / "a.npz")


def test_a_film_of_other_frames_than_the_times_is_named(tmp_path):
    films = {"a_tagged": np.ones((3, 9, 9)), "b_tagged": np.ones((4, 9, 9))}
    np.savez(tmp_path / "a.npz", trigger_time_ms=np.arange(4.0), **films)
    case = read(tmp_path / "a.npz")
    assert case.images["a"].times_ms is None and case.images["b"].times_ms is not None
    assert (
        "a: trigger_time_ms is of other frames: these are counted, not timed"
        in case.facts["warnings"]
    )


def test_tags_beside_a_cine_are_read_said_and_not_named(tmp_path, rng):
    np.savez(tmp_path / "cine.npz", image=rng.integers(0, 9, (5, 24, 26)))
    np.savez(tmp_path / "mr_somebody.npz", a_tagged=rng.integers(0, 9, (5, 24, 26)))
    case = read(tmp_path)
    (line,) = [w for w in case.facts["warnings"] if "beside" in w]
    assert "tagged" in line and "somebody" not in line
    assert case.facts["n_files"] == 2 and case.facts["ignored"] == 0
    assert list(case.images) == ["series_1", "a"]
    assert case.images["a"].facts["contrast"] == "tagged"


def test_of_two_tagged_files_beside_a_cine_none_is_taken(tmp_path, rng):
    np.savez(tmp_path / "cine.npz", image=rng.integers(0, 9, (5, 24, 26)))
    for name in "ab":
        film = rng.integers(0, 9, (5, 24, 26))
        np.savez(tmp_path / f"{name}.npz", **{f"{name}_tagged": film})
    case = read(tmp_path)
    assert list(case.images) == ["series_1"] and case.facts["ignored"] == 2
    assert any("which belongs to the cine cannot be told" in w for w in case.facts["warnings"])


def test_a_name_that_a_cine_has_is_not_taken_twice(tmp_path, rng):
    np.savez(tmp_path / "a.npz", image=rng.integers(0, 9, (5, 24, 26)))
    np.savez(tmp_path / "b.npz", series_1_tagged=rng.integers(0, 9, (5, 24, 26)))
    assert list(read(tmp_path).images) == ["series_1", "series_1_beside"]
