r"""Where exactly a border lies: brightness, between what surely is blood, muscle and neither.

Networks draw a border to within about a pixel of their window and, where in doubt, towards the
middle of the beat: too small at end-diastole, too large at end-systole. Within a band around that
border the image knows better. With `b`, `m` and `o` the brightness nearby of what surely is blood,
muscle and neither, a pixel of brightness `I` is blood rather than muscle to the share
``(I - m) / (b - m)``, and outside rather than muscle to the share ``(I - m) / (o - m)``: what a
pixel that both tissues fill in part would show.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from corporis.apps.heart_shape.evidence import (
    BACKGROUND,
    CAVITY,
    MUSCLE,
    RIGHT_CAVITY,
    EvidenceMaps,
)
from corporis.apps.heart_shape.location import sample

BAND = 3.0  # pixels of the map to either side of a border within which the image decides
INNER, BEYOND = 2.0, (1.5, 5.0)  # how far from a border tissue is sure, and where outside is asked
REACH, REACH_OUTSIDE = 8.0, 2.0  # how far brightness is averaged: outside, tissues change quickly
# Trabeculae count as cavity, and with blood between them they are about half as bright: what is at
# least two fifths blood belongs to the cavity. All of it does from the second number on.
BLOOD = (0.15, 0.65)
FEWEST = 40, 10, 20  # pixels of cavity, of sure blood and of sure muscle to work with
CLEAR = 4.0  # contrast of muscle and outside, in deviations of noise, that is half believed


def sharpened(stack, maps: EvidenceMaps) -> EvidenceMaps:
    """Evidence whose borders lie where the brightness of the images changes.

    Parameters
    ----------
    stack : ndarray, shape (S, T, H, W)
        The images that `maps` were made from, finite.
    maps : EvidenceMaps
        Of networks that draw the blood's border.

    Returns
    -------
    EvidenceMaps
        Of the same geometry; probabilities still sum to 1. Images without enough sure blood and
        muscle stay as they are.
    """
    probability = maps.probability.copy()
    for s, origin in enumerate(maps.origin):
        images = sample(np.asarray(stack[s], np.float32), origin, maps.step, probability.shape[-1])
        for t, image in enumerate(images):
            tissue = _Tissue.of(image, probability[s, t])
            if tissue is not None:
                outside = _outside_told(image, probability[s, t], tissue)
                probability[s, t] = _blood_told(image, outside, tissue)
    return replace(maps, probability=probability)


@dataclass(frozen=True)
class _Tissue:
    """Sure muscle and blood of one image: brightness nearby, (N, N), and noise.

    ``depth`` and ``outer_depth`` are the distances inwards of the two borders, in map pixels.
    """

    blood: np.ndarray
    muscle: np.ndarray
    noise: float
    depth: np.ndarray
    outer_depth: np.ndarray

    @classmethod
    def of(cls, image, probability) -> "_Tissue | None":
        is_cavity, is_muscle = probability[CAVITY] > 0.5, probability[MUSCLE] > 0.5
        fewest_cavity, fewest_blood, fewest_muscle = FEWEST
        if is_cavity.sum() < fewest_cavity:
            return None
        depth = _depth(is_cavity)
        outer_depth = _depth(probability[CAVITY] + probability[MUSCLE] > 0.5)
        blood = is_cavity & (depth > INNER)
        if blood.sum() < fewest_blood:
            blood = is_cavity
        muscle = is_muscle & (depth < -INNER) & (outer_depth > INNER)
        if muscle.sum() < fewest_muscle:  # a thin wall: its middle is sure at least
            muscle = is_muscle & (depth < -INNER / 2) & (outer_depth > INNER / 2)
        if muscle.sum() < fewest_muscle:
            return None
        bright, dark = np.median(image[blood]), np.median(image[muscle])
        if bright - dark < 2 * _spread(image[muscle] - dark) or not bright > dark:
            return None
        # papillary muscles are no blood, and blood between strands is no muscle
        blood &= image > bright - 0.35 * (bright - dark)
        muscle &= image < dark + 0.35 * (bright - dark)
        dark = _nearby(image, muscle, REACH)
        noise = _spread((image - dark)[muscle])
        bright = np.maximum(_nearby(image, blood, REACH), dark + 0.2 * (bright - np.median(dark)))
        return cls(bright, dark, noise, depth, outer_depth)


def _blood_told(image, probability, tissue):
    """Probabilities with the border between cavity and muscle where brightness puts it."""
    least, most = BLOOD
    share = (image - tissue.muscle) / (tissue.blood - tissue.muscle)
    share = np.clip((share - least) / (most - least), 0, 1)
    either = probability[CAVITY] + probability[MUSCLE]
    band = (np.abs(tissue.depth) < BAND) & (either > 0.5)
    cavity = np.where(band, share * either, probability[CAVITY])
    out = probability.copy()
    out[CAVITY], out[MUSCLE] = cavity, either - cavity
    return out


def _outside_told(image, probability, tissue):
    """Probabilities with the outer border of the wall where brightness puts it, if it is seen."""
    nearest, farthest = BEYOND
    asked = (tissue.outer_depth < -nearest) & (tissue.outer_depth > -farthest)
    if asked.sum() < FEWEST[2]:
        return probability
    contrast = _nearby(image, asked, REACH_OUTSIDE) - tissue.muscle
    size = np.maximum(np.abs(contrast), 1e-9)
    share = np.clip((image - tissue.muscle) * np.sign(contrast) / size, 0, 1)
    belief = np.clip(size / (CLEAR * tissue.noise + 1e-9) - 0.5, 0, 1)
    before = probability[BACKGROUND] + probability[RIGHT_CAVITY]
    band = (np.abs(tissue.outer_depth) < BAND) & (tissue.depth < -INNER)
    after = np.where(band, belief * share + (1 - belief) * before, before)
    out = probability.copy()
    of_right = probability[RIGHT_CAVITY] / np.maximum(before, 1e-6)
    out[RIGHT_CAVITY] = np.where(band, after * of_right, probability[RIGHT_CAVITY])
    out[BACKGROUND] = np.where(band, after * (1 - of_right), probability[BACKGROUND])
    out[CAVITY] = np.minimum(probability[CAVITY], 1 - after)
    out[MUSCLE] = 1 - after - out[CAVITY]
    return out


def _spread(values) -> float:
    """Standard deviation of most of the values."""
    return 1.4826 * float(np.median(np.abs(values)))


def _depth(mask):
    """Distance inwards of a mask's border, negative outside."""
    return ndimage.distance_transform_edt(mask) - ndimage.distance_transform_edt(~mask)


def _nearby(image, mask, reach):
    """Mean brightness of a mask's pixels nearby, weighted by a Gaussian; far off that of all."""
    faint = np.float32(1e-3)
    weight = ndimage.gaussian_filter(mask.astype(np.float32), reach)
    total = ndimage.gaussian_filter(np.where(mask, image, 0).astype(np.float32), reach)
    return (total + faint * image[mask].mean()) / (weight + faint)
