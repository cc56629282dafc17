"""The chain inside the scan, on a virtual heart whose outlines and motion are known."""

import numpy as np
import pytest

from corporis.apps.heart_shape import Border, PixelEvidence
from corporis.apps.mri import CausalSeries
from corporis.cohorts.live import STEPS, LiveHeart, doubtful
from corporis.deformables import warp
from corporis.phantoms import PlaneWaveCoils
from corporis.phantoms.beating_kspace import BeatingKSpace
from corporis.phantoms.scanner import Scanner

SIDE, ACCELERATION = 128, 3


@pytest.fixture(scope="module")
def scan():
    """Eight frames of one coil, a third of the lines each, and their labels."""
    uniform = PlaneWaveCoils(np.zeros((1, 2)), np.ones((1, 1)))
    scanner = Scanner(side=SIDE, pixel_mm=2.2, n_frames=8, snr=25)
    frames = list(BeatingKSpace(scanner=scanner, coils=uniform).frames())
    rng = np.random.default_rng(2)
    masks = np.zeros((8, SIDE, SIDE), bool)
    for mask in masks:
        mask[rng.choice(SIDE, SIDE // ACCELERATION, replace=False)] = True
        mask[SIDE // 2 - 8 : SIDE // 2 + 8] = True
    data = np.stack([f.data[0] for f in frames]) * masks
    return data, masks, np.stack([f.labels for f in frames])


@pytest.fixture(scope="module")
def moments(scan):
    data, masks, _ = scan
    return list(LiveHeart(PixelEvidence.load(border=Border.BLOOD)).moments(data, masks))


def dice(a, b):
    return 2 * np.sum(a & b) / max(np.sum(a) + np.sum(b), 1)


def test_cavity_and_muscle_are_outlined_in_every_frame(scan, moments):
    labels = scan[2]
    assert len(moments) == len(labels)
    for moment, truth in zip(moments, labels, strict=True):
        assert dice(moment.labels == 1, truth == 1) > 0.85
        assert dice(moment.labels == 2, truth == 2) > 0.75


def test_motion_carries_the_frame_before_onto_this_one(scan, moments):
    labels = scan[2]
    carried, still = [], []
    for k in range(1, len(labels)):
        before = (labels[k - 1] == 1).astype(float)
        carried.append(dice(warp(before, moments[k].motion) > 0.5, labels[k] == 1))
        still.append(dice(before > 0.5, labels[k] == 1))
    assert not moments[0].motion.any()
    assert np.mean(carried) > np.mean(still) + 0.02


def test_no_frame_knows_the_future_and_each_says_what_it_took(scan, moments):
    data, masks, _ = scan
    live = LiveHeart(PixelEvidence.load(border=Border.BLOOD))
    short = list(live.moments(data[:3], masks[:3]))
    for early, known in zip(short, moments, strict=False):
        assert np.array_equal(early.labels, known.labels)
        assert np.array_equal(early.motion, known.motion)
    for moment in moments:
        assert tuple(moment.seconds) == STEPS and min(moment.seconds.values()) >= 0
        assert moment.latency_s == pytest.approx(sum(moment.seconds.values()))


def test_without_a_heart_nothing_is_outlined():
    rng = np.random.default_rng(0)
    data = rng.standard_normal((2, 64, 64)) + 1j * rng.standard_normal((2, 64, 64))
    live = LiveHeart(PixelEvidence.load(), CausalSeries(n_passes=1))
    found = list(live.moments(data, np.ones((2, 64, 64), bool)))
    assert all(m.labels.shape == (64, 64) for m in found)
    with pytest.raises(ValueError, match=r"memory must be in \[0, 1\), got 1"):
        LiveHeart(PixelEvidence.load(), memory=1.0)


def test_a_beating_heart_is_not_doubted_and_jumps_are(scan):
    labels = scan[2].copy()
    assert doubtful(labels) == []
    labels[2][labels[2] == 1] = 0  # lost
    labels[4] = np.where(labels[4] == 2, 0, labels[4])  # no ring
    rows = np.flatnonzero((labels[6] == 1).any(axis=1))[::4]
    keep = np.isin(np.arange(SIDE), rows)[:, None]
    labels[6] = np.where((labels[6] == 1) & ~keep, 2, labels[6])  # a quarter of the area
    assert doubtful(labels) == [2, 4, 6]
