"""Which images are short axis, which long axis, and where and when their frames are."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from apps.heart_shape.known import affine_of
from corporis.apps.heart_shape.planes import choose_planes, parallel_names, resample_phase
from corporis.errors import BadInput
from corporis.imaging.image import Image

ACROSS = Rotation.from_euler("x", 80, degrees=True).as_matrix()


def image(
    n_slices=1, n_times=4, *, height=0.0, turn=None, value=0.0, times="even", side=20, **more
):
    """Slices whose pixels tell slice and frame."""
    data = np.zeros((n_slices, n_times, side, side)) + value
    data += np.arange(n_slices)[:, None, None, None] + 0.1 * np.arange(n_times)[:, None, None]
    affine = affine_of(1.4, 8.0, turn, (0.0, 0.0, height))
    times = 50.0 + 200.0 * np.arange(n_times) if isinstance(times, str) else times
    return Image(data, ("slice", "time", "row", "column"), affine, times_ms=times, **more)


def test_the_largest_family_of_parallel_planes_is_the_short_axis():
    images = {"view": image(turn=ACROSS), "stack": image(5), "expert_drawing": image(9)}
    stack, views = choose_planes(images)
    assert stack.frames.shape == (5, 4, 20, 20) and stack.frames.dtype == np.float32
    assert [v.name for v in views] == ["view"]
    assert parallel_names(stack) == ("stack",)
    assert stack.names == tuple(f"stack[{s}]" for s in range(5))
    np.testing.assert_allclose(np.diff(stack.heights), 8)
    assert stack.pixel == (pytest.approx(1.4), pytest.approx(1.4))
    assert not stack.missing.any()


def test_lone_planes_are_put_in_the_order_of_their_heights():
    rng = np.random.default_rng(0)
    heights = rng.permutation(6) * 9.0
    nearly = Rotation.from_euler("x", 4, degrees=True).as_matrix()
    images = {f"s{k}": image(height=h, value=h) for k, h in enumerate(heights)}
    images["s0"] = image(height=heights[0], value=heights[0], turn=nearly)
    stack, views = choose_planes(images)
    assert not views
    np.testing.assert_allclose(stack.heights - stack.heights[0], 9 * np.arange(6), atol=0.3)
    np.testing.assert_allclose(stack.frames[:, 0, 0, 0], 9 * np.arange(6))
    for s in range(6):
        np.testing.assert_allclose(stack.world(s, 0, 0)[2], 9 * s)
    np.testing.assert_allclose(stack.world(2, 3.0, 5.0), [7, 4.2, 18], atol=1e-9)


def test_slices_against_the_normal_of_the_first_are_still_in_order():
    """A family may be stacked against its neighbour's direction."""
    downwards = image(4, height=24.0)
    affine = downwards.affine.copy()
    affine[:3, 0] *= -1
    stack, _ = choose_planes({"stack": replace(downwards, affine=affine)})
    assert np.all(np.diff(stack.heights) > 0)
    by_world = [stack.world(s, 0, 0) @ stack.normal for s in range(4)]
    np.testing.assert_allclose(by_world, stack.heights)


def test_a_slice_scanned_twice_counts_once():
    images = {"lone": image(height=8.1, value=50), "stack": image(4)}
    stack, _ = choose_planes(images)
    assert stack.names == tuple(f"stack[{s}]" for s in range(4))
    beyond = {"lone": image(height=32.0, value=50), "stack": image(4)}
    assert choose_planes(beyond)[0].names[-1] == "lone"


def test_a_lone_plane_is_a_short_axis():
    stack, views = choose_planes({"one": image(1, 1, times=None)})
    assert stack.frames.shape == (1, 1, 20, 20) and views == ()
    assert stack.cycle_ms is None and stack.phases.tolist() == [[0.0]]


def test_a_named_series_is_taken_alone():
    images = {"a": image(5), "b": image(3, turn=ACROSS), "c": image(2, height=100.0)}
    stack, views = choose_planes(images, "b")
    assert len(stack.frames) == 3 and views == ()
    with pytest.raises(BadInput, match="no series named 'd'"):
        choose_planes(images, "d")


def test_what_is_ambiguous_is_refused():
    with pytest.raises(BadInput, match="--series"):
        choose_planes({"a": image(3), "b": image(3, turn=ACROSS)})
    with pytest.raises(BadInput, match="2 stacks"):
        choose_planes({"a": image(4), "b": image(4, height=100.0)})
    with pytest.raises(BadInput, match="all must agree"):
        choose_planes({"a": image(height=0.0), "b": image(height=8.0, side=24)})
    with pytest.raises(BadInput, match="found none"):
        choose_planes({"expert_endo": image(4)})


def test_views_of_one_frame_do_not_help_a_cine():
    images = {"stack": image(4), "still": image(1, 1, turn=ACROSS, times=None)}
    assert choose_planes(images)[1] == ()
    images = {"stack": image(4, 1, times=None), "still": image(1, 1, turn=ACROSS, times=None)}
    assert [v.name for v in choose_planes(images)[1]] == ["still"]


def test_phases_come_from_the_times():
    uneven = np.array([20.0, 120, 240, 320, 420])
    stack, _ = choose_planes({"a": image(2, 5, times=uneven)})
    cycle = 400 + 100  # one median step after the last frame the beat is over
    assert stack.cycle_ms == pytest.approx(cycle)
    np.testing.assert_allclose(stack.phases, [(uneven - 20) / cycle] * 2)
    for useless in (None, np.array([0.0, 100, 90, 200, 300]), np.full(5, 7.0)):
        stack, _ = choose_planes({"a": image(2, 5, times=useless)})
        assert stack.cycle_ms is None
        np.testing.assert_allclose(stack.phases[0], np.arange(5) / 5)
    by_slice = np.stack([uneven, 2 * uneven])
    stack, _ = choose_planes({"a": image(2, 5, times=by_slice)})
    assert stack.cycle_ms == pytest.approx(1.5 * cycle)
    np.testing.assert_allclose(stack.phases[0], stack.phases[1])


def test_missing_frames_are_known():
    missing = np.zeros((3, 2), bool)
    missing[1, 0] = True
    stack, _ = choose_planes({"a": image(3, 2, times=None, facts={"missing": missing})})
    np.testing.assert_array_equal(stack.missing, missing)


def test_images_without_spacing_stay_in_pixels():
    stack, _ = choose_planes({"a": image(3, length_unit="pixel")})
    assert stack.length_unit == "pixel"


def test_phases_are_resampled_around_the_beat():
    phases, wanted = np.array([0.1, 0.3, 0.8]), np.array([0.1, 0.2, 0.55, 0.95, 0.0])
    found = resample_phase(np.array([1.0, 3.0, 8.0]), phases, wanted)
    np.testing.assert_allclose(found, [1, 2, 5.5, 8 - 7 * 0.5, 8 - 7 * 2 / 3])
    frames = np.zeros((3, 4, 5), np.float32)
    assert resample_phase(frames, phases, wanted).shape == (5, 4, 5)
    assert resample_phase(frames, phases, wanted).dtype == np.float32


def test_what_moves_is_preferred_to_what_does_not():
    images = {"cine": image(4), "localiser": image(9, 1, times=None)}
    assert parallel_names(choose_planes(images)[0]) == ("cine",)


def test_stacks_of_several_patients_are_told_by_their_files():
    tilted = Rotation.from_euler("x", 30, degrees=True).as_matrix()
    images = {
        "image_1": image(8, facts={"file": "patient001_4d.nii.gz"}),
        "image_2": image(7, turn=tilted, facts={"file": "patient002_4d.nii.gz"}),
    }
    with pytest.raises(BadInput, match=r"image_2 = patient002_4d\.nii\.gz") as refused:
        choose_planes(images)
    assert "2 stacks" in str(refused.value) and "--series image_1" in str(refused.value)
    assert choose_planes(images, "image_2")[0].frames.shape[0] == 7


def test_a_short_stack_of_another_orientation_is_not_taken_for_a_rival():
    images = {"sax": image(8), "long": image(3, turn=ACROSS)}
    assert choose_planes(images)[0].frames.shape[0] == 8


def test_times_are_known_with_the_cycle():
    stack, _ = choose_planes({"stack": image(2)})
    np.testing.assert_allclose(stack.times_ms, [0, 200, 400, 600])
    assert choose_planes({"one": image(1, 1, times=None)})[0].times_ms is None
