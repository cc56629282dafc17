"""Compiled arithmetic of the splittings: three passes an iteration instead of thirty.

The plain versions are in `composite_splitting` and `consensus`, and a test holds them together.
All of it is linear, so that a complex array is taken as twice as many real numbers.
"""

from typing import Any

import numpy as np
from numba import njit

OPTIONS: dict[str, Any] = {
    "cache": True,
    "nogil": True,
    "error_model": "numpy",
    "fastmath": {"contract"},
}


def fits(x) -> bool:
    """Whether the kernel knows this kind of array."""
    return isinstance(x, np.ndarray) and x.dtype.char in "fdFD"


def depart(z, before, inertia):
    """Splits gone on in their last direction, and their mean."""
    ahead, centre = np.empty_like(z), np.empty_like(z[0])
    flat = _flat(z)
    _depart(flat, _flat(before), flat.dtype.type(inertia), _flat(ahead), _only(centre))
    return ahead, centre


def aim(ahead, centre, gradient, step):
    """``centre - step gradient``, and the argument of each prox."""
    forward, arguments = np.empty_like(centre), np.empty_like(ahead)
    flat = _flat(ahead)
    _aim(
        flat,
        _only(centre),
        _one(gradient, centre),
        flat.dtype.type(step),
        _only(forward),
        _flat(arguments),
    )
    return forward, arguments


def arrive(ahead, centre, near, old):
    """Splits moved by their prox, their mean, and its relative change since `old`."""
    moved, new = _stacked(near, ahead), np.empty_like(centre)
    flat = _flat(moved)
    sums = _arrive(_flat(ahead), _only(centre), _one(old, centre), flat, _only(new))
    return moved, new, _ratio(*sums)


def middle(z, duals, scale):
    """Mean of ``z_i - scale u_i``."""
    centre, flat = np.empty_like(z[0]), _flat(z)
    _middle(flat, _flat(duals), flat.dtype.type(scale), _only(centre))
    return centre


def reach(near, z, duals, relaxation, scale):
    """``relaxation x + (1 - relaxation) z_i + scale u_i``."""
    arguments, flat = np.empty_like(z), _flat(z)
    kind = flat.dtype.type
    numbers = (kind(relaxation), kind(1 - relaxation), kind(scale))
    _reach(_one(near, z), flat, _flat(duals), numbers, _flat(arguments))
    return arguments


def settle(arguments, copies, old):
    """Copies, duals, the mean of the copies, and its relative change since `old`."""
    z, duals, new = (
        _stacked(copies, arguments),
        np.empty_like(arguments),
        np.empty_like(arguments[0]),
    )
    sums = _settle(_flat(arguments), _flat(z), _one(old, z), _flat(duals), _only(new))
    return z, duals, new, _ratio(*sums)


def _stacked(parts, like):
    found = np.empty_like(like)
    for k, part in enumerate(parts):
        found[k] = part
    return found


def _one(x, like):
    """A single array as real numbers of the kind of `like`."""
    return _flat(np.asarray(x, dtype=like.dtype)[None])[0]


def _only(x):
    """A single new array, to be written to."""
    return _flat(x[None])[0]


def _ratio(change, length):
    return float(np.sqrt(change) / (np.sqrt(length) if length > 0 else 1.0))


def _flat(stack):
    """(n, ...) as (n, numbers), real; a view where the memory allows."""
    plain = np.ascontiguousarray(stack).reshape(len(stack), -1)
    return plain.view(plain.real.dtype)


@njit(**{**OPTIONS, "fastmath": {"contract", "reassoc"}})
def _squares(new, old):
    """``||new - old||^2`` and ``||new||^2``, summed in an order that runs fast."""
    change, length = 0.0, 0.0
    for j in range(len(new)):
        step = new[j] - old[j]
        change += step * step
        length += new[j] * new[j]
    return change, length


@njit(**OPTIONS)
def _depart(z, before, inertia, ahead, centre):
    m, n = z.shape
    share = z.dtype.type(1) / z.dtype.type(m)
    for k in range(m):
        here, last, out = z[k], before[k], ahead[k]
        for j in range(n):
            out[j] = here[j] + inertia * (here[j] - last[j])
        if k == 0:
            for j in range(n):
                centre[j] = out[j]
        else:
            for j in range(n):
                centre[j] += out[j]
    for j in range(n):
        centre[j] *= share


@njit(**OPTIONS)
def _aim(ahead, centre, gradient, step, forward, arguments):
    m, n = ahead.shape
    for j in range(n):
        forward[j] = centre[j] - step * gradient[j]
    for k in range(m):
        split, out = ahead[k], arguments[k]
        for j in range(n):
            out[j] = forward[j] + (centre[j] - split[j])


@njit(**OPTIONS)
def _arrive(ahead, centre, old, moved, new):
    m, n = ahead.shape
    share = ahead.dtype.type(1) / ahead.dtype.type(m)
    for k in range(m):
        split, out = ahead[k], moved[k]
        for j in range(n):
            out[j] = split[j] + (out[j] - centre[j])
        if k == 0:
            for j in range(n):
                new[j] = out[j]
        else:
            for j in range(n):
                new[j] += out[j]
    for j in range(n):
        new[j] *= share
    return _squares(new, old)


@njit(**OPTIONS)
def _middle(z, duals, scale, centre):
    m, n = z.shape
    share = z.dtype.type(1) / z.dtype.type(m)
    centre[:] = 0
    for k in range(m):
        copy, dual = z[k], duals[k]
        for j in range(n):
            centre[j] += share * (copy[j] - scale * dual[j])


@njit(**OPTIONS)
def _reach(near, z, duals, numbers, arguments):
    for k in range(len(z)):
        copy, dual, out = z[k], duals[k], arguments[k]
        for j in range(len(near)):
            out[j] = numbers[0] * near[j] + numbers[1] * copy[j] + numbers[2] * dual[j]


@njit(**OPTIONS)
def _settle(arguments, z, old, duals, new):
    m, n = z.shape
    share = z.dtype.type(1) / z.dtype.type(m)
    new[:] = 0
    for k in range(m):
        given, copy, out = arguments[k], z[k], duals[k]
        for j in range(n):
            out[j] = given[j] - copy[j]
        for j in range(n):
            new[j] += share * copy[j]
    return _squares(new, old)
