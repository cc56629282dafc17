"""What goes wrong with radiographs: parts lost, things burnt in, noise, shading, inverted grey."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy

Disturbance = Callable[[np.ndarray, float, np.random.Generator], np.ndarray]


@dataclass(frozen=True)
class Artefact:
    """One kind of artefact.

    Parameters
    ----------
    disturb : callable
        ``disturb(image, severity, random) -> image``: grey values (rows, columns) in 0 to 1.
    severity : float
        The fixed one of the benchmark.
    learned : tuple of float
        Lowest and highest severity of the training.
    limits : tuple of float
        Least and largest grey value.
    """

    disturb: Disturbance
    severity: float
    learned: tuple[float, float]
    limits: tuple[float, float] = (0.0, 1.0)

    def __call__(self, image, random, severity=None) -> np.ndarray:
        """The image (rows, columns) within the limits, disturbed; within them again."""
        image = np.asarray(image, np.float32)
        found = self.disturb(image, self.severity if severity is None else severity, random)
        return np.clip(found, *self.limits).astype(np.float32)

    def drawn(self, image, random) -> np.ndarray:
        """The same at a random severity of the training."""
        return self(image, random, random.uniform(*self.learned))


def strip(image, severity, random):
    """A band without signal across the image; `severity` is its share of the side."""
    n = image.shape[axis := int(random.integers(2))]
    width = max(1, round(severity * n))
    start = int(random.uniform(0.15, 0.85) * n - width / 2)
    return _blanked(image, axis, max(start, 0), start + width, random)


def cut_off(image, severity, random):
    """One side lies outside of the plate; `severity` is the share of the side that is lost."""
    axis, far = int(random.integers(2)), bool(random.integers(2))
    n = image.shape[axis]
    width = max(1, round(severity * n))
    start = n - width if far else 0
    return _blanked(image, axis, start, start + width, random)


def text(image, severity, random):
    """Lines of writing burnt in, white or black; `severity` is the height of a line over rows."""
    found, height = image.copy(), max(6, round(severity * image.shape[0]))
    for _ in range(3):
        n_signs = int(random.integers(4, 12))
        line = np.concatenate([_sign(height, random) for _ in range(n_signs)], axis=1)
        _burn(found, line, random, float(random.random() < 0.8))
    return found


def pacemaker(image, severity, random):
    """A bright can with two leads; `severity` is its width over columns."""
    n_rows, n_columns = image.shape
    r, c = np.indices(image.shape, np.float32)
    size = severity * n_columns / 2
    middle = np.array([random.uniform(0.2, 0.4) * n_rows, 0.0])
    middle[1] = (0.5 + random.choice([-1, 1]) * random.uniform(0.15, 0.3)) * n_columns
    can = (np.abs(r - middle[0]) / size) ** 3 + (np.abs(c - middle[1]) / (0.8 * size)) ** 3 < 1
    found = np.where(can, random.uniform(0.85, 1.0), image)
    for _ in range(2):
        end = np.array([random.uniform(0.55, 0.75), random.uniform(0.45, 0.65)]) * image.shape
        bow = random.normal(0, 0.1, 2) * image.shape
        t = np.linspace(0, 1, 400)[:, None]
        way = (1 - t) * middle + t * end + 4 * t * (1 - t) * bow
        lead = np.zeros(image.shape, bool)
        at = np.round(way).astype(int)
        inside = np.all((at >= 0) & (at < image.shape), axis=1)
        lead[tuple(at[inside].T)] = True
        blurred = scipy.ndimage.gaussian_filter(lead * 4.0, 1.2)
        found = np.maximum(found, np.minimum(1.5 * blurred, 0.95))
    return found


def noise(image, severity, random):
    """Gaussian noise; `severity` is its deviation."""
    return image + severity * random.standard_normal(image.shape, np.float32)


def bias_field(image, severity, random):
    """Smooth shading by a factor; `severity` is the deviation of its logarithm."""
    coarse = random.normal(0, 1, (4, 4))
    field = scipy.ndimage.zoom(coarse, np.array(image.shape) / 4, order=3)
    return image * np.exp(severity * (field - field.mean()) / max(field.std(), 1e-6))


def inverted(image, severity, random):
    """Grey values inverted (MONOCHROME1 read as it lies), with a gamma of `severity`."""
    return np.clip(1 - image, 0, 1) ** severity


ARTEFACTS: dict[str, Artefact] = {
    "strip": Artefact(strip, 0.2, (0.04, 0.25)),
    "cut_off": Artefact(cut_off, 0.25, (0.05, 0.3)),
    "text": Artefact(text, 0.12, (0.03, 0.15)),
    "pacemaker": Artefact(pacemaker, 0.25, (0.08, 0.3)),
    "noise": Artefact(noise, 0.4, (0.02, 0.5)),
    "bias": Artefact(bias_field, 0.8, (0.1, 1.0)),
    "inverted": Artefact(inverted, 1.5, (0.5, 2.0)),
}
"""All kinds, each with a fixed severity near the upper end of what the training draws."""


def _blanked(image, axis, start, stop, random):
    found = image.copy()
    part = [slice(None), slice(None)]
    part[axis] = slice(start, stop)
    found[tuple(part)] = random.choice([0.0, 1.0, random.random()], p=[0.7, 0.1, 0.2])
    return found


def _sign(height, random):
    """A letter-like pattern of strokes on a grid of 5 by 3, with a gap behind it."""
    strokes = random.random((5, 3)) < 0.6
    cell = max(height // 5, 1)
    return np.pad(np.kron(strokes, np.ones((cell, cell), bool)), ((0, 0), (0, cell)))


def _burn(image, line, random, value):
    rows, columns = min(line.shape[0], image.shape[0]), min(line.shape[1], image.shape[1])
    top = int(random.integers(0, image.shape[0] - rows + 1))
    left = int(random.integers(0, image.shape[1] - columns + 1))
    window = image[top : top + rows, left : left + columns]
    window[line[:rows, :columns]] = value
