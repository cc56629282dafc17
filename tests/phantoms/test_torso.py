"""Rendered torsos: organs of true size on their sides, Hounsfield units, the same by seed."""

import numpy as np
import pytest

from corporis.phantoms.torso import ORGANS, KidneyPair, render_torso
from corporis.phantoms.torso_frame import OrganField

STEP, SHAPE = 6.0, (90, 56, 76)


def field(middles, radii, shape=(48, 48, 72), step=4.0):
    """Distances from the borders of balls, as large as real organs."""
    places = np.moveaxis(np.indices(shape) * step, 0, -1)
    away = [np.linalg.norm(places - m, axis=-1) - r for m, r in zip(middles, radii, strict=True)]
    middle = tuple((np.array(shape) - 1) * step / 2)
    return OrganField(np.min(away, axis=0).astype(np.float32), (step,) * 3, middle)


LIVER = field([(94, 94, 142)], [65])
BOTH = field([(94, 94, 82), (94, 94, 202)], [32, 30])
PAIR = KidneyPair(BOTH, BOTH.values < -99)


def torso(seed):
    return render_torso(LIVER, PAIR, np.random.default_rng(seed), SHAPE, STEP)


@pytest.fixture(scope="module")
def scans():
    return [torso(seed) for seed in range(4)]


def is_whole(where):
    ends = [np.take(where, end, axis) for axis in range(3) for end in (0, -1)]
    return where.any() and not any(end.any() for end in ends)


def test_one_seed_gives_one_torso(scans):
    again = torso(0)
    np.testing.assert_array_equal(again.hounsfield, scans[0].hounsfield)
    np.testing.assert_array_equal(again.label, scans[0].label)
    assert not np.array_equal(scans[1].hounsfield, scans[0].hounsfield)


def test_every_voxel_has_one_label_and_the_grey_value_of_its_organ(scans):
    for scan in scans:
        assert scan.hounsfield.shape == scan.label.shape == SHAPE
        assert scan.hounsfield.dtype == np.int16 and scan.label.dtype == np.uint8
        assert scan.label.max() <= len(ORGANS)
        assert scan.hounsfield.min() >= -1024 and scan.hounsfield.max() <= 3000
        assert np.mean(scan.hounsfield < -900) > 0.05  # air around the body
        for number, organ in enumerate(ORGANS, 1):
            inside = scan.hounsfield[scan.label == number]
            low, high = (-1000, -600) if organ.endswith("lung") else (-20, 400)
            assert not inside.size or low < np.median(inside) < high


def test_organs_lie_on_their_sides_the_liver_above_the_right_kidney(scans):
    seen = 0
    for scan in scans:
        middle = {
            organ: np.argwhere(scan.label == k).mean(axis=0)
            for k, organ in enumerate(ORGANS, 1)
            if is_whole(scan.label == k)
        }
        for organ in ("kidney", "lung"):
            if {f"left {organ}", f"right {organ}"} <= set(middle):
                assert middle[f"left {organ}"][2] < middle[f"right {organ}"][2] - 5
                seen += 1
        if {"liver", "right kidney"} <= set(middle):
            assert middle["liver"][0] > middle["right kidney"][0]
            assert middle["liver"][1] > middle["right kidney"][1]
    assert seen


def test_liver_and_kidneys_keep_their_volume(monkeypatch):
    scales, own = [], OrganField.extent

    def noted(self, scale):
        scales.append(scale)
        return own(self, scale)

    monkeypatch.setattr(OrganField, "extent", noted)
    compared = 0
    for seed in (0, 2):
        label = torso(seed).label
        if is_whole(label == 1):
            true_ml = scales[-1] ** 3 * np.count_nonzero(LIVER.values < 0) * 0.064
            found_ml = np.count_nonzero(label == 1) * STEP**3 / 1000
            assert found_ml == pytest.approx(true_ml, rel=0.05)
            compared += 1
        if is_whole(label == 4) and is_whole(label == 5):
            left, right = (np.count_nonzero(label == k) for k in (4, 5))
            assert left / right == pytest.approx((32 / 30) ** 3, rel=0.1)
    assert compared


def test_tumours_are_part_of_the_kidney_and_have_grey_values_of_their_own():
    sound = torso(2)
    ill = KidneyPair(BOTH, (BOTH.values < 0) & (np.indices(BOTH.values.shape)[2] < 18))
    scan = render_torso(LIVER, ill, np.random.default_rng(2), SHAPE, STEP)
    left = sound.label == 4
    assert np.mean((scan.label == 4)[left]) > 0.95
    assert ill.tumour_field.values.min() == -1
    changed = np.abs(scan.hounsfield.astype(float) - sound.hounsfield)[left]
    assert changed.max() > 10


def test_steps_must_be_positive():
    with pytest.raises(ValueError, match="step_mm"):
        render_torso(LIVER, PAIR, np.random.default_rng(0), SHAPE, 0.0)
