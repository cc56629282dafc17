"""Procedural tissue: nuclei of known outline, dyed, blurred and photographed; exact masks.

Outlines are Fourier series whose amplitudes fall with frequency; light goes through all layers
(Beer and Lambert), so that overlapping nuclei are darker where they overlap.
"""

from dataclasses import dataclass, field

import numpy as np
from scipy import ndimage

from corporis.shapes.overlap import fill_polygon

DYES = {
    "haematoxylin": (0.650, 0.704, 0.286),
    "eosin": (0.072, 0.990, 0.105),
    "dab": (0.268, 0.570, 0.776),
}


@dataclass(frozen=True)
class Tissue:
    """An image and all that is true of it.

    Parameters
    ----------
    image : ndarray, (H, W, 3), uint8
    masks : ndarray, (n, H, W), bool
        Every nucleus whole, also where another lies over it.
    labels : ndarray, (H, W), int32
        0, or 1..n; where nuclei overlap, that of the smaller one.
    is_positive : ndarray, (n,), bool
        Whether a nucleus is stained brown.
    """

    image: np.ndarray
    masks: np.ndarray
    labels: np.ndarray
    is_positive: np.ndarray


@dataclass(frozen=True)
class NuclearTissue:
    """How nuclei look, and how they are seen.

    Parameters
    ----------
    radius_px : (float, float)
        Smallest and largest mean radius, > 2.
    roughness : float
        Standard deviation of a Fourier amplitude relative to the radius, at frequency 2; it falls
        with the 1.5th power of frequency. 0 to 0.2.
    elongation : float
        Largest ratio of axes, >= 1.
    haematoxylin, eosin : (float, float)
        Range of the optical density of a nucleus, and mean and spread of that around it.
    blur_px : float
        Standard deviation of the optics' point spread, >= 0.
    noise : float
        Standard deviation of the camera's noise, grey levels, >= 0.

    Raises
    ------
    ValueError
        If a number is out of its range.
    """

    radius_px: tuple[float, float] = (8.0, 13.0)
    roughness: float = 0.06
    elongation: float = 1.6
    haematoxylin: tuple[float, float] = (0.7, 1.3)
    eosin: tuple[float, float] = (0.35, 0.08)
    blur_px: float = 1.0
    noise: float = 4.0
    dyes: dict[str, tuple[float, float, float]] = field(default_factory=lambda: dict(DYES))

    def __post_init__(self):
        low, high = self.radius_px
        if not 2 < low <= high:
            raise ValueError(f"radius_px must rise from above 2, got {self.radius_px}")
        if not 0 <= self.roughness <= 0.2 or not self.elongation >= 1:
            raise ValueError(
                "expected roughness in [0, 0.2] and elongation >= 1, got "
                f"{self.roughness} and {self.elongation}"
            )
        if self.blur_px < 0 or self.noise < 0:
            raise ValueError(f"blur_px and noise must be >= 0, got {self.blur_px}, {self.noise}")

    def outline(self, rng) -> np.ndarray:
        """A closed outline about the origin, (96, 2) rows and columns, star-shaped."""
        angle = 2 * np.pi * np.arange(96) / 96
        k = np.arange(2, 8)
        amplitude = self.roughness * (k / 2.0) ** -1.5 * rng.standard_normal((2, len(k)))
        waves = amplitude[0] @ np.cos(np.outer(k, angle)) + amplitude[1] @ np.sin(
            np.outer(k, angle)
        )
        radius = rng.uniform(*self.radius_px) * np.maximum(1 + waves, 0.4)
        stretch = np.sqrt(rng.uniform(1, self.elongation))
        points = radius * np.stack([np.cos(angle) * stretch, np.sin(angle) / stretch])
        turn = rng.uniform(0, 2 * np.pi)
        rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        points = (rotation @ points).T
        return points - points.mean(axis=0)

    def at(self, centres, shape, rng, *, positive=()) -> Tissue:
        """Nuclei with their centres at given (rows, columns), of which `positive` are brown."""
        outlines = [self.outline(rng) + centre for centre in np.asarray(centres, float)]
        return self.drawn(outlines, shape, rng, positive=positive)

    def pair(self, overlap, shape, rng) -> Tissue:
        """Two nuclei in the middle whose masks share `overlap` of the smaller one's area.

        Moved together along a random direction until they do, to within a pixel's width.

        Raises
        ------
        ValueError
            If `overlap` is not in [0, 0.6].
        """
        if not 0 <= overlap <= 0.6:
            raise ValueError(f"overlap must be in [0, 0.6], got {overlap}")
        first, second = self.outline(rng), self.outline(rng)
        angle = rng.uniform(0, 2 * np.pi)
        way = np.array([np.cos(angle), np.sin(angle)])
        middle = np.array(shape) / 2 + rng.uniform(-2, 2, 2)
        near, far = 0.0, 8 * max(self.radius_px)
        for _ in range(12):
            gap = (near + far) / 2
            placed = [first + middle - way * gap / 2, second + middle + way * gap / 2]
            a, b = (fill_polygon(p, shape) for p in placed)
            share = np.count_nonzero(a & b) / max(1, min(a.sum(), b.sum()))
            near, far = (gap, far) if share > overlap else (near, gap)
        return self.drawn(placed, shape, rng)

    def drawn(self, outlines, shape, rng, *, positive=()) -> Tissue:
        """The image of given outlines."""
        masks = np.zeros((len(outlines), *shape), bool)
        is_positive = np.zeros(len(outlines), bool)
        is_positive[list(positive)] = True
        blue, brown = np.zeros(shape), np.zeros(shape)
        for number, points in enumerate(outlines):
            masks[number] = fill_polygon(points, shape)
            dyed = rng.uniform(*self.haematoxylin) * _chromatin(masks[number], rng)
            blue += dyed * (0.25 if is_positive[number] else 1)
            brown += 1.2 * dyed * is_positive[number]
        eosin = self.eosin[0] + self.eosin[1] * _texture(shape, 6.0, rng)
        eosin = np.maximum(eosin, 0) * np.where(masks.any(axis=0), 0.5, 1)
        return Tissue(self._seen(blue, brown, eosin, rng), masks, _labels(masks), is_positive)

    def _seen(self, blue, brown, eosin, rng):
        density = sum(
            amount[..., None] * np.array(self.dyes[name])
            for name, amount in (("haematoxylin", blue), ("dab", brown), ("eosin", eosin))
        )
        light = ndimage.gaussian_filter(np.exp(-density), (self.blur_px, self.blur_px, 0))
        light = 245 * light + self.noise * rng.standard_normal(light.shape)
        return np.clip(np.rint(light), 0, 255).astype(np.uint8)


def _labels(masks):
    """Exclusive labels: larger nuclei are drawn first."""
    labels = np.zeros(masks.shape[1:], np.int32)
    for number in np.argsort(-masks.sum(axis=(1, 2)), kind="stable"):
        labels[masks[number]] = number + 1
    return labels


def _texture(shape, scale, rng):
    """Smooth noise of standard deviation 1."""
    smooth = ndimage.gaussian_filter(rng.standard_normal(shape), scale, mode="wrap")
    return smooth / max(smooth.std(), 1e-12)


def _chromatin(mask, rng):
    """Density within a nucleus: a darker rim and clumps, 0 outside, about 1 inside."""
    result = np.zeros(mask.shape)
    found = np.nonzero(mask)
    if not len(found[0]):
        return result
    box = tuple(slice(max(int(i.min()) - 1, 0), int(i.max()) + 2) for i in found)
    depth = ndimage.distance_transform_edt(mask[box])
    inner = 0.85 + 0.25 * np.exp(-depth / 2) + 0.12 * _texture(depth.shape, 1.5, rng)
    result[box] = np.where(mask[box], np.maximum(inner, 0.2), 0)
    return result
