"""Tagged films and displacements in .npz files."""

import numpy as np
import pytest

from corporis.errors import Unreadable, Unsupported
from corporis.imaging import read
from corporis.phantoms import VirtualHeart, short_axis
from corporis.workstation.heart import run_heart


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
    ],
)
def test_what_does_not_fit_is_one_line(tmp_path, arrays, words):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(Unreadable, match=words):
        read(tmp_path / "a.npz")


def test_tags_beside_a_cine_are_said_and_not_named(tmp_path, rng):
    np.savez(tmp_path / "cine.npz", image=rng.integers(0, 9, (5, 24, 26)))
    np.savez(tmp_path / "mr_somebody.npz", a_tagged=rng.integers(0, 9, (5, 24, 26)))
    case = read(tmp_path)
    (line,) = [w for w in case.facts["warnings"] if "corporis motion" in w]
    assert "tagged" in line and "somebody" not in line
    assert case.facts["n_files"] == 1 and case.facts["ignored"] == 1


def test_the_heart_study_points_to_the_motion_study(tmp_path, rng):
    np.savez(tmp_path / "a.npz", a_tagged=rng.integers(0, 9, (5, 24, 26)))
    with pytest.raises(Unsupported, match="got tagged images: they show motion, use corporis mot"):
        run_heart(tmp_path / "a.npz", tmp_path / "out")


def test_the_heart_study_sees_tags_that_no_file_names(tmp_path):
    plane = short_axis(40.0, side=64)
    film = plane.images(VirtualHeart(), np.arange(5) / 10, 20.0)
    np.savez(tmp_path / "a.npz", image=film, pixel_spacing=[1.5, 1.5])
    with pytest.raises(Unsupported, match="got films with a grid of tags: they show motion"):
        run_heart(tmp_path / "a.npz", tmp_path / "out")
