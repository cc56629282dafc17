"""DICOM SEG: what other programs need to show masks on the image they belong to."""

from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file

from corporis.errors import BadInput, MissingExtra
from corporis.imaging import read
from corporis.imaging.segmentation import Segment, write_seg

LUNG, HEART = ("39607008", "Lung"), ("80891009", "Heart")
CR = "1.2.840.10008.5.1.4.1.1.1"
SEG = "1.2.840.10008.5.1.4.1.1.66.4"


def radiograph(path, pixels, spacing=(0.7, 0.7), is_inverted=False, **elements):
    """A computed radiograph, as an archive holds it; MONOCHROME1 where inverted."""
    from pydicom.dataset import Dataset, FileMetaDataset

    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID = CR
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID = "2.25.4711"
    data.StudyInstanceUID, data.SeriesInstanceUID = "2.25.1", "2.25.2"
    data.PatientName, data.PatientID, data.Modality = "Nobody^Anna", "17", "CR"
    data.PatientBirthDate = data.PatientSex = data.StudyDate = data.StudyTime = ""
    data.AccessionNumber = data.ReferringPhysicianName = data.StudyID = ""
    data.SeriesNumber, data.InstanceNumber = 1, 1
    data.Rows, data.Columns = pixels.shape
    if spacing is not None:
        data.PixelSpacing = list(spacing)
    data.SamplesPerPixel, data.PixelRepresentation = 1, 0
    data.BitsAllocated, data.BitsStored, data.HighBit = 16, 12, 11
    data.PhotometricInterpretation = "MONOCHROME1" if is_inverted else "MONOCHROME2"
    stored = np.round(4095 * np.clip(pixels, 0, 1)).astype("<u2")
    data.PixelData = ((4095 - stored) if is_inverted else stored).tobytes()
    data["PixelData"].VR = "OW"
    for name, value in elements.items():
        setattr(data, name, value)
    pydicom.dcmwrite(path, data, enforce_file_format=True)
    return path


def disc(shape, middle, radius):
    r, c = np.indices(shape)
    return (r - middle[0]) ** 2 + (c - middle[1]) ** 2 < radius**2


def frames(data):
    """The mask of every segment that has a frame, by number."""
    found = data.pixel_array.reshape(-1, data.Rows, data.Columns)
    shared = data.SharedFunctionalGroupsSequence[0]  # a single segment is identified there
    numbers = [
        int(
            (group.get("SegmentIdentificationSequence") or shared.SegmentIdentificationSequence)[
                0
            ].ReferencedSegmentNumber
        )
        for group in data.PerFrameFunctionalGroupsSequence
    ]
    return dict(zip(numbers, found.astype(bool), strict=True))


def test_masks_come_back_with_names_codes_and_what_they_lie_on(tmp_path):
    shape = (90, 110)
    pixels = np.random.default_rng(0).random(shape)
    source = radiograph(tmp_path / "a.dcm", pixels, (0.175, 0.2))
    masks = [disc(shape, (40, 70), 20), disc(shape, (45, 60), 18), np.zeros(shape, bool)]
    segments = [
        Segment("left lung", masks[0], LUNG, "left"), Segment("heart", masks[1], HEART),
        Segment("right lung", masks[2], LUNG, "right"),
    ]  # fmt: skip
    for path in ("one.dcm", "two.dcm"):
        write_seg(segments, source, tmp_path / path)
    data = pydicom.dcmread(tmp_path / "one.dcm")
    assert data.SOPClassUID == SEG and data.SegmentationType == "BINARY"
    assert data.SOPInstanceUID == pydicom.dcmread(tmp_path / "two.dcm").SOPInstanceUID
    found = frames(data)
    np.testing.assert_array_equal(found[1], masks[0])  # they overlap, and do not share a frame
    np.testing.assert_array_equal(found[2], masks[1])
    assert 3 not in found and len(data.SegmentSequence) == 3
    lung = data.SegmentSequence[0]
    kind = lung.SegmentedPropertyTypeCodeSequence[0]
    assert (lung.SegmentLabel, kind.CodeValue, kind.CodingSchemeDesignator) == (
        "left lung", "39607008", "SCT"
    )  # fmt: skip
    assert kind.SegmentedPropertyTypeModifierCodeSequence[0].CodeMeaning == "Left"
    assert lung.SegmentAlgorithmType == "AUTOMATIC"
    series = data.ReferencedSeriesSequence[0]
    assert series.SeriesInstanceUID == "2.25.2"
    assert series.ReferencedInstanceSequence[0].ReferencedSOPInstanceUID == "2.25.4711"
    shared = data.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    assert [float(v) for v in shared.PixelSpacing] == [0.175, 0.2]
    assert (data.PatientID, data.StudyInstanceUID) == ("17", "2.25.1")


@pytest.mark.parametrize("name", ["RG1_UNCR.dcm", "RG3_UNCR.dcm"])
def test_real_radiographs_of_monochrome1_are_referred_to(name, tmp_path):
    source = Path(get_testdata_file(name))
    (image,) = read(source).images.values()
    assert image.facts["inverted"]
    mask = disc(image.data.shape[-2:], (800, 900), 400)
    write_seg([Segment("heart", mask, HEART)], source, tmp_path / "seg.dcm")
    data, original = pydicom.dcmread(tmp_path / "seg.dcm"), pydicom.dcmread(source)
    np.testing.assert_array_equal(frames(data)[1], mask)
    reference = data.ReferencedSeriesSequence[0].ReferencedInstanceSequence[0]
    assert reference.ReferencedSOPInstanceUID == original.SOPInstanceUID
    assert data.StudyInstanceUID == original.StudyInstanceUID


def test_what_cannot_be_referred_to_is_one_line(tmp_path, monkeypatch):
    mask = disc((90, 110), (40, 70), 20)
    segment = Segment("heart", mask, HEART)
    source = radiograph(tmp_path / "a.dcm", np.zeros((80, 110)))
    with pytest.raises(BadInput, match="one frame"):
        write_seg([segment], source, tmp_path / "seg.dcm")
    (tmp_path / "b.png").write_bytes(b"picture")
    with pytest.raises(BadInput, match="one DICOM image to refer to, got 0"):
        write_seg([segment], tmp_path / "b.png", tmp_path / "seg.dcm")
    with pytest.raises(ValueError, match="a pixel inside"):
        write_seg([Segment("heart", 0 * mask, HEART)], source, tmp_path / "seg.dcm")
    with pytest.raises(ValueError, match="left, right or empty"):
        Segment("heart", mask, HEART, "middle")
    monkeypatch.setitem(__import__("sys").modules, "highdicom", None)
    with pytest.raises(MissingExtra, match=r"corporis\[seg\]"):
        write_seg([segment], source, tmp_path / "seg.dcm")
    assert not (tmp_path / "seg.dcm").exists()
