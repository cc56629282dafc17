"""Rendering through k-space: its own resolution, and agreement with the other path on labels."""

from dataclasses import replace

import numpy as np
import pytest

from corporis.phantoms import (
    Scanner,
    Tissue,
    Torso,
    VirtualHeart,
    random_heart,
    render,
    render_plane,
    render_plane_kspace,
)
from corporis.phantoms.kspace_rendering import FINE, coarse_image
from corporis.phantoms.rendering import slice_affines
from corporis.shapes import dice


def seen_through_kspace(fine, side, scanner):
    """The magnitude image."""
    return np.abs(coarse_image(fine, replace(scanner, side=side)))


SCANNER = Scanner(
    n_slices=10,
    side=96,
    pixel_mm=1.8,
    in_plane_rad=0.4,
    tilt_rad=(0.08, -0.05),
    offset_mm=(6.0, -4.0),
    snr=np.inf,
    bias=0.0,
)
HEARTS = {
    "healthy": VirtualHeart(),
    "diseased": VirtualHeart(weak={9: 0.9, 10: 0.8}, scaled_wall={9: 0.7}, ovality=0.12),
    "failing": random_heart(np.random.default_rng(8), "failure"),
}


@pytest.mark.parametrize(
    ("name", "share"), [("healthy", 0.0), ("healthy", 1.0), ("diseased", 1.0), ("failing", 0.5)]
)
def test_the_two_paths_agree_on_labels(name, share):
    heart = HEARTS[name]
    torso, phase = Torso.of(heart, Tissue()), share * heart.systole
    affines = slice_affines(SCANNER, np.random.default_rng(0))
    for s, least in ((3, 0.975), (6, 0.965)):
        mapped = render_plane(torso, affines[s], SCANNER, phase)[1]
        cut = render_plane_kspace(torso, affines[s], SCANNER, phase)[1]
        for kind in (1, 2, 3):
            assert (mapped == kind).sum() > 20
            assert dice(mapped == kind, cut == kind) > least


def test_the_paths_agree_on_the_heart_and_not_on_what_lies_around():
    torso = Torso.of(HEARTS["healthy"], Tissue())
    affine = slice_affines(SCANNER, np.random.default_rng(0))[4]
    mapped, labels = render_plane(torso, affine, SCANNER, 0.1)
    cut, _ = render_plane_kspace(torso, affine, SCANNER, 0.1)
    heart = (labels == 1) | (labels == 2)
    assert np.corrcoef(mapped[heart], cut[heart])[0, 1] > 0.85
    around = labels == 0
    assert np.corrcoef(mapped[around], cut[around])[0, 1] < 0.7


@pytest.mark.parametrize("side", [32, 33])
@pytest.mark.parametrize(("rows", "columns"), [(0, 0), (3, 0), (0, 5), (4, -7)])
def test_a_wave_passes_with_the_gaussian_and_stays_in_place(side, rows, columns):
    scanner = Scanner(side=max(side, 16), pixel_mm=1.5, blur_mm=0.9)

    def wave(position):
        row, column = np.meshgrid(position, position, indexing="ij")
        return np.cos(2 * np.pi * (rows * row + columns * column) / side + 0.4)

    # Fine pixel k lies at (k - (FINE - 1) / 2) / FINE coarse pixels.
    fine = wave((np.arange(FINE * side) - (FINE - 1) / 2) / FINE)
    found = seen_through_kspace(2 + fine, side, scanner)
    damped = np.exp(-2 * (np.pi * np.hypot(rows, columns) / side * 0.9 / 1.5) ** 2)
    np.testing.assert_allclose(found, 2 + damped * wave(np.arange(side)), atol=1e-5)


def test_finer_waves_than_the_scanner_sees_are_cut_off():
    side = 32
    k = np.arange(FINE * side)
    fine = np.broadcast_to(np.cos(2 * np.pi * 20 * k / (FINE * side)), (k.size,) * 2)
    found = seen_through_kspace(2 + fine, side, Scanner(side=side, blur_mm=1e-6))
    np.testing.assert_allclose(found, 2, atol=1e-6)


def test_edges_ring():
    """The central k-space of a sharp edge overshoots, as a scanner's does."""
    side = 64
    fine = np.zeros((FINE * side, FINE * side))
    fine[:, : FINE * side // 2 + 1] = 1.0  # through the middle of a pixel
    found = seen_through_kspace(1 + fine, side, Scanner(side=side, blur_mm=1e-6))
    assert found.max() > 2.05
    assert seen_through_kspace(1 + fine, side, Scanner(side=side, blur_mm=2.0)).max() < 2.01


def test_above_the_base_is_the_atrium():
    torso = Torso.of(HEARTS["healthy"], Tissue())
    scanner = replace(SCANNER, first_mm=20.0, thickness_mm=3.0, tilt_rad=(0.0, 0.0))
    affine = slice_affines(scanner, np.random.default_rng(0))[0]
    signal, labels = render_plane_kspace(torso, affine, scanner, 0.0)
    assert not labels.any()
    index = np.linalg.inv(affine) @ [-9.0, 0, affine[2, 3], 1]
    row, column = np.round(index[1:3]).astype(int)
    assert signal[row, column] == pytest.approx(0.97, abs=0.08)


def test_a_whole_study_is_rendered_by_this_path():
    small = Scanner(n_slices=2, n_frames=1, side=32, pixel_mm=5.0, first_mm=-20.0)
    case = render(VirtualHeart(), small, long_axis=True, plane=render_plane_kspace)
    other = render(VirtualHeart(), small, long_axis=False)
    assert case.images["lax_2ch"].data.shape == (1, 32, 32)
    labels, mapped = (c.images["expert_labels"].data for c in (case, other))
    assert np.mean(labels == mapped) > 0.97
    assert np.abs(case.images["sax"].data - other.images["sax"].data).max() > 0.1


def test_images_are_single_precision_magnitudes():
    torso = Torso.of(HEARTS["healthy"], Tissue())
    image, labels = render_plane_kspace(torso, SCANNER.stack_affine(), SCANNER, 0.0)
    assert image.dtype == np.float32 and image.min() >= 0
    assert labels.dtype == np.uint8 and image.shape == labels.shape
