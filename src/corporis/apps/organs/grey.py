"""Grey values as the organ applications take them: in single precision, or refused."""

import numpy as np

from corporis.errors import BadInput

MOST = float(np.finfo(np.float32).max)


def single_precision(values: np.ndarray, name: str) -> np.ndarray:
    """Grey values of any type as float32.

    Parameters
    ----------
    values : array
        NaN stays NaN.
    name : str
        What an error calls them.

    Raises
    ------
    BadInput
        If a value is too large, or they are no real numbers.

    Examples
    --------
    >>> single_precision(np.array([0, 40, 4095]), "case-1").dtype
    dtype('float32')
    """
    values = np.asarray(values)
    if values.dtype.kind not in "biuf":
        raise BadInput(f"{name}: expected real grey values, got {values.dtype}: convert the image")
    if values.dtype.kind == "f" and values.dtype.itemsize > 4:
        low, high = float(values.min(initial=np.inf)), float(values.max(initial=-np.inf))
        if not (np.isnan(low) or (low >= -MOST and high <= MOST)):
            raise BadInput(
                f"{name}: expected grey values within {MOST:.1e}, got {low:g} to {high:g}: scale "
                "the image"
            )
    return values.astype(np.float32, copy=False)
