"""Arrays as JSON types and back, to the last bit; what was not measured is null."""

from typing import Any

import numpy as np


def plain(values) -> Any:
    """Nested lists of Python floats, NaN as None.

    Examples
    --------
    >>> plain([1.5, float("nan")])
    [1.5, None]
    """
    values = np.asarray(values, dtype=float)
    if values.ndim == 0:
        return None if np.isnan(values) else float(values)
    return [plain(v) for v in values]


def from_plain(values) -> np.ndarray:
    """The array that `plain` wrote: Python writes the shortest digits that name a double."""
    return np.array(values, dtype=float)
