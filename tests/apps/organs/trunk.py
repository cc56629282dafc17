"""Drawn trunks: ellipsoids for organs, their Hounsfield units, and evidence that knows them."""

import numpy as np

from corporis.apps.organs.ct_evidence import ORGANS
from corporis.apps.organs.distance_shapes import DistanceShapes
from corporis.shapes import signed_distance

SHAPE = (40, 36, 48)
MM = (4.0, 4.0, 4.0)
# middle and radii in voxels, upwards, forward and to the right; the scan cuts off the lungs
PLACES = {
    "left lung": ((38, 18, 13), (10, 12, 9)),
    "right lung": ((38, 18, 35), (10, 12, 9)),
    "liver": ((19, 21, 31), (9, 9, 12)),
    "left kidney": ((12, 9, 14), (6, 4, 4.5)),
    "right kidney": ((9, 8, 33), (6, 4, 4.5)),
}
GREY = (50.0, 110.0, -850.0, -850.0, 160.0, 160.0)


def ellipsoid(middle, radii, shape=SHAPE):
    away = [(i - m) / r for i, m, r in zip(np.indices(shape), middle, radii, strict=True)]
    return np.sum(np.square(away), axis=0) < 1


def labels(seed=0, is_bumpy=False):
    """0, or 1 to 5 for `ORGANS`; axes up, forward, right."""
    random = np.random.default_rng([seed, 7])
    label = np.zeros(SHAPE, np.uint8)
    for organ, (middle, radii) in PLACES.items():
        size = 1 + 0.1 * random.standard_normal(3)
        label[ellipsoid(middle, np.array(radii) * size)] = 1 + ORGANS.index(organ)
        if is_bumpy:
            way = random.standard_normal(3)
            bump = middle + 0.8 * np.array(radii) * way / np.linalg.norm(way)
            label[ellipsoid(bump, (0.45 * min(radii),) * 3)] = 1 + ORGANS.index(organ)
    return label


def hounsfield(label):
    """Grey values: a body in air."""
    grey = np.array(GREY)[label]
    grey[~ellipsoid((0, 17.5, 23.5), (1000, 17, 23)) & (label == 0)] = -1000
    return (grey + 5 * np.random.default_rng(0).standard_normal(label.shape)).astype(np.float32)


def shapes(n=12):
    """What liver and kidneys look like; bumpy, as no few modes explain all of real ones."""
    known = [labels(k, is_bumpy=True) for k in range(100, 100 + n)]
    names = [organ for organ in ORGANS if "lung" not in organ]
    return {
        o: DistanceShapes().fit([x == 1 + ORGANS.index(o) for x in known], [MM] * n) for o in names
    }


class Known:
    """Evidence that knows the labels, and is undecided about the liver in some places."""

    def __init__(self, label, lost=None):
        self.label, self.lost = label, lost

    def __call__(self, volume):
        assert volume.shape == self.label.shape
        chance = np.zeros((1 + len(ORGANS), *self.label.shape))
        for k in range(1, 1 + len(ORGANS)):
            if (self.label == k).any():
                away = np.clip(-2 * signed_distance(self.label == k), -8, 8)
                chance[k] = 1 / (1 + np.exp(-away))
        if self.lost is not None:
            chance[1][self.lost] = 0.45
        chance[0] = np.clip(1 - chance[1:].sum(axis=0), 1e-3, None)
        return np.log(np.clip(chance / chance.sum(axis=0), 1e-4, 1)).astype(np.float32)
