"""Tagged MRI of a person, read back from an enlarged rendering, against landmarks.

Native pixels were repeated to enlarge the image: their edges are found per file and axis, where
neighbouring rows or columns differ more than elsewhere. Discs drawn over the image are left out
and filled from their surroundings. The ring is the circle through the landmarks of the first frame,
a quarter of its radius thick to each side; nothing else of the landmarks is read.

The images' local mean and the blank corner, which is outside of the rotated field of view, are
taken off; the motion ends as it began, two steps after the last frame; and what the slice's cine
shows by registration counts a little.
Beside it: without the cine, by the cine alone, plain harmonic phase, and nothing moved.
"""

from pathlib import Path

import numpy as np

from corporis.apps.heart_motion import (
    BandPass,
    HarmonicTracking,
    PhaseFit,
    Smoothness,
    find_tags,
    ridden_by_cine,
)
from corporis.apps.heart_motion.phase_fit import window_of
from corporis.apps.heart_motion.plane_wall import ring_around
from corporis.imaging.enlarged import NativeGrid

SLICES = ("apical", "mid", "basal")
FRAME_MS = 40.0
"""Supposed: the files do not say."""
SHARE = 0.5
FIT = PhaseFit(
    Smoothness(time=0.5),
    area_spread=0.1,
    rims_known=False,
    filter=BandPass(SHARE),
    unseen_steps=2.0,
    less_background=True,
)
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
        cine = None
        if f"{name}_cine" in held:
            cine = held[f"{name}_cine"], held[f"{name}_cine_overlay_mask"]
    grid = NativeGrid.of(film, hidden)
    images = even(grid.film(film, hidden))
    begun = grid.places(truth[0])
    ring = ring_around(begun)
    times = FRAME_MS * np.arange(len(images))
    tags = find_tags(images[0], window_of(ring, images.shape[1:]))
    alone = FIT(images, ring, times, tags).forward(begun)
    fits = {
        "": alone,
        "_tags": alone,
        "_harp": HarmonicTracking(BandPass(SHARE))(images, tags, begun)[0],
        "_zero": np.broadcast_to(begun, (len(images), *begun.shape)),
    }
    if cine is not None:
        film = even(grid.film(*cine))

        def ridden(rest):
            return ridden_by_cine(film, times, rest)

        fits[""] = FIT(images, ring, times, tags, ridden).forward(begun)
        fits["_cine"] = begun + ridden(begun)
    wanted = np.stack([grid.places(points) for points in truth])
    found = {"slice": name, "file": path.stem, "spacing_px": float(tags.spacing_px.mean())}
    for key, places in fits.items():
        found["px" + key] = float(np.mean(np.linalg.norm(places - wanted, axis=-1)[1:]))
    return ("person", found)


def even(images):
    """Less a last row or column, where their number is odd."""
    return images[:, : images.shape[1] // 2 * 2, : images.shape[2] // 2 * 2]


def figures(rows) -> dict:
    """Means over files, and over slices."""
    mine = [r for kind, r in rows if kind == "person" and "px" in r]
    found = {}
    for key in ("", "_tags", "_cine", "_harp", "_zero"):
        each = [r for r in mine if "px" + key in r]
        values = {name: [r["px" + key] for r in each if r["slice"] == name] for name in SLICES}
        for name, numbers in values.items():
            if numbers:
                found[f"tagged_{name}_px{key}"] = float(np.mean(numbers))
        every = [x for numbers in values.values() for x in numbers]
        if every:
            found[f"tagged_landmark_px{key}"] = float(np.mean(every))
    return found
