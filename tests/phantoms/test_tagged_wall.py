"""The tagged ring: exact motion, exact strain, and images that are those of a finer k-space."""

from dataclasses import replace

import numpy as np
import pytest

from corporis.phantoms import TaggedWall

HEALTHY = TaggedWall()
WEAK = TaggedWall(outer_twist_rad=0.05, loss=0.7, weak_at_rad=1.0)


def points(wall, rng, n=100):
    """Material points of the wall."""
    angle = rng.uniform(0, 2 * np.pi, n)
    radius = rng.uniform(wall.inner_mm, wall.outer_mm, n)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=-1)


def measured_gradient(wall, rest, time_ms, step):
    """Central differences of the motion, turned into (radial, circumferential) axes."""
    columns = [
        (wall.forward(rest + step * e, time_ms) - wall.forward(rest - step * e, time_ms))
        / (2 * step)
        for e in np.eye(2)
    ]
    return axes(wall.forward(rest, time_ms)).swapaxes(-1, -2) @ np.stack(columns, -1) @ axes(rest)


def axes(places):
    """Columns: radial and circumferential unit vectors."""
    radial = places / np.linalg.norm(places, axis=-1, keepdims=True)
    return np.stack([radial, radial[..., ::-1] * [-1, 1]], axis=-1)


@pytest.mark.parametrize("wall", [HEALTHY, WEAK], ids=["healthy", "weak"])
def test_area_is_kept_everywhere(wall, rng):
    for time_ms in (80.0, 400.0, 640.0):
        f = wall.deformation_gradient(points(wall, rng), time_ms)
        np.testing.assert_allclose(np.linalg.det(f), 1, atol=1e-12)


@pytest.mark.parametrize("wall", [HEALTHY, WEAK], ids=["healthy", "weak"])
def test_gradient_is_that_of_the_motion_with_second_order(wall, rng):
    rest = points(wall, rng)
    stated = wall.deformation_gradient(rest, 360.0)
    errors = [
        np.abs(measured_gradient(wall, rest, 360.0, h) - stated).max() for h in (0.8, 0.4, 0.2)
    ]
    order = np.log2(np.divide(errors[:-1], errors[1:]))
    np.testing.assert_allclose(order, 2, atol=0.1)
    assert errors[-1] < 1e-3


@pytest.mark.parametrize("wall", [HEALTHY, WEAK], ids=["healthy", "weak"])
def test_backward_undoes_forward(wall, rng):
    rest = points(wall, rng)
    for time_ms in (0.0, 200.0, 400.0):
        np.testing.assert_allclose(wall.backward(wall.forward(rest, time_ms), time_ms), rest)


def test_strain_is_the_textbook_formula():
    rest = np.array([[0.0, 25.0], [30.0, 0.0], [-35.0, 0.0]])
    strain = HEALTHY.strain(rest, 400.0)
    radius = np.array([25.0, 30.0, 35.0])
    now = np.sqrt(18.0**2 + radius**2 - 25.0**2)
    np.testing.assert_allclose(strain[:, 1, 1], 0.5 * ((now / radius) ** 2 - 1))
    np.testing.assert_allclose(strain[:, 0, 0], 0.5 * ((radius / now) ** 2 - 1))
    np.testing.assert_allclose(strain[:, 0, 1], 0, atol=1e-12)


def test_a_weak_region_contracts_less():
    weak, far = np.array([[np.cos(1.0), np.sin(1.0)]]) * 25, np.array([[np.cos(4.1), np.sin(4.1)]])
    assert abs(WEAK.strain(weak, 400.0)[0, 1, 1]) < 0.1 < -WEAK.strain(25 * far, 400.0)[0, 1, 1]


def test_images_start_tagged_fade_and_are_real_without_noise():
    clean = HEALTHY.clean()
    # the outermost frequency has no partner of the other sign
    assert np.abs(clean.imag).max() < 0.05 * np.abs(clean).max()
    wall = HEALTHY.wall()
    contrast = [np.abs(clean[t])[HEALTHY.wall(t * 40.0)].std() for t in (0, 19)]
    assert contrast[1] < 0.6 * contrast[0]
    # four kinds of cosine products of mean zero around a quarter of the untagged signal
    assert abs(np.abs(clean[0])[wall].mean() - 0.25) < 0.02


def test_a_finer_scan_holds_the_coarser_one():
    fine = replace(HEALTHY, pixel_mm=0.75, side=128, n_frames=1)
    centre = fine.kspace(0.0)[32:96, 32:96]
    line = np.abs(np.arange(64) - 32) < 20
    given = HEALTHY.kspace(0.0)
    shift = np.exp(1j * np.pi * (np.arange(64) - 32) / 128)
    moved = centre / 4 * np.outer(shift, shift) ** 1.0
    inner = np.outer(line, line)
    # fields of view are equal, so samples lie at the same places of k-space
    error = np.abs(np.abs(moved) - np.abs(given))[inner].max()
    assert error < 0.01 * np.abs(given).max()


def test_noise_is_that_of_the_untagged_wall():
    noisy = replace(HEALTHY, n_frames=4).images(snr=20.0, seed=3)
    corner = noisy[:, :8, :8]
    assert abs(np.sqrt(np.mean(corner**2) / 2) - 1 / 20) < 0.004


@pytest.mark.parametrize("share", [0.4, 0.65])
def test_a_slow_film_moves_as_far_as_asked(share):
    wall = HEALTHY.at_step(share * HEALTHY.spacing_mm)
    assert abs(wall.largest_step_mm() - share * 6) < 1e-6


def test_bad_values_are_refused():
    with pytest.raises(ValueError, match="radii must be"):
        TaggedWall(inner_mm=40.0)
    with pytest.raises(ValueError, match="needs more than 20 pixels"):
        TaggedWall(side=20)
    with pytest.raises(ValueError, match="step_mm must be"):
        HEALTHY.at_step(30.0)
    with pytest.raises(ValueError, match="snr must be"):
        HEALTHY.images(snr=0.0)
