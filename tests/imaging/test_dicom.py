"""DICOM: signs, order, values, privacy, and everything that scanners leave out."""

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import JPEG2000Lossless, JPEGLSLossless, RLELossless

from corporis.errors import BadInput, Unreadable, Unsupported
from corporis.imaging.reader import read

PIXELS = np.arange(48, dtype=np.uint16).reshape(6, 8)


def only(case):
    (image,) = case.images.values()
    return image


def test_lps_becomes_ras(write_dicom):
    image = only(read(write_dicom("a.dcm", PIXELS)))
    # row 1, column 2: LPS (10 + 2 * 3, 20 + 1 * 2, 30), so RAS (-16, -22, 30)
    assert np.allclose(image.to_world([0, 1, 2]), [-16, -22, 30])
    assert image.spacing == (8.0, 2.0, 3.0)
    assert np.array_equal(image.data, PIXELS)


def test_oblique_plane_is_kept(write_dicom):
    across, down = np.array([0.6, 0, 0.8]), np.array([0.0, 1, 0])
    path = write_dicom("a.dcm", PIXELS, ImageOrientationPatient=[*across, *down])
    image = only(read(path))
    lps = np.array([10, 20, 30]) + 5 * 3 * across + 4 * 2 * down
    assert np.allclose(image.to_world([0, 4, 5]), lps * [-1, -1, 1])


def test_dicom_and_npz_of_one_series_agree(data_dir):
    study = data_dir / "cardiac" / "bivme_patient1"
    dicom = only(read(study / "dicom_Se2"))
    npz = only(read(study / "Se2.npz"))
    assert np.array_equal(dicom.data, npz.data)
    assert np.allclose(dicom.affine, npz.affine)
    assert np.allclose(dicom.times_ms, npz.times_ms)
    assert dicom.facts["rr_ms"] == 829


def test_cine_is_sorted_by_trigger_time(write_dicom):
    for instance, time in enumerate((60.0, 0.0, 30.0)):
        path = write_dicom(
            f"x/{instance}.dcm", PIXELS + int(time), instance=instance, TriggerTime=time
        )
    image = only(read(path.parent))
    assert image.axes == ("time", "row", "column")
    assert image.times_ms.tolist() == [0, 30, 60]
    assert [int(v) for v in image.data[:, 0, 0]] == [0, 30, 60]
    assert image.facts["time_source"] == "trigger time"


@pytest.mark.parametrize(
    ("elements", "source", "times"),
    [
        ({"TemporalPositionIdentifier": [2, 1]}, "temporal position", None),
        ({"AcquisitionTime": ["101010.5", "101010.250000"]}, "acquisition time", [0, 250]),
        ({}, "instance number", None),
    ],
)
def test_without_trigger_times_another_order_is_named(write_dicom, elements, source, times):
    for i in (0, 1):
        more = {name: values[i] for name, values in elements.items()}
        path = write_dicom(f"x/{i}.dcm", PIXELS + i, instance=2 - i, TriggerTime=None, **more)
    case = read(path.parent)
    image = only(case)
    assert image.facts["time_source"] == source
    assert image.data[:, 0, 0].tolist() == [1, 0]
    assert (image.times_ms is None) if times is None else np.allclose(image.times_ms, times)
    assert any(source in line for line in case.facts["warnings"])


def test_slices_become_one_stack_along_the_normal(write_dicom):
    for k, z in enumerate((50.0, 30.0, 40.0)):
        for t in (0, 1):
            path = write_dicom(
                f"x/{k}{t}.dcm",
                PIXELS + int(z) + t,
                instance=10 * k + t,
                ImagePositionPatient=[10, 20, z],
                TriggerTime=30.0 * t + k,
            )
    image = only(read(path.parent))
    assert image.axes == ("slice", "time", "row", "column")
    assert image.data[:, 0, 0, 0].tolist() == [30, 40, 50]
    assert np.allclose(image.to_world([2, 0, 0]), [-10, -20, 50])
    assert np.allclose(image.times_ms, [[1, 31], [2, 32], [0, 30]])
    assert image.slice_thickness_mm == 8


def test_uneven_slices_stay_single_and_say_so(write_dicom):
    for k, z in enumerate((0.0, 10.0, 30.0)):
        path = write_dicom(f"x/{k}.dcm", PIXELS, instance=k, ImagePositionPatient=[0, 0, z])
    case = read(path.parent)
    assert list(case.images) == ["series_1_1", "series_1_2", "series_1_3"]
    assert {i.facts["parallel_group"] for i in case.images.values()} == {"series_1"}
    assert "gaps 10, 20 mm" in case.facts["warnings"][0]


def test_slices_shifted_in_plane_are_not_stacked(write_dicom):
    for k in range(3):
        path = write_dicom(f"x/{k}.dcm", PIXELS, instance=k, ImagePositionPatient=[3 * k, 0, 9 * k])
    assert len(read(path.parent).images) == 3


def test_one_slice_series_are_stacked_and_a_repeat_is_kept(write_dicom):
    for number, z in ((3, 0.0), (4, 9.0), (5, 18.0), (6, 9.0)):
        path = write_dicom(f"x/{number}.dcm", PIXELS + number, series=number)
        path = write_dicom(
            f"x/{number}.dcm", PIXELS + number, series=number, ImagePositionPatient=[0, 0, z]
        )
    case = read(path.parent)
    assert set(case.images) == {"stack_1", "series_4"}
    assert case.images["stack_1"].facts["series"] == (3, 6, 5)
    assert any("repeat" in line for line in case.facts["warnings"])


def test_two_series_are_two_images(write_dicom):
    for number, rows in ((2, 6), (7, 5)):
        for t in (0, 1):
            path = write_dicom(
                f"x/{number}_{t}.dcm", PIXELS[:rows], series=number, instance=t, TriggerTime=9.0 * t
            )
    assert list(read(path.parent).images) == ["series_2", "series_7"]


def test_values(write_dicom):
    scaled = only(read(write_dicom("a.dcm", PIXELS, RescaleSlope=2, RescaleIntercept=-5)))
    assert scaled.data.dtype == np.float32
    assert np.array_equal(scaled.data, 2.0 * PIXELS - 5)
    signed = only(read(write_dicom("b.dcm", PIXELS.astype(np.int16) - 20)))
    assert signed.data.min() == -20
    turned = only(
        read(write_dicom("c.dcm", PIXELS, PhotometricInterpretation="MONOCHROME1", BitsStored=12))
    )
    assert np.array_equal(turned.data, 4095 - PIXELS)
    assert turned.facts["inverted"]


def test_no_spacing_gives_pixels_not_millimetres(write_dicom):
    case = read(write_dicom("a.dcm", PIXELS, PixelSpacing=None))
    assert only(case).length_unit == "pixel"
    assert only(case).spacing == (1.0, 1.0, 1.0)
    assert "lengths are in pixels" in case.facts["warnings"][0]


def test_nobody_is_named(write_dicom):
    case = read(write_dicom("a.dcm", PIXELS))
    everything = repr(case).lower()
    for secret in ("vesalius", "andreas", "av1514", "15141231"):
        assert secret not in everything
    assert case.name == "case-" + case.facts["source_hash"][:8]
    assert only(case).facts["description"] == "cine of [removed]"


def test_duplicates_and_foreign_files_are_counted(write_dicom):
    path = write_dicom("x/a.dcm", PIXELS)
    (path.parent / "copy.dcm").write_bytes(path.read_bytes())
    (path.parent / "notes.txt").write_text("not an image")
    case = read(path.parent)
    assert only(case).axes == ("row", "column")
    assert (case.facts["duplicates"], case.facts["ignored"]) == (1, 1)


def test_source_hash_does_not_depend_on_names(write_dicom, tmp_path):
    first = write_dicom("x/a.dcm", PIXELS)
    second = write_dicom("x/b.dcm", PIXELS + 1, instance=2, TriggerTime=9.0)
    before = read(first.parent).facts["source_hash"]
    first.rename(first.parent / "z.dcm")
    assert read(second.parent).facts["source_hash"] == before


def test_several_patients_are_refused(write_dicom):
    write_dicom("x/a.dcm", PIXELS)
    path = write_dicom("x/b.dcm", PIXELS, instance=2, PatientID="other")
    with pytest.raises(BadInput, match="one patient, got 2"):
        read(path.parent)


def test_truncated_file_is_named(write_dicom):
    write_dicom("x/a.dcm", PIXELS)
    path = write_dicom("x/b.dcm", PIXELS, instance=2, TriggerTime=9.0)
    whole = path.read_bytes()
    for keep in (len(whole) - 10, 700, 200):
        path.write_bytes(whole[:keep])
        with pytest.raises(Unreadable, match=r"b\.dcm"):
            read(path.parent)


def test_absurd_sizes_are_refused_before_memory_is_taken(write_dicom):
    with pytest.raises(Unsupported, match="more than"):
        read(write_dicom("a.dcm", PIXELS, Rows=65535, Columns=65535))


@pytest.mark.parametrize(
    ("elements", "word"),
    [
        ({"ImageOrientationPatient": [1, 0, 0, 1, 0, 0]}, "perpendicular"),
        ({"ImagePositionPatient": [0, 0, 1e30]}, "finite"),
    ],
)
def test_impossible_geometry_is_refused(write_dicom, elements, word):
    with pytest.raises(Unreadable, match=word):
        read(write_dicom("a.dcm", PIXELS, **elements))


def test_colour_is_refused(write_dicom):
    colour = np.zeros((6, 8), np.uint8)
    path = write_dicom("a.dcm", colour, SamplesPerPixel=3, PhotometricInterpretation="RGB")
    with pytest.raises(Unsupported, match=r"a\.dcm: expected grey values, got a colour image"):
        read(path)


@pytest.mark.parametrize("syntax", [RLELossless, JPEGLSLossless, JPEG2000Lossless])
def test_lossless_compression(write_compressed, syntax):
    pixels = np.random.default_rng(3).integers(0, 4096, (64, 80), dtype=np.uint16)
    assert np.array_equal(only(read(write_compressed("a.dcm", pixels, syntax))).data, pixels)


@pytest.mark.parametrize(
    ("name", "frames", "source"),
    [
        ("rt_cine_dicom_jpeg", 32, "acquisition time"),
        ("pig_cine_dicom_example", 3, "trigger time"),
        ("dense_phantom_dicom/mag", 25, "instance number"),
    ],
)
def test_public_series(data_dir, name, frames, source):
    image = only(read(data_dir / "cardiac" / name))
    assert image.size("time") == frames
    assert image.facts["time_source"] == source
    assert image.length_unit == "mm"
    assert np.ptp(image.data) > 100


def test_four_series_of_one_plane_stay_apart(data_dir):
    case = read(data_dir / "cardiac" / "dense_phantom_dicom")
    assert list(case.images) == ["series_1", "series_2", "series_3", "series_4"]


def group(**elements):
    inner = Dataset()
    for name, value in elements.items():
        setattr(inner, name, value)
    return Sequence([inner])


def test_enhanced_multi_frame(write_dicom):
    frames, pixels = [], []
    for z in (10.0, 0.0):  # frames in an order that is neither space nor time
        for time in (40.0, 0.0, 20.0):
            frame = Dataset()
            frame.PlanePositionSequence = group(ImagePositionPatient=[0, 0, z])
            frame.CardiacSynchronizationSequence = group(NominalCardiacTriggerDelayTime=time)
            frame.PixelValueTransformationSequence = group(RescaleSlope=0.5, RescaleIntercept=z)
            frames.append(frame)
            pixels.append(np.full((4, 5), time, np.uint16))
    shared = Dataset()
    shared.PlaneOrientationSequence = group(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])
    shared.PixelMeasuresSequence = group(PixelSpacing=[2.0, 3.0], SliceThickness=8.0)
    gone = ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "TriggerTime")
    path = write_dicom(
        "a.dcm",
        np.stack(pixels),
        NumberOfFrames=6,
        PerFrameFunctionalGroupsSequence=Sequence(frames),
        SharedFunctionalGroupsSequence=Sequence([shared]),
        **dict.fromkeys((*gone, "SliceThickness")),
    )
    image = only(read(path))
    assert image.axes == ("slice", "time", "row", "column")
    assert np.allclose(image.data[..., 0, 0], [[0, 10, 20], [10, 20, 30]])
    assert np.allclose(image.times_ms, [[0, 20, 40]] * 2)
    assert image.spacing == (10.0, 2.0, 3.0)


def test_classic_multi_frame_uses_the_frame_time(write_dicom):
    movie = np.arange(3 * 20, dtype=np.uint16).reshape(3, 4, 5)
    path = write_dicom("a.dcm", movie, NumberOfFrames=3, FrameTime=25.0)
    image = only(read(path))
    assert image.times_ms.tolist() == [0, 25, 50]
    assert np.array_equal(image.data, movie)


def test_two_studies_of_one_patient_are_refused(write_dicom, tmp_path):
    pixels = np.zeros((4, 5), np.uint16)
    for number in (1, 2):
        write_dicom(f"{number}.dcm", pixels, series=number, StudyInstanceUID=f"1.2.3.{number}")
    with pytest.raises(BadInput, match=r"expected one study, got 2 studies .*1\.dcm, 2\.dcm"):
        read(tmp_path)
    write_dicom("2.dcm", pixels, series=2, StudyInstanceUID="1.2.3.1")
    assert len(read(tmp_path).images) == 2
