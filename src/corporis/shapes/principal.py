"""Principal shapes: the Gaussian rival of sparse composition, plain and robust."""

from typing import Literal

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

_REACH = 3.0  # residuals of so many noise deviations count as half an outlier at the end
_COOLING = 1.4


class PrincipalShapes(BaseEstimator):
    r"""A shape prior of few principal modes: ``y = T^-1(m + P b)``.

    With ``prior="box"`` this is the projection of active shape models: `b` by least squares,
    each coordinate cut to ``+- reach`` standard deviations. With ``prior="gaussian"`` it is the
    most probable shape under ``b ~ N(0, variance)`` and landmark noise `noise`:
    ``(P^T W P / noise^2 + diag(1/variance)) b = P^T W (T(y) - m) / noise^2``.

    Parameters
    ----------
    modes : int or float
        Number of modes, or the fraction of variance in (0, 1) to keep.
    prior : {"box", "gaussian"}
        How modes are restrained.
    penalty : {"quadratic", "redescending"}
        Landmarks weigh alike, or by ``(mu/(mu + rho))^2``, ``rho = ||r||^2/(3 noise)^2``, with
        `mu` falling to 1 (Geman and McClure's function by graduated non-convexity).
    noise : float
        Standard deviation of a good landmark's coordinates, in the unit of length, > 0.
    reach : float
        Half width of the box in standard deviations, > 0.
    alignment : {"similarity", "rigid", "none"}
        What `T` may change.
    at_most, tolerance : int, float
        Most rounds of transform and modes, and the move of landmarks, in units of `noise`,
        below which they end.

    Attributes
    ----------
    mean_ : array, (k, d)
        Mean shape.
    modes_ : array, (n_modes, k, d)
        Orthonormal modes, largest variance first; none where all training shapes are equal, and
        the mean explains every shape.
    variances_ : array, (n_modes,)
        Variance along each mode, squared length.

    References
    ----------
    Cootes, Taylor, Cooper, Graham (1995), Computer Vision and Image Understanding 61, 38-59,
    doi:10.1006/cviu.1995.1004; Yang, Antonante, Tzoumas, Carlone (2020), IEEE Robotics and
    Automation Letters 5, 1127-1134, doi:10.1109/LRA.2020.2965893

    Examples
    --------
    >>> import numpy as np
    >>> from corporis.shapes import PrincipalShapes
    >>> square = np.array([[0.0, 0.0], [9.0, 0.0], [9.0, 9.0], [0.0, 9.0]])
    >>> boxes = np.stack([square * [1, a] for a in (0.8, 1.0, 1.2, 1.4)])
    >>> len(PrincipalShapes(modes=0.98).fit(boxes).variances_)
    1
    """

    def __init__(
        self,
        modes: int | float = 0.98,
        prior: Literal["box", "gaussian"] = "gaussian",
        penalty: Literal["quadratic", "redescending"] = "quadratic",
        noise: float = 1.0,
        reach: float = 3.0,
        alignment: ShapeAlignment = "similarity",
        at_most: int = 30,
        tolerance: float = 1e-3,
    ):
        self.modes = modes
        self.prior = prior
        self.penalty = penalty
        self.noise = noise
        self.reach = reach
        self.alignment = alignment
        self.at_most = at_most
        self.tolerance = tolerance

    def fit(self, X: np.ndarray, y: object = None) -> "PrincipalShapes":
        """Mean and modes of training shapes (n >= 2, k, d); `y` is ignored.

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
        differences = (found.aligned - found.mean).reshape(len(X), -1)
        _, sizes, modes = np.linalg.svd(differences, full_matrices=False)
        variances = sizes**2 / (len(X) - 1)
        alive = int(np.sum(variances > 1e-12 * np.sum(found.mean**2)))
        if self.modes < 1:
            share = np.cumsum(variances) / max(variances.sum(), 1e-300)
            wanted = int(np.searchsorted(share, self.modes)) + 1
        else:
            wanted = int(self.modes)
        n_modes = min(wanted, alive)
        self.mean_, self.variances_ = found.mean, variances[:n_modes]
        self.modes_ = modes[:n_modes].reshape(n_modes, *found.mean.shape)
        self.n_features_in_ = X.shape[1] * X.shape[2]
        return self

    def transform(self, X: np.ndarray, confidences: np.ndarray | None = None) -> np.ndarray:
        """Replace shapes (n, k, d), or one (k, d), by their explanations, in the same frame."""
        check_is_fitted(self)
        return transform_each(self.explain, X, confidences)

    def explain(self, shape: np.ndarray, confidences: np.ndarray | None = None) -> Composition:
        """Explain one shape (k, d) by modes; parameters as in `SparseShapeComposition`.

        In the result, `error` is the residual of landmarks whose weight fell below one half,
        and `gap` is 0 because each code is a closed form.
        """
        check_is_fitted(self)
        given, c = check_landmarks(shape, confidences, self.mean_)
        transform = align(given, self.mean_, c, self.alignment)
        b, trust, mu, count = np.zeros(len(self.modes_)), np.ones(len(c)), np.inf, 0
        explained = self.mean_
        for count in range(1, self.at_most + 1):
            if self.penalty == "redescending":
                rho = self._misfit(given, explained, transform, c) / (_REACH * self.noise) ** 2
                mu = max(2 * rho.max(), 1.0) if count == 1 else max(mu / _COOLING, 1.0)
                trust = (mu / (mu + rho)) ** 2
            transform = align(given, explained, c * trust, self.alignment)
            b = self._code(transform.apply(given) - self.mean_, c * trust)
            before, explained = explained, self.mean_ + np.tensordot(b, self.modes_, axes=1)
            still = np.linalg.norm(explained - before, axis=1).max() <= self.tolerance * self.noise
            if still and (mu == 1.0 or self.penalty == "quadratic"):
                break
        return self._composition(np.asarray(shape), given, b, explained, transform, c, trust, count)

    def _composition(self, shape, given, b, explained, transform, c, trust, count):
        kept, back = np.result_type(shape, np.float32), transform.inverse()
        overruled = (trust < 0.5) & (c > 0)
        error = (given - back.apply(explained)) * overruled[:, None]
        squares = self._misfit(given, explained, transform, c)
        return Composition(
            code=b.astype(kept),
            shape=back.apply(explained).astype(kept),
            error=error.astype(kept),
            overruled=overruled,
            transform=transform,
            objective=float(c * trust @ squares / 2 + self._restraint(b) / 2),
            gap=0.0,
            count=count,
        )

    def _misfit(self, given, explained, transform: Transform, c):
        residual = (transform.apply(given) - explained) * (c > 0)[:, None]
        return np.sum(residual**2, axis=1)

    def _restraint(self, b):
        return self.noise**2 * float(np.sum(b**2 / self.variances_)) * (self.prior == "gaussian")

    def _code(self, target, weights):
        if not len(self.modes_):
            return np.zeros(0)
        modes = self.modes_.reshape(len(self.modes_), -1)
        w = np.repeat(weights, self.mean_.shape[1])
        normal = (modes * w) @ modes.T
        if self.prior == "gaussian":
            normal = normal + np.diag(self.noise**2 / self.variances_)
            return np.linalg.solve(normal, modes @ (w * target.ravel()))
        b = np.linalg.lstsq(normal, modes @ (w * target.ravel()), rcond=None)[0]
        limit = self.reach * np.sqrt(self.variances_)
        return np.clip(b, -limit, limit)

    def _check(self):
        for name in ("modes", "noise", "reach", "tolerance"):
            if not 0 < getattr(self, name) < np.inf:
                raise ValueError(f"{name} must be finite and > 0, got {getattr(self, name)}")
        if self.prior not in ("box", "gaussian"):
            raise ValueError(f"prior must be box or gaussian, got {self.prior!r}")
        if self.penalty not in ("quadratic", "redescending"):
            raise ValueError(f"penalty must be quadratic or redescending, got {self.penalty!r}")
        check_alignment(self.alignment)
        if self.at_most < 1:
            raise ValueError(f"at_most must be >= 1, got {self.at_most}")
