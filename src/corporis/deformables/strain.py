r"""Strain: how a body is stretched and sheared, from its deformation gradient ``F = dx / dX``.

`X` is a material point at rest, `x` where it is now. Rotations leave every strain here at zero,
and all of them are stated on the *reference* body, in the axes that its muscle has at rest.
"""

import numpy as np
from scipy.spatial import cKDTree

from corporis.arrays import check_finite


def green_strain(F: np.ndarray) -> np.ndarray:
    """Green strain ``E = (F^T F - 1) / 2``; for small strains the relative change of lengths.

    Parameters
    ----------
    F : array, (..., d, d)
        Deformation gradients, rows for current and columns for reference axes.

    Returns
    -------
    array, (..., d, d)
        Symmetric, no unit, in reference axes.

    Raises
    ------
    ValueError
        If the last two axes are not equally long.

    Examples
    --------
    >>> green_strain(np.diag([2.0, 1.0])).tolist()    # twice as long: (4 - 1) / 2
    [[1.5, 0.0], [0.0, 0.0]]
    """
    F = _square(F)
    return 0.5 * (np.swapaxes(F, -1, -2) @ F - np.eye(F.shape[-1]))


def logarithmic_strain(F: np.ndarray) -> np.ndarray:
    """Hencky's strain ``log(F^T F) / 2``: strains along fixed axes add up, as they do in time.

    Parameters
    ----------
    F : array, (..., d, d)
        Deformation gradients with ``det F > 0``.

    Returns
    -------
    array, (..., d, d)
        Symmetric, no unit, in reference axes; its trace is ``log det F``.

    Raises
    ------
    ValueError
        If the last two axes are not equally long, or where ``det F <= 0``: such a body has been
        turned inside out.

    References
    ----------
    Hencky (1928), Z. techn. Phys. 9, 215-220

    Examples
    --------
    >>> np.round(logarithmic_strain(np.diag([np.e, 1.0])), 12).tolist()
    [[1.0, 0.0], [0.0, 0.0]]
    """
    F = _square(F)
    inverted = int(np.count_nonzero(~(np.linalg.det(F) > 0)))
    if inverted:
        raise ValueError(f"det F must be > 0 everywhere, it is not at {inverted} points")
    square, axes = np.linalg.eigh(np.swapaxes(F, -1, -2) @ F)
    return (axes * (0.5 * np.log(square))[..., None, :]) @ np.swapaxes(axes, -1, -2)


def gradient_from_points(
    rest: np.ndarray,
    moved: np.ndarray,
    at: np.ndarray | None = None,
    *,
    n_neighbours: int = 12,
    degree: int = 1,
) -> np.ndarray:
    """Deformation gradient of a cloud of points by a polynomial through its neighbours.

    Around each place a polynomial of the stated degree is fitted to where the nearest points
    went, by least squares with weights ``(1 - (d / h)^2)^2``, ``h`` a little beyond the farthest
    neighbour: a motion that is such a polynomial is met exactly, of others the error falls with
    the power `degree` of the distance between points.

    Parameters
    ----------
    rest : array, (n, d)
        Material points.
    moved : array, (..., n, d)
        Where they are now, for example at several times.
    at : array, (m, d), or None
        Material places where F is wanted; None takes all of `rest`.
    n_neighbours : int
        Points that are asked, more than the polynomial's coefficients.
    degree : int
        1 or 2.

    Returns
    -------
    array, (..., m, d, d)
        Rows for current, columns for reference axes.

    Raises
    ------
    ValueError
        If shapes do not match, a number is not finite, `degree` is not 1 or 2, there are too few
        points, or the neighbours of a place lie on a line or plane (or conic).

    Examples
    --------
    >>> rest = np.array([[0.0, 0], [1, 0], [0, 1], [1, 1], [2, 0]])
    >>> np.abs(gradient_from_points(rest, rest * [2, 3], n_neighbours=5)[0]).round(12).tolist()
    [[2.0, 0.0], [0.0, 3.0]]
    """
    rest, moved = np.asarray(rest, dtype=float), np.asarray(moved, dtype=float)
    if rest.ndim != 2 or moved.shape[-2:] != rest.shape:
        raise ValueError(
            f"rest must be (n, d) and moved (..., n, d), got {rest.shape} and {moved.shape}"
        )
    check_finite(rest, "rest")
    check_finite(moved, "moved")
    d = rest.shape[1]
    if degree not in (1, 2):
        raise ValueError(f"degree must be 1 or 2, got {degree}")
    n_terms = d + 1 if degree == 1 else (d + 1) * (d + 2) // 2
    if not n_terms < n_neighbours <= len(rest):
        raise ValueError(
            f"n_neighbours must be more than {n_terms} and at most the {len(rest)} points there "
            f"are, got {n_neighbours}"
        )
    at = rest if at is None else np.asarray(at, dtype=float)
    distance, near = cKDTree(rest).query(at, k=n_neighbours)
    reach = 1.1 * distance[:, -1:]
    weight = 1 - (distance / reach) ** 2  # the root of the weight of a square
    basis = weight[..., None] * _monomials((rest[near] - at[:, None]) / reach[..., None], degree)
    if np.any(np.linalg.matrix_rank(basis, tol=1e-7) < n_terms):
        raise ValueError(
            "the neighbours of a point lie on a line or plane: give more n_neighbours or a lower "
            "degree"
        )
    # rows 1..d of the pseudo-inverse give the slopes
    slopes = np.linalg.pinv(basis)[:, 1 : d + 1] * (weight / reach)[:, None, :]
    return np.einsum("mjk,...mki->...mij", slopes, moved[..., near, :])


def polar_axes(rest: np.ndarray, centre: np.ndarray, axis: np.ndarray | None = None) -> np.ndarray:
    """Local axes of a ring or tube: columns radial, circumferential(, longitudinal).

    Parameters
    ----------
    rest : array, (..., d)
        Material points, d 2 or 3.
    centre : array, (d,)
        Of the ring, or any point of the tube's axis.
    axis : array, (3,), or None
        Direction of the tube in three dimensions, of any length; None in two.

    Returns
    -------
    array, (..., d, d)
        Rotations; in two dimensions the second column is the first, turned by +90 degrees, in
        three the third is along `axis` and the second ``axis x radial``.

    Raises
    ------
    ValueError
        If a point lies on the axis, where no direction is radial, or shapes do not match.

    Examples
    --------
    >>> polar_axes(np.array([0.0, 2.0]), np.zeros(2)).tolist()
    [[0.0, -1.0], [1.0, 0.0]]
    """
    rest, centre = np.asarray(rest, dtype=float), np.asarray(centre, dtype=float)
    d = rest.shape[-1]
    if d not in (2, 3) or centre.shape != (d,) or (axis is None) != (d == 2):
        raise ValueError(
            "points and centre must have 2 coordinates, or 3 and then an axis, got "
            f"{rest.shape}, {centre.shape} and axis {axis}"
        )
    off = rest - centre
    if axis is not None:
        along = np.asarray(axis, dtype=float) / np.linalg.norm(axis)
        off = off - (off @ along)[..., None] * along
    length = np.linalg.norm(off, axis=-1, keepdims=True)
    if not np.all(length > 0):
        raise ValueError("a point lies on the axis, where no direction is radial: leave it out")
    radial = off / length
    if axis is None:
        return np.stack([radial, radial[..., ::-1] * [-1.0, 1.0]], axis=-1)
    around = np.cross(along, radial)
    return np.stack([radial, around, np.broadcast_to(along, radial.shape)], axis=-1)


def in_axes(strain: np.ndarray, axes: np.ndarray) -> np.ndarray:
    """A tensor in other axes, ``Q^T E Q``, with the axes as columns of Q.

    Examples
    --------
    >>> quarter = np.array([[0.0, -1.0], [1.0, 0.0]])
    >>> in_axes(np.diag([3.0, 5.0]), quarter).tolist()
    [[5.0, 0.0], [0.0, 3.0]]
    """
    return np.swapaxes(axes, -1, -2) @ strain @ axes


def _square(F):
    F = np.asarray(F, dtype=float)
    if F.ndim < 2 or F.shape[-1] != F.shape[-2]:
        raise ValueError(f"F must be (..., d, d), got {F.shape}")
    return F


def _monomials(x, degree):
    """1, x, and for degree 2 all products, on the last axis."""
    terms = [np.ones_like(x[..., :1]), x]
    if degree == 2:
        i, j = np.triu_indices(x.shape[-1])
        terms.append(x[..., i] * x[..., j])
    return np.concatenate(terms, axis=-1)
