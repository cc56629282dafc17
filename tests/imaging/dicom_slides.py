"""DICOM whole-slide images written from arrays, level by level."""

from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid

WHOLE_SLIDE = UID("1.2.840.10008.5.1.4.1.1.77.1.6")


def write_dicom_slide(folder: Path, image, um_per_px: float, tile=(64, 96), n_levels=2) -> Path:
    """A folder with a file a level, each half as fine as the one before."""
    folder.mkdir(parents=True, exist_ok=True)
    shared = {name: generate_uid() for name in ("study", "series", "frame", "pyramid")}
    size_mm = [n * um_per_px / 1000 for n in image.shape[:2]]
    for level in range(n_levels):
        pixels = image[:: 2**level, :: 2**level]
        _level(pixels, um_per_px * 2**level, tile, shared, size_mm, level).save_as(
            folder / f"level-{level}.dcm", enforce_file_format=True
        )
    return folder


def _level(pixels, um_per_px, tile, shared, size_mm, level):
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID = WHOLE_SLIDE
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID = generate_uid()
    made.StudyInstanceUID, made.SeriesInstanceUID = shared["study"], shared["series"]
    made.FrameOfReferenceUID, made.PyramidUID = shared["frame"], shared["pyramid"]
    made.PatientName, made.PatientID = "Smith^Anna", "17"
    made.Modality = "SM"
    made.ImageType = ["ORIGINAL" if level == 0 else "DERIVED", "PRIMARY", "VOLUME",
                      "NONE" if level == 0 else "RESAMPLED"]  # fmt: skip
    made.ContainerIdentifier = "slide"
    made.InstanceNumber = level + 1
    frames = _frames(pixels, tile)
    made.Rows, made.Columns = tile
    made.TotalPixelMatrixRows, made.TotalPixelMatrixColumns = pixels.shape[:2]
    made.TotalPixelMatrixFocalPlanes = 1
    made.NumberOfFrames = len(frames)
    bits = 8 * pixels.itemsize
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    if pixels.ndim == 3:
        made.SamplesPerPixel, made.PhotometricInterpretation, made.PlanarConfiguration = 3, "RGB", 0
    made.BitsAllocated = made.BitsStored = bits
    made.HighBit, made.PixelRepresentation = bits - 1, 0
    made.ImagedVolumeHeight, made.ImagedVolumeWidth = size_mm
    made.ImagedVolumeDepth = 0.001
    made.DimensionOrganizationType = "TILED_FULL"
    made.SpecimenLabelInImage = made.BurnedInAnnotation = "NO"
    made.FocusMethod, made.ExtendedDepthOfField = "AUTO", "NO"
    made.LossyImageCompression = "00"
    made.NumberOfOpticalPaths = 1
    measures, groups, path = Dataset(), Dataset(), Dataset()
    measures.PixelSpacing = [um_per_px / 1000] * 2
    measures.SliceThickness = 0.001
    measures.SpacingBetweenSlices = 0.001
    groups.PixelMeasuresSequence = Sequence([measures])
    made.SharedFunctionalGroupsSequence = Sequence([groups])
    path.OpticalPathIdentifier = "1"
    made.OpticalPathSequence = Sequence([path])
    origin = Dataset()
    origin.XOffsetInSlideCoordinateSystem = origin.YOffsetInSlideCoordinateSystem = 0.0
    made.TotalPixelMatrixOriginSequence = Sequence([origin])
    made.ImageOrientationSlide = [0, 1, 0, 1, 0, 0]
    content = b"".join(frames)
    made.PixelData = content + b"\0" * (len(content) % 2)
    return made


def _frames(pixels, tile):
    rows, columns = (-(-n // t) * t for n, t in zip(pixels.shape[:2], tile, strict=True))
    whole = np.full((rows, columns, *pixels.shape[2:]), 255, pixels.dtype)
    whole[: pixels.shape[0], : pixels.shape[1]] = pixels
    return [
        whole[r : r + tile[0], c : c + tile[1]].tobytes()
        for r in range(0, rows, tile[0])
        for c in range(0, columns, tile[1])
    ]
