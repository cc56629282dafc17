"""What counts as a mask: inside or outside, and nothing between."""

import numpy as np


def as_mask(values: np.ndarray, name: str = "mask") -> np.ndarray:
    """Values as a bool array, True inside.

    Parameters
    ----------
    values : array
        Bool; integers, inside where they are not 0 (labels); or floats that are all 0 or 1.
    name : str
        What an error calls them.

    Raises
    ------
    ValueError
        If they are something else: NaN, probabilities, grey values.

    Examples
    --------
    >>> import numpy as np
    >>> as_mask(np.array([0, 2, 1])).tolist()
    [False, True, True]
    """
    values = np.asarray(values)
    if values.dtype == bool:
        return values
    if values.dtype.kind in "iu":
        return values != 0
    if values.dtype.kind != "f":
        raise ValueError(f"{name} must be bool, or numbers 0 and 1, got {values.dtype}")
    inside = values == 1
    bad = values[~inside & (values != 0)]
    if bad.size:
        raise ValueError(
            f"{name} must be 0 or 1 everywhere, got {bad.size} of {values.size} other values such "
            f"as {bad[0]:g}: threshold it first, as in `{name} > 0.5`"
        )
    return inside
