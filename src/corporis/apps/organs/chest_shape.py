"""The shape prior of a chest: outlines of five organs, coded together, led by the evidence."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import scipy

from corporis.estimators import BaseEstimator, check_is_fitted, clone
from corporis.shapes import PosteriorShapes, align, contour_length, fill_polygon

ORGANS = ("left lung", "right lung", "heart", "left clavicle", "right clavicle")
"""In the order of the network's channels; left and right are the patient's."""
COARSE_PX, FINE_PX, STEP_PX = (16.0, 12.0, 8.0), 6.0, 0.5
"""How far along normals an edge is sought, first and in the end, and in which steps."""
N_SEARCHES = 2
"""Rounds that look for edges to set aside."""
RUN_COST, LEAST_EDGES = 3.0, 12
LEAST_AREA = 0.3
"""Of an organ's usual area: evidence below it does not say where the organ is."""


@dataclass(frozen=True, eq=False)
class Outlines:
    """Outlines of all organs, and how far the evidence was believed.

    Parameters
    ----------
    points : array, (k, 2)
        Rows and columns in pixels, of all organs in the order of `ORGANS`.
    trust : array, (k,)
        0 where the evidence was overruled or showed no edge, up to 1 where it is followed.
    deviation : array, (k,)
        Standard deviation of the outline's place, pixels.
    overruled : bool array, (k,)
        Edges that were there and not believed.
    parts : tuple of slice
        The landmarks of each organ.
    nats : float
        Description length of a believed edge, mean of all; infinite where next to none was seen.
    """

    points: np.ndarray
    trust: np.ndarray
    deviation: np.ndarray
    overruled: np.ndarray
    parts: tuple[slice, ...]
    nats: float = np.inf


class ChestShapes(BaseEstimator):
    """Outlines of lungs, heart and clavicles as one shape, so that the seen tell of the unseen.

    Each landmark looks along its normal for the edge that the evidence draws best, and how well it
    does is its confidence. Within each organ, runs of edges that contradict the shapes of the
    organ are set aside (`PosteriorShapes`); what is left is explained by all organs together.

    Parameters
    ----------
    noise_px : float
        Standard deviation of a good edge, > 0.
    outlier_cost : float
        Nats for a landmark that is set aside: smaller overrules more.

    Attributes
    ----------
    n_training_ : int
    """

    def __init__(self, noise_px: float = 1.0, outlier_cost: float = 9.0):
        self.noise_px = noise_px
        self.outlier_cost = outlier_cost

    def fit(self, X: Mapping[str, np.ndarray], y: object = None) -> "ChestShapes":
        """Learn from landmarks ``X[organ]`` (n, k, 2), rows and columns in pixels.

        Raises
        ------
        ValueError
            If an organ is missing, or numbers of shapes differ or are below five.
        """
        missing = [organ for organ in ORGANS if organ not in X]
        counts = {len(X[organ]) for organ in ORGANS if organ in X}
        if missing or len(counts) != 1 or min(counts) < 5:
            raise ValueError(
                f"expected as many (at least 5) shapes of {', '.join(ORGANS)}, got "
                f"{ {organ: len(X[organ]) for organ in X} }"
            )
        sizes = [X[organ].shape[1] for organ in ORGANS]
        ends = np.cumsum([0, *sizes])
        self.parts_ = tuple(slice(a, b) for a, b in itertools.pairwise(ends))
        whole = np.concatenate([X[organ] for organ in ORGANS], axis=1).astype(float)
        self.n_training_, self.usual_ = len(whole), whole.mean(axis=0)
        self._areas = np.array([_area(self.usual_[part]) for part in self.parts_])
        self._middles = np.stack([self.usual_[part].mean(axis=0) for part in self.parts_])
        one = PosteriorShapes(self.noise_px, self.outlier_cost, RUN_COST, n_rounds=1)
        self._each = [clone(one).fit(whole[:, part]) for part in self.parts_]
        self._whole = PosteriorShapes(self.noise_px).fit(whole)
        self._inward = [0.45 * _thickness(self.usual_[part]) for part in self.parts_]
        return self

    def outline(self, chances: np.ndarray) -> Outlines:
        """Outlines in the light of probabilities (5, rows, columns) of being inside."""
        check_is_fitted(self)
        # a start may lead astray: the one is kept whose end describes the edges most briefly
        ends = [self._settled(start, chances) for start in self._starts(chances)]
        points = min(ends, key=lambda end: end[1])[0]
        overruled, deviation = np.zeros(len(points), bool), np.full(len(points), np.inf)
        for _ in range(N_SEARCHES):
            seen, confidence = self._edges(points, chances, FINE_PX)
            overruled = self._contradicting(seen, confidence)
            confidence = np.where(overruled, 0, confidence)
            if np.count_nonzero(confidence) < LEAST_EDGES:
                return Outlines(points, np.zeros(len(points)), deviation, overruled, self.parts_)
            found = self._whole.completed(seen, confidence)
            points, deviation = found.composition.shape, found.deviation
            nats = found.cost / np.count_nonzero(confidence)
        return Outlines(points, confidence, deviation, overruled, self.parts_, nats)

    def landmarks(self, inside: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Landmarks on outlines that are given, in correspondence with those of the training.

        Parameters
        ----------
        inside : array, (5, rows, columns)
            Shares of each pixel inside of `ORGANS`, as a person outlined them.

        Returns
        -------
        points : array, (k, 2)
            Rows and columns in pixels.
        confidence : array, (k,)
            0 where the outline that was given is not within reach.
        """
        points = self.outline(inside).points
        seen, confidence = self._edges(points, inside, FINE_PX)
        return seen, confidence

    def _settled(self, points, chances):
        """Points moved to edges sought ever nearer, all believed; and the edges' description."""
        nats = np.inf
        for reach in COARSE_PX:
            seen, confidence = self._edges(points, chances, reach)
            if np.count_nonzero(confidence) < LEAST_EDGES:
                break
            found = self._whole.completed(seen, confidence)
            points = found.composition.shape
            n_missing = np.count_nonzero(confidence == 0)
            nats = found.cost + n_missing * (self.outlier_cost - np.log(2 * np.pi))
        return points, nats

    def _contradicting(self, seen, confidence):
        """Edges that the shapes of their organ do not explain, (k,)."""
        found = np.zeros(len(seen), bool)
        for part, model in zip(self.parts_, self._each):
            if np.count_nonzero(confidence[part]) > 4:
                explained = model.explain(seen[part], confidence[part])
                found[part] = explained.overruled
        return found

    def _starts(self, chances):
        """The usual outlines in place, moved onto what is there, and organ by organ."""
        starts, alone = [self.usual_], self.usual_.copy()
        inside = chances > 0.5
        known = inside.sum(axis=(1, 2)) > LEAST_AREA * self._areas
        found = np.zeros((len(ORGANS), 2))
        for organ in np.flatnonzero(known):
            places, part = np.argwhere(inside[organ]), self.parts_[organ]
            found[organ] = places.mean(axis=0)
            usual = np.argwhere(polygon(self.usual_[part], inside.shape[1:]))
            size = places.std(axis=0) / usual.std(axis=0)
            alone[part] = found[organ] + size * (self.usual_[part] - usual.mean(axis=0))
        if np.count_nonzero(known) >= 2:
            weights = np.where(known, self._areas, 0.0)
            starts.append(align(self._middles, found, weights).apply(self.usual_))
            starts.append(self._whole.completed(alone, self._given(known)).composition.shape)
        return starts

    def _given(self, known):
        """Landmarks of known organs, (k,), 0 or 1."""
        return np.repeat(known.astype(float), [part.stop - part.start for part in self.parts_])

    def _edges(self, points, chances, reach):
        """The best edge on each landmark's normal, (k, 2), and its confidence, (k,) in 0 to 1."""
        seen, confidence = points.copy(), np.zeros(len(points))
        for organ, part in enumerate(self.parts_):
            # a thin organ's other side is no edge of this one
            inward = round(min(reach, self._inward[organ]) / STEP_PX)
            steps = STEP_PX * np.arange(-inward, round(reach / STEP_PX) + 1)
            outward = normals(points[part])
            ways = points[part, None] + steps[None, :, None] * outward[:, None]
            inside = scipy.ndimage.map_coordinates(
                chances[organ], ways.reshape(-1, 2).T, order=1, mode="nearest"
            )
            place, confidence[part] = edge(inside.reshape(ways.shape[:2]), steps)
            seen[part] = points[part] + place[:, None] * outward
        return seen, confidence


def edge(inside: np.ndarray, steps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where a profile falls from 1 to 0, and how sure that is.

    Parameters
    ----------
    inside : array, (n, m)
        Probabilities of being inside, on a way from inside to outside.
    steps : array, (m,)
        Places, equally spaced.

    Returns
    -------
    place, confidence : array, (n,)
        The first is where a single step fits the profile best, with the fraction that the blurred
        step has beyond it; the second 1 for a step, 0 for none.

    Examples
    --------
    >>> place, confidence = edge(np.array([[1.0, 1, 1, 0.5, 0, 0, 0]]), np.arange(-3.0, 4))
    >>> place.tolist(), confidence.tolist()
    ([0.0], [1.0])
    """
    n, m = inside.shape
    gain = np.concatenate([np.zeros((n, 1)), np.cumsum(inside - 0.5, axis=1)], axis=1)
    cut = np.argmax(gain, axis=1)  # samples before the cut count as inside
    index = np.arange(m)
    before = index < cut[:, None]
    near = np.abs(index + 0.5 - cut[:, None]) <= 4
    step = steps[1] - steps[0]
    # a blurred step keeps its area: what is missing before the cut is found behind it
    missing = np.sum((before - inside) * near, axis=1)
    place = steps[0] + (cut - 0.5 - missing) * step
    wrong = np.sum(np.abs(before - inside) * ~near, axis=1) / np.maximum(np.sum(~near, axis=1), 1)
    blur = np.sum(np.abs(before - inside) * near, axis=1)
    confidence = np.clip(1 - 4 * wrong, 0, 1) * np.clip(2 - blur / 1.5, 0.1, 1)
    confidence[(cut == 0) | (cut == m)] = 0.0
    return place, confidence


def normals(points: np.ndarray) -> np.ndarray:
    """Outward unit normals (k, 2) of a closed outline (k, 2)."""
    along = np.roll(points, -1, axis=0) - np.roll(points, 1, axis=0)
    across = np.stack([along[:, 1], -along[:, 0]], axis=1)
    across /= np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-9)
    return across if _signed_area(points) > 0 else -across


def polygon(points: np.ndarray, shape: tuple[int, int], n_fine: int = 4) -> np.ndarray:
    """The mask of an outline whose corners are rounded by a spline through its points."""
    # the coefficients of B-splines: scipy.interpolate takes longer to start than this to run
    c = scipy.ndimage.spline_filter1d(points, 3, axis=0, mode="grid-wrap")
    t = (np.arange(n_fine) / n_fine)[:, None]
    weights = (1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, 3 * (t + t**2 - t**3) + 1, t**3
    around = (np.roll(c, shift, axis=0)[:, None] for shift in (1, 0, -1, -2))
    curve = sum(w * near for w, near in zip(weights, around)) / 6  # (k, n_fine, 2)
    return fill_polygon(curve.reshape(-1, 2), shape)


def _signed_area(points):
    r, c = (points - points[0]).T
    return float(np.sum(r * np.roll(c, -1) - c * np.roll(r, -1)) / 2)


def _thickness(points):
    """Twice the area over the length: the width of what is long and thin."""
    return 2 * _area(points) / contour_length(points)


def _area(points):
    return abs(_signed_area(points))
