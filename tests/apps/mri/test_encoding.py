"""Noise, calibration and scale: against analytic k-space, and indifferent to units."""

import numpy as np
import pytest

from corporis.apps.mri import Espirit, encode, hold_back, noise_of
from corporis.apps.mri.held_back import split
from corporis.apps.mri.noise import compression, quiet_level, whitened
from corporis.errors import Unsupported
from corporis.phantoms import PlaneWaveCoils, shepp_logan

SHAPE = (64, 56)
COILS = PlaneWaveCoils.ring(6)
FULL = np.ones(SHAPE, bool)


def noise(rng, shape, level=1.0):
    return level * (rng.standard_normal(shape) + 1j * rng.standard_normal(shape)) / np.sqrt(2)


def scan(rng=None, level=0.0):
    """Analytic k-space of the head phantom in six coils, unitary scale."""
    data = shepp_logan().kspace(SHAPE, COILS).astype(np.complex128)
    return data if rng is None else data + noise(rng, data.shape, level)


def test_whitened_noise_is_white(rng):
    mix = np.tril(rng.standard_normal((5, 5))) + 2 * np.eye(5)
    samples = np.tensordot(mix, noise(rng, (5, 40_000)), 1)
    found = noise_of(np.zeros((5, 8, 8), complex), np.ones((8, 8), bool), samples)
    white = whitened(samples, found)
    assert np.allclose(white @ white.conj().T / 40_000, np.eye(5), atol=0.02)
    assert found.source == "noise scan"


def test_the_rim_of_k_space_shows_level_and_correlation(rng):
    mix = np.linalg.cholesky(0.6 * np.eye(3) + 0.4)
    data = np.tensordot(mix, noise(rng, (3, 96, 96), 2.0), 1)
    data[:, 44:52, 44:52] += 500
    found = noise_of(data, np.ones((96, 96), bool))
    assert np.sqrt(np.real(np.diag(found.covariance))) == pytest.approx([2.0] * 3, rel=0.1)
    assert found.largest_correlation == pytest.approx(0.4, abs=0.08)


def test_quiet_places_show_the_noise_of_undersampled_data(rng):
    mask = rng.random((128, 128)) < 0.4
    spectrum = mask * noise(rng, (128, 128), np.sqrt(2) * 0.3)
    image = np.fft.fftshift(np.fft.ifft2(np.fft.ifftshift(spectrum), norm="ortho"))
    image[40:80, 40:80] += 10 * rng.standard_normal((40, 40))
    assert quiet_level(image, mask) == pytest.approx(0.3, rel=0.1)


def test_compression_keeps_the_energy_that_it_says(rng):
    data = np.tensordot(rng.standard_normal((6, 2)), noise(rng, (2, 10, 10)), 1)
    mix = compression(data, np.ones((10, 10), bool), 2)
    assert np.allclose(mix @ mix.conj().T, np.eye(2), atol=1e-12)
    kept = np.tensordot(mix, data, 1)
    assert np.sum(np.abs(kept) ** 2) == pytest.approx(np.sum(np.abs(data) ** 2))


def test_espirit_finds_the_sensitivities_of_analytic_coils():
    """Up to the phase and length that no data can tell."""
    data = scan()
    found = Espirit().maps(data, FULL)
    true = COILS.maps(SHAPE)
    true = true / np.linalg.norm(true, axis=0)
    body = np.abs(shepp_logan().image(SHAPE)) > 0.05
    likeness = np.abs(np.sum(np.conj(true) * found, axis=0))
    assert np.quantile(likeness[body], 0.02) > 0.99


def test_two_sets_where_the_field_of_view_is_too_small():
    """Every second row of k-space folds the body upon itself."""
    data = shepp_logan().kspace((128, 64), COILS)[:, ::2]
    values, _ = Espirit().eigen(data, np.ones((64, 64), bool))
    assert np.mean(values[1] > 0.9) > 0.1
    assert encode(data, np.ones((64, 64), bool)).n_sets == 2
    assert encode(scan(), FULL).n_sets == 1


def test_no_calibration_lines():
    mask = np.zeros(SHAPE, bool)
    mask[::4] = True
    with pytest.raises(Unsupported, match="no calibration lines"):
        encode(scan() * mask, mask)


def test_the_unit_of_the_data_changes_nothing(rng):
    mask = rng.random(SHAPE) < 0.6
    mask[20:44, 16:40] = True
    data = scan(rng, 1e-4) * mask
    one, other = encode(data, mask), encode(1e6 * data, mask)
    assert other.sigma == pytest.approx(one.sigma, rel=1e-3)
    assert np.allclose(one.data, other.data, atol=1e-3 * np.abs(one.data).max())
    image = one.image(one.start())
    assert np.allclose(other.image(other.start()), 1e6 * image, atol=1e3 * np.abs(image).max())


def test_the_image_is_as_bright_as_the_root_sum_of_squares():
    data = scan()
    encoding = encode(data, FULL)
    coils = np.fft.fftshift(
        np.fft.ifft2(np.fft.ifftshift(data, axes=(1, 2)), norm="ortho"), axes=(1, 2)
    )
    length = np.sqrt(np.sum(np.abs(coils) ** 2, axis=0))
    body = length > 0.12 * length.max()
    image = np.abs(encoding.image(encoding.start()))
    assert np.linalg.norm((image - length)[body]) < 0.04 * np.linalg.norm(length[body])


def test_held_back_samples_are_whole_lines_where_lines_were_taken(rng):
    lines = np.zeros((60, 50), bool)
    lines[rng.choice(60, 30, replace=False)] = True
    held = split(lines, 0.2)
    assert held.any() and np.all(held.any(axis=1) == held.all(axis=1))
    points = rng.random((60, 50)) < 0.5
    held = split(points, 0.2)
    assert 0 < held.sum() < 0.2 * points.sum() and np.all(points[held])
    assert not held[28:33, 24:27].any()


def test_the_truth_predicts_held_back_samples_to_the_noise(rng):
    data = shepp_logan().kspace(SHAPE)[None] + noise(rng, (1, *SHAPE), 1e-3)
    whole = encode(data, rng.random(SHAPE) < 0.7)
    held = hold_back(whole)
    truth = np.fft.fftshift(np.fft.ifft2(np.fft.ifftshift(data[0]), norm="ortho"))
    assert held.error(truth / whole.scale) < 1e-8
    assert held.relative_error(0 * truth) == pytest.approx(1.0)
    assert not np.any(held.fit.data[..., held.judges])


@pytest.mark.parametrize(
    "spoil, message",
    [
        (lambda d: d[:, :-1], "on the mask"),
        (lambda d: d * np.array([1, 0, 1, 1, 1, 1])[:, None, None], "coil 2 of 6 is all zero"),
        (lambda d: np.where(d == d[0, 0, 0], np.nan, d), "finite"),
    ],
)
def test_what_cannot_be_used(spoil, message):
    with pytest.raises(Unsupported, match=message):
        encode(spoil(scan()), FULL)
