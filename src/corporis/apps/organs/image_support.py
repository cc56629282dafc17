"""What an image says about a mask: grey values that are not the background's."""

import numpy as np
from scipy.ndimage import distance_transform_edt, gaussian_filter, gaussian_filter1d

N_BINS = 128
NEAR_MM, FAR_MM = 4.0, 16.0
"""The background is learned in the shell between, for what is nearer may be the organ's."""
STRONGEST = 6.0
"""Nats that grey values may say about one voxel, its neighbours heard."""

CLEAR = 2.0
"""Nats from which a grey value has said all it can."""
HEARD = 0.7
"""Voxels over which neighbours are heard."""
SUREST = 0.03
"""Chance beyond which shapes are not heard: a clear image outweighs them."""


def supported(
    chance: np.ndarray, mask: np.ndarray, image: np.ndarray, spacing_mm: np.ndarray
) -> np.ndarray:
    """Chances of voxels to be the organ's in the light of their grey values.

    Histograms of the background, a shell around mask and expected organ, and of the organ, where
    both are sure, say how much more probable a grey value is within. Tissue that the organ has
    nowhere else (a tumour) is not the background's either: the organ's histogram is mixed with
    one of all values from the organ's to the farthest that differ from it less than from the
    background. Where grey values do not tell, the chances stay.

    Parameters
    ----------
    chance : array, (a, b, c)
        Before the image was looked at.
    mask : bool array, (a, b, c)
    image : array, (a, b, c)
        Grey values, such as Hounsfield units.

    Returns
    -------
    array, (a, b, c)
        Far from the mask as before.
    """
    either = mask | (chance > 0.5)
    away = distance_transform_edt(~either, sampling=spacing_mm)
    shell = (away > NEAR_MM) & (away < FAR_MM)
    organ = mask & (chance > 0.9)
    if organ.sum() < 50 or shell.sum() < 50 or np.ptp(image[organ | shell]) == 0:
        return chance
    low, high = np.percentile(image[organ | shell], [0.5, 99.5])
    edges = np.linspace(low, high + 1e-9, N_BINS + 1)
    index = np.clip(np.searchsorted(edges, image) - 1, 0, N_BINS - 1)
    inside, outside = (_histogram(index[part]) for part in (organ, shell))
    middles = np.arange(N_BINS)
    alike = np.abs(middles - np.median(index[organ])) < np.abs(middles - np.median(index[shell]))
    unusual = _histogram(middles[alike])
    nats = np.log(0.5 * inside + 0.5 * unusual) - np.log(outside)
    # each voxel says yes or no, not how loudly: at a border both sides are heard alike
    said = np.clip(nats / CLEAR, -1, 1)[index]
    heard = np.clip(2 * gaussian_filter(said, HEARD), -1, 1) * STRONGEST
    heard = heard * ((mask != (chance > 0.5)) | (away < NEAR_MM))
    sure = np.clip(chance, SUREST, 1 - SUREST)
    return 1 / (1 + (1 - sure) / sure * np.exp(-heard))


def _histogram(index):
    """Shares of the bins, evened out, none zero."""
    counts = np.bincount(index, minlength=N_BINS).astype(float)
    share = gaussian_filter1d(counts / max(counts.sum(), 1), 2.0)
    return 0.98 * share + 0.02 / N_BINS
