"""Crossings of tags by the Gabor bank and point matching, and turns of DENSE's phase.

The ring of the figures at SNR 10: median error of crossings that were followed, the share that
slipped by half a tag or more, the error of the whole wall after `PointFit`; the same without noise
where the wall moves by 0.6 of a tag between frames; and pixels of virtual DENSE whose phase was
given a wrong number of turns.
"""

import time

import numpy as np

from corporis.apps.heart_motion import (
    GaborBank,
    PhaseUnwrapping,
    PointFit,
    find_tags,
    follow_crossings,
)
from corporis.deformables import Annulus
from corporis.phantoms import TaggedWall, dense_images

WALL = TaggedWall()
CYCLES_PER_MM = 0.15


def jobs(seed):
    """One for each row."""
    fast = WALL.at_step(0.6 * WALL.spacing_mm)
    return [
        (followed, ("crossings", WALL, 10.0, seed)),
        (followed, ("crossings_fast", fast, np.inf, seed)),
        (turns, (10.0, seed)),
    ]


def followed(name, wall, snr, seed):
    """Errors in mm and seconds."""
    images, middle = wall.images(snr, seed), (wall.side - 1) / 2
    begun = time.perf_counter()
    film = GaborBank()(images, find_tags(images[0]))
    rest, moved = follow_crossings(film, wall.wall(0.0))
    scale = wall.pixel_mm
    ring = Annulus(np.full(2, middle), wall.inner_mm / scale, wall.outer_mm / scale)
    motion = PointFit(area_spread=0.05, noise_px=0.2)(rest, moved, ring, wall.times_ms)
    seconds = time.perf_counter() - begun
    places = (rest - middle) * scale
    truth = np.stack([wall.displacement(places, t) for t in wall.times_ms])
    off = np.linalg.norm(moved * scale - truth, axis=-1)[1:]
    off = off[np.isfinite(off)]
    inside = wall.grid()[wall.wall()]
    true = np.stack([wall.displacement(inside, t) for t in wall.times_ms])
    error = np.linalg.norm(motion.displacement(inside / scale + middle) * scale - true, axis=-1)
    return (
        name,
        {
            "median_mm": float(np.median(off)),
            "slipped": float(np.mean(off > 0.5 * wall.spacing_mm)),
            "wall_mm": float(np.sqrt(np.mean(error[1:] ** 2))),
            "seconds": seconds,
        },
    )


def turns(snr, seed):
    """Pixels with a wrong number of turns, those that had to be turned, and all."""
    wall = TaggedWall(n_frames=11)
    images = dense_images(wall, CYCLES_PER_MM, snr, seed)
    masks = np.stack([wall.wall(t) for t in wall.times_ms])
    here = np.stack([wall.grid() - wall.backward(wall.grid(), t) for t in wall.times_ms])
    truth = 2 * np.pi * CYCLES_PER_MM * here
    found = np.stack([PhaseUnwrapping()(images[:, a], masks) for a in range(2)], axis=-1)
    wrong = np.abs(found - truth)[masks] > np.pi
    return (
        "dense_turns",
        {
            "wrong": int(np.count_nonzero(wrong)),
            "turned": int(np.count_nonzero(np.abs(truth[masks]) > np.pi)),
            "pixels": int(wrong.size),
        },
    )


def figures(rows) -> dict:
    """Under the names of the figures."""
    kinds = ("crossings", "crossings_fast", "dense_turns")
    return {f"{kind}_{key}": value for kind, r in rows if kind in kinds for key, value in r.items()}
