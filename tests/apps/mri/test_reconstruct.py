"""Reconstruction: better than zeros, scale-free, certified, on real and on analytic data."""

from dataclasses import replace

import numpy as np
import pytest

from corporis.apps.mri import Method, PatchPrior, Reconstruction, encode, reconstruct
from corporis.apps.mri.memory import check_memory, needed_bytes
from corporis.apps.mri.planes import each_plane, planes_of
from corporis.apps.mri.reconstruct import SINGLE
from corporis.errors import Unsupported
from corporis.imaging import KSpace, read_kspace
from corporis.interfaces import Case
from corporis.phantoms import PlaneWaveCoils, shepp_logan

SHAPE = (96, 96)


def points(rng, shape=SHAPE, share=0.35, centre=24):
    mask = rng.random(shape) < share
    rows, columns = shape[0] // 2, shape[1] // 2
    half = centre // 2
    mask[rows - half : rows + half, columns - half : columns + half] = True
    return mask


def one_coil(rng, level=2e-3):
    """Analytic k-space of the head phantom with noise, and the image of all its samples."""
    data = shepp_logan().kspace(SHAPE)
    unit = np.abs(np.fft.ifft2(data, norm="ortho")).max()
    data = data / unit
    truth = np.fft.fftshift(np.fft.ifft2(np.fft.ifftshift(data), norm="ortho"))
    data = data + level * (rng.standard_normal(SHAPE) + 1j * rng.standard_normal(SHAPE))
    return data[None], truth


def error(image, truth):
    return float(np.linalg.norm(image - truth) / np.linalg.norm(truth))


def test_every_method_beats_zeros_and_the_prior_beats_the_evidence(rng):
    data, truth = one_coil(rng)
    mask = points(rng)
    encoding = encode(data * mask, mask)
    found = {m: error(reconstruct(encoding, m).image, truth) for m in SINGLE}
    assert found[Method.TV] < 0.6 * found[Method.ZERO_FILL]
    assert found[Method.TV_WAVELET] < 0.7 * found[Method.ZERO_FILL]
    assert found[Method.TREE] < 0.7 * found[Method.ZERO_FILL]
    assert found[Method.PATCHES] < 0.6 * found[Method.ZERO_FILL]
    assert found[Method.DICTIONARY] < 0.7 * found[Method.ZERO_FILL]


def test_the_gap_is_certified_and_falls(rng):
    data, _ = one_coil(rng)
    mask = points(rng)
    encoding = encode(data * mask, mask)
    found = reconstruct(encoding, Method.TV_WAVELET, weight=3e-3, n_iterations=200)
    assert 0 <= found.gap < 2e-2
    assert found.trace[-1] < 0.5 * found.trace[0]


def test_nothing_depends_on_unit_or_phase_of_the_data(rng):
    data, _ = one_coil(rng)
    mask = points(rng)
    one = reconstruct(encode(data * mask, mask), n_iterations=10).image
    # exact in binary: rounding alone may choose other patches, and then all digits differ
    factor = 2.0**17 * 1j
    other = reconstruct(encode(factor * data * mask, mask), n_iterations=10).image
    assert error(other / factor, one) < 1e-4
    assert one.dtype == np.complex64


def test_the_noise_is_found_without_a_reference(rng):
    data, _ = one_coil(rng, level=0.02)
    mask = points(rng, share=0.5)
    encoding = encode(data * mask, mask)
    assert PatchPrior().noise_level(encoding) * encoding.scale == pytest.approx(0.02, rel=0.35)


def test_coils_are_calibrated_and_the_image_is_their_root_sum_of_squares(rng):
    coils = PlaneWaveCoils.ring(6)
    data = shepp_logan().kspace(SHAPE, coils)
    images = np.fft.fftshift(
        np.fft.ifft2(np.fft.ifftshift(data, axes=(1, 2)), norm="ortho"), axes=(1, 2)
    )
    truth = np.sqrt(np.sum(np.abs(images) ** 2, axis=0))
    body = truth > 0.12 * truth.max()
    level = 1e-3 * truth.max()
    data = data + level * (rng.standard_normal(data.shape) + 1j * rng.standard_normal(data.shape))
    mask = points(rng, share=0.3)
    encoding = encode(data * mask, mask)
    found = {}
    for method in (Method.ZERO_FILL, Method.PATCHES):
        image = np.abs(reconstruct(encoding, method).image)
        found[method] = error(image[body], truth[body])
    assert found[Method.PATCHES] < 0.35 * found[Method.ZERO_FILL]


@pytest.mark.parametrize("wrong", [{"weight": -1.0}, {"noise": np.inf}, {"n_iterations": 0}])
def test_wrong_numbers(rng, wrong):
    data, _ = one_coil(rng)
    with pytest.raises(ValueError, match="must be finite and > 0"):
        reconstruct(encode(data, np.ones(SHAPE, bool)), **wrong)


def test_a_volume_is_transformed_along_its_readout(rng):
    data = rng.standard_normal((2, 6, 32, 30)) + 1j * rng.standard_normal((2, 6, 32, 30))
    axes = ("coil", "slice", "row", "column")
    volume = KSpace(data.astype(np.complex64), axes, is_volume=True)
    planes = list(each_plane(planes_of(volume)))
    assert len(planes) == 6 and planes[0].data.shape == (2, 32, 30)
    line = np.fft.fftshift(np.fft.ifft(np.fft.ifftshift(data[0, :, 3, 4]), norm="ortho"))
    assert planes[2].data[0, 3, 4] == pytest.approx(line[2], abs=1e-5)


def test_too_large_for_the_memory_is_said_before_the_run():
    kspace = KSpace(np.ones((8, 64, 64), np.complex64), ("coil", "row", "column"))
    assert check_memory(kspace, limit=10**10) == needed_bytes(kspace)
    with pytest.raises(Unsupported, match="GB of memory"):
        check_memory(kspace, limit=1000)


def test_a_case_without_k_space():
    with pytest.raises(Unsupported, match="read_kspace"):
        Reconstruction()(Case("a"))


def test_a_real_brain(data_dir):
    """Eight coils, random points: closer to all samples' image than total variation."""
    full = read_kspace(data_dir / "kspace" / "brain_8ch_full.cfl")
    data = np.asarray(full.data)
    images = np.fft.fftshift(
        np.fft.ifft2(np.fft.ifftshift(data, axes=(1, 2)), norm="ortho"), axes=(1, 2)
    )
    truth = np.sqrt(np.sum(np.abs(images) ** 2, axis=0))
    body = truth > 0.12 * truth.max()
    rng = np.random.default_rng(4)
    kspace = full.with_mask(points(rng, truth.shape, 0.16))
    found = {}
    for method in (Method.LEAST_SQUARES, Method.TV, Method.PATCHES):
        report = Reconstruction(method)(Case("brain", {"kspace": kspace}))
        image = np.asarray(report.images["reconstruction"].data)
        found[method] = error(image[body], truth[body])
    assert found[Method.PATCHES] < 0.9 * found[Method.TV] < 0.6 * found[Method.LEAST_SQUARES]
    assert found[Method.PATCHES] < 0.055
    assert {m.name for m in report.measures} >= {"noise of one sample", "certified gap"}


def test_a_mask_of_another_scan(data_dir):
    kspace = read_kspace(data_dir / "kspace" / "brain_8ch_cartesian_undersampled.npy")
    with pytest.raises(ValueError, match="mask"):
        replace(kspace, mask=np.ones((3, 3), bool))
