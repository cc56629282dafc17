"""Samples held back and predicted: how an image is judged that nobody knows."""

from dataclasses import dataclass

import numpy as np

from corporis.apps.mri.encoding import Encoding
from corporis.operators import Trajectory

SHARE = 0.05
"""Share of the samples outside the centre that is held back."""


@dataclass(frozen=True, eq=False)
class HeldBack:
    """A problem without some of its samples, and those samples as its judges.

    Where whole lines were sampled whole lines are held back: single samples of a line say too
    much about each other.

    Parameters
    ----------
    whole : Encoding
    share : float
        Of the samples outside the centre, in (0, 1).
    seed : int
    """

    whole: Encoding
    fit: Encoding
    judges: np.ndarray

    def error(self, x: np.ndarray) -> float:
        """Mean square of the prediction's distance to the held-back samples.

        At least the variance of the noise, ``2 sigma^2``, and the more the worse the image is.
        """
        seen = self.whole.operator.forward(x) - self.whole.data
        return float(np.mean(np.abs(seen[..., self.judges]) ** 2))

    def relative_error(self, x: np.ndarray) -> float:
        """Root of `error` against the held-back samples' own size; 1 is predicting nothing."""
        size = float(np.mean(np.abs(self.whole.data[..., self.judges]) ** 2))
        return float(np.sqrt(self.error(x) / size)) if size > 0 else 0.0


def hold_back(whole: Encoding, share: float = SHARE, seed: int = 0) -> HeldBack:
    """Hold back a share of the samples outside the central sixth; of a trajectory, whole shots."""
    if isinstance(whole.operator, Trajectory):
        rng, shots = np.random.default_rng(seed), np.ones(len(whole.mask), bool)
        judges = np.broadcast_to(_chosen(shots, share, rng)[:, None], whole.mask.shape)
    else:
        judges = split(whole.mask, share, seed)
    return HeldBack(whole, whole.keeping(whole.mask & ~judges), judges)


def split(mask: np.ndarray, share: float = SHARE, seed: int = 0) -> np.ndarray:
    """The samples to hold back, true where they are; at least one.

    Examples
    --------
    >>> mask = np.zeros((40, 40), dtype=bool)
    >>> mask[::2] = True
    >>> held = split(mask, 0.2)
    >>> bool(np.all(held == held[:, :1])), bool(np.all(mask[held]))    # whole lines
    (True, True)
    """
    rng = np.random.default_rng(seed)
    lines = _line_axis(mask)
    if lines is not None:
        line = mask.any(axis=lines)
        held = _chosen(line & ~_central((len(line),)), share, rng)
        return mask & np.expand_dims(held, lines)
    return _chosen(mask & ~_central(mask.shape), share, rng)


def _line_axis(mask):
    """The axis along which every sampled line is full; None where there is none."""
    for axis in range(mask.ndim):
        if mask.ndim > 1 and np.array_equal(mask.any(axis=axis), mask.all(axis=axis)):
            return axis
    return None


def _central(shape):
    centre = np.zeros(shape, bool)
    centre[tuple(slice(n // 2 - n // 12, n // 2 + n // 12 + 1) for n in shape)] = True
    return centre


def _chosen(free, share, rng):
    places = np.flatnonzero(free)
    n = max(1, round(share * len(places)))
    held = np.zeros(free.size, bool)
    if len(places) > 1:
        held[rng.choice(places, n, replace=False)] = True
    return held.reshape(free.shape)
