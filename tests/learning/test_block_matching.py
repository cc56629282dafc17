"""Block matching: against a plain version, its symmetries, and that it denoises."""

import numpy as np
import pytest
from scipy.fft import dctn, idctn

from corporis.learning import BlockMatching
from corporis.solvers import Denoiser

SMALL = BlockMatching(sizes=(4,), n_alike=4, stride=2, radius=3)


def haar(stack):
    """Orthonormal Haar transform along the first axis, of length 4."""
    r = np.sqrt(0.5)
    first = np.array([[r, r, 0, 0], [0, 0, r, r], [r, -r, 0, 0], [0, 0, r, -r]])
    second = np.array([[r, r, 0, 0], [r, -r, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
    return np.tensordot(second @ first, stack, 1), second @ first


def plain(image, sigma, denoiser, shift):
    """The same filter, written to be read: one channel, one patch size."""
    size, rows, columns = denoiser.sizes[0], *image.shape
    starts = [
        sorted({0, n - size, *range(o, n - size + 1, denoiser.stride)})
        for o, n in zip(shift, image.shape)
    ]
    total, weight = np.zeros_like(image), np.zeros(image.shape)
    width = 2 if np.iscomplexobj(image) else 1
    cut = denoiser.threshold * sigma * np.sqrt(width)
    for y in starts[0]:
        for x in starts[1]:
            here, candidates = image[y : y + size, x : x + size], []
            for v in range(max(0, y - denoiser.radius), min(rows - size, y + denoiser.radius) + 1):
                for u in range(
                    max(0, x - denoiser.radius), min(columns - size, x + denoiser.radius) + 1
                ):
                    other = image[v : v + size, u : u + size]
                    is_other = (v, u) != (y, x)
                    candidates.append((is_other, np.sum(np.abs(other - here) ** 2), v, u))
            chosen = sorted(candidates)[: denoiser.n_alike]
            stack = np.stack([image[v : v + size, u : u + size] for *_, v, u in chosen])
            cosine = dctn(stack.real, axes=(1, 2), norm="ortho")
            if width == 2:
                cosine = cosine + 1j * dctn(stack.imag, axes=(1, 2), norm="ortho")
            transformed, matrix = haar(cosine)
            keep = np.abs(transformed) > cut
            keep[0, 0, 0] = True
            back = np.tensordot(matrix.T, np.where(keep, transformed, 0), 1)
            clean = idctn(back.real, axes=(1, 2), norm="ortho")
            if width == 2:
                clean = clean + 1j * idctn(back.imag, axes=(1, 2), norm="ortho")
            for patch, (*_, v, u) in zip(clean, chosen):
                total[v : v + size, u : u + size] += patch / keep.sum()
                weight[v : v + size, u : u + size] += 1 / keep.sum()
    return total / weight


@pytest.mark.parametrize("is_complex", [False, True])
def test_the_kernel_equals_the_plain_version(rng, is_complex):
    image = rng.standard_normal((13, 11))
    if is_complex:
        image = image + 1j * rng.standard_normal((13, 11))
    shift = np.random.default_rng(0).integers(0, SMALL.stride, 2)
    assert np.allclose(SMALL(image, 0.3), plain(image, 0.3, SMALL, shift), atol=1e-10)


def test_scale_phase_and_threads_change_nothing(rng, monkeypatch):
    image = rng.standard_normal((20, 24)) + 1j * rng.standard_normal((20, 24))
    once = SMALL(image, 0.4)
    turned = SMALL(3 * np.exp(0.7j) * image, 1.2)
    assert np.allclose(turned, 3 * np.exp(0.7j) * once, atol=1e-10)
    monkeypatch.setattr("corporis.learning.block_matching.n_threads", lambda: 3)
    assert np.allclose(SMALL(image, 0.4), once, atol=1e-12)


def test_without_noise_nothing_changes(rng):
    image = rng.standard_normal((2, 12, 15)).astype(np.float32)
    assert np.allclose(SMALL(image, 0.0), image, atol=1e-5)
    assert SMALL(image, 0.0).dtype == np.float32


def test_it_takes_noise_from_edges_that_averaging_would_blur(rng):
    clean = np.zeros((64, 64))
    clean[16:48, 20:44] = 1
    clean[:, 30:34] += 0.5
    noisy = clean + 0.1 * rng.standard_normal(clean.shape)
    error = np.sqrt(np.mean((BlockMatching()(noisy, 0.1) - clean) ** 2))
    assert error < 0.025


def test_the_memory_walks_through_sizes_and_is_a_denoiser(rng):
    denoiser = BlockMatching(sizes=(4, 6), n_alike=4, every=2)
    assert isinstance(denoiser, Denoiser)
    image, memory, sizes = rng.standard_normal((24, 24)), denoiser.rest(None), []
    for _ in range(6):
        _, memory = denoiser.denoise(image, 0.2, memory)
        sizes.append(memory.stacks.size)
    assert sizes == [4, 4, 6, 6, 4, 4]


@pytest.mark.parametrize(
    "wrong", [{"n_alike": 3}, {"sizes": (1,)}, {"stride": 9}, {"radius": 1}, {"threshold": 0.0}]
)
def test_wrong_parameters(wrong):
    with pytest.raises(ValueError, match=r"must|holds"):
        BlockMatching(**wrong)


def test_wrong_images():
    with pytest.raises(ValueError, match="rows, columns"):
        SMALL(np.zeros((3, 9)), 0.1)
    with pytest.raises(ValueError, match="finite"):
        SMALL(np.full((9, 9), np.nan), 0.1)
    with pytest.raises(ValueError, match="sigma"):
        SMALL(np.zeros((9, 9)), -1.0)
