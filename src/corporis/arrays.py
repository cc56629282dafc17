"""Arrays of any library: the namespace of an array, and rules for shapes, dtypes and threads."""

import os

import array_api_compat
import numpy as np


def namespace(*arrays):
    """The array API namespace that the given arrays share (NumPy, torch or CuPy).

    Examples
    --------
    >>> import numpy as np
    >>> namespace(np.zeros(3)).__name__.split(".")[-1]
    'numpy'
    """
    return array_api_compat.array_namespace(*arrays)


def inner(x, y) -> complex:
    """The inner product ``<x, y> = sum conj(x) y`` as a Python number.

    Examples
    --------
    >>> import numpy as np
    >>> inner(np.array([1j]), np.array([1j])).real
    1.0
    """
    xp = namespace(x, y)
    left = xp.conj(x) if xp.isdtype(x.dtype, "complex floating") else x
    return complex(xp.sum(left * y))


def norm(x) -> float:
    """The Euclidean length of an array of any shape."""
    xp = namespace(x)
    return float(xp.linalg.vector_norm(xp.reshape(x, (-1,))))


def check_shape(x, shape, name="x"):
    """Raise ``ValueError`` unless `x` has exactly this shape."""
    if tuple(x.shape) != tuple(shape):
        raise ValueError(f"{name} must have shape {tuple(shape)}, got {tuple(x.shape)}")


def check_finite(x, name="x"):
    """Raise ``ValueError`` if `x` holds NaN or infinity, saying how many."""
    bad = int(np.size(x) - np.count_nonzero(np.isfinite(np.asarray(x))))
    if bad:
        raise ValueError(f"{name} must be finite, {bad} of {np.size(x)} values are not")


def matched(values, x):
    """`values` in the library, on the device and in the precision of `x`.

    Real values stay real and complex ones complex, so that a double-precision weight does not
    turn a float32 image into a float64 one.

    Examples
    --------
    >>> import numpy as np
    >>> matched([1, 2], np.zeros(2, dtype=np.complex64)).dtype
    dtype('float32')
    """
    xp = namespace(x)
    if not array_api_compat.is_array_api_obj(values):
        # torch would round a Python number to single precision
        values = np.asarray(values)
    if isinstance(values, np.ndarray) and not isinstance(x, np.ndarray):
        # torch shares memory, and warns where that memory is read-only
        values = np.array(values)
    values = xp.asarray(values, device=array_api_compat.device(x))
    is_single = x.dtype in (xp.float32, xp.complex64)
    if xp.isdtype(values.dtype, "complex floating"):
        return xp.astype(values, xp.complex64 if is_single else xp.complex128, copy=False)
    return xp.astype(values, xp.float32 if is_single else xp.float64, copy=False)


class Constant:
    """Values that never change, handed out by `like` in the kind of the array they meet.

    An operator's maps or masks are converted once for each library, device and precision, not
    at every call.

    Parameters
    ----------
    values : array
        Real or complex; what is handed out must not be written to.

    Examples
    --------
    >>> import numpy as np
    >>> weights = Constant(np.array([1.0, 2.0]))
    >>> weights.like(np.zeros(2, dtype=np.complex64)).dtype
    dtype('float32')
    """

    def __init__(self, values):
        self._values = values
        self._made = {}

    def like(self, x):
        """The values in the library, on the device and in the precision of `x`; real stays real."""
        xp = namespace(x)
        is_single = x.dtype in (xp.float32, xp.complex64)
        key = (xp.__name__, str(array_api_compat.device(x)), is_single)
        if key not in self._made:
            self._made[key] = matched(self._values, x)
        return self._made[key]


def n_threads() -> int:
    """How many threads compiled code may use, >= 1.

    The first number of the variable ``OMP_NUM_THREADS`` where it is set to one, and never more
    than the processors that this process may run on.

    Examples
    --------
    >>> n_threads() >= 1
    True
    """
    if hasattr(os, "sched_getaffinity"):
        available = len(os.sched_getaffinity(0))
    else:
        available = os.cpu_count() or 1
    asked = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    return max(1, min(int(asked), available)) if asked.isdigit() else max(1, available)
