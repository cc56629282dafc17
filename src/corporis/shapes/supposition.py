"""What outlines that nobody approved most probably are, in the light of those that were."""

from dataclasses import dataclass

import numpy as np

_ROUNDS = 5
_FLOOR = 0.02  # of the noise's variance: no direction is known for certain from few shapes


@dataclass(frozen=True, eq=False)
class Supposed:
    """What noisy outlines most probably are.

    Parameters
    ----------
    shapes : array, (m, k, d)
    mean : array, (k, d)
        Of all shapes, approved or not.
    covariance : array, (k d, k d)
        Of shapes about the mean.
    """

    shapes: np.ndarray
    mean: np.ndarray
    covariance: np.ndarray


def suppose(
    known: np.ndarray, seen: np.ndarray, noise: float, *, reach: float = 1.0, share: float = 0.1
) -> Supposed:
    r"""The most probable shapes behind noisy outlines, learned from them and from approved shapes.

    Shapes are Gaussian about one mean, outlines `y` are shapes with noise of known deviation:

    ``x_i = S (S + noise^2)^-1 y_i``,  ``V = S - S (S + noise^2)^-1 S``,
    ``C = (sum_known x x^T + sum_seen (x_i x_i^T + V)) / n``,  ``S = (1 - share) C + share T * C``

    in turn (expectation, maximisation). Where shapes differ much, a noisy outline says as much of
    their covariance as an approved one; what noise hides, the approved ones say. `T` fades with the
    distance of landmarks, because few shapes make far ones seem related that are not.

    Parameters
    ----------
    known : array, (n >= 2, k, d)
        Approved shapes, aligned.
    seen : array, (m >= 1, k, d)
        Outlines in the same frame, of landmarks that err but are not grossly wrong. Time grows with
        the cube of ``k d``: for outlines, not for surfaces.
    noise : float
        Standard deviation of their coordinates, > 0, in the unit of length.
    reach : float
        > 0: where `T` has fallen to 0.6, in root mean square radii of the mean shape.
    share : float
        Of the covariance that is believed within the reach only, 0 to 1.

    Raises
    ------
    ValueError
        If shapes do not match or are not finite, or a number is out of range.

    References
    ----------
    Dempster, Laird & Rubin (1977), J. R. Stat. Soc. B 39, 1-38,
    doi:10.1111/j.2517-6161.1977.tb01600.x; Gaspari & Cohn (1999), Q. J. R. Meteorol. Soc. 125,
    723-757, doi:10.1002/qj.49712555417 (tapered covariances)

    Examples
    --------
    >>> import numpy as np
    >>> from corporis.shapes import suppose
    >>> rng = np.random.default_rng(0)
    >>> angle = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    >>> circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    >>> ovals = np.stack([circle * [30, 30 * a] for a in rng.uniform(0.6, 1.4, 40)])
    >>> seen = ovals[20:] + rng.normal(size=(20, 12, 2))
    >>> found = suppose(ovals[:20], seen, noise=1.0)
    >>> bool((found.shapes - ovals[20:]).std() < 0.5)               # of a noise of 1
    True
    """
    known, seen = np.asarray(known, float), np.asarray(seen, float)
    if known.ndim != 3 or len(known) < 2 or not len(seen) or seen.shape[1:] != known.shape[1:]:
        raise ValueError(
            "expected approved shapes (n >= 2, k, d) and outlines (m >= 1, k, d), got "
            f"{known.shape} and {seen.shape}"
        )
    if not (np.isfinite(known).all() and np.isfinite(seen).all()):
        raise ValueError("shapes must be finite, got NaN or infinity")
    if not (0 < noise < np.inf and 0 < reach < np.inf and 0 <= share <= 1):
        raise ValueError(
            "expected noise and reach finite and > 0, and share in [0, 1], got "
            f"{noise}, {reach} and {share}"
        )
    mean = np.concatenate([known, seen]).mean(axis=0)
    clean, noisy = ((x - mean).reshape(len(x), -1) for x in (known, seen))
    weights = 1 - share + share * _taper(mean, reach)
    covariance = _learned(clean, noisy, noise, weights)
    shapes = mean + (noisy @ _gain(covariance, noise).T).reshape(seen.shape)
    return Supposed(shapes, mean, covariance)


def _learned(clean, noisy, noise, weights):
    """Covariance of shapes from approved and noisy ones, given as differences from the mean."""
    fixed, n = clean.T @ clean, len(clean) + len(noisy)
    found = weights * (fixed / len(clean)) + _FLOOR * noise**2 * np.eye(len(weights))
    for _ in range(_ROUNDS):
        gain = _gain(found, noise)
        shapes = noisy @ gain.T
        unsure = found - gain @ found
        found = weights * (fixed + shapes.T @ shapes + len(noisy) * unsure) / n
        found = (found + found.T) / 2
    return found


def _gain(covariance, noise):
    return np.linalg.solve(covariance + noise**2 * np.eye(len(covariance)), covariance).T


def _taper(mean, reach):
    """Weights (k d, k d) that fade with the distance between landmarks."""
    size = np.sqrt(np.mean(np.sum((mean - mean.mean(axis=0)) ** 2, axis=1)))
    away = np.linalg.norm(mean[:, None] - mean, axis=-1) / (reach * size)
    return np.kron(np.exp(-0.5 * away**2), np.ones((mean.shape[1],) * 2))
