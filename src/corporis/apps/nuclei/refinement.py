"""Outlines refined: stiff balloons on the evidence that keep off each other, and known shapes."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import ndimage

from corporis.deformables.active_contours import RepulsiveContours
from corporis.shapes import fill_polygon, mask_contour, resample_contour


@dataclass(frozen=True, slots=True)
class ContourRefinement:
    """Each nucleus's outline moves to where the evidence says one half, and stays exclusive.

    Parameters
    ----------
    contours : RepulsiveContours
        Stiffness and repulsion.
    threshold : float
        Chance of being inside at which an outline rests, in (0, 1).
    pull_px : float
        Strength of the evidence, pixels a unit of time at certainty, >= 0.
    n_steps : int
        >= 0.
    prior : fitted shape prior or None
        With ``transform`` of shapes (n, n_points, 2), whose points start at the far end of the
        major axis, as `started` leaves them.
    blend : float
        Weight of the prior's shape, 0 to 1.
    """

    contours: RepulsiveContours = field(default_factory=RepulsiveContours)
    threshold: float = 0.5
    pull_px: float = 2.0
    n_steps: int = 20
    prior: Any = None
    blend: float = 0.5

    def __call__(self, maps, labels) -> np.ndarray:
        """Refined labels (H, W) int32 with the same numbers; a nucleus that vanishes keeps none."""
        boxes = ndimage.find_objects(labels)
        numbers = [k for k, box in enumerate(boxes, 1) if box is not None]
        outlines = [
            mask_contour(labels[boxes[k - 1]] == k) + [s.start for s in boxes[k - 1]]
            for k in numbers
        ]

        def evidence(points, outward):
            seen = ndimage.map_coordinates(
                maps.inside, points.reshape(-1, 2).T, order=1, mode="nearest"
            )
            push = self.pull_px * 2 * (seen - self.threshold)
            return push.reshape(points.shape[:2])[..., None] * outward

        moved = self.contours.evolve(outlines, n_steps=self.n_steps, force=evidence)
        if self.prior is not None and len(moved):
            moved = np.array([started(points) for points in moved])
            moved = (1 - self.blend) * moved + self.blend * self.prior.transform(moved)
        return drawn(moved, numbers, labels)


def started(contour) -> np.ndarray:
    """The same points, beginning with that at the far end of the major axis, turning positively."""
    points = resample_contour(contour, len(contour))
    offset = points - points.mean(axis=0)
    _, axes = np.linalg.eigh(offset.T @ offset)
    return np.roll(points, -int(np.argmax(np.abs(offset @ axes[:, 1]))), axis=0)


def drawn(contours, numbers, labels) -> np.ndarray:
    """Contours as exclusive labels: where two claim a pixel, whoever had it before, or the nearer.

    Parameters
    ----------
    contours : array, (n, k, 2)
    numbers : sequence of int
        Label of each.
    labels : int array, (H, W)
        Before.
    """
    result = np.zeros(labels.shape, np.int32)
    nearest = np.full(labels.shape, np.inf)
    for points, number in zip(contours, numbers, strict=True):
        low = np.clip(np.floor(points.min(axis=0)).astype(int), 0, labels.shape)
        high = np.clip(np.ceil(points.max(axis=0)).astype(int) + 1, 0, labels.shape)
        if (high <= low).any():
            continue
        box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
        mask = fill_polygon(points - low, tuple(high - low))
        centre = points.mean(axis=0) - low
        distance = np.hypot(*(np.indices(mask.shape) - centre[:, None, None]))
        distance = np.where(labels[box] == number, -1.0, distance)
        wins = mask & (distance < nearest[box])
        result[box][wins] = number
        nearest[box][wins] = distance[wins]
    return result
