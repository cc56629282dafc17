"""What is measured of each nucleus: shape, chromatin and surroundings, each with a name."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from corporis.imaging.stain import REFERENCE, Stains, optical_density
from corporis.shapes import contour_area, contour_length, mask_contour

SIDE = 64
"""Pixels of the square in which a nucleus is seen, about 16 um at 40x."""
FAMILIES = ("shape", "colour", "chromatin", "surroundings")
_SCALES = (1.0, 2.0, 4.0)


@dataclass(frozen=True)
class NucleusTable:
    """Measurements, one row a nucleus.

    Parameters
    ----------
    names : tuple of str
        ``family.what``, as ``shape.area_px``.
    values : ndarray, (n, n_names)
    centres : ndarray, (n, 2)
        Rows and columns of centroids.
    """

    names: tuple[str, ...]
    values: np.ndarray
    centres: np.ndarray

    @property
    def families(self) -> np.ndarray:
        """Number of each column's family in `FAMILIES`, for penalties on groups."""
        return np.array([FAMILIES.index(name.split(".")[0]) for name in self.names])


def measure(
    image, labels, stains: Stains = REFERENCE, maps=None, *, only=None, side=SIDE
) -> NucleusTable:
    """Features of labels, each seen in a square of `side` pixels about its centroid.

    Whatever lies outside the square is not looked at, so that neither the image's size nor that
    of a clump of nuclei can be read from them.

    Parameters
    ----------
    image : array, (H, W, 3), uint8
    labels : int array, (H, W)
        0 and numbers of nuclei.
    stains : Stains
    maps : NucleusMaps, optional
        Adds what the network saw.
    only : sequence of int, optional
        Which labels make the rows, by default 1 to the largest; a label that is absent gives a
        row of zeros.
    side : int
        Even, >= 16.
    """
    if side < 16 or side % 2:
        raise ValueError(f"side must be even and >= 16, got {side}")
    half = side // 2
    boxes = ndimage.find_objects(np.asarray(labels))
    wanted = range(1, len(boxes) + 1) if only is None else only
    names = _names(maps is not None)
    if not len(wanted):  # glass: most of a slide, and dyes take time
        return NucleusTable(names, np.zeros((0, len(names))), np.zeros((0, 2)))
    planes = np.pad(
        _planes(image, stains, maps), ((0, 0), (half, half), (half, half)), mode="symmetric"
    )
    framed = np.pad(labels, half)
    values, centres = np.zeros((len(wanted), len(names))), np.zeros((len(wanted), 2))
    for row, number in enumerate(wanted):
        box = boxes[number - 1]
        if box is None:
            continue
        centre = np.argwhere(labels[box] == number).mean(axis=0) + [s.start for s in box]
        r, c = np.rint(centre).astype(int)
        square = np.s_[r : r + side, c : c + side]
        seen = framed[square]
        centres[row] = centre
        values[row] = _describe(planes[:, *square], seen == number, seen > 0)
    return NucleusTable(names, values, centres)


def _planes(image, stains, maps):
    """Dyes, colours and detail of the whole image, (n_planes, H, W) float32."""
    dyes = (stains.concentrations(image) / stains.full).astype(np.float32)
    density = optical_density(image)
    planes = [dyes[..., 0], dyes[..., 1], *np.moveaxis(density, -1, 0)]
    for scale in _SCALES:
        planes.append(scale**2 * ndimage.gaussian_laplace(dyes[..., 0], scale))
        planes.append(scale * ndimage.gaussian_gradient_magnitude(dyes[..., 0], scale))
    if maps is not None:
        planes += [maps.inside, maps.depth, np.hypot(*maps.offset) / 8]
    return np.stack(planes).astype(np.float32)


_PLANES = (
    *("nuclear_dye", "other_dye", "red", "green", "blue"),
    *(f"{what}_{scale:g}px" for scale in _SCALES for what in ("blobs", "edges")),
)
_MAPS = ("network_inside", "network_depth", "network_offset")
_SHAPE = (
    "area_px",
    "perimeter_px",
    "roundness",
    "eccentricity",
    "minor_axis_px",
    "major_axis_px",
    "inner_radius_px",
    "lobes",
    "fill",
)


def _names(with_maps):
    planes = _PLANES + (_MAPS if with_maps else ())
    names = [f"shape.{name}" for name in _SHAPE]
    for number, plane in enumerate(planes):
        family = "colour" if number < 5 else "chromatin"
        names += [f"{family}.{plane}_{what}" for what in ("mean", "spread", "low", "high")]
        names += [f"surroundings.{plane}_{ring}" for ring in ("near", "far")]
    names += ["surroundings.nuclei_share", "chromatin.skewness", "chromatin.core_to_rim"]
    return tuple(names)


def _describe(planes, mask, any_nucleus):
    depth = ndimage.distance_transform_edt(mask)
    outside = ndimage.distance_transform_edt(~mask)
    near, far = (outside > 0) & (outside <= 4), (outside > 4) & (outside <= 14)
    values = _shape(mask, depth)
    inside = planes[:, mask]
    columns = [inside.mean(1), inside.std(1), *np.quantile(inside, (0.1, 0.9), axis=1)]
    for ring in (near, far):
        seen = planes[:, ring]
        columns.append(seen.mean(1) if seen.size else inside.mean(1))
    values += np.stack(columns, axis=1).ravel().tolist()
    dye = inside[0]
    spread = dye.std() + 1e-6
    core = depth[mask] > 0.6 * depth.max()
    values.append(float(any_nucleus[far].mean()) if far.any() else 0.0)
    values.append(float((((dye - dye.mean()) / spread) ** 3).mean()))
    values.append(float(dye[core].mean() - dye[~core].mean()) if (~core).any() else 0.0)
    return np.array(values)


def _shape(mask, depth):
    area = float(np.count_nonzero(mask))
    outline = mask_contour(mask)[:-1]
    length = contour_length(outline)
    places = np.argwhere(mask)
    spread = np.cov(places.T) if len(places) > 1 else np.zeros((2, 2))
    minor, major = 4 * np.sqrt(np.maximum(np.linalg.eigvalsh(spread + np.eye(2) / 12), 0))
    # separate deep places are lobes, or nuclei that touch
    _, lobes = ndimage.label(depth >= 0.7 * depth.max())
    return [
        area,
        length,
        4 * np.pi * abs(contour_area(outline)) / max(length, 1e-9) ** 2,
        float(np.sqrt(1 - (minor / major) ** 2)),
        float(minor),
        float(major),
        float(depth.max()),
        float(lobes),
        area / (np.pi * minor * major / 4),
    ]
