"""Partial Fourier: symmetry fills what was not measured, where the image is nearly real."""

import numpy as np
import pytest

from corporis.apps.mri import NearlyReal, encode, reconstruct
from corporis.apps.mri.partial_fourier import is_partial, mirrored, phase_of, short_side
from corporis.learning import BlockMatching
from corporis.phantoms import shepp_logan

SHAPE = (96, 96)


def spectrum(image):
    return np.fft.fftshift(np.fft.fft2(np.fft.ifftshift(image), norm="ortho"))


def head():
    data = shepp_logan().kspace(SHAPE)
    return np.fft.fftshift(np.fft.ifft2(np.fft.ifftshift(data), norm="ortho")).real


def smooth_phase():
    r, c = np.mgrid[:96, :96] / 48 - 1
    return 0.8 * r + 0.5 * c * c


def lines(part):
    return np.broadcast_to(np.arange(96) >= round((1 - part) * 96), SHAPE).copy()


@pytest.mark.parametrize("shape", [(7, 8), (8, 8), (9, 5)])
def test_the_mirror_is_where_a_real_image_repeats_itself(rng, shape):
    full = spectrum(rng.standard_normal(shape))
    mask = rng.random(shape) < 0.5
    places = np.argwhere(mirrored(mask))
    for place in places:
        twin = tuple((-(k - n // 2)) % n for k, n in zip(place, shape))
        twin = tuple((k + n // 2) % n for k, n in zip(twin, shape))
        if mask[twin]:
            assert full[tuple(place)] == pytest.approx(np.conj(full[twin]), abs=1e-12)


def test_half_scans_are_told_from_sparse_ones(rng):
    assert is_partial(lines(0.625)) and is_partial(lines(0.75).T)
    assert not is_partial(rng.random(SHAPE) < 0.3)
    assert not is_partial(lines(1.0))


def test_the_short_side_is_held_back_and_has_mirrors():
    mask = lines(0.75)
    held = short_side(mask)
    assert held.any() and not np.any(held & ~mask) and np.all(mirrored(mask)[held])
    columns = np.flatnonzero(held.any(axis=0)) - 48
    assert columns.min() == -24 and columns.max() == -13


def test_a_smooth_phase_is_found_from_the_middle():
    image = head() * np.exp(1j * smooth_phase())
    found = phase_of(image.astype(np.complex64), lines(0.75))
    wrong = np.angle(np.exp(1j * (found - smooth_phase())))
    assert np.quantile(np.abs(wrong[head() > 0.1]), 0.9) < 0.05


def test_little_noise_leaves_the_imaginary_part_and_much_takes_it(rng):
    image = (1 + 0.1j * rng.standard_normal((32, 32))).astype(np.complex64)

    class Keep:
        def rest(self, x):
            return None

        def denoise(self, x, sigma, memory):
            return x, memory

    softly = NearlyReal(Keep(), np.zeros((32, 32)))
    quiet, _ = softly.denoise(image, 1e-4, None)
    loud, _ = softly.denoise(image, 10.0, None)
    np.testing.assert_allclose(quiet, image, atol=1e-5)
    assert np.abs(loud.imag).max() < 2e-3 and np.allclose(loud.real, image.real)


def test_symmetry_is_used_where_the_image_is_nearly_real(rng):
    image = head() * np.exp(1j * smooth_phase())
    noise = 1e-3 * (rng.standard_normal(SHAPE) + 1j * rng.standard_normal(SHAPE))
    mask = lines(0.625)
    encoding = encode(((spectrum(image) + noise) * mask)[None], mask)
    found = [reconstruct(encoding, may_be_real=real) for real in (True, False)]
    errors = [np.linalg.norm(f.image - image) / np.linalg.norm(image) for f in found]
    assert "was used" in found[0].statement and "nearly real" not in found[1].statement
    assert errors[0] < 0.95 * errors[1]


def test_symmetry_is_not_used_where_phase_is_rough(rng):
    rough = np.exp(2j * np.pi * rng.random((48, 48))).repeat(2, 0).repeat(2, 1)
    mask = lines(0.75)
    encoding = encode((spectrum(head() * rough) * mask)[None], mask)
    assert "not used" in reconstruct(encoding).statement


@pytest.mark.parametrize("wrong", [{"share": -1}, {"width": 0}])
def test_what_is_no_filter_is_refused(wrong):
    with pytest.raises(ValueError, match="share must be"):
        NearlyReal(BlockMatching(), np.zeros(SHAPE), **wrong)
