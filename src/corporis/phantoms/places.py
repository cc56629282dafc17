"""Places of a heart: material coordinates, what lies there, and the centres of segments."""

from dataclasses import dataclass

import numpy as np

CAVITY, MUSCLE, RIGHT = 1, 2, 3


@dataclass(frozen=True)
class Places:
    """Points in material coordinates: half squared radius, angle, height, and surfaces there."""

    s: np.ndarray
    angle: np.ndarray
    z: np.ndarray
    inner: np.ndarray
    outer: np.ndarray
    right: np.ndarray
    length_mm: float
    outer_length_mm: float

    def labels(self) -> np.ndarray:
        """0 none, 1 left cavity, 2 left muscle, 3 right cavity."""
        above = self.z >= 0
        out = np.zeros(np.shape(self.s), dtype=np.uint8)
        beyond = (self.s >= self.outer) & (self.s < self.outer + self.right)
        out[above & beyond] = RIGHT
        out[above & (self.z <= self.outer_length_mm) & (self.s < self.outer)] = MUSCLE
        out[above & (self.z <= self.length_mm) & (self.s < self.inner)] = CAVITY
        return out


def polar(points) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Half squared radius, angle and height of points (..., 3)."""
    points = np.asarray(points, dtype=float)
    s = 0.5 * (points[..., 0] ** 2 + points[..., 1] ** 2)
    return s, np.arctan2(points[..., 1], points[..., 0]), points[..., 2]


def cartesian(s, angle, z) -> np.ndarray:
    """Points (..., 3) from half squared radius, angle and height."""
    r = np.sqrt(2 * np.maximum(s, 0))
    return np.stack(np.broadcast_arrays(r * np.cos(angle), r * np.sin(angle), z), axis=-1)


def _centres() -> dict[int, tuple[float, float]]:
    """Level and angle of each segment's middle."""
    middles = {2: 30, 3: 90, 4: 150, 5: 210, 6: 270, 1: 330}
    out = {k: (0.16, np.deg2rad(a)) for k, a in middles.items()}
    out |= {k + 6: (0.475, np.deg2rad(a)) for k, a in middles.items()}
    out |= {k: (0.79, np.deg2rad(a)) for k, a in ((14, 60), (15, 150), (16, 240), (13, 330))}
    out[17] = (1.0, 0.0)
    return out


SEGMENT_CENTRES = _centres()


def _by_level() -> dict[float, list[tuple[int, float, float]]]:
    """For each level its segments: number, angle and how narrow it is around (0: all around)."""
    out: dict[float, list[tuple[int, float, float]]] = {}
    for segment, (level, middle) in SEGMENT_CENTRES.items():
        width = 3.5 if segment < 13 else 1.8 if segment < 17 else 0.0
        out.setdefault(level, []).append((segment, middle, width))
    return out


SEGMENTS_BY_LEVEL = _by_level()


def neighbours(rng: np.random.Generator, count: int) -> list[int]:
    """Segments that lie together, from a random one outwards."""
    level, angle = SEGMENT_CENTRES[int(rng.integers(1, 17))]
    gap = {
        k: (v[0] - level) ** 2 * 6 + (1 - np.cos(v[1] - angle)) for k, v in SEGMENT_CENTRES.items()
    }
    return sorted(gap, key=gap.__getitem__)[:count]
