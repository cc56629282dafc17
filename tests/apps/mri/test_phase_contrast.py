"""Velocity from phase: known flows come out, also beyond a turn and on a tilted background."""

import numpy as np
import pytest
import scipy.io

from corporis.apps.mri.phase_contrast import background, flow, velocity

SHAPE = (60, 64)
ROWS, COLUMNS = np.indices(SHAPE)
RADIUS = np.hypot(ROWS - 30, COLUMNS - 32)
VESSEL = RADIUS < 10


def scan(peak, rad=0.1, tilt=0.0):
    """A vessel with a parabolic profile of `peak` cm/s in resting tissue."""
    profile = np.where(VESSEL, peak * (1 - (RADIUS / 10) ** 2), 0)
    tissue = np.where(RADIUS < 28, 1.0 + 0.2 * VESSEL, 0.0)
    plane = tilt * (COLUMNS - 32) / 64
    phase = 0.3 * np.sin(ROWS / 9)
    reference = tissue * np.exp(1j * phase)
    return reference, reference * np.exp(1j * rad * (profile + plane)), profile


def test_a_parabolic_profile_and_its_flow():
    reference, encoded, profile = scan(20.0)
    found = velocity(reference, encoded, 0.1)
    assert np.allclose(found[RADIUS < 28], profile[RADIUS < 28], atol=1e-9)
    # half the peak times the area: pi 1 cm^2 with 1 mm pixels
    assert flow(found, VESSEL, 1.0) == pytest.approx(10 * np.pi, rel=0.02)


def test_velocities_beyond_a_turn_are_unwrapped():
    reference, encoded, profile = scan(50.0)
    wrapped = velocity(reference, encoded, 0.1, is_unwrapped=False)
    found = velocity(reference, encoded, 0.1)
    assert np.max(np.abs(wrapped - profile)) > 50
    assert np.max(np.abs((found - profile)[RADIUS < 28])) < 1e-6


def test_a_tilted_background_is_levelled():
    reference, encoded, profile = scan(20.0, tilt=5.0)
    found = velocity(reference, encoded, 0.1, is_levelled=True)
    assert np.max(np.abs((found - profile)[RADIUS < 28])) < 0.1
    still = background(np.full(SHAPE, 2.0), np.ones(SHAPE))
    assert still == pytest.approx(np.full(SHAPE, 2.0))


def test_a_common_phase_changes_nothing(rng):
    shape = (12, 10)
    reference = rng.standard_normal(shape) + 1j * rng.standard_normal(shape)
    encoded = rng.standard_normal(shape) + 1j * rng.standard_normal(shape)
    turn = 7 * np.exp(2j)
    one = velocity(reference, encoded, 1.1, is_unwrapped=False)
    other = velocity(turn * reference, turn * encoded, 1.1, is_unwrapped=False)
    assert np.allclose(one, other)


def test_flow_over_the_beat():
    frames = np.stack([np.full((2, 3), v) for v in (0.0, 10.0)])
    assert flow(frames, np.ones((2, 3), bool), (5.0, 4.0)).tolist() == [0.0, 12.0]


def test_wrong_input():
    with pytest.raises(ValueError, match="alike"):
        velocity(np.ones((3, 3)), np.ones((3, 4)), 1.0)
    with pytest.raises(ValueError, match="rad_s_per_cm"):
        velocity(np.ones((3, 3)), np.ones((3, 3)), 0.0)
    with pytest.raises(ValueError, match="pixel_mm"):
        flow(np.ones((3, 3)), np.ones((3, 3), bool), 0.0)
    with pytest.raises(ValueError, match="region"):
        flow(np.ones((3, 3)), np.ones((2, 3), bool), 1.0)


def test_the_aorta(data_dir):
    """The phase that the file states is that of its own k-space, where there is signal."""
    held = scipy.io.loadmat(data_dir / "kspace" / "aorta_velocity_kspace_11frames.mat")
    kdata = np.moveaxis(held["kdata2"], -1, 0)[[0, 5]]
    images = np.fft.fftshift(
        np.fft.ifft2(np.fft.ifftshift(kdata, axes=(1, 2)), norm="ortho"), axes=(1, 2)
    )
    found = velocity(*images, float(held["fc"].squeeze()), is_unwrapped=False)
    strong = np.abs(images[0]) > 0.2 * np.abs(images[0]).max()
    assert np.all(np.abs(found) <= np.pi / 1.0992 + 1e-9)
    assert np.median(np.abs(found[strong])) < np.median(np.abs(found[~strong]))
