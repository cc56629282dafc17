"""How a law is broken, and the random arrays and first questions all laws share."""

import numpy as np

from corporis.arrays import namespace

DTYPES = ("float32", "float64", "complex64", "complex128")


class LawBroken(AssertionError):
    """An object does not satisfy the law of its noun."""


def draw(rng, shape, dtype, library):
    """Standard normal numbers of a shape and dtype, as an array of `library`."""
    values = rng.standard_normal(shape)
    if dtype.startswith("complex"):
        values = values + 1j * rng.standard_normal(shape)
    return library.asarray(np.asarray(values, dtype=dtype))


def is_same(x, y) -> bool:
    """Whether two arrays of any one library and device have the same shape and values."""
    return tuple(x.shape) == tuple(y.shape) and bool(namespace(x, y).all(x == y))


def normal_like(rng, x):
    """Standard normal numbers of the shape and dtype of `x`, NumPy."""
    values = rng.standard_normal(x.shape)
    if np.iscomplexobj(x):
        values = values + 1j * rng.standard_normal(x.shape)
    return values.astype(x.dtype)


def check_kind(owner, result, source, shape):
    """Raise unless `result` has this shape, the precision of `source`, and stays complex."""
    check_shape_of(owner, result, shape)
    xp = namespace(result)
    is_single = [a.dtype in (xp.float32, xp.complex64) for a in (result, source)]
    is_complex = [xp.isdtype(a.dtype, "complex floating") for a in (result, source)]
    if is_single[0] != is_single[1] or (is_complex[1] and not is_complex[0]):
        raise LawBroken(f"{owner}: {source.dtype} came in, {result.dtype} went out")


def check_shape_of(owner, result, shape):
    """Raise unless `result` has this shape."""
    if tuple(result.shape) != tuple(shape):
        raise LawBroken(f"{owner}: the result has shape {tuple(result.shape)}, not {tuple(shape)}")
