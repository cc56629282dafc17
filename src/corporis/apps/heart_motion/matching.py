r"""Robust point matching: which crossing of tags is which in the next frame, and which is none.

All pairs are possible at first: ``M_ij ~ exp(-|y_j - f(x_i)|^2 / (2 T))``, with a row and a column
more for points that have no partner, and rows and columns made to add up to 1 in turn. A thin
plate `f` is put through the mean partners, stiff while the temperature `T` is high; as it falls,
one partner a point is left, or none.
"""

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from corporis.apps.heart_motion.gabor import Crossings, GaborFilm
from corporis.deformables import PlateSmoother
from corporis.errors import NotFound

N_BALANCE = 12
"""Times that rows and columns are made to add up to 1."""


@dataclass(frozen=True)
class PointMatching:
    """Softassign with deterministic annealing.

    Parameters
    ----------
    hottest : float
        Deviation of partners in spacings of tags that is thought possible at first, > 0.
    coldest_px : float
        Deviation in pixels at which a partner is a partner, > 0.
    cooling : float
        Ratio of successive temperatures, 0 to 1.
    stiffness : float
        Of the thin plate, per squared pixel of temperature, > 0.
    limit_px : float
        A point farther than this from all others has no partner, > 0.

    Raises
    ------
    ValueError
        If a number is out of its range.

    References
    ----------
    Chui & Rangarajan (2003), Comput. Vis. Image Underst. 89, 114-141,
    doi:10.1016/S1077-3142(03)00009-2; Chen et al. (2010), doi:10.1109/TMI.2009.2021041

    Examples
    --------
    >>> y, x = np.mgrid[:4, :4]
    >>> points = 4.0 * np.stack([y.ravel(), x.ravel()], axis=-1)
    >>> kinds = np.zeros((16, 2), int)
    >>> shifted = Crossings(points[1:] + [0.8, 0.5], kinds[1:])        # one was not found again
    >>> match = PointMatching()(Crossings(points, kinds), shifted, points, spacing_px=4.0)
    >>> match.places[5].round(2).tolist(), bool(match.trust[0] < 0.01)
    ([4.8, 4.5], True)
    """

    hottest: float = 0.5
    coldest_px: float = 0.15
    cooling: float = 0.85
    stiffness: float = 1.0
    limit_px: float = 1.0

    def __post_init__(self):
        for name in ("hottest", "coldest_px", "stiffness", "limit_px"):
            if not 0 < getattr(self, name) < np.inf:
                raise ValueError(f"{name} must be finite and > 0, got {getattr(self, name)}")
        if not 0 < self.cooling < 1:
            raise ValueError(f"cooling must be in (0, 1), got {self.cooling}")

    def __call__(
        self, source: Crossings, target: Crossings, guess: np.ndarray, spacing_px: float
    ) -> "PointMatch":
        """Partners of the points of `source` among those of `target`, of the same kind each.

        Parameters
        ----------
        source, target : Crossings
            `source` with at least 4 points, not on one line.
        guess : array, (n, 2)
            Where the points of `source` are thought to be, in pixels.
        spacing_px : float
            Of the tags.

        Raises
        ------
        ValueError
            If shapes do not match or there are too few points.
        """
        x, y = source.places, target.places
        if np.shape(guess) != x.shape or len(x) < 4:
            raise ValueError(
                f"expected a guess for each of at least 4 points, got {np.shape(guess)} for "
                f"{x.shape}"
            )
        if not len(y):
            return PointMatch(np.full(x.shape, np.nan), np.zeros(len(x)), np.array(guess))
        alike = np.all(source.kinds[:, None] == target.kinds, axis=-1)
        temperature, coldest = (self.hottest * spacing_px) ** 2, self.coldest_px**2
        now, plate = np.array(guess, dtype=float), PlateSmoother(x)
        while True:
            pairs = self._softassign(now, y, alike, temperature)
            trust = pairs.sum(axis=1)
            mean = pairs @ y / np.maximum(trust, 1e-12)[:, None]
            off = np.where(trust[:, None] > 1e-9, mean - guess, now - guess)
            now = guess + plate(off, trust, self.stiffness * temperature)
            if temperature <= coldest:
                break
            temperature = max(temperature * self.cooling, coldest)
        return PointMatch(np.where(trust[:, None] > 0.5, mean, np.nan), trust, now)

    def _softassign(self, now, y, alike, temperature):
        """Pairs (n, m); with the share that has no partner, rows and columns add up to 1."""
        square = np.sum((now[:, None] - y) ** 2, axis=-1)
        pairs = np.where(alike, np.exp(-square / (2 * temperature)), 0.0)
        none = np.exp(-(self.limit_px**2) / (2 * temperature))
        columns = np.ones(len(y))
        for _ in range(N_BALANCE):
            rows = 1 / (pairs @ columns + none)
            columns = 1 / (rows @ pairs + none)
        return rows[:, None] * pairs * columns


@dataclass(frozen=True, eq=False)
class PointMatch:
    """Partners found.

    Parameters
    ----------
    places : array, (n, 2)
        Of the partners in pixels; NaN where there is none.
    trust : array, (n,)
        Probability that a point has one, 0 to 1.
    smooth : array, (n, 2)
        Where the thin plate puts all points.
    """

    places: np.ndarray
    trust: np.ndarray
    smooth: np.ndarray


def follow_crossings(
    film: GaborFilm,
    mask: np.ndarray,
    matching: PointMatching | None = None,
    *,
    n_between: int = 2,
    reach_px: float = 9.0,
) -> tuple[np.ndarray, np.ndarray]:
    """Crossings of the first frame through the film, for `PointFit`.

    Parameters
    ----------
    film : GaborFilm
        Of two families.
    mask : bool array, (rows, columns)
        Where muscle is in the first frame.
    matching : PointMatching or None
    n_between : int
        Lines a spacing.
    reach_px : float
        How far from where they were crossings are looked for in the next frame.

    Returns
    -------
    rest : array, (n, 2)
        Material points in pixels.
    displacement : array, (n_frames, n, 2)
        NaN where a crossing was not found again.

    Raises
    ------
    NotFound
        If the first frame has fewer than 4 crossings.
    """
    matching = PointMatching() if matching is None else matching
    first = film.crossings(0, mask, n_between=n_between)
    if len(first.places) < 4:
        raise NotFound(
            f"{len(first.places)} crossings of tags were found in the first frame, 4 are needed: "
            "give a larger mask, or tags that are farther apart than three pixels"
        )
    spacing = float(film.tags.spacing_px.min())
    rest, now, before = first.places, first.places, first.places
    displacement = np.zeros((len(film.values), *rest.shape))
    rows, columns = np.indices(mask.shape)
    pixels = np.stack([rows.ravel(), columns.ravel()], axis=-1)
    for t in range(1, len(film.values)):
        guess = 2 * now - before
        distance = cKDTree(guess).query(pixels)[0]
        near = (distance < min(reach_px, 0.6 * spacing)).reshape(mask.shape)
        target = film.crossings(t, near, n_between=n_between)
        match = matching(first, target, guess, spacing)
        displacement[t] = match.places - rest
        before, now = now, match.smooth
    return rest, displacement
