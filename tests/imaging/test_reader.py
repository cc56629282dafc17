"""The one door: formats, refusals in one line, and files of every possible damage."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pydicom.data
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pydicom.uid import JPEG2000Lossless, JPEGLSLossless, RLELossless

from corporis.errors import BadInput, CorporisError, Unreadable, Unsupported
from corporis.imaging.description import describe
from corporis.imaging.reader import read
from corporis.imaging.screenshot import grey_values
from corporis.interfaces import Case

CAREFUL = settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
NAMES = ("a.dcm", "a.nii", "a.nii.gz", "a.npz", "a", "a.png")


def case_or_one_line(path):
    """Read; anything but a case or one clear line is a failure."""
    try:
        case = read(path)
    except CorporisError as error:
        assert "\n" not in str(error)
        assert len(str(error)) > 20
        return None
    assert isinstance(case, Case)
    assert case.images
    assert describe(case)
    for image in case.images.values():
        assert image.data.size
        assert np.all(np.isfinite(image.data))
    return case


@CAREFUL
@given(st.sampled_from(NAMES), st.binary(max_size=600))
def test_random_bytes(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    assert case_or_one_line(path) is None


@CAREFUL
@given(st.integers(0, 2000), st.binary(max_size=4), st.integers(0, 2000))
def test_damaged_dicom(tmp_path, dicom_bytes, keep, patch, where):
    broken = bytearray(dicom_bytes[:keep])
    broken[where : where + len(patch)] = patch
    path = tmp_path / "a.dcm"
    path.write_bytes(bytes(broken))
    case_or_one_line(path)


@pytest.mark.parametrize("syntax", [RLELossless, JPEGLSLossless, JPEG2000Lossless])
@settings(CAREFUL, max_examples=60)
@given(keep=st.floats(0.3, 1), patch=st.binary(max_size=4), where=st.floats(0.3, 1))
def test_damaged_compressed_dicom(tmp_path, write_compressed, syntax, keep, patch, where):
    # a decoder in C or Rust must neither abort nor panic
    pixels = np.random.default_rng(3).integers(0, 4096, (32, 40), dtype=np.uint16)
    whole = write_compressed("whole.dcm", pixels, syntax).read_bytes()
    (tmp_path / "whole.dcm").unlink()
    broken = bytearray(whole[: int(keep * len(whole))])
    start = int(where * len(whole))
    broken[start : start + len(patch)] = patch
    path = tmp_path / "a.dcm"
    path.write_bytes(bytes(broken))
    case_or_one_line(path)


def nifti_bytes():
    import nibabel

    return nibabel.Nifti1Image(np.arange(60, dtype=np.int16).reshape(3, 4, 5), np.eye(4)).to_bytes()


@CAREFUL
@given(st.integers(0, 480), st.binary(max_size=6), st.integers(0, 479))
def test_damaged_nifti(tmp_path, keep, patch, where):
    broken = bytearray(nifti_bytes()[:keep])
    broken[where : where + len(patch)] = patch
    path = tmp_path / "a.nii"
    path.write_bytes(bytes(broken))
    case_or_one_line(path)


ARRAYS = hnp.arrays(
    dtype=st.one_of(
        hnp.integer_dtypes(),
        hnp.floating_dtypes(),
        hnp.boolean_dtypes(),
        hnp.complex_number_dtypes(),
    ),
    shape=hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4),
)
KEYS = (
    "image",
    "trigger_time_ms",
    "image_position",
    "image_orientation",
    "pixel_spacing",
    "slice_thickness",
    "slice_location_mm",
    "ed_image",
    "es_image",
    "ed_slice",
    "es_slice",
    "ed_endo",
    "endo_xy",
    "lv_mask",
)


@CAREFUL
@given(st.dictionaries(st.sampled_from(KEYS), ARRAYS, max_size=8))
def test_random_npz(tmp_path, arrays):
    path = tmp_path / "a.npz"
    np.savez(path, **arrays)
    case_or_one_line(path)


@CAREFUL
@given(st.floats(0, 1), st.binary(max_size=3), st.floats(0, 1))
def test_damaged_npz(tmp_path, write_series, keep, patch, where):
    whole = write_series("whole.npz").read_bytes()
    broken = bytearray(whole[: int(keep * len(whole))])
    start = int(where * len(broken))
    broken[start : start + len(patch)] = patch
    path = tmp_path / "a.npz"
    path.write_bytes(bytes(broken))
    case_or_one_line(path)


def local_dicom_files():
    import data_store

    roots = (Path(pydicom.data.__file__).parent, Path(data_store.__file__).parent / "data")
    files = (p for root in roots for p in root.rglob("*") if p.is_file())
    return sorted(p for p in files if p.stat().st_size < 2_500_000)


def test_every_local_file_of_pydicom():
    files = local_dicom_files()
    read_well = {p.name for p in files if case_or_one_line(p) is not None}
    assert len(files) > 200
    assert len(read_well) >= 70
    assert {"MR_small.dcm", "JPEG-LL.dcm", "emri_small_jpeg_ls_lossless.dcm", "MR2_J2KI.dcm"} <= (
        read_well
    )


def test_every_local_folder_of_pydicom():
    folders = {p.parent for p in local_dicom_files()}
    assert sum(case_or_one_line(folder) is not None for folder in sorted(folders)) >= 5


def test_compressed_files_hold_the_same_pixels():
    folder = Path(pydicom.data.__file__).parent / "test_files"
    plain = read(folder / "MR_small.dcm").images["series_1"].data
    for name in ("RLE", "jp2klossless", "jpeg_ls_lossless", "bigendian", "implicit"):
        same = read(folder / f"MR_small_{name}.dcm").images["series_1"].data
        assert np.array_equal(same, plain), name


def test_missing_empty_and_foreign(tmp_path):
    with pytest.raises(BadInput, match="does not exist"):
        read(tmp_path / "nowhere")
    with pytest.raises(BadInput, match=r"expected DICOM .* got no file"):
        read(tmp_path)
    (tmp_path / "notes.txt").write_text("words")
    with pytest.raises(BadInput, match=r"got 1 other files \(first: notes.txt\)"):
        read(tmp_path)
    (tmp_path / "empty.dcm").touch()
    with pytest.raises(Unreadable, match=r"empty\.dcm: .* got an empty file"):
        read(tmp_path / "empty.dcm")


def test_several_formats_are_refused(write_series, write_dicom, tmp_path):
    write_series("a.npz")
    write_dicom("b.dcm", np.zeros((4, 4), np.uint16))
    with pytest.raises(BadInput, match=r"several formats \(1 DICOM, 1 npz\)"):
        read(tmp_path)


def test_files_of_the_folder_go_before_its_subfolders(write_series, write_dicom, tmp_path):
    write_series("Se4.npz")
    write_dicom("deeper/b.dcm", np.zeros((4, 4), np.uint16))
    case = read(tmp_path)
    assert list(case.images) == ["series_4"]
    assert case.facts["ignored"] == 1


def test_subfolders_are_searched_where_the_folder_has_no_image(write_dicom, tmp_path):
    write_dicom("study/series/b.dcm", np.zeros((4, 4), np.uint16))
    assert list(read(tmp_path).images) == ["series_1"]


def test_screenshots_are_refused_or_stacked(tmp_path):
    from PIL import Image as Picture

    for k in (0, 1):
        Picture.fromarray(np.full((4, 6), 9 * k, np.uint8)).save(tmp_path / f"{k}.png")
    with pytest.raises(Unsupported, match=r"0\.png: .* without pixel spacing"):
        read(tmp_path)
    image = read(tmp_path, pictures=True).images["pictures"]
    assert image.length_unit == "pixel"
    assert image.data[:, 0, 0].tolist() == [0, 9]
    Picture.fromarray(np.zeros((5, 6), np.uint8)).save(tmp_path / "2.png")
    with pytest.raises(BadInput, match="one size"):
        read(tmp_path, pictures=True)


def test_deep_grey_values_are_kept(tmp_path):
    from PIL import Image as Picture

    grey = np.linspace(0, 65535, 70 * 80).astype(np.uint16).reshape(70, 80)
    np.testing.assert_array_equal(grey_values(Picture.fromarray(grey.astype(np.int32))), grey)
    Picture.fromarray(grey).save(tmp_path / "a.png")
    case = read(tmp_path / "a.png", pictures=True)
    np.testing.assert_array_equal(case.images["pictures"].data[0], grey)
    assert case.facts["warnings"][0].startswith("16-bit pictures")
    Picture.fromarray((grey // 257).astype(np.uint8)).save(tmp_path / "c.png")
    assert read(tmp_path / "c.png", pictures=True).facts["warnings"][0].startswith("8-bit")
    with pytest.raises(BadInput, match="16 bits like the pictures before it, got 8"):
        read(tmp_path, pictures=True)


@pytest.mark.parametrize("kind", ["GIF", "TIFF", "BMP"])
def test_other_pictures_are_called_by_their_name(kind, tmp_path):
    from PIL import Image as Picture

    path = tmp_path / f"a.{kind.lower()}"
    Picture.fromarray(np.zeros((70, 80), np.uint8)).save(path)
    with pytest.raises(Unsupported, match=f"PNG or JPEG pictures, got a {kind} picture: save it"):
        read(path, pictures=True)
    with pytest.raises(Unsupported, match=f"got a {kind} picture: export the original"):
        read(path)


def test_a_name_is_one_printable_line(tmp_path, write_series):
    assert read(write_series("a.npz"), name="two\nlines \x1b[31m").name == "two lines ?[31m"
    assert read(tmp_path / "a.npz", name=" \n").name.startswith("case-")


def test_pickles_are_never_loaded(tmp_path):
    class Trap:
        def __reduce__(self):
            return (pytest.fail, ("a pickle was loaded",))

    np.savez(tmp_path / "a.npz", image=np.array([Trap()], dtype=object))
    with pytest.raises(Unreadable, match="never loaded"):
        read(tmp_path / "a.npz")


def test_zip_bomb_is_refused_by_its_header(tmp_path):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "<f8", "fortran_order": False, "shape": (10**5, 10**5, 9)}
    )
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("image.npy", header.getvalue())
    with pytest.raises(Unsupported, match="more than"):
        read(path)


def test_name_is_taken(write_series):
    assert read(write_series("Se1.npz"), name="volunteer 3").name == "volunteer 3"


def test_single_file_hash_is_that_of_sha256sum(write_series):
    import hashlib

    path = write_series("Se1.npz")
    assert read(path).facts["source_hash"] == hashlib.sha256(path.read_bytes()).hexdigest()
