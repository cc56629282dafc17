"""Numbers from the rebuilt heart: volumes, ejection, mass, wall thickness, each with its spread."""

from dataclasses import dataclass

import numpy as np

from corporis.apps.heart_shape.body import Grid
from corporis.apps.heart_shape.ends import Ends
from corporis.apps.heart_shape.frame import HeartFrame
from corporis.apps.heart_shape.rebuild import Body, RightBody
from corporis.deformables import aha_segment
from corporis.interfaces import Measure

MUSCLE_G_PER_ML = 1.05  # density of myocardium, Vinnakota & Bassingthwaighte 2004, ~1.053 g/ml
INTERVAL = 1.96
BOUNDARY_PIXEL = 0.35  # common error of a whole boundary, in pixels


@dataclass(frozen=True)
class Curve:
    """Volume over the beat in cubed length, (n_times,), and its standard deviation."""

    volume: np.ndarray
    spread: np.ndarray


def volume_curve(q: np.ndarray, grid: Grid, frame: HeartFrame, ends: Ends, pixel: float) -> Curve:
    """Integrate cross-sectional areas from base to apex.

    The spread adds a boundary that errs everywhere alike to a base that errs along the axis.
    """
    n_times = q.shape[2]
    area_levels = np.pi * np.maximum(q, 0).mean(axis=1)
    volume, spread = np.empty(n_times), np.empty(n_times)
    for time in range(n_times):
        position = np.linspace(ends.base[time], ends.apex[time], 200)
        area = np.interp(position, grid.slice_positions, area_levels[:, time])
        height = np.abs(frame.height(position) - frame.height(ends.base[time]))
        volume[time] = np.trapezoid(area, height)
        side = np.trapezoid(2 * np.sqrt(np.pi * area), height)
        boundary = side * BOUNDARY_PIXEL * pixel
        base = area[0] * ends.base_spread * frame.gap
        spread[time] = np.hypot(boundary, base)
    return Curve(volume, spread)


def right_curve(right: RightBody, grid: Grid, frame: HeartFrame, pixel: float) -> Curve:
    """Volume of the right ventricle over the beat."""
    return volume_curve(right.extent, grid, frame, right.ends, 1.5 * pixel)


@dataclass(frozen=True)
class Phases:
    """Frame numbers of end-diastole and end-systole."""

    ed: int
    es: int


def find_phases(volume: np.ndarray) -> Phases:
    """Largest and smallest volume; of equally large frames near the R wave, the first."""
    n = len(volume)
    if n == 1:
        return Phases(0, 0)
    ed = int(np.argmax(volume))
    # Triggered series begin at the R wave: frame 0 is end-diastole unless clearly smaller.
    if volume[0] >= 0.985 * volume[ed]:
        ed = 0
    return Phases(ed, int(np.argmin(volume)))


@dataclass(frozen=True)
class Wall:
    """Wall thickness (n_rings, n_angles, n_times), with each place's AHA segment.

    ``segment`` (n_rings, n_angles) holds 1 to 17, or 0 where it cannot be numbered;
    ``sector`` the same split by thirds and angle alone, from an arbitrary start.
    """

    thickness: np.ndarray
    fractions: np.ndarray
    segment: np.ndarray


def wall_thickness(
    body: Body, insertion: tuple[float, int] | None, *, has_depth: bool = True
) -> Wall:
    """Distance across the wall along its normal, at 20 rings from base to apex.

    Parameters
    ----------
    insertion : (angle index, direction) or None
        Where the right ventricle joins in front, and the sense (+1, -1) in which the septum
        follows; None leaves the segments unnumbered.
    has_depth : bool
        Whether the distance between slices is known; without it, or where it must not enter, the
        thickness is that in the image plane.
    """
    fractions = (np.arange(20) + 0.5) / 20
    n_angles, n_times = body.cavity.shape[1:]
    thickness = np.empty((len(fractions), n_angles, n_times))
    for time in range(n_times):
        position, inner_square = body.rings("cavity", fractions, time)
        outer_square = body.at(body.outer[..., time], position)
        inner, outer = np.sqrt(inner_square), np.sqrt(np.maximum(outer_square, inner_square))
        middle = 0.5 * (inner + outer)
        along = np.gradient(middle, body.frame.height(position), axis=0) if has_depth else 0.0
        around = (np.roll(middle, -1, axis=1) - np.roll(middle, 1, axis=1)) * n_angles / (4 * np.pi)
        # A ray crosses an inclined wall obliquely: its normal is tilted by both slopes.
        tilt = np.sqrt(1 + along**2 + (around / np.maximum(middle, 1e-6)) ** 2)
        thickness[..., time] = (outer - inner) / tilt
    segment = np.zeros((len(fractions), n_angles), dtype=int)
    if insertion is not None:
        start, sense = insertion
        angle = sense * 2 * np.pi * (np.arange(n_angles) - start) / n_angles
        segment = aha_segment(angle[None, :], fractions[:, None])
        segment = np.where(_levels_seen(body, segment, fractions)[:, None], segment, 0)
    return Wall(thickness, fractions, segment)


def _levels_seen(body: Body, segment: np.ndarray, fractions: np.ndarray) -> np.ndarray:
    """Which rings lie in a level (basal, middle, apical, tip) that a slice shows, (n_rings,).

    A lone slice does not tell where it lies; and where the stack ends above the apex, nothing is
    known of the tip.
    """
    n, ends = body.grid.n_slices, body.ends
    if n < 2:
        return np.zeros(len(fractions), dtype=bool)
    base, apex = ends.base[0], ends.apex[0]
    slices = (np.arange(n) - base) / (apex - base)
    level = np.where(segment < 7, 0, np.where(segment < 13, 1, np.where(segment < 17, 2, 3)))[:, 0]
    half = 0.5 / len(fractions)
    seen = np.zeros(len(fractions), dtype=bool)
    for number in range(3):
        rows = level == number
        inside = fractions[rows].min() - half, fractions[rows].max() + half
        seen[rows] = bool(np.any((slices >= inside[0]) & (slices <= inside[1])))
    is_closed = (apex < n - 0.05) if ends.towards_apex > 0 else (apex > -0.95)
    seen[level == 3] = bool(seen[level == 2].all()) and is_closed
    return seen


def by_segment(wall: Wall, values: np.ndarray) -> np.ndarray:
    """Mean of values (n_rings, n_angles) over the 17 segments; NaN where unnumbered."""
    out = np.full(17, np.nan)
    for number in range(1, 18):
        inside = wall.segment == number
        if inside.any():
            out[number - 1] = values[inside].mean()
    return out


def rates(volume: np.ndarray, cycle_ms: float) -> tuple[float, float]:
    """Peak ejection and peak filling rate in volume per second, from a periodic fit.

    The curve keeps its first harmonics (up to a quarter of the frames), which differentiate
    exactly.
    """
    n = len(volume)
    spectrum = np.fft.rfft(volume)
    order = np.arange(len(spectrum))
    spectrum[order > max(2, n // 4)] = 0
    slope = np.fft.irfft(2j * np.pi * order * spectrum, n) / (cycle_ms / 1000.0)
    return float(-slope.min()), float(slope.max())


def interval(name: str, value: float, spread: float, unit: str, note: str = "") -> Measure:
    """A measure with its 95 % interval."""
    low = max(value - INTERVAL * spread, 0.0)
    return Measure(name, float(value), unit, float(low), float(value + INTERVAL * spread), note)


def ejection_fraction(curve: Curve, phases: Phases) -> tuple[float, float]:
    """Ejection fraction in percent and its standard deviation.

    The boundary's common error acts on both phases and mostly cancels; half of it is kept.
    """
    ed, es = curve.volume[phases.ed], curve.volume[phases.es]
    if ed <= 0:
        return float("nan"), float("nan")
    value = 100 * (1 - es / ed)
    relative = np.hypot(curve.spread[phases.es] / max(es, 1e-9), curve.spread[phases.ed] / ed)
    return float(value), float(100 * (es / ed) * 0.5 * relative)
