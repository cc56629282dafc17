"""DICOM files as images: grouped into planes, sorted by trigger time, decoded, in RAS+."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from corporis.errors import BadInput, Unreadable, Unsupported
from corporis.imaging.dicom_header import Frame, NoImage, read_frames
from corporis.imaging.guard import MAX_VOXELS, check_values, one_line, parsing, shown
from corporis.imaging.image import Image
from corporis.imaging.plane import AXIAL, Plane, assemble
from corporis.imaging.projection import PROJECTIONS

SAFE_PLUGINS = {
    "1.2.840.10008.1.2.5": "pydicom",  # RLE
    "1.2.840.10008.1.2.4.80": "pyjpegls",
    "1.2.840.10008.1.2.4.81": "pyjpegls",
    "1.2.840.10008.1.2.4.90": "pylibjpeg",  # JPEG 2000, by OpenJPEG
    "1.2.840.10008.1.2.4.91": "pylibjpeg",
}
"""Decoders that raise on a damaged file; others abort the whole process on some of them."""


def read_dicom(paths: Sequence[Path]) -> tuple[dict[str, Image], dict[str, Any]]:
    """Images of all series in the given DICOM files, and facts about the files.

    Frames of one position become a cine, sorted by trigger time; without distinct trigger
    times by temporal position, acquisition time or instance number, and the image's
    ``facts["time_source"]`` says which. Compressed files are decoded by the plug-ins of pydicom.

    Parameters
    ----------
    paths : sequence of Path

    Returns
    -------
    images : dict of str to Image
        ``series_<number>``, and ``stack_<n>`` made of several one-slice series.
    facts : dict
        ``modality``, ``duplicates``, ``ignored``, ``digests``, ``warnings``.

    Raises
    ------
    Unreadable
        If a file is truncated, damaged, or compressed in a way no plug-in decodes.
    Unsupported
        If no file holds a grey-value image, or they hold too much.
    BadInput
        If the files belong to several patients or several studies.
    """
    frames: list[Frame] = []
    without: list[NoImage] = []
    for path in paths:
        try:
            frames += read_frames(path)
        except NoImage as error:
            without.append(error)
    if not frames:
        raise (
            without[0]
            if len(without) == 1
            else Unsupported(
                f"{len(without)} DICOM files hold no grey-value image, the first says: {without[0]}"
            )
        )
    digests = sorted({f.path: f.digest for f in frames}.values())
    frames, duplicates = _without_duplicates(frames)
    _check_one_study(frames, paths[0].parent)
    if sum(f.shape[0] * f.shape[1] for f in frames) > MAX_VOXELS:
        raise Unsupported(
            f"{shown(frames[0].path.parent)}: the series hold more than {MAX_VOXELS} voxels: "
            "give one series"
        )
    warnings = [f"{len(without)} DICOM files without a grey-value image ignored"] if without else []
    planes = _planes(frames, warnings)
    images, more = assemble(planes)
    facts = {
        "modality": "/".join(sorted({f.modality for f in frames if f.modality})),
        "duplicates": duplicates,
        "ignored": len(without),
        "digests": digests,
        "warnings": [*dict.fromkeys(warnings), *more],
    }
    return images, facts


def _check_one_study(frames, folder):
    patients = len({f.patient_key for f in frames})
    if patients > 1:
        raise BadInput(
            f"{shown(folder)}: expected the images of one patient, got {patients} patient "
            "numbers: give the folder of one"
        )
    studies: dict[str, Frame] = {}
    for frame in frames:
        if frame.study_key:
            studies.setdefault(frame.study_key, frame)
    if len(studies) > 1:
        firsts = ", ".join(one_line(f.path.name, 40) for f in list(studies.values())[:3])
        raise BadInput(
            f"{shown(folder)}: expected one study, got {len(studies)} studies (their first files: "
            f"{firsts}): put each in a folder of its own and give one"
        )


def _without_duplicates(frames):
    seen: set = set()
    kept = []
    for frame in frames:
        keys = {(frame.digest, frame.index), frame.identity}
        if not keys & seen:
            kept.append(frame)
        seen |= keys
    return kept, len(frames) - len(kept)


def _planes(frames, warnings):
    pixels = _Pixels(frames)
    planes = []
    for number, members in _series(frames):
        groups: dict[tuple, list[Frame]] = {}
        for frame in members:
            groups.setdefault(_place(frame), []).append(frame)
        if len({f.modality for f in members}) > 1:
            warnings.append(f"series {number} mixes modalities")
        planes += [_plane(group, number, pixels, warnings) for group in groups.values()]
    return planes


def _series(frames):
    """Frames by series, each with a number of its own."""
    by_key: dict[str, list[Frame]] = {}
    for frame in frames:
        by_key.setdefault(frame.series_key, []).append(frame)
    taken: set[int] = set()
    for members in sorted(by_key.values(), key=lambda m: (m[0].series or 0, str(m[0].path))):
        number = members[0].series if members[0].series is not None else 1
        while number in taken:
            number += 1
        taken.add(number)
        yield number, members


def _place(frame):
    """Frames with the same place are the times of one plane."""
    where: tuple = (frame.shape, frame.kind, frame.echo, frame.modality)
    if frame.orientation:
        where += tuple(round(v, 3) for v in frame.orientation)
    if frame.position:
        return (*where, *(round(v, 2) for v in frame.position))
    if frame.slice_location is not None:
        return (*where, round(frame.slice_location, 2))
    # without a position only a time tells the frames of a cine from separate pictures
    is_cine = frame.trigger_ms is not None and not frame.is_multi_frame
    return where if is_cine else (*where, str(frame.path))


def _plane(group, number, pixels, warnings):
    ordered, times, source = _in_time(group)
    first = ordered[0]
    warnings += [f"series {number}: {note}" for note in first.notes]
    orientation = np.array(first.orientation or AXIAL)
    position = np.array(first.position or (0.0, 0.0, 0.0))
    if first.position is None and first.slice_location is not None:
        position = np.cross(orientation[:3], orientation[3:]) * first.slice_location
    warnings += [f"series {number}: {lack}" for lack in _lacks(first)]
    moving = len(ordered) > 1
    if moving and source != "trigger time":
        warnings.append(f"series {number}: no usable trigger times, frames ordered by {source}")
    facts: dict[str, Any] = {
        "modality": first.modality,
        "description": first.description,
        "is_placed": first.orientation is not None and first.position is not None,
        "is_oriented": first.orientation is not None,
        "series": (number,),
        "kind": first.kind,
        "echo": first.echo,
    }
    if moving:
        facts["time_source"] = source
    if first.dense is not None:
        facts |= first.dense.facts
    if first.rr_ms:
        facts["rr_ms"] = first.rr_ms
    data, inverted = pixels.of(ordered)
    if inverted:
        facts["inverted"] = True
    return Plane(data, position, orientation, first.spacing, first.thickness, times, number, facts)


def _lacks(first) -> list[str]:
    """What is not known of where a plane lies."""
    if first.modality in PROJECTIONS:  # without a slice there is no thickness and no position
        assumed = "head up and the patient's left on the right assumed"
        return [] if first.orientation else [f"no usable PatientOrientation: {assumed}"]
    said = []
    if first.orientation is None:
        said.append("no position or orientation of the patient: axial assumed")
    elif first.position is None:
        said.append("no position in the patient")
    if first.thickness is None and first.spacing:
        said.append("slice thickness unknown")
    return said


def _in_time(group):
    """The frames in temporal order, their times in ms or None, and what told the order."""
    by_number = sorted(group, key=lambda f: (f.instance, str(f.path)))
    triggers = [f.trigger_ms for f in group]
    if _distinct(triggers):
        ordered = sorted(group, key=lambda f: f.trigger_ms)
        return ordered, np.array([f.trigger_ms for f in ordered]), "trigger time"
    if _distinct([f.temporal for f in group]):
        return sorted(group, key=lambda f: f.temporal), None, "temporal position"
    if _distinct([f.acquired_ms for f in group]):
        ordered = sorted(group, key=lambda f: f.acquired_ms)
        times = np.array([f.acquired_ms for f in ordered])
        return ordered, times - times[0], "acquisition time"
    step = by_number[0].frame_time_ms
    if step and by_number[0].is_multi_frame:
        return by_number, step * np.arange(len(group)), "frame time"
    return by_number, None, "instance number"


def _distinct(values):
    return None not in values and len(set(values)) == len(values)


class _Pixels:
    """Decodes files on demand; of a multi-frame file the last one decoded is kept."""

    def __init__(self, frames: Sequence[Frame]):
        self._counts = Counter(f.path for f in frames)
        self._path: Path | None = None
        self._data: np.ndarray | None = None
        self._inverted = False

    def of(self, frames: Sequence[Frame]) -> tuple[np.ndarray, bool]:
        """(n_times, n_rows, n_columns) in scanner units, and whether MONOCHROME1 was turned."""
        scaled = any((f.slope, f.intercept) != (1.0, 0.0) for f in frames)
        parts = []
        inverted = False
        for frame in frames:
            stored = self._decoded(frame)
            inverted |= self._inverted
            if scaled:
                stored = (stored * np.float64(frame.slope) + frame.intercept).astype(np.float32)
            parts.append(stored)
        data = np.stack(parts)
        check_values(data, frames[0].path)
        return data, inverted

    def _decoded(self, frame):
        if self._path != frame.path:
            self._data, self._inverted = _decode(frame.path, frame.shape)
            self._path = frame.path
        if frame.index >= len(self._data):
            raise Unreadable(
                f"{shown(frame.path)}: expected at least {frame.index + 1} frames, got "
                f"{len(self._data)}: the file is truncated, copy it again"
            )
        return self._data[frame.index]


def _decode(path, shape):
    import pydicom
    from pydicom.pixels import pixel_array

    with parsing(path, "DICOM pixels"):
        dataset = pydicom.dcmread(path, force=True)
        try:
            plugin = SAFE_PLUGINS.get(str(dataset.file_meta.get("TransferSyntaxUID")), "")
            data = pixel_array(dataset, decoding_plugin=plugin)
        except RuntimeError as error:
            raise Unreadable(
                f"{shown(path)}: expected pixels that an installed plug-in decodes, got "
                f"{one_line(_syntax(dataset), 60)} ({one_line(error, 90)}): export uncompressed"
            ) from error
        inverted = dataset.get("PhotometricInterpretation") == "MONOCHROME1"
        if inverted:
            data = _inverted(data, dataset)
        return data.reshape(-1, *shape), inverted


def _inverted(data, dataset):
    """MONOCHROME1 shows small values bright; turned within the stored range."""
    if data.dtype.kind not in "iu":
        return -data
    bits = min(int(dataset.get("BitsStored", 8 * data.itemsize)), 8 * data.itemsize)
    signed = data.dtype.kind == "i"
    total = -1 if signed else 2**bits - 1
    return (total - data.astype(np.int64)).astype(data.dtype)


def _syntax(dataset):
    uid = dataset.file_meta.get("TransferSyntaxUID")
    return uid.name if uid else "an unknown transfer syntax"
