"""Scans of motion: images made from their k-space are those of the phantoms, and are tracked."""

import numpy as np
import pytest
from scipy import fft

from corporis.apps.heart_motion import PhaseFit
from corporis.deformables import Annulus
from corporis.phantoms import (
    TaggedWall,
    VirtualHeart,
    dense_images,
    dense_scan,
    short_axis,
    tagged_plane_scan,
    tagged_scan,
)

WALL = TaggedWall(n_frames=5)
PLANE = (-2, -1)


def reconstructed(scan):
    """Coils combined by their maps, each pixel by least squares."""
    coils = fft.ifft2(fft.ifftshift(scan.data, axes=PLANE), norm="ortho")
    coils = fft.fftshift(coils, axes=PLANE)
    whole = np.sum(np.abs(scan.maps) ** 2, axis=0)
    return np.sum(coils * np.conj(scan.maps), axis=-3) / whole


def test_without_noise_the_images_are_the_phantoms():
    tagged, dense = tagged_scan(WALL), dense_scan(WALL, 0.1)
    np.testing.assert_allclose(reconstructed(tagged), WALL.clean(), atol=1e-5)
    np.testing.assert_allclose(reconstructed(dense), dense_images(WALL, 0.1), atol=1e-5)
    plane, heart = short_axis(30.0), VirtualHeart()
    scan = tagged_plane_scan(plane, heart, [0.0, 0.3])
    made = plane.images(heart, np.array([0.0, 0.3]))
    np.testing.assert_allclose(np.abs(reconstructed(scan)), made, atol=1e-5)
    assert scan.field_of_view_mm == (96.0, 96.0)
    assert scan.facts["times_ms"].tolist() == [0.0, 240.0]


def test_noise_is_of_the_strength_asked_for_and_white():
    noise = tagged_scan(WALL, snr=8.0, seed=1).data - tagged_scan(WALL).data
    assert noise.real.std() * 8 == pytest.approx(1, rel=0.02)
    assert abs(np.mean(noise[:, 0] * np.conj(noise[:, 1]))) * 64 < 0.1


def test_a_motion_study_starts_at_the_scanner():
    images = np.abs(reconstructed(tagged_scan(WALL, snr=10.0, seed=2)))
    middle = (WALL.side - 1) / 2
    rest = WALL.grid()[WALL.wall()]
    ring = Annulus(np.full(2, middle), 25 / 1.5, 35 / 1.5)
    motion = PhaseFit()(images, ring, WALL.times_ms)
    found = motion.displacement(rest / WALL.pixel_mm + middle) * WALL.pixel_mm
    truth = np.stack([WALL.displacement(rest, t) for t in WALL.times_ms])
    error = np.sqrt(np.mean(np.sum((found - truth) ** 2, axis=-1)[1:]))
    assert error < 0.25 and np.abs(truth).max() > 2


def test_bad_numbers_are_refused():
    with pytest.raises(ValueError, match="snr"):
        tagged_scan(WALL, snr=0.0)
    with pytest.raises(ValueError, match="cycles_per_mm"):
        dense_scan(WALL, 0.0)
