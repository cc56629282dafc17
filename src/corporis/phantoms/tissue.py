"""Tissues and the torso around the heart: what shines how brightly in a cine MR image."""

from dataclasses import dataclass, replace

import numpy as np

from corporis.phantoms.heart import Places, VirtualHeart


@dataclass(frozen=True)
class Tissue:
    """Relative signal of each tissue in balanced steady-state cine, blood = 1.

    Parameters
    ----------
    blood, muscle, fat, lung, liver, chest : float
        Mean signals.
    texture : float
        Relative standard deviation of the smooth texture inside tissues.
    trabeculation : float
        Depth to which muscle strands reach into the cavity, as a share of ``s``.
    seed : int
        Of the torso's organs and the textures.
    """

    blood: float = 1.0
    muscle: float = 0.35
    fat: float = 0.9
    lung: float = 0.08
    liver: float = 0.45
    chest: float = 0.3
    texture: float = 0.06
    trabeculation: float = 0.15
    seed: int = 0

    def __post_init__(self):
        values = (self.blood, self.muscle, self.fat, self.lung, self.liver, self.chest)
        if not all(value >= 0 for value in values) or not self.blood > self.muscle:
            raise ValueError(f"signals must be >= 0 and blood brighter than muscle, got {values}")

    @classmethod
    def random(cls, rng: np.random.Generator) -> "Tissue":
        """Random contrasts: wider than any one scanner's, so that networks learn shape."""
        muscle = rng.uniform(0.18, 0.6)
        return cls(
            muscle=float(muscle),
            fat=float(rng.uniform(0.5, 1.5)),
            lung=float(rng.uniform(0.02, 0.2)),
            liver=float(rng.uniform(0.2, 0.7)),
            chest=float(rng.uniform(0.15, 0.5)),
            texture=float(rng.uniform(0.02, 0.12)),
            trabeculation=float(rng.uniform(0.05, 0.35)),
            seed=int(rng.integers(2**31)),
        )


@dataclass(frozen=True)
class Torso:
    """Everything around a heart, fixed in the heart's frame, with random organs.

    Waves are sums of a few plane cosines: smooth random fields that can be evaluated anywhere,
    which makes textures the same in every plane through a point.
    """

    heart: VirtualHeart
    tissue: Tissue
    waves: np.ndarray
    shifts: np.ndarray
    organs: np.ndarray
    fat_depth: float
    lateral: float

    @classmethod
    def of(cls, heart: VirtualHeart, tissue: Tissue) -> "Torso":
        """The torso of a tissue's seed."""
        rng = np.random.default_rng(tissue.seed)
        waves = rng.normal(size=(24, 3)) / rng.uniform(3, 14, size=(24, 1))
        waves[:12] /= 4  # organs' borders undulate over centimetres, textures over millimetres
        organs = np.column_stack(
            [
                rng.uniform(-110, 110, (9, 2)),
                rng.uniform(-60, 160, 9),
                rng.uniform(8, 30, 9),
                rng.uniform(0.05, 1.3, 9),
            ]
        )
        return cls(
            heart,
            tissue,
            waves,
            rng.uniform(0, 2 * np.pi, 24),
            organs,
            float(rng.uniform(1, 9)),
            float(rng.uniform(-0.6, 0.6)),
        )

    def crowded(self, rng: np.random.Generator, n: int = 3) -> "Torso":
        """The torso with `n` more organs, bright ones too, that lie against the heart.

        Beside a wall only motion and shape tell them from a right cavity.
        """
        heart = self.heart
        angle, height = rng.uniform(0, 2 * np.pi, n), rng.uniform(0, heart.outer_length_mm, n)
        radius = rng.uniform(8, 30, n)
        away = np.sqrt(2 * heart.outer(height, angle)) + radius * rng.uniform(0.6, 1.2, n)
        near = np.column_stack(
            [
                away * np.cos(angle),
                away * np.sin(angle),
                height,
                radius,
                rng.uniform(0.5, 1.3, n),
            ]
        )
        return replace(self, organs=np.concatenate([self.organs, near]))

    def wave(self, points: np.ndarray, which: slice) -> np.ndarray:
        """A smooth random field of unit variance at points (n, 3)."""
        phases = points @ self.waves[which].T.astype(points.dtype)
        phases += self.shifts[which].astype(points.dtype)
        count = phases.shape[-1]
        return np.cos(phases).sum(axis=-1) * np.sqrt(2.0 / count)

    def background(self, points: np.ndarray) -> np.ndarray:
        """Signal of all that is not heart at points (n, 3) of the heart's frame."""
        t = self.tissue
        x, y, z = np.moveaxis(points, -1, 0)
        out = np.full(x.shape, t.lung, dtype=points.dtype)
        # The liver and stomach lie below: angles of the inferior wall, 150 to 210 degrees.
        down = np.deg2rad(180.0) + self.lateral
        depth = x * np.cos(down) + y * np.sin(down) + 0.15 * z
        limit = self.heart.radius_mm + self.heart.wall_mm + 6 + 5 * self.wave(points, slice(0, 4))
        out = np.where(depth > limit, t.liver, out)
        for cx, cy, cz, radius, signal in self.organs:
            out = np.where((x - cx) ** 2 + (y - cy) ** 2 + (z - cz) ** 2 < radius**2, signal, out)
        # The chest wall lies in front and to the left: around -30 degrees.
        front = np.deg2rad(-30.0)
        ahead = x * np.cos(front) + y * np.sin(front)
        wall = 62 + 10 * self.lateral + 3 * self.wave(points, slice(4, 8))
        out = np.where(ahead > wall, t.chest, out)
        out = np.where(ahead > wall + 14, t.fat, out)
        radius = np.hypot(x, y)
        out = np.where(radius > 135, t.fat, out)
        return np.where(radius > 150, 0.02, out).astype(points.dtype)

    def signal(self, points: np.ndarray, places: Places) -> np.ndarray:
        """Signal at points (n, 3) whose material coordinates are `places`."""
        t, heart = self.tissue, self.heart
        out = self.background(points)
        labels = places.labels()
        edge = np.sqrt(2 * (places.outer + places.right))
        radius = np.sqrt(2 * np.maximum(places.s, 0))
        patchy = self.fat_depth * np.clip(0.6 + 0.7 * self.wave(points, slice(8, 12)), 0, 2)
        near = (radius < edge + patchy) & (places.z > -10)
        near &= places.z < places.outer_length_mm + 3
        out = np.where(near, t.fat, out)
        # The right ventricle's free wall is thin; its muscle is not part of any class.
        thin = (places.right > 0) & (radius < edge + 3.0) & (places.z > 0)
        out = np.where(thin, t.muscle, out)
        out = self._base(out, places, radius)
        material = np.stack(
            [radius * np.cos(places.angle), radius * np.sin(places.angle), places.z], axis=-1
        ).astype(points.dtype)
        grain = self.wave(material, slice(12, 24))
        out = np.where(labels == 2, t.muscle * (1 + 0.5 * t.texture * grain), out)
        out = np.where(labels == 3, t.blood * (0.93 + t.texture * grain), out)
        strands = (labels == 3) & (grain > 1.4)
        out = np.where(strands, 0.5 * (t.blood + t.muscle), out)
        cavity = labels == 1
        out = np.where(cavity, t.blood * (1 + 0.5 * t.texture * grain), out)
        return self._papillary(out, places, cavity, grain, heart)

    def is_atrium(self, places: Places) -> np.ndarray:
        """Whether places lie in the left atrium's blood, above the base."""
        radius = np.sqrt(2 * np.maximum(places.s, 0))
        return (places.z < 0) & (places.z > -45) & (radius < 1.05 * self.heart.radius_mm)

    def _base(self, out, places, radius):
        """Above the base: left atrium, aortic root and right atrium, blood in thin walls."""
        t, heart = self.tissue, self.heart
        above, is_atrium = places.z < 0, self.is_atrium(places)
        x, y = radius * np.cos(places.angle), radius * np.sin(places.angle)
        out = np.where(
            above & (radius < 1.05 * heart.radius_mm + 2.5) & (places.z > -45), t.muscle, out
        )
        out = np.where(is_atrium, 0.95 * t.blood, out)
        middle = np.pi / 3 - 0.35
        for distance, size in ((0.55, 0.55), (1.9, 1.0)):
            cx = distance * heart.radius_mm * np.cos(middle)
            cy = distance * heart.radius_mm * np.sin(middle)
            away = np.hypot(x - cx, y - cy)
            out = np.where(above & (away < size * heart.radius_mm + 2), t.muscle, out)
            out = np.where(above & (away < size * heart.radius_mm), t.blood, out)
        return out

    def _papillary(self, out, places, cavity, grain, heart):
        """Two papillary muscles and strands on the endocardium; all counted as cavity."""
        t = self.tissue
        share = places.s / np.maximum(places.inner, 1e-6)
        level = places.z / heart.length_mm
        for middle in (np.deg2rad(190.0), np.deg2rad(290.0)):
            off = (places.angle - middle + np.pi) % (2 * np.pi) - np.pi
            inside = (np.abs(off) < 0.32) & (share > 0.42) & (share < 0.82)
            inside &= (level > 0.25) & (level < 0.72)
            out = np.where(cavity & inside, 1.05 * t.muscle, out)
        strand = (share > 1 - t.trabeculation * (0.4 + level)) & (grain > 0.7)
        return np.where(cavity & strand, 0.5 * (t.blood + t.muscle), out)
