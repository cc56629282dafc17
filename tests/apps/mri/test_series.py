"""Series: causal, free of units, exact where nothing moves, and ahead of frames alone."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.io

from corporis.apps.mri import Reconstruction
from corporis.apps.mri._series_kernel import gather, shrink_slopes
from corporis.apps.mri.low_rank import (
    locally_low_rank,
    low_rank_plus_sparse,
    temporally_sparse,
)
from corporis.apps.mri.nonlocal_means import nonlocal_mean, pairs
from corporis.apps.mri.series import CausalSeries
from corporis.apps.mri.spectral_splitting import SpectralSplitting
from corporis.functionals import QuadraticMisfit, TotalVariation, Zero
from corporis.interfaces import Case
from corporis.operators import Cartesian
from corporis.phantoms import Scanner
from corporis.phantoms.beating_kspace import BeatingKSpace
from corporis.solvers import primal_dual, run


def spectrum(images):
    moved = np.fft.ifftshift(images, axes=(-2, -1))
    return np.fft.fftshift(np.fft.fft2(moved, norm="ortho"), axes=(-2, -1))


def draw(rng, shape, acceleration, is_lines=False):
    """A mask denser near the centre, which is full."""
    distance = [np.abs(np.arange(n) - n // 2) / (n / 2) for n in shape]
    if is_lines:
        n, place = shape[0], distance[0]
        chance = (1.02 - place) ** 3 * (place * n > 9)
        chosen = place * n <= 9
        n_drawn = round(n / acceleration) - chosen.sum()
        chosen[rng.choice(n, n_drawn, replace=False, p=chance / chance.sum())] = True
        return np.repeat(chosen[:, None], shape[1], axis=1)
    far = np.hypot(distance[0][:, None], distance[1]) / np.sqrt(2)
    density = (1.02 - far) ** 3
    return (rng.random(shape) < density * far.size / density.sum() / acceleration) | (far < 0.05)


def scan(rng, images, acceleration, is_lines=False, noise=0.005):
    """Noisy samples of a series of peak 1, half of them in the first frame."""
    shares = [2, *[acceleration] * (len(images) - 1)]
    masks = np.stack([draw(rng, images[0].shape, r, is_lines) for r in shares])
    data = spectrum(images)
    data = data + noise * (rng.standard_normal(data.shape) + 1j * rng.standard_normal(data.shape))
    return data * masks, masks


def discs(n_frames=4, side=48):
    """A bright disc that moves over a still square."""
    row, column = np.mgrid[:side, :side] - side / 2
    still = 0.4 * ((abs(row) < 18) & (abs(column) < 16))
    places = range(n_frames)
    return np.stack([still + 0.6 * (np.hypot(row - t, column) < 7) for t in places])


def decibels(found, truth):
    return -10 * np.log10(np.mean((np.abs(found) - truth) ** 2) / truth.max() ** 2)


def images_of(data, masks, **parameters):
    return np.stack([f.image for f in CausalSeries(**parameters).frames(data, masks)])


def alone(data, masks, truth, weights):
    """Total variation of every frame by itself, its weight tuned on the truth."""
    gains = [
        np.mean([decibels(_variation(d, m, w), t) for d, m, t in zip(data, masks, truth)])
        for w in weights
    ]
    assert 0 < int(np.argmax(gains)) < len(weights) - 1
    return max(gains)


def _variation(data, mask, weight, n_iterations=60):
    data, mask = np.fft.ifftshift(data).astype(np.complex64), np.fft.ifftshift(mask)
    return np.fft.fftshift(SpectralSplitting(data, mask, data).solve(n_iterations, weight))


def test_no_frame_knows_the_future(rng):
    data, masks = scan(rng, discs(), 4)
    before = images_of(data, masks)
    later_data, later_masks = data.copy(), masks.copy()
    later_masks[3] = draw(rng, masks[3].shape, 2)
    later_data[3] = 7 * later_masks[3]
    after = images_of(later_data, later_masks)
    assert np.array_equal(before[:3], after[:3])
    assert not np.array_equal(before[3], after[3])


def test_nothing_depends_on_unit_or_phase_of_the_data(rng):
    data, masks = scan(rng, discs(), 4)
    factor = 2.0**9 * 1j
    one, other = images_of(data, masks), images_of(factor * data, masks)
    assert np.linalg.norm(other / factor - one) < 1e-3 * np.linalg.norm(one)
    assert one.dtype == np.complex64


def test_what_lies_off_the_masks_is_not_used(rng):
    data, masks = scan(rng, discs(), 4)
    assert np.array_equal(images_of(data, masks), images_of(np.where(masks, data, np.nan), masks))


def test_where_nothing_moves_a_perfect_frame_stays_perfect(rng):
    truth = np.repeat(discs(1) + 0.1 * rng.random((1, 48, 48)), 4, axis=0)
    masks = np.stack([np.ones((48, 48), bool), *(draw(rng, (48, 48), 6) for _ in range(3))])
    data = spectrum(truth) * masks
    frames = list(CausalSeries(weight=2e-4).frames(data, masks))
    first = np.linalg.norm(frames[0].image - truth[0])
    for number, frame in enumerate(frames[1:], start=1):
        assert np.linalg.norm(frame.image - truth[0]) < 1.05 * first + 1e-6
        assert frame.reference in range(number)
    assert first < 0.02 * np.linalg.norm(truth[0])


def test_the_result_says_how_it_was_made(rng):
    data, masks = scan(rng, discs(), 4)
    frames = list(CausalSeries().frames(data, masks))
    assert frames[0].reference is None
    for number, frame in enumerate(frames):
        assert frame.reference is None or frame.reference < number
        assert frame.seconds > 0 and frame.weight > 0 and 0 < frame.held_back_error < 1


def test_silence_and_a_centre_alone(rng):
    masks = np.ones((2, 32, 32), bool)
    assert not np.any(images_of(np.zeros((2, 32, 32), complex), masks))
    data, _ = scan(rng, discs(2, 32), 2)
    masks[:] = False
    masks[:, 15:18, 15:18] = True
    assert np.all(np.isfinite(images_of(data, masks)))


@pytest.mark.parametrize("shape", [(31, 40), (40, 31)])
def test_odd_sizes(rng, shape):
    truth = np.stack([np.pad(np.ones((20, 20)), [(5, n - 25) for n in shape])] * 3)
    data, masks = scan(rng, truth, 3)
    assert decibels(images_of(data, masks)[-1], truth[-1]) > 25


def test_splitting_in_k_space_finds_the_minimum_of_total_variation(rng):
    truth = discs(1)[0]
    mask = draw(rng, truth.shape, 3)
    data = (spectrum(truth) * mask).astype(np.complex64)
    variation = TotalVariation(truth.shape, 5e-3, boundary="cyclic")
    misfit = QuadraticMisfit(Cartesian(truth.shape, mask), data, bound=1.0)
    found = _variation(data, mask, 5e-3, 300)
    operator, start = variation.gradient_operator, misfit.operator.adjoint(data)
    iterates = primal_dual(misfit, Zero(), variation.penalty, operator, start)
    best = run(iterates, at_most=2000, tolerance=1e-6).x
    assert misfit(found) + variation(found) < 1.001 * (misfit(best) + variation(best))


def test_a_reference_that_is_the_truth_is_kept(rng):
    truth = rng.standard_normal((24, 30)) + 1j * rng.standard_normal((24, 30))
    truth = truth.astype(np.complex64)
    mask = np.fft.ifftshift(draw(rng, truth.shape, 5))
    whole = np.fft.fft2(truth, norm="ortho").astype(np.complex64)
    splitting = SpectralSplitting(whole * mask, mask, whole)
    assert np.allclose(splitting.solve(20, 0.05, truth), truth, atol=1e-4)


def test_the_kernels_do_what_their_plain_versions_do(rng):
    image, other = (
        (rng.standard_normal((8, 10)) + 1j * rng.standard_normal((8, 10))).astype(np.complex64)
        for _ in range(2)
    )
    dual = rng.standard_normal((2, 8, 10, 2)).astype(np.float32)
    inside = np.stack([_slopes(image - other, a) for a in (0, 1)]) + dual.view(np.complex64)[..., 0]
    length = np.linalg.norm(inside, axis=0)
    kept = inside * np.maximum(0, 1 - 0.7 / length)
    field = 2 * kept - inside + np.stack([_slopes(other, a) for a in (0, 1)])
    pulled = np.zeros((8, 10, 2), np.float32)
    shrink_slopes(pairs(image), pairs(other), dual, np.float32(0.7), np.empty_like(dual), pulled)
    wanted = sum(np.roll(field[a], 1, a) - field[a] for a in (0, 1))
    assert np.allclose(pulled.view(np.complex64)[..., 0], wanted, atol=1e-4)
    assert np.allclose(dual.view(np.complex64)[..., 0], inside - kept, atol=1e-4)

    total, weights = np.zeros((8, 10, 2), np.float32), np.zeros((4, 5), np.float32)
    gather(pairs(image), pairs(other[None]), 0, np.float32(9.0), total, weights)
    cells = (np.abs(image - other) ** 2).reshape(4, 2, 5, 2).sum(axis=(1, 3))
    around = np.pad(cells, 1, mode="edge")
    near = sum(around[i : i + 4, j : j + 5] for i in range(3) for j in range(3))
    wanted = np.maximum(0, 1 - near / 36 / 9) ** 4
    assert np.allclose(weights, wanted, atol=1e-5)
    spread = np.repeat(np.repeat(wanted, 2, 0), 2, 1)
    assert np.allclose(total.view(np.complex64)[..., 0], spread * other, atol=1e-4)


def _slopes(image, axis):
    return np.roll(image, -1, axis) - image


def test_the_mean_of_what_looks_alike_follows_motion(rng):
    image = np.zeros((40, 40), np.complex64)
    image[15:25, 15:25] = 1
    moved = np.roll(image, (1, -1), (0, 1))
    noise = 0.1 * rng.standard_normal((40, 40)).astype(np.float32)
    followed = nonlocal_mean(image + noise, [moved], 0.2, 1)
    assert np.linalg.norm(followed - image) < 0.3 * np.linalg.norm(moved - image)


@pytest.mark.parametrize(("acceleration", "is_lines", "gain"), [(4, False, 0.6), (6, True, 1.2)])
def test_a_rat_heart_is_ahead_of_frames_alone(data_dir, rng, acceleration, is_lines, gain):
    path = data_dir / "kspace" / "rat_cardiac_cine_8frames.mat"
    truth = np.moveaxis(scipy.io.loadmat(path)["image0"], -1, 0)
    truth = truth / truth.max()
    data, masks = scan(rng, truth, acceleration, is_lines)
    found = images_of(data, masks)
    ours = np.mean([decibels(x, t) for x, t in zip(found[1:], truth[1:])])
    weights = (2e-4, 5e-4, 1e-3, 2e-3, 4e-3, 8e-3)
    assert ours > alone(data[1:], masks[1:], truth[1:], weights) + gain


def test_a_heart_that_moves_far_is_ahead_of_frames_alone(data_dir, rng):
    path = data_dir / "kspace" / "pincat_perfusion_128x128x50.mat"
    truth = np.moveaxis(scipy.io.loadmat(path)["X"], -1, 0)[:10]
    truth = truth / truth.max()
    data, masks = scan(rng, truth, 4, is_lines=True)
    found = images_of(data, masks)
    ours = np.mean([decibels(x, t) for x, t in zip(found[1:], truth[1:])])
    weights = (1e-3, 2e-3, 4e-3, 8e-3, 1.6e-2)
    assert ours > alone(data[1:], masks[1:], truth[1:], weights) + 0.5


def test_low_rank_and_sparse_parts_are_told_apart(rng):
    still = rng.standard_normal((16, 16))
    beating = np.zeros((16, 16))
    beating[4:6, 7:9] = 8.0
    beat = np.cos(2 * np.pi * 3 * np.arange(12) / 12)
    truth = still + beat[:, None, None] * beating
    masks = rng.random(truth.shape) < 0.8
    parts, result = low_rank_plus_sparse(
        spectrum(truth) * masks, masks, low_rank=0.02, sparse=5e-3, at_most=500, tolerance=1e-6
    )
    assert np.linalg.norm(parts.sum(0) - truth) < 0.1 * np.linalg.norm(truth)
    assert result.reason in ("tolerance", "at_most")


@pytest.mark.parametrize("method", [low_rank_plus_sparse, locally_low_rank, temporally_sparse])
def test_whole_series_beat_zeros_and_depend_on_no_unit(rng, method):
    beat = 0.7 + 0.3 * np.cos(2 * np.pi * np.arange(12) / 6)
    truth = discs(1) * np.where(discs(1) > 0.5, beat[:, None, None], 1)
    data, masks = scan(rng, truth, 3)
    found, result = method(data, masks)
    other, _ = method(2.0**8 * data, masks)
    assert np.allclose(other, 2.0**8 * found, rtol=1e-3, atol=0.05)
    series = found.sum(axis=0) if found.ndim == 4 else found
    zero_filled = np.conj(spectrum(np.conj(data)))
    assert np.linalg.norm(series - truth) < 0.5 * np.linalg.norm(zero_filled - truth)
    assert result.count >= 1


CALLS = (CausalSeries().frames, low_rank_plus_sparse, locally_low_rank, temporally_sparse)


@pytest.mark.parametrize("call", CALLS)
def test_wrong_series(rng, call):
    data, masks = scan(rng, discs(), 4)
    with pytest.raises(ValueError, match=r"of one shape, got \(4, 48, 48\) and \(3, 48, 48\)"):
        call(data, masks[:3])
    with pytest.raises(ValueError, match=r"expected k-space and masks .*got \(48, 48\)"):
        call(data[0], masks[0])
    with pytest.raises(ValueError, match="expected masks of bool, got int"):
        call(data, masks.astype(int))
    empty = masks.copy()
    empty[2] = False
    with pytest.raises(ValueError, match="expected samples in every frame, got none in frame 2"):
        call(data, empty)
    with pytest.raises(ValueError, match="expected finite k-space"):
        call(np.where(masks, np.nan, data), masks)


@pytest.mark.parametrize(
    "wrong",
    [
        {"n_alike": 0},
        {"n_alike": 5, "n_kept": 4},
        {"n_passes": 0},
        {"reach": -1},
        {"weight": 0.0},
        {"balance": np.inf},
        {"likeness": -1.0},
        {"share": 1.0},
    ],
)
def test_wrong_parameters(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        CausalSeries(**wrong)


@pytest.mark.parametrize("wrong", [{"low_rank": 0.0}, {"sparse": np.inf}])
def test_wrong_weights(rng, wrong):
    with pytest.raises(ValueError, match="must be finite and > 0"):
        low_rank_plus_sparse(*scan(rng, discs(), 4), **wrong)
    with pytest.raises(ValueError, match="weight must be finite and > 0"):
        locally_low_rank(*scan(rng, discs(), 4), weight=-1.0)
    with pytest.raises(ValueError, match=r"weight must be finite and > 0, got 0\.0"):
        temporally_sparse(*scan(rng, discs(), 4), weight=0.0)


@pytest.mark.parametrize("solve", [low_rank_plus_sparse, locally_low_rank, temporally_sparse])
def test_coils_of_a_series_add_up_to_one_coil_that_hears_all(rng, solve):
    data, masks = scan(rng, discs(), 2)
    alike = np.full((4, 48, 48), 0.5, np.complex64)  # length 1 in every pixel
    alone, _ = solve(data, masks)
    together, _ = solve(np.repeat(data[:, None], 4, axis=1) * 0.5, masks, maps=alike)
    np.testing.assert_allclose(together, alone, atol=2e-4 * np.abs(alone).max())


def test_coils_see_more_of_a_beating_heart_than_their_zero_filled_image(rng):
    beat = BeatingKSpace(scanner=Scanner(side=48, pixel_mm=4.0, n_frames=6, snr=60.0))
    kspace, images, _ = beat.scan()
    masks = np.stack([draw(rng, (48, 48), 3) for _ in images])
    few = replace(kspace, data=kspace.data * masks[:, None], mask=masks, maps=None)
    heard = np.sqrt(np.sum(np.abs(beat.maps) ** 2, axis=0))
    truth = np.abs(images) * heard
    report = Reconstruction("local-low-rank")(Case("a", {"kspace": few}))
    found = np.asarray(report.images["reconstruction"].data)
    blurred = np.stack([np.abs(e.image(e.start())) for e in report.facts["encodings"]])
    wrong = [np.linalg.norm(x - truth) / np.linalg.norm(truth) for x in (found, blurred)]
    assert wrong[0] < 0.5 * wrong[1] and wrong[0] < 0.1
