"""What long-axis views add: the wall between the slices, and where the apex is.

No network is trained on long-axis views. The short-axis body says where blood and muscle are in
a view near the slices; their intensities there, of this patient and this view, tell blood from
muscle in between. The views meet the slices in space, so nothing is resampled but along lines.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from corporis.apps.heart_shape.body import ANGLES
from corporis.apps.heart_shape.planes import LongAxis, resample_phase
from corporis.apps.heart_shape.polar import outer_boundary
from corporis.apps.heart_shape.rebuild import Body
from corporis.deformables import Observations

WINDOW_MM = 8.0  # the boundary is searched this far from where the slices expect it
FLOOR_MM = 1.8  # error of a boundary read off intensities alone
CONTRAST = 1.5  # blood and muscle must differ by this many standard deviations


@dataclass(frozen=True)
class Lines:
    """Where a view cuts the levels of a body: one line per level, two sides.

    ``points`` (n_levels, 2, n_steps, 3) world positions; ``off`` (n_levels,) distance of the line
    from the centre line; ``angle`` (n_levels, 2, n_steps) in radians; ``steps`` (n_steps,) mm.
    """

    levels: np.ndarray
    points: np.ndarray
    off: np.ndarray
    angle: np.ndarray
    steps: np.ndarray


def long_axis_observations(
    view: LongAxis, body: Body, phases: np.ndarray, *, plane: int = 0
) -> Observations | None:
    """Squared cavity radii seen on one long-axis view, or None where it cannot help.

    Parameters
    ----------
    view : LongAxis
        In mm.
    body : Body
        Fitted to the slices.
    phases : array, (n_times,)
        Phases of the short axis, to which the view is brought.
    """
    lines = _lines(view, body)
    if lines is None:
        return None
    frames = frames_at(view, phases)
    bright = sample_lines(view, frames, lines)
    blood = _blood(bright, lines, body)
    if blood is None:
        return None
    return _observations(blood, lines, body, plane)


def frames_at(view: LongAxis, phases: np.ndarray) -> np.ndarray:
    """The frames of a view brought to other phases, (n_times, rows, columns)."""
    frames = view.frames
    if frames.shape[0] > 1:
        frames = resample_phase(frames, view.phases, phases)
    return np.broadcast_to(frames, (len(phases), *frames.shape[1:]))


def _lines(view: LongAxis, body: Body) -> Lines | None:
    low, high = sorted((body.ends.base.mean(), body.ends.apex.mean()))
    position = body.grid.slice_positions
    levels = np.flatnonzero((position >= low - 0.2) & (position <= high + 0.9))
    return lines_at(view, body, position[levels], levels)


def lines_at(view: LongAxis, body: Body, position, levels) -> Lines | None:
    """Where a view cuts planes at slice positions; None where it does not run along the axis."""
    frame = body.frame
    centre = np.concatenate([frame.line_at(position), frame.height(position)[:, None]], axis=1)
    normal = frame.axes @ view.image.normal
    flat = np.hypot(normal[0], normal[1])
    if flat < 0.7:
        return None
    across = normal[:2] / flat
    along = np.array([-across[1], across[0]])
    offset = (frame.to_local(view.image.affine[:3, 3]) - centre) @ normal / flat
    steps = np.arange(0.5, 60.0, 1.0)
    side = np.array([1.0, -1.0])
    flat_points = (
        offset[:, None, None, None] * across
        + side[None, :, None, None] * steps[None, None, :, None] * along
    )
    local = np.concatenate(
        [
            centre[:, None, None, :2] + flat_points,
            np.broadcast_to(centre[:, None, None, 2:], (*flat_points.shape[:3], 1)),
        ],
        axis=-1,
    )
    angle = np.arctan2(flat_points[..., 1], flat_points[..., 0])
    return Lines(levels, frame.to_world(local), offset, angle, steps)


def sample_lines(view, frames, lines) -> np.ndarray:
    """Intensities (n_times, n_levels, 2, n_steps); NaN outside the image."""
    index = view.image.to_index(lines.points)[..., 1:]
    where = np.moveaxis(index, -1, 0)
    return np.stack(
        [ndimage.map_coordinates(f, where, order=1, mode="constant", cval=np.nan) for f in frames]
    )


def _expected(lines: Lines, body: Body) -> tuple[np.ndarray, np.ndarray]:
    """Squared radii of cavity and outer wall along the lines, (n_levels, 2, n_steps, n_times)."""
    n_angles = body.cavity.shape[1]
    k = np.round(lines.angle / (2 * np.pi) * n_angles).astype(int) % n_angles
    level = lines.levels[:, None, None]
    return np.maximum(body.cavity[level, k], 0), np.maximum(body.outer[level, k], 0)


def _blood(bright, lines, body) -> np.ndarray | None:
    """Probability of blood along the lines, (n_levels, 2, n_times, n_steps)."""
    bright = np.moveaxis(bright, 0, 2)
    known = brightness(bright, lines, body)
    if known is None:
        return None
    (m1, s1), (m0, s0) = known
    log_ratio = 0.5 * ((bright - m0) / s0) ** 2 - 0.5 * ((bright - m1) / s1) ** 2 + np.log(s0 / s1)
    # Brighter than blood is blood, darker than muscle is not.
    log_ratio = np.where(bright > m1, np.maximum(log_ratio, 3.0), log_ratio)
    log_ratio = np.where(bright < m0, np.minimum(log_ratio, -3.0), log_ratio)
    probability = 1 / (1 + np.exp(-np.clip(log_ratio, -20, 20)))
    return np.where(np.isfinite(bright), probability, 0.0)


def brightness(bright, lines, body):
    """(mean, spread) of blood and of muscle in a view, from where the slices show them.

    `bright` is (n_levels, 2, n_times, n_steps); None where the two are too alike.
    """
    cavity, outer = (np.moveaxis(v, 3, 2) for v in _expected(lines, body))
    square = (lines.off[:, None, None, None] ** 2 + lines.steps**2) * np.ones_like(cavity)
    position = body.grid.slice_positions[lines.levels]
    inside = (position > 0) & (position < body.grid.n_slices - 1)
    near = (np.abs(position - np.round(position)) < 0.3) & inside
    if not near.any():
        near = inside
    near = np.broadcast_to(near[:, None, None, None], square.shape) & np.isfinite(bright)
    blood = bright[near & (square < 0.5 * cavity)]
    middle = (square > cavity + 0.3 * (outer - cavity)) & (square < cavity + 0.7 * (outer - cavity))
    muscle = bright[near & middle]
    if blood.size < 50 or muscle.size < 50:
        return None
    (m1, s1), (m0, s0) = _robust(blood), _robust(muscle)
    if m1 - m0 < CONTRAST * np.hypot(s0, s1) / np.sqrt(2):
        return None
    return (m1, s1), (m0, s0)


def _robust(values) -> tuple[float, float]:
    low, middle, high = np.percentile(values, [16, 50, 84])
    return float(middle), float(max(0.5 * (high - low), 1e-6))


def _observations(blood, lines, body, plane) -> Observations | None:
    cavity, _ = _expected(lines, body)
    cavity = np.moveaxis(cavity, 3, 2)
    square = lines.off[:, None, None, None] ** 2 + lines.steps**2
    radius, expected = np.sqrt(square), np.sqrt(cavity)
    inner, outer = expected - WINDOW_MM, expected + WINDOW_MM
    inside = np.where(radius < inner, 1.0, np.where(radius > outer, 0.0, blood))
    boundary = outer_boundary(np.moveaxis(inside, 1, 1), lines.steps, hole=9, least=0.1)
    reach = np.sqrt(np.maximum(boundary.square, 0))
    value = boundary.square + lines.off[:, None, None] ** 2 * boundary.is_seen[..., None]
    floor = 2 * np.sqrt(value) * FLOOR_MM + FLOOR_MM**2
    spread = np.hypot(boundary.spread, floor)
    n_levels, n_sides, n_times = value.shape
    usable = np.abs(lines.off)[:, None] < 0.5 * np.sqrt(np.maximum(cavity.max(axis=(1, 3)), 0)) + 3
    spread = np.where(usable[:, None, :], spread, np.inf)
    ceiling = value < 4.0
    step = np.clip(np.searchsorted(lines.steps, reach.mean(axis=2)), 0, len(lines.steps) - 1)
    angle = np.take_along_axis(lines.angle, step[..., None], axis=2)[..., 0]
    flat = (n_levels * n_sides, n_times)
    if not np.isfinite(spread).any():
        return None
    return Observations(
        np.repeat(lines.levels.astype(float), n_sides),
        np.mod(angle.ravel() / (2 * np.pi) * ANGLES, ANGLES),
        np.where(ceiling, 0.0, value).reshape(flat),
        spread.reshape(flat),
        np.full(flat[0], plane),
        ceiling.reshape(flat),
    )
