"""Gross errors: the misfit that remains when the best sparse error is taken out."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from corporis.interfaces import Result


@dataclass(frozen=True, eq=False)
class GrossErrorMisfit:
    r"""The smooth half of a sparse composition, with its sparse error `e` eliminated.

    ``f(x) = min_e sum_i c_i (1/2 ||r_i - e_i||^2 + t_i ||e_i||)``, ``r = target - sum_j x_j A_j``,
    equals ``sum_i c_i Huber_{t_i}(||r_i||)``: residuals up to `t_i` are noise, what exceeds it is
    a gross error that pulls with the constant force ``c_i t_i``, however large.

    Parameters
    ----------
    atoms : array, (n_atoms, n_groups, size)
        Shapes; a group is what errs as a whole (a landmark, or one coordinate of it).
    target : array, (n_groups, size)
        What the atoms have to add up to, in the unit of length of the shapes.
    threshold : array, (n_groups,)
        The largest residual still believed, >= 0, in that unit; infinity for plain squares.
    confidence : array, (n_groups,)
        Trust in each group, >= 0; 0 leaves it out.

    Raises
    ------
    ValueError
        If shapes do not fit, or a threshold or confidence is negative or NaN.

    Examples
    --------
    >>> import numpy as np
    >>> from corporis.shapes import GrossErrorMisfit
    >>> one = GrossErrorMisfit(np.ones((1, 1, 1)), np.array([[5.0]]), np.ones(1), np.ones(1))
    >>> one(np.array([4.0])), one(np.array([0.0]))      # 1/2 1^2, and 5 - 1/2
    (0.5, 4.5)
    """

    atoms: np.ndarray
    target: np.ndarray
    threshold: np.ndarray
    confidence: np.ndarray

    def __post_init__(self):
        n_groups = len(self.target)
        if np.ndim(self.atoms) != 3 or self.atoms.shape[1:] != np.shape(self.target):
            raise ValueError(
                f"atoms must be (n_atoms, {n_groups}, size) like the target "
                f"{np.shape(self.target)}, got {np.shape(self.atoms)}"
            )
        for name in ("threshold", "confidence"):
            value = getattr(self, name)
            if np.shape(value) != (n_groups,) or not np.all(np.asarray(value) >= 0):
                raise ValueError(f"{name} must be ({n_groups},) and >= 0")

    def residual(self, x: np.ndarray) -> np.ndarray:
        """``target - sum_j x_j A_j``, (n_groups, size)."""
        used = np.flatnonzero(x)
        return self.target - np.tensordot(x[used], self.atoms[used], axes=1)

    def error(self, x: np.ndarray) -> np.ndarray:
        """The sparse error that is best for this code, (n_groups, size)."""
        residual = self.residual(x)
        return residual * (1 - belief(residual, self.threshold))[:, None]

    def __call__(self, x: np.ndarray) -> float:
        length = np.linalg.norm(self.residual(x), axis=1)
        far = length > self.threshold
        value = length**2 / 2
        value[far] = self.threshold[far] * (length[far] - self.threshold[far] / 2)
        return float(self.confidence @ value)

    def force(self, x: np.ndarray) -> np.ndarray:
        """How hard each group pulls, ``c_i min(1, t_i/||r_i||) r_i``, (n_groups, size)."""
        residual = self.residual(x)
        return residual * (self.confidence * belief(residual, self.threshold))[:, None]

    def gradient(self, x: np.ndarray) -> np.ndarray:
        """Derivative by the code, (n_atoms,)."""
        return -np.tensordot(self.atoms, self.force(x), axes=2)

    @cached_property
    def lipschitz(self) -> float:
        """Bound of the gradient's slope, ``||sqrt(c) A||^2``."""
        weighted = self.atoms * np.sqrt(self.confidence)[:, None]
        matrix = weighted.reshape(len(self.atoms), -1)
        smaller = matrix @ matrix.T if matrix.shape[0] < matrix.shape[1] else matrix.T @ matrix
        return float(np.linalg.eigvalsh(smaller)[-1])

    def gap(self, x: np.ndarray, weight: float) -> float:
        """How far at most ``f(x) + weight ||x||_1`` lies above its minimum.

        The dual value of the forces, shrunk until no atom feels more than `weight`.
        """
        force = self.force(x)
        steepest = float(np.abs(np.tensordot(self.atoms, force, axes=2)).max(initial=0.0))
        force = force * (1.0 if steepest <= weight else weight / steepest)
        alive = self.confidence > 0
        quadratic = np.sum(force[alive] ** 2, axis=1) @ (0.5 / self.confidence[alive])
        dual = np.vdot(force, self.target) - quadratic
        return max(float(self(x) + weight * np.abs(x).sum() - dual), 0.0)


def belief(residual: np.ndarray, threshold: np.ndarray) -> np.ndarray:
    """The share of each residual (n, size) that is believed, ``min(1, t_i / ||r_i||)``, (n,)."""
    length = np.linalg.norm(residual, axis=1)
    share = np.ones(len(length))
    far = length > threshold
    share[far] = threshold[far] / length[far]
    return share


def sparse_code(
    misfit: GrossErrorMisfit,
    weight: float,
    start: np.ndarray | None = None,
    *,
    tolerance: float = 1e-3,
    at_most: int = 20_000,
    compiled: bool = True,
) -> Result:
    """The code with the least ``misfit(x) + weight ||x||_1``: a Huber lasso.

    Parameters
    ----------
    misfit : GrossErrorMisfit
        How well a code explains the shape.
    weight : float
        Cost of a unit of code, > 0.
    start : array, (n_atoms,), optional
        Where to begin; zeros if not given.
    tolerance : float
        Stop when the duality gap is at most this fraction of the objective.
    at_most : int
        Most Newton steps (compiled) or proximal gradients (FISTA).
    compiled : bool
        Proximal Newton steps on a working set, in numba (double precision), or FISTA from
        `corporis.solvers`.

    Returns
    -------
    Result
        Code, count, ``reason`` "tolerance" or "at_most", and the absolute duality gap.

    Raises
    ------
    ValueError
        If `weight` is not > 0.
    """
    if not 0 < weight < np.inf:
        raise ValueError(f"weight must be finite and > 0, got {weight}")
    start = np.zeros(len(misfit.atoms)) if start is None else np.asarray(start)
    if not compiled:
        return _by_fista(misfit, weight, start, tolerance, at_most)
    from corporis.shapes._kernel import newton  # numba: imported when first needed

    code, count, objective, gap = newton(
        np.ascontiguousarray(misfit.atoms, float),
        np.ascontiguousarray(misfit.target, float),
        np.asarray(misfit.threshold, float),
        np.asarray(misfit.confidence, float),
        float(weight),
        np.asarray(start, float),
        float(tolerance),
        int(at_most),
    )
    reason = "tolerance" if gap <= tolerance * objective else "at_most"
    return Result(code.astype(start.dtype, copy=False), count, reason, float(max(gap, 0.0)))


def _by_fista(misfit, weight, start, tolerance, at_most):
    from corporis.functionals import L1  # and what they import starts slowly
    from corporis.solvers import fista, run

    penalty = L1(weight)

    def relative_gap(x):
        objective = misfit(x) + penalty(x)
        return misfit.gap(x, weight) / objective if objective > 0 else 0.0

    steps = fista(misfit, penalty, start)
    found = run(steps, at_most=at_most, tolerance=tolerance, certificate=relative_gap)
    gap = misfit.gap(found.x, weight)
    return Result(found.x, found.count, found.reason, gap, found.trace, found.last)
