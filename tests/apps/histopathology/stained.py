"""Painted tissue of two kinds, whose glands are known."""

import numpy as np
from scipy import ndimage

from corporis.apps.histopathology.evidence import GlandMaps
from corporis.apps.histopathology.index import Entry
from corporis.imaging.stain import REFERENCE

RADIUS = 26
SPACING = 64


def region(is_malignant, seed, shape=(200, 260), stain=1.0):
    """Image and labels: pale glands with nuclei along the base, or dark ones full of nuclei."""
    rng = np.random.default_rng(seed)
    labels = np.zeros(shape, np.int32)
    places = np.indices(shape)
    number = 0
    for r in range(SPACING // 2, shape[0], SPACING):
        for c in range(SPACING // 2, shape[1], SPACING):
            number += 1
            centre = np.array([r, c]) + rng.integers(-3, 4, 2)
            radius = RADIUS + rng.integers(-3, 4)
            labels[np.hypot(*(places - centre[:, None, None])) < radius] = number
    depth = ndimage.distance_transform_edt(labels > 0)
    grain = ndimage.gaussian_filter(rng.random(shape), 1.2)
    grain = (grain - grain.min()) / np.ptp(grain)
    dyes = np.stack([0.3 * grain, np.full(shape, 0.6)], axis=-1)
    nuclei = (depth > 0) & ((depth < 18) if is_malignant else (depth < 6))
    dyes[nuclei] = np.stack([1.0 + 0.8 * grain, 0.3 + 0 * grain], -1)[nuclei]
    dyes[(depth > 0) & ~nuclei] = (0.05, 0.1)
    return REFERENCE.render(dyes * stain), labels


def perfect(labels, is_malignant):
    """What a network that knows would say."""
    inside = (labels > 0).astype(np.float32)
    edge = ndimage.maximum_filter(labels, 3) != ndimage.minimum_filter(labels, 3)
    return GlandMaps(inside, edge.astype(np.float32), np.full_like(inside, float(is_malignant)))


def entry(name, label, patient=None, *, features=None, seed=0, **facts):
    """A case of few random features."""
    if features is None:
        features = np.random.default_rng(seed).standard_normal((5, 4)) + 3 * (label == "malignant")
    digest = f"{name}-digest"
    return Entry(name, label, patient, digest, facts, b"jpeg", np.asarray(features, np.float32))
