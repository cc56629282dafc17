"""The heart's own frame: in-plane axes, heights, the centre line, and slices that slipped."""

from dataclasses import dataclass

import numpy as np

from corporis.apps.heart_shape.planes import ShortAxis


@dataclass(frozen=True)
class HeartFrame:
    """In-plane axes and a centre line, in the unit of the images.

    Parameters
    ----------
    origin : array, (3,)
        RAS+ origin of the frame.
    axes : array, (3, 3)
        Rows: unit vectors along image columns, image rows, and the slice normal.
    heights : array, (n_slices,)
        Height of each slice.
    centres : array, (n_slices, 2)
        Where the ventricle's centre was found on each slice, (x, y) in the frame.
    line : array, (n_slices, 2)
        The smooth centre line; ``centres - line`` is how far a slice slipped.
    """

    origin: np.ndarray
    axes: np.ndarray
    heights: np.ndarray
    centres: np.ndarray
    line: np.ndarray

    @classmethod
    def of(cls, stack: ShortAxis, centres_rc: np.ndarray, trust: np.ndarray) -> "HeartFrame":
        """The frame of a stack, from the centres (row, column) found on its slices."""
        first = stack.affines[0]
        columns = first[:3, 2] / np.linalg.norm(first[:3, 2])
        rows = first[:3, 1] / np.linalg.norm(first[:3, 1])
        axes = np.stack([columns, rows, stack.normal])
        origin = first[:3, 3]
        world = np.stack(
            [stack.world(s, centre[0], centre[1]) for s, centre in enumerate(centres_rc)]
        )
        local = (world - origin) @ axes.T
        line = np.stack([_robust_curve(local[:, 2], local[:, k], trust) for k in range(2)], axis=1)
        return cls(origin, axes, local[:, 2], local[:, :2], line)

    @property
    def gap(self) -> float:
        """Distance between neighbouring slices (median); 1 for a lone slice."""
        if len(self.heights) < 2:
            return 1.0
        return float(np.median(np.abs(np.diff(self.heights))))

    @property
    def slipped(self) -> np.ndarray:
        """In-plane shift of each slice against the centre line, (n_slices, 2)."""
        return self.centres - self.line

    def height(self, slice_position) -> np.ndarray:
        """Height at fractional slice positions, extrapolated by the mean gap."""
        return _extended(self.heights, np.asarray(slice_position, dtype=float), self.gap)

    def line_at(self, slice_position) -> np.ndarray:
        """Centre line (..., 2) at fractional slice positions, extrapolated straight on."""
        position = np.asarray(slice_position, dtype=float)
        slope = (self.line[-1] - self.line[0]) / max(len(self.line) - 1, 1)
        index = np.arange(len(self.line))
        inside = np.stack([np.interp(position, index, v) for v in self.line.T], axis=-1)
        excess = position - np.clip(position, 0, len(self.line) - 1)
        return inside + excess[..., None] * slope

    def to_world(self, local) -> np.ndarray:
        """RAS+ positions of (x, y, height), (..., 3)."""
        return self.origin + np.asarray(local) @ self.axes

    def to_local(self, world) -> np.ndarray:
        """(x, y, height) of RAS+ positions, (..., 3)."""
        return (np.asarray(world) - self.origin) @ self.axes.T

    def slice_position(self, height) -> np.ndarray:
        """Fractional slice position of heights; the inverse of `height`."""
        height = np.asarray(height, dtype=float)
        index = np.arange(len(self.heights))
        inside = np.interp(height, self.heights, index)
        excess = height - np.clip(height, self.heights[0], self.heights[-1])
        return inside + excess / self.gap


def _extended(values, position, step):
    index = np.arange(len(values))
    excess = position - np.clip(position, 0, len(values) - 1)
    return np.interp(position, index, values) + excess * step


def _robust_curve(height, value, trust) -> np.ndarray:
    """A weighted parabola (line, point) through `value`, with outlying slices set aside."""
    n = len(height)
    degree = 2 if n >= 6 else min(n - 1, 1)
    scaled = (height - height.mean()) / max(np.ptp(height), 1e-9)
    weight = np.sqrt(np.maximum(trust, 1e-3 * trust.max() + 1e-9))
    robust = np.ones(n)
    fitted = value
    for _ in range(10):
        coefficients = np.polyfit(scaled, value, degree, w=weight * robust)
        fitted = np.polyval(coefficients, scaled)
        residual = np.abs(value - fitted)
        spread = 1.48 * np.median(residual) + 1e-9
        robust = np.sqrt(np.minimum(1.0, 1.5 * spread / np.maximum(residual, 1e-12)))
    return fitted
