"""DICOM segmentations (SEG): masks that an archive shows on the image they belong to."""

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import numpy as np

from corporis.errors import BadInput, MissingExtra
from corporis.imaging.dicom_header import looks_like_dicom
from corporis.imaging.guard import one_line, parsing, shown
from corporis.imaging.output import write_bytes
from corporis.imaging.projection import SPACINGS, spacing_of

SIDES = {"left": ("7771000", "Left"), "right": ("24028007", "Right")}
STRUCTURE = ("91723000", "Anatomical Structure")
NEEDED = ("SOPInstanceUID", "SOPClassUID", "StudyInstanceUID", "SeriesInstanceUID")
ASKED = ("PatientID", "PatientName", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime",
         "AccessionNumber", "StudyID", "ReferringPhysicianName")  # fmt: skip
"""Required by the standard, though they may be empty."""


@dataclass(frozen=True, eq=False)
class Segment:
    """One mask, and what it is.

    Parameters
    ----------
    label : str
    mask : bool array, (rows, columns) or (slices, rows, columns)
    code : (str, str)
        SNOMED CT code and its meaning, as ``("39607008", "Lung")``.
    side : str
        ``left`` or ``right``, the patient's; empty for neither.

    Raises
    ------
    ValueError
        If the side is another word.
    """

    label: str
    mask: np.ndarray
    code: tuple[str, str]
    side: str = ""

    def __post_init__(self):
        if self.side not in ("", *SIDES):
            raise ValueError(f"side must be left, right or empty, got {self.side!r}")


def write_seg(segments: Sequence[Segment], source: Path | str, path: Path | str) -> Path:
    """Write masks of one DICOM image as a DICOM segmentation, one binary frame a segment.

    The file names patient and study as the source does, so that an archive files it there; it
    refers to the source's instance, keeps its pixel spacing, and calls every segment by a coded
    term. Equal masks of one source give the same unique numbers. Empty masks are segments
    without a frame.

    Parameters
    ----------
    segments : sequence of Segment
        At least one that is not empty; rows and columns are the source's.
    source : path
        The DICOM file, or a folder that holds no other.
    path : path
        Ends with ``.dcm``; appears complete or not at all.

    Raises
    ------
    BadInput
        If the source is no DICOM image of one frame and this size, or lacks its unique numbers.
    ValueError
        If all masks are empty.
    MissingExtra
        If highdicom is not installed.
    """
    import_highdicom()
    file = single_dicom(source)
    masks = np.stack([np.asarray(segment.mask, bool) for segment in segments])
    if not masks.any():
        raise ValueError("expected a mask with a pixel inside, got none")
    with parsing(file, "a DICOM image"):
        image = header(file, masks.shape[1:])
        frames = np.moveaxis(masks, 0, -1)[None].astype(np.uint8)
        content = segmentation_bytes([image], frames, segments, _measures(image))
    return write_bytes(path, content)


def import_highdicom():
    """The highdicom package, or `MissingExtra` with the command that installs it."""
    try:
        import highdicom
    except ImportError:
        raise MissingExtra("highdicom", "seg", "writing DICOM SEG") from None
    return highdicom


def segmentation_bytes(images: Sequence, frames: np.ndarray, segments, measures=None) -> bytes:
    """The file that refers to `images`.

    Parameters
    ----------
    images : sequence of pydicom.Dataset
        Headers of images of one frame, in the order of the frames.
    frames : uint8 array, (n_images, rows, columns) or (n_images, rows, columns, n_segments)
        Numbers of segments from 1, or a mask of each.
    segments : sequence of Segment
    measures : highdicom.PixelMeasuresSequence, optional
        By default as the images say.
    """
    highdicom = import_highdicom()
    names = " ".join(str(image.SOPInstanceUID) for image in images)
    digest = hashlib.sha256(frames.tobytes() + names.encode())
    found = highdicom.seg.Segmentation(
        list(images),
        frames,
        highdicom.seg.SegmentationTypeValues.BINARY,
        [_description(number, one) for number, one in enumerate(segments, 1)],
        series_instance_uid=_uid(digest, "series"),
        series_number=int(images[0].get("SeriesNumber") or 0) + 100,
        sop_instance_uid=_uid(digest, "instance"),
        instance_number=1,
        manufacturer="corporis",
        manufacturer_model_name="corporis",
        software_versions=metadata.version("corporis"),
        device_serial_number="0",
        content_label="ORGANS",
        pixel_measures=measures,
    )
    found.SeriesDescription = "organs, outlined by corporis: research use only"
    target = io.BytesIO()
    found.save_as(target)
    return target.getvalue()


def single_dicom(source: Path | str) -> Path:
    """The one DICOM file that `source` is or holds.

    Raises
    ------
    BadInput
        If there is none, or several.
    """
    source = Path(source)
    files = sorted(p for p in source.rglob("*") if p.is_file()) if source.is_dir() else [source]
    found = []
    for file in files:
        with file.open("rb") as stream:
            if looks_like_dicom(stream.read(400)):
                found.append(file)
    if len(found) != 1:
        raise BadInput(
            f"{shown(source)}: a DICOM SEG needs one DICOM image to refer to, got {len(found)}: "
            "give the DICOM file, or leave the segmentation out"
        )
    return found[0]


def header(file: Path, shape, needed: Sequence[str] = NEEDED):
    """The source's header, with empty values where the standard wants the element at least.

    Raises
    ------
    BadInput
        If it is no image of one frame of this `shape`, or an element of `needed` is empty.
    """
    import pydicom

    image = pydicom.dcmread(file, stop_before_pixels=True, force=True)
    missing = [name for name in needed if not image.get(name)]
    size = (int(image.get("Rows", 0)), int(image.get("Columns", 0)))
    if missing or size != shape or int(image.get("NumberOfFrames") or 1) != 1:
        raise BadInput(
            f"{shown(file)}: expected a DICOM image of one frame {shape} with {', '.join(needed)}, "
            f"got {size} without {', '.join(missing) or 'a difference'}: export it again"
        )
    for name in ASKED:
        if name not in image:
            setattr(image, name, "" if name in ("PatientID", "StudyID") else None)
    return image


def _measures(image):
    """The spacing of the source's pixels, that in the patient before that on the detector."""
    import highdicom

    steps, _ = spacing_of([image.get(name) for name in SPACINGS])
    if steps is None:
        return None
    return highdicom.PixelMeasuresSequence(steps, float(image.get("SliceThickness") or 1.0))


def _description(number, segment):
    import highdicom
    from highdicom.sr import CodedConcept

    algorithm = highdicom.AlgorithmIdentificationSequence(
        name="corporis organ",
        family=CodedConcept("123110", "DCM", "Artificial Intelligence"),
        version=metadata.version("corporis"),
    )
    kind = CodedConcept(segment.code[0], "SCT", segment.code[1])
    if segment.side:
        value, meaning = SIDES[segment.side]
        kind.SegmentedPropertyTypeModifierCodeSequence = [CodedConcept(value, "SCT", meaning)]
    return highdicom.seg.SegmentDescription(
        segment_number=number,
        segment_label=one_line(segment.label, 64),
        segmented_property_category=CodedConcept(STRUCTURE[0], "SCT", STRUCTURE[1]),
        segmented_property_type=kind,
        algorithm_type=highdicom.seg.SegmentAlgorithmTypeValues.AUTOMATIC,
        algorithm_identification=algorithm,
    )


def _uid(digest, what):
    """A unique number out of the content: 2.25. and a number of 128 bits."""
    number = hashlib.sha256(digest.digest() + what.encode()).digest()[:16]
    return f"2.25.{int.from_bytes(number, 'big')}"
