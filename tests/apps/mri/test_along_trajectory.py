"""Radial scans: samples of the closed form, with and without coils, and what is refused."""

import numpy as np
import pytest

from corporis.apps.mri import Method, Reconstruction, hold_back, reconstruct
from corporis.apps.mri.along_trajectory import encode_trajectory
from corporis.errors import Unsupported
from corporis.imaging import KSpace
from corporis.interfaces import Case
from corporis.phantoms import PlaneWaveCoils, shepp_logan

SIDE = 64


def radial(n_shots, n_samples=2 * SIDE):
    """Spokes over half a turn, (n_shots, n_samples, 2) in radians a pixel."""
    angle = np.pi * np.arange(n_shots) / n_shots
    radius = np.pi * (np.arange(n_samples) - n_samples / 2) / (n_samples / 2)
    return np.stack([radius * np.cos(angle)[:, None], radius * np.sin(angle)[:, None]], axis=-1)


def scan(rng, points, coils=None, level=2e-3):
    """Samples of the head phantom, and the image of the coils or of their square sum."""
    head = shepp_logan()
    at = points * SIDE / (2 * np.pi)
    samples = SIDE * head.samples(at, coils).reshape(-1, *points.shape[:-1])
    full = head.kspace((SIDE, SIDE), coils).reshape(-1, SIDE, SIDE)
    moved = np.fft.ifftshift(full, axes=(1, 2))
    images = np.fft.fftshift(np.fft.ifft2(moved, norm="ortho"), axes=(1, 2))
    unit = np.abs(images).max()
    noise = rng.standard_normal(samples.shape) + 1j * rng.standard_normal(samples.shape)
    truth = np.sqrt(np.sum(np.abs(images) ** 2, axis=0)) / unit
    return samples / unit + level * noise, truth


def error(image, truth):
    body = truth > 0.1 * truth.max()
    return float(np.linalg.norm((np.abs(image) - truth)[body]) / np.linalg.norm(truth[body]))


@pytest.mark.parametrize("n_coils", [1, 5])
def test_priors_beat_the_gridded_image(rng, n_coils):
    points = radial(24)
    coils = PlaneWaveCoils.ring(n_coils) if n_coils > 1 else None
    data, truth = scan(rng, points, coils)
    encoding = encode_trajectory(data, points, (SIDE, SIDE))
    found = {
        m: error(reconstruct(encoding, m, n_iterations=n).image, truth)
        for m, n in ((Method.ZERO_FILL, 1), (Method.LEAST_SQUARES, 15), (Method.TV, 60))
    }
    assert found[Method.LEAST_SQUARES] < found[Method.ZERO_FILL]
    assert found[Method.TV] < 0.6 * found[Method.ZERO_FILL]
    patches = reconstruct(encoding, Method.PATCHES, n_iterations=12, noise=encoding.sigma)
    assert error(patches.image, truth) < 0.6 * found[Method.ZERO_FILL]


def test_enough_spokes_need_no_prior(rng):
    points = radial(100)
    data, truth = scan(rng, points, level=0.0)
    encoding = encode_trajectory(data, points, (SIDE, SIDE))
    found = reconstruct(encoding, Method.LEAST_SQUARES).image
    assert error(found, truth) < 0.1
    assert 0.9 < encoding.operator.bound < 1.5


def test_whole_shots_are_held_back(rng):
    points = radial(40)
    data, _ = scan(rng, points)
    held = hold_back(encode_trajectory(data, points, (SIDE, SIDE)))
    assert np.all(held.judges == held.judges[:, :1]) and 1 <= held.judges[:, 0].sum() <= 4
    assert np.all(held.fit.operator.sampling[held.judges] == 0)


def test_a_case_is_reconstructed_and_accounted_for(rng):
    points = radial(30)
    data, truth = scan(rng, points)
    kspace = KSpace(data, ("coil", "shot", "sample"), trajectory=points, matrix=(SIDE, SIDE))
    report = Reconstruction(Method.TV, n_iterations=40)(Case("a", {"kspace": kspace}))
    assert error(np.asarray(report.images["reconstruction"].data), truth) < 0.3
    share = next(m.value for m in report.measures if m.name == "sampled share of k-space")
    assert share == pytest.approx(100 * 30 * 2 / SIDE)
    assert any("along the trajectory" in sentence for sentence in report.methods)
    with pytest.raises(Unsupported, match="needs k-space on a raster"):
        Reconstruction(Method.ZERO_FILL, wants_noise_map=True)(Case("a", {"kspace": kspace}))
    with pytest.raises(Unsupported, match="samples along a trajectory"):
        Reconstruction(Method.CAUSAL)(Case("a", {"kspace": kspace}))


def test_what_cannot_be_used_is_refused(rng):
    points = radial(12)
    data, _ = scan(rng, points)
    with pytest.raises(Unsupported, match="like the trajectory's"):
        encode_trajectory(data[:, :5], points, (SIDE, SIDE))
    with pytest.raises(Unsupported, match="coil 1 of 1 is all zero"):
        encode_trajectory(0 * data, points, (SIDE, SIDE))
    with pytest.raises(Unsupported, match="finite"):
        encode_trajectory(np.where(data == data.flat[0], np.nan, data), points, (SIDE, SIDE))


def test_the_unit_of_the_data_does_not_matter(rng):
    points = radial(16)
    data, _ = scan(rng, points)
    one, other = (encode_trajectory(k * data, points, (SIDE, SIDE)) for k in (1.0, 1e4))
    np.testing.assert_allclose(one.data, other.data, rtol=1e-4, atol=1e-6)
    assert one.sigma == pytest.approx(other.sigma, rel=1e-4)
