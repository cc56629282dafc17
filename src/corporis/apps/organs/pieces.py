"""Connected parts in which two masks of an organ differ."""

from collections.abc import Iterator

import numpy as np
import scipy


def changed_pieces(
    before: np.ndarray, after: np.ndarray, least: float
) -> Iterator[tuple[str, np.ndarray]]:
    """What was added to a mask and what was removed, piece by piece.

    Parameters
    ----------
    before, after : bool array
        Alike in shape.
    least : float
        Pixels or voxels below which a piece is left out.

    Yields
    ------
    str
        "added" or "removed".
    bool array
        The piece.

    Examples
    --------
    >>> before = np.array([True, True, False, False, False, True])
    >>> after = np.array([True, True, True, True, False, False])
    >>> [(change, int(piece.sum())) for change, piece in changed_pieces(before, after, 1)]
    [('added', 2), ('removed', 1)]
    """
    for change, where in (("added", after & ~before), ("removed", before & ~after)):
        labels, _ = scipy.ndimage.label(where)
        sizes = np.bincount(labels.ravel())[1:]
        for number in 1 + np.flatnonzero(sizes >= least):
            yield change, labels == number
