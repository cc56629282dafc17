"""Voting for centres: every edge points inwards, and where many point there is a body."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage


@dataclass(frozen=True, slots=True)
class ConeVoting:
    """Iterative voting: edge pixels vote in a cone along their gradient, which then narrows.

    Each pass smooths the votes, and each edge pixel aims anew at the largest vote in its cone.

    Parameters
    ----------
    radius_px : (float, float)
        Nearest and furthest vote, 0 < nearest < furthest.
    openings_deg : tuple of float
        Half opening of the cone in each pass, falling, >= 0.
    share : float
        Part of all pixels that vote: those of steepest gradient, in (0, 1].
    spread_px : float
        Standard deviation of a vote, > 0.
    least : float
        A peak has at least this share of the 99.5 per cent point of the votes, in [0, 1).

    Raises
    ------
    ValueError
        If a number is out of its range.

    References
    ----------
    Parvin et al. (2007), IEEE Trans. Image Process. 16, 615-623, doi:10.1109/TIP.2007.891154

    Examples
    --------
    >>> import numpy as np
    >>> from corporis.shapes import ConeVoting
    >>> disc = np.hypot(*(np.indices((41, 41)) - 20)) < 9
    >>> voting = ConeVoting((4.0, 12.0))
    >>> voting.peaks(voting(ndimage.gaussian_filter(disc * 1.0, 1)), disc).tolist()
    [[20, 20]]
    """

    radius_px: tuple[float, float] = (4.0, 14.0)
    openings_deg: tuple[float, ...] = (24.0, 12.0, 6.0, 0.0)
    share: float = 0.25
    least: float = 0.25
    spread_px: float = 2.5

    def __post_init__(self):
        if not 0 < self.radius_px[0] < self.radius_px[1]:
            raise ValueError(f"radius_px must rise from above 0, got {self.radius_px}")
        if not self.openings_deg or min(self.openings_deg) < 0:
            raise ValueError(f"openings_deg must be >= 0, got {self.openings_deg}")
        if not self.spread_px > 0:
            raise ValueError(f"spread_px must be > 0, got {self.spread_px}")
        if not 0 < self.share <= 1 or not 0 <= self.least < 1:
            raise ValueError(
                f"expected share in (0, 1] and least in [0, 1), got {self.share}, {self.least}"
            )

    def __call__(self, image) -> np.ndarray:
        """Smoothed votes (H, W) for centres of bodies brighter than what surrounds them."""
        image = np.asarray(image, float)
        slope = np.stack(np.gradient(image))
        steepness = np.hypot(*slope)
        edges = np.nonzero(steepness > max(np.quantile(steepness, 1 - self.share), 1e-9))
        weight = steepness[edges]
        angle = np.arctan2(slope[0][edges], slope[1][edges])
        place = np.stack(edges).astype(float)
        radii = np.arange(self.radius_px[0], self.radius_px[1] + 0.5, 1.0)
        votes = np.zeros(image.shape)
        for number, opening in enumerate(self.openings_deg):
            turns = np.radians(np.linspace(-opening, opening, 5 if opening else 1))
            if number:
                angle = _aimed(votes, place, angle, radii, turns)
            votes = _cast(image.shape, place, angle, radii, turns, weight, self.spread_px)
        return votes

    def peaks(self, votes, inside) -> np.ndarray:
        """Rows and columns (n, 2) of maxima that are `inside` and apart by the nearest radius."""
        side = 2 * round(self.radius_px[0]) + 1
        is_peak = votes == ndimage.maximum_filter(votes, size=side)
        high = self.least * np.quantile(votes, 0.995)
        is_peak &= (votes > max(high, 1e-12)) & np.asarray(inside, bool)
        pieces, n = ndimage.label(is_peak, np.ones((3, 3)))  # a plateau is one maximum
        found = ndimage.center_of_mass(is_peak, pieces, np.arange(1, n + 1))
        return np.rint(np.reshape(found, (-1, 2))).astype(int)


def _places(shape, place, angle, radii):
    """Pixels at each radius along each direction, clipped to the image, (n_radii, 2, n)."""
    way = np.stack([np.sin(angle), np.cos(angle)])
    at = np.rint(place + radii[:, None, None] * way).astype(np.int64)
    return np.clip(at, 0, np.array(shape)[:, None] - 1)


def _cast(shape, place, angle, radii, turns, weight, spread):
    votes = np.zeros(shape[0] * shape[1])
    sharpness = np.cos(np.linspace(-1, 1, len(turns)) * np.pi / 3) if len(turns) > 1 else [1.0]
    for turn, share in zip(turns, sharpness, strict=True):
        at = _places(shape, place, angle + turn, radii)
        for rows, columns in at:
            votes += share * np.bincount(rows * shape[1] + columns, weight, len(votes))
    return ndimage.gaussian_filter(votes.reshape(shape), spread)


def _aimed(votes, place, angle, radii, turns):
    """Directions within the cone at whose end the votes are largest."""
    best, aimed = np.full(angle.shape, -np.inf), angle
    for turn in turns:
        at = _places(votes.shape, place, angle + turn, radii)
        seen = votes[at[:, 0], at[:, 1]].max(axis=0)
        better = seen > best
        best, aimed = np.where(better, seen, best), np.where(better, angle + turn, aimed)
    return aimed
