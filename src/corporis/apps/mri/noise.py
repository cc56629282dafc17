"""Noise of a scan: its level, and coils made to hear independent noise of one size."""

from dataclasses import dataclass

import numpy as np

OUTER_SHARE = 0.08
"""Share of the sampled frequencies, the outermost, that are taken for noise."""
BLOCK = 8
"""Side of the places in which `quiet_level` looks for noise, in pixels."""


@dataclass(frozen=True)
class Noise:
    """Noise of the coils.

    Parameters
    ----------
    covariance : array, (n_coils, n_coils)
        Hermitian, positive definite: of complex samples, in the unit of k-space squared.
    source : str
        Where it was read: ``"noise scan"`` or ``"outermost frequencies"``.
    """

    covariance: np.ndarray
    source: str

    @property
    def factor(self) -> np.ndarray:
        """``L`` with ``L L^H`` the covariance, lower triangular."""
        return np.linalg.cholesky(self.covariance)

    @property
    def largest_correlation(self) -> float:
        """Largest correlation between two coils, 0 to 1."""
        size = np.sqrt(np.real(np.diag(self.covariance)))
        share = np.abs(self.covariance) / np.outer(size, size)
        return float(np.max(share - np.eye(len(share)))) if len(share) > 1 else 0.0


def outermost(mask: np.ndarray, share: float = OUTER_SHARE) -> np.ndarray:
    """The sampled frequencies farthest from the centre, true where they are.

    Distances are in units of each axis' own highest frequency.

    Examples
    --------
    >>> outermost(np.ones(8, dtype=bool), share=0.2).tolist()
    [True, True, False, False, False, False, False, True]
    """
    square = np.zeros(mask.shape)
    for axis, n in enumerate(mask.shape):
        line = (np.arange(n) - n // 2) / max(n / 2, 1)
        square = square + line.reshape((-1,) + (1,) * (mask.ndim - axis - 1)) ** 2
    limit = np.quantile(square[mask], 1 - share)
    return mask & (square >= limit)


def noise_of(
    data: np.ndarray,
    mask: np.ndarray,
    scan: np.ndarray | None = None,
    *,
    rim: np.ndarray | None = None,
) -> Noise:
    """Covariance of the noise between coils.

    From a scan without an object where there is one; else from the outermost frequencies, where
    an image has little to say. There it is scaled by the median, which echoes of strong edges
    do not move; what is left of the image makes the estimate too large rather than too small.

    Parameters
    ----------
    data : complex array, (n_coils, *grid)
        K-space, centred, zero where it was not sampled.
    mask : bool array, `grid`
    scan : complex array or None, (n_coils, n_samples)
    rim : bool array or None, `grid`
        The outermost samples; None finds them on a raster.

    Raises
    ------
    ValueError
        If there are fewer samples than coils to read it from.
    """
    n_coils = len(data)
    if scan is not None and np.shape(scan)[1] > 2 * n_coils:
        return Noise(_safe(scan @ scan.conj().T / np.shape(scan)[1]), "noise scan")
    samples = data[:, outermost(mask) if rim is None else rim]
    # scanners zero what lies outside their band: that is neither image nor noise
    samples = samples[:, np.any(samples != 0, axis=0)]
    if samples.shape[1] < 2 * n_coils:
        raise ValueError(
            f"noise needs at least {2 * n_coils} sampled frequencies at the rim of k-space, got "
            f"{samples.shape[1]}"
        )
    covariance = samples @ samples.conj().T / samples.shape[1]
    size = np.real(np.diag(covariance))
    # |n|^2 of complex Gaussian noise has the median ln 2 times its mean
    typical = np.median(np.abs(samples) ** 2, axis=1) / np.log(2)
    ratio = np.sqrt(np.where(size > 0, typical / np.where(size > 0, size, 1), 0))
    return Noise(_safe(covariance * np.outer(ratio, ratio)), "outermost frequencies")


def _safe(covariance):
    """Positive definite also where a coil heard nothing, or two heard the same."""
    covariance = np.asarray(covariance, dtype=np.complex128)
    size = float(np.mean(np.real(np.diag(covariance))))
    tiny = max(1e-4 * size, np.finfo(np.float32).tiny)
    return covariance + tiny * np.eye(len(covariance))


def quiet_level(image: np.ndarray, mask: np.ndarray) -> float:
    """Noise of one part of one sample, from the quietest places of an image that fits the data.

    Air and even tissue show little but noise in the mixed second difference; how much of the
    samples' noise comes through it, the mask says. Texture everywhere makes it too large.

    Parameters
    ----------
    image : complex array, (rows, columns)
        With the samples' own values at the sampled frequencies.
    mask : bool array, (rows, columns)
    """
    rows, columns = (n - n % BLOCK for n in (image.shape[0] - 1, image.shape[1] - 1))
    if min(rows, columns) < 2 * BLOCK:
        return np.inf
    mixed = np.diff(np.diff(image, axis=0), axis=1)[:rows, :columns]
    blocks = np.abs(mixed.reshape(rows // BLOCK, BLOCK, columns // BLOCK, BLOCK)) ** 2
    power = blocks.mean(axis=(1, 3))
    gains = [4 * np.sin(np.pi * (np.arange(n) - n // 2) / n) ** 2 for n in mask.shape]
    passed = float(np.mean(np.outer(*gains) * mask))
    # few samples scatter: their lower tenth lies at about 0.7 of their mean
    return float(np.sqrt(np.quantile(power, 0.1) / 0.7 / passed / 2))


def whitened(data: np.ndarray, noise: Noise) -> np.ndarray:
    """Coils mixed so that their noise is independent, of variance 1 in each complex sample.

    Examples
    --------
    >>> whitened(np.array([[2.0 + 0j]]), Noise(np.array([[4.0]]), "noise scan")).tolist()
    [[(1+0j)]]
    """
    from scipy.linalg import solve_triangular

    flat = data.reshape(len(data), -1)
    mixed = solve_triangular(noise.factor, flat, lower=True, check_finite=False)
    return mixed.reshape(data.shape).astype(data.dtype)


def compression(data: np.ndarray, mask: np.ndarray, n_coils: int) -> np.ndarray:
    """Orthonormal mixture of whitened coils into the `n_coils` that hear most, (n_coils, old).

    Raises
    ------
    ValueError
        If ``n_coils`` is not in 1 to the number of coils.

    References
    ----------
    Buehrer, Pruessmann, Boesiger & Kozerke (2007), Magn. Reson. Med. 57, 1131-1139
    """
    if not 1 <= n_coils <= len(data):
        raise ValueError(f"n_coils must be 1 to {len(data)}, got {n_coils}")
    samples = data[:, mask]
    _, vectors = np.linalg.eigh(samples @ samples.conj().T)
    return vectors[:, ::-1][:, :n_coils].conj().T
