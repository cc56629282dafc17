"""How much memory a reconstruction will need, said before it starts."""

import math
import os
from pathlib import Path

from corporis.errors import Unsupported
from corporis.imaging import KSpace

SAMPLE = 8
"""Bytes of a complex64 sample."""


def needed_bytes(kspace: KSpace, n_sets: int = 2) -> int:
    """Peak memory of a reconstruction, slice by slice, in bytes.

    The whole k-space and image, and for the slice at hand: whitened coils, maps and the coil
    images of one gradient, the matrices of calibration, and some thirty images of the solver.
    """
    n_coils = kspace.n_coils
    pixels = math.prod((kspace.matrix or (1, 1))[-2:])
    images = int(kspace.data.size // n_coils)
    calibration = 4 * n_coils**2 * pixels if n_coils > 1 else 0
    slice_samples = (5 + 2 * n_sets) * n_coils * pixels + calibration + 30 * n_sets * pixels
    whole = kspace.data.size * (2 if kspace.is_volume else 1) + 2 * images
    return SAMPLE * int(whole + slice_samples)


def available_bytes() -> int | None:
    """Memory that can be had without swapping, in bytes; None where the system does not say."""
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, AttributeError):
        return None


def check_memory(kspace: KSpace, limit: int | None = None, n_pixels: int = 0) -> int:
    """The need in bytes, with that of an interpolated image of `n_pixels`, if it fits.

    Raises
    ------
    Unsupported
        If it does not.
    """
    need = needed_bytes(kspace) + 12 * SAMPLE * n_pixels
    have = available_bytes() if limit is None else limit
    if have is not None and need > have:
        raise Unsupported(
            f"this reconstruction needs about {need / 1e9:.1f} GB of memory, {have / 1e9:.1f} GB "
            "are free: give fewer frames or slices, or compress the coils beforehand"
        )
    return need
