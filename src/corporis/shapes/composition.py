"""Sparse shape composition: a shape is a few training shapes, and what is wrong is set aside."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from corporis.estimators import BaseEstimator, check_is_fitted
from corporis.shapes.alignment import (
    ShapeAlignment,
    Transform,
    as_points,
    check_alignment,
    check_weights,
    procrustes_mean,
)
from corporis.shapes.alternation import Alternation


@dataclass(frozen=True, eq=False)
class Composition:
    """How a shape was explained.

    Parameters
    ----------
    code : array, (n_atoms,)
        Coefficients: of training shapes' differences from the mean, or of principal modes.
    shape : array, (k, d)
        The explanation, in the frame and unit of the input: every landmark, also missing ones.
    error : array, (k, d)
        What was taken for a gross error, in the frame of the input (0 = believed, or missing).
    overruled : bool array, (k,)
        Landmarks that were given and not believed.
    transform : Transform
        From the input's frame to the frame of the mean shape.
    objective, gap : float
        Objective of the last convex problem and how far at most it lies above its minimum
        (0 for a closed form), in squared length.
    count : int
        Alternations between transform and code.
    """

    code: np.ndarray
    shape: np.ndarray
    error: np.ndarray
    overruled: np.ndarray
    transform: Transform
    objective: float
    gap: float
    count: int


class SparseShapeComposition(BaseEstimator):
    r"""A shape prior made of the training shapes themselves, with few of them in use.

    ``min_{T, x, e}  sum_i c_i (1/2 ||T(y)_i - m_i - (B x)_i - e_i||^2 + gross_weight ||e_i||)
    + code_weight C sum_j s_j |x_j|``

    `m` is the Procrustes mean and the columns of `B` the training shapes' differences from it,
    `s_j` their root mean square over landmarks and ``C = sum c_i``. The mean is not penalised:
    with an uncentred dictionary every alternation would shrink `T` a little. No distribution of
    shapes is assumed, and details that few training shapes have survive.

    Parameters
    ----------
    code_weight : float
        > 0, in the unit of length: how many millimetres (root mean square) a training shape must
        explain before it is used.
    gross_weight : float
        > 0, in the unit of length: the largest residual still believed, 1.5 to 3 standard
        deviations of a good landmark.
    gross_error : {"landmark", "coordinate", None}
        Whether a landmark errs as a whole (independent of the axes), each coordinate alone
        (as first published), or never.
    penalty : {"convex", "redescending"}
        Of gross errors: in proportion to their length (one minimum at fixed `T`), or levelling
        off, ``t / (1 + t/gross_weight)``, reached by graduated non-convexity from the convex one.
    alignment : {"similarity", "rigid", "none"}
        What `T` may change.
    at_most, tolerance : int, float
        Most alternations (per stage of the graduation), and when to stop: landmarks move by less
        than `tolerance` times `gross_weight`, the duality gap is below `tolerance` times the
        objective.
    compiled : bool
        Solve by numba coordinate descent, or by FISTA from `corporis.solvers`.

    Attributes
    ----------
    mean_ : array, (k, d)
        Mean shape.
    shapes_ : array, (n, k, d)
        Aligned training shapes.

    Notes
    -----
    Lengths are those of the mean's frame: where a shape is larger than the average of its kind,
    "similarity" shrinks it before it is judged. Alternations lower the objective at every step
    with "landmark" and a convex penalty.

    References
    ----------
    Zhang, Zhan, Dewan, Huang, Metaxas, Zhou (2012), Medical Image Analysis 16, 265-277,
    doi:10.1016/j.media.2011.08.004

    Examples
    --------
    >>> import numpy as np
    >>> from corporis.shapes import SparseShapeComposition
    >>> rng = np.random.default_rng(0)
    >>> angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    >>> circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    >>> ovals = np.stack([circle * [30, 30 * a] for a in np.linspace(0.6, 1.4, 20)])
    >>> wrong = ovals[4].copy()
    >>> wrong[7] += 25                                    # one landmark is far off
    >>> found = SparseShapeComposition(penalty="redescending").fit(ovals).explain(wrong)
    >>> np.flatnonzero(found.overruled).tolist(), bool(abs(found.shape - ovals[4]).max() < 2)
    ([7], True)
    """

    def __init__(
        self,
        code_weight: float = 0.2,
        gross_weight: float = 2.0,
        gross_error: Literal["landmark", "coordinate"] | None = "landmark",
        penalty: Literal["convex", "redescending"] = "convex",
        alignment: ShapeAlignment = "similarity",
        at_most: int = 30,
        tolerance: float = 1e-3,
        compiled: bool = True,
    ):
        self.code_weight = code_weight
        self.gross_weight = gross_weight
        self.gross_error = gross_error
        self.penalty = penalty
        self.alignment = alignment
        self.at_most = at_most
        self.tolerance = tolerance
        self.compiled = compiled

    def fit(self, X: np.ndarray, y: object = None) -> "SparseShapeComposition":
        """Align the training shapes (n, k, d) and keep them; `y` is ignored.

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
        return self.adopt(found.mean, found.aligned)

    def adopt(self, mean: np.ndarray, shapes: np.ndarray) -> "SparseShapeComposition":
        """Take a mean (k, d) and shapes (n >= 1, k, d) in its frame as they are, instead of `fit`.

        For dictionaries that were selected, learned (mean plus atom), or grow while they are in
        use: a mean estimated anew would move every shape that is there.

        Raises
        ------
        ValueError
            If a parameter is out of range, shapes do not match the mean, or are not finite.
        """
        self._check()
        mean, shapes = as_points(mean, "the mean").copy(), as_points(shapes, "shapes").copy()
        if shapes.ndim != 3 or not len(shapes) or shapes.shape[1:] != mean.shape:
            raise ValueError(
                f"shapes must be (n >= 1, k, d) like the mean {mean.shape}, got {shapes.shape}"
            )
        if not (np.isfinite(mean).all() and np.isfinite(shapes).all()):
            raise ValueError("mean and shapes must be finite, got NaN or infinity")
        self.mean_, self.shapes_ = mean, shapes
        self._rms = np.sqrt(np.mean(np.sum((shapes - mean) ** 2, axis=2), axis=1))
        floor = 1e-9 * np.linalg.norm(mean)
        self._rms = np.where(self._rms > floor, self._rms, np.inf)  # the mean itself: never used
        self._atoms = (shapes - mean) / self._rms[:, None, None]
        self.n_features_in_ = mean.size
        return self

    def transform(self, X: np.ndarray, confidences: np.ndarray | None = None) -> np.ndarray:
        """Replace shapes (n, k, d), or one (k, d), by their explanations, in the same frame.

        `confidences`, (k,) or (n, k), trust landmarks, 0 for missing; the precision is kept.
        """
        check_is_fitted(self)
        return transform_each(self.explain, X, confidences)

    def explain(self, shape: np.ndarray, confidences: np.ndarray | None = None) -> Composition:
        """Explain one shape (k, d) by few training shapes.

        Parameters
        ----------
        shape : array, (k, d)
            Landmarks; those of confidence 0 may hold NaN.
        confidences : array, (k,), optional
            Trust in each landmark, >= 0; 0 for missing.

        Raises
        ------
        ValueError
            If the shape does not match the training shapes, or a trusted landmark is not finite.
        """
        check_is_fitted(self)
        given, c = check_landmarks(shape, confidences, self.mean_)
        search = self.alternation(given, c)
        search.settle()
        if self.penalty == "redescending" and self.gross_error is not None:
            search.graduate()
        search.finish()
        back, kept = search.transform.inverse(), np.result_type(np.asarray(shape), np.float32)
        error = search.error
        return Composition(
            code=(search.code / self._rms).astype(kept),
            shape=back.apply(search.explained).astype(kept),
            error=back.turn(error).astype(kept),
            overruled=np.any(error != 0, axis=1),
            transform=search.transform,
            objective=search.objective,
            gap=search.gap,
            count=search.count,
        )

    def alternation(self, given: np.ndarray, confidence: np.ndarray) -> Alternation:
        """The search for one shape, at its start: for those who want to watch its steps."""
        check_is_fitted(self)
        return Alternation(
            self.mean_,
            self._atoms,
            given,
            confidence,
            self.code_weight,
            np.inf if self.gross_error is None else self.gross_weight,
            self.gross_error == "coordinate",
            self.alignment,
            self.at_most,
            self.tolerance,
            self.compiled,
        )

    def contributors(self, composition: Composition) -> Sequence[tuple[int, float]]:
        """Training shapes in use: (index, share), largest share first; shares sum to 1.

        A share is the size of what the shape contributes, ``s_j |x_j|``, over all such sizes.
        """
        check_is_fitted(self)
        used = np.flatnonzero(composition.code)
        size = np.abs(composition.code[used]) * self._rms[used]
        order = np.argsort(-size, kind="stable")
        return [(int(used[i]), float(size[i] / size.sum())) for i in order]

    def _check(self):
        for name in ("code_weight", "gross_weight", "tolerance"):
            if not 0 < getattr(self, name) < np.inf:
                raise ValueError(f"{name} must be finite and > 0, got {getattr(self, name)}")
        if self.gross_error not in ("landmark", "coordinate", None):
            raise ValueError(
                f"gross_error must be landmark, coordinate or None, got {self.gross_error!r}"
            )
        if self.penalty not in ("convex", "redescending"):
            raise ValueError(f"penalty must be convex or redescending, got {self.penalty!r}")
        check_alignment(self.alignment)
        if self.at_most < 1:
            raise ValueError(f"at_most must be >= 1, got {self.at_most}")


def check_landmarks(
    shape: np.ndarray, confidences: np.ndarray | None, mean: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Landmarks (k, d) in double precision with missing ones at 0, and confidences (k,).

    Raises
    ------
    ValueError
        If the shape is not that of the mean or not real, a confidence is negative, or a landmark
        of confidence > 0 is not finite.
    """
    given = as_points(shape, "a shape").copy()
    if given.shape != mean.shape:
        raise ValueError(f"a shape must be {mean.shape} like the mean, got {given.shape}")
    c = check_weights(confidences, len(mean))
    given[c == 0] = 0.0
    if not np.isfinite(given).all():
        raise ValueError("landmarks must be finite: give missing ones confidence 0")
    return given, c


def transform_each(
    explain: Callable[[np.ndarray, np.ndarray | None], Composition],
    shapes: np.ndarray,
    confidences: np.ndarray | None,
) -> np.ndarray:
    """Explanations of shapes (n, k, d) or (k, d); confidences are (k,), (n, k) or None."""
    shapes = np.asarray(shapes)
    if shapes.ndim not in (2, 3):
        raise ValueError(f"shapes must be (n, k, d) or (k, d), got {shapes.shape}")
    confidences = None if confidences is None else np.asarray(confidences)
    if shapes.ndim == 2:
        return explain(shapes, confidences).shape
    if not len(shapes):
        return shapes.astype(np.result_type(shapes, np.float32))
    if confidences is None or confidences.ndim < 2:
        return np.stack([explain(s, confidences).shape for s in shapes])
    return np.stack([explain(s, c).shape for s, c in zip(shapes, confidences, strict=True)])
