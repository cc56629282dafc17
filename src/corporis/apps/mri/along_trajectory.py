"""One slice measured along a trajectory, made ready: radial, spiral and the like."""

import numpy as np

from corporis.apps.mri.calibration import Espirit
from corporis.apps.mri.encoding import Encoding
from corporis.apps.mri.noise import OUTER_SHARE, compression, noise_of, whitened
from corporis.errors import Unsupported
from corporis.interfaces import Shape
from corporis.operators import Fourier, Trajectory, density_weights
from corporis.solvers import conjugate_gradient, run

MOST_COILS = 12
N_GRIDDING = 12
"""Conjugate gradients of the coil images that are calibrated."""


def encode_trajectory(
    data: np.ndarray,
    points: np.ndarray,
    matrix: Shape,
    *,
    maps: np.ndarray | None = None,
    noise_scan: np.ndarray | None = None,
    espirit: Espirit | None = None,
    n_coils: int | None = None,
) -> Encoding:
    """Make one slice ready.

    The misfit weighs each sample by the area of k-space that it stands for. Coils are calibrated
    from least-squares images of each coil alone.

    Parameters
    ----------
    data : complex array, (n_coils, n_shots, n_samples)
    points : array, (n_shots, n_samples, 2)
        Frequencies in radians a pixel.
    matrix : tuple of int
        Rows and columns of the image.
    maps : complex array or None, (n_coils, rows, columns)
    noise_scan : complex array or None, (n_coils, n_samples)
    espirit : Espirit or None
    n_coils : int or None
        Compress to so many coils; None keeps all up to 12.

    Raises
    ------
    Unsupported
        If samples are not finite, a coil is all zero, or the coils cannot be calibrated.
    """
    _check(data, points)
    everywhere = np.ones(points.shape[:-1], bool)
    radius = np.hypot(points[..., 0], points[..., 1])
    rim = radius >= np.quantile(radius, 1 - OUTER_SHARE)
    try:
        noise = noise_of(data, everywhere, noise_scan, rim=rim)
        white = whitened(data.astype(np.complex64), noise)
        weights = density_weights(matrix, points)
        if len(data) == 1 and maps is None:
            operator = Trajectory(matrix, points, weights=weights)
            return _scaled(operator, white[0], None, noise)
        wanted = min(len(data), MOST_COILS) if n_coils is None else n_coils
        mix = compression(white, everywhere, wanted)
        mixed = np.tensordot(mix, white, 1).astype(np.complex64)
        if maps is None:
            found = _calibrated(mixed, points, weights, matrix, espirit or Espirit())
            coils = np.tensordot(noise.factor @ mix.conj().T, found, 1)
        else:
            coils = np.asarray(maps, np.complex64)
            found = np.tensordot(mix, whitened(coils, noise), 1)
            size = np.sqrt(np.sum(np.abs(found) ** 2, axis=0))
            size = np.where(size > 1e-3 * size.max(), size, np.inf)
            found, coils = found / size, coils / size
    except ValueError as error:
        raise Unsupported(str(error)) from None
    operator = Trajectory(matrix, points, found.astype(np.complex64), weights)
    return _scaled(operator, mixed, coils.astype(np.complex64)[None], noise)


def _check(data, points):
    if data.ndim != 3 or data.shape[1:] != points.shape[:-1]:
        raise Unsupported(
            f"k-space must be (coils, shots, samples) like the trajectory's {points.shape[:-1]}, "
            f"got {data.shape}"
        )
    if not np.all(np.isfinite(data)):
        raise Unsupported("k-space must be finite, some samples are not")
    silent = [c + 1 for c, coil in enumerate(data) if not np.any(coil)]
    if silent:
        raise Unsupported(
            f"coil {', '.join(map(str, silent))} of {len(data)} is all zero: expected signal in "
            "every coil; leave silent coils out"
        )


def _calibrated(data, points, weights, matrix, espirit):
    """Sensitivities from the spectra of least-squares images, coil by coil."""
    plain = Trajectory(matrix, points, weights=weights)
    spectrum = Fourier(matrix, is_centred=True)
    found = []
    for coil in data:
        start = plain.adjoint((weights * coil).astype(np.complex64))
        image = run(
            conjugate_gradient(plain.normal, start, np.zeros_like(start)), at_most=N_GRIDDING
        ).x
        found.append(spectrum.forward(image))
    return espirit.maps(np.stack(found), np.ones(matrix, bool))


def _scaled(operator, white, coils, noise):
    """Brightest about 1: the 99.8th percentile of the gridded image of the centre."""
    weights = operator.sampling
    blurred = operator.adjoint(
        (weights * white * (np.abs(operator.points).max(axis=-1) < np.pi / 3)).astype(np.complex64)
    )
    scale = float(np.quantile(np.abs(blurred), 0.998))
    if not scale > 0:
        raise Unsupported("k-space is zero around its centre: expected the signal of an image")
    data = (weights * white / scale).astype(np.complex64)
    # what the weights make of noise of deviation 1 in each sample, as seen in an image
    seen = float(np.sqrt(np.sum(weights**4) / np.sum(weights**2)))
    sigma = seen / scale / np.sqrt(2)
    mask = np.ones(operator.points.shape[:-1], bool)
    if coils is None:
        scale *= float(np.sqrt(np.real(noise.covariance[0, 0])))
    return Encoding(operator, data, mask, scale, sigma, coils, noise)
