"""The one CT volume of a case, or a clear word why there is none."""

import numpy as np

from corporis.apps.organs.grey import single_precision
from corporis.errors import BadInput
from corporis.imaging.image import Image
from corporis.interfaces import Case

LEAST_SIDE_MM, MOST_STEP_MM = 60.0, 12.0
OUTSIDE = -1000.0
"""Hounsfield units where a scan shows nothing."""
TISSUE, AIR = (-200.0, 200.0), -500.0
"""Hounsfield units of soft tissue, and below which there is air."""
LEAST_TISSUE, LEAST_AIR = 0.05, 0.005
"""Shares of soft tissue and of air that any scan of the trunk has."""


def single_ct(case: Case) -> tuple[Image, np.ndarray]:
    """The one volume of a case and its Hounsfield units (slices, rows, columns).

    Raises
    ------
    BadInput
        If there are several, it is not CT, its spacing is not known, its grey values are no
        Hounsfield units, or it is too small or too coarse to hold an organ.
    """
    images = [image for image in case.images.values() if isinstance(image, Image)]
    shapes = [image.stack().shape for image in images]
    if len(images) != 1 or shapes[0][1] != 1 or min(shapes[0][0], *shapes[0][2:]) < 2:
        raise BadInput(
            f"{case.name}: expected one CT volume, got {len(images)} images of shapes {shapes}: "
            "give a single series"
        )
    image = images[0]
    if image.length_unit != "mm":
        raise BadInput(f"{case.name}: expected steps in mm, got none: give a NIfTI file with them")
    modality = str(image.facts.get("modality", "") or case.facts.get("modality", ""))
    volume = single_precision(image.stack()[:, 0], case.name)
    if modality not in ("", "CT"):
        raise BadInput(f"{case.name}: expected CT, got {modality}: give a CT series")
    sides = np.array(volume.shape) * image.spacing
    if sides.min() < LEAST_SIDE_MM or max(image.spacing) > MOST_STEP_MM:
        got = " x ".join(f"{side:.0f}" for side in sides)
        raise BadInput(
            f"{case.name}: expected at least {LEAST_SIDE_MM:.0f} mm a side in steps of at most "
            f"{MOST_STEP_MM:g} mm, got {got} mm in steps up to {max(image.spacing):.2g} mm: give "
            "the whole series"
        )
    low, high = float(volume.min()), float(volume.max())
    soft = float(np.mean((volume > TISSUE[0]) & (volume < TISSUE[1])))
    air = float(np.mean(volume < AIR))
    if not np.isfinite([low, high]).all() or soft < LEAST_TISSUE or air < LEAST_AIR:
        raise BadInput(
            f"{case.name}: expected Hounsfield units with air about -1000 and tissue about 50, "
            f"got {low:g} to {high:g}: give CT of the trunk, rescale slope and intercept applied"
        )
    return image, volume
