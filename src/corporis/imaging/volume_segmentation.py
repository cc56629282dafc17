"""DICOM segmentations of a volume: masks of many slices on the series they belong to."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from corporis.errors import BadInput
from corporis.imaging.dicom_header import NoImage, looks_like_dicom, read_frames
from corporis.imaging.guard import parsing, shown
from corporis.imaging.image import Image
from corporis.imaging.output import write_bytes
from corporis.imaging.plane import LPS_TO_RAS
from corporis.imaging.segmentation import (
    NEEDED,
    Segment,
    header,
    import_highdicom,
    segmentation_bytes,
)

AWAY_MM = 0.05
"""So far a slice may lie from where its file says."""
PLACED = (*NEEDED, "FrameOfReferenceUID")


def write_volume_seg(
    segments: Sequence[Segment], image: Image, source: Path | str, path: Path | str
) -> Path:
    """Write masks of a DICOM series as a DICOM segmentation; empty frames are left out.

    Patient, study, frame of reference and the place of every frame are those of the source's
    files, one a slice. Equal masks of one source give the same unique numbers.

    Parameters
    ----------
    segments : sequence of Segment
        Masks (slices, rows, columns) of the image's axes; no two share a voxel, and at least one
        is not empty.
    image : Image
        As it was read from `source`: it says where the slices lie.
    source : path
        The DICOM series: a folder, or a file for a single slice.
    path : path
        Ends with ``.dcm``; appears complete or not at all.

    Raises
    ------
    BadInput
        If a slice has no DICOM file of its own, or one lacks its unique numbers.
    ValueError
        If all masks are empty, or two overlap.
    MissingExtra
        If highdicom is not installed.
    """
    highdicom = import_highdicom()
    label = _numbered(segments)
    files = slice_files(image, source)
    with parsing(files[0], "a DICOM image"):
        headers = [header(file, label.shape[1:], PLACED) for file in files]
        _, row, column = image.spacing
        measures = highdicom.PixelMeasuresSequence(
            [row, column], image.slice_thickness_mm or image.spacing[0], image.spacing[0]
        )
        content = segmentation_bytes(headers, label, segments, measures)
    return write_bytes(path, content)


def slice_files(image: Image, source: Path | str) -> list[Path]:
    """The DICOM file of every slice of an image, in the order of the slices.

    Raises
    ------
    BadInput
        If a slice has none.
    """
    frames = _frames(Path(source))
    n_slices = image.size("slice")
    corners = image.to_world(np.column_stack([np.arange(n_slices), np.zeros((n_slices, 2))]))
    across = image.affine[:3, 2] / np.linalg.norm(image.affine[:3, 2])
    down = image.affine[:3, 1] / np.linalg.norm(image.affine[:3, 1])
    turned = LPS_TO_RAS @ np.column_stack([across, down])
    found: dict[int, Path] = {}
    for frame in frames:
        if not _is_parallel(frame, turned, image) or frame.is_multi_frame:
            continue
        away = np.linalg.norm(corners - LPS_TO_RAS @ np.asarray(frame.position), axis=1)
        nearest = int(np.argmin(away))
        if away[nearest] < AWAY_MM:
            found.setdefault(nearest, frame.path)
    if len(found) < n_slices:
        raise BadInput(
            f"{shown(Path(source))}: a DICOM SEG needs one DICOM file for each of {n_slices} "
            f"slices, got {len(found)}: give the series, or leave the segmentation out"
        )
    return [found[k] for k in range(n_slices)]


def _frames(source):
    """Frames of all DICOM images in a folder, or in a file, by name."""
    files = sorted(p for p in source.rglob("*") if p.is_file()) if source.is_dir() else [source]
    frames = []
    for file in files:
        with file.open("rb") as stream:
            if not looks_like_dicom(stream.read(400)):
                continue
        try:
            frames += read_frames(file)
        except NoImage:
            continue
    return frames


def _is_parallel(frame, turned, image):
    """Whether a frame has the rows and columns of an image; `turned` are its axes in LPS."""
    if frame.position is None or frame.orientation is None:
        return False
    if tuple(frame.shape) != (image.size("row"), image.size("column")):
        return False
    own = np.reshape(frame.orientation, (2, 3)).T
    return bool(np.allclose(own, turned, atol=1e-3))


def _numbered(segments):
    """Numbers of segments from 1, (slices, rows, columns), uint8."""
    masks = [np.asarray(segment.mask, bool) for segment in segments]
    label = np.zeros(masks[0].shape, np.uint8)
    for number, mask in enumerate(masks, 1):
        if label[mask].any():
            raise ValueError(f"masks may not overlap: {segments[number - 1].label} does")
        label[mask] = number
    if not label.any():
        raise ValueError("expected a mask with a voxel inside, got none")
    return label
