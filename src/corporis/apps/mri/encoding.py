"""One slice of a scan made ready: whitened, compressed, scaled, its coils calibrated."""

from dataclasses import dataclass, replace

import numpy as np

from corporis.apps.mri.calibration import Espirit
from corporis.apps.mri.noise import Noise, compression, noise_of, whitened
from corporis.errors import Unsupported
from corporis.functionals import QuadraticMisfit
from corporis.operators import Cartesian, Trajectory

SECOND_SET = 0.9
"""Eigenvalue above which a pixel shows two places of the body."""
LEAST_SIDE = 8
MOST_COILS = 12
"""More coils than this are compressed, unless a number is asked for."""


@dataclass(frozen=True, eq=False)
class Encoding:
    """A reconstruction problem whose image is about 1 at its brightest.

    Parameters
    ----------
    operator : Cartesian or Trajectory
        From the image, ``(rows, columns)`` or ``(n_sets, rows, columns)``, to `data`.
    data : complex64 array
        K-space, whitened and divided by `scale`; zero off the mask.
    mask : bool array, (rows, columns), or (shots, samples) along a trajectory
    scale : float
        Multiplies the image back into the unit of the input.
    sigma : float
        Noise of the real and of the imaginary part of one sample of `data`.
    coils : complex64 array or None, (n_sets, n_coils, rows, columns)
        Sensitivities of the coils as they were, for the brightness of the root sum of squares;
        None with one coil.
    noise : Noise
        Of the coils as they were.
    """

    operator: Cartesian | Trajectory
    data: np.ndarray
    mask: np.ndarray
    scale: float
    sigma: float
    coils: np.ndarray | None
    noise: Noise

    @property
    def misfit(self) -> QuadraticMisfit:
        """Half the squared distance to the data."""
        return QuadraticMisfit(self.operator, self.data, bound=max(self.operator.bound, 1e-6))

    @property
    def is_met_exactly(self) -> bool:
        """Whether the nearest image that fits the samples is known in closed form."""
        return isinstance(self.operator, Cartesian) and self.operator.maps is None

    @property
    def n_sets(self) -> int:
        """Sets of coil maps."""
        return self.operator.domain[0] if len(self.operator.domain) > 2 else 1

    def keeping(self, mask: np.ndarray) -> "Encoding":
        """The same problem with fewer samples."""
        if isinstance(self.operator, Trajectory):
            fewer = self.operator.keeping(mask)
            return replace(self, operator=fewer, data=self.data * mask, mask=mask)
        operator = replace(self.operator, mask=mask)
        return replace(self, operator=operator, data=self.data * mask, mask=mask)

    def start(self) -> np.ndarray:
        """The zero-filled image, coils combined."""
        return self.operator.adjoint(self.data)

    def image(self, x: np.ndarray) -> np.ndarray:
        """The image in the unit of the input: with coils, as bright as their root sum of squares.

        The phase is that of the first set of maps.
        """
        if self.coils is None:
            return (self.scale * x).astype(np.complex64)
        sets = x if self.n_sets > 1 else x[None]
        seen = sum(m * s for m, s in zip(self.coils, sets))
        length = np.sqrt(np.sum(np.abs(seen) ** 2, axis=0))
        return (self.scale * length * np.exp(1j * np.angle(sets[0]))).astype(np.complex64)


@dataclass(frozen=True, eq=False)
class Receiver:
    """What the coils of a scan are: their noise, how they are mixed, what each hears where.

    Parameters
    ----------
    noise : Noise
        Of the coils as they were.
    mix : array, (n_kept, n_coils)
        Orthonormal, from whitened coils to those that are reconstructed.
    coils : complex64 array or None, (n_sets, n_coils, rows, columns)
        Sensitivities of the coils as they were; None with one coil that hears everything alike.
    maps : complex64 array or None, (n_sets, n_kept, rows, columns)
        Those of the mixed coils, of length 1 inside the body.
    """

    noise: Noise
    mix: np.ndarray
    coils: np.ndarray | None
    maps: np.ndarray | None

    def encode(self, data: np.ndarray, mask: np.ndarray) -> Encoding:
        """K-space (n_coils, rows, columns) and its mask made ready.

        Raises
        ------
        Unsupported
            If nothing was measured around the centre.
        """
        white = whitened((data * mask).astype(np.complex64), self.noise)
        if self.maps is None:
            return _scaled(Cartesian(mask.shape, mask), white[0], mask, None, self.noise)
        mixed = np.tensordot(self.mix, white, 1).astype(np.complex64)
        maps = self.maps if len(self.maps) > 1 else self.maps[0]
        return _scaled(Cartesian(mask.shape, mask, maps), mixed, mask, self.coils, self.noise)


def encode(
    data: np.ndarray,
    mask: np.ndarray,
    *,
    maps: np.ndarray | None = None,
    noise_scan: np.ndarray | None = None,
    espirit: Espirit | None = None,
    n_sets: int | None = None,
    n_coils: int | None = None,
) -> Encoding:
    """Make one slice ready.

    Parameters
    ----------
    data : complex array, (n_coils, rows, columns)
        K-space, centred; what lies off the mask is not used.
    mask : bool array, (rows, columns)
    maps : complex array or None, (n_coils, ...) or (n_sets, n_coils, ...)
        Known sensitivities of the coils; None calibrates them from the centre of k-space.
    noise_scan : complex array or None, (n_coils, n_samples)
    espirit : Espirit or None
        How to calibrate.
    n_sets : int or None
        Sets of maps, 1 or 2; None takes two where much of the body asks for them.
    n_coils : int or None
        Compress to so many coils; None keeps all up to 12.

    Raises
    ------
    Unsupported
        If nothing was measured, a coil is all zero, the centre is too small to calibrate, or the
        image is smaller than 8 pixels.
    """
    _check(data, mask)
    noise = _noise(data * mask, mask, noise_scan)
    receiver = _receiver(data * mask, mask, noise, maps, espirit or Espirit(), n_sets, n_coils)
    return receiver.encode(data, mask)


def encode_series(
    data: np.ndarray,
    masks: np.ndarray,
    *,
    maps: np.ndarray | None = None,
    noise_scan: np.ndarray | None = None,
    n_coils: int | None = None,
) -> list[Encoding]:
    """Make the frames of one slice ready, with the same coils for all.

    The coils are calibrated from the mean of all frames, which is better sampled than each.

    Parameters
    ----------
    data : complex array, (n_frames, n_coils, rows, columns)
    masks : bool array, (n_frames, rows, columns)
    maps, noise_scan, n_coils
        As in `encode`; one set of maps.

    Raises
    ------
    Unsupported
        As `encode`.
    """
    for frame, mask in zip(data, masks, strict=True):
        _check(frame, mask)
    noise = _noise(data[0] * masks[0], masks[0], noise_scan)
    count = masks.sum(axis=0)
    mean = np.sum(data * masks[:, None], axis=0) / np.maximum(count, 1)
    receiver = _receiver(mean, count > 0, noise, maps, Espirit(), 1, n_coils)
    return [receiver.encode(frame, mask) for frame, mask in zip(data, masks, strict=True)]


def _noise(data, mask, scan):
    try:
        return noise_of(data, mask, scan)
    except ValueError as error:
        raise Unsupported(str(error)) from None


def _receiver(data, mask, noise, maps, espirit, n_sets, n_coils):
    n_all = len(data)
    if n_all == 1 and maps is None:
        return Receiver(noise, np.eye(1), None, None)
    wanted = min(n_all, MOST_COILS) if n_coils is None else n_coils
    if not 1 <= wanted <= n_all:
        raise Unsupported(f"n_coils must be 1 to the {n_all} of the scan, got {n_coils}")
    white = whitened(data.astype(np.complex64), noise)
    mix = compression(white, mask, wanted) if wanted < n_all else np.eye(n_all)
    if maps is None:
        mixed = np.tensordot(mix, white, 1).astype(np.complex64)
        try:
            found = _calibrated(mixed, mask, espirit, n_sets)
        except ValueError as error:
            raise Unsupported(str(error)) from None
        back = noise.factor @ mix.conj().T
        coils = np.einsum("dc,sc...->sd...", back, found)
    else:
        coils = np.asarray(maps, np.complex64)
        coils = coils if coils.ndim == 4 else coils[None]
        found = np.stack([np.tensordot(mix, whitened(m, noise), 1) for m in coils])
        # length 1 inside the body; the operator must not be stretched where coils are weak
        size = np.sqrt(np.sum(np.abs(found) ** 2, axis=1, keepdims=True))
        found = found / np.where(size > 1e-3 * size.max(), size, np.inf)
        coils = coils / np.where(size > 1e-3 * size.max(), size, np.inf)
    return Receiver(noise, mix, coils.astype(np.complex64), found.astype(np.complex64))


def _check(data, mask):
    if data.ndim != 3 or data.shape[1:] != mask.shape:
        raise Unsupported(
            f"k-space must be (coils, rows, columns) on the mask's {mask.shape}, got {data.shape}"
        )
    if min(mask.shape) < LEAST_SIDE:
        raise Unsupported(
            f"expected k-space of at least {LEAST_SIDE} rows and columns, got {mask.shape}: "
            "give a whole scan"
        )
    bad = int(data.size - np.count_nonzero(np.isfinite(data)))
    if bad:
        raise Unsupported(f"k-space must be finite, {bad} of {data.size} samples are not")
    silent = [c + 1 for c, coil in enumerate(data) if not np.any(coil)]
    if silent:
        raise Unsupported(
            f"coil {', '.join(map(str, silent))} of {len(data)} is all zero: expected signal in "
            "every coil; leave silent coils out"
        )


def _calibrated(data, mask, espirit, n_sets):
    values, _ = espirit.eigen(data, mask)
    if n_sets is None:
        body = values[0] > SECOND_SET
        folded = np.mean(values[1][body] > SECOND_SET) if body.any() and len(values) > 1 else 0
        n_sets = 2 if folded > 0.02 else 1
    return espirit.maps(data, mask, n_sets).reshape(-1, *data.shape)


def _scaled(operator, data, mask, coils, noise):
    """Brightest about 1: the 99.8th percentile of the zero-filled image of the centre."""
    axes = tuple(np.abs(np.arange(n) - n // 2) < max(n // 6, 4) for n in mask.shape)
    blurred = operator.adjoint(data * np.outer(*axes))
    scale = float(np.quantile(np.abs(blurred), 0.998))
    if not scale > 0:
        raise Unsupported("k-space is zero around its centre: expected the signal of an image")
    data = (data / scale).astype(np.complex64)
    if coils is None:
        level = float(np.sqrt(np.real(noise.covariance[0, 0])))
        return Encoding(operator, data, mask, scale * level, 1 / scale / np.sqrt(2), None, noise)
    return Encoding(operator, data, mask, scale, 1 / scale / np.sqrt(2), coils, noise)
