"""The base from long-axis views: where the thick wall ends, between the slices.

Slices tell the base to within their gap only, a tenth of the volume. A long-axis view shows the
wall go on beyond the last slice that has it, and give way to the thin wall of the atrium: nowhere
else along the axis does what lies across the wall change as suddenly.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy import ndimage

from corporis.apps.heart_shape.ends import BASE_OF_VIEWS
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
UNLIKELY = 0.4  # what moving the base by one slice costs
WORTH = 8.0  # what a view says for a base at which it changes, on the mean, from blood to muscle
BESIDE = 0.4  # slices on either side of a position that are compared
AROUND = 2.0  # mm inside of the cavity's border that are looked at too, but nothing outside of the
# wall: the fat of the groove lies against it before it ends
LASTS = 0.03  # of a beat over which the base hardly moves


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
    votes = [vote for view in views for vote in _votes(view, body, phases, position)]
    if not votes:
        return body
    # The valve's plane is tilted, and the body's base is not: the walls end at different heights.
    moved = np.median([_likeliest(vote, position, base) for vote in votes], axis=0)
    # Heavier smoothing would shorten the base's way from end-diastole to end-systole.
    base = ndimage.median_filter(moved, size=3, mode="wrap") if len(moved) > 3 else moved
    spread = BASE_OF_VIEWS
    return replace(
        body,
        ends=replace(body.ends, base=base, base_spread=spread),
        outer_ends=replace(body.outer_ends, base=base, base_spread=spread),
    )


def _likeliest(vote, position, base):
    """Where one wall ends, (n_times,), by its votes (n_positions, n_times)."""
    if len(base) >= 8:
        vote = ndimage.gaussian_filter1d(vote, LASTS * len(base), axis=1, mode="wrap")
    away = position[:, None] - base
    likely = np.where(np.abs(away) <= REACH, vote - UNLIKELY * away**2, -np.inf)
    return position[np.argmax(likely, axis=0)]


def _votes(view, body, phases, position) -> list[np.ndarray]:
    """What speaks for a base at each position, (n_positions, n_times), for both walls of a view.

    A view that does not run along the axis, or shows no contrast, says nothing.
    """
    lines = lines_at(view, body, position, np.arange(len(position)))
    inner = lines_at(view, body, body.grid.slice_positions, np.arange(body.grid.n_levels))
    if lines is None or inner is None:
        return []
    frames = frames_at(view, phases)
    known = brightness(np.moveaxis(sample_lines(view, frames, inner), 0, 2), inner, body)
    if known is None:
        return []
    (blood, _), (muscle, _) = known
    bright = np.moveaxis(sample_lines(view, frames, lines), 0, 2)
    steps = [_step(bright[:, :, t], lines, body, t) for t in range(bright.shape[2])]
    changes = WORTH * np.stack(steps, axis=2) / (blood - muscle)
    return [change - _nearer_the_apex(change, body.ends.towards_apex) for change in changes]


def _nearer_the_apex(change, towards_apex):
    """The largest change further towards the apex, of the shape of `change`.

    Beyond the base there are more of them, where the fat of the groove or the atrium ends.
    """
    ordered = change[::-1] if towards_apex > 0 else change
    largest = np.maximum.accumulate(ordered, axis=0)
    width = round(BESIDE / STEP)
    before = np.concatenate([np.zeros_like(largest[:width]), largest[:-width]])
    return before[::-1] if towards_apex > 0 else before


def _step(bright, lines, body, time):
    """Mean change of brightness at each position, (2, n_positions), at places across each wall.

    Each place of a line, (n_positions, 2, n_steps), is compared with itself on both sides of the
    position: whatever the wall is like, and whatever lies beyond, shading cancels.
    """
    n, width = len(bright), round(BESIDE / STEP)
    near = (_is_near_wall(lines, body, time) & np.isfinite(bright)).astype(float)
    total, count = (
        np.concatenate([np.zeros((1, *x.shape[1:])), np.cumsum(x, axis=0)])
        for x in (near * np.nan_to_num(bright), near)
    )
    here = np.arange(n)
    low, high = np.maximum(here - width, 0), np.minimum(here + width, n)
    n_after, n_before = count[high] - count[here], count[here] - count[low]
    after = (total[high] - total[here]) / np.maximum(n_after, 1)
    before = (total[here] - total[low]) / np.maximum(n_before, 1)
    told = np.minimum(n_after, n_before) > width / 2
    change = np.where(told, np.abs(after - before), 0.0).sum(axis=2)
    return (change / np.maximum(told.sum(axis=2), 1)).T


def _is_near_wall(lines, body, time):
    """Which places of lines, (n_positions, 2, n_steps), lie in the wall or at its inner border.

    Above the base the fitted radii mean nothing: those from just below it are kept.
    """
    n_angles = body.cavity.shape[1]
    k = np.round(lines.angle / (2 * np.pi) * n_angles).astype(int) % n_angles
    sure = body.ends.base[time] + body.ends.towards_apex * INSIDE
    level = int(np.clip(np.round(body.grid.level(sure)), 0, body.grid.n_levels - 1))
    inner, outer = (
        np.sqrt(np.maximum(square[level, :, time], 0))[k] for square in (body.cavity, body.outer)
    )
    radius = np.sqrt(lines.off[:, None, None] ** 2 + lines.steps**2)
    return (radius > inner - AROUND) & (radius < outer)
