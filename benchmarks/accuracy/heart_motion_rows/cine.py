"""Plain cine of a person: the endocardium of the first frame, carried through the beat.

The reference is a surface fitted to a network's contours, not a manual one; of it only the first
frame is an input, and no guide point is. Distances are means of both ways between surfaces, over
all frames but the first. Beside them the surface that stays, and the one that is scaled about its
centre in every frame by the factor that fits the reference best, which no method can know.

Settings were not chosen on this person: the smoothness of the registration is the best for the
contours of a pig (``pig_cine_sax.npz``), the body's are round numbers.
"""

from pathlib import Path

import numpy as np

from corporis.apps.heart_motion import CineMotion, CineSlice, phases_of
from corporis.interfaces import Mesh
from corporis.shapes import point_to_surface

SCALES = np.linspace(0.6, 1.1, 21)
EVERY = 3
"""Scales are tried with every third vertex."""


def jobs(folder: Path):
    """One piece of work for each study with a reference."""
    found = sorted((folder / "cardiac").glob("bivme_patient*/fitted_surfaces_*frames.npz"))
    return [(row, (path,)) for path in found]


def row(path):
    """Distances in mm."""
    with np.load(path, allow_pickle=False) as held:
        film = held["lv_endocardial_points"].astype(float)
        cells = held["lv_endocardial_faces"].astype(int)
    slices = [slice_of(file) for file in sorted(path.parent.glob("Se*.npz"))]
    phases = np.arange(len(film)) / len(film)
    fit = CineMotion()(slices, Mesh(film[0], cells), phases)
    found = {"file": path.parent.name}
    for name, moved in (("", fit.surface.points), ("_static", film[:1].repeat(len(film), 0))):
        off = [apart(Mesh(a, cells), Mesh(b, cells)) for a, b in zip(moved[1:], film[1:])]
        found["mm" + name], found[f"mm{name}_worst_frame"] = float(np.mean(off)), max(off)
    scaled = [best_scaled(film[0], now, cells) for now in film[1:]]
    found["mm_scaled"] = float(np.mean(scaled))
    found["plane_residual_mm"] = [float(x) for x in np.nan_to_num(fit.residual_mm, nan=-1.0)]
    found["plane_trust"] = [float(x) for x in np.nan_to_num(fit.trust, nan=-1.0)]
    return ("cine", found)


def slice_of(file) -> CineSlice:
    """A series with its place in space."""
    with np.load(file, allow_pickle=False) as held:
        along = held["image_orientation"].astype(float)
        spacing = held["pixel_spacing"].astype(float)
        steps = np.stack([along[3:] * spacing[0], along[:3] * spacing[1]])
        return CineSlice(
            held["image"], held["image_position"], steps, phases_of(held["trigger_time_ms"])
        )


def apart(one: Mesh, other: Mesh, every: int = 1) -> float:
    """Mean distance between two surfaces, both ways, in mm."""
    forth = point_to_surface(one.points[::every], other).mean()
    return float(0.5 * (forth + point_to_surface(other.points[::every], one).mean()))


def best_scaled(first, now, cells) -> float:
    """The least distance of the first surface, scaled about its centre, with the best factor."""
    middle = first.mean(axis=0)

    def at(scale, every):
        return apart(Mesh(middle + scale * (first - middle), cells), Mesh(now, cells), every)

    return at(min(SCALES, key=lambda scale: at(scale, 12)), EVERY)


def figures(rows) -> dict:
    """Means over studies."""
    mine = [r for kind, r in rows if kind == "cine"]
    return {
        "cine_surface_" + name: float(np.mean([r[name] for r in mine]))
        for name in ("mm", "mm_worst_frame", "mm_static", "mm_scaled")
        if mine
    }
