"""A whole series at once: what stays or repeats has low rank, what changes is sparse."""

import numpy as np

from corporis.apps.mri.series import check_series
from corporis.functionals import (
    L1,
    LocallyLowRank,
    Nuclear,
    QuadraticMisfit,
    Separable,
    Transformed,
)
from corporis.functionals.nuclear import singular_values
from corporis.interfaces import Result
from corporis.operators import Cartesian, Fourier, Identity, Stack
from corporis.solvers import fista, run


def low_rank_plus_sparse(
    data: np.ndarray,
    masks: np.ndarray,
    *,
    maps: np.ndarray | None = None,
    low_rank: float = 3e-3,
    sparse: float = 1e-3,
    at_most: int = 150,
    tolerance: float = 2e-4,
) -> tuple[np.ndarray, Result]:
    r"""``min 1/2 ||E(L + S) - d||^2 + l_L ||L||_* + l_S ||F_t S||_1``, all frames at once.

    The still and the slowly changing go into ``L``, a matrix of frames by pixels with few
    singular values; what beats goes into ``S``, which has few temporal frequencies. Both are
    stepped jointly: their gradients are the same, so the joint constant is twice that of one.

    Parameters
    ----------
    data : complex array, (n_frames, rows, columns) or (n_frames, n_coils, rows, columns)
        K-space, centred, of the unitary transform; what lies off the masks is not used.
    masks : bool array, (n_frames, rows, columns)
    maps : complex array or None, (n_coils, rows, columns)
        Sensitivities of the coils, of length at most 1 in a pixel; None is one coil.
    low_rank : float
        ``l_L``, in units of the largest singular value of the zero-filled series; > 0.
    sparse : float
        ``l_S``, in units of the largest temporal frequency of the zero-filled series; > 0.
    at_most, tolerance : int, float
        Iterations, and the relative change that ends them.

    Returns
    -------
    complex64 array, (2, n_frames, rows, columns)
        ``L`` and ``S``; their sum is the series.
    Result
        Of the solver; a run that was cut says so.

    Raises
    ------
    ValueError
        If the shapes differ, samples are not finite, a frame has none, or a weight is not
        positive and finite.

    References
    ----------
    Otazo, Candes & Sodickson (2015), Magn. Reson. Med. 73, 1125-1136, doi:10.1002/mrm.25240

    Examples
    --------
    >>> data, masks = np.zeros((4, 8, 8), complex), np.ones((4, 8, 8), bool)
    >>> data[:, 4, 4] = 8.0                                     # a still, even image
    >>> parts, result = low_rank_plus_sparse(data, masks)
    >>> parts.shape, bool(np.all(np.abs(parts.sum(axis=0) - 1) < 0.01))
    ((2, 4, 8, 8), True)
    """
    scanner, data, start = _scan(data, masks, maps, {"low_rank": low_rank, "sparse": sparse})
    shape, matrix = start.shape, (len(start), start[0].size)
    over_time = Fourier(shape, axes=(0,))
    largest = float(singular_values(start.reshape(matrix))[0])
    loudest = float(np.max(np.abs(over_time.forward(start))))
    penalty = Separable(
        [
            Nuclear(low_rank * largest),
            Transformed(L1(sparse * loudest), over_time),
        ],
        [matrix, shape],
    )
    together = Stack((Identity(shape), Identity(shape))).H
    # ||L + S||^2 <= 2 (||L||^2 + ||S||^2)
    misfit = QuadraticMisfit(scanner @ together, data, bound=np.sqrt(2.0))
    first = np.concatenate([start.ravel(), np.zeros_like(start).ravel()])
    result = run(fista(misfit, penalty, first), at_most=at_most, tolerance=tolerance)
    return result.x.reshape(2, *shape), result


def locally_low_rank(
    data: np.ndarray,
    masks: np.ndarray,
    *,
    maps: np.ndarray | None = None,
    weight: float = 2e-3,
    block: int = 8,
    at_most: int = 150,
    tolerance: float = 2e-4,
) -> tuple[np.ndarray, Result]:
    r"""``min 1/2 ||E X - d||^2 + weight sum_b ||X_b||_*``, blocks of pixels over all frames.

    A whole beating heart needs many singular values, each small block few.

    Parameters
    ----------
    data, masks, maps
        As in `low_rank_plus_sparse`.
    weight : float
        In units of the largest singular value of a block of the zero-filled series; > 0.
    block : int
        Side of a block, in pixels, >= 1.
    at_most, tolerance : int, float
        Iterations, and the relative change that ends them.

    Returns
    -------
    complex64 array, (n_frames, rows, columns)
        The series.
    Result
        Of the solver.

    Raises
    ------
    ValueError
        As `low_rank_plus_sparse`, and if ``block < 1``.

    References
    ----------
    Trzasko & Manduca (2011), Proc. Intl. Soc. Mag. Reson. Med. 19, 4371

    Examples
    --------
    >>> data, masks = np.zeros((4, 8, 8), complex), np.ones((4, 8, 8), bool)
    >>> data[:, 4, 4] = 8.0
    >>> series, result = locally_low_rank(data, masks)
    >>> bool(np.all(np.abs(series - 1) < 0.02))
    True
    """
    scanner, data, start = _scan(data, masks, maps, {"weight": weight})
    largest = LocallyLowRank(start.shape, block).polar(start)
    penalty = LocallyLowRank(start.shape, block, weight * largest)
    misfit = QuadraticMisfit(scanner, data, bound=1.0)
    result = run(fista(misfit, penalty, start), at_most=at_most, tolerance=tolerance)
    return result.x, result


def temporally_sparse(
    data: np.ndarray,
    masks: np.ndarray,
    *,
    maps: np.ndarray | None = None,
    weight: float = 2e-3,
    at_most: int = 150,
    tolerance: float = 2e-4,
) -> tuple[np.ndarray, Result]:
    r"""``min 1/2 ||E X - d||^2 + weight ||F_t X||_1``: few temporal frequencies a pixel.

    What is still has one, what beats evenly a few.

    Parameters
    ----------
    data, masks, maps
        As in `low_rank_plus_sparse`.
    weight : float
        In units of the largest temporal frequency of the zero-filled series; > 0.
    at_most, tolerance : int, float
        Iterations, and the relative change that ends them.

    Returns
    -------
    complex64 array, (n_frames, rows, columns)
        The series.
    Result
        Of the solver.

    Raises
    ------
    ValueError
        As `low_rank_plus_sparse`.

    References
    ----------
    Lustig, Santos, Donoho & Pauly (2006), Proc. Intl. Soc. Mag. Reson. Med. 14, 2420;
    Jung, Sung, Nayak, Kim & Ye (2009), Magn. Reson. Med. 61, 103-116, doi:10.1002/mrm.21757

    Examples
    --------
    >>> data, masks = np.zeros((4, 8, 8), complex), np.ones((4, 8, 8), bool)
    >>> data[:, 4, 4] = 8.0
    >>> series, result = temporally_sparse(data, masks)
    >>> bool(np.all(np.abs(series - 1) < 0.02))
    True
    """
    scanner, data, start = _scan(data, masks, maps, {"weight": weight})
    over_time = Fourier(start.shape, axes=(0,))
    loudest = float(np.max(np.abs(over_time.forward(start))))
    penalty = Transformed(L1(weight * loudest), over_time)
    misfit = QuadraticMisfit(scanner, data, bound=1.0)
    result = run(fista(misfit, penalty, start), at_most=at_most, tolerance=tolerance)
    return result.x, result


def _scan(data, masks, maps, weights):
    """The scanner, its samples in single precision, and the zero-filled series."""
    coils = data if maps is not None else np.asarray(data)[:, None]
    check_series(coils, masks)
    for name, value in weights.items():
        if not 0 < value < np.inf:
            raise ValueError(f"{name} must be finite and > 0, got {value}")
    scanner = Cartesian(masks.shape[1:], masks, maps, frames=len(masks))
    data = np.where(masks[:, None], coils, 0).astype(np.complex64).reshape(scanner.codomain)
    return scanner, data, scanner.adjoint(data)
