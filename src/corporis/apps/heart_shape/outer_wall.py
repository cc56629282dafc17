"""The outer border of the left muscle, guessed outward from a known outline of the cavity.

Sunnybrook's experts outlined the cavity alone. Along rays from its centre the muscle is what looks
like the ring just outside the cavity; its end is found for all rays at once by circular dynamic
programming. The guess teaches the network what muscle is on real images: see `wall_labels`.
"""

import numpy as np
from scipy import ndimage

N_RAYS = 72
THICKNESS = np.arange(0, 26, 0.5)  # candidates, pixels of an image 256 pixels wide
THINNEST, THICKEST = 2.5, 22.0
BEND_COST = (0.0, 0.25, 1.0, 2.5)  # of thickness changing by 0 to 3 candidates to the next ray
SMALLEST = 30  # pixels of cavity under which no ring is looked for
ANYTHING, CAVITY, MUSCLE, NOT_LEFT = 0b1111, 0b0010, 0b0100, 0b1001


def wall_labels(images, cavity, labelled, *, margin=1.25) -> np.ndarray:
    """Sets of classes (see `training.Example`) from cavity outlines and the guessed outer border.

    Parameters
    ----------
    images : ndarray, shape (S, T, H, W)
        Short-axis stack.
    cavity : ndarray of bool, shape (S, T, H, W)
        Outlined cavities.
    labelled : ndarray of bool, shape (S, T)
        Which images have an outline.
    margin : float
        Half-width, pixels, of the band around the guessed border that is left undecided.

    Returns
    -------
    ndarray, shape (S, T, H, W), uint8
        2 cavity, 4 muscle, 9 background or right cavity, 13 anything but cavity (the undecided
        band, and all round a cavity too small for a guess), 15 where nothing is known.
    """
    labels = np.where(cavity, CAVITY, ANYTHING & ~CAVITY).astype(np.uint8)
    outer = outer_radius(images, cavity, labelled)
    for index, (centre, radius) in outer.items():
        offset = np.indices(images.shape[2:]) - centre[:, None, None]
        angle = np.arctan2(offset[0], offset[1]) * N_RAYS / (2 * np.pi) % N_RAYS
        border = np.interp(angle, np.arange(N_RAYS + 1), np.append(radius, radius[0]))
        inside = border - np.hypot(*offset)
        free = ~cavity[index]
        labels[index][free & (inside > margin)] = MUSCLE
        labels[index][free & (inside < -margin)] = NOT_LEFT
    labels[~labelled] = ANYTHING
    return labels


def outer_radius(images, cavity, labelled) -> dict:
    """Centre (row, column) and outer radius along `N_RAYS` rays for each image (slice, frame).

    Two passes: each image for itself, then with a preference for the muscle area that its slice
    and its neighbours have in all frames, since muscle is neither made nor lost in a beat.
    """
    area = cavity.sum((2, 3))
    where = [tuple(i) for i in np.argwhere(labelled & (area >= SMALLEST))]
    if not where:
        return {}
    inner = [_inner_radius(cavity[i]) for i in where]
    profiles = np.stack(
        [_cost(images[i], cavity[i], *r) for i, r in zip(where, inner, strict=True)]
    )
    slices = np.array([s for s, _ in where])
    radius = np.sqrt(np.array([area[i] for i in where]) / np.pi)
    free = np.median(THICKNESS[_cheapest_ring(profiles)], axis=1)
    muscle = np.pi * ((radius + free) ** 2 - radius**2)
    present = np.unique(slices)
    typical = np.array([np.median(muscle[slices == s]) for s in present])
    typical = ndimage.median_filter(typical, 5, mode="nearest")
    typical = ndimage.gaussian_filter1d(typical, 1, mode="nearest")
    expected = np.sqrt(radius**2 + typical[np.searchsorted(present, slices)] / np.pi) - radius
    prior = 0.5 * ((THICKNESS - expected[:, None]) / (0.3 * expected[:, None])) ** 2
    thickness = THICKNESS[_cheapest_ring(profiles + prior[:, None])]
    thickness = ndimage.gaussian_filter1d(thickness, 1.5, axis=1, mode="wrap")
    return {i: (c, r + d) for i, (c, r), d in zip(where, inner, thickness, strict=True)}


def _inner_radius(mask):
    """Centroid, and the farthest cavity along each ray."""
    centre = np.argwhere(mask).mean(0)
    reach = np.arange(0, 80, 0.25)
    smooth = ndimage.gaussian_filter(mask.astype(np.float32), 0.7)
    inside = _along_rays(smooth, centre, np.broadcast_to(reach, (N_RAYS, len(reach)))) > 0.5
    return centre, reach[len(reach) - 1 - inside[:, ::-1].argmax(1)]


def _along_rays(image, centre, radius):
    angle = (np.arange(N_RAYS) * 2 * np.pi / N_RAYS)[:, None]
    rows, columns = centre[0] + np.sin(angle) * radius, centre[1] + np.cos(angle) * radius
    return ndimage.map_coordinates(image, [rows, columns], order=1, mode="nearest")


def _cost(image, mask, centre, inner):
    """Cost (rays, candidates) of the wall ending there: unlike muscle before, or no edge."""
    image = image.astype(np.float32)
    seen = _along_rays(ndimage.gaussian_filter(image, 0.6), centre, inner[:, None] + THICKNESS)
    blood = np.median(image[mask])
    muscle = np.quantile(seen[:, (THICKNESS >= 1.5) & (THICKNESS <= 4)], 0.3, axis=1)
    muscle = np.minimum(muscle, 1.3 * ndimage.median_filter(muscle, 13, mode="wrap"))
    muscle = ndimage.gaussian_filter1d(muscle, 3, mode="wrap")[:, None]
    tiny = 1e-3 * max(abs(blood), 1e-6)
    brighter = 0.22 * np.maximum(blood - muscle, 0.15 * blood) + tiny
    # lung is only a little darker than muscle: the tolerance downwards is the smaller one
    darker = 0.25 * muscle + 0.03 * blood + tiny
    excess = seen - muscle
    unlike = np.minimum((excess / np.where(excess > 0, brighter, darker)) ** 2, 6)
    spacing = THICKNESS[1]
    slope = np.abs(np.gradient(ndimage.gaussian_filter1d(seen, 1, axis=1), spacing, axis=1))
    edge = np.minimum(slope / np.minimum(brighter, 2 * darker), 2.5)
    cost = 0.35 * spacing * np.cumsum(unlike - 1.5, axis=1) - edge
    cost[:, (THICKNESS < THINNEST) | (THICKNESS > THICKEST)] = 1e3
    return cost


def _cheapest_ring(cost):
    """Candidate (n, rays) of the cheapest closed path through `cost` (n, rays, candidates).

    Three turns are unrolled and the middle one kept, which closes the path in practice.
    """
    n, n_rays, n_candidates = cost.shape
    reach = len(BEND_COST) - 1
    total = cost[:, 0]
    came = np.empty((3 * n_rays, n, n_candidates), np.int8)
    for ray in range(1, 3 * n_rays):
        padded = np.pad(total, ((0, 0), (reach, reach)), constant_values=1e9)
        options = np.stack(
            [
                padded[:, reach + jump : reach + jump + n_candidates] + BEND_COST[abs(jump)]
                for jump in range(-reach, reach + 1)
            ]
        )
        came[ray] = options.argmin(0) - reach
        total = options.min(0) + cost[:, ray % n_rays]
    path = np.empty((n, 3 * n_rays), int)
    path[:, -1] = total.argmin(1)
    for ray in range(3 * n_rays - 1, 0, -1):
        path[:, ray - 1] = path[:, ray] + came[ray][np.arange(n), path[:, ray]]
    return path[:, n_rays : 2 * n_rays]
