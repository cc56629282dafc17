"""Small synthetic files with a known answer."""

import io

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

STUDY = "1.2.826.0.1.3680043.8.498.1"
MR_IMAGE = "1.2.840.10008.5.1.4.1.1.4"


def mr_dataset(pixels, *, series=1, instance=1, **changes):
    """A minimal MR image; a change of None takes the element away."""
    pixels = np.asarray(pixels)
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.file_meta.MediaStorageSOPClassUID = MR_IMAGE
    uid = f"{STUDY}.{series}.{instance}"
    data.file_meta.MediaStorageSOPInstanceUID = uid
    values = {
        "SOPClassUID": MR_IMAGE,
        "SOPInstanceUID": uid,
        "SeriesInstanceUID": f"{STUDY}.{series}",
        "StudyInstanceUID": STUDY,
        "Modality": "MR",
        "PatientName": "Vesalius^Andreas",
        "PatientID": "AV1514",
        "PatientBirthDate": "15141231",
        "SeriesDescription": "cine of Vesalius",
        "SeriesNumber": series,
        "InstanceNumber": instance,
        "ImagePositionPatient": [10.0, 20.0, 30.0],
        "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
        "PixelSpacing": [2.0, 3.0],
        "SliceThickness": 8.0,
        "TriggerTime": 0.0,
        "Rows": pixels.shape[-2],
        "Columns": pixels.shape[-1],
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "BitsAllocated": 8 * pixels.itemsize,
        "BitsStored": 8 * pixels.itemsize,
        "HighBit": 8 * pixels.itemsize - 1,
        "PixelRepresentation": int(pixels.dtype.kind == "i"),
        **changes,
    }
    for name, value in values.items():
        if value is not None:
            setattr(data, name, value)
    content = pixels.tobytes()
    data.PixelData = content + b"\0" * (len(content) % 2)
    data["PixelData"].VR = "OB" if pixels.itemsize == 1 else "OW"
    return data


@pytest.fixture
def write_dicom(tmp_path):
    """Writes one image, ``write_dicom(name, pixels, **elements)``, and gives its path."""

    def write(name, pixels, **elements):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        mr_dataset(pixels, **elements).save_as(path, enforce_file_format=True)
        return path

    return write


@pytest.fixture
def write_compressed(tmp_path):
    """Writes one image in a compressed transfer syntax."""

    def write(name, pixels, syntax, **elements):
        path = tmp_path / name
        data = mr_dataset(pixels, **elements)
        data.compress(syntax)
        data.save_as(path, enforce_file_format=True)
        return path

    return write


@pytest.fixture(scope="session")
def dicom_bytes():
    """A valid little DICOM file, to be damaged."""
    target = io.BytesIO()
    pixels = np.arange(48, dtype=np.uint16).reshape(6, 8)
    pydicom.dcmwrite(target, mr_dataset(pixels), enforce_file_format=True)
    return target.getvalue()


@pytest.fixture
def write_series(tmp_path):
    """Writes one cine series as npz, ``write_series(name, **changes)``, and gives its path."""

    def write(name, **changes):
        values = {
            "image": np.arange(3 * 4 * 5, dtype=np.uint16).reshape(3, 4, 5),
            "trigger_time_ms": np.array([0.0, 30.0, 60.0]),
            "image_position": np.array([10.0, 20.0, 30.0]),
            "image_orientation": np.array([1.0, 0, 0, 0, 1, 0]),
            "pixel_spacing": np.array([2.0, 3.0]),
            "slice_thickness": np.array(8.0),
            **changes,
        }
        path = tmp_path / name
        np.savez_compressed(path, **{k: v for k, v in values.items() if v is not None})
        return path

    return write
