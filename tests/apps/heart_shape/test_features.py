"""What the judgement reads: ratios of known bodies, and NaN where nothing can be known."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from apps.heart_shape.known import Ellipsoid, body_of, stack_of, tube
from corporis.apps.diagnosis import MODEL_FEATURES
from corporis.apps.heart_shape.body import ANGLES
from corporis.apps.heart_shape.features import features
from corporis.apps.heart_shape.numbers import Numbers
from corporis.apps.heart_shape.rebuild import RightBody

ANGLE = 2 * np.pi * np.arange(ANGLES) / ANGLES
TUBE = tube(20.0, 8.0, n_slices=6, gap=10.0, squeeze=(1.0, 0.36))


def features_of(body, *, right=None, unit="mm", insertion=(4.0, 1)):
    shape = (body.grid.n_slices, len(body.ends.base), 16, 16)
    stack = stack_of(np.zeros(shape), unit=unit)
    found = SimpleNamespace(body=body, right=right, overruled=np.zeros(shape[:2]))
    return features(Numbers.of(stack, found, insertion), found)


def test_a_beating_tube():
    extent = np.zeros_like(TUBE.cavity)
    extent[:, 4:18] = 900.0 * np.array([1.0, 0.6])
    found = features_of(TUBE, right=RightBody(TUBE.outer, extent, TUBE.ends))
    thickening = 100 * ((np.sqrt(144 + 384) - 12) / 8 - 1)
    volume = np.pi * 400 * 60
    expected = {
        "ejection_fraction_percent": 64,
        "relative_wall_thickness": 8 / 20,
        "muscle_to_cavity_ratio": 384 / 400,
        "area_change_base_percent": 64,
        "area_change_mid_percent": 64,
        "area_change_apex_percent": 64,
        "wall_thickening_percent": thickening,
        "thickening_spread_percent": 0,
        "cavity_eccentricity_es": 0,
        "sphericity": volume / (np.pi / 6 * 60**3),
        "ed_volume_ml": volume / 1000,
    }
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=1e-6, abs=1e-6), name
    np.testing.assert_allclose(found["segment_thickening_percent"], thickening, rtol=1e-6)
    assert set(found) == {*expected, "segment_thickening_percent"}
    assert set(MODEL_FEATURES) <= set(found)


def test_thirds_are_told_apart():
    heart = Ellipsoid(squeeze=(1.0, 1.0)).body(8)
    along = (heart.grid.slice_positions + 0.5) / 7.5
    weak = np.interp(along, [0.32, 0.35, 0.65, 0.68], [0.4, 0.6, 0.6, 0.9])
    cavity = heart.cavity.copy()
    cavity[..., 1] *= weak[:, None]
    found = features_of(replace(heart, cavity=cavity))
    changes = [found[f"area_change_{part}_percent"] for part in ("base", "mid", "apex")]
    np.testing.assert_allclose(changes, [60, 40, 10], atol=2)


def test_all_but_those_with_a_unit_are_free_of_the_pixel_size():
    heart = Ellipsoid(squeeze=(1.0, 0.5))
    body = heart.body(8)
    frame = replace(body.frame, heights=3 * body.frame.heights)
    larger = replace(body, cavity=9 * body.cavity, outer=9 * body.outer, frame=frame)
    small, large = features_of(body), features_of(larger)
    for name in MODEL_FEATURES:
        assert large[name] == pytest.approx(small[name], rel=1e-9), name
    assert large["ed_volume_ml"] == pytest.approx(27 * small["ed_volume_ml"])


def test_all_but_those_with_a_unit_are_free_of_the_distance_between_slices():
    """Sets without spacing, which the judge learned from, give what others give."""
    body = Ellipsoid(squeeze=(1.0, 0.5)).body(8)
    body = replace(body, outer_ends=body.ends)
    frame = replace(body.frame, heights=body.frame.heights / 10)
    known = features_of(body)
    unknown = features_of(replace(body, frame=frame), unit="pixel")
    for name in (*MODEL_FEATURES, "segment_thickening_percent"):
        np.testing.assert_allclose(unknown[name], known[name], rtol=1e-9, err_msg=name)


def test_eccentricity_is_the_second_harmonic_of_the_radius():
    epsilon = 0.12
    radius = 20 * (1 + epsilon * np.cos(2 * ANGLE))
    cavity = TUBE.cavity.copy()
    cavity[..., 1] = radius**2
    body = body_of(cavity, cavity + 400, TUBE.grid, 10.0, TUBE.ends)
    found = features_of(replace(body, cavity=cavity * np.array([1.5, 1.0])))
    assert found["cavity_eccentricity_es"] == pytest.approx(epsilon / 2, rel=1e-6)


def test_uneven_thickening_has_a_spread():
    outer = TUBE.outer.copy()
    sector = slice(0, 8)  # one of six
    outer[:, sector, 1] = (12 + 8) ** 2  # does not thicken
    found = features_of(replace(TUBE, outer=outer))
    thickening = 100 * ((np.sqrt(144 + 384) - 12) / 8 - 1)
    values = np.array([0.0] + 5 * [thickening])
    assert found["thickening_spread_percent"] == pytest.approx(values.std(), rel=0.1)
    assert found["wall_thickening_percent"] < thickening


def test_what_cannot_be_known_is_nan():
    still = features_of(tube())
    beating = {k for k, v in still.items() if np.all(np.isnan(v))}
    assert beating == {
        "ejection_fraction_percent",
        "area_change_base_percent",
        "area_change_mid_percent",
        "area_change_apex_percent",
        "wall_thickening_percent",
        "thickening_spread_percent",
        "segment_thickening_percent",
    }
    slice_only = features_of(tube(n_slices=1, gap=1.0, squeeze=(1.0, 0.36)))
    assert all(np.all(np.isnan(v)) for v in slice_only.values())
    assert slice_only["segment_thickening_percent"].shape == (17,)
    in_pixels = features_of(TUBE, unit="pixel")
    assert np.isnan(in_pixels["ed_volume_ml"]) and np.isnan(in_pixels["sphericity"])
    assert in_pixels["ejection_fraction_percent"] == pytest.approx(64)
    unnumbered = features_of(TUBE, insertion=None)
    assert np.isnan(unnumbered["segment_thickening_percent"]).all()
    assert unnumbered["thickening_spread_percent"] == pytest.approx(0, abs=1e-6)
