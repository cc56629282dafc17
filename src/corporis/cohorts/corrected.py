"""Corrected outlines of radiographs: what `corporis organ` left and a person edited, or masks."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from corporis.apps.organs.chest_shape import ORGANS
from corporis.apps.organs.frontal import Frontal, single_plane
from corporis.apps.organs.radiograph_evidence import SIDE
from corporis.apps.organs.radiograph_training import Radiograph
from corporis.errors import BadInput
from corporis.imaging import Image, read

IMAGE = "radiograph.nii.gz"
ENDINGS = (".dcm", ".png", ".jpg", ".jpeg", ".nii.gz", ".nii", "")
MASK = "_mask"
SMALLEST = 0.0005
"""Of the image: an organ that takes less is missing."""


@dataclass(frozen=True, eq=False)
class Corrected:
    """One radiograph with the outlines that a person drew or approved.

    Parameters
    ----------
    case : str
        ``case-`` and eight digits that come from the grey values: no name of a file or patient.
    radiograph : Radiograph
        On the network's square.
    is_turned : bool
        Whether grey values were inverted, and turned here.
    """

    case: str
    radiograph: Radiograph
    is_turned: bool = False


def read_corrected(path: Path | str) -> Corrected:
    """Read outlines and the image beside them.

    Parameters
    ----------
    path : path
        The output folder of ``corporis organ``, its masks edited; or a mask (PNG or NIfTI)
        ``NAME_mask.*`` with the image ``NAME.*`` beside it, or ``masks/NAME.*`` with
        ``images/NAME.*``. A mask's values are sums of 1 left lung, 2 right lung, 4 heart, 8 left
        clavicle, 16 right clavicle; left and right are the patient's.

    Raises
    ------
    BadInput
        If something is missing, an organ is empty, or image and outlines differ in form.
    """
    path = Path(path)
    drawn, image_path = _of_folder(path) if path.is_dir() else _of_mask(path)
    image, pixels = single_plane(read(image_path, name=image_path.name, pictures=True))
    frontal = Frontal.of(image)
    truth = _masks(path, [frontal.drawn(mask) for mask in drawn])
    if pixels.shape[0] * truth.shape[2] != pixels.shape[1] * truth.shape[1]:
        raise BadInput(
            f"{path.name}: outlines {truth.shape[1:]} and image {pixels.shape} differ in form: "
            "give the outlines of this image"
        )
    missing = [o for o, mask in zip(ORGANS, truth) if mask.mean() < SMALLEST]
    if missing:
        raise BadInput(
            f"{path.name}: expected outlines of five organs, got none of {', '.join(missing)}: "
            "begin with what `corporis organ` leaves, and correct it"
        )
    seen = frontal.square(pixels.shape, SIDE).seen(grey(pixels))
    square = frontal.square(truth.shape[1:], SIDE)
    inside = np.stack([square.seen(t.astype(np.float32)) for t in truth])
    lungs, heart = (inside[0] > 0.5) | (inside[1] > 0.5), inside[2] > 0.5
    is_turned = bool(lungs.any() and heart.any() and seen[lungs].mean() > seen[heart].mean())
    seen = 1 - seen if is_turned else seen
    return Corrected(name_of(seen), Radiograph(seen, inside), is_turned)


def grey(pixels: np.ndarray) -> np.ndarray:
    """Grey values (rows, columns) of any scale brought to 0 to 1, the outermost 1 in 1000 cut."""
    low, high = np.quantile(pixels, [0.001, 0.999])
    return np.clip((pixels - low) / max(high - low, 1e-9), 0, 1).astype(np.float32)


def name_of(seen: np.ndarray) -> str:
    """A neutral name that the same grey values always get."""
    levels = np.round(255 * seen).astype(np.uint8)
    return f"case-{hashlib.sha256(levels.tobytes()).hexdigest()[:8]}"


def _of_folder(path):
    names = [organ.replace(" ", "_") + ".nii.gz" for organ in ORGANS]
    missing = [name for name in (*names, IMAGE) if not (path / name).is_file()]
    if missing:
        raise BadInput(
            f"{path.name}: expected what `corporis organ` leaves, got no {', '.join(missing)}: "
            "give that folder, or masks"
        )
    return [_plane(path / name) for name in names], path / IMAGE


def _of_mask(path):
    return [_plane(path)], _beside(path)


def _masks(path, drawn) -> np.ndarray:
    """Masks (5, rows, columns) from one plane an organ, or from one plane of sums."""
    if len({plane.shape for plane in drawn}) > 1:
        raise BadInput(f"{path.name}: masks of several sizes: give those of one radiograph")
    if len(drawn) > 1:
        return np.stack(drawn) != 0
    (bits,) = drawn
    if not np.array_equal(bits, np.round(bits)) or bits.min() < 0 or bits.max() >= 2 ** len(ORGANS):
        raise BadInput(
            f"{path.name}: expected sums of 1, 2, 4, 8 and 16 (left lung, right lung, heart, left "
            f"and right clavicle), got values {bits.min():g} to {bits.max():g}: give such a mask"
        )
    bits = bits.astype(np.uint8)
    return np.stack([(bits >> bit) & 1 for bit in range(len(ORGANS))]).astype(bool)


def _beside(path) -> Path:
    """The image of a mask."""
    stem = path.name
    for ending in (".nii.gz", ".nii", ".png"):
        stem = stem.removesuffix(ending)
    if stem.endswith(MASK):
        places = [path.with_name(stem.removesuffix(MASK) + ending) for ending in ENDINGS]
    else:
        places = [path.parent.parent / "images" / (stem + ending) for ending in ENDINGS]
    found = [place for place in places if place.is_file()]
    if not found:
        raise BadInput(
            f"{path.name}: no image beside it: call the files NAME.png and NAME_mask.png, or put "
            "them into images and masks"
        )
    return found[0]


def _plane(path) -> Image:
    """One plane of numbers as they are in the file."""
    if not path.is_file():
        raise BadInput(f"{path.name}: no such file: give a mask, or a folder of `corporis organ`")
    images = list(read(path, pictures=True).images.values())
    shape = images[0].stack().shape
    if len(images) != 1 or shape[1] != 1 or 1 not in (shape[0], *shape[2:]):
        raise BadInput(f"{path.name}: expected one plane, got {shape}: give a single mask")
    return images[0]
