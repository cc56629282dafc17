"""Random views of labelled glands, as other sections, stains and scanners would have given them."""

import numpy as np
from scipy import ndimage

from corporis.apps.histopathology.evidence import network_input
from corporis.imaging.stain import Restaining, restained
from corporis.learning.networks import import_torch
from corporis.learning.views import nearest, random_square, sampled

SIDE = 160
BORDER_PX = 2.0
"""Half the width of the band about an outline that counts as border."""
OTHER_STAIN = Restaining(grey=0.15, mixing=0.1, strength=0.3, colour=0.12, blurred=0.3)
"""Many views are without colour, so that a stain is no diagnosis."""


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
        shape = planes.shape[1:]
        places = random_square(self.random, SIDE, shape, spread=0.25, reach=0.7)
        rows, columns = (_reflected(p, n) for p, n in zip(places, shape))
        inside, border = (nearest(plane, rows, columns) for plane in planes)
        seen = restained(sampled(image, rows, columns), self.random, OTHER_STAIN)
        is_malignant = self.examples[number].is_malignant
        known = inside * (is_malignant is not None)
        verdict = np.full_like(inside, float(bool(is_malignant)))
        return network_input(seen), np.stack([inside, border, verdict, known])


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
