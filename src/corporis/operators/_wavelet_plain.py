"""The orthonormal wavelet transform for any array library; see `corporis.operators.wavelet`.

The plain version of `corporis.operators._wavelet_fast`, with the same arguments and results.
"""

import numpy as np
from array_api_compat import device

from corporis.arrays import namespace


def analyse(x, filters, axes, levels, shift):
    """Coefficients of `x`, after it was rolled forth by `shift`, one number an axis."""
    low, high = filters
    result = namespace(x).roll(x, shift, axis=axes)
    for level in range(levels):
        block = approximation(x.shape, axes, level)
        part = result[block]
        for axis in axes:
            part = analyse_axis(part, low, high, axis)
        result[block] = part
    return result


def synthesise(y, filters, axes, levels, shift):
    """The adjoint of `analyse`."""
    low, high = filters
    xp = namespace(y)
    result = xp.asarray(y, copy=True)
    for level in reversed(range(levels)):
        block = approximation(y.shape, axes, level)
        part = result[block]
        for axis in axes:
            part = synthesise_axis(part, low, high, axis)
        result[block] = part
    return xp.roll(result, tuple(-s for s in shift), axis=axes)


def approximation(shape, axes, level):
    """The slices of the approximation after so many levels."""
    block = [slice(None)] * len(shape)
    for axis in axes:
        block[axis] = slice(0, split_size(shape[axis], level))
    return tuple(block)


def split_size(n, level):
    """How many approximations n samples have after so many levels."""
    for _ in range(level):
        n -= n // 2
    return n


def analyse_axis(x, low, high, axis):
    """Approximations, then details: ``a_k = sum_j low_j x_(2k + j - c)``, ``c = len / 2 - 1``.

    Indices are cyclic over the even part of the line; the last sample of an odd line is passed
    on as the last approximation.
    """
    xp, n = namespace(x), x.shape[axis]
    n_even, half = n - n % 2, n // 2
    index = (np.arange(n_even + len(low) - 2) - (len(low) // 2 - 1)) % n_even
    wide = xp.take(x, xp.asarray(index, device=device(x)), axis=axis)
    a, d = 0.0, 0.0
    for tap in range(len(low)):
        samples = cut(wide, axis, tap, tap + 2 * half - 1, 2)
        a, d = a + low[tap] * samples, d + high[tap] * samples
    return xp.concat([a, cut(x, axis, n_even, n), d], axis=axis)


def synthesise_axis(y, low, high, axis):
    """The adjoint of `analyse_axis`."""
    xp, n = namespace(y), y.shape[axis]
    n_even, half = n - n % 2, n // 2
    reach = len(low) // 2 - 1
    index = xp.asarray((np.arange(half + reach) - reach) % half, device=device(y))
    a = xp.take(cut(y, axis, 0, half), index, axis=axis)
    d = xp.take(cut(y, axis, n - half, n), index, axis=axis)
    phases = []
    for phase in range(2):
        total = 0.0
        for pair in range(reach + 1):
            tap, start = 2 * pair + phase, reach - pair
            kept = (cut(part, axis, start, start + half) for part in (a, d))
            near, far = kept
            total = total + low[tap] * near + high[tap] * far
        phases.append(total)
    lined = xp.stack(phases, axis=axis + 1)
    lined = xp.reshape(lined, (*y.shape[:axis], n_even, *y.shape[axis + 1 :]))
    lined = xp.roll(lined, -reach, axis=axis)
    return xp.concat([lined, cut(y, axis, half, n - half)], axis=axis)


def cut(x, axis, start, stop, step=1):
    """``x[start:stop:step]`` along an axis counted from the front."""
    return x[(slice(None),) * axis + (slice(start, stop, step),)]
