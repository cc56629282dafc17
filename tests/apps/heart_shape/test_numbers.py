"""The table of measures: values, units, what is left out and what is said about it."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from apps.heart_shape.known import Ellipsoid, stack_of, tube
from corporis.apps.heart_shape.body import ANGLES, Rigidity
from corporis.apps.heart_shape.measure import MUSCLE_G_PER_ML
from corporis.apps.heart_shape.numbers import Numbers, measures
from corporis.apps.heart_shape.outline import look, outline
from corporis.apps.heart_shape.rebuild import RightBody, left_surface
from corporis.apps.heart_shape.remarks import unlike_strokes

INSERTION = (4.0, 1)


def found_of(body, right=None, overruled=0.0):
    shape = (body.grid.n_slices, len(body.ends.base))
    return SimpleNamespace(body=body, right=right, overruled=np.full(shape, overruled))


def stack_for(body, *, unit="mm", cycle_ms=None):
    shape = (body.grid.n_slices, len(body.ends.base), 32, 32)
    return stack_of(np.zeros(shape), unit=unit, cycle_ms=cycle_ms)


def right_of(body, squeeze):
    extent = np.zeros_like(body.cavity)
    extent[:, 4:18] = 900.0 * np.array(squeeze)
    return RightBody(body.outer, extent, body.ends)


def table(body, right=None, insertion=INSERTION, *, unit="mm", cycle_ms=None, overruled=0.0):
    """Measures by name, and the numbers."""
    stack = stack_for(body, unit=unit, cycle_ms=cycle_ms)
    numbers = Numbers.of(stack, found_of(body, right, overruled), insertion)
    return {m.name: m for m in measures(numbers, stack)}, numbers


BEATING = tube(20.0, 8.0, n_slices=6, gap=10.0, squeeze=(1.0, 0.36))


def test_a_beating_tube():
    found, numbers = table(BEATING, right_of(BEATING, (1.0, 0.5)))
    ed = np.pi * 400 * 60 / 1000
    for name, value, unit in (
        ("end-diastolic volume", ed, "ml"),
        ("end-systolic volume", 0.36 * ed, "ml"),
        ("stroke volume", 0.64 * ed, "ml"),
        ("ejection fraction", 64.0, "%"),
        ("left ventricular mass", MUSCLE_G_PER_ML * np.pi * (784 - 400) * 60 / 1000, "g"),
        ("long axis at end-diastole", 60.0, "mm"),
        ("sphericity index", 1000 * ed / (np.pi / 6 * 60**3), "1"),
        ("mean wall thickness at end-diastole", 8.0, "mm"),
        ("right ventricular end-diastolic volume", np.pi * 900 * 14 / ANGLES * 60 / 1000, "ml"),
        ("right ventricular ejection fraction", 50.0, "%"),
        ("end-diastolic frame", 1, "frame"),
        ("end-systolic frame", 2, "frame"),
    ):
        assert found[name].value == pytest.approx(value, rel=1e-6), name
        assert found[name].unit == unit
    # The muscle's section stays: the wall thickens to sqrt(0.36 * 400 + 384) - 12.
    thick = np.sqrt(144 + 384) - 12
    assert found["mean wall thickening"].value == pytest.approx(100 * (thick / 8 - 1), rel=1e-6)
    for k in range(1, 18):
        assert found[f"wall thickness, segment {k}"].value == pytest.approx(8, rel=1e-6)
        assert found[f"wall thickening, segment {k}"].unit == "%"
    assert numbers.thickening_percent.shape == (17,)
    for name in ("end-diastolic volume", "ejection fraction", "left ventricular mass"):
        assert found[name].low < found[name].value < found[name].high


def test_rates_and_heart_rate_need_a_known_beat():
    n = 20
    beat = 0.68 + 0.32 * np.cos(2 * np.pi * np.arange(n) / n)
    body = tube(squeeze=tuple(beat))
    found, _ = table(body, cycle_ms=800.0)
    assert found["heart rate"].value == pytest.approx(75)
    steepest = np.pi * 400 * 60 / 1000 * 0.32 * 2 * np.pi / 0.8
    assert found["peak ejection rate"].value == pytest.approx(steepest, rel=0.02)
    assert found["peak filling rate"].value == pytest.approx(steepest, rel=0.02)
    without, _ = table(body)
    assert not {"heart rate", "peak ejection rate"} & set(without)
    assert "peak ejection rate" not in table(BEATING, cycle_ms=800.0)[0]


def test_without_spacing_volumes_are_in_pixels_and_shares_are_the_same():
    found, numbers = table(BEATING, unit="pixel")
    assert numbers.volume_unit == "pixel^2 slices"
    assert found["end-diastolic volume"].unit == "pixel^2 slices"
    assert found["end-diastolic volume"].value == pytest.approx(np.pi * 400 * 60)
    assert found["ejection fraction"].value == pytest.approx(64)
    assert found["left ventricular muscle"].unit == "pixel^2 slices"
    assert found["wall thickness, segment 1"].unit == "pixel"
    assert not {"left ventricular mass", "sphericity index", "long axis at end-diastole"} & set(
        found
    )
    assert any("no pixel spacing" in w for w in numbers.warnings)
    assert any("customary view" in w for w in numbers.warnings)


def test_one_frame_has_no_ejection_fraction():
    found, numbers = table(tube())
    assert not numbers.is_beating
    assert (
        found["ejection fraction"].value is None and "one frame" in found["ejection fraction"].note
    )
    assert found["end-diastolic volume"].value > 0
    assert not {"stroke volume", "mean wall thickening", "end-systolic frame"} & set(found)
    assert "wall thickening, segment 1" not in found
    assert any(w.startswith("One frame only") for w in numbers.warnings)


def test_one_slice_has_areas_only():
    body = tube(20.0, 8.0, n_slices=1, gap=1.0, squeeze=(1.0, 0.36))
    found, numbers = table(body, right_of(body, (1, 1)))
    assert not numbers.has_volume
    assert found["left ventricular volume"].value is None
    assert found["largest cavity area"].value == pytest.approx(np.pi * 400)
    assert found["largest cavity area"].unit == "mm^2"
    assert found["fractional area change"].value == pytest.approx(64)
    assert "left ventricular mass" not in found
    right = found["right ventricular end-diastolic volume"]
    assert right.value is None and right.note == "one slice only"
    assert any(w.startswith("One slice only") for w in numbers.warnings)
    segments = found["wall thickness by segment"]
    assert segments.value is None and "level in the heart is not known" in segments.note
    assert np.isnan(numbers.thickness_ed).all()
    assert found["mean wall thickness at end-diastole"].value == pytest.approx(8)
    still, _ = table(tube(20.0, 8.0, n_slices=1, gap=1.0))
    assert still["fractional area change"].value is None


def test_segments_are_left_unnumbered_without_an_insertion():
    found, numbers = table(BEATING, insertion=None)
    assert found["wall thickness by segment"].value is None
    assert found["wall thickness by segment"].note == "segments could not be numbered"
    assert "wall thickness, segment 1" not in found
    assert np.isnan(numbers.thickening_percent).all()
    assert found["mean wall thickness at end-diastole"].value == pytest.approx(8)
    assert any("left unnumbered" in w for w in numbers.warnings)
    missing = found["right ventricular end-diastolic volume"]
    assert missing.value is None and "not seen" in missing.note


def test_the_apex_is_not_numbered_where_the_stack_ends_above_it():
    body = tube(n_slices=6, squeeze=(1.0, 0.36))
    open_ends = replace(body.ends, apex=np.full(2, 6.0))
    found, _ = table(replace(body, ends=open_ends, outer_ends=open_ends))
    assert found["wall thickness, segment 17"].value is None
    assert found["wall thickness, segment 17"].note == "no slice shows this segment"
    assert found["wall thickness, segment 13"].value == pytest.approx(8)


def test_levels_that_no_slice_shows_are_not_numbered():
    body = tube(n_slices=2, gap=30.0, squeeze=(1.0, 0.36))
    ends = replace(body.ends, base=np.zeros(2), apex=np.full(2, 1.9))
    found, _ = table(replace(body, ends=ends, outer_ends=ends))
    assert found["wall thickness, segment 1"].value is not None
    assert found["wall thickness, segment 7"].value is not None
    assert found["wall thickness, segment 13"].value is None


def test_slipped_slices_and_overruled_evidence_are_told():
    slipped = np.zeros((6, 2))
    slipped[2] = [3.0, 4.0]
    frame = replace(BEATING.frame, centres=BEATING.frame.line + slipped)
    _, numbers = table(replace(BEATING, frame=frame))
    (told,) = [w for w in numbers.warnings if "shifted" in w]
    assert told.startswith("1 of 6 slices") and "5.0 mm" in told
    assert not [w for w in table(BEATING)[1].warnings if "shifted" in w or "overruled" in w]
    _, numbers = table(BEATING, overruled=0.5)
    assert any("100 %" in w and "overruled" in w for w in numbers.warnings)


def test_meshes_are_painted_with_the_wall_beneath_them():
    heart = Ellipsoid(squeeze=(1.0, 0.5))
    body = heart.body()
    stack = stack_for(body)
    thick = replace(body, outer=body.outer.copy())
    thick.outer[:, 12:20] += 400.0
    numbers = Numbers.of(stack, found_of(thick), INSERTION)
    meshes = {
        name: left_surface(thick, which)
        for name, which in (("left_endocardium", "cavity"), ("left_epicardium", "outer"))
    }
    painted = numbers.paint({**meshes, "right_endocardium": meshes["left_endocardium"]})
    assert not painted["right_endocardium"].point_data
    mesh = painted["left_endocardium"]
    assert set(mesh.point_data) == {"wall_thickness_mm", "thickening_percent"}
    values = mesh.point_data["wall_thickness_mm"]
    assert values.shape == mesh.points.shape[:2] and np.isfinite(values).all()
    np.testing.assert_array_equal(mesh.points, meshes["left_endocardium"].points)
    ring = values[0, 10 * ANGLES : 11 * ANGLES]
    assert ring[14:18].min() > ring[30:].max() + 3
    np.testing.assert_allclose(mesh.point_data["thickening_percent"][0], 0, atol=1e-4)
    thickening = 100 * (values[1] / values[0] - 1)
    np.testing.assert_allclose(
        mesh.point_data["thickening_percent"][1, :-2], thickening[:-2], rtol=1e-3
    )


def test_a_lone_slice_has_its_own_area():
    body = Ellipsoid()
    stack, maps = body.stack(1), body.maps(1)
    numbers = Numbers.of(stack, outline(stack, look(maps, stack.missing), Rigidity()), None)
    named = {m.name: m.value for m in measures(numbers, stack)}
    assert named["largest cavity area"] == pytest.approx(np.pi * body.cavity(5, 0), rel=0.03)


def ejecting(*volumes_ml):
    """A ventricle's course and its phases."""
    volume = 1000.0 * np.array(volumes_ml)
    phases = SimpleNamespace(ed=int(np.argmax(volume)), es=int(np.argmin(volume)))
    return SimpleNamespace(volume=volume), phases


def test_ventricles_that_eject_unlike_volumes_are_told():
    left = ejecting(150, 60, 140)
    assert unlike_strokes(*left, *ejecting(160, 75, 150)) == ()
    (said,) = unlike_strokes(*left, *ejecting(330, 280, 320))
    assert "0.6 times what the left does" in said and "look at the outlines" in said
    assert unlike_strokes(*left, None, None) == ()
