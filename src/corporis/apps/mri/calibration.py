"""Coil sensitivities from the centre of k-space (ESPIRiT)."""

from dataclasses import dataclass

import numpy as np
import scipy.fft

from corporis.arrays import n_threads


@dataclass(frozen=True)
class Espirit:
    r"""Sensitivities as eigenvectors of what the calibration lines allow.

    Small pieces of the fully sampled centre of k-space span only part of all pieces; the
    projection on their span, as an image operator, is one small matrix a pixel, whose
    eigenvector of eigenvalue 1 is the sensitivity there. A second eigenvalue near 1 says that
    two places of the body fall on one pixel: the field of view is too small, and two sets of
    maps are needed.

    Parameters
    ----------
    kernel : int
        Side of the pieces, in samples, >= 2.
    n_centre : int
        Side of the calibration block at most, in samples.
    threshold : float
        Singular values below this share of the largest are noise, 0 to 1.
    crop : float
        Eigenvalues below this are no body: the map is 0 there, 0 to 1.

    Raises
    ------
    ValueError
        If a number is out of range; in use, if the centre of k-space is not fully sampled in a
        block at least twice as wide as the kernel.

    References
    ----------
    Uecker, Lai, Murphy, Virtue, Elad, Pauly, Vasanawala & Lustig (2014), Magn. Reson. Med. 71,
    990-1001, doi:10.1002/mrm.24751
    """

    kernel: int = 6
    n_centre: int = 24
    threshold: float = 0.02
    crop: float = 0.8

    def __post_init__(self):
        if self.kernel < 2 or self.n_centre < self.kernel + 2:
            raise ValueError(
                f"kernel must be >= 2 and n_centre larger by 2, got {self.kernel}, {self.n_centre}"
            )
        if not 0 < self.threshold < 1 or not 0 <= self.crop < 1:
            raise ValueError("threshold and crop must be in 0 to 1")

    def centre(self, data: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """The fully sampled block around frequency 0, (n_coils, rows, columns).

        Raises
        ------
        ValueError
            If it is too small.
        """
        window = [min(self.n_centre, n) for n in mask.shape]
        least = 2 * self.kernel - 2
        while min(window) >= least:
            block = tuple(
                slice(n // 2 - w // 2, n // 2 - w // 2 + w) for n, w in zip(mask.shape, window)
            )
            if mask[block].all():
                return data[(slice(None), *block)]
            window = [w - 2 if w == max(window) else w for w in window]
        raise ValueError(
            f"no calibration lines: expected a fully sampled block of at least {least} x {least} "
            "samples at the centre of k-space; give coil maps, or use one coil"
        )

    def eigen(self, data: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Eigenvalues (n, rows, columns), falling, and vectors (n, n_coils, rows, columns)."""
        lags = self._lags(self.centre(data, mask))
        n_coils, shape = len(data), data.shape[1:]
        matrices = self._matrices(lags, shape)
        values, vectors = np.linalg.eigh(matrices)
        values = np.moveaxis(values[..., ::-1], -1, 0)
        vectors = np.moveaxis(vectors[..., ::-1], (-1, -2), (0, 1))
        # one phase for all places: that of the strongest mixture of coils
        block = self.centre(data, mask)
        samples = block.reshape(n_coils, -1)
        main = np.linalg.eigh(samples @ samples.conj().T)[1][:, -1]
        phase = np.einsum("c,ncij->nij", main.conj(), vectors)
        size = np.abs(phase)
        turn = np.where(size > 0, phase.conj() / np.where(size > 0, size, 1), 1)
        # the pieces are of k-space, whose projection works on conjugate sensitivities
        return np.clip(values, 0, 1), np.conj(vectors * turn[:, None])

    def maps(self, data: np.ndarray, mask: np.ndarray, n_sets: int = 1) -> np.ndarray:
        """Sensitivities of length 1 inside the body, zero outside it.

        Parameters
        ----------
        data : complex array, (n_coils, rows, columns)
            K-space, centred; best whitened.
        mask : bool array, (rows, columns)
        n_sets : int
            1 or 2.

        Returns
        -------
        complex64 array, (n_coils, rows, columns), or (2, n_coils, rows, columns)
        """
        values, vectors = self.eigen(data, mask)
        # a soft edge: a map cut off would ring
        rise = np.clip((values - self.crop) / max(1e-6, 0.5 * (1 - self.crop)), 0, 1)
        found = (vectors * np.sqrt(rise)[:, None]).astype(np.complex64)
        return found[0] if n_sets == 1 else found[:n_sets]

    def _lags(self, block):
        """The projection on the span of pieces, added over places: (2k-1, 2k-1, coils, coils)."""
        k, n_coils = self.kernel, len(block)
        pieces = np.lib.stride_tricks.sliding_window_view(block, (k, k), axis=(1, 2))
        rows = np.moveaxis(pieces, 0, 2).reshape(-1, n_coils * k * k)
        values, vectors = np.linalg.eigh(rows.conj().T @ rows)
        kept = vectors[:, values >= self.threshold**2 * values[-1]]
        span = (kept @ kept.conj().T).reshape(n_coils, k, k, n_coils, k, k)
        lags = np.zeros((2 * k - 1, 2 * k - 1, n_coils, n_coils), np.complex128)
        for i in range(k):
            for j in range(k):
                part = span[:, i, j].transpose(2, 3, 0, 1)
                lags[k - 1 - i : 2 * k - 1 - i, k - 1 - j : 2 * k - 1 - j] += part
        return lags / k**2

    def _matrices(self, lags, shape):
        """One small matrix a pixel, (rows, columns, coils, coils)."""
        k = self.kernel
        padded = np.zeros((*shape, *lags.shape[2:]), np.complex64)
        for i in range(2 * k - 1):
            for j in range(2 * k - 1):
                padded[(i - k + 1) % shape[0], (j - k + 1) % shape[1]] += lags[i, j]
        found = scipy.fft.ifft2(padded, axes=(0, 1), norm="forward", workers=n_threads())
        found = scipy.fft.fftshift(found, axes=(0, 1))
        return (found + np.conj(np.swapaxes(found, -1, -2))) / 2
