"""Overlap of regions: Dice and Jaccard, and the way between outlines and masks."""

import numpy as np

from corporis.errors import NotFound
from corporis.shapes.mask import as_mask


def dice(a: np.ndarray, b: np.ndarray) -> float:
    """Dice's coefficient ``2 |A and B| / (|A| + |B|)`` of two masks; 1 if both are empty.

    Parameters
    ----------
    a, b : array
        Bool, 0 and 1, or integer labels that are not 0 inside.

    Raises
    ------
    ValueError
        If the masks differ in shape, or hold NaN or values between.

    References
    ----------
    Dice (1945), Ecology 26, 297-302, doi:10.2307/1932409

    Examples
    --------
    >>> import numpy as np
    >>> from corporis.shapes import dice
    >>> dice(np.array([1, 1, 0]), np.array([0, 1, 0])) == 2 / 3
    True
    """
    a, b = _masks(a, b)
    total = int(np.count_nonzero(a) + np.count_nonzero(b))
    return 2 * int(np.count_nonzero(a & b)) / total if total else 1.0


def jaccard(a: np.ndarray, b: np.ndarray) -> float:
    """Jaccard's index ``|A and B| / |A or B|`` of two masks; 1 if both are empty.

    Parameters
    ----------
    a, b : array
        As `dice` takes them.

    Raises
    ------
    ValueError
        If the masks differ in shape, or hold NaN or values between.

    Examples
    --------
    >>> import numpy as np
    >>> from corporis.shapes import jaccard
    >>> jaccard(np.array([1, 1, 0]), np.array([0, 1, 0]))
    0.5
    """
    a, b = _masks(a, b)
    either = int(np.count_nonzero(a | b))
    return int(np.count_nonzero(a & b)) / either if either else 1.0


def fill_polygon(vertices_rc: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """The mask of a polygon: a pixel is inside when its centre is.

    Pixel (r, c) has its centre at exactly (r, c). Inside is even-odd. Of centres that lie on
    the outline, those on an upper or left side are inside, those on a lower or right side are not:
    polygons that share a side neither overlap nor leave a gap.

    Parameters
    ----------
    vertices_rc : array, (n, 2)
        Rows and columns, also fractional or beyond the image; the last joins the first.
    shape : (int, int)
        Rows and columns of the mask.

    Returns
    -------
    bool array, `shape`

    Raises
    ------
    ValueError
        If vertices are not (n >= 3, 2) and finite.

    Examples
    --------
    >>> from corporis.shapes import fill_polygon
    >>> fill_polygon([[0, 0], [0, 2], [2, 2], [2, 0]], (3, 3)).astype(int).tolist()
    [[1, 1, 0], [1, 1, 0], [0, 0, 0]]
    """
    v = np.asarray(vertices_rc, float)
    if v.ndim != 2 or v.shape[1] != 2 or len(v) < 3 or not np.isfinite(v).all():
        raise ValueError(f"a polygon needs finite vertices (n >= 3, 2), got {v.shape}")
    n_rows, n_columns = shape
    start, end = v, np.roll(v, -1, axis=0)
    swap = (start[:, 0] > end[:, 0])[:, None]
    top, bottom = np.where(swap, end, start), np.where(swap, start, end)
    first = np.clip(np.ceil(top[:, 0]), 0, n_rows).astype(int)
    last = np.clip(np.ceil(bottom[:, 0]), 0, n_rows).astype(int)  # rows first .. last - 1
    counts = np.maximum(last - first, 0)
    side = np.repeat(np.arange(len(v)), counts)
    row = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts) + first[side]
    slope = (bottom[side, 1] - top[side, 1]) / (bottom[side, 0] - top[side, 0])
    crossing = top[side, 1] + (row - top[side, 0]) * slope
    column = np.clip(np.ceil(crossing), 0, n_columns).astype(int)
    crossings = np.zeros((n_rows, n_columns + 1), np.int64)
    np.add.at(crossings, (row, column), 1)
    return np.cumsum(crossings, axis=1)[:, :n_columns] % 2 == 1


def mask_contours(mask: np.ndarray) -> list[np.ndarray]:
    """All outlines of a 2-D mask, half-way between inside and outside pixels.

    Returns
    -------
    list of array, (n, 2)
        Rows and columns; each repeats its first point at its end. Largest enclosed area first;
        outlines of holes are among them. `fill_polygon` of all of them, combined by exclusive
        or, gives the mask back.
    """
    from skimage.measure import find_contours

    mask = np.asarray(mask)
    if mask.ndim != 2:
        raise ValueError(f"mask must have 2 dimensions, got {mask.ndim}")
    found = find_contours(np.pad(mask != 0, 1).astype(float), 0.5)
    return sorted((c - 1 for c in found), key=lambda c: -abs(_shoelace(c)))


def mask_contour(mask: np.ndarray) -> np.ndarray:
    """The outline of the largest region of a 2-D mask, (n, 2) rows and columns, closed.

    Raises
    ------
    NotFound
        If the mask is empty.

    Examples
    --------
    >>> import numpy as np
    >>> from corporis.shapes import mask_contour
    >>> mask_contour(np.eye(1)).tolist()                      # one pixel: a diamond
    [[0.5, 0.0], [0.0, -0.5], [-0.5, 0.0], [0.0, 0.5], [0.5, 0.0]]
    """
    contours = mask_contours(mask)
    if not contours:
        raise NotFound("an outline needs a mask that is not empty: nothing is inside")
    return contours[0]


def _masks(a, b):
    a, b = as_mask(a, "a"), as_mask(b, "b")
    if a.shape != b.shape:
        raise ValueError(f"masks must have the same shape, got {a.shape} and {b.shape}")
    return a, b


def _shoelace(contour):
    r, c = (contour - contour.mean(axis=0)).T
    return float(np.sum(r * np.roll(c, -1) - c * np.roll(r, -1)) / 2)
