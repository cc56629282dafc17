"""Normal equations, against least squares written out in full."""

import numpy as np
import pytest

from corporis.apps.heart_motion import RingCourses, Smoothness, Timeline
from corporis.apps.heart_motion.equations import (
    area_blocks,
    data_blocks,
    deformation,
    phase_slopes,
)
from corporis.deformables import Annulus

RING = Annulus(np.array([10.0, 12.0]), 5.0, 9.0, n_waves=2, degree=1)
COURSES = RingCourses(
    RING, Timeline(np.array([0.0, 30.0, 80.0, 100.0]), 2), Smoothness(0.3, 0.2, 0.1), 2, 9
)


def test_a_step_is_least_squares_in_full(rng):
    n, t = len(COURSES.places), 4
    slope, value = rng.standard_normal((t, n, 2, 2)), rng.standard_normal((t, n, 2))
    weight = rng.uniform(0.5, 2, (t, n, 2))
    before = rng.standard_normal((2, *RING.shape))
    found = COURSES.step(before, *data_blocks(COURSES.basis, slope, value, weight))
    # rows: frame, point, datum; columns: course, mode, component
    rows = np.einsum("tk,nm,tnai->tnakmi", COURSES.timeline.values, COURSES.basis, slope).reshape(
        t * n * 2, -1
    )
    w = weight.ravel()
    matrix = rows.T @ (w[:, None] * rows) + COURSES.prior
    right = rows.T @ (w * value.ravel()) - COURSES.prior @ before.ravel()
    np.testing.assert_allclose(found.ravel(), np.linalg.solve(matrix, right), rtol=1e-5, atol=1e-7)


def test_smoothness_is_what_it_says(rng):
    """By quadrature over the ring and a fine time line, of second derivatives of a course."""
    courses = rng.standard_normal((2, *RING.shape))
    flat = courses.ravel()
    only = RingCourses(RING, COURSES.timeline, Smoothness(0.0, 1.0, 0.0))
    places, area = RING.quadrature(6, 40)
    radius, seconds = 7.0, 0.1
    s = (np.arange(4000) + 0.5) / 4000
    second = np.stack([0 * s, -((np.pi / seconds) ** 2) * np.cos(np.pi * s)], axis=-1)
    fields = RING.basis(places) @ courses
    moved = np.einsum("tk,kni->tni", second, fields)
    truth = seconds * np.mean(np.sum(moved**2, -1) @ area) / area.sum() / radius**2
    assert abs(flat @ only.prior @ flat / truth - 1) < 1e-2


def test_a_steady_affine_motion_is_free():
    steady = RingCourses(RING, COURSES.timeline, Smoothness(1.0, 1.0, 1.0))
    q = np.linalg.lstsq(
        steady.basis, steady.places @ np.array([[0.1, 0.2], [-0.3, 0.1]]), rcond=None
    )[0]
    courses = np.stack([q, 0 * q])
    assert courses.ravel() @ steady.prior @ courses.ravel() < 1e-10


def test_courses_through_numbers_that_are_courses(rng):
    courses = rng.standard_normal((2, *RING.shape))
    np.testing.assert_allclose(COURSES.through(COURSES.at_frames(courses)), courses, atol=1e-10)


def test_area_blocks_are_the_linearised_area(rng):
    numbers = 0.05 * rng.standard_normal((3, *RING.shape))
    weight = rng.uniform(1, 2, len(COURSES.places))

    def residual(q):
        return np.linalg.det(deformation(COURSES.slopes, q)) - 1

    blocks, right = area_blocks(COURSES.slopes, deformation(COURSES.slopes, numbers), weight)
    h, width = 1e-6, numbers[0].size
    jacobian = np.empty((3, len(weight), width))
    for i in range(width):
        moved = numbers.reshape(3, -1).copy()
        moved[:, i] += h
        jacobian[..., i] = (residual(moved.reshape(numbers.shape)) - residual(numbers)) / h
    truth = np.einsum("tnp,n,tnq->tpq", jacobian, weight, jacobian)
    np.testing.assert_allclose(blocks, truth, rtol=1e-4, atol=1e-4 * np.abs(truth).max())
    pull = -np.einsum("tnp,n,tn->tp", jacobian, weight, residual(numbers))
    np.testing.assert_allclose(right, pull, atol=1e-4 * np.abs(pull).max())


def test_phase_slopes_are_the_inverse_transpose(rng):
    F = np.eye(2) + 0.2 * rng.standard_normal((2, 5, 2, 2))
    vectors = rng.standard_normal((3, 2))
    truth = np.einsum("tnji,aj->tnai", np.linalg.inv(F), vectors)
    np.testing.assert_allclose(phase_slopes(F, vectors), truth, atol=1e-10)


def test_bad_values_are_refused():
    with pytest.raises(ValueError, match="must be >= 0"):
        Smoothness(space=-1.0)


def test_covariance_is_the_inverse_seen_at_the_frames(rng):
    ring = Annulus(np.zeros(2), 8.0, 12.0, n_waves=2, degree=1)
    courses = RingCourses(ring, Timeline(40.0 * np.arange(6), 3), n_rings=3, n_angles=12)
    width = 2 * ring.shape[0]
    half = rng.standard_normal((6, width, width))
    blocks = half @ np.swapaxes(half, 1, 2)
    found = courses.covariance(blocks)
    whole = np.linalg.inv(courses.matrix(blocks))
    seen = np.kron(courses.timeline.values, np.eye(width))
    dense = (seen @ whole @ seen.T).reshape(6, width, 6, width)
    wanted = np.stack([dense[t, :, t] for t in range(6)])
    assert np.allclose(found, wanted, rtol=1e-8, atol=1e-10 * np.abs(wanted).max())
    assert not found[0].any()  # nothing has moved in the first frame
