"""Tagged MRI of a person, read back from an enlarged rendering, against landmarks.

Native pixels were repeated to enlarge the image: their edges are found per file and axis, where
neighbouring rows or columns differ more than elsewhere. Discs drawn over the image are left out
and filled from their surroundings. The ring is the circle through the landmarks of the first frame,
a quarter of its radius thick to each side; nothing else of the landmarks is read.
"""

from pathlib import Path

import numpy as np
from scipy import ndimage, optimize

from corporis.apps.heart_motion import BandPass, HarmonicTracking, PhaseFit, find_tags
from corporis.apps.heart_motion.phase_fit import window_of
from corporis.deformables import Annulus

SLICES = ("apical", "mid", "basal")
FRAME_MS = 40.0
"""Supposed: the files do not say."""
THICKNESS = 0.25
SHARE = 0.5
FIT = PhaseFit(area_spread=0.1, rims_known=False, filter=BandPass(SHARE))
"""The rims of the muscle are not given, so that no images can be made from the fit."""


def jobs(folder: Path):
    """One piece of work for each slice of each file."""
    files = sorted((folder / "cardiac").glob("tagged_mri_cmac_subject*.npz"))
    return [(row, (path, name)) for path in files for name in SLICES]


def row(path, name):
    """Mean distances to the landmarks, in native pixels, of every method."""
    with np.load(path, allow_pickle=False) as held:
        if f"{name}_tagged" not in held:
            return ("person", {"slice": name, "file": path.stem})
        film, hidden = held[f"{name}_tagged"], held[f"{name}_tagged_overlay_mask"]
        truth = held[f"{name}_green_landmarks_rc"].astype(float)
    images, edges = native(film, hidden)
    begun = to_native(truth[0], edges)
    ring = ring_through(begun)
    times = FRAME_MS * np.arange(len(images))
    tags = find_tags(images[0], window_of(ring, images.shape[1:]))
    fits = {
        "": FIT(images, ring, times, tags).forward(begun),
        "_harp": HarmonicTracking(BandPass(SHARE))(images, tags, begun)[0],
        "_zero": np.broadcast_to(begun, (len(images), *begun.shape)),
    }
    wanted = np.stack([to_native(points, edges) for points in truth])
    found = {"slice": name, "file": path.stem, "spacing_px": float(tags.spacing_px.mean())}
    for key, places in fits.items():
        found["px" + key] = float(np.mean(np.linalg.norm(places - wanted, axis=-1)[1:]))
    return ("person", found)


def native(film, hidden):
    """Native images (t, rows, columns), even in size, and the edges of their pixels by axis."""
    edges = [edges_of(film, hidden, axis) for axis in (1, 2)]
    sizes = zip(edges, film.shape[1:])
    labels = [np.searchsorted(e, np.arange(n), side="right") - 1 for e, n in sizes]
    shape = [label.max() + 1 for label in labels]
    cell = (labels[0][:, None] * shape[1] + labels[1]).ravel()
    images = []
    for image, over in zip(film.astype(float), hidden):
        seen = ~ndimage.binary_dilation(over, iterations=1).ravel()
        count = np.bincount(cell[seen], minlength=shape[0] * shape[1])
        total = np.bincount(cell[seen], image.ravel()[seen], minlength=shape[0] * shape[1])
        whole = count >= 4
        value = np.where(whole, total / np.maximum(count, 1), 0).reshape(shape)
        images.append(filled(value, whole.reshape(shape)))
    even = [n - n % 2 for n in shape]
    return np.stack(images)[:, : even[0], : even[1]], edges


def edges_of(film, hidden, axis):
    """First enlarged row or column of every native one."""
    seen = ~(hidden | np.roll(hidden, 1, axis=axis))
    change = np.abs(np.diff(film.astype(float), axis=axis))
    seen = np.take(seen, np.arange(1, film.shape[axis]), axis=axis)
    others = tuple(i for i in range(3) if i != axis)
    jump = np.sum(change * seen, axis=others) / np.maximum(np.sum(seen, axis=others), 1)
    # against the neighbourhood: what is bright changes more everywhere
    jump = jump / ndimage.median_filter(jump, 15) - 1
    n = film.shape[axis]

    def gain(size, offset):
        edges = np.round(offset + size * np.arange(1, int(n / size) + 1)).astype(int)
        edges = edges[edges < n]
        return jump[edges - 1].sum() - 0.5 * jump.sum() * len(edges) / n, edges

    tried = [
        (gain(n / count, offset)[0], count, offset)
        for count in np.arange(48, 72.01, 0.1)
        for offset in np.arange(0, n / count, 0.1) - 0.5 * n / count
    ]
    _, count, offset = max(tried)
    edges = gain(n / count, offset)[1]
    return np.concatenate([[0], edges[edges > 1]])


def to_native(points, edges):
    """Enlarged pixel coordinates (n, 2) in native ones: centres of native pixels are whole."""
    found = []
    for axis in range(2):
        starts = edges[axis].astype(float)
        line = np.polyfit(np.arange(1, len(starts)), starts[1:], 1)
        found.append((points[:, axis] + 0.5 - line[1]) / line[0] - 0.5)
    return np.stack(found, axis=-1)


def filled(image, known):
    """Unknown pixels from the nearest known ones, smoothed."""
    if known.all():
        return image
    weight = ndimage.gaussian_filter(known.astype(float), 1.0)
    smooth = ndimage.gaussian_filter(np.where(known, image, 0), 1.0) / np.maximum(weight, 1e-6)
    return np.where(known, image, smooth)


def ring_through(points):
    """The ring about the circle nearest to some points."""

    def off(p):
        return np.hypot(*(points - p[:2]).T) - p[2]

    middle = points.mean(axis=0)
    start = [*middle, np.hypot(*(points - middle).T).mean()]
    row, column, radius = optimize.least_squares(off, start).x
    return Annulus(np.array([row, column]), (1 - THICKNESS) * radius, (1 + THICKNESS) * radius)


def figures(rows) -> dict:
    """Means over files, and over slices."""
    mine = [r for kind, r in rows if kind == "person" and "px" in r]
    found = {}
    for key in ("", "_harp", "_zero"):
        values = {name: [r["px" + key] for r in mine if r["slice"] == name] for name in SLICES}
        for name, numbers in values.items():
            if numbers:
                found[f"tagged_{name}_px{key}"] = float(np.mean(numbers))
        every = [x for numbers in values.values() for x in numbers]
        if every:
            found[f"tagged_landmark_px{key}"] = float(np.mean(every))
    return found
