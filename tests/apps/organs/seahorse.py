"""Drawn hippocampi: bent tubes with a thick front, their crops, and evidence that knows them."""

import numpy as np

from corporis.shapes import signed_distance

SHAPE = (36, 50, 34)
MM = (1.0, 1.0, 1.0)


def labels(seed, shape=SHAPE):
    """0 outside, 1 anterior, 2 posterior; axes up, forward, right."""
    random = np.random.default_rng([seed, 11])
    size, thick = 1 + 0.08 * random.standard_normal(), 1 + 0.1 * random.standard_normal()
    bow = 5 + 1.5 * random.standard_normal()
    up, forward, right = (i - (n - 1) / 2 for i, n in zip(np.indices(shape), shape))
    up, forward, right = (
        x - shift for x, shift in zip((up, forward, right), random.uniform(-1, 1, 3), strict=True)
    )
    t = forward / (18 * size)  # -1 behind, 1 in front
    radius = thick * (5.5 + 2.5 * t) * np.sqrt(np.clip(1 - t**2, 0, None))
    away = np.hypot(up + 4 * t, 0.9 * (right + bow * t**2 - bow / 2))
    inside = (np.abs(t) < 1) & (away < radius)
    return np.where(inside, np.where(t > 0.1, 1, 2), 0).astype(np.uint8)


def crop(seed, label=None):
    """Grey values in 0 to 1: dark tissue in bright surroundings, brighter to the right."""
    label = labels(seed) if label is None else label
    image = np.where(label > 0, 0.35, 0.7) + 0.1 * np.linspace(-1, 1, label.shape[2])
    return (image + 0.03 * np.random.default_rng(seed).standard_normal(label.shape)).clip(0, 1)


def logs(label, softness=0.2):
    """What a good network says of labels: log probabilities of background and both parts."""
    inside = np.clip(-signed_distance(label > 0) / softness, -8, 8)
    place = np.indices(label.shape)[1].astype(float)
    split = (place[label == 1].min() + place[label == 2].max()) / 2
    forward = np.clip(place - split, -8, 8)
    chance = 1 / (1 + np.exp(-inside))
    front = 1 / (1 + np.exp(-forward))
    return np.log(np.stack([1 - chance, chance * front, chance * (1 - front)]) + 1e-6)


class Known:
    """Evidence that knows the labels, and knows nothing in some slices."""

    def __init__(self, label, lost=slice(0)):
        self.label, self.lost = label, lost

    def __call__(self, volume):
        found = logs(self.label)
        found[:, :, self.lost] = np.log([0.6, 0.2, 0.2])[:, None, None, None]
        return found
