"""How strong the penalty on a whole series is: what predicts samples held back of every frame."""

from collections.abc import Callable

import numpy as np

from corporis.apps.mri.held_back import split
from corporis.operators import Cartesian

STRENGTHS = tuple(3.0**k for k in range(3, -5, -1))
"""Multiples of a method's own weights that are tried; finer steps change the image little."""
N_FIRST = 50
"""Iterations of each try."""


def found_strength(
    solve: Callable[..., np.ndarray],
    data: np.ndarray,
    masks: np.ndarray,
    maps: np.ndarray | None = None,
    watch: Callable[[int], None] | None = None,
) -> float:
    """The multiple of a method's own weights whose series predicts samples held back best.

    A twentieth of the samples of every frame outside the centre is held back, whole lines where
    whole lines were sampled. All of `STRENGTHS` are tried: the error has several minima, for
    with next to no penalty noise is fitted, and with even less nothing is predicted at all.

    Parameters
    ----------
    solve : callable
        ``solve(data, masks, strength, at_most) -> series``, (n_frames, rows, columns).
    data : complex array, (n_frames, rows, columns) or (n_frames, n_coils, rows, columns)
    masks : bool array, (n_frames, rows, columns)
    maps : complex array or None, (n_coils, rows, columns)
    watch : callable(n_tried) or None

    Returns
    -------
    float
        One of `STRENGTHS`.
    """
    judges = np.stack([split(mask, seed=n) for n, mask in enumerate(masks)])
    scanner = Cartesian(masks.shape[1:], masks, maps, frames=len(masks))
    coils = data if maps is not None else data[:, None]
    judging = np.broadcast_to(judges[:, None], coils.shape)
    errors = []
    for strength in STRENGTHS:
        series = solve(data, masks & ~judges, strength, N_FIRST)
        seen = scanner.forward(series).reshape(coils.shape)
        errors.append(float(np.mean(np.abs((seen - coils)[judging]) ** 2)))
        if watch is not None:
            watch(len(errors))
    return STRENGTHS[int(np.argmin(errors))]
