"""The tagged ring as displacement-encoded MRI (DENSE) sees it: its displacement is the phase."""

import numpy as np
from scipy import fft

from corporis.phantoms.tagged_wall import TaggedWall

FINE = 8


def dense_images(
    wall: TaggedWall, cycles_per_mm: float = 0.1, snr: float = np.inf, seed: int = 0
) -> np.ndarray:
    """Complex images whose angle is ``2 pi cycles_per_mm u``, one for each axis.

    `u` is the displacement since rest of the muscle that is in a pixel *now*. The image is the
    central part of the k-space of a `FINE` times finer one, so that pixels at the rims are partly
    muscle, and phases that change within a pixel weaken it.

    Parameters
    ----------
    wall : TaggedWall
    cycles_per_mm : float
        Turns of the phase per mm, > 0.
    snr : float
        Signal of the wall over the noise in each of the real and imaginary channels, > 0;
        infinite for none.
    seed : int
        Of the noise.

    Returns
    -------
    complex array, (n_frames, 2, side, side)

    Raises
    ------
    ValueError
        If `cycles_per_mm` or `snr` is not > 0.

    References
    ----------
    Aletras, Ding, Balaban & Wen (1999), J. Magn. Reson. 137, 247-252, doi:10.1006/jmre.1998.1676

    Examples
    --------
    >>> images = dense_images(TaggedWall(n_frames=2))
    >>> bool(np.abs(np.angle(images[0, :, 12, 31])).max() < 0.05)       # at rest
    True
    """
    if not snr > 0:
        raise ValueError(f"cycles_per_mm and snr must be > 0, got {cycles_per_mm} and {snr}")
    kept = dense_kspace(wall, cycles_per_mm)
    out = fft.ifft2(fft.ifftshift(kept, axes=(-2, -1)))
    noise = np.random.default_rng(seed).standard_normal((2, *out.shape))
    return out + (noise[0] + 1j * noise[1]) / snr


def dense_kspace(wall: TaggedWall, cycles_per_mm: float = 0.1) -> np.ndarray:
    """Their central k-space without noise, (n_frames, 2, side, side), frequency 0 in the middle.

    Raises
    ------
    ValueError
        If `cycles_per_mm` is not > 0.
    """
    if not cycles_per_mm > 0:
        raise ValueError(f"cycles_per_mm and snr must be > 0, got {cycles_per_mm} cycles_per_mm")
    n, side = FINE * wall.side, wall.side
    line = (np.arange(n) - (n - 1) / 2) * wall.pixel_mm / FINE
    places = np.stack(np.meshgrid(line, line, indexing="ij"), axis=-1)
    start = (n - side) // 2
    # a coarse pixel's centre lies (FINE - 1) / 2 further on the fine grid
    shift = np.exp(2j * np.pi * fft.fftshift(fft.fftfreq(side)) * (FINE - 1) / (2 * FINE))
    out = np.empty((wall.n_frames, 2, side, side), complex)
    for t, time in enumerate(wall.times_ms):
        rest = wall.backward(places, time)
        radius = np.hypot(rest[..., 0], rest[..., 1])
        inside = (radius >= wall.inner_mm) & (radius <= wall.outer_mm)
        for axis in range(2):
            phase = 2 * np.pi * cycles_per_mm * (places - rest)[..., axis]
            spectrum = fft.fftshift(fft.fft2(inside * np.exp(1j * phase)))
            kept = spectrum[start : start + side, start : start + side] / FINE**2
            out[t, axis] = kept * np.outer(shift, shift)
    return out
