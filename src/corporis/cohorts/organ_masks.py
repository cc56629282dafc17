"""Masks and crops of organs from files: NIfTI or ``.npz``, turned and measured as these say."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from corporis.apps.organs.mask_frame import check_size
from corporis.apps.organs.upright import check_angles, steps_of, upright
from corporis.errors import BadInput
from corporis.imaging import Image, read
from corporis.imaging.guard import one_line
from corporis.imaging.npz import Archive
from corporis.interfaces import Case

NAMES = ("mask", "label")
CODES = "SAR"
"""Where axes run to if only their spacing is known: as slices, rows and columns of NIfTI do."""
MOST_SAID = 8


def mask_case(path: Path | str, name: str | None = None) -> Case:
    """A mask as a case: any format that `corporis.imaging.read` takes, or ``.npz``.

    Parameters
    ----------
    path : path
        An ``.npz`` file holds labels (a, b, c) as ``mask`` or ``label``, and ``affine`` (4, 4) to
        RAS+ mm, or ``spacing`` (3,) in mm and, as far as they are known, ``axcodes``: three
        letters that say where the axes run to. Its first index is the column, as in a NIfTI file.
    name : str, optional
        A neutral label, never a patient's name.

    Raises
    ------
    BadInput
        If the file cannot be read, or lacks one of these, or holds other shapes, objects or NaN.
    """
    path = Path(path)
    if path.suffix != ".npz" or not path.is_file():
        return read(path, name=name)
    return volume_case(path, *_npz_mask(path), name=name)


def read_crop(path: Path | str, name: str | None = None) -> Case:
    """A crop as a case: any format that `corporis.imaging.read` takes, or ``.npz``.

    Raises
    ------
    BadInput
        If it cannot be read, or an ``.npz`` file holds an image without an affine.
    """
    path = Path(path)
    if path.suffix != ".npz" or not path.is_file():
        return read(path, name=name)
    archive = Archive(path)
    if not archive.has("image", "affine") or len(archive.shapes["image"]) != 3:
        raise BadInput(
            f"{path.name}: expected image (a, b, c) and affine (4, 4) in it, got "
            f"{', '.join(archive) or 'nothing'}: save both"
        )
    return volume_case(path, archive["image"], archive["affine"], name=name)


def _npz_mask(path):
    """Labels, affine, and what is not known about them."""
    archive = Archive(path)
    key = next((key for key in NAMES if archive.has(key)), None)
    if key is None or not (archive.has("spacing") or archive.has("affine")):
        raise BadInput(
            f"{path.name}: expected mask (or label) and spacing (or affine) in it, got "
            f"{', '.join(archive) or 'nothing'}: save it again"
        )
    if len(archive.shapes[key]) != 3:
        raise BadInput(
            f"{path.name}: expected a volume as {key}, got the shape {archive.shapes[key]}: give "
            "the mask of one volume"
        )
    if not archive.has("spacing"):
        return archive[key], archive["affine"], ()
    if archive.has("axcodes"):
        return archive[key], _affine(archive, archive.text("axcodes")), ()
    return archive[key], _affine(archive, CODES), ("orientation not given: feet to head assumed",)


def _affine(archive, codes):
    """From indices to mm along R, A and S; where the volume lies is not known."""
    from nibabel import orientations

    spacing = archive.vector("spacing", 3)
    try:
        ornt = orientations.axcodes2ornt(codes)
    except (ValueError, orientations.OrientationError):
        ornt = np.full((3, 2), np.nan)
    if spacing.min() <= 0 or sorted(ornt[:, 0]) != [0, 1, 2]:
        raise BadInput(
            f"{archive.path.name}: expected a spacing above 0 mm and axcodes such as IPL, got "
            f"{spacing.tolist()} and {codes!r}: save it again"
        )
    affine = np.zeros((4, 4))
    affine[ornt[:, 0].astype(int), np.arange(3)] = ornt[:, 1] * spacing
    affine[3, 3] = 1
    return affine


def volume_case(
    path: Path,
    values: np.ndarray,
    affine: np.ndarray,
    warnings: Sequence[str] = (),
    *,
    name: str | None = None,
) -> Case:
    """A volume out of an ``.npz`` file as a case of one ``image``, indexed as NIfTI files are.

    Parameters
    ----------
    path : Path
        The file, for its digest.
    values : array, (a, b, c)
        The first index is the column.
    affine : array, (4, 4)
        From these indices to RAS+ mm.
    warnings : sequence of str
    name : str, optional

    Raises
    ------
    BadInput
        If the affine has another shape or does not span space.
    """
    try:
        turned = np.asarray(affine, float)[:, [2, 1, 0, 3]]
        image = Image(values.transpose(2, 1, 0), ("slice", "row", "column"), turned)
    except (ValueError, IndexError) as error:
        raise BadInput(f"{path.name}: {error}: save it again") from None
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    facts = {"format": "npz", "modality": "", "n_files": 1, "source_hash": digest}
    facts["warnings"] = tuple(warnings)
    return Case(one_line(name or "") or f"case-{digest[:8]}", {"image": image}, {}, facts)


def single_volume(case: Case) -> tuple[Image, np.ndarray]:
    """The one volume of a case, and its values (slices, rows, columns).

    Raises
    ------
    BadInput
        If it has several images or times, a single slice, its spacing is not known, or its axes are
        not at right angles.
    """
    images = [image for image in case.images.values() if isinstance(image, Image)]
    shapes = [image.stack().shape for image in images]
    if len(images) != 1 or shapes[0][1] != 1 or shapes[0][0] < 2:
        raise BadInput(f"{case.name}: expected one volume, got shapes {shapes}: give a mask")
    if images[0].length_unit != "mm":
        raise BadInput(f"{case.name}: expected a mask with its spacing in mm, got one in pixels")
    check_angles(images[0].affine, case.name)
    return images[0], np.asarray(images[0].stack()[:, 0])


def inside(values: np.ndarray, labels: Sequence[int] = (), name: str = "mask") -> np.ndarray:
    """Where one organ is among labels.

    Parameters
    ----------
    values : array
        0 outside.
    labels : sequence of int
        The organ's; by default the only one there is.
    name : str
        What an error calls the values.

    Raises
    ------
    BadInput
        If nothing is inside, or too little of a volume to be an organ, or there are several
        labels and none was chosen.

    Examples
    --------
    >>> inside(np.array([0, 1, 2, 3]), [1, 3]).tolist()
    [False, True, False, True]
    """
    known = np.unique(values[values != 0])
    said = ", ".join(f"{value:g}" for value in known[:MOST_SAID])
    said += f" and {len(known) - MOST_SAID} more" if len(known) > MOST_SAID else ""
    if len(labels) == 0 and len(known) > 1:
        raise BadInput(f"{name}: expected one label, got {said}: say the organ's with --label")
    found = np.isin(values, labels) if len(labels) else values != 0
    if not found.any():
        wanted = ", ".join(map(str, labels)) or "a label"
        raise BadInput(
            f"{name}: expected {wanted} with a voxel inside, got {said or 'none'}: give another"
        )
    if found.ndim == 3:
        check_size(int(np.count_nonzero(found)), name)
    return found


def read_mask(path: Path) -> tuple[np.ndarray, tuple[float, float, float]]:
    """A sound organ's mask of any label, upright and cropped, and its spacing in mm.

    Parameters
    ----------
    path : path
        As `mask_case` takes it.

    Returns
    -------
    bool array, (a, b, c)
        Its axes run up, forward and to the right.
    (float, float, float)
        mm along them.

    Raises
    ------
    BadInput
        If it cannot be read, is no volume, is empty, too small or cut off on all sides, or its
        spacing is not known.
    """
    image, values = single_volume(mask_case(path, Path(path).name))
    if not values.any():
        raise BadInput(
            f"{path.name}: expected a volume with a voxel inside, got {values.shape} with 0: give "
            "a mask"
        )
    mask = values != 0
    check_size(int(np.count_nonzero(mask)), path.name)
    if all(mask.take(end, axis=axis).any() for axis in range(3) for end in (0, -1)):
        raise BadInput(
            f"{path.name}: expected a whole organ with room around, got one that reaches all "
            f"borders of its {mask.shape} voxels: give a mask that is not cut off"
        )
    turned = upright(mask, image.affine)[0]
    return turned[box(turned)], steps_of(image.affine)


def box(mask: np.ndarray, margin: int = 2) -> tuple[slice, ...]:
    """The part of a volume that holds all that is inside."""
    places = np.argwhere(mask)
    low, high = places.min(axis=0) - margin, places.max(axis=0) + margin + 1
    return tuple(slice(max(a, 0), b) for a, b in zip(low.tolist(), high.tolist(), strict=True))
