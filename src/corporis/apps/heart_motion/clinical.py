"""Strain over a beat in the numbers that clinics read, each with one definition.

A course is the relative change of length ``L / L0 - 1`` in per cent over the frames, `L0` being the
length in the first frame. What lies beyond the frames that are reported counts for nothing.
"""

from dataclasses import dataclass

import numpy as np

DEFINITIONS = {
    "strain": "relative change of length L/L0 - 1 of muscle along a direction of the first frame, "
    "in per cent, mean over the area of the region; circumferential around the wall, radial "
    "across it, longitudinal along the axis",
    "global strain": "of tagged slices the mean of their whole walls; of a surface that cine "
    "moves, the change of length of lines around and along the endocardium since end-diastole",
    "Green strain": "(F^T F - 1)/2 in the same directions of the first frame, without a unit",
    "peak": "the largest shortening (circumferential, longitudinal) or thickening (radial), "
    "of strain across tags the largest change; the least stretch where nothing shortens; not given "
    "where it lies in the last frame reported and the film goes on",
    "end-systole": "the frame in which the line of muscle in the middle of the wall encloses the "
    "least area, of all slices of equal frames together; of a body, the cavity the least volume; "
    "not known where tags fade before",
    "time to peak": "from the first frame to the peak",
    "systolic strain rate": "fastest change of strain in the direction of the peak, from the first "
    "frame to end-systole; central differences",
    "diastolic strain rate": "fastest change of strain the other way after end-systole",
    "post-systolic shortening": "share of the peak that is reached only after end-systole, "
    "(peak - end-systolic) / peak in per cent",
    "rotation": "mean turn of the muscle in the middle of the wall about its centre, in degrees, "
    "anticlockwise as displayed",
    "twist": "rotation of the most apical slice less that of the most basal one",
    "torsion": "twist over the distance of the two slices; of a body, the slope of the turn along "
    "its axis",
    "dyssynchrony": "standard deviation of the times to peak circumferential strain over the "
    "sectors or segments",
    "layers": "inner, middle and outer third of the wall's depth in the first frame",
}
"""What each number means."""


@dataclass(frozen=True)
class Clinical:
    """Numbers of one course; None where they are not known.

    Parameters
    ----------
    peak, end_systolic : float or None
        In per cent.
    peak_frame : int or None
    time_to_peak_ms : float or None
    systolic_rate, diastolic_rate : float or None
        In 1/s.
    post_systolic : float or None
        In per cent of the peak.
    """

    peak: float | None = None
    end_systolic: float | None = None
    peak_frame: int | None = None
    time_to_peak_ms: float | None = None
    systolic_rate: float | None = None
    diastolic_rate: float | None = None
    post_systolic: float | None = None


def clinical(
    course: np.ndarray,
    end_systole: int | None,
    times_ms: np.ndarray | None = None,
    *,
    shortens: bool = True,
) -> Clinical:
    """Numbers of a course of strain in per cent, NaN in frames that are not reported.

    Parameters
    ----------
    course : array, (n_frames,)
    end_systole : int or None
    times_ms : array, (n_frames,), or None
        Without them there are no rates and no times.
    shortens : bool
        Whether systole makes it negative.

    Examples
    --------
    >>> found = clinical(np.array([0.0, -10, -20, -15, -5]), 2, 50.0 * np.arange(5))
    >>> found.peak, found.time_to_peak_ms, found.systolic_rate, found.post_systolic
    (-20.0, 100.0, -2.0, 0.0)
    """
    course = np.asarray(course, dtype=float)
    sign = -1.0 if shortens else 1.0
    known = np.isfinite(course)
    if not known[1:].any():
        return Clinical()
    toward = np.where(known, sign * course, -np.inf)
    top = int(np.argmax(toward))
    if top == 0:  # it never goes the way of systole
        top = int(1 + np.argmax(toward[1:]))
    if end_systole is not None and not known[end_systole]:
        end_systole = None
    at_end = None if end_systole is None else float(course[end_systole])
    if not known.all() and top == np.flatnonzero(known)[-1]:
        return Clinical(end_systolic=at_end)  # it went on where nothing is reported
    peak = float(course[top])
    late = None
    if at_end is not None and end_systole is not None and sign * peak > 0:
        late = max(0.0, 100 * (peak - at_end) / peak) if top > end_systole else 0.0
    time, rates = None, (None, None)
    if times_ms is not None:
        time = float(times_ms[top] - times_ms[0])
        rates = _rates(course, end_systole, times_ms, sign)
    return Clinical(peak, at_end, top, time, *rates, late)


def _rates(course, end_systole, times_ms, sign):
    """Fastest change towards the peak before, and away from it after, end-systole, in 1/s."""
    if end_systole is None or end_systole < 1:
        return None, None
    n = int(np.isfinite(course).sum())
    speed = sign * np.gradient(course[:n], np.asarray(times_ms, dtype=float)[:n]) * 10
    before, after = speed[: end_systole + 1], speed[end_systole:]
    return sign * float(before.max()), sign * float(after.min()) if len(after) > 1 else None


def dyssynchrony(peaks: list[Clinical]) -> float | None:
    """Standard deviation of times to peak, in ms; None where fewer than three are known.

    Examples
    --------
    >>> dyssynchrony([Clinical(time_to_peak_ms=t) for t in (300.0, 340.0, 380.0)])
    40.0
    """
    times = [p.time_to_peak_ms for p in peaks if p.time_to_peak_ms is not None]
    return float(np.std(times, ddof=1)) if len(times) > 2 else None
