"""DENSE from its phase images: unwrapped, made the motion of material pixels, and fitted."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from corporis.apps.heart_motion.displacement_film import follow_displacements
from corporis.apps.heart_motion.film import FilmMotion
from corporis.apps.heart_motion.sectors import Sectors
from corporis.apps.heart_motion.unwrapping import (
    TURN,
    PhaseUnwrapping,
    dense_displacement,
    material_displacement,
)
from corporis.deformables import Annulus
from corporis.imaging import Image
from corporis.imaging.dense_header import COLUMN, MAGNITUDE, ROW, TURN_UNITS

BRIGHT, HIGH = 0.5, 95
"""Muscle is brighter than this share of the percentile of a frame."""
AROUND = 1.25
"""Muscle is looked for within so many outer radii of a wall that is given."""
PLACES = 3


@dataclass(frozen=True, eq=False)
class DensePlane:
    """The images of one plane.

    Parameters
    ----------
    name : str
    strength : array, (n_frames, rows, columns)
    phases : array, (n_frames, 2, rows, columns)
        In radians, wrapped: of displacement along rows, and along columns.
    cycles_per_px : array, (2,)
        Turns a pixel of both.
    image : Image
        The magnitude.
    """

    name: str
    strength: np.ndarray
    phases: np.ndarray
    cycles_per_px: np.ndarray
    image: Image


def dense_planes(images: Mapping[str, Image]) -> list[DensePlane]:
    """Planes of which the strength and both phases in the plane are there.

    Raises
    ------
    ValueError
        If a plane lacks one of them, its images differ in shape, or a phase is out of range.
    """
    places: dict[tuple, dict[str, tuple[str, Image]]] = {}
    for name, image in images.items():
        if image.facts.get("contrast") == "dense":
            key = tuple(np.round(image.affine, PLACES).ravel())
            places.setdefault(key, {})[str(image.facts["dense_axis"])] = (name, image)
    return [_plane(parts) for parts in places.values()]


def _plane(parts) -> DensePlane:
    missing = [axis for axis in (MAGNITUDE, ROW, COLUMN) if axis not in parts]
    if missing:
        raise ValueError(
            "expected DENSE images of magnitude and of phase along rows and columns, got none of "
            f"{' and '.join(missing)}: give the whole series"
        )
    name, image = parts[MAGNITUDE]
    films = [np.asarray(parts[a][1].stack()[0], dtype=float) for a in (MAGNITUDE, ROW, COLUMN)]
    if len({film.shape for film in films}) > 1 or len(films[0]) < 2:
        raise ValueError(
            f"expected films of one shape of magnitude and phases, got {[f.shape for f in films]}"
        )
    phases = np.stack(films[1:], axis=1)
    if phases.min() < 0 or phases.max() > TURN_UNITS:
        raise ValueError(
            f"expected phases stored as 0 to {TURN_UNITS}, got {phases.min():g} to "
            f"{phases.max():g}: give the original series"
        )
    cycles = [parts[a][1].facts["cycles_per_mm"] * s
              for a, s in zip((ROW, COLUMN), image.spacing[1:])]  # fmt: skip
    return DensePlane(name, films[0], (phases / TURN_UNITS - 0.5) * TURN, np.array(cycles), image)


def follow_dense(plane: DensePlane, sectors: Sectors, ring: Annulus | None) -> FilmMotion:
    """Follow the muscle of one plane.

    Where no ring is given, the wall is what is bright in the first frame and goes around.

    Raises
    ------
    ValueError
        If that is no wall.
    """
    masks = np.stack([_bright(image, ring) for image in plane.strength])
    complex_images = plane.strength[:, None] * np.exp(1j * plane.phases)
    unwrapped = np.stack([PhaseUnwrapping()(complex_images[:, a], masks) for a in range(2)], axis=1)
    field = dense_displacement(unwrapped, np.diag(plane.cycles_per_px))
    first = masks[0]
    if ring is not None:
        radius = np.hypot(*(np.indices(first.shape) - ring.centre[:, None, None]))
        first = first & (radius >= ring.inner) & (radius <= ring.outer)
    rest = np.argwhere(first)
    moved = np.zeros((len(field), 2, *first.shape))
    if len(rest):
        moved[:, :, first] = np.moveaxis(material_displacement(field, rest.astype(float)), -1, 1)
    found = follow_displacements(plane.name, moved, sectors)
    return replace(
        found,
        images=plane.strength,
        shows="DENSE, strength of the echo",
        times_ms=plane.image.times_ms,
        pixel_mm=plane.image.spacing[1:] if plane.image.length_unit == "mm" else None,
        place=plane.image.affine if plane.image.facts.get("is_placed", True) else None,
    )


def _bright(image, ring):
    """Muscle of one frame: bright, in one piece."""
    where = np.ones(image.shape, dtype=bool)
    if ring is not None:
        radius = np.hypot(*(np.indices(image.shape) - ring.centre[:, None, None]))
        where = radius <= AROUND * ring.outer
    bright = where & (image > BRIGHT * np.percentile(image[where], HIGH))
    parts, n_parts = ndimage.label(bright)
    if n_parts < 2:
        return bright
    return parts == 1 + int(np.argmax(np.bincount(parts.ravel())[1:]))
