"""The heart's own frame: in-plane axes, heights, the centre line, and slices that slipped."""

from dataclasses import dataclass

import numpy as np

from corporis.apps.heart_shape.planes import ShortAxis

SLIP = (
    0.05  # how far a slice usually slips between breath-holds, as a share of the ventricle's radius
)
BEND = 0.025  # how far the axis bends from one slice to the next, alike
FREEDOM = 1.0  # degrees of freedom of the slips: most slip little, some far


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
        line = _likely_line(local[:, 2], local[:, :2], trust * np.mean(stack.pixel) ** 2)
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


def _likely_line(height, value, trust) -> np.ndarray:
    """The likeliest centres (n, 2) of slices that slip a little on an axis that bends a little.

    Bends are Gaussian, slips follow Student's law (a slice that slipped far is put on the axis),
    both in proportion to the ventricle's radius. `trust` (n,) is the squared radius, 0 where
    nothing was seen.
    """
    n = len(height)
    radius = np.sqrt(max(float(np.max(trust)), 1e-12))
    if n < 3:
        return value
    gap = np.diff(height)
    bend = np.zeros((n - 2, n))
    for k in range(n - 2):  # second derivative per mean gap squared, for uneven gaps too
        before, after = gap[k], gap[k + 1]
        bend[k, k : k + 3] = np.array([1 / before, -1 / before - 1 / after, 1 / after])
    bend *= np.abs(np.mean(gap)) / (BEND * radius)
    slip = SLIP * radius
    is_seen = trust > 1e-6 * np.max(trust)
    robust = np.ones(n)
    for _ in range(20):
        weight = np.where(is_seen, robust, 1e-6) / slip**2
        line = np.linalg.solve(np.diag(weight) + bend.T @ bend, weight[:, None] * value)
        distance = np.linalg.norm(value - line, axis=1) / slip
        robust = (FREEDOM + 2) / (FREEDOM + distance**2)
    return line
