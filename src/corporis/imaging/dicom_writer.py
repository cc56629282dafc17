"""Reconstructed images as DICOM: MR Image Storage with geometry, and nobody named."""

import hashlib
import io
from contextlib import suppress
from importlib import metadata
from pathlib import Path

import numpy as np

from corporis.imaging.guard import one_line
from corporis.imaging.image import Image
from corporis.imaging.output import write_bytes
from corporis.imaging.plane import LPS_TO_RAS, is_orthonormal

MR_IMAGE = "1.2.840.10008.5.1.4.1.1.4"
LARGEST = 2**16 - 1
EMPTY = (
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyDate",
    "StudyTime",
    "StudyID",
    "AccessionNumber",
    "ReferringPhysicianName",
    "PositionReferenceIndicator",
    "ScanOptions",
    "EchoTime",
    "EchoTrainLength",
    "RepetitionTime",
)
"""Required by the standard, left empty where nothing is known or wanted."""


def write_dicom(
    image: Image, path: Path | str, *, description: str = "", series: int = 1
) -> list[Path]:
    """Write an image of one channel as DICOM MR Image Storage, one file a slice and frame.

    Intensities become 16-bit numbers with one rescale slope for all files, so that they keep
    their ratios to 1/131070 of the range. Patient, dates and institution stay empty; the unique
    numbers come from the content, so that equal images give equal files.

    Parameters
    ----------
    image : Image
        Real and finite; spatial axes with or without time. In pixels instead of mm, it is written
        without spacing, position and orientation.
    path : path
        A file that ends with ``.dcm`` for a single plane, else a folder, in which the files are
        called ``image_0001.dcm``, ... slice by slice.
    description : str
        Series description, for example the method.
    series : int
        Series number.

    Returns
    -------
    list of Path
        The files; they appear complete or not at all.

    Raises
    ------
    ValueError
        If values are not real and finite, rows and columns not perpendicular, or there is more than
        one plane for a single file.
    OutputError
        If a file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from corporis.imaging.reader import read
    >>> image = Image(np.array([[0.0, 1.0], [2.0, 3.0]]), ("row", "column"), np.eye(4))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     (path,) = write_dicom(image, Path(folder) / "a.dcm")
    ...     again = read(path).images["series_1"]
    >>> again.data.round(3).tolist(), again.length_unit
    ([[0.0, 1.0], [2.0, 3.0]], 'mm')
    """
    path = Path(path)
    frames = np.asarray(image.stack())
    if frames.dtype.kind not in "biuf" or not np.all(np.isfinite(frames)):
        raise ValueError(f"a DICOM image holds finite real numbers, got {frames.dtype}")
    n_slices, n_times = frames.shape[:2]
    single = path.suffix.lower() == ".dcm"
    if single and n_slices * n_times > 1:
        raise ValueError(
            f"one file holds one plane, got {n_slices} slices of {n_times} frames: give a folder"
        )
    geometry = _geometry(image)
    stored, slope, intercept = _quantised(frames)
    digest = hashlib.sha256(stored.tobytes() + np.asarray(image.affine).tobytes())
    digest.update(f"{slope} {intercept} {description} {series} {image.times_ms}".encode())
    contents = []
    for s, t in np.ndindex(n_slices, n_times):
        number = s * n_times + t + 1
        data = _dataset(stored[s, t], digest.digest(), number, description, series)
        data.RescaleSlope, data.RescaleIntercept, data.RescaleType = slope, intercept, "US"
        _window(data, frames)
        _place(data, geometry, s)
        _when(data, image, s, t, n_times)
        data.MRAcquisitionType = "2D"
        kind = one_line(image.facts.get("kind") or "M", 16).upper()
        data.ImageType = ["ORIGINAL", "PRIMARY", kind]
        contents.append(_encoded(data))
    names = [path] if single else [path / f"image_{k + 1:04d}.dcm" for k in range(len(contents))]
    return _written(names, contents)


def _written(names, contents):
    new = [name for name in names if not name.exists()]
    try:
        for name, content in zip(names, contents):
            write_bytes(name, content)
    except BaseException:
        for name in new:
            with suppress(OSError):
                name.unlink(missing_ok=True)
        raise
    return names


def _quantised(frames):
    """16-bit numbers, and the slope and intercept as the text of at most 16 characters says."""
    low = min(0.0, float(frames.min()))
    span = float(frames.max()) - low
    slope = float(f"{(span or 1.0) / LARGEST:.9g}")
    intercept = float(f"{low:.9g}")
    numbers = np.rint((frames.astype(np.float64) - intercept) / slope)
    return np.clip(numbers, 0, LARGEST).astype("<u2"), slope, intercept


def _geometry(image):
    if image.length_unit == "pixel":
        return None
    lps = LPS_TO_RAS @ image.affine[:3]
    step, row, column = np.linalg.norm(lps[:, :3], axis=0)
    orientation = np.concatenate([lps[:, 2] / column, lps[:, 1] / row])
    if not is_orthonormal(orientation):
        raise ValueError("a DICOM image has perpendicular rows and columns: resample this one")
    thickness = image.slice_thickness_mm or float(step)
    return lps, orientation, (row, column), thickness


def _place(data, geometry, number):
    if geometry is None:
        return
    lps, orientation, spacing, thickness = geometry
    data.ImagePositionPatient = _decimals(lps[:, 3] + number * lps[:, 0])
    data.ImageOrientationPatient = _decimals(orientation)
    data.PixelSpacing = _decimals(spacing)
    data.SliceThickness = _decimals([thickness])[0]


def _decimals(values):
    """Numbers as DICOM's decimal strings, at most 16 characters each."""
    return [f"{float(v):.9g}" if abs(v) > 1e-9 else "0" for v in values]


def _when(data, image, s, t, n_times):
    if n_times == 1:
        return
    data.TemporalPositionIdentifier, data.NumberOfTemporalPositions = t + 1, n_times
    if image.times_ms is not None:
        times = np.asarray(image.times_ms, dtype=float)
        data.TriggerTime = _decimals([times[s, t] if times.ndim == 2 else times[t]])[0]
    if image.facts.get("rr_ms"):
        data.NominalInterval = round(float(image.facts["rr_ms"]))


def _window(data, frames):
    """Brightness at which the image is first shown: from its darkest to its brightest 0.5 %."""
    low, high = (float(v) for v in np.percentile(frames.astype(float), (0.5, 99.5)))
    data.WindowCenter = _decimals([(low + high) / 2])[0]
    data.WindowWidth = _decimals([max(high - low, 1e-6)])[0]


def _dataset(pixels, digest, number, description, series):
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian

    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID = MR_IMAGE
    instance = _uid(digest, f"instance {number}")
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID = instance
    data.StudyInstanceUID, data.SeriesInstanceUID = _uid(digest, "study"), _uid(digest, "series")
    data.FrameOfReferenceUID = _uid(digest, "frame of reference")
    for name in EMPTY:
        setattr(data, name, None)
    values = {
        "SpecificCharacterSet": "ISO_IR 192",
        "PatientIdentityRemoved": "YES",
        "DeidentificationMethod": "no identity was read",
        "Modality": "MR",
        "Manufacturer": "corporis",
        "SoftwareVersions": metadata.version("corporis"),
        "SeriesDescription": one_line(description, 64),
        "SeriesNumber": series,
        "InstanceNumber": number,
        "ScanningSequence": "RM",
        "SequenceVariant": "NONE",
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "Rows": pixels.shape[0],
        "Columns": pixels.shape[1],
        "BitsAllocated": 16,
        "BitsStored": 16,
        "HighBit": 15,
        "PixelRepresentation": 0,
        "BurnedInAnnotation": "NO",
        "LossyImageCompression": "00",
    }
    for name, value in values.items():
        setattr(data, name, value)
    data.PixelData = np.ascontiguousarray(pixels, "<u2").tobytes()
    data["PixelData"].VR = "OW"
    return data


def _uid(digest, what):
    """A unique identifier out of the content: 2.25. and a number of 128 bits."""
    number = hashlib.sha256(digest + what.encode()).digest()[:16]
    return f"2.25.{int.from_bytes(number, 'big')}"


def _encoded(data):
    import pydicom

    target = io.BytesIO()
    pydicom.dcmwrite(target, data, enforce_file_format=True)
    return target.getvalue()
