"""Places in a torso, the measures of a body, and the canvas on which its parts are drawn."""

from dataclasses import dataclass, field, replace

import numpy as np
from scipy import ndimage

LABELS = ("", "liver", "left lung", "right lung", "left kidney", "right kidney")
FAT, AIR = -100.0, -1000.0
SCALES = (2.0, 4.0, 8.0, 14.0)
"""Voxels over which noise may change."""


@dataclass(frozen=True, eq=False)
class OrganField:
    """Signed distances of one organ, to be placed anywhere.

    Parameters
    ----------
    values : array, (a, b, c)
        mm from the border, negative inside; axes run up, forward and to the right.
    spacing_mm : (float, float, float)
        Steps along them.
    middle_mm : (float, float, float)
        The place, from voxel 0, that is put where the organ is to lie.
    """

    values: np.ndarray
    spacing_mm: tuple[float, float, float]
    middle_mm: tuple[float, float, float]

    def at(self, frame: "Frame", centre, turn: np.ndarray, scale: float) -> np.ndarray:
        """Distances (`frame.shape`) in mm of the organ at `centre`, turned and scaled."""
        away = np.broadcast_arrays(frame.z, frame.y, frame.x)
        places = np.stack([part.ravel() for part in away])
        return self.read(places, centre, turn, scale).reshape(frame.shape)

    def read(self, places: np.ndarray, centre, turn: np.ndarray, scale: float) -> np.ndarray:
        """The same at places (3, n)."""
        own = (turn.T @ (places - np.asarray(centre)[:, None])) / scale
        spacing = np.asarray(self.spacing_mm)[:, None]
        index = (own + np.asarray(self.middle_mm)[:, None]) / spacing
        inside = np.clip(index, 0, np.array(self.values.shape)[:, None] - 1.0)
        found = ndimage.map_coordinates(self.values, inside, order=1)
        beyond = (np.abs(index - inside) * spacing).sum(axis=0)
        return (scale * (found + beyond)).astype(np.float32)

    def extent(self, scale: float) -> tuple[tuple[float, float], ...]:
        """Reach of the organ below and above its middle along each axis, mm."""
        inside = np.argwhere(self.values < 0) * np.asarray(self.spacing_mm)
        low = scale * (inside.min(axis=0) - self.middle_mm)
        high = scale * (inside.max(axis=0) - self.middle_mm)
        return tuple(zip(low.tolist(), high.tolist(), strict=True))


@dataclass(frozen=True)
class Phase:
    """Mean and deviation of Hounsfield units in one phase of contrast."""

    name: str
    liver: tuple[float, float]
    cortex: tuple[float, float]
    medulla: tuple[float, float]
    spleen: tuple[float, float]
    aorta: tuple[float, float]
    vein: tuple[float, float]


@dataclass(frozen=True, eq=False)
class Frame:
    """A body's measures in mm, and the places of the voxels that show it.

    Up is counted from the kidneys' middle, forward from the body's axis, right from the midline.

    Parameters
    ----------
    z, y, x : arrays that broadcast to `shape`
        Up, forward and to the right.
    shape : (int, int, int)
    half_width, half_depth : float
        Of the body.
    power : float
        Of the superellipse that its section is.
    spine_y, kidney_y : float
        Where spine and kidneys lie, forward.
    fat, muscle : float
        Thickness of the wall's layers.
    liver_top : float
        Height of the liver's top.
    lung_height : float
        Of the lungs' tops above it.
    middle_y : float
        Forward place of the section's middle.
    """

    z: np.ndarray
    y: np.ndarray
    x: np.ndarray
    shape: tuple[int, int, int]
    half_width: float = 170.0
    half_depth: float = 115.0
    power: float = 2.4
    spine_y: float = -45.0
    kidney_y: float = -50.0
    fat: float = 20.0
    muscle: float = 12.0
    liver_top: float = 120.0
    lung_height: float = 210.0
    middle_y: float = 0.0

    @classmethod
    def drawn(cls, random, shape, step_mm) -> "Frame":
        """A random part of the body; its measures follow with `around`."""
        low = random.uniform(-300, 170)
        sides = [step_mm * np.arange(n) for n in shape]
        z = (sides[0] + low)[:, None, None]
        y = (sides[1] - sides[1][-1] / 2 + random.normal(0, 12))[None, :, None]
        x = (sides[2] - sides[2][-1] / 2 + random.normal(0, 12))[None, None, :]
        z, y, x = (part.astype(np.float32) for part in (z, y, x))
        return cls(
            z,
            y,
            x,
            tuple(shape),
            power=float(random.uniform(2.2, 2.8)),
            kidney_y=float(random.uniform(-60, -40)),
            fat=float(np.exp(random.normal(2.7, 0.5))),
            muscle=float(random.uniform(8, 20)),
            lung_height=float(random.uniform(140, 215)),
        )

    def around(self, extent, centre) -> "Frame":
        """A body that holds a liver at `centre` that reaches so far, and little more."""
        (_, top), (_, forward), (_, right) = extent
        wall = self.fat + self.muscle
        beside = max(centre[2] + right, 110.0) + wall
        ahead = max(centre[1] + forward, 55.0) + wall
        behind = -self.kidney_y + 42.0 + wall
        return replace(
            self,
            half_width=float(beside / 0.95),
            half_depth=float((ahead + behind) / 2 / 0.92),
            spine_y=float(self.kidney_y + 8.0),
            liver_top=float(centre[0] + top),
            middle_y=float((ahead - behind) / 2),
        )

    @property
    def apex(self) -> float:
        """Height of the lungs' tops."""
        return self.liver_top + self.lung_height

    @property
    def depth(self) -> np.ndarray:
        """From the skin inwards, mm, negative outside, (`shape`)."""
        up = (self.z - self.liver_top) / max(self.apex - self.liver_top, 1.0)
        narrow = 1 - 0.55 * np.clip(up - 0.55, 0, 1) ** 1.5
        hips = 1 + 0.06 * np.clip((-self.z - 80) / 150, 0, 1)
        width = self.half_width * narrow * hips
        depth = self.half_depth * np.sqrt(narrow)
        x, y = self.x / width, (self.y - self.middle_y) / depth
        radius = (np.abs(x) ** self.power + np.abs(y) ** self.power) ** (1 / self.power)
        own = np.hypot(self.x, self.y - self.middle_y)
        return own / np.maximum(radius, 1e-3) - own


@dataclass(eq=False)
class Canvas:
    """What has been drawn: Hounsfield units, labels, and where nothing has been put yet."""

    frame: Frame
    random: np.random.Generator
    phase: Phase
    depth: np.ndarray
    hounsfield: np.ndarray
    label: np.ndarray
    taken: np.ndarray
    noises: dict = field(default_factory=dict, repr=False)

    @classmethod
    def empty(cls, frame: Frame, random, phase: Phase) -> "Canvas":
        """Air."""
        shape = frame.shape
        return cls(
            frame,
            random,
            phase,
            frame.depth.astype(np.float32),
            np.full(shape, AIR, np.float32),
            np.zeros(shape, np.uint8),
            np.zeros(shape, bool),
        )

    def paint(self, where: np.ndarray, value, organ: str = "", *, takes: bool = True) -> None:
        """Put grey values and a label; `value` is a number or an array of the frame's shape."""
        where = np.broadcast_to(where, self.frame.shape)
        self.hounsfield[where] = value[where] if np.ndim(value) else value
        self.label[where] = LABELS.index(organ)
        if takes:
            self.taken |= where

    def fill(self, where: np.ndarray, value) -> None:
        """Put grey values where nothing has been put yet."""
        self.paint(where & ~self.taken, value)

    def noise(self, voxels: float) -> np.ndarray:
        """Smooth noise of unit deviation that changes over about so many voxels, float32.

        Drawn once for each of a few scales, and shifted at random whenever it is asked for.
        """
        scale = min(SCALES, key=lambda own: abs(np.log(own / voxels)))
        if scale not in self.noises:
            self.noises[scale] = _smooth_noise(self.random, self.frame.shape, scale)
        shift = [int(self.random.integers(n)) for n in self.frame.shape]
        return np.roll(self.noises[scale], shift, (0, 1, 2))

    def ellipsoid(self, centre, radii) -> np.ndarray:
        """Whether places lie in an ellipsoid; `centre` and `radii` up, forward, right."""
        frame = self.frame
        return (
            ((frame.z - centre[0]) / radii[0]) ** 2
            + ((frame.y - centre[1]) / radii[1]) ** 2
            + ((frame.x - centre[2]) / radii[2]) ** 2
        ) < 1

    def ball(self, centre, radius: float) -> np.ndarray:
        """Whether places lie in a ball."""
        return self.ellipsoid(centre, (radius,) * 3)

    def column(self, y, x, radius_y, radius_x) -> np.ndarray:
        """Whether places lie in an upright elliptic column."""
        frame = self.frame
        return ((frame.y - y) / radius_y) ** 2 + ((frame.x - x) / radius_x) ** 2 < 1

    def any_of(self, where: np.ndarray):
        """A random place (up, forward, right) of a part; the frame's axis where it is empty."""
        places = np.flatnonzero(where)
        if not len(places):
            return 0.0, 0.0, 0.0
        a, b, c = np.unravel_index(self.random.choice(places), where.shape)
        frame = self.frame
        return float(frame.z[a, 0, 0]), float(frame.y[0, b, 0]), float(frame.x[0, 0, c])


def _smooth_noise(random, shape, voxels):
    """Smooth noise of unit deviation that changes over so many voxels, float32."""
    coarse = [max(4, int(np.ceil(n / voxels)) + 3) for n in shape]
    noise = random.standard_normal(coarse, dtype=np.float32)
    factors = [n / (c - 3) for n, c in zip(shape, coarse, strict=True)]
    zoomed = ndimage.zoom(noise, factors, order=1)[tuple(slice(n) for n in shape)]
    return zoomed / zoomed.std()
