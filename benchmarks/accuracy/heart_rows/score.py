"""Scores that several rows share: overlap, distance, ejection fraction."""

import numpy as np

from corporis.apps.heart_shape.contours import slice_contours, slice_labels
from corporis.shapes import contour_distance, dice, fill_polygon, mask_contour


def cavity_masks(stack, found):
    """Cavity and filled outer masks (n_slices, n_times, rows, columns) of an outline."""
    contours = slice_contours(stack, found)
    cavity = slice_labels(stack, {"cavity": contours["cavity"]}) == 1
    outer = slice_labels(stack, {"outer": contours["outer"]}) == 2
    return cavity, outer | cavity


def slice_dice(masks, truth, scored) -> np.ndarray:
    """Dice of every scored frame, in the order of ``np.argwhere(scored)``."""
    return np.array([dice(masks[i], truth[i]) for i in zip(*np.nonzero(scored), strict=True)])


def slice_distance_px(masks, truth, scored) -> float:
    """Mean distance between outlines in pixels, over the frames where both have one."""
    values = []
    for i in zip(*np.nonzero(scored), strict=True):
        if masks[i].any() and truth[i].any():
            values.append(contour_distance(mask_contour(masks[i]), mask_contour(truth[i])))
    return float(np.mean(values))


def ejection_percent(masks, scored) -> float:
    """Ejection fraction of a two-phase stack from areas of the scored frames, in percent."""
    area = (masks & scored[..., None, None]).sum(axis=(0, 2, 3))
    return float(100 * (1 - area[1] / max(area[0], 1)))


def polygon_masks(contours_xy, shape):
    """Masks (n_slices, n_times, rows, columns) of contours (n_slices, n_times, k, 2) as x, y."""
    masks = np.zeros((*contours_xy.shape[:2], *shape), dtype=bool)
    for s, t in np.ndindex(*contours_xy.shape[:2]):
        masks[s, t][fill_polygon(contours_xy[s, t][:, ::-1], shape)] = True
    return masks
