"""The virtual heart's k-space: what it shows, its noise, its coils, where it lies."""

from dataclasses import replace

import numpy as np
import pytest

from corporis.imaging import read_kspace, write_ismrmrd
from corporis.phantoms import BeatingKSpace, Scanner, VirtualHeart, render, render_plane_kspace
from corporis.phantoms.tissue import Tissue, Torso

SCANNER = Scanner(side=48, pixel_mm=4.5, n_frames=4, n_slices=6, snr=np.inf)
QUIET = BeatingKSpace(scanner=SCANNER)


def to_image(kspace):
    return np.fft.fftshift(
        np.fft.ifft2(np.fft.ifftshift(kspace, axes=(-2, -1)), norm="ortho"), axes=(-2, -1)
    )


def test_the_truth_is_the_rendered_plane():
    frame = QUIET.frame(0.36)
    affine = SCANNER.stack_affine()
    affine[:3, 3] += 3 * affine[:3, 0]
    torso = Torso.of(VirtualHeart(), Tissue())
    signal, labels = render_plane_kspace(torso, affine, SCANNER, 0.36)
    assert np.allclose(np.abs(frame.image), signal, atol=1e-6)
    assert np.array_equal(frame.labels, labels)
    assert frame.data.dtype == frame.image.dtype == np.complex64


def test_coils_see_the_truth_through_their_maps_without_inverse_crime():
    frame, maps = QUIET.frame(0.0), QUIET.maps
    seen = to_image(frame.data)
    combined = np.sum(maps.conj() * seen, axis=0) / np.sum(np.abs(maps) ** 2, axis=0)
    error = np.linalg.norm(combined - frame.image) / np.linalg.norm(frame.image)
    assert 1e-3 < error < 0.05
    # half a pixel of misplacement would show
    assert error < 0.3 * np.linalg.norm(np.roll(combined, 1, 0) - frame.image) / np.linalg.norm(
        frame.image
    )


def test_the_heart_beats():
    cavity = [int((f.labels == 1).sum()) for f in QUIET.frames((0.0, 0.36))]
    assert cavity[1] < 0.7 * cavity[0]
    assert len(list(QUIET.frames())) == 4


def test_noise_has_the_stated_covariance():
    noisy = BeatingKSpace(scanner=replace(SCANNER, snr=20.0), correlation=0.4, seed=3)
    kspace, images, _ = noisy.scan([0.0, 0.5], n_noise=20000)
    covariance = kspace.noise @ kspace.noise.conj().T / kspace.noise.shape[1]
    assert np.allclose(covariance, noisy.covariance, atol=0.05 * noisy.covariance[0, 0])
    assert noisy.covariance[0, 1] == pytest.approx(0.4 * noisy.covariance[0, 0])
    clean, same, _ = QUIET.scan([0.0, 0.5])
    assert np.array_equal(same, images)
    difference = kspace.data - clean.data
    assert np.var(difference) == pytest.approx(2 / 20**2, rel=0.05)
    # the noise of a frame is its own, and the same in every run
    assert np.array_equal(noisy.frame(0.5).data, kspace.at("frame", 1).data)
    apart = np.vdot(difference[0], difference[1]) / np.linalg.norm(difference[0]) ** 2
    assert abs(apart) < 0.02


def test_a_scan_is_kspace_with_maps_and_geometry(tmp_path):
    kspace, images, labels = BeatingKSpace(scanner=replace(SCANNER, snr=50.0)).scan(cycle_ms=800.0)
    assert kspace.axes == ("frame", "coil", "row", "column")
    assert kspace.maps.shape == (8, 48, 48)
    assert images.shape == labels.shape == (4, 48, 48)
    picture = kspace.image(np.abs(images))
    assert picture.times_ms.tolist() == [0, 200, 400, 600]
    sax = render(VirtualHeart(), SCANNER, long_axis=False).images["sax"]
    assert np.allclose(picture.to_world([0, 5, 7]), sax.to_world([3, 5, 7]))
    again = read_kspace(write_ismrmrd(kspace, tmp_path / "heart.h5"))
    assert np.array_equal(again.data, kspace.data)
    assert np.allclose(again.affine[:, 1:], kspace.affine[:, 1:], atol=1e-3)


def test_wrong_arguments():
    with pytest.raises(ValueError, match="level must be in 0 to 5, got 6"):
        BeatingKSpace(scanner=SCANNER, level=6)
    with pytest.raises(ValueError, match="correlation"):
        BeatingKSpace(scanner=SCANNER, correlation=1.0)
