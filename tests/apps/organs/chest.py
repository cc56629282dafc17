"""Drawn chests: outlines that vary together, their radiographs, and evidence that knows them."""

import numpy as np

from corporis.apps.organs.chest_shape import ORGANS, polygon

SIDE = 256
PLACES = {  # middle (row, column), half axes, number of landmarks; the patient's left is right
    "left lung": ((120, 180), (80, 40), 50),
    "right lung": ((115, 75), (85, 44), 44),
    "heart": ((160, 140), (38, 46), 26),
    "left clavicle": ((50, 175), (6, 34), 23),
    "right clavicle": ((52, 85), (6, 34), 23),
}


def outlines(seed):
    """Landmarks (k, 2) by organ: one breath and one size for all."""
    random = np.random.default_rng([seed, 5])
    breath, size = 1 + 0.12 * random.standard_normal(), 1 + 0.05 * random.standard_normal()
    shift = random.normal(0, 5, 2)
    found = {}
    for organ, (middle, axes, n) in PLACES.items():
        angle = np.linspace(0, 2 * np.pi, n, endpoint=False)
        wave = 1 + 0.06 * random.standard_normal() * np.cos(3 * angle)
        ring = np.stack([np.cos(angle), np.sin(angle)], axis=1) * axes * wave[:, None]
        ring[:, 0] *= breath
        centre = (np.array(middle) - 128) * [1 + 0.5 * (breath - 1), 1]
        found[organ] = 128 + shift + size * (centre + ring)
    return found


def shapes(n):
    """Landmarks (n, k, 2) by organ."""
    many = [outlines(seed) for seed in range(n)]
    return {organ: np.stack([one[organ] for one in many]) for organ in ORGANS}


def masks(seed):
    """Masks (5, 256, 256)."""
    return np.stack([polygon(p, (SIDE, SIDE)) for p in outlines(seed).values()])


def logits(truth):
    """What a good network says of masks: log odds that rise over two pixels at the border."""
    from corporis.shapes import signed_distance

    depth = np.stack([-signed_distance(mask) for mask in truth])
    return np.clip(2 * depth, -8, 8)


def radiograph(seed):
    """Grey values (256, 256): dark lungs, a bright heart, brighter clavicles."""
    truth = masks(seed)
    image = np.full((SIDE, SIDE), 0.6)
    image[truth[0] | truth[1]] = 0.25
    image[truth[2]] = 0.75
    image[truth[3] | truth[4]] += 0.2
    return (image + 0.02 * np.random.default_rng(seed).standard_normal(image.shape)).clip(0, 1)


class Known:
    """Evidence that knows the organs, and loses them in a band of rows."""

    def __init__(self, truth, lost=slice(0)):
        self.truth, self.lost = truth, lost

    def __call__(self, image):
        found = logits(self.truth)
        found[:, self.lost] = -0.5
        return found
