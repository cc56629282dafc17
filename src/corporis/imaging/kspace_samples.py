"""Samples before they are k-space: sound or refused, which were measured, readouts cut short."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from corporis.errors import BadInput, Unreadable
from corporis.imaging.guard import shown

LARGEST = 1e18
"""Their squares overflow in single precision: no scanner gives such numbers, wrong bytes do."""

AXES_ENCODED = ("slice", "row", "column")


def check_samples(data: np.ndarray, axes: Sequence[str], path: Path, what: str = "k-space") -> None:
    """Refuse samples that no scanner gives.

    Raises
    ------
    BadInput
        If there are NaN or infinite values, or a coil (or everything) is zero.
    Unreadable
        If magnitudes are absurd, as they are where the byte order is wrong.
    """
    peaks = []
    place = axes.index("coil")
    for coil in range(data.shape[place]):
        part = data[(slice(None),) * place + (coil,)]
        with np.errstate(all="ignore"):
            largest = max(
                float(np.max(np.abs(p))) if p.size else 0.0 for p in (part.real, part.imag)
            )
        if not np.isfinite(largest):
            bad = int(data.size - np.count_nonzero(np.isfinite(data)))
            raise BadInput(
                f"{shown(path)}: {what} must be finite, but {bad} of {data.size} values are NaN or "
                "infinite: repair or export it again"
            )
        if largest > LARGEST:
            raise Unreadable(
                f"{shown(path)}: expected {what} in a scanner's units, got values up to "
                f"{largest:.1e}: the byte order or type of the numbers is wrong, export it again"
            )
        peaks.append(largest)
    if max(peaks) == 0:
        raise BadInput(f"{shown(path)}: {what} is zero everywhere: export it again")
    zero = [str(i) for i, peak in enumerate(peaks) if peak == 0]
    if zero:
        raise BadInput(
            f"{shown(path)}: expected a signal in all {len(peaks)} coils, but {what} is all zero "
            f"in coil {', '.join(zero[:8])} (counted from 0): leave it out"
        )


def measured(data: np.ndarray, axes: Sequence[str]) -> np.ndarray | None:
    """Which samples are not exactly zero in all coils; None where all are measured.

    Fewer than 1 % of zeros that fill no whole line are small values of a scanner that rounds.
    """
    mask = np.zeros(tuple(n for n, a in zip(data.shape, axes) if a != "coil"), bool)
    place = list(axes).index("coil")
    for coil in range(data.shape[place]):
        mask |= data[(slice(None),) * place + (coil,)] != 0
    rounded = np.mean(mask) > 0.99 and mask.any(axis=-1).all() and mask.any(axis=-2).all()
    return None if rounded else mask


def is_centred(data: np.ndarray, axes: Sequence[str], is_volume: bool) -> bool:
    """Whether the energy lies around the middle of the encoded axes, not at the corners.

    Only where there is more than twice as much at the corners is the answer no.
    """
    encoded = [a for a in axes if a in (AXES_ENCODED if is_volume else AXES_ENCODED[1:])]
    rest = tuple(i for i, a in enumerate(axes) if a not in encoded)
    energy = np.zeros(tuple(data.shape[axes.index(a)] for a in encoded))
    for index in np.ndindex(*(data.shape[i] for i in rest)):
        part: list[Any] = [slice(None)] * data.ndim
        for i, k in zip(rest, index):
            part[i] = k
        energy += np.abs(data[tuple(part)]) ** 2
    inner = tuple(slice(n // 4, n - n // 4) for n in energy.shape)
    middle = float(energy[inner].sum())
    corner = float(np.fft.fftshift(energy)[inner].sum())
    return 2 * middle >= corner


def without_oversampling(data: np.ndarray, axis: int, keep: int) -> np.ndarray:
    """Samples whose image has only the middle `keep` pixels along an axis.

    The transforms are unitary, so that white noise keeps its variance.
    """
    from scipy import fft

    n = data.shape[axis]
    first = n // 2 - keep // 2
    shape = (*data.shape[:axis], keep, *data.shape[axis + 1 :])
    out = np.empty(shape, np.complex64)
    cut = (slice(None),) * (axis - 2) + (slice(first, first + keep),)
    for index in np.ndindex(*data.shape[:2]):  # a part at a time, to spare memory
        part = fft.ifftshift(data[index], axes=axis - 2)
        image = fft.fftshift(fft.ifft(part, axis=axis - 2, norm="ortho"), axes=axis - 2)[cut]
        spectrum = fft.fft(fft.ifftshift(image, axes=axis - 2), axis=axis - 2, norm="ortho")
        out[index] = fft.fftshift(spectrum, axes=axis - 2)
    return out


def shortened(mask: np.ndarray, axis: int, keep: int) -> np.ndarray:
    """The mask after `without_oversampling`: a sample counts where both old neighbours did."""
    n = mask.shape[axis]
    old = n // 2 + (np.arange(keep) - keep // 2) * (n / keep)
    low = np.take(mask, np.clip(np.floor(old).astype(int), 0, n - 1), axis=axis)
    high = np.take(mask, np.clip(np.ceil(old).astype(int), 0, n - 1), axis=axis)
    return low & high


def is_whole(mask: np.ndarray | None, axis: int) -> bool:
    """Whether each readout along an axis was measured in one piece or not at all."""
    if mask is None:
        return True
    edges = np.diff(mask.astype(np.int8), axis=axis, prepend=0, append=0)
    return bool(np.all(np.count_nonzero(edges, axis=axis) <= 2))


def coverage(mask: np.ndarray | None, names: Sequence[str]) -> dict[str, dict[str, float]]:
    """Partial Fourier and zero filling, read off the mask.

    An axis was measured from -a to b around frequency 0. Where one side is shorter by more than
    sparse sampling explains, it is partial Fourier; where both end before the raster, zero filling.

    Parameters
    ----------
    mask : bool array or None
    names : sequence of str
        Of the axes of `mask`; ``slice``, ``row`` and ``column`` are looked at.

    Returns
    -------
    dict
        ``partial_fourier``: axis to the part of the symmetric span that was measured, 0.5 to 1;
        ``zero_filled``: axis to the part of the raster that the symmetric span fills. Axes
        without either are left out.

    Examples
    --------
    >>> lines = np.zeros((64, 48), bool)
    >>> lines[24:] = True                      # 40 of 64 rows
    >>> coverage(lines, ("row", "column"))
    {'partial_fourier': {'row': 0.625}, 'zero_filled': {}}
    """
    out: dict[str, dict[str, float]] = {"partial_fourier": {}, "zero_filled": {}}
    if mask is None:
        return out
    for place, name in enumerate(names):
        n = mask.shape[place]
        lines = np.flatnonzero(mask.any(axis=tuple(i for i in range(mask.ndim) if i != place)))
        if name not in AXES_ENCODED or n < 8 or len(lines) < 2:
            continue
        gap = max(2, 2 * int(np.max(np.diff(lines))))
        below, above = n // 2 - lines[0], lines[-1] - n // 2
        longer = max(below, above + (n % 2 == 0))
        span = 2 * longer + (n % 2)
        if abs(below - above) > max(gap, n // 16):
            out["partial_fourier"][name] = float((lines[-1] - lines[0] + 1) / span)
        if n - span > 2 * max(gap, n // 32):
            out["zero_filled"][name] = float(span / n)
    return out
