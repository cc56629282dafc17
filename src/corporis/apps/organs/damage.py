"""Masks spoilt on purpose, for a judge to learn from: parts lost or added in rounded lumps."""

import numpy as np

from corporis.shapes import signed_distance


def spoilt(
    mask: np.ndarray, spacing_mm: tuple[float, float, float], rng: np.random.Generator
) -> np.ndarray:
    """A mask with a tenth to a third of its volume lost or added in one to four lumps.

    A lump is a ball, stretched by up to a quarter along each axis, about a place within the organ
    (lost) or on its border (added); one mask in eight stays as it is.

    Parameters
    ----------
    mask : bool array, (a, b, c)
        With a margin for what is added.

    Returns
    -------
    bool array
        The input is left alone.
    """
    out = mask.copy()
    if rng.random() < 1 / 8:
        return out
    is_lost = rng.random() < 0.5
    distance = signed_distance(mask, spacing_mm)
    centres = np.argwhere(distance < 0 if is_lost else np.abs(distance) < max(spacing_mm))
    places = np.moveaxis(np.indices(mask.shape), 0, -1) * np.asarray(spacing_mm)
    n_lumps = int(rng.integers(1, 5))
    weights = rng.uniform(0.5, 1.5, n_lumps)
    volumes = rng.uniform(0.1, 0.33) * mask.sum() * weights / weights.sum()
    for volume in volumes:
        centre = centres[rng.integers(len(centres))] * spacing_mm
        away = np.linalg.norm((places - centre) * rng.uniform(0.8, 1.25, 3), axis=-1)
        pool = out if is_lost else ~out
        n_most = min(int(volume), int(pool.sum()) - 2)
        lump = pool & (away < np.partition(away[pool], n_most)[n_most])
        out = out & ~lump if is_lost else out | lump
    return out if out.any() else mask.copy()
