"""DICOM SEG of volumes: every frame lies where its slice lies, whatever the files' order."""

import highdicom
import numpy as np
import pydicom
import pytest

from corporis.errors import BadInput
from corporis.imaging import read
from corporis.imaging.dicom_writer import write_dicom
from corporis.imaging.image import Image
from corporis.imaging.plane import LPS_TO_RAS
from corporis.imaging.segmentation import Segment
from corporis.imaging.volume_segmentation import slice_files, write_volume_seg

LIVER, KIDNEY = ("10200004", "Liver"), ("64033007", "Kidney")
SHAPE = (6, 20, 24)


def series(folder, tilt=0.3):
    """An oblique series whose files' names and numbers run against its slices; read again."""
    c, s = np.cos(tilt), np.sin(tilt)
    affine = np.eye(4)
    affine[:3, :3] = np.array([[1, 0, 0], [0, c, -s], [0, s, c]])[:, ::-1] * [3.0, 0.9, 0.8]
    affine[:3, 3] = [-40.0, 12.0, 300.0]
    data = np.random.default_rng(0).integers(0, 999, SHAPE).astype(float)
    files = write_dicom(Image(data, ("slice", "row", "column"), affine), folder)
    for number, file in enumerate(files):
        file.rename(folder / f"{len(files) - number:02d}.dcm")
    (image,) = read(folder).images.values()
    return image


def halves():
    masks = np.zeros((3, *SHAPE), bool)
    masks[0, 1:4, 5:15, 3:10] = True
    masks[1, 3:6, 8:18, 12:20] = True
    return masks


def test_frames_lie_in_the_patient_where_the_masks_lie(tmp_path):
    folder = tmp_path / "series"
    folder.mkdir()
    image = series(folder)
    masks = halves()
    segments = [
        Segment("liver", masks[0], LIVER), Segment("left kidney", masks[1], KIDNEY, "left"),
        Segment("right kidney", masks[2], KIDNEY, "right"),
    ]  # fmt: skip
    for name in ("one.dcm", "two.dcm"):
        write_volume_seg(segments, image, folder, tmp_path / name)
    found = highdicom.seg.segread(tmp_path / "one.dcm")
    assert found.SOPInstanceUID == pydicom.dcmread(tmp_path / "two.dcm").SOPInstanceUID
    assert found.number_of_segments == 3
    for number, mask in enumerate(masks[:2], 1):
        volume = found.get_volume(segment_numbers=[number], combine_segments=True)
        there = np.argwhere(volume.array)
        placed = there @ volume.affine[:3, :3].T + volume.affine[:3, 3]  # LPS
        wanted = image.to_world(np.argwhere(mask)) @ LPS_TO_RAS.T
        order = [np.lexsort(np.round(p, 2).T) for p in (placed, wanted)]
        np.testing.assert_allclose(placed[order[0]], wanted[order[1]], atol=1e-3)
    origin = pydicom.dcmread(slice_files(image, folder)[3])
    references = {
        item.ReferencedSOPInstanceUID
        for item in found.ReferencedSeriesSequence[0].ReferencedInstanceSequence
    }
    assert origin.SOPInstanceUID in references
    assert found.FrameOfReferenceUID == origin.FrameOfReferenceUID


def test_a_slice_without_a_file_is_one_line(tmp_path):
    folder = tmp_path / "series"
    folder.mkdir()
    image = series(folder)
    segment = Segment("liver", halves()[0], LIVER)
    (folder / "03.dcm").unlink()
    with pytest.raises(BadInput, match="each of 6 slices, got 5"):
        write_volume_seg([segment], image, folder, tmp_path / "seg.dcm")
    with pytest.raises(ValueError, match="overlap"):
        write_volume_seg([segment, segment], image, folder, tmp_path / "seg.dcm")
    with pytest.raises(ValueError, match="a voxel inside"):
        empty = Segment("liver", np.zeros(SHAPE, bool), LIVER)
        write_volume_seg([empty], image, folder, tmp_path / "seg.dcm")
    assert not (tmp_path / "seg.dcm").exists()


def test_slices_of_a_tilted_gantry_are_one_volume_of_ct_alone(tmp_path):
    for modality, n_images in (("MR", SHAPE[0]), ("CT", 1)):
        folder = tmp_path / modality
        folder.mkdir()
        image = series(folder, 0.0)
        assert image.size("slice") == SHAPE[0]
        for file in folder.iterdir():
            data = pydicom.dcmread(file)
            x, y, z = data.ImagePositionPatient
            data.ImagePositionPatient = [x, float(y) + (float(z) - 300.0) * np.tan(0.3), z]
            data.Modality = modality
            data.save_as(file)
        images = list(read(folder).images.values())
        assert len(images) == n_images
    (tilted,) = images
    np.testing.assert_array_equal(tilted.data, image.data)
    step = tilted.affine[:3, 0]
    np.testing.assert_allclose(abs(step[1] / step[2]), np.tan(0.3), rtol=1e-3)
    write_volume_seg([Segment("liver", halves()[0], LIVER)], tilted, folder, tmp_path / "s.dcm")
    found = pydicom.dcmread(tmp_path / "s.dcm")
    places = [
        group.PlanePositionSequence[0].ImagePositionPatient
        for group in found.PerFrameFunctionalGroupsSequence
    ]
    wanted = tilted.to_world([[k, 0, 0] for k in (1, 2, 3)]) @ LPS_TO_RAS.T
    order = np.argsort([float(place[2]) for place in places])
    np.testing.assert_allclose(np.array(places, float)[order], wanted, atol=1e-3)
