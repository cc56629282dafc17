"""Random virtual hearts of three groups, of many sizes and shapes."""

import numpy as np

from corporis.phantoms.heart import VirtualHeart
from corporis.phantoms.places import neighbours

GROUPS = ("normal", "failure", "hypertrophy")


def random_heart(rng: np.random.Generator, group: str | None = None) -> VirtualHeart:
    """A random heart of a group (one of "normal", "failure", "hypertrophy", or any)."""
    group = group or GROUPS[rng.integers(3)]
    if group not in GROUPS:
        raise ValueError(f"group must be one of {GROUPS}, got {group!r}")
    size = rng.normal(1.0, 0.08)
    radius, wall, ejection, shortening = {
        "normal": (rng.uniform(20, 27), rng.uniform(6, 10.5), rng.uniform(0.5, 0.7), 0.16),
        "failure": (rng.uniform(25, 36), rng.uniform(5, 10), rng.uniform(0.12, 0.42), 0.08),
        "hypertrophy": (
            rng.uniform(17, 25),
            rng.uniform(11, 18),
            rng.uniform(0.55, 0.78),
            0.15,
        ),
    }[group]
    weak: dict[int, float] = {}
    scaled: dict[int, float] = {}
    if (group == "failure" and rng.uniform() < 0.5) or rng.uniform() < 0.1:
        for segment in neighbours(rng, int(rng.integers(2, 7))):
            weak[segment] = float(rng.uniform(0.3, 0.95))
            scaled[segment] = float(rng.uniform(0.6, 1.0))
    if group == "hypertrophy" and rng.uniform() < 0.5:
        for segment in neighbours(rng, int(rng.integers(2, 6))):
            scaled[segment] = float(rng.uniform(1.1, 1.5))
    return VirtualHeart(
        radius_mm=float(radius * size),
        length_mm=float(np.clip(rng.normal(3.5, 0.3) * radius * size, 60, 115)),
        wall_mm=float(wall),
        apical_wall_mm=float(wall * rng.uniform(0.5, 0.9)),
        fullness=float(rng.uniform(1.7, 3.0)),
        ovality=float(rng.uniform(0, 0.15)),
        oval_angle_rad=float(rng.uniform(0, np.pi)),
        ejection=float(ejection),
        shortening=float(np.clip(rng.normal(shortening, 0.03), 0.02, 0.24)),
        twist_rad=float(rng.uniform(0.05, 0.4)),
        systole=float(rng.uniform(0.3, 0.42)),
        weak=weak,
        scaled_wall=scaled,
        right_width_mm=float(rng.uniform(18, 40) * size),
        right_ejection=float(rng.uniform(0.35, 0.68)),
        right_arc_rad=float(rng.uniform(1.9, 2.7)),
        right_length=float(rng.uniform(0.7, 0.95)),
    )
