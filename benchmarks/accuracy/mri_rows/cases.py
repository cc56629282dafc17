"""Cases by pattern: images, contrasts, series and scans of a folder, and sampling masks."""

from pathlib import Path

import numpy as np
import scipy.io
from PIL import Image as Picture

NOISE = 0.005
"""Of the peak, in each real and imaginary part of a sample."""


def unit(image):
    """An image whose brightest is 1."""
    peak = float(np.max(np.abs(image)))
    return np.asarray(image / peak if peak > 0 else image)


def arrays(path: Path) -> dict[str, np.ndarray]:
    """Numeric arrays of a MATLAB file, single axes dropped."""
    try:
        content = scipy.io.loadmat(path)
    except (ValueError, NotImplementedError, OSError):
        return {}
    found = {k: np.squeeze(v) for k, v in content.items() if not k.startswith("__")}
    return {k: v for k, v in found.items() if v.dtype.kind in "fciu" and v.ndim >= 2}


def images(folder: Path) -> dict[str, np.ndarray]:
    """Single 2-D images of ``kspace`` and ``brain``, complex128, brightest 1."""
    found: dict[str, np.ndarray] = {}
    for path in sorted((folder / "kspace").glob("*.mat")):
        held = arrays(path)
        if len(held) == 1 and next(iter(held.values())).ndim == 2:
            found[path.stem] = next(iter(held.values()))
    for path in sorted((folder / "kspace").glob("*_image.cfl")):
        from corporis.imaging.kspace_cfl import read_array

        array = np.squeeze(read_array(path))
        if array.ndim == 2:
            found[path.stem] = array
    pictures = [*(folder / "kspace").glob("*.bmp"), *(folder / "brain").glob("brain_slices/*.png")]
    for path in sorted(pictures):
        found[path.stem] = np.asarray(Picture.open(path).convert("L"), dtype=float)
    return {k: unit(v.astype(np.complex128)) for k, v in found.items() if min(v.shape) >= 64}


def variable_density(shape, share=0.25, centre=24, power=3.0, seed=0):
    """Random points, denser towards a full centre, on the square around `shape`, then cropped.

    The density is ``clip(s (1 - r / sqrt 2)^power)``, with s such that the expected share is met.
    """
    n = max(shape)
    rng = np.random.default_rng(seed)
    line = np.abs(np.arange(n) - n // 2) / (n / 2)
    radius = np.hypot(line[:, None], line[None])
    core = np.zeros((n, n), bool)
    half = centre // 2
    core[n // 2 - half : n // 2 + half, n // 2 - half : n // 2 + half] = True
    density = np.clip(1 - radius / np.sqrt(2), 0, 1) ** power
    low, high = 0.0, 100.0
    for _ in range(60):
        s = (low + high) / 2
        expected = np.where(core, 1, np.clip(s * density, 0, 1)).sum()
        low, high = (s, high) if expected < share * n * n else (low, s)
    mask = core | (rng.random((n, n)) < np.clip(s * density, 0, 1))
    rows, columns = ((n - size) // 2 for size in shape)
    return mask[rows : rows + shape[0], columns : columns + shape[1]]


def lines(shape, share=1 / 3, seed=0):
    """A share of the rows: the central tenth, the others with density ``exp(-|k| / (h / 5))``."""
    h, rng = shape[0], np.random.default_rng(seed)
    k = np.arange(h) - h // 2
    chosen = np.abs(k) <= round(0.1 * h) // 2
    left = max(0, round(share * h) - int(chosen.sum()))
    density = np.where(chosen, 0, np.exp(-np.abs(k) / (h / 5)))
    chosen[rng.choice(h, left, replace=False, p=density / density.sum())] = True
    return np.repeat(chosen[:, None], shape[1], axis=1)


def poisson_disc(shape, acceleration, centre=24, seed=0):
    """Random points that keep a distance, of exactly one in `acceleration`, and a full centre."""
    rng = np.random.default_rng(seed)
    wanted = round(shape[0] * shape[1] / acceleration)
    order = rng.permutation(shape[0] * shape[1])
    core = np.zeros(shape, bool)
    rows, columns, half = shape[0] // 2, shape[1] // 2, centre // 2
    core[rows - half : rows + half, columns - half : columns + half] = True
    mask = core
    for distance in np.arange(4.0, 0.9, -0.1):
        thrown = core | _darts(shape, order, distance)
        mask = thrown
        if thrown.sum() >= wanted:
            break
    spare = np.flatnonzero(mask & ~core)
    mask.ravel()[rng.choice(spare, max(0, int(mask.sum()) - wanted), replace=False)] = False
    return mask


def _darts(shape, order, distance):
    reach = int(np.ceil(distance))
    grid = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disc = np.sum(grid**2, axis=0) < distance**2
    taken = np.zeros((shape[0] + 2 * reach, shape[1] + 2 * reach), bool)
    mask = np.zeros(shape, bool)
    for place in order:
        y, x = divmod(int(place), shape[1])
        if not taken[y + reach, x + reach]:
            mask[y, x] = True
            taken[y : y + 2 * reach + 1, x : x + 2 * reach + 1] |= disc
    return mask


def transform(image):
    """Centred unitary k-space."""
    axes = (-2, -1)
    shifted = np.fft.ifftshift(image, axes=axes)
    return np.fft.fftshift(np.fft.fft2(shifted, norm="ortho"), axes=axes)


def back(kspace):
    """Centred unitary image."""
    axes = (-2, -1)
    shifted = np.fft.ifftshift(kspace, axes=axes)
    return np.fft.fftshift(np.fft.ifft2(shifted, norm="ortho"), axes=axes)


def measured(image, mask, level=NOISE, seed=0):
    """K-space of an image on a mask, with noise, exactly zero elsewhere, complex64."""
    rng = np.random.default_rng(seed + 1)
    noise = rng.standard_normal(image.shape) + 1j * rng.standard_normal(image.shape)
    return (mask * (transform(image) + level * noise)).astype(np.complex64)


def nrmse(image, truth):
    """Distance in units of the truth's length."""
    return float(np.linalg.norm(image - truth) / np.linalg.norm(truth))


def psnr(image, truth):
    """In dB against peak 1, of magnitudes."""
    return float(-10 * np.log10(np.mean((np.abs(image) - np.abs(truth)) ** 2)))


def decibel(ratio):
    """Of a ratio of lengths."""
    return float(20 * np.log10(ratio))
