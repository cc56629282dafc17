"""The most probable shape when some landmarks are grossly wrong, alone or in runs."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from corporis.estimators import BaseEstimator, check_is_fitted
from corporis.shapes.alignment import (
    ShapeAlignment,
    Transform,
    align,
    check_alignment,
    procrustes_mean,
)
from corporis.shapes.composition import Composition, check_landmarks, transform_each
from corporis.shapes.run_search import RunSearch

NUISANCE = 10.0
"""How free place, direction and size are, in units of the mean shape's size."""

SHRINKAGES = (1e-5, 1e-4, 1e-3, 3e-3, 0.01, 0.02, 0.04, 0.08, 0.15, 0.3, 0.6)
"""Shares of the identity that are tried."""
REACH = 3.0
"""Residuals of so many deviations of the noise count as half an outlier in the end."""


@dataclass(frozen=True, eq=False)
class Posterior:
    """A shape given its believed landmarks.

    Parameters
    ----------
    composition : Composition
        Its code is the difference from the mean in the mean's frame, flat.
    deviation : array, (k,)
        Standard deviation of each landmark's place, root of the sum over coordinates, in the unit
        of the input.
    cost : float
        Description length of the given landmarks, nats.
    """

    composition: Composition
    deviation: np.ndarray
    cost: float


class PosteriorShapes(BaseEstimator):
    r"""A Gaussian shape prior whose landmarks are believed or not, whole runs at once.

    A set `O` of landmarks is set aside, the others, `S`, are explained: the description length

    ``-log p(y_S) + outlier_cost |O| + run_cost runs(O)``

    is minimised over `O`. Both are exact, because ``p`` is Gaussian with place, direction and size
    integrated out: what a run of landmarks adds has a closed form in the precision matrix, so that
    every run of every length is tried. Runs are added, widened, narrowed and taken back until
    nothing lowers the cost. Convex penalties shrink before they believe, redescending ones wait
    for a landmark to look wrong alone; a run that moved together looks like a shape to both.

    Parameters
    ----------
    noise : float
        Standard deviation of a good landmark's coordinates, > 0, in the unit and frame of the
        mean shape.
    outlier_cost : float
        Nats for a landmark that is set aside: the logarithm of the area in which a wrong one may
        lie, in squared units of length.
    run_cost : float
        Nats for each run of neighbours that is set aside, >= 0.
    is_closed : bool
        Whether the last landmark is a neighbour of the first.
    alignment : {"similarity", "rigid", "none"}
        What is free beside the shape.
    n_rounds : int
        Alignments, each with the landmarks believed before, >= 1.

    Attributes
    ----------
    mean_ : array, (k, d)
        Procrustes mean.
    covariance_ : array, (k d, k d)
        Of the aligned training shapes, shrunk towards a multiple of the identity.
    shrinkage_ : float
        The share of the identity under which training shapes that were left out, seen with noise,
        are most probable; 0 to 1.

    References
    ----------
    Friedman (1989), J. Am. Stat. Assoc. 84, 165-175, doi:10.1080/01621459.1989.10478752 (shrinkage
    by cross-validation); Rissanen (1978), Automatica 14, 465-471,
    doi:10.1016/0005-1098(78)90005-5

    Examples
    --------
    >>> import numpy as np
    >>> from corporis.shapes import PosteriorShapes
    >>> angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    >>> circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    >>> ovals = np.stack([circle * [30, 30 * a] for a in np.linspace(0.6, 1.4, 20)])
    >>> wrong = ovals[4].copy()
    >>> wrong[3:9] += [40.0, -25.0]                       # six neighbours moved together
    >>> found = PosteriorShapes(noise=0.5).fit(ovals).explain(wrong)
    >>> np.flatnonzero(found.overruled).tolist()
    [3, 4, 5, 6, 7, 8]
    """

    def __init__(
        self,
        noise: float = 1.0,
        outlier_cost: float = 10.0,
        run_cost: float = 5.0,
        is_closed: bool = True,
        alignment: ShapeAlignment = "similarity",
        n_rounds: int = 3,
    ):
        self.noise = noise
        self.outlier_cost = outlier_cost
        self.run_cost = run_cost
        self.is_closed = is_closed
        self.alignment = alignment
        self.n_rounds = n_rounds

    def fit(self, X: np.ndarray, y: object = None) -> "PosteriorShapes":
        """Mean and covariance of training shapes (n >= 2, k, d); `y` is ignored.

        Raises
        ------
        ValueError
            If a parameter is out of range, or `X` is not (n >= 2, k, d) and finite.
        """
        self._check()
        X = np.asarray(X)
        if X.ndim != 3 or len(X) < 2:
            raise ValueError(f"training shapes must be (n >= 2, k, d), got {X.shape}")
        found = procrustes_mean(X, self.alignment)
        self.mean_ = found.mean
        differences = (found.aligned - found.mean).reshape(len(X), -1)
        self.covariance_, self.shrinkage_ = _shrunk(differences, self.noise)
        self._differences = differences
        free = _tangents(self.mean_, self.alignment)
        self._prior = self.covariance_ + free @ free.T
        self.n_features_in_ = X.shape[1] * X.shape[2]
        return self

    def transform(self, X: np.ndarray, confidences: np.ndarray | None = None) -> np.ndarray:
        """Replace shapes (n, k, d), or one (k, d), by their explanations, in the same frame."""
        check_is_fitted(self)
        return transform_each(self.explain, X, confidences)

    def explain(self, shape: np.ndarray, confidences: np.ndarray | None = None) -> Composition:
        """Explain one shape (k, d); parameters as in `SparseShapeComposition`."""
        return self.posterior(shape, confidences).composition

    def posterior(self, shape: np.ndarray, confidences: np.ndarray | None = None) -> Posterior:
        """The explanation with its uncertainty.

        Raises
        ------
        ValueError
            If the shape does not match the training shapes, or a trusted landmark is not finite.
        """
        check_is_fitted(self)
        given, c = check_landmarks(shape, confidences, self.mean_)
        believed = c > 0
        best: tuple[float, Transform, np.ndarray] | None = None
        for trust in (self._middle_half(given, c), self._graduated(given, c)):
            if best is not None and np.count_nonzero(trust) <= given.shape[1]:
                continue  # too few are believed to say where the shape lies
            found = self._searched(given, c, c * trust)
            if best is None or found[0] < best[0]:
                best = found
        assert best is not None
        cost, transform, outside = best
        inside = believed & ~outside
        difference = self._expected(transform, given, c, inside)
        spread = self._deviation(c, inside)
        return self._posterior(shape, given, transform, difference, spread, outside, cost)

    def completed(self, shape: np.ndarray, confidences: np.ndarray | None = None) -> Posterior:
        """The explanation of a shape (k, d) all of whose trusted landmarks are believed.

        Nothing is searched: for landmarks that were judged elsewhere, or are merely missing.

        Raises
        ------
        ValueError
            As `posterior`.
        """
        check_is_fitted(self)
        given, c = check_landmarks(shape, confidences, self.mean_)
        believed, difference = c > 0, 0.0
        for _ in range(self.n_rounds):
            transform = align(given, self.mean_ + difference, c, self.alignment)
            difference = self._expected(transform, given, c, believed)
        spread = self._deviation(c, believed)
        nothing = np.zeros(len(c), bool)
        search = self._search(transform, given, c)
        cost = float(search.cost(nothing))
        cost -= np.count_nonzero(c) * given.shape[1] * math.log(transform.scale)
        return self._posterior(shape, given, transform, difference, spread, nothing, cost)

    def contributors(self, composition: Composition) -> Sequence[tuple[int, float]]:
        """Training shapes that explain a shape: (index, share), largest first; shares sum to 1.

        The explanation is, exactly, a sum of the training shapes' differences from the mean, of
        what shrinkage adds, and of a move; a share is the size of a shape's part over all sizes.
        """
        check_is_fitted(self)
        weights = self._weights(composition.code)
        size = np.abs(weights) * np.linalg.norm(self._differences, axis=1)
        order = np.argsort(-size, kind="stable")
        total = max(float(size.sum()), 1e-300)
        return [(int(i), float(size[i] / total)) for i in order]

    def _posterior(self, shape, given, transform, difference, spread, outside, cost):
        """What was found, in the frame and precision of the input."""
        back, kept = transform.inverse(), np.result_type(np.asarray(shape), np.float32)
        explained = back.apply(self.mean_ + difference)
        composition = Composition(
            code=difference.ravel().astype(kept),
            shape=explained.astype(kept),
            error=((given - explained) * outside[:, None]).astype(kept),
            overruled=outside,
            transform=transform,
            objective=cost,
            gap=0.0,
            count=self.n_rounds,
        )
        return Posterior(composition, spread / transform.scale, cost)

    def _weights(self, difference):
        """How much of each training shape's difference is in an explanation, (n,)."""
        share = (1 - self.shrinkage_) / (len(self._differences) - 1)
        return share * (self._differences @ np.linalg.solve(self._prior, difference.astype(float)))

    def _searched(self, given, c, trust):
        """Cost, transform and landmarks set aside, aligned again with those believed."""
        outside = np.zeros(len(c), bool)
        cost, transform = math.inf, Transform.identity(given.shape[1])
        for number in range(self.n_rounds):
            target = self.mean_
            if number:
                target = self.mean_ + self._expected(transform, given, c, trust > 0)
            transform = align(given, target, trust, self.alignment)
            search = self._search(transform, given, c)
            cost, outside = search.best(outside if number else (c > 0) & (trust == 0))
            # a density in the input's frame, where a smaller copy is not a better one
            cost -= np.count_nonzero(c) * given.shape[1] * math.log(transform.scale)
            trust = c * ~outside
            if np.count_nonzero(trust) <= given.shape[1]:
                break
        return cost, transform, outside

    def _middle_half(self, given, c):
        """The half of the landmarks that fits the mean best: right where a whole run is wrong."""
        weights = (c > 0).astype(float)
        for _ in range(8):
            moved = align(given, self.mean_, weights, self.alignment).apply(given)
            length = np.linalg.norm(moved - self.mean_, axis=1)
            usual = np.median(length[c > 0]) + 1e-12
            weights = (c > 0) / (1 + (length / usual) ** 2)
        return (length <= usual) & (c > 0)

    def _graduated(self, given, c):
        """Landmarks believed by graduated non-convexity: right where many err alone."""
        trust, mu, believed = np.ones(len(c)), math.inf, c > 0
        transform, difference = align(given, self.mean_, c, self.alignment), 0.0
        while mu > 1:
            residual = np.linalg.norm(transform.apply(given) - self.mean_ - difference, axis=1)
            rho = (residual / (REACH * self.noise)) ** 2
            mu = max(2 * float(rho[believed].max()), 1.0) if mu == math.inf else max(mu / 1.5, 1.0)
            trust = (mu / (mu + rho)) ** 2
            transform = align(given, self.mean_ + difference, c * trust, self.alignment)
            difference = self._expected(transform, given, c * trust, believed)
        return (trust > 0.5) & believed

    def _search(self, transform, given, c) -> RunSearch:
        present = c > 0
        residual = (transform.apply(given) - self.mean_).ravel()
        rows = np.repeat(present, given.shape[1])
        total = self._marginal(c)[np.ix_(rows, rows)]
        per_landmark = -0.5 * given.shape[1] * math.log(2 * math.pi)
        return RunSearch(
            np.linalg.inv(total),
            residual[rows],
            present,
            self.outlier_cost + per_landmark,
            self.run_cost,
            self.is_closed,
        )

    def _marginal(self, c):
        """Covariance of the aligned landmarks: shape, noise, and what alignment leaves free."""
        variance = np.where(c > 0, self.noise**2 / np.maximum(c, 1e-12), 0)
        noise = np.diag(np.repeat(variance, self.mean_.shape[1]))
        return self._prior + noise

    def _expected(self, transform, given, c, inside):
        """Mean difference from the mean shape, (k, d), given the landmarks `inside`."""
        rows = np.repeat(inside, given.shape[1])
        residual = (transform.apply(given) - self.mean_).ravel()
        total = self._marginal(c)[np.ix_(rows, rows)]
        pull = np.linalg.solve(total, residual[rows])
        return (self._prior[:, rows] @ pull).reshape(self.mean_.shape)

    def _deviation(self, c, inside):
        """Standard deviation of each landmark's place, (k,), given the landmarks `inside`."""
        rows = np.repeat(inside, self.mean_.shape[1])
        total = self._marginal(c)[np.ix_(rows, rows)]
        known = self._prior[rows]
        variance = np.diag(self._prior) - np.sum(known * np.linalg.solve(total, known), axis=0)
        return np.sqrt(np.maximum(variance.reshape(self.mean_.shape).sum(axis=1), 0))

    def _check(self):
        if not 0 < self.noise < math.inf:
            raise ValueError(f"noise must be finite and > 0, got {self.noise}")
        if not math.isfinite(self.outlier_cost) or not 0 <= self.run_cost < math.inf:
            raise ValueError(
                "outlier_cost must be finite, and run_cost finite and >= 0, got "
                f"{self.outlier_cost} and {self.run_cost}"
            )
        check_alignment(self.alignment)
        if self.n_rounds < 1:
            raise ValueError(f"n_rounds must be >= 1, got {self.n_rounds}")


def _tangents(mean, alignment):
    """Directions in which alignment may have erred, (k d, n), each as long as it is free."""
    k, d = mean.shape
    if alignment == "none":
        return np.zeros((k * d, 0))
    centred = mean - mean.mean(axis=0)
    found = [np.tile(np.eye(d)[a], (k, 1)) for a in range(d)]
    for a in range(d):
        for b in range(a + 1, d):
            turn = np.zeros((d, d))
            turn[a, b], turn[b, a] = -1, 1
            found.append(centred @ turn.T)
    if alignment == "similarity":
        found.append(centred)
    size = np.linalg.norm(centred)
    return np.stack([NUISANCE * size * f.ravel() / np.linalg.norm(f) for f in found], axis=1)


def _shrunk(differences, noise):
    """Covariance and its shrinkage by the likelihood of shapes left out, in five parts."""
    n, size = differences.shape
    whole = differences.T @ differences / max(n - 1, 1)
    parts = np.array_split(np.random.default_rng(0).permutation(n), min(5, n))
    cost = np.zeros(len(SHRINKAGES))
    for part in parts:
        kept = np.delete(differences, part, axis=0)
        values, axes = np.linalg.eigh(kept.T @ kept / max(len(kept) - 1, 1))
        values = np.maximum(values, 0)
        squares = np.sum((differences[part] @ axes) ** 2, axis=0)
        for number, share in enumerate(SHRINKAGES):
            spread = (1 - share) * values + share * values.mean() + noise**2
            cost[number] += np.sum(squares / spread) + len(part) * np.sum(np.log(spread))
    share = SHRINKAGES[int(np.argmin(cost))]
    return (1 - share) * whole + share * np.trace(whole) / size * np.eye(size), share
