"""Alignment: the least-squares transform between corresponding points, and the Procrustes mean."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

Alignment = Literal["none", "rigid", "similarity", "affine"]
ShapeAlignment = Literal["none", "rigid", "similarity"]
"""What keeps a shape: an affine map would explain away what shapes differ in."""
_MOST, _LEAST = 1e150, 1e-150
"""Lengths whose squares fit double precision."""


@dataclass(frozen=True, eq=False)
class Transform:
    """An affine map of points, ``x -> linear x + offset``.

    Parameters
    ----------
    linear : array, (d, d)
        Rotation, times a scale, or any matrix.
    offset : array, (d,)
        Translation, in the unit of the points it gives.

    Raises
    ------
    ValueError
        If the shapes do not fit, or a value is not finite.

    Examples
    --------
    >>> import numpy as np
    >>> from corporis.shapes import Transform
    >>> twice = Transform(2 * np.eye(2), np.array([1.0, 0.0]))
    >>> twice.apply(np.array([[1.0, 1.0]])).tolist()
    [[3.0, 2.0]]
    >>> twice.inverse().apply(np.array([[3.0, 2.0]])).tolist()
    [[1.0, 1.0]]
    """

    linear: np.ndarray
    offset: np.ndarray

    def __post_init__(self):
        d = np.size(self.offset)
        if np.shape(self.linear) != (d, d) or np.shape(self.offset) != (d,):
            raise ValueError(
                f"a transform needs linear (d, d) and offset (d,), got "
                f"{np.shape(self.linear)} and {np.shape(self.offset)}"
            )
        if not (np.all(np.isfinite(self.linear)) and np.all(np.isfinite(self.offset))):
            raise ValueError("a transform must be finite, got NaN or infinity")

    @classmethod
    def identity(cls, n_dimensions: int) -> "Transform":
        """The map that leaves points of `n_dimensions` coordinates where they are."""
        return cls(np.eye(n_dimensions), np.zeros(n_dimensions))

    @property
    def scale(self) -> float:
        """The length ratio ``|det linear|^(1/d)``: 1 for a rigid motion."""
        return float(abs(np.linalg.det(self.linear)) ** (1 / len(self.offset)))

    def apply(self, points: np.ndarray) -> np.ndarray:
        """Move points (..., d); the precision of `points` is kept."""
        moved = np.asarray(points) @ self.linear.T + self.offset
        return moved.astype(np.result_type(np.asarray(points).dtype, np.float16), copy=False)

    def turn(self, vectors: np.ndarray) -> np.ndarray:
        """Map differences of points (..., d): the linear part without the offset."""
        turned = np.asarray(vectors) @ self.linear.T
        return turned.astype(np.result_type(np.asarray(vectors).dtype, np.float16), copy=False)

    def inverse(self) -> "Transform":
        """The map back; raises ``numpy.linalg.LinAlgError`` if `linear` is singular."""
        back = np.linalg.inv(self.linear)
        return Transform(back, -back @ self.offset)

    def compose(self, first: "Transform") -> "Transform":
        """The map that does `first`, then this: ``self.apply(first.apply(x))``."""
        return Transform(self.linear @ first.linear, self.linear @ first.offset + self.offset)


def align(
    source: np.ndarray,
    target: np.ndarray,
    weights: np.ndarray | None = None,
    kind: Alignment = "similarity",
) -> Transform:
    r"""The transform `T` of one kind with the least ``sum_i w_i ||T(source_i) - target_i||^2``.

    Rotations are proper (a shape is never mirrored). The similarity takes the scale that
    minimises this sum, hence noise in `source` makes it slightly too small.

    Parameters
    ----------
    source, target : array, (k, d)
        Corresponding points; points of weight 0 may hold NaN.
    weights : array, (k,), optional
        Trust in each point, >= 0; all 1 if not given.
    kind : {"none", "rigid", "similarity", "affine"}
        What may change: nothing; place and direction; also size; any linear map.

    Raises
    ------
    ValueError
        If the shapes differ, a weight is negative, a trusted point is not real, finite and below
        1e150, or the trusted points do not determine the transform.

    References
    ----------
    Umeyama (1991), IEEE Trans. Pattern Anal. 13, 376-380, doi:10.1109/34.88573

    Examples
    --------
    >>> import numpy as np
    >>> from corporis.shapes import align
    >>> square = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    >>> round(align(square, 3 * square + 5).scale, 6)
    3.0
    """
    source, target = as_points(source, "source"), as_points(target, "target")
    if source.ndim != 2 or source.shape != target.shape:
        raise ValueError(
            f"source and target must be (k, d) alike, got {source.shape} and {target.shape}"
        )
    if kind == "none":
        return Transform.identity(source.shape[1])
    if kind not in ("rigid", "similarity", "affine"):
        raise ValueError(f"kind must be none, rigid, similarity or affine, got {kind!r}")
    w = check_weights(weights, len(source))
    alive = w > 0
    source, target, w = source[alive], target[alive], w[alive] / max(w.sum(), 1e-300)
    if not (np.isfinite(source).all() and np.isfinite(target).all()):
        raise ValueError("points with weight > 0 must be finite: give missing points weight 0")
    _check_size(source, target)
    linear, offset = _fit(source[None], target, w, kind)
    return Transform(linear[0], offset[0])


def as_points(values: np.ndarray, name: str = "points") -> np.ndarray:
    """Coordinates in double precision, or ``ValueError`` where they are no real numbers."""
    values = np.asarray(values)
    if values.dtype.kind not in "biuf":
        raise ValueError(f"{name} must be real numbers, got {values.dtype}")
    return values.astype(float, copy=False)


def check_alignment(alignment: ShapeAlignment) -> None:
    """Raise ``ValueError`` unless a shape prior may align so."""
    if alignment not in ("none", "rigid", "similarity"):
        raise ValueError(f"alignment must be none, rigid or similarity, got {alignment!r}")


def _check_size(*arrays):
    largest = max((float(np.abs(x).max(initial=0.0)) for x in arrays), default=0.0)
    if largest > _MOST:
        raise ValueError(
            f"coordinates must be below {_MOST:g} to be aligned, got {largest:g}: choose a larger "
            "unit"
        )


def check_weights(weights: np.ndarray | None, n_points: int) -> np.ndarray:
    """Weights (n_points,) in double precision, ones if None; finite and >= 0 or ``ValueError``."""
    if weights is None:
        return np.ones(n_points)
    w = np.asarray(weights, float)
    if w.shape != (n_points,):
        raise ValueError(f"weights must have shape ({n_points},), got {w.shape}")
    if not np.all((w >= 0) & np.isfinite(w)):
        raise ValueError("weights must be finite and >= 0")
    return w


def _fit(sources, target, w, kind):
    """Linear parts (n, d, d) and offsets (n, d) that bring each of `sources` (n, k, d) to one."""
    k, d = target.shape
    middles, aim = w @ sources, w @ target
    x, y = sources - middles[:, None], target - aim
    floor = np.maximum(1e-9 * np.abs(sources).max(axis=(1, 2), initial=0.0), _LEAST)
    needed = d if kind == "affine" else max(d - 1, 1)
    # numbers of a shape's directions: of the points themselves, as squares lose half the digits
    spread = np.linalg.svd(x * np.sqrt(w)[:, None], compute_uv=False)
    if k < needed or np.any(spread[:, needed - 1] <= floor):
        raise ValueError(
            f"a {kind} alignment in {d} dimensions needs points that span {needed} of them, "
            f"got {k} points of weight > 0 that do not"
        )
    cross = (y * w[:, None]).T @ x
    if kind == "affine":
        linear = cross @ np.linalg.inv(np.swapaxes(x * w[:, None], 1, 2) @ x)
    else:
        u, s, vt = np.linalg.svd(cross)
        signs = np.ones((len(sources), d))
        signs[:, -1] = np.where(np.linalg.det(u) * np.linalg.det(vt) < 0, -1.0, 1.0)
        linear = (u * signs[:, None]) @ vt
        if kind == "similarity":
            sizes = np.sum(x * x, axis=2) @ w
            linear *= (np.sum(s * signs, axis=1) / sizes)[:, None, None]
    return linear, aim - (linear @ middles[:, :, None])[:, :, 0]


@dataclass(frozen=True, eq=False)
class ProcrustesMean:
    """What generalised Procrustes analysis found.

    `mean` (k, d) is the mean form, `aligned` (n, k, d) the shapes brought to it by
    `transforms`; `count` says how many rounds it took, `change` the last relative move.
    """

    mean: np.ndarray
    aligned: np.ndarray
    transforms: tuple[Transform, ...]
    count: int
    change: float


def procrustes_mean(
    shapes: np.ndarray,
    kind: ShapeAlignment = "similarity",
    *,
    at_most: int = 100,
    tolerance: float = 1e-7,
) -> ProcrustesMean:
    """Align shapes to their common mean, which is found with them.

    The mean keeps the average size, direction and place of the shapes, so that lengths in its
    frame are still in their unit; for "none" and "rigid" nothing is scaled.

    Parameters
    ----------
    shapes : array, (n, k, d)
        Corresponding points of n shapes.
    kind : {"none", "rigid", "similarity"}
        What alignment may change.
    at_most, tolerance : int, float
        Stop after so many rounds, or when the mean moves by less than `tolerance` times its size.

    Raises
    ------
    ValueError
        If `shapes` is not (n, k, d), real, finite and below 1e150, a shape does not determine its
        alignment, or `kind` is another.

    References
    ----------
    Gower (1975), Psychometrika 40, 33-51, doi:10.1007/BF02291478
    """
    shapes = as_points(shapes, "shapes")
    if shapes.ndim != 3 or not len(shapes) or not shapes.shape[1]:
        raise ValueError(f"shapes must be (n, k, d) with n, k >= 1, got {shapes.shape}")
    if not np.isfinite(shapes).all():
        raise ValueError("shapes must be finite, got NaN or infinity")
    if kind == "none":
        identity = Transform.identity(shapes.shape[2])
        return ProcrustesMean(shapes.mean(axis=0), shapes, (identity,) * len(shapes), 0, 0.0)
    if kind not in ("rigid", "similarity"):
        raise ValueError(f"kind must be none, rigid or similarity, got {kind!r}")
    _check_size(shapes)
    even = np.full(shapes.shape[1], 1 / shapes.shape[1])
    sizes = np.linalg.norm(shapes - shapes.mean(axis=1, keepdims=True), axis=(1, 2))
    collapsed = np.flatnonzero(sizes <= np.maximum(1e-9 * np.abs(shapes).max(axis=(1, 2)), _LEAST))
    if len(collapsed):
        raise ValueError(
            f"a {kind} alignment needs shapes of more than one point, got {len(collapsed)} of "
            f"{len(shapes)} that are collapsed, the first at index {collapsed[0]}: leave them out"
        )
    mean, change, count = _sized(shapes[0], sizes.mean(), kind), np.inf, 0
    while count < at_most and change > tolerance:
        count += 1
        moved = _moved(shapes, *_fit(shapes, mean, even, kind))
        following = _sized(moved.mean(axis=0), sizes.mean(), kind)
        change = _length(following - mean) / max(_length(following), 1e-300)
        mean = following
    turn = _average_turn(_fit(shapes, mean, even, kind)[0])
    mean = mean @ turn.T + shapes.mean(axis=(0, 1))
    linear, offset = _fit(shapes, mean, even, kind)
    transforms = tuple(map(Transform, linear, offset))
    return ProcrustesMean(mean, _moved(shapes, linear, offset), transforms, count, change)


def _moved(shapes, linear, offset):
    return shapes @ np.swapaxes(linear, 1, 2) + offset[:, None]


def _length(shape) -> float:
    return float(np.linalg.norm(shape))


def _sized(shape, size, kind):
    centred = shape - shape.mean(axis=0)
    return centred * (size / np.linalg.norm(centred)) if kind == "similarity" else centred


def _average_turn(turns):
    """Polar factor of the mean inverse rotation: the frame in which shapes lie unturned."""
    u, _, vt = np.linalg.svd(np.mean([t.T / np.linalg.norm(t) for t in turns], axis=0))
    signs = np.ones(len(u))
    signs[-1] = np.sign(np.linalg.det(u) * np.linalg.det(vt)) or 1.0
    return (u * signs) @ vt
