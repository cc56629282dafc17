"""How good a correspondence is: compactness, generality and specificity of the shapes it gives."""

from typing import Any

import numpy as np

from corporis.estimators import clone
from corporis.shapes.alignment import procrustes_mean


def compactness(shapes: np.ndarray, n_modes: int) -> float:
    """Share of the variance of aligned shapes (n, k, d) in the first `n_modes` principal modes.

    Two shapes differ in one way, which one mode holds.

    Examples
    --------
    >>> import numpy as np
    >>> from corporis.shapes import compactness
    >>> square = np.array([[0.0, 0.0], [9.0, 0.0], [9.0, 9.0], [0.0, 9.0]])
    >>> round(compactness(np.stack([square * [1, a] for a in (0.8, 1.2)]), 1), 6)
    1.0
    """
    found = procrustes_mean(shapes)
    differences = (found.aligned - found.aligned.mean(axis=0)).reshape(len(found.aligned), -1)
    squares = np.linalg.svd(differences, compute_uv=False) ** 2
    return float(squares[:n_modes].sum() / max(squares.sum(), 1e-300))


def generality(shapes: np.ndarray, model: Any, n_folds: int = 5) -> float:
    """Mean distance of landmarks of shapes left out from what a model of the others makes of them.

    Parameters
    ----------
    shapes : array, (n, k, d)
    model : estimator
        `SparseShapeComposition`, `PrincipalShapes` or another that explains shapes.
    n_folds : int
        2 to n; n leaves one out at a time.
    """
    shapes = np.asarray(shapes, float)
    if not 2 <= n_folds <= len(shapes):
        raise ValueError(f"n_folds must be 2 to {len(shapes)}, got {n_folds}")
    away, part = [], np.arange(len(shapes)) % n_folds
    for fold in range(n_folds):
        fitted = clone(model).fit(shapes[part != fold])
        made = fitted.transform(shapes[part == fold])
        away.append(np.linalg.norm(made - shapes[part == fold], axis=2).mean(axis=1))
    return float(np.concatenate(away).mean())


def specificity(shapes: np.ndarray, n_modes: int, n_drawn: int = 200, seed: int = 0) -> float:
    """Mean distance of landmarks of shapes drawn from principal modes from the nearest true shape.

    Parameters
    ----------
    shapes : array, (n, k, d)
    n_modes : int
        Modes that are drawn from, with their variances.
    """
    found = procrustes_mean(shapes)
    differences = (found.aligned - found.aligned.mean(axis=0)).reshape(len(found.aligned), -1)
    _, sizes, modes = np.linalg.svd(differences, full_matrices=False)
    deviations = sizes[:n_modes] / np.sqrt(len(differences) - 1)
    rng = np.random.default_rng(seed)
    drawn = (rng.standard_normal((n_drawn, len(deviations))) * deviations) @ modes[:n_modes]
    away = [
        np.linalg.norm((differences - one).reshape(found.aligned.shape), axis=2).mean(axis=1).min()
        for one in drawn
    ]
    return float(np.mean(away))
