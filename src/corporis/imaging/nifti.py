"""NIfTI files: volumes and cines with an affine to RAS+ mm, read and written."""

import gzip
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from corporis.errors import Unsupported
from corporis.imaging.guard import check_size, check_values, one_line, parsing, shown
from corporis.imaging.image import Image
from corporis.imaging.output import write_bytes

LENGTHS = {"meter": 1000.0, "mm": 1.0, "micron": 1e-3, "unknown": 1.0}
TIMES = {"sec": 1000.0, "msec": 1.0, "usec": 1e-3}
IN_PIXELS = b"lengths in pixels"


def read_nifti(paths: Sequence[Path]) -> tuple[dict[str, Image], dict[str, Any]]:
    """Images in ``.nii`` or ``.nii.gz`` files, 2-D to 4-D, oblique affines kept.

    The first index of the file is `column`, the second `row`, the third `slice`, the fourth
    `time`. Time steps come from the header where its time unit is known.

    Parameters
    ----------
    paths : sequence of Path

    Returns
    -------
    images : dict of str to Image
        ``image``, or ``image_1``, ``image_2`` ... in the order of the file names.
    facts : dict
        ``warnings``.

    Raises
    ------
    Unreadable
        If a file is truncated or no NIfTI file.
    BadInput
        If it holds NaN, or more than four dimensions.
    """
    warnings: list[str] = []
    images = {}
    for count, path in enumerate(sorted(paths), 1):
        name = "image" if len(paths) == 1 else f"image_{count}"
        images[name] = _read(path, name, warnings)
    return images, {"warnings": warnings}


def _read(path, name, warnings):
    import nibabel

    with parsing(path, "a NIfTI image"):
        stored = nibabel.load(path)
        header = stored.header
        shape = tuple(int(n) for n in stored.shape)
        check_size(shape, path)
        while len(shape) > 3 and shape[-1] == 1:
            shape = shape[:-1]
        if not 2 <= len(shape) <= 4:
            raise Unsupported(
                f"{shown(path)}: expected 2 to 4 dimensions, got the shape {shape}: "
                "give one volume or one cine"
            )
        data = np.array(stored.dataobj).reshape(shape)
        data = data if data.ndim > 2 else data[..., None]
        check_values(data, path)
        if data.dtype == np.float64 and header.get_data_dtype() != np.float64:
            data = data.astype(np.float32)  # scaled integers: nibabel computes them in float64
        length, tick = header.get_xyzt_units()
        coded = int(header["sform_code"]) > 0 or int(header["qform_code"]) > 0
        in_pixels = IN_PIXELS in bytes(header["descrip"]) or (
            length == "unknown" and not coded and np.allclose(header["pixdim"][1:4], 1)
        )
        step = float(header["pixdim"][4]) * TIMES.get(tick, 0.0)
        affine = np.asarray(stored.affine, dtype=float)
    warnings += _lacks(name, in_pixels, length, coded)
    scale = np.diag([LENGTHS[length]] * 3 + [1.0])
    moving = data.ndim == 4
    timed = moving and np.isfinite(step) and step > 0
    if moving and not timed:
        warnings.append(f"{name}: no time step given, frames kept in file order")
    axes = ("slice", "time", "row", "column") if moving else ("slice", "row", "column")
    with parsing(path, "an affine that spans space"):
        return Image(
            np.ascontiguousarray(np.transpose(data, (2, 3, 1, 0) if moving else (2, 1, 0))),
            axes,
            (scale @ affine)[:, [2, 1, 0, 3]],
            length_unit="pixel" if in_pixels else "mm",
            times_ms=step * np.arange(data.shape[3]) if timed else None,
            facts={
                "modality": "",
                "time_source": "time step" if timed else "file order",
                "is_placed": coded and not in_pixels,
                "is_oriented": coded and not _is_bare(affine),
                "file": one_line(path.name, 80),
            },
        )


def _is_bare(affine) -> bool:
    """Whether an affine only scales, as programs write it that know of no patient."""
    scales = np.diag(affine)
    return bool(np.array_equal(affine, np.diag(scales)) and scales.min() > 0)


def _lacks(name, in_pixels, length, coded) -> list[str]:
    said = []
    if in_pixels:
        said.append(f"{name}: no voxel size: lengths are in pixels")
    elif length == "unknown":
        said.append(f"{name}: length unit not given: mm assumed, as usual in NIfTI")
    if not coded:
        said.append(f"{name}: orientation in the patient not given")
    return said


def write_nifti(image: Image, path: Path | str) -> Path:
    """Write an image as NIfTI-1; data bit for bit, oblique affine kept.

    Parameters
    ----------
    image : Image
        Spatial axes with or without time or channels, not both; either becomes the fourth axis.
        Booleans are written as 0 and 1 (uint8).
    path : path
        Ends with ``.nii`` or ``.nii.gz``. The file appears complete or not at all.

    Returns
    -------
    Path

    Raises
    ------
    ValueError
        If the image has times and channels or a type that NIfTI does not know, or the name ends
        otherwise.
    OutputError
        If the file cannot be written.

    Notes
    -----
    NIfTI keeps the affine in float32, one time step for all slices (in seconds, as most programs
    expect; its unit is "unknown" where the image has no times), and no trigger times.
    """
    import nibabel

    path = Path(path)
    if not path.name.endswith((".nii", ".nii.gz")):
        raise ValueError(f"a NIfTI file ends with .nii or .nii.gz, got {path.name}")
    data = _volumes(image)
    data = data.astype(np.uint8) if data.dtype == bool else data
    stored = nibabel.Nifti1Image(data, image.affine[:, [2, 1, 0, 3]], dtype=data.dtype)
    in_pixels = image.length_unit == "pixel"
    step = _time_step_s(image) if "time" in image.axes else None
    stored.header.set_xyzt_units("unknown" if in_pixels else "mm", "sec" if step else "unknown")
    if in_pixels:
        stored.header["descrip"] = IN_PIXELS
    if data.ndim == 4:
        stored.header["pixdim"][4] = step or 0.0
    content = stored.to_bytes()
    if path.name.endswith(".gz"):
        content = gzip.compress(content, compresslevel=6, mtime=0)  # equal data, equal bytes
    return write_bytes(path, content)


def _volumes(image) -> np.ndarray:
    """The data as (column, row, slice), and what else there is behind."""
    others = [axis for axis in ("time", "channel") if axis in image.axes]
    if len(others) > 1:
        raise ValueError("a NIfTI file holds times or channels here, got both")
    order = [a for a in ("column", "row", "slice", *others) if a in image.axes]
    data = np.transpose(np.asarray(image.data), [image.axes.index(a) for a in order])
    for place, axis in enumerate(("column", "row", "slice")):
        if axis not in image.axes:
            data = np.expand_dims(data, place)
    return data


def _time_step_s(image) -> float | None:
    if image.times_ms is None or np.shape(image.times_ms)[-1] < 2:
        return None
    return float(np.mean(np.diff(image.times_ms, axis=-1))) / 1000.0
