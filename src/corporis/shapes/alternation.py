"""The alternation behind sparse composition: transform and code in turn, robustly."""

from dataclasses import dataclass, field

import numpy as np

from corporis.shapes.alignment import Alignment, Transform, align
from corporis.shapes.gross_error import GrossErrorMisfit, belief, sparse_code

_COOLING = 3.0  # each stage of the graduation believes this much less in what is far
_STILL = 0.02  # alternations end when landmarks move less than this, in gross weights
_LOOSE, _STEPS, _MOST = 10, 6, 50_000  # codes between transforms need no exactness


@dataclass(eq=False)
class Alternation:
    """Where the search for transform, code and gross error of one shape has got to.

    Parameters
    ----------
    mean : array, (k, d)
        Mean shape, explained at no cost.
    atoms : array, (n_atoms, k, d)
        Training shapes' differences from the mean, of root mean square length 1.
    given : array, (k, d)
        The shape to explain; finite, also where the confidence is 0.
    confidence : array, (k,)
        Trust in each landmark, >= 0.
    code_weight, gross_weight, per_coordinate, kind, at_most, tolerance, compiled
        As in `SparseShapeComposition`; an infinite `gross_weight` allows no gross error.
    """

    mean: np.ndarray
    atoms: np.ndarray
    given: np.ndarray
    confidence: np.ndarray
    code_weight: float
    gross_weight: float
    per_coordinate: bool = False
    kind: Alignment = "similarity"
    at_most: int = 30
    tolerance: float = 1e-3
    compiled: bool = True
    code: np.ndarray = field(init=False)
    transform: Transform = field(init=False)
    explained: np.ndarray = field(init=False)
    threshold: np.ndarray = field(init=False)
    gap: float = field(init=False, default=np.inf)
    count: int = field(init=False, default=0)

    def __post_init__(self):
        self.transform = align(self.given, self.mean, self.confidence, self.kind)
        self.code, self.explained = np.zeros(len(self.atoms)), self.mean
        self._moved = self.transform.apply(self.given)
        self._size = 1 if self.per_coordinate else self.mean.shape[1]
        self._grouped = self.atoms.reshape(len(self.atoms), -1, self._size)
        self._trust = np.repeat(self.confidence, self.mean.shape[1] // self._size)
        self.threshold = np.full(len(self._trust), self.gross_weight)

    @property
    def misfit(self) -> GrossErrorMisfit:
        """The convex problem in the code at the present transform and thresholds."""
        target = (self._moved - self.mean) * (self.confidence > 0)[:, None]
        return GrossErrorMisfit(
            self._grouped, target.reshape(-1, self._size), self.threshold, self._trust
        )

    @property
    def error(self) -> np.ndarray:
        """Gross errors (k, d) in the frame of the mean, 0 where the confidence is 0."""
        residual = self._residual
        return (residual * (1 - belief(residual, self.threshold))[:, None]).reshape(self.mean.shape)

    @property
    def objective(self) -> float:
        """Misfit plus the cost of the code, at the present transform."""
        return self.misfit(self.code) + self._weight * float(np.abs(self.code).sum())

    @property
    def _weight(self) -> float:
        return self.code_weight * float(self.confidence.sum())

    @property
    def _residual(self) -> np.ndarray:
        """What is not explained, (n_groups, size); 0 where the confidence is 0."""
        left = (self._moved - self.explained) * (self.confidence > 0)[:, None]
        return left.reshape(-1, self._size)

    def step(self) -> float:
        """Fit the transform, then the code; gives the largest move of a landmark.

        The transform minimises a quadratic bound that touches the misfit at the present
        residual, so that no step raises the objective.
        """
        before, believed = self.explained, self._moved
        if self.kind != "none":
            self._fit_transform()
        self._solve(_LOOSE * self.tolerance, _STEPS if self.compiled else 100 * _STEPS)
        self.count += 1
        alive = self.confidence > 0
        moves = (self.explained - before)[alive], (self._moved - believed)[alive]
        return max(float(np.sum(m * m, axis=1).max()) for m in moves) ** 0.5

    def _fit_transform(self):
        if self.per_coordinate:
            aim, weights = self.explained + self.error, self.confidence
        else:
            aim = self.explained
            weights = self.confidence * belief(self._residual, self.threshold)
        self.transform = align(self.given, aim, weights, self.kind)
        self._moved = self.transform.apply(self.given)

    def settle(self) -> None:
        """Take steps until landmarks rest, at most `at_most` of them."""
        if self.kind == "none":
            self._solve(_LOOSE * self.tolerance, _MOST)
            self.count += 1
            return
        for _ in range(self.at_most):
            if self.step() <= self._rest:
                return

    def graduate(self) -> None:
        """From the convex solution to one that lets go of gross errors, in stages.

        Stage `mu` penalises an error of length `t` by ``t / (1 + t/(mu gross_weight))``, times
        `gross_weight`, through its tangent: the threshold is multiplied by
        ``(1 + t/(mu gross_weight))^-2``. `mu` falls from where nothing is let go to 1.
        """
        mu = max(2 * self._error_lengths().max(initial=0.0) / self.gross_weight, 1.0)
        while mu > 1:
            self._let_go(mu)
            self.step()
            mu = max(mu / _COOLING, 1.0)
        for _ in range(self.at_most):
            self._let_go(1.0)
            if self.step() <= self._rest:
                return

    def finish(self) -> None:
        """Solve for the code at the present transform and thresholds, to the full tolerance."""
        self._solve(self.tolerance, _MOST)

    @property
    def _rest(self):
        return _STILL * min(self.gross_weight, 10 * self.code_weight)

    def _solve(self, tolerance, at_most):
        found = sparse_code(
            self.misfit,
            self._weight,
            self.code,
            tolerance=tolerance,
            at_most=at_most,
            compiled=self.compiled,
        )
        self.code, self.gap = found.x, found.gap
        used = np.flatnonzero(self.code)
        self.explained = self.mean + np.tensordot(self.code[used], self.atoms[used], axes=1)

    def _error_lengths(self):
        length = np.linalg.norm(self._residual, axis=1)
        return np.maximum(length - self.threshold, 0.0)

    def _let_go(self, mu):
        share = self._error_lengths() / (mu * self.gross_weight)
        self.threshold = self.gross_weight / (1 + share) ** 2
