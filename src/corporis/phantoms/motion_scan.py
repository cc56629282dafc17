"""Scans of motion as a scanner stores them: tags, or DENSE's phases, through many coils."""

from collections.abc import Sequence

import numpy as np
from scipy import fft

from corporis.imaging.kspace import KSpace
from corporis.phantoms.dense_wall import dense_kspace
from corporis.phantoms.ellipses import PlaneWaveCoils
from corporis.phantoms.tagged_planes import BeatingWall, TaggedPlane
from corporis.phantoms.tagged_wall import TaggedWall

PLANE = (-2, -1)


def tagged_scan(
    wall: TaggedWall, snr: float = np.inf, seed: int = 0, coils: PlaneWaveCoils | None = None
) -> KSpace:
    """The tagged ring's k-space (frame, coil, row, column), fully sampled.

    Parameters
    ----------
    wall : TaggedWall
    snr : float
        Signal of the untagged wall, seen by a coil of sensitivity 1, over the noise in each of
        the real and imaginary channels of a coil's image, > 0; infinite for none.
    seed : int
        Of the noise.
    coils : PlaneWaveCoils or None
        None is a ring of them. They act on the image's pixels.

    Raises
    ------
    ValueError
        If `snr` is not > 0.

    Examples
    --------
    >>> scan = tagged_scan(TaggedWall(n_frames=2))
    >>> scan.axes, scan.data.shape
    (('frame', 'coil', 'row', 'column'), (2, 8, 64, 64))
    """
    kept = np.stack([wall.kspace(t) for t in wall.times_ms])
    return _scan(kept, ("frame",), wall.pixel_mm, wall.times_ms, snr, seed, coils)


def tagged_plane_scan(
    plane: TaggedPlane,
    heart: BeatingWall,
    phases: Sequence[float] | np.ndarray,
    snr: float = np.inf,
    seed: int = 0,
    coils: PlaneWaveCoils | None = None,
) -> KSpace:
    """K-space of one plane of a virtual heart, as `tagged_scan`; phases are shares of the beat."""
    kept = np.stack([plane.kspace(heart, float(p)) for p in phases])
    pixel = float(np.linalg.norm(plane.steps[0]))
    times = np.asarray(phases, dtype=float) * plane.beat_ms
    return _scan(kept, ("frame",), pixel, times, snr, seed, coils)


def dense_scan(
    wall: TaggedWall,
    cycles_per_mm: float = 0.1,
    snr: float = np.inf,
    seed: int = 0,
    coils: PlaneWaveCoils | None = None,
) -> KSpace:
    """DENSE's k-space (frame, contrast, coil, row, column), a contrast an encoded axis."""
    kept = dense_kspace(wall, cycles_per_mm)
    axes = ("frame", "contrast")
    return _scan(kept, axes, wall.pixel_mm, wall.times_ms, snr, seed, coils)


def _scan(kept, axes, pixel_mm, times_ms, snr, seed, coils) -> KSpace:
    if not snr > 0:
        raise ValueError(f"snr must be > 0, got {snr}")
    coils = PlaneWaveCoils.ring() if coils is None else coils
    side = kept.shape[-1]
    maps = coils.maps((side, side))
    seen = fft.ifft2(fft.ifftshift(kept, axes=PLANE))[..., None, :, :] * maps
    noise = np.random.default_rng(seed).standard_normal((2, *seen.shape))
    noisy = seen + (noise[0] + 1j * noise[1]) / snr
    spectrum = fft.fft2(fft.ifftshift(noisy, axes=PLANE), norm="ortho")
    data = fft.fftshift(spectrum, axes=PLANE)
    return KSpace(
        data.astype(np.complex64),
        (*axes, "coil", "row", "column"),
        maps=maps,
        field_of_view_mm=(side * pixel_mm, side * pixel_mm),
        facts={"format": "virtual heart", "times_ms": times_ms, "warnings": ()},
    )
