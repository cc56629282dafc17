"""The heart's frame: inverse maps, and slices that slipped."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from apps.heart_shape.known import affine_of, stack_of
from corporis.apps.heart_shape.frame import HeartFrame

TURN = Rotation.from_euler("xyz", [0.5, -0.8, 1.1]).as_matrix()
PIXEL, GAP = 1.5, 9.0


def stack(n=8):
    affine = affine_of(PIXEL, GAP, TURN, (30.0, -20.0, 55.0))
    return stack_of(np.zeros((n, 1, 40, 40)), affine)


def frame_of(centres, trust=None):
    centres = np.asarray(centres, float)
    trust = np.full(len(centres), 15.0**2) if trust is None else trust
    return HeartFrame.of(stack(len(centres)), centres, trust)


def straight(n=8):
    return np.stack([20 + 0.5 * np.arange(n), 18 - 1.0 * np.arange(n)], axis=1)


def test_axes_are_those_of_the_images():
    frame, images = frame_of(straight()), stack()
    np.testing.assert_allclose(frame.axes @ frame.axes.T, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(frame.axes[0] * PIXEL, images.affines[0][:3, 2], atol=1e-12)
    np.testing.assert_allclose(frame.axes[1] * PIXEL, images.affines[0][:3, 1], atol=1e-12)
    np.testing.assert_allclose(frame.heights, GAP * np.arange(8), atol=1e-9)
    assert frame.gap == pytest.approx(GAP)
    # x counts columns, y rows, both in mm
    np.testing.assert_allclose(frame.centres, PIXEL * straight()[:, ::-1], atol=1e-9)


def test_there_and_back(rng):
    frame = frame_of(straight())
    local = rng.normal(0, 40, (20, 3))
    np.testing.assert_allclose(frame.to_local(frame.to_world(local)), local, atol=1e-9)
    position = rng.uniform(-3, 11, 30)
    np.testing.assert_allclose(frame.slice_position(frame.height(position)), position, atol=1e-9)
    pixel = stack().world(3, 7.0, 5.0)
    np.testing.assert_allclose(frame.to_local(pixel), [5 * PIXEL, 7 * PIXEL, 3 * GAP], atol=1e-9)


def test_heights_go_on_beyond_the_stack():
    frame = frame_of(straight())
    np.testing.assert_allclose(frame.height([-1, 2.5, 8]), GAP * np.array([-1, 2.5, 8]), atol=1e-9)
    line = frame.line_at(np.array([-1.0, 2.5, 9.0]))
    expected = PIXEL * np.array([[19, 19.5], [15.5, 21.25], [9, 24.5]])
    np.testing.assert_allclose(line, expected, atol=1e-6)


@pytest.mark.parametrize("n", [6, 10])
def test_slipped_slices_are_told_from_a_bent_heart(n):
    bent = straight(n) + 0.15 * ((np.arange(n) - n / 2) ** 2)[:, None] * [1, 0.5]
    slips = np.zeros((n, 2))
    slips[2] = [4.0, -3.0]  # rows, columns
    frame = frame_of(bent + slips)
    np.testing.assert_allclose(frame.slipped, PIXEL * slips[:, ::-1], atol=1.6)
    assert np.argmax(np.linalg.norm(frame.slipped, axis=1)) == 2
    others = np.delete(frame.slipped, 2, axis=0)
    assert np.abs(others).max() < 1.6
    still = frame_of(bent)
    np.testing.assert_allclose(still.slipped, 0, atol=0.5)


def test_slices_without_trust_have_no_say():
    centres = straight()
    centres[7] += 15
    trust = np.full(8, 15.0**2)
    trust[7] = 0
    frame = frame_of(centres, trust)
    np.testing.assert_allclose(frame.line[:7], PIXEL * straight()[:7, ::-1], atol=0.3)


@pytest.mark.parametrize("n", [1, 2])
def test_one_and_two_slices_lie_on_their_own_line(n):
    frame = frame_of(straight(n))
    np.testing.assert_allclose(frame.slipped, 0, atol=1e-6)
    np.testing.assert_allclose(frame.line, PIXEL * straight(n)[:, ::-1], atol=1e-6)
    assert frame.gap == (1.0 if n == 1 else pytest.approx(GAP))
