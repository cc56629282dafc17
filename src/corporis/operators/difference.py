"""Derivatives on a grid, as forward differences."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from corporis.arrays import check_shape, namespace
from corporis.interfaces import LinearOperator, Shape

BOUNDARIES = ("cyclic", "neumann")


@dataclass(frozen=True)
class FiniteDifference(LinearOperator):
    """Forward differences along some axes, stacked on a new leading axis: the gradient.

    Parameters
    ----------
    shape : tuple of int
        Shape of the grid.
    axes : tuple of int or None
        Axes to differentiate, in the order of the result; None takes all.
    spacing : float or tuple of float
        Distance between neighbours, > 0, one number or one an axis of `axes`.
    boundary : {"cyclic", "neumann"} or tuple of them
        What follows the last sample: the first one (an angle, a heart beat), or the last again
        (no slope); one word or one an axis of `axes`.

    Raises
    ------
    ValueError
        If an axis is missing or repeated, a spacing is not positive, or a boundary is unknown.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([1.0, 3.0, 4.0])
    >>> (FiniteDifference((3,)) @ x).tolist()
    [[2.0, 1.0, 0.0]]
    >>> (FiniteDifference((3,), boundary="cyclic", spacing=2.0) @ x).tolist()
    [[1.0, 0.5, -1.5]]
    """

    shape: Shape
    axes: Sequence[int] | None = None
    spacing: float | Sequence[float] = 1.0
    boundary: str | Sequence[str] = "neumann"

    def __post_init__(self):
        n_axes = len(self.shape)
        axes = tuple(range(n_axes)) if self.axes is None else tuple(self.axes)
        if not axes or any(not -n_axes <= a < n_axes for a in axes):
            raise ValueError(f"axes must be among the {n_axes} of the grid, got {axes}")
        axes = tuple(a % n_axes for a in axes)
        if len(set(axes)) != len(axes):
            raise ValueError(f"axes must differ, got {axes}")
        spacing = self.spacing
        spacing = (spacing,) * len(axes) if np.ndim(spacing) == 0 else spacing
        spacing = tuple(float(s) for s in spacing)
        boundary = self.boundary
        boundary = (boundary,) * len(axes) if isinstance(boundary, str) else tuple(boundary)
        if len(spacing) != len(axes) or not all(0 < s < float("inf") for s in spacing):
            raise ValueError(f"spacing must be one number > 0 an axis, got {spacing}")
        if len(boundary) != len(axes) or not set(boundary) <= set(BOUNDARIES):
            raise ValueError(f"boundary must be one of {BOUNDARIES} an axis, got {boundary}")
        for name, value in (("axes", axes), ("spacing", spacing), ("boundary", boundary)):
            object.__setattr__(self, name, value)

    domain = property(lambda self: tuple(self.shape))
    codomain = property(lambda self: (len(self.axes), *self.shape))

    def forward(self, x):
        """Differences to the next neighbour over the spacing, (n_axes, *shape)."""
        check_shape(x, self.domain)
        if _is_floating_numpy(x):
            return self._forward_in_place(x)
        parts = []
        for axis, spacing, boundary in zip(self.axes, self.spacing, self.boundary):
            ahead = _take(x, axis, 1, None)
            last = _take(x, axis, 0, 1) if boundary == "cyclic" else _take(x, axis, -1, None)
            parts.append((namespace(x).concat([ahead, last], axis=axis) - x) / spacing)
        return namespace(x).stack(parts, axis=0)

    def adjoint(self, y):
        """Minus the divergence, `shape`."""
        check_shape(y, self.codomain, "y")
        if _is_floating_numpy(y):
            return self._adjoint_in_place(y)
        xp, total = namespace(y), None
        for part, axis in enumerate(self.axes):
            flow = y[part, ...] / self.spacing[part]
            end = _take(flow, axis, -1, None)
            if self.boundary[part] == "neumann":
                # The last difference is always zero, so what it is given must not come back.
                flow = xp.concat([_take(flow, axis, 0, -1), xp.zeros_like(end)], axis=axis)
                end = xp.zeros_like(end)
            before = xp.concat([end, _take(flow, axis, 0, -1)], axis=axis)
            total = before - flow if total is None else total + before - flow
        return total

    def _forward_in_place(self, x):
        """`forward` with one array and no copies."""
        out = np.empty(self.codomain, x.dtype)
        for part, axis, spacing, boundary in zip(out, self.axes, self.spacing, self.boundary):
            np.subtract(
                _take(x, axis, 1, None), _take(x, axis, 0, -1), out=_take(part, axis, 0, -1)
            )
            end = _take(part, axis, -1, None)
            if boundary == "cyclic":
                np.subtract(_take(x, axis, 0, 1), _take(x, axis, -1, None), out=end)
            else:
                end[...] = 0
            if spacing != 1:
                part /= spacing
        return out

    def _adjoint_in_place(self, y):
        """`adjoint` with one array and no copies."""
        total = np.zeros(self.shape, y.dtype)
        for flow, axis, spacing, boundary in zip(y, self.axes, self.spacing, self.boundary):
            if spacing != 1:
                flow = flow / spacing
            moved, end = _take(flow, axis, 0, -1), _take(flow, axis, -1, None)
            after, before = _take(total, axis, 1, None), _take(total, axis, 0, -1)
            after += moved
            before -= moved
            if boundary == "cyclic":
                first, last = _take(total, axis, 0, 1), _take(total, axis, -1, None)
                first += end
                last -= end
        return total


def _is_floating_numpy(x):
    return isinstance(x, np.ndarray) and x.dtype.kind in "fc"


def _take(x, axis, start, stop):
    return x[(slice(None),) * axis + (slice(start, stop),)]
