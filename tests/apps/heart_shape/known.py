"""Hearts whose every number is known: discs, tubes and ellipsoids as maps, stacks and bodies."""

from dataclasses import dataclass

import numpy as np

from corporis.apps.heart_shape import EvidenceMaps
from corporis.apps.heart_shape.body import ANGLES, Grid
from corporis.apps.heart_shape.ends import Ends
from corporis.apps.heart_shape.frame import HeartFrame
from corporis.apps.heart_shape.planes import ShortAxis
from corporis.apps.heart_shape.rebuild import Body
from corporis.imaging.image import Image
from corporis.interfaces import Case

GREYS = np.array([0.1, 1.0, 0.35, 0.8])  # background, left cavity, muscle, right cavity
SEPTUM = (0.3, 2.1)  # angles between which the right cavity lies beside the left one


def affine_of(pixel=1.0, gap=1.0, turn=None, origin=(0.0, 0.0, 0.0)):
    """(slice, row, column) to RAS+: slices along z, rows along y, columns along x, then turned."""
    affine = np.eye(4)
    affine[:3, :3] = np.array([[0, 0, pixel], [0, pixel, 0], [gap, 0, 0]])
    if turn is not None:
        affine[:3, :3] = np.asarray(turn) @ affine[:3, :3]
    affine[:3, 3] = origin
    return affine


def stack_of(frames, affine=None, *, unit="mm", cycle_ms=None, missing=None) -> ShortAxis:
    """A short-axis stack (n_slices, n_times, rows, columns) of even phases."""
    frames = np.asarray(frames, np.float32)
    n_slices, n_times = frames.shape[:2]
    affine = affine_of() if affine is None else affine
    affines = np.repeat(affine[None], n_slices, axis=0)
    affines[:, :3, 3] += np.arange(n_slices)[:, None] * affine[:3, 0]
    normal = affine[:3, 0] / np.linalg.norm(affine[:3, 0])
    return ShortAxis(
        frames,
        affines,
        np.tile(np.arange(n_times) / n_times, (n_slices, 1)),
        affines[:, :3, 3] @ normal,
        normal,
        unit,
        cycle_ms,
        np.zeros((n_slices, n_times), bool) if missing is None else missing,
        tuple(f"sax[{s}]" for s in range(n_slices)),
    )


def maps_of(inner, outer, centres, *, side=64, right=0.0, step=1.0, origin=(0.0, 0.0)):
    """Evidence of round cavities and walls, (n_slices, n_times) radii in source pixels.

    Borders are ramps of one pixel, so that areas are exact; a radius of 0 is nothing at all.
    `right` is how far the right cavity reaches beyond the wall between the angles `SEPTUM`.
    """
    inner, outer = np.atleast_2d(inner), np.atleast_2d(outer)
    n_slices, n_times = inner.shape
    probability = np.zeros((n_slices, n_times, 4, side, side), np.float32)
    rows, columns = np.meshgrid(np.arange(side), np.arange(side), indexing="ij")
    for s in range(n_slices):
        y = origin[0] + step * rows - centres[s][0]
        x = origin[1] + step * columns - centres[s][1]
        away = np.hypot(x, y)
        angle = np.mod(np.arctan2(y, x), 2 * np.pi)
        beside = (angle > SEPTUM[0]) & (angle < SEPTUM[1])
        for t in range(n_times):
            cavity, whole = (_ramp(away, r[s, t], step) for r in (inner, outer))
            reach = outer[s, t] + right if outer[s, t] > 0 else 0.0
            far = np.where(beside, _ramp(away, reach, step), 0.0)
            probability[s, t, 1] = cavity
            probability[s, t, 2] = np.maximum(whole - cavity, 0)
            probability[s, t, 3] = np.maximum(far - np.maximum(whole, cavity), 0)
            probability[s, t, 0] = 1 - probability[s, t, 1:].sum(axis=0)
    return EvidenceMaps(probability, np.tile(np.array(origin, float), (n_slices, 1)), step)


def _ramp(away, radius, step):
    return np.clip(0.5 + (radius - away) / step, 0, 1) if radius > 0 else np.zeros_like(away)


@dataclass(frozen=True)
class Ellipsoid:
    """Half an ellipsoid below its base: squared radius ``R^2 (1 - (h / length)^2)``, mm.

    The wall is a larger half ellipsoid of the same base; `squeeze` (n_times,) multiplies the
    cavity's squared radius, while the muscle's section stays the same.
    """

    radius: float = 25.0
    length: float = 70.0
    wall: float = 9.0
    squeeze: tuple[float, ...] = (1.0, 0.45)

    @property
    def n_times(self):
        return len(self.squeeze)

    def cavity(self, height, time):
        """Squared radius at a distance from the base; negative beyond the tip."""
        share = 1 - (np.asarray(height, float) / self.length) ** 2
        return self.squeeze[time] * self.radius**2 * share

    def muscle(self, height):
        """Difference of the squared radii; the outer tip lies a wall beyond."""
        whole = (self.radius + self.wall) ** 2
        far = 1 - (np.asarray(height, float) / (self.length + self.wall)) ** 2
        return whole * far - self.radius**2 * np.maximum(1 - (height / self.length) ** 2, 0)

    def volume(self, time):
        """Of the cavity, mm^3."""
        return 2 / 3 * np.pi * self.squeeze[time] * self.radius**2 * self.length

    def muscle_volume(self):
        """Of the wall, mm^3."""
        whole = (self.radius + self.wall) ** 2 * (self.length + self.wall)
        return 2 / 3 * np.pi * (whole - self.radius**2 * self.length)

    def radii(self, heights):
        """Inner and outer radii, each (n_heights, n_times); 0 above the base and below the tip."""
        heights = np.asarray(heights, float)
        below = heights >= 0
        inner, outer = [], []
        for time in range(self.n_times):
            square = np.where(below, np.maximum(self.cavity(heights, time), 0), 0)
            inner.append(np.sqrt(square))
            outer.append(np.sqrt(square + np.where(below, np.maximum(self.muscle(heights), 0), 0)))
        return np.stack(inner, axis=1), np.stack(outer, axis=1)

    def maps(self, n_slices=9, *, gap=10.0, pixel=1.5, first=5.0, slips=None, **more):
        """Evidence on slices whose first lies `first` mm below the base."""
        heights = first + gap * np.arange(n_slices)
        inner, outer = self.radii(heights)
        side = more.setdefault("side", 64)
        centres = np.full((n_slices, 2), (side - 1) / 2.0)
        centres += 0 if slips is None else np.asarray(slips) / pixel
        return maps_of(inner / pixel, outer / pixel, centres, **more)

    def stack(self, n_slices=9, *, gap=10.0, pixel=1.5, side=64, **more):
        """The stack that `maps` belongs to; frames are empty."""
        frames = np.zeros((n_slices, self.n_times, side, side), np.float32)
        return stack_of(frames, affine_of(pixel, gap), **more)

    def body(self, n_slices=8, *, towards=1, base=-0.5):
        """The fitted body itself, without any fit: slices of such a gap that it just fits."""
        gap = self.length / (n_slices - 1 - base)
        grid = Grid.of(n_slices)
        position = grid.slice_positions
        if towards < 0:
            position = position[::-1]
        height = gap * (position - base)
        cavity = np.stack([self.cavity(height, t) for t in range(self.n_times)], axis=-1)
        outer = np.maximum(cavity, 0) + np.maximum(self.muscle(height), 0)[:, None]
        ends = ends_of(grid, base, n_slices - 1.0, self.n_times, towards)
        far = n_slices - 1 + self.wall / gap
        return body_of(
            np.repeat(cavity[:, None], ANGLES, axis=1),
            np.repeat(outer[:, None], ANGLES, axis=1),
            grid,
            gap,
            ends,
            ends_of(grid, base, far, self.n_times, towards),
        )


def ends_of(grid, base, apex, n_times, towards=1) -> Ends:
    """Ends that keep still."""
    base, apex = np.full(n_times, float(base)), np.full(n_times, float(apex))
    if towards < 0:
        base, apex = grid.n_slices - 1 - base, grid.n_slices - 1 - apex
    return Ends(base, apex, towards, 0.25)


def body_of(cavity, outer, grid, gap, ends, outer_ends=None, centre=(0.0, 0.0)) -> Body:
    """A body about a straight line, slices a `gap` apart."""
    n = grid.n_slices
    line = np.tile(np.array(centre, float), (n, 1))
    frame = HeartFrame(np.zeros(3), np.eye(3), gap * np.arange(n), line, line)
    return Body(grid, frame, cavity, outer, ends, outer_ends or ends)


def tube(radius=20.0, wall=8.0, n_slices=6, gap=10.0, squeeze=(1.0,)):
    """A tube from half a slice above the first to half a slice below the last slice."""
    grid = Grid.of(n_slices)
    shape = (grid.n_levels, ANGLES, len(squeeze))
    cavity = np.broadcast_to(radius**2 * np.array(squeeze), shape).copy()
    muscle = (radius + wall) ** 2 - radius**2
    return body_of(
        cavity, cavity + muscle, grid, gap, ends_of(grid, -0.5, n_slices - 0.5, len(squeeze))
    )


class ByGrey:
    """Evidence that knows each tissue's grey, on images painted with `GREYS`; side by side."""

    def __call__(self, stack, *, progress=None):
        stack = np.asarray(stack)
        side = max(stack.shape[2:])
        padded = np.full((*stack.shape[:2], side, side), GREYS[0], np.float32)
        padded[:, :, : stack.shape[2], : stack.shape[3]] = stack
        classes = np.abs(padded[:, :, None] - GREYS[:, None, None]).argmin(axis=2)
        probability = (classes[:, :, None] == np.arange(4)[:, None, None]).astype(np.float32)
        return EvidenceMaps(probability, np.zeros((len(stack), 2)), 1.0)


def painted(case: Case, *, right: bool = True) -> Case:
    """A case of the virtual heart in which every class has its one grey, without noise.

    Without the right cavity outlining takes half the time.
    """
    labels = case.images["expert_labels"]
    greys = GREYS if right else GREYS[[0, 1, 2, 0]]
    images = {"sax": case.images["sax"].with_data(greys[labels.data].astype(np.float32))}
    return Case(case.name, {**case.images, **images}, {}, case.facts)


def in_pixels(image: Image) -> Image:
    """The same image without spacing, slices one unit apart."""
    return Image(image.data, image.axes, affine_of(), "pixel", times_ms=image.times_ms)
