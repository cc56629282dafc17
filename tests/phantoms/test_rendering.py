"""Rendering by inverse mapping: labels, volumes and geometry against the heart itself."""

from dataclasses import replace

import numpy as np
import pytest

from corporis.phantoms import Scanner, Tissue, Torso, VirtualHeart, render, render_plane
from corporis.phantoms.rendering import (
    LONG_AXES,
    plane_points,
    render_stack,
    sample_training_heart,
    slice_affines,
)

HEART = VirtualHeart()
CLEAN = Scanner(
    n_slices=12, n_frames=3, side=96, pixel_mm=1.8, gap_mm=9.0, snr=np.inf, bias=0.0, first_mm=4.0
)
TORSO = Torso.of(HEART, Tissue())


@pytest.fixture(scope="module")
def case():
    return render(HEART, replace(CLEAN, in_plane_rad=0.3, tilt_rad=(0.06, -0.03)), cycle_ms=800.0)


def test_points_of_a_plane_are_those_of_its_affine():
    affine = Scanner(in_plane_rad=0.3, side=20).stack_affine()
    points = plane_points(affine, 20, depth=0.5)
    assert points.shape == (20, 20, 3) and points.dtype == np.float32
    np.testing.assert_allclose(points[7, 3], (affine @ [0.5, 7, 3, 1])[:3], rtol=1e-5)


def test_what_a_case_holds(case):
    assert set(case.images) == {"sax", "expert_labels", *LONG_AXES}
    sax, labels = case.images["sax"], case.images["expert_labels"]
    assert sax.data.shape == labels.data.shape == (12, 3, 96, 96)
    assert sax.data.dtype == np.float32 and labels.data.dtype == np.uint8
    np.testing.assert_allclose(sax.times_ms, [0, 800 / 3, 1600 / 3])
    np.testing.assert_allclose(sax.spacing, [9, 1.8, 1.8])
    assert case.images["lax_4ch"].data.shape == (3, 96, 96)
    assert case.facts["heart"] is HEART and case.facts["modality"] == "MR"


def test_labels_are_those_of_the_heart_at_the_pixels_places(case):
    labels, to_heart = case.images["expert_labels"], np.linalg.inv(case.facts["heart_to_ras"])
    rows, columns = np.meshgrid(np.arange(0, 96, 3), np.arange(0, 96, 3), indexing="ij")
    for s in (2, 6):
        world = labels.to_world(np.stack([np.full(rows.shape, s), rows, columns], axis=-1))
        place = world @ to_heart[:3, :3].T + to_heart[:3, 3]
        for t, phase in enumerate(CLEAN.phases):
            expected = HEART.labels(place, phase)
            assert np.mean(labels.data[s, t, ::3, ::3] != expected) < 0.002  # single precision
            assert set(np.unique(expected)) == {0, 1, 2, 3}


def test_labels_fill_the_volumes(case):
    counts = np.array(
        [(case.images["expert_labels"].data == k).sum(axis=(0, 2, 3)) for k in (1, 2)]
    )
    found = counts * 9 * 1.8**2 / 1000
    for t, phase in enumerate(CLEAN.phases):
        assert found[0, t] == pytest.approx(HEART.left_volume_ml(phase), rel=0.08)
        assert found[1, t] == pytest.approx(HEART.muscle_volume_ml(), rel=0.08)


def test_long_axis_views_cut_the_same_heart(case):
    """Through the points where a view meets a slice, both see the same tissue."""
    sax = case.images["sax"]
    for name in LONG_AXES:
        view = case.images[name]
        index = np.stack(np.meshgrid([0], np.arange(96), np.arange(96), indexing="ij"), axis=-1)
        place = sax.to_index(view.to_world(index)).reshape(-1, 3)
        near = np.abs(place[:, 0] - np.round(place[:, 0])) < 0.05
        near &= np.all((place >= 3) & (place <= [9, 92, 92]), axis=1)
        s, r, c = np.round(place[near]).astype(int).T
        seen, other = view.data[0].reshape(-1)[near], sax.data[s, 0, r, c]
        assert near.sum() > 100
        assert np.corrcoef(seen, other)[0, 1] > 0.85


def test_a_thick_slice_is_the_mean_of_thin_ones():
    scanner = replace(CLEAN, blur_mm=1e-6, thickness_mm=9.0)
    affine = slice_affines(scanner, np.random.default_rng(0))[9]
    thick, labels = render_plane(TORSO, affine, scanner, 0.2)
    thin = []
    for third in (-1, 0, 1):
        moved = affine.copy()
        moved[:3, 3] += third / 3 * affine[:3, 0]
        signal, own = render_plane(TORSO, moved, replace(scanner, thickness_mm=1e-3), 0.2)
        thin.append(signal)
        if third == 0:
            np.testing.assert_array_equal(own, labels)  # the label is that of the middle
    np.testing.assert_allclose(thick, np.mean(thin, axis=0), atol=2e-3)
    assert np.abs(thick - thin[1]).max() > 0.1


def test_blur_is_a_gaussian_of_the_stated_width():
    affine = slice_affines(CLEAN, np.random.default_rng(0))[4]
    sharp = render_plane(TORSO, affine, replace(CLEAN, blur_mm=1e-6), 0.0)[0]
    soft = render_plane(TORSO, affine, replace(CLEAN, blur_mm=2.7), 0.0)[0]
    # Twice the variance in pixel^2 falls out of the spectrum: exp(-2 pi^2 f^2 sigma^2).
    f = np.fft.fftfreq(96)
    window = np.exp(-2 * (np.pi * np.hypot(f[:, None], f) * 2.7 / 1.8) ** 2)
    expected = np.fft.ifft2(np.fft.fft2(sharp) * window).real
    inside = slice(12, -12)
    np.testing.assert_allclose(soft[inside, inside], expected[inside, inside], atol=5e-3)


def test_slips_move_what_is_imaged_and_not_what_is_told():
    slipping = replace(CLEAN, slip_mm=4.0, n_frames=1, n_slices=8)
    still = replace(slipping, slip_mm=0.0)
    moved, straight = (
        render(HEART, slipping, seed=3, long_axis=False),
        render(HEART, still, seed=3, long_axis=False),
    )
    np.testing.assert_array_equal(moved.images["sax"].affine, straight.images["sax"].affine)
    slips = np.random.default_rng(3).normal(0, 4.0, (8, 2))

    def centre(labels):
        return np.array([np.argwhere(mask == 1).mean(axis=0) for mask in labels[1:, 0]])

    shift = centre(moved.images["expert_labels"].data) - centre(
        straight.images["expert_labels"].data
    )
    # Slices that slip along +column see the heart further towards -column.
    np.testing.assert_allclose(shift[:, ::-1] * 1.8, -slips[1:], atol=0.6)


def test_a_seed_gives_the_same_study():
    small = Scanner(n_slices=2, n_frames=1, side=32, pixel_mm=5.0, slip_mm=2.0)
    first, again, other = (
        render(HEART, small, seed=seed, long_axis=False).images["sax"].data for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.05


def test_one_frame_and_no_long_axis():
    small = Scanner(n_slices=2, n_frames=1, side=32, pixel_mm=5.0)
    case = render(HEART, small, long_axis=False)
    assert set(case.images) == {"sax", "expert_labels"}
    assert case.images["sax"].times_ms is None
    assert case.images["sax"].data.shape == (2, 1, 32, 32)


def test_stack_asks_the_given_path_for_every_plane():
    asked = []

    def plane(torso, affine, scanner, phase):
        asked.append((affine[2, 3], phase))
        value = np.full((scanner.side, scanner.side), len(asked), np.float32)
        return value, value.astype(np.uint8)

    small = Scanner(n_slices=2, n_frames=2, side=16, snr=np.inf, bias=0.0)
    frames, labels = render_stack(TORSO, small, (0.0, 0.4), np.random.default_rng(0), plane)
    assert asked == [(-5.0, 0.0), (-5.0, 0.4), (5.0, 0.0), (5.0, 0.4)]
    np.testing.assert_array_equal(frames[:, :, 0, 0], [[1, 2], [3, 4]])
    np.testing.assert_array_equal(labels[..., 3, 3], [[1, 2], [3, 4]])


def test_training_hearts_hold_every_class():
    frames, labels = sample_training_heart(np.random.default_rng(2))
    assert frames.shape == labels.shape and frames.shape[1:] == (2, 128, 128)
    assert frames.dtype == np.float32 and labels.dtype == np.int8
    assert set(np.unique(labels)) == {0, 1, 2, 3}
    cavity = (labels == 1).sum(axis=(0, 2, 3))
    assert cavity[1] < 0.95 * cavity[0]  # the second frame is end-systole
    inside, wall = frames[labels == 1].mean(), frames[labels == 2].mean()
    assert inside > wall
