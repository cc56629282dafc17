"""Velocity and flow from the phase between two images."""

import numpy as np

from corporis.arrays import check_finite


def velocity(
    reference: np.ndarray,
    encoded: np.ndarray,
    rad_s_per_cm: float,
    *,
    is_unwrapped: bool = True,
    is_levelled: bool = False,
) -> np.ndarray:
    """Velocity through the plane in cm/s: the phase gained, over the phase of one cm/s.

    Parameters
    ----------
    reference, encoded : complex array, (rows, columns)
        Of the same place, without and with velocity encoding.
    rad_s_per_cm : float
        Phase of one cm/s, not 0; pi over the velocity that wraps ("venc").
    is_unwrapped : bool
        Add whole turns so that neighbours agree; velocities beyond venc then come out right where
        they are reached gradually. The turn of the strongest pixel is kept.
    is_levelled : bool
        Subtract the plane that fits most of the strong pixels best: what resting tissue shows.

    Raises
    ------
    ValueError
        If the shapes differ, a value is not finite, or `rad_s_per_cm` is 0 or not finite.

    References
    ----------
    Lotz, Meier, Leppert & Galanski (2002), RadioGraphics 22, 651-671, doi:10.1148/rg.223015069

    Examples
    --------
    >>> still = np.ones((4, 4), dtype=complex)
    >>> velocity(still, 1j * still, np.pi / 2)[0, 0].round(6)    # a quarter turn
    np.float64(1.0)
    """
    if reference.ndim != 2 or reference.shape != encoded.shape:
        raise ValueError(
            f"reference and encoded must be (rows, columns) alike, got {reference.shape} and "
            f"{encoded.shape}"
        )
    check_finite(reference, "reference")
    check_finite(encoded, "encoded")
    if not np.isfinite(rad_s_per_cm) or rad_s_per_cm == 0:
        raise ValueError(f"rad_s_per_cm must be finite and not 0, got {rad_s_per_cm}")
    product = np.asarray(encoded, np.complex128) * np.conj(np.asarray(reference, np.complex128))
    phase = np.angle(product)
    strength = np.sqrt(np.abs(product))
    if is_unwrapped:
        phase = _unwrapped(phase, strength)
    found = phase / rad_s_per_cm
    return found - background(found, strength) if is_levelled else found


def _unwrapped(phase, strength):
    from skimage.restoration import unwrap_phase

    # noise has no neighbours that agree: only where there is signal
    is_weak = strength < 0.1 * strength.max()
    if is_weak.all() or strength.max() == 0:
        return phase
    masked = np.ma.masked_array(phase, is_weak)
    found = np.where(is_weak, phase, np.ma.filled(unwrap_phase(masked, rng=0), 0.0))
    strongest = np.unravel_index(int(np.argmax(strength)), strength.shape)
    turns = np.round((found[strongest] - phase[strongest]) / (2 * np.pi))
    return np.where(is_weak, phase, found - 2 * np.pi * turns)


def background(velocities: np.ndarray, strength: np.ndarray) -> np.ndarray:
    """The plane through the velocities of resting tissue, cm/s.

    Least absolute deviations, weighted by the signal: flowing blood is a gross error of few
    pixels.

    Parameters
    ----------
    velocities, strength : array, (rows, columns)
    """
    rows, columns = np.indices(velocities.shape)
    size = max(velocities.shape)
    ones = np.ones(velocities.size)
    design = np.stack([ones, rows.ravel() / size, columns.ravel() / size], axis=1)
    weight = np.where(strength > 0.1 * strength.max(), strength, 0.0).ravel()
    target, coefficients = velocities.ravel(), np.zeros(3)
    spread = 1e-3 * max(float(np.ptp(target)), 1e-12)
    for _ in range(30):
        pull = weight / np.maximum(np.abs(target - design @ coefficients), spread)
        root = np.sqrt(pull)
        coefficients = np.linalg.lstsq(root[:, None] * design, root * target, rcond=None)[0]
    return (design @ coefficients).reshape(velocities.shape)


def flow(
    velocities: np.ndarray, region: np.ndarray, pixel_mm: float | tuple[float, float]
) -> np.ndarray | float:
    """Flow through a region in ml/s: velocity times area.

    Parameters
    ----------
    velocities : array, (rows, columns) or (n_frames, rows, columns)
        In cm/s.
    region : bool array, (rows, columns)
    pixel_mm : float or pair of float
        Pixel steps in mm, > 0.

    Examples
    --------
    >>> flow(np.full((2, 2), 10.0), np.ones((2, 2), dtype=bool), 5.0)    # 10 cm/s through 1 cm^2
    10.0
    """
    steps = np.broadcast_to(np.asarray(pixel_mm, float), (2,))
    if not np.all(steps > 0):
        raise ValueError(f"pixel_mm must be > 0, got {pixel_mm}")
    if region.shape != velocities.shape[-2:]:
        raise ValueError(f"region must be {velocities.shape[-2:]}, got {region.shape}")
    found = np.sum(velocities * region, axis=(-2, -1)) * float(np.prod(steps)) / 100
    return float(found) if np.ndim(found) == 0 else found
