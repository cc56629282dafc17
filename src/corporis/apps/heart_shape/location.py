"""Where the left ventricle is: the vote of all slices and frames, and the windows cut around it."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from corporis.errors import NotFound

LOCATOR_SIDE = 96  # pixels of the whole image as the locator sees it
WINDOW_SIDE = 96  # pixels of the window as the segmenter sees it
WINDOW_RADIUS = 20.0  # pixels of that window to one radius of the ventricle
WIDE_RADIUS = (
    12.0  # the same where the right ventricle is looked for: behind a thick wall it is far
)


@dataclass(frozen=True)
class Location:
    """Where the left ventricle is in a stack.

    Parameters
    ----------
    centre : ndarray, shape (S, 2)
        Row and column of the cavity's axis in each slice, source pixels.
    radius_px : float
        Radius of a disc as large as the cavity in its largest slices and frames, source pixels.
    window_radius : float
        Pixels of the window to one such radius, > 0.
    """

    centre: np.ndarray
    radius_px: float
    window_radius: float = WINDOW_RADIUS

    @property
    def step(self) -> float:
        """Source pixels per window pixel."""
        return self.radius_px / self.window_radius

    @property
    def origin(self) -> np.ndarray:
        """Source row and column of window pixel [0, 0] in each slice, (S, 2)."""
        return self.centre - self.step * (WINDOW_SIDE - 1) / 2


def vote(cavity, origin, step) -> Location:
    """One axis and one size from the cavity probabilities of all slices and frames.

    The ventricle is where most of the stack's probability lies; in each image the connected
    piece that lies best there counts. Its centroids are fitted by a straight axis through the
    slices, which outvotes single slices, and its size is that of the large slices at their
    largest, which neither apex nor one leaking slice can move.

    Parameters
    ----------
    cavity : ndarray, shape (S, T, N, N)
        Probability of left cavity.
    origin : ndarray, shape (S, 2)
        Source row and column of pixel [0, 0] of each slice.
    step : float
        Source pixels per pixel of `cavity`.

    Raises
    ------
    corporis.errors.NotFound
        If no image has a connected cavity of at least four pixels.
    """
    n_slices, n_frames, side = cavity.shape[:3]
    # Where nothing is likely, what is likeliest counts: images far from those trained on.
    limit = min(0.5, 0.5 * float(cavity.max())) if cavity.max() > 0.2 else 0.5
    heat = ndimage.gaussian_filter((cavity**2).sum((0, 1)), side / 48)
    peak = np.array(np.unravel_index(heat.argmax(), heat.shape))
    grid = np.indices((side, side))
    near = np.exp(-((grid - peak[:, None, None]) ** 2).sum(0) / (2 * (side / 6) ** 2))
    area = np.zeros((n_slices, n_frames))
    centroid = np.zeros((n_slices, n_frames, 2))
    for index in np.ndindex(n_slices, n_frames):
        pieces, n_pieces = ndimage.label(cavity[index] > limit)
        if n_pieces:
            votes = ndimage.sum_labels(cavity[index] * near, pieces, np.arange(1, n_pieces + 1))
            piece = pieces == 1 + votes.argmax()
            area[index] = piece.sum()
            centroid[index] = (grid * piece).sum((1, 2)) / area[index]
    if area.max() < 4:
        raise NotFound("no left ventricle was found: expected short-axis cine MRI of the heart")
    weight = area.sum(1)
    centre = (centroid * area[..., None]).sum(1) / np.maximum(weight, 1e-9)[:, None]
    size = np.quantile(area.max(1), 0.85)
    return Location(origin + step * _straight(centre, weight), step * float(np.sqrt(size / np.pi)))


def _straight(centre, weight):
    """`centre` (S, 2) on a straight line through the slices, by reweighted least squares."""
    s = np.arange(len(centre)) - np.average(np.arange(len(centre)), weights=weight)
    robust = np.sqrt(weight)
    for _ in range(6):
        # the ridge of half a slice keeps one or two slices from inventing an oblique axis
        middle = np.average(centre, axis=0, weights=robust)
        slope = (robust * s) @ (centre - middle) / (robust @ s**2 + robust.mean() / 2)
        line = middle + s[:, None] * slope
        distance = np.linalg.norm(centre - line, axis=1)
        scale = 2 * np.median(distance[weight > 0]) + 1e-3
        robust = np.sqrt(weight) * np.minimum(1, scale / np.maximum(distance, 1e-9))
    return line


def whole_image(shape):
    """Origin (row, column) and step of the locator's grid, which covers an image of `shape`."""
    step = max(shape) / LOCATOR_SIDE
    return (np.array(shape) - 1) / 2 - step * (LOCATOR_SIDE - 1) / 2, step


def whole_channels(stack, s, frames):
    """What the locator sees of slice `s`: each frame, and the extremes over time."""
    origin, step = whole_image(stack.shape[2:])
    blurred = ndimage.gaussian_filter(stack[s], (0, 0.4 * step, 0.4 * step))
    planes = sample(blurred, origin, step, LOCATOR_SIDE)
    extremes = np.stack([planes.max(0), planes.min(0)])
    x = np.stack([np.concatenate([planes[t][None], extremes]) for t in frames])
    return normalise(x)


def window_channels(stack, s, frames, location):
    """What the segmenter sees of slice `s`: each frame, the extremes over time, both neighbours."""
    origin = location.origin[s]
    here, before, after = (
        sample(stack[np.clip(k, 0, len(stack) - 1)], origin, location.step, WINDOW_SIDE)
        for k in (s, s - 1, s + 1)
    )
    extremes = [here.max(0), here.min(0)]
    return normalise(
        np.stack([np.stack([here[t], *extremes, before[t], after[t]]) for t in frames])
    )


def normalise(x):
    """Scale `x` (n, channels, N, N) so that dark is 0 and bright is 1 over time.

    Dark and bright are the 1 % and 98 % quantiles of the temporal extremes, channels 2 and 1,
    which all frames share: a window does not flicker.
    """
    low = np.quantile(x[:, 2, ::2, ::2], 0.01, axis=(1, 2))
    high = np.quantile(x[:, 1, ::2, ::2], 0.98, axis=(1, 2))
    scale = np.maximum(high - low, 1e-6 * np.abs(high) + 1e-12)[:, None, None, None]
    return np.clip((x - low[:, None, None, None]) / scale, -0.5, 2).astype(np.float32)


def sample(images, origin, step, side):
    """Bilinear samples of `images` (K, H, W) on a square grid; zero outside the image."""
    height, width = images.shape[1:]
    padded = np.pad(images, ((0, 0), (1, 2), (1, 2)))
    (i, di), (j, dj) = (
        cells(start + step * np.arange(side), size)
        for start, size in zip(origin, (height, width), strict=True)
    )
    upper, lower = padded[:, i], padded[:, i + 1]
    rows = upper + di[:, None] * (lower - upper)
    left, right = rows[:, :, j], rows[:, :, j + 1]
    return left + dj * (right - left)


def cells(position, size):
    """Index into the padded axis, and the fraction to the next, of each `position`."""
    position = np.clip(position, -1, size) + 1
    index = np.floor(position).astype(int)
    return index, (position - index).astype(np.float32)
