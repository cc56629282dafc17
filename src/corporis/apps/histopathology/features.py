"""What is measured of a tissue region, view by view: glands, mucin, how nuclei line up, chromatin.

A region is a bag of views. Each view is described by what a pathologist would look at, relative
to the region's own stain, and never by the region's size, place or number of views.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from corporis.apps.histopathology.evidence import UM_PER_PX, GlandMaps
from corporis.errors import NotFound
from corporis.imaging.stain import LEAST_DENSITY, REFERENCE, macenko, optical_density
from corporis.shapes import contour_area, contour_length, mask_contour

SIDE, STEP = 112, 56
"""Of a view, and between views, in pixels of `UM_PER_PX`: 139 and 69 um."""
LEAST_TISSUE, LEAST_GLAND = 0.25, 0.08
"""Share of a view that must be tissue, and gland, for it to count, where any view has so much."""
DEPTHS_UM = (0.0, 5.0, 10.0, 16.0, 25.0, 40.0)
"""From a gland's outline inwards: where its nuclei lie."""
SCALES_PX = (1.0, 2.0, 4.0)
PALE, DARK = 0.35, 0.9
"""A pixel is mucin or lumen whose density is below this share of the region's dark ones: the
quantile `DARK` in tissue, which is that of nuclei whether mucin abounds or not."""
NUCLEAR = 0.5
"""Share of the region's fullest nuclear dye above which a pixel is nucleus."""
FAMILIES = ("network", "gland", "mucin", "nuclei", "chromatin", "stroma")


@dataclass(frozen=True)
class ViewTable:
    """Measurements, one row a view.

    Parameters
    ----------
    names : tuple of str
        ``family.what``, as ``mucin.pale_share``.
    values : ndarray, (n, n_names), float32
    corners : int ndarray, (n, 2)
        Row and column of each view's first pixel, at `UM_PER_PX`.
    """

    names: tuple[str, ...]
    values: np.ndarray
    corners: np.ndarray


def no_maps(image) -> GlandMaps:
    """What stands for the network's maps where there is no network: tissue for gland, no verdict.

    Parameters
    ----------
    image : array, (H, W, 3), uint8
    """
    density = ndimage.gaussian_filter(optical_density(image).mean(axis=2), 3.0)
    inside = (density > LEAST_DENSITY).astype(np.float32)
    return GlandMaps(inside, np.zeros_like(inside), np.full_like(inside, 0.5))


def describe(image, maps: GlandMaps, labels) -> ViewTable:
    """Features of all views of a region that show enough tissue.

    Parameters
    ----------
    image : array, (H, W, 3), uint8
        At `UM_PER_PX`.
    maps : GlandMaps
        Of the same size, from the network or `no_maps`.
    labels : int array, (H, W)
        Glands, 0 elsewhere.

    Raises
    ------
    NotFound
        If there is no tissue.
    """
    planes = _planes(image, maps, labels)
    glands = _glands(labels)
    corners = [(r, c) for r in _starts(len(image)) for c in _starts(image.shape[1])]
    tissue, gland = planes["tissue"], labels > 0
    share = np.array([[_share(plane, corner) for plane in (tissue, gland)] for corner in corners])
    wanted = (share[:, 0] >= LEAST_TISSUE) & (share[:, 1] >= LEAST_GLAND)
    if not wanted.any():
        wanted = share[:, 0] >= min(LEAST_TISSUE, share[:, 0].max())
    chosen = np.array([corner for corner, is_wanted in zip(corners, wanted) if is_wanted])
    rows = [_view(planes, labels, glands, corner) for corner in chosen]
    values = np.array([list(row.values()) for row in rows], np.float32)
    return ViewTable(tuple(rows[0]), values, chosen)


def _starts(length):
    """Where views begin: even steps, the last one flush with the border."""
    last = max(length - SIDE, 0)
    return np.unique(np.append(np.arange(0, last, STEP), last)).tolist()


def _share(plane, corner):
    r, c = corner
    return float(plane[r : r + SIDE, c : c + SIDE].mean())


def _planes(image, maps, labels):
    """All that views are cut from, each (H, W), relative to the region's own stain."""
    density = optical_density(image)
    total = density.mean(axis=2)
    tissue = ndimage.gaussian_filter(total, 2.0) > LEAST_DENSITY
    if not tissue.any():
        raise NotFound("no tissue: nearly every pixel is as bright as glass")
    try:
        stains = macenko(image)
    except NotFound:  # grey, or one dye only
        stains = REFERENCE
    dyes = stains.concentrations(image) / stains.full
    usual = max(float(np.quantile(total[tissue], DARK)), 1e-3)
    depth = ndimage.distance_transform_edt(labels > 0) * UM_PER_PX
    planes = {
        "tissue": tissue,
        "pale": total < PALE * usual,
        "darkness": total / usual,
        "nuclear_dye": dyes[..., 0],
        "other_dye": dyes[..., 1],
        "depth": depth,
        "inside": maps.inside,
        "malignant": maps.malignant,
    }
    for scale in SCALES_PX:
        planes[f"blobs_{scale:g}px"] = scale**2 * ndimage.gaussian_laplace(dyes[..., 0], scale)
        planes[f"edges_{scale:g}px"] = scale * ndimage.gaussian_gradient_magnitude(total, scale)
    return planes


def _glands(labels):
    """Of each gland: logarithm of its area in um^2, roundness, fill, and thinness; (n + 1, 4)."""
    found = np.zeros((int(labels.max(initial=0)) + 1, 4), np.float32)
    for number, box in enumerate(ndimage.find_objects(labels), 1):
        if box is None:
            continue
        mask = np.pad(labels[box] == number, 1)
        area = float(np.count_nonzero(mask))
        outline = mask_contour(ndimage.binary_fill_holes(mask))[:-1]
        length = max(contour_length(outline), 1e-6)
        whole = abs(contour_area(outline))
        radius = float(ndimage.distance_transform_edt(mask).max())
        found[number] = (
            np.log(max(area, 1.0) * UM_PER_PX**2),
            4 * np.pi * whole / length**2,
            area / max(whole, area),
            radius / np.sqrt(max(area, 1.0) / np.pi),
        )
    return found


def _view(planes, labels, glands, corner):
    """One view's features by name."""
    cut = np.s_[corner[0] : corner[0] + SIDE, corner[1] : corner[1] + SIDE]
    seen = {name: plane[cut] for name, plane in planes.items()}
    gland = labels[cut] > 0
    if not gland.any():
        gland = seen["tissue"] if seen["tissue"].any() else np.ones_like(gland)
    stroma = seen["tissue"] & (labels[cut] == 0)
    found = _network(seen, gland)
    found |= _gland_features(seen, labels[cut], glands, gland)
    found |= _mucin(seen, gland)
    found |= _nuclei(seen, gland)
    found |= _chromatin(seen, gland & ~seen["pale"])
    found |= _stroma(seen, stroma)
    return found


def _network(seen, gland):
    verdict = seen["malignant"][gland]
    low, middle, high = np.quantile(verdict, (0.1, 0.5, 0.9))
    return {
        "network.malignancy": float(verdict.mean()),
        "network.malignancy_least_tenth": low,
        "network.malignancy_median": middle,
        "network.malignancy_greatest_tenth": high,
    }


def _gland_features(seen, labels, glands, gland):
    present, count = np.unique(labels[labels > 0], return_counts=True)
    weight = count / max(count.sum(), 1)
    mean = weight @ glands[present] if len(present) else np.zeros(4)
    spread = np.sqrt(weight @ (glands[present] - mean) ** 2) if len(present) else np.zeros(4)
    names = ("log_area", "roundness", "fill", "thickness")
    return {
        "gland.share": float((labels > 0).mean()),
        **{f"gland.{name}": float(value) for name, value in zip(names, mean)},
        **{f"gland.{name}_variation": float(v) for name, v in zip(names[:2], spread)},
        "gland.certainty": float(np.abs(2 * seen["inside"][gland] - 1).mean()),
    }


def _mucin(seen, gland):
    """Goblet cells are pale droplets a few um wide; a lumen is one large pale place."""
    pale = seen["pale"] & gland
    thick = ndimage.distance_transform_edt(pale)[pale] * UM_PER_PX
    deep = gland & (seen["depth"] > 8)
    return {
        "mucin.pale_share": float(pale.sum() / gland.sum()),
        "mucin.pale_thickness": float(thick.mean()) if thick.size else 0.0,
        "mucin.pale_inside": float(seen["pale"][deep].mean()) if deep.any() else 0.0,
        "mucin.droplets": float(ndimage.label(pale)[1] / gland.sum() * 1000),
        "mucin.darkness_least_tenth": float(np.quantile(seen["darkness"][gland], 0.1)),
        "mucin.darkness_least_quarter": float(np.quantile(seen["darkness"][gland], 0.25)),
    }


def _nuclei(seen, gland):
    """Nuclear dye by depth under the outline: one row of nuclei at the base, or many."""
    dye = seen["nuclear_dye"]
    found = {}
    for first, last in zip(DEPTHS_UM, (*DEPTHS_UM[1:], np.inf)):
        band = gland & (seen["depth"] > first) & (seen["depth"] <= last)
        value = dye[band].mean() if band.sum() > 20 else dye[gland].mean()
        found[f"nuclei.density_{first:g}um_deep"] = float(value)
    dark = gland & (dye > NUCLEAR)
    depth = seen["depth"][dark]
    found["nuclei.depth"] = float(depth.mean()) if depth.size else 0.0
    found["nuclei.depth_variation"] = float(depth.std()) if depth.size else 0.0
    return found


def _chromatin(seen, cells):
    if not cells.any():
        cells = np.ones_like(cells)
    dye = seen["nuclear_dye"][cells]
    usual = max(float(dye.mean()), 1e-3)
    found = {
        "chromatin.variation": float(dye.std() / usual),
        "chromatin.nuclear_to_other": float(usual / max(seen["other_dye"][cells].mean(), 1e-3)),
    }
    for scale in SCALES_PX:
        blobs, edges = seen[f"blobs_{scale:g}px"][cells], seen[f"edges_{scale:g}px"][cells]
        found[f"chromatin.blobs_{scale:g}px"] = float(blobs.std() / usual)
        found[f"chromatin.edges_{scale:g}px"] = float(edges.mean())
    return found


def _stroma(seen, stroma):
    if not stroma.any():
        return {"stroma.darkness": 1.0, "stroma.nuclear_dye": 1.0, "stroma.blobs": 0.0}
    usual = max(float(seen["nuclear_dye"].mean()), 1e-3)
    return {
        "stroma.darkness": float(seen["darkness"][stroma].mean()),
        "stroma.nuclear_dye": float(seen["nuclear_dye"][stroma].mean() / usual),
        "stroma.blobs": float(seen["blobs_2px"][stroma].std() / usual),
    }
