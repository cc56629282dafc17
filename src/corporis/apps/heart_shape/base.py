"""The base from long-axis views: where the thick wall ends, between the slices.

Slices tell the base to within their gap only, a tenth of the volume. A long-axis view shows the
wall go on beyond the last slice that has it, and give way to the thin wall of the atrium.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy import ndimage

from corporis.apps.heart_shape.long_axis import (
    brightness,
    frames_at,
    lines_at,
    sample_lines,
)
from corporis.apps.heart_shape.planes import LongAxis
from corporis.apps.heart_shape.rebuild import Body

REACH = 2.0  # slices by which views may move the base away from where the slices have it
STEP = 0.1  # slices between the positions that are tried
INSIDE = 1.2  # slices below the base of the slices where the wall is surely whole
UNLIKELY = 0.4  # what moving the base by one slice costs, in shares of wall
LASTS = 0.03  # of a beat over which the base hardly moves
MIDDLE = (0.3, 0.8)  # the part of the wall that is looked at, from cavity to outside
CERTAIN = 0.25  # by how much the wall below and above the base must differ in a view


def with_base_of(views: Sequence[LongAxis], body: Body, phases: np.ndarray) -> Body:
    """The body with its base moved, at most by `REACH`, to where long-axis views see it.

    Parameters
    ----------
    views : sequence of LongAxis
    body : Body
        In mm.
    phases : array, (n_times,)
        Phases of the body.
    """
    base = body.ends.base
    position = np.arange(base.min() - REACH - 1, base.max() + REACH + 1 + STEP / 2, STEP)
    votes = [_votes(view, body, phases, position) for view in views]
    seen = [vote for vote in votes if vote is not None and np.any(vote > 0)]
    if not seen:
        return body
    total = np.sum(seen, axis=0)
    if len(base) >= 8:
        total = ndimage.gaussian_filter1d(total, LASTS * len(base), axis=1, mode="wrap")
    away = position[:, None] - base
    total = np.where(np.abs(away) <= REACH, total - UNLIKELY * away**2, -np.inf)
    moved = position[np.argmax(total, axis=0)]
    # Heavier smoothing would shorten the base's way from end-diastole to end-systole.
    base = ndimage.median_filter(moved, size=3, mode="wrap") if len(moved) > 3 else moved
    spread = 0.15
    return replace(
        body,
        ends=replace(body.ends, base=base, base_spread=spread),
        outer_ends=replace(body.outer_ends, base=base, base_spread=spread),
    )


def _votes(view, body, phases, position):
    """How well a base at each position, (n_positions, n_times), parts wall from no wall."""
    lines = lines_at(view, body, position, np.arange(len(position)))
    inner = lines_at(view, body, body.grid.slice_positions, np.arange(body.grid.n_levels))
    if lines is None or inner is None:
        return None
    frames = frames_at(view, phases)
    known = brightness(np.moveaxis(sample_lines(view, frames, inner), 0, 2), inner, body)
    if known is None:
        return None
    wall = _wall(np.moveaxis(sample_lines(view, frames, lines), 0, 2), lines, body, known)
    # Means over the slice's distance on either side, from sums along the axis.
    n, width = len(position), round(1 / STEP)
    total = np.concatenate([np.zeros((1, wall.shape[1])), np.cumsum(wall, axis=0)])
    here = np.arange(n)
    low, high = np.maximum(here - width, 0), np.minimum(here + width, n)
    after = (total[high] - total[here]) / np.maximum(high - here, 1)[:, None]
    before = (total[here] - total[low]) / np.maximum(here - low, 1)[:, None]
    contrast = (after - before) * body.ends.towards_apex
    return np.where(contrast.max(axis=0) > CERTAIN, contrast, 0.0)


def _wall(bright, lines, body, known):
    """Share of the middle of the wall that is as bright as muscle, (n_positions, n_times)."""
    (blood, _), (muscle, spread) = known
    n_angles, towards = body.cavity.shape[1], body.ends.towards_apex
    k = np.round(lines.angle / (2 * np.pi) * n_angles).astype(int) % n_angles
    # Half-way to blood above, so that the blurred end of the wall is found where it is; what is
    # much darker is lung.
    half = 0.5 * (blood - muscle)
    is_muscle = (bright < muscle + half) & (bright > muscle - max(2 * spread, 0.6 * half))
    out = np.empty((len(lines.off), bright.shape[2]))
    for time in range(bright.shape[2]):
        # Above the base the fitted radii mean nothing: those from just below it are kept.
        sure = body.ends.base[time] + towards * INSIDE
        level = int(np.clip(np.round(body.grid.level(sure)), 0, body.grid.n_levels - 1))
        r = np.sqrt(np.maximum(body.cavity[level, :, time], 0))[k]
        width = np.sqrt(np.maximum(body.outer[level, :, time], 0))[k] - r
        depth = np.sqrt(lines.off[:, None, None] ** 2 + lines.steps**2) - r
        in_wall = (depth > MIDDLE[0] * width) & (depth < MIDDLE[1] * width)
        count = np.maximum(in_wall.sum(axis=(1, 2)), 1)
        out[:, time] = (is_muscle[:, :, time] & in_wall).sum(axis=(1, 2)) / count
    return out
