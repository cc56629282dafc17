"""What the judgement reads: dimensionless features of one heart, NaN where not measurable.

Of the left ventricle alone, and, but for those with a unit in their name, free of the pixel size
and of the distance between slices: thickness is that in the image plane, and muscle and cavity are
cut at the same ends.
"""

from dataclasses import replace

import numpy as np

from corporis.apps.heart_shape.measure import (
    by_segment,
    ejection_fraction,
    volume_curve,
    wall_thickness,
)


def features(numbers, found) -> dict[str, float | np.ndarray]:
    """Features by name; percentages in percent, the rest ratios unless the name has a unit.

    All are NaN for a lone slice: ranges of whole hearts say nothing about it.
    """
    found_all = _features(numbers, found)
    if numbers.has_volume:
        return found_all
    return {name: np.full(np.shape(value), np.nan)[()] for name, value in found_all.items()}


def _features(numbers, found) -> dict[str, float | np.ndarray]:
    body, phases = found.body, numbers.phases
    ed, es = phases.ed, phases.es
    nothing = float("nan")
    areas = np.stack([_thirds(body, t) for t in (ed, es)])
    beating = numbers.is_beating
    change = 100 * (1 - areas[1] / np.maximum(areas[0], 1e-9)) if beating else [nothing] * 3
    flat = replace(numbers.wall, thickness=wall_thickness(body, None, has_depth=False).thickness)
    wall = flat.thickness
    middle = slice(6, 14)
    radius = np.sqrt(np.maximum(areas[0][1], 0) / np.pi)
    thickening = 100 * (wall[..., es] / np.maximum(wall[..., ed], 1e-6) - 1)
    spread = np.std(_sectors(thickening[2:16])) if beating else nothing
    whole = volume_curve(body.outer, body.grid, body.frame, body.ends, numbers.pixel)
    muscle = float(np.mean(whole.volume - numbers.left.volume))
    in_mm = numbers.length_unit == "mm" and numbers.has_volume
    volume = numbers.left.volume[ed]
    long_axis = numbers.long_axis_ed
    return {
        "ejection_fraction_percent": ejection_fraction(numbers.left, phases)[0]
        if beating and numbers.has_volume
        else nothing,
        "relative_wall_thickness": float(wall[middle][..., ed].mean() / max(radius, 1e-9)),
        "muscle_to_cavity_ratio": muscle / max(volume, 1e-9) if numbers.has_volume else nothing,
        "area_change_base_percent": float(change[0]),
        "area_change_mid_percent": float(change[1]),
        "area_change_apex_percent": float(change[2]),
        "wall_thickening_percent": float(np.mean(thickening[2:15])) if beating else nothing,
        "thickening_spread_percent": float(spread),
        "cavity_eccentricity_es": _eccentricity(body, es),
        "sphericity": float(volume / (np.pi / 6 * long_axis**3)) if in_mm else nothing,
        "ed_volume_ml": float(volume / 1000) if in_mm else nothing,
        "segment_thickening_percent": by_segment(flat, thickening)
        if beating
        else np.full(17, np.nan),
    }


def _thirds(body, time: int) -> np.ndarray:
    """Mean cavity area in the basal, middle and apical third at one time."""
    fractions = (np.arange(30) + 0.5) / 30
    _, square = body.rings("cavity", fractions, time)
    return np.pi * square.mean(axis=1).reshape(3, 10).mean(axis=1)


def _sectors(values: np.ndarray) -> np.ndarray:
    """Means over three levels and six sectors of values (n_rings, n_angles)."""
    rings = np.array_split(values, 3, axis=0)
    return np.array([part.mean() for ring in rings for part in np.array_split(ring, 6, axis=1)])


def _eccentricity(body, time: int) -> float:
    """How oval the cavity is at mid level: relative size of the second harmonic of the radius."""
    _, square = body.rings("cavity", np.linspace(0.3, 0.7, 9), time)
    spectrum = np.abs(np.fft.rfft(np.sqrt(square), axis=1))
    return float(np.mean(spectrum[:, 2] / np.maximum(spectrum[:, 0], 1e-9)))
