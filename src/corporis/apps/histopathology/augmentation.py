"""Random views of labelled glands, as other sections, stains and scanners would have given them."""

import numpy as np
from scipy import ndimage

from corporis.apps.histopathology.evidence import network_input
from corporis.learning.networks import import_torch

SIDE = 160
BORDER_PX = 2.0
"""Half the width of the band about an outline that counts as border."""
GREY = 0.15
"""Share of views without colour, so that a stain is no diagnosis."""


class Views:
    """Random batches ``(x, y)``: network input, and targets (n, 4, side, side).

    Targets are gland, border, malignancy, and where the last one counts: inside glands of images
    whose diagnosis is known.

    Parameters
    ----------
    examples : sequence of Example
    size : int
        Views in a batch.
    seed : int
    """

    def __init__(self, examples, size, seed):
        self.examples, self.size = examples, size
        self.random = np.random.default_rng([seed, SIDE])
        weights = np.array([example.weight for example in examples], float)
        self.chance = weights / weights.sum()
        self.held = [_held(example) for example in examples]

    def __call__(self, step):
        torch = import_torch()
        chosen = self.random.choice(len(self.examples), self.size, p=self.chance)
        views = [self._view(number) for number in chosen]
        return tuple(torch.from_numpy(np.stack(part)) for part in zip(*views))

    def _view(self, number):
        image, planes = self.held[number]
        rows, columns = self._places(planes.shape[1:])
        inside, border = (
            plane[
                np.clip(np.rint(rows).astype(int), 0, plane.shape[0] - 1),
                np.clip(np.rint(columns).astype(int), 0, plane.shape[1] - 1),
            ]
            for plane in planes
        )
        seen = restained(_sampled(image, rows, columns), self.random)
        is_malignant = self.examples[number].is_malignant
        known = inside * (is_malignant is not None)
        verdict = np.full_like(inside, float(bool(is_malignant)))
        return network_input(seen), np.stack([inside, border, verdict, known])

    def _places(self, shape):
        """Source rows and columns of a square turned, scaled, mirrored and bent at random."""
        random = self.random
        angle = random.uniform(0, 2 * np.pi)
        scale = np.exp(np.clip(random.normal(0, 0.25), -0.5, 0.5) + random.normal(0, 0.06, 2))
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        matrix = turn @ np.diag(scale * [1, random.choice([-1, 1])])
        offset = np.indices((SIDE, SIDE), np.float32).reshape(2, -1) - (SIDE - 1) / 2
        offset = matrix.astype(np.float32) @ offset
        reach = 0.7 * np.abs(offset).max(axis=1)
        centre = [random.uniform(min(r, n / 2), max(n - r, n / 2)) for r, n in zip(reach, shape)]
        places = (offset + np.array(centre, np.float32)[:, None]).reshape(2, SIDE, SIDE)
        if random.random() < 0.5:
            knots = random.normal(0, 3.0, (2, 6, 6)).astype(np.float32)
            places = places + np.stack([ndimage.zoom(k, SIDE / 6, order=1) for k in knots])
        return _reflected(places[0], shape[0]), _reflected(places[1], shape[1])


def restained(image, random) -> np.ndarray:
    """Another stain and scanner: optical densities mixed, scaled and shifted; noise; blur.

    Parameters
    ----------
    image : array, (H, W, 3)
        Grey levels, 0 to 255.
    random : numpy.random.Generator
    """
    density = -np.log(np.maximum(image, 4.0) / 255)
    if random.random() < GREY:
        density = np.repeat(density.mean(axis=2, keepdims=True), 3, axis=2)
    mixing = np.eye(3) + random.normal(0, 0.1, (3, 3))
    gain = np.exp(random.normal(0, 0.3) + random.normal(0, 0.12, 3))
    density = density @ (mixing * gain).astype(np.float32)
    density += random.normal(0, 0.04, 3).astype(np.float32)
    image = 255 * np.exp(-density)
    if random.random() < 0.3:
        image = ndimage.gaussian_filter(image, (random.uniform(0.3, 1.2),) * 2 + (0,))
    image += random.normal(0, random.uniform(0, 8), image.shape).astype(np.float32)
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


def border_of(labels, width_px: float = BORDER_PX) -> np.ndarray:
    """Pixels within `width_px` of where a gland meets another or the ground, bool (H, W)."""
    labels = np.asarray(labels)
    edge = ndimage.maximum_filter(labels, 3) != ndimage.minimum_filter(labels, 3)
    return ndimage.distance_transform_edt(~edge) < width_px if edge.any() else edge


def _held(example):
    """The image as a tensor (1, 3, H, W), and gland and border as float32 (2, H, W)."""
    planes = np.stack([example.labels > 0, border_of(example.labels)]).astype(np.float32)
    image = np.ascontiguousarray(np.asarray(example.image).transpose(2, 0, 1)[None], np.float32)
    return import_torch().from_numpy(image), planes


def _reflected(places, n):
    """Places folded back into 0..n-1 at both ends, as a mirror would."""
    if n < 2:
        return np.zeros_like(places)
    period = 2 * (n - 1)
    places = np.mod(places, period)
    return np.minimum(places, period - places)


def _sampled(image, rows, columns):
    """Linear interpolation of a tensor (1, 3, H, W) at places inside it."""
    torch = import_torch()
    height, width = (max(n, 2) for n in image.shape[2:])
    grid = np.stack([2 * columns / (width - 1) - 1, 2 * rows / (height - 1) - 1], axis=-1)
    seen = torch.nn.functional.grid_sample(
        image, torch.from_numpy(grid[None].astype(np.float32)), "bilinear", "border", True
    )
    return seen[0].permute(1, 2, 0).numpy()
