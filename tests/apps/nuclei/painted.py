"""Nuclei whose maps are known, and a network that reads them off the colours."""

import numpy as np

from corporis.apps.nuclei.augmentation import targets
from corporis.apps.nuclei.evidence import OFFSET_UNIT_PX, NucleusMaps


def discs(centres, radii, shape):
    """Exclusive labels 1..n of discs; the nearest centre, by radius, owns a pixel."""
    places = np.indices(shape)
    reach = np.stack(
        [
            np.hypot(*(places - np.array(c)[:, None, None])) / r
            for c, r in zip(centres, radii, strict=True)
        ]
    )
    return np.where(reach.min(0) < 1, reach.argmin(0) + 1, 0)


def true_maps(labels, noise=0.0, seed=0):
    """What a perfect network would say, and one that errs by `noise` radii."""
    y = targets(labels, True)
    rng = np.random.default_rng(seed)
    offset = y[2:4] * OFFSET_UNIT_PX + 8 * noise * rng.standard_normal((2, *labels.shape))
    return NucleusMaps(y[0] * 0.98 + 0.01, y[1], offset.astype(np.float32))
