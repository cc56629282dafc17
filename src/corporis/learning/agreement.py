"""Agreement of two ways to measure one thing: bias, limits, and how sure they are."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

LIMIT = 1.959963984540054
"""Standard deviations about the bias within which 95 % of differences lie."""


@dataclass(frozen=True)
class Agreement:
    """What `bland_altman` finds; every interval is (low, high), in the unit of what is measured.

    Parameters
    ----------
    n : int
        Pairs.
    bias : float
        Mean difference, measured less reference.
    deviation : float
        Standard deviation of differences.
    bias_interval : tuple of float
    limits : tuple of float
        Limits of agreement, ``bias -+ 1.96 deviation``.
    low_interval, high_interval : tuple of float
        Exact intervals of either limit.
    """

    n: int
    bias: float
    deviation: float
    bias_interval: tuple[float, float]
    limits: tuple[float, float]
    low_interval: tuple[float, float]
    high_interval: tuple[float, float]


def bland_altman(measured: np.ndarray, reference: np.ndarray, level: float = 0.95) -> Agreement:
    r"""Bias and limits of agreement of pairs, with exact intervals.

    For normal differences of mean :math:`m` and deviation :math:`s` a limit
    :math:`m + 1.96 s` is a quantile of the population, whose exact interval is
    :math:`m + s\,t'/\sqrt n`, with :math:`t'` a quantile of the noncentral t distribution of
    :math:`n-1` degrees and noncentrality :math:`1.96\sqrt n`.

    Parameters
    ----------
    measured, reference : array, (n,)
        In one unit; n >= 3.
    level : float
        Of the intervals, in (0, 1).

    Raises
    ------
    ValueError
        If there are fewer than three pairs, lengths differ, a number is not finite, or `level`
        is out of range.

    References
    ----------
    Bland & Altman (1986), Lancet 327, 307-310, doi:10.1016/S0140-6736(86)90837-8
    Carkeet (2015), Optometry and Vision Science 92(3), e71-e80,
    doi:10.1097/OPX.0000000000000513 (exact intervals)

    Examples
    --------
    >>> from corporis.learning import bland_altman
    >>> found = bland_altman([11.0, 13.0, 12.0, 14.0], [10.0, 11.0, 11.0, 12.0])
    >>> found.bias, round(found.deviation, 3), [round(v, 2) for v in found.limits]
    (1.5, 0.577, [0.37, 2.63])
    """
    measured, reference = np.asarray(measured, float), np.asarray(reference, float)
    if measured.shape != reference.shape or measured.ndim != 1 or len(measured) < 3:
        raise ValueError(
            f"expected two arrays of at least three numbers, got {measured.shape} and "
            f"{reference.shape}"
        )
    difference = measured - reference
    if not np.all(np.isfinite(difference)) or not 0 < level < 1:
        raise ValueError(f"expected finite numbers and a level in (0, 1), got level {level}")
    n, tail = len(difference), (1 - level) / 2
    bias, deviation = float(difference.mean()), float(difference.std(ddof=1))
    error = deviation / np.sqrt(n)
    half = float(stats.t.ppf(1 - tail, n - 1)) * error
    near, far = (
        float(stats.nct.ppf(p, n - 1, LIMIT * np.sqrt(n))) * error for p in (tail, 1 - tail)
    )
    return Agreement(
        n,
        bias,
        deviation,
        (bias - half, bias + half),
        (bias - LIMIT * deviation, bias + LIMIT * deviation),
        (bias - far, bias - near),
        (bias + near, bias + far),
    )


def coverage(
    low: np.ndarray, high: np.ndarray, truth: np.ndarray, level: float = 0.95
) -> tuple[float, tuple[float, float]]:
    """Share of intervals that hold the truth, and the exact interval of that share.

    Parameters
    ----------
    low, high, truth : array, (n,)
        n >= 1.
    level : float
        Of the interval of the share.

    Raises
    ------
    ValueError
        If lengths differ, or there are none.

    References
    ----------
    Clopper & Pearson (1934), Biometrika 26, 404-413, doi:10.1093/biomet/26.4.404

    Examples
    --------
    >>> from corporis.learning import coverage
    >>> share, (least, most) = coverage([0, 0, 0, 2], [1, 1, 1, 3], [0.5, 1.0, 0.2, 1.0])
    >>> share, round(least, 3), round(most, 3)
    (0.75, 0.194, 0.994)
    """
    low, high, truth = (np.asarray(a, float) for a in (low, high, truth))
    if not low.shape == high.shape == truth.shape or low.ndim != 1 or len(low) < 1:
        raise ValueError(
            f"expected three arrays of one length, got {low.shape}, {high.shape}, {truth.shape}"
        )
    inside = int(np.sum((low <= truth) & (truth <= high)))
    found = stats.binomtest(inside, len(low)).proportion_ci(level, "exact")
    return inside / len(low), (float(found.low), float(found.high))
