"""DICOM headers: every frame of every file as one plain record, before any pixel is decoded."""

import hashlib
import re
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from corporis.errors import Unreadable, Unsupported
from corporis.imaging.dense_header import DenseEncoding, dense_encoding
from corporis.imaging.guard import check_size, one_line, parsing, shown
from corporis.imaging.plane import is_orthonormal
from corporis.imaging.projection import SPACINGS, orientation_of, spacing_of

DERIVED = {"SEG", "RTDOSE", "RTSTRUCT", "RTPLAN", "RTIMAGE", "SR", "PR", "KO", "REG", "AU", "ECG"}

DEFLATED = b"1.2.840.10008.1.2.1.99"
MOST_DEFLATED = 2**20


class NoImage(Unsupported):
    """A sound DICOM file without grey pixels: a report, a directory, a colour screenshot."""


@dataclass(frozen=True)
class Frame:
    """Where and when one frame was taken; nothing here tells who the patient is.

    Lengths in mm and LPS, times in ms; None where the file does not say.
    """

    path: Path
    index: int
    digest: str
    identity: tuple
    patient_key: str
    study_key: str
    series_key: str
    series: int | None
    instance: int
    shape: tuple[int, int]
    position: tuple[float, ...] | None
    orientation: tuple[float, ...] | None
    spacing: tuple[float, float] | None
    thickness: float | None
    slice_location: float | None
    trigger_ms: float | None
    acquired_ms: float | None
    temporal: int | None
    frame_time_ms: float | None
    is_multi_frame: bool
    slope: float
    intercept: float
    modality: str
    description: str
    kind: str
    echo: str
    rr_ms: float | None
    notes: tuple[str, ...]
    dense: DenseEncoding | None = None


def looks_like_dicom(head: bytes) -> bool:
    """Whether the first bytes of a file are DICOM, with or without the preamble."""
    bare = head[:2] in (b"\x08\x00", b"\x02\x00") and head[4:6].isalpha() and head[4:6].isupper()
    implicit = head[:2] == b"\x08\x00" and len(head) > 8 and head[6:8] == b"\x00\x00"
    return head[128:132] == b"DICM" or bare or implicit


def read_frames(path: Path) -> list[Frame]:
    """All frames of one DICOM file, from its header alone.

    Raises
    ------
    NoImage
        If the file is sound but holds no grey-value image.
    Unreadable
        If it cannot be parsed or lacks what every image has.
    """
    import pydicom

    with parsing(path, "a DICOM image"):
        _check_deflation(path)
        dataset = pydicom.dcmread(path, stop_before_pixels=True, force=True)
        _check_kind(dataset, path)
        shape = (int(dataset.Rows), int(dataset.Columns))
        count = int(dataset.get("NumberOfFrames") or 1)
        check_size((count, *shape), path)
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        return [_frame(dataset, path, digest, shape, i, count) for i in range(count)]


def _check_deflation(path):
    """Small deflated files can unpack to gigabytes before any header is seen."""
    with path.open("rb") as stream:
        head = stream.read(1024)
    if DEFLATED in head and path.stat().st_size > MOST_DEFLATED:
        raise Unsupported(
            f"{shown(path)}: expected at most {MOST_DEFLATED} bytes in a deflated DICOM file, got "
            f"{path.stat().st_size}: export it uncompressed"
        )


def _check_kind(dataset, path):
    modality = str(dataset.get("Modality", ""))
    storage = dataset.file_meta.get("MediaStorageSOPClassUID") or dataset.get("SOPClassUID")
    says_image = "Image Storage" in getattr(storage, "name", "") if storage else True
    if modality in DERIVED or (not says_image and "Rows" not in dataset):
        what = modality or one_line(getattr(storage, "name", "no image"))
        raise NoImage(
            f"{shown(path)}: expected a DICOM image, got a {what} object: give the image series"
        )
    if "Rows" not in dataset or "Columns" not in dataset:
        raise Unreadable(
            f"{shown(path)}: expected a DICOM image, got a truncated or foreign file without "
            "Rows and Columns: copy it again or take it out of the folder"
        )
    colours = int(dataset.get("SamplesPerPixel") or 1)
    meaning = str(dataset.get("PhotometricInterpretation", "MONOCHROME2"))
    if colours != 1 or not meaning.startswith("MONOCHROME"):
        raise NoImage(
            f"{shown(path)}: expected grey values, got a colour image ({one_line(meaning, 30)}): "
            "give the original series, not a screenshot"
        )


def _frame(dataset, path, digest, shape, index, count):
    groups = _groups(dataset, index)
    notes: list[str] = []
    uid = str(dataset.get("SOPInstanceUID", "")) or digest
    number = _number(groups, "SeriesNumber")
    instance = _number(groups, "InstanceNumber")
    series_key = str(dataset.get("SeriesInstanceUID", "")) or f"series {number}"
    image_type = [str(v) for v in (_first(groups, "FrameType", "ImageType") or ())]
    return Frame(
        path=path,
        index=index,
        digest=digest,
        identity=(uid, index, instance, series_key),
        patient_key=hashlib.sha256(str(dataset.get("PatientID", "")).encode()).hexdigest(),
        study_key=str(dataset.get("StudyInstanceUID", "")),
        series_key=series_key,
        series=None if number is None else int(number),
        instance=int(instance or 0) * (1 if count == 1 else count) + index,
        shape=shape,
        position=_vector(groups, "ImagePositionPatient", 3, 1e5, path),
        orientation=_orientation(groups, path),
        spacing=_spacing(groups, notes),
        thickness=_length(groups, "SliceThickness") or _length(groups, "SpacingBetweenSlices"),
        slice_location=_number(groups, "SliceLocation"),
        trigger_ms=_number(
            groups, "ActualCardiacTriggerDelayTime", "NominalCardiacTriggerDelayTime", "TriggerTime"
        ),
        acquired_ms=_clock(_first(groups, "FrameAcquisitionDateTime", "AcquisitionTime")),
        temporal=_whole(groups, "TemporalPositionIndex", "TemporalPositionIdentifier"),
        frame_time_ms=_length(groups, "FrameTime"),
        is_multi_frame=count > 1,
        slope=_scale(groups, "RescaleSlope", 1.0),
        intercept=_scale(groups, "RescaleIntercept", 0.0),
        modality=one_line(dataset.get("Modality", ""), 16),
        description=_description(dataset),
        kind=one_line(image_type[2], 16) if len(image_type) > 2 else "",
        echo=one_line(_first(groups, "EchoNumbers", "EffectiveEchoTime") or "", 16),
        rr_ms=_length(groups, "NominalInterval", "RRIntervalTimeNominal"),
        notes=tuple(notes),
        dense=dense_encoding(str(dataset.get("ImageComments", ""))[:400]),
    )


def _groups(dataset, index):
    """Where to look a value up: the frame's own groups, the shared groups, the file."""
    places: list[Any] = []
    for name, which in (
        ("PerFrameFunctionalGroupsSequence", index),
        ("SharedFunctionalGroupsSequence", 0),
    ):
        sequence = dataset.get(name) or []
        if which < len(sequence):
            for element in sequence[which]:
                if element.VR == "SQ" and len(element.value or []):
                    places.append(element.value[0])
    return [*places, dataset]


def _first(groups, *names):
    for name in names:
        for group in groups:
            value = group.get(name)
            if value not in (None, ""):
                return value
    return None


def _number(groups, *names):
    value = _first(groups, *names)
    if value is None:
        return None
    if not isinstance(value, str | int | float):
        value = value[0] if len(value) else None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if isfinite(number) and abs(number) < 1e12 else None


def _whole(groups, *names):
    number = _number(groups, *names)
    return None if number is None else int(number)


def _length(groups, *names):
    """A positive finite number, or None."""
    number = _number(groups, *names)
    return number if number is not None and 1e-3 < number < 1e5 else None


def _scale(groups, name, default):
    number = _number(groups, name)
    return default if number is None else number


def _vector(groups, name, length, limit, path):
    value = _first(groups, name)
    if value is None or len(value) == 0:
        return None
    numbers = tuple(float(v) for v in value)
    if len(numbers) != length or not all(isfinite(v) and abs(v) < limit for v in numbers):
        raise Unreadable(
            f"{shown(path)}: expected {length} finite numbers in {name}, got "
            f"{one_line(list(value), 80)}: export the file again"
        )
    return numbers


def _orientation(groups, path):
    numbers = _vector(groups, "ImageOrientationPatient", 6, 1.1, path)
    if numbers is None:
        return orientation_of(_first(groups, "PatientOrientation"))
    if not is_orthonormal(numbers):
        raise Unreadable(
            f"{shown(path)}: expected two perpendicular unit vectors in ImageOrientationPatient, "
            f"got {one_line(list(numbers), 80)}: export the file again"
        )
    return numbers


def _spacing(groups, notes):
    found, note = spacing_of([_first(groups, name) for name in SPACINGS])
    notes += [note] if note else []
    return found


def _clock(value):
    """HHMMSS.ffffff, or a date and time that ends with it, as ms since midnight."""
    text = str(value or "").split("+")[0].split("-")[0]
    match = re.fullmatch(r"(?:\d{8})?(\d\d)(\d\d)(\d\d(?:\.\d*)?)", text.strip())
    if not match:
        return None
    hours, minutes, seconds = match.groups()
    return 1000.0 * (3600 * int(hours) + 60 * int(minutes) + float(seconds))


def _description(dataset):
    """The series description, without any word of the patient's name or number."""
    text = one_line(dataset.get("SeriesDescription", ""), 64)
    for name in ("PatientName", "PatientID", "PatientBirthDate", "OtherPatientIDs"):
        for word in re.split(r"[\s^,=;]+", one_line(dataset.get(name, ""))):
            if len(word) > 2:
                text = re.sub(re.escape(word), "[removed]", text, flags=re.IGNORECASE)
    return text
