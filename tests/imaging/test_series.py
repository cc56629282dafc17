"""Studies in npz files: the embedded and the public ones, and odd ones."""

import numpy as np
import pytest

from corporis.errors import BadInput, Unreadable, Unsupported
from corporis.imaging.reader import read


def test_whole_study_makes_one_oblique_short_axis_stack(data_dir):
    case = read(data_dir / "cardiac" / "bivme_patient1")
    assert list(case.images) == ["stack_1", *(f"series_{n}" for n in range(6, 11))]
    stack = case.images["stack_1"]
    assert stack.axes == ("slice", "time", "row", "column")
    assert stack.data.shape == (6, 25, 208, 256)
    assert stack.times_ms.shape == (6, 25)
    assert stack.spacing[0] == pytest.approx(17.7, abs=0.01)
    assert stack.facts["series"] == (5, 4, 3, 2, 1, 11)
    assert stack.slice_thickness_mm == 6


def test_stack_places_every_slice_where_its_file_says(data_dir):
    folder = data_dir / "cardiac" / "bivme_patient1"
    stack = read(folder).images["stack_1"]
    for index, number in enumerate(stack.facts["series"]):
        with np.load(folder / f"Se{number}.npz") as file:
            expected = file["image_position"] * [-1, -1, 1]
            assert np.allclose(stack.to_world([index, 0, 0]), expected, atol=2e-3)
            assert np.array_equal(stack.data[index], file["image"])


def test_pixel_positions_follow_the_readme_formula(write_series):
    image = read(write_series("Se1.npz")).images["series_1"]
    index = image.to_index(np.array([10 + 3 * 4.0, 20 + 2 * 3.0, 30.0]) * [-1, -1, 1])
    assert np.allclose(index, [0, 3, 4])


def test_two_phase_study(data_dir):
    case = read(data_dir / "cardiac" / "sunnybrook" / "SC-N-06.npz")
    cine, drawn = case.images["cine"], case.images["expert_endo"]
    assert cine.length_unit == "pixel"
    assert case.facts["phases"] == ("ED", "ES")
    missing = cine.facts["missing"]
    numbers = np.array(cine.facts["slice_numbers"])
    with np.load(data_dir / "cardiac" / "sunnybrook" / "SC-N-06.npz") as file:
        for time, phase in enumerate(("ed", "es")):
            rows = np.searchsorted(numbers, file[f"{phase}_slice"])
            assert np.array_equal(cine.data[rows, time], file[f"{phase}_image"])
            assert np.array_equal(drawn.data[rows, time], file[f"{phase}_endo"])
            assert sorted(np.flatnonzero(~missing[:, time])) == sorted(rows)
    assert missing.sum() == 1
    row, time = (int(v[0]) for v in np.nonzero(missing))
    assert np.array_equal(cine.data[row, time], cine.data[row, 1 - time])
    assert not drawn.data[row, time].any()


def test_every_sunnybrook_patient_is_read(data_dir):
    files = sorted((data_dir / "cardiac" / "sunnybrook").glob("SC-*.npz"))
    assert len(files) == 30
    for path in files:
        assert read(path).images["cine"].data.shape[1] == 2


def test_folder_of_patients_is_refused(data_dir):
    with pytest.raises(BadInput, match=r"expected one study, got 30 .*SC-HF-I-01\.npz"):
        read(data_dir / "cardiac" / "sunnybrook")


def test_pig_stack(data_dir):
    cine = read(data_dir / "cardiac" / "pig_cine_sax.npz").images["cine"]
    assert cine.data.shape == (20, 20, 256, 256)
    assert cine.spacing == pytest.approx((4.136, 0.8203, 0.8203), abs=1e-3)
    assert cine.times_ms.shape == (20, 20)
    assert cine.facts["endo_xy"].shape == (20, 20, 64, 2)


def test_masks_are_expert_images_never_evidence(data_dir):
    case = read(data_dir / "cardiac" / "perfusion_first_pass.npz")
    assert set(case.images) == {"series_1", "expert_rv_mask", "expert_lv_mask", "expert_myo_mask"}
    assert case.images["expert_lv_mask"].data.dtype == bool


def test_frames_are_sorted_by_trigger_time(write_series):
    path = write_series("Se1.npz", trigger_time_ms=np.array([60.0, 0.0, 30.0]))
    image = read(path).images["series_1"]
    assert image.times_ms.tolist() == [0, 30, 60]
    assert image.data[:, 0, 0].tolist() == [20, 40, 0]


def test_without_spacing_or_position(write_series):
    path = write_series("Se1.npz", pixel_spacing=None, image_position=None, trigger_time_ms=None)
    case = read(path)
    image = case.images["series_1"]
    assert image.length_unit == "pixel"
    assert image.times_ms is None
    assert len(case.facts["warnings"]) == 3


@pytest.mark.parametrize(
    ("changes", "kind", "word"),
    [
        ({"image": np.full((3, 4, 5), np.nan)}, BadInput, "NaN"),
        ({"image": np.ones((3, 4, 5), complex)}, Unsupported, "real numbers"),
        ({"image": np.ones((0, 4, 5))}, BadInput, "Se1"),
        ({"image": np.ones((4, 5))}, Unsupported, "expected a cine series"),
        ({"image_orientation": np.ones(6)}, Unreadable, "perpendicular"),
        ({"image_orientation": np.ones(5)}, Unreadable, "6 numbers"),
        ({"pixel_spacing": np.array([0.0, 1.0])}, BadInput, "between"),
        ({"pixel_spacing": np.array([np.nan, 1.0])}, BadInput, "NaN"),
        ({"trigger_time_ms": np.array([0, np.nan, 1.0])}, BadInput, "NaN"),
    ],
)
def test_bad_values_are_named(write_series, changes, kind, word):
    with pytest.raises(kind, match=word) as caught:
        read(write_series("Se1.npz", **changes))
    assert "Se1.npz" in str(caught.value)


def test_unequal_slice_locations_are_refused(tmp_path):
    np.savez(
        tmp_path / "a.npz",
        image=np.zeros((3, 2, 4, 5)),
        slice_location_mm=np.array([0.0, 5.0, 15.0]),
        pixel_spacing=np.ones(2),
    )
    with pytest.raises(BadInput, match="evenly spaced"):
        read(tmp_path / "a.npz")


def test_series_of_two_patients_are_refused(write_series, tmp_path):
    """npz files name no patient: stacks in two folders, or of two names, are two studies."""
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        for number in (1, 2):
            place = np.array([10.0, 20.0, 10.0 * number])
            write_series(f"{folder}/Se{number}.npz", image_position=place)
    with pytest.raises(BadInput, match=r"cine series of 2 .*a/Se1\.npz, b/Se1\.npz") as refused:
        read(tmp_path)
    assert "\n" not in str(refused.value)
    assert read(tmp_path / "a").images["stack_1"].data.shape[0] == 2
    for folder in ("a", "b"):
        for number in (1, 2):
            (tmp_path / folder / f"Se{number}.npz").rename(tmp_path / f"{folder}_Se{number}.npz")
    with pytest.raises(BadInput, match="expected one study, got cine series of 2"):
        read(tmp_path)


def test_long_axis_views_of_another_name_belong_to_the_study(write_series, tmp_path):
    for number in (1, 2):
        place = np.array([10.0, 20.0, 10.0 * number])
        write_series(f"sax{number}.npz", image_position=place)
        across = np.array([1.0, 0, 0, 0, 0, 1])
        write_series(f"lax{number}.npz", image_position=place[::-1], image_orientation=across)
    assert "stack_1" in read(tmp_path).images


@pytest.mark.parametrize("times", [[-20.0, 10.0, 40.0], [0.0, np.nan, 40.0]])
def test_impossible_trigger_times_are_refused(write_series, times):
    with pytest.raises(BadInput, match="trigger_time_ms"):
        read(write_series("Se1.npz", trigger_time_ms=np.array(times)))


def test_repeated_trigger_times_are_said(write_series):
    case = read(write_series("Se1.npz", trigger_time_ms=np.array([0.0, 0.0, 40.0])))
    assert case.images["series_1"].times_ms is None
    assert any("trigger times repeat" in line for line in case.facts["warnings"])


@pytest.mark.parametrize("times", [[0.0, 40.0, 30.0], [-5.0, 10.0, 20.0]])
def test_trigger_times_of_a_stack_must_increase(tmp_path, times):
    path = tmp_path / "stack.npz"
    np.savez(path, image=np.zeros((2, 3, 4, 5)), trigger_time_ms=np.array(times))
    with pytest.raises(BadInput, match="trigger_time_ms must"):
        read(path)
