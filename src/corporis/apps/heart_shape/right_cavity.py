"""The right cavity, guessed beside a left ventricle whose cavity and wall are known.

No expert outlined it in Sunnybrook. It is as bright as the left cavity, lies against the left wall
on one and the same side in all slices, and that side moves: liver and fat are bright too, but they
keep still. What is guessed is taught as right cavity; what is merely not guessed stays undecided.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

N_SECTORS = 72
SPREAD = 1.25  # radians to either side of the right cavity's direction
REACH = 1.25  # how far from the left wall it is followed, in outer radii of the left ventricle
BLOOD = (0.45, 1.8)  # brightness, where left muscle is 0 and left cavity 1
SMALLEST = 150  # pixels of left cavity under which nothing is guessed
BACKGROUND, CAVITY, MUSCLE, RIGHT, UNDECIDED, BAND = 1, 2, 4, 8, 9, 13


@dataclass(frozen=True)
class _Scene:
    """One image seen from its left ventricle: brightness, distance and angle of each pixel."""

    brightness: np.ndarray
    left: np.ndarray
    distance: np.ndarray
    angle: np.ndarray
    radius: float

    @classmethod
    def of(cls, image, labels):
        cavity, muscle = labels == CAVITY, labels == MUSCLE
        near = (labels == BAND) & ndimage.binary_dilation(muscle, iterations=3)
        left = ndimage.binary_fill_holes(cavity | muscle | near)
        # the upper quartile is blood even where papillary muscles fill the cavity
        blood, dark = np.quantile(image[cavity], 0.75), np.median(image[muscle])
        smooth = ndimage.gaussian_filter(image.astype(np.float32), 0.7)
        offset = np.indices(image.shape) - np.argwhere(cavity).mean(0)[:, None, None]
        radius = np.sqrt(left.sum() / np.pi)
        return cls(
            (smooth - dark) / max(blood - dark, 1e-3 * abs(float(blood)) + 1e-9),
            left,
            ndimage.distance_transform_edt(~left) / radius,
            np.arctan2(offset[0], offset[1]),
            radius,
        )

    def by_sector(self, values, where):
        """Mean of `values` over the pixels `where`, in each of `N_SECTORS` directions."""
        sector = (self.angle[where] * N_SECTORS / (2 * np.pi)).astype(int) % N_SECTORS
        n = np.maximum(np.bincount(sector, minlength=N_SECTORS), 1)
        return np.bincount(sector, values[where], N_SECTORS) / n


def add_right_cavity(images, labels) -> np.ndarray:
    """`labels` of `outer_wall.wall_labels` with right cavity and background where they are sure.

    Parameters
    ----------
    images, labels : ndarray, shape (S, T, H, W)
        Stack, and sets of classes as `wall_labels` gives them.

    Returns
    -------
    ndarray, shape (S, T, H, W), uint8
        A copy in which some of what was "background or right cavity" (9) is right cavity (8), and
        what lies far off or on the other side of the heart is background (1).
    """
    labels = labels.copy()
    usable = ((labels == CAVITY).sum((2, 3)) >= SMALLEST) & (labels == MUSCLE).any((2, 3))
    scenes = {tuple(i): _Scene.of(images[tuple(i)], labels[tuple(i)]) for i in np.argwhere(usable)}
    if not scenes:
        return labels
    direction = _direction(scenes)
    for index, scene in scenes.items():
        aside = np.abs((scene.angle - direction + np.pi) % (2 * np.pi) - np.pi)
        free = labels[index] == UNDECIDED
        labels[index][free & ((aside > 2.1) | (scene.distance > 2.2))] = BACKGROUND
        right = _beside(scene, aside)
        labels[index][free & ndimage.binary_erosion(right)] = RIGHT
    return labels


def _direction(scenes):
    """Angle towards the right cavity, one for the stack: bright beside the wall, and moving."""
    bright, moving = np.zeros(N_SECTORS), np.full(N_SECTORS, 1e-9)
    for scene in scenes.values():
        beside = (scene.distance > 2 / scene.radius) & (scene.distance < 0.35)
        blood = (scene.brightness > 0.5) & (scene.brightness < 1.7)
        bright += scene.by_sector(blood.astype(float), beside)
    for s in {s for s, _ in scenes}:
        beat = sorted((scene for (k, _), scene in scenes.items() if k == s), key=lambda x: x.radius)
        small, large = beat[0], beat[-1]
        outside = (small.distance * small.radius > 2) & (large.distance * large.radius > 2)
        change = np.minimum(np.abs(large.brightness - small.brightness), 1)
        moving += large.by_sector(change, outside & (large.distance < 0.9))
    score = bright * (0.1 + moving / moving.max())
    smooth = ndimage.gaussian_filter1d(score, N_SECTORS / 12, mode="wrap")
    return smooth.argmax() * 2 * np.pi / N_SECTORS


def _beside(scene, aside):
    """The blood-bright region that touches the left wall most, on the given side."""
    bright = (scene.brightness > BLOOD[0]) & (scene.brightness < BLOOD[1]) & ~scene.left
    bright &= (scene.distance < REACH) & (aside < SPREAD)
    pieces, n_pieces = ndimage.label(ndimage.binary_opening(bright, iterations=2))
    touching = np.bincount(pieces[scene.distance < 0.25], minlength=n_pieces + 1)
    touching[0] = 0
    piece = pieces == max(touching.argmax(), 1)
    left = scene.left.sum()
    if touching.max() < 0.02 * left or piece.sum() < 0.1 * left:
        return np.zeros_like(bright)
    return ndimage.binary_fill_holes(ndimage.binary_dilation(piece, iterations=2, mask=bright))
