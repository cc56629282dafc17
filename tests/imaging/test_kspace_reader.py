"""Every format of the same scan gives the same k-space; every bad one a clear line."""

import hashlib

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import io

from corporis.errors import BadInput, CorporisError, Unreadable, Unsupported
from corporis.imaging import read_kspace, write_cfl
from imaging.kspace_files import some_kspace, to_image, to_kspace, xml

DATA = some_kspace((3, 12, 10))


def mat73(path, **arrays):
    """A MATLAB 7.3 file: a block of text, then HDF5 with axes in reverse and pairs of numbers."""
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, array in arrays.items():
            array = np.asarray(array)
            if array.dtype.kind == "c":
                part = "f4" if array.dtype == np.complex64 else "f8"
                stored = np.empty(array.T.shape, [("real", part), ("imag", part)])
                stored["real"], stored["imag"] = array.T.real, array.T.imag
            else:
                stored = array.T
            file[name] = stored
            file[name].attrs["MATLAB_class"] = np.bytes_("double")
    with path.open("r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64")
    return path


def every_format(folder):
    """The same scan in many files."""
    np.save(folder / "a.npy", DATA)
    np.save(folder / "double.npy", np.asfortranarray(DATA.astype(complex)))
    np.save(folder / "big.npy", DATA.astype(">c8"))
    np.savez(folder / "a.npz", kspace=DATA)
    np.savez_compressed(folder / "two.npz", ksp=DATA, image=to_image(DATA))
    matlab = DATA.transpose(1, 2, 0)
    io.savemat(folder / "a.mat", {"kspace": matlab, "name": "x", "n": 3})
    io.savemat(folder / "small.mat", {"kdata": matlab}, do_compression=True)
    mat73(folder / "new.mat", kspace=matlab)
    mat73(folder / "newer.mat", ksp=matlab.astype(complex), n=3.0)
    with h5py.File(folder / "plain.h5", "w") as file:
        file["raw"] = DATA
    write_cfl(DATA.transpose(1, 2, 0).reshape(1, 12, 10, 3), folder / "b")
    return sorted(p for p in folder.iterdir() if p.suffix != ".hdr")


def test_every_format_gives_the_same(tmp_path):
    paths = every_format(tmp_path)
    assert len(paths) == 11
    for path in paths:
        kspace = read_kspace(path)
        assert kspace.axes == ("coil", "row", "column"), path
        assert kspace.data.dtype == np.complex64
        assert np.array_equal(kspace.data, DATA), path
        assert kspace.mask is None
        assert kspace.matrix == (12, 10)
        assert isinstance(kspace.facts["warnings"], tuple)
        assert kspace.facts["partial_fourier"] == kspace.facts["zero_filled"] == {}
    path = tmp_path / "a.npy"
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert read_kspace(path).facts["source_hash"] == digest
    assert read_kspace(str(path)).facts["format"] == "NumPy"


@pytest.mark.parametrize("suffix", ["npy", "npz", "mat", "cfl"])
def test_masks_and_maps_of_every_format(tmp_path, suffix):
    mask = np.zeros((12, 10))
    mask[::2] = 1
    maps = np.stack([some_kspace(seed=1), some_kspace(seed=2)])
    np.save(tmp_path / "k.npy", DATA)
    if suffix == "npy":
        np.save(tmp_path / "mask.npy", mask.astype(bool))
        np.save(tmp_path / "maps.npy", maps)
    elif suffix == "npz":
        np.savez(tmp_path / "mask.npz", mask=mask, other=np.ones(3))
        np.savez(tmp_path / "maps.npz", sens=maps, mask=mask)
    elif suffix == "mat":
        io.savemat(tmp_path / "mask.mat", {"Umask": mask})
        io.savemat(tmp_path / "maps.mat", {"maps": maps.transpose(2, 3, 1, 0)})
    else:
        write_cfl(mask.reshape(1, 12, 10).astype(complex), tmp_path / "mask")
        write_cfl(maps.transpose(2, 3, 1, 0)[None], tmp_path / "maps")
    paths = {name: tmp_path / f"{name}.{suffix}" for name in ("mask", "maps")}
    kspace = read_kspace(tmp_path / "k.npy", **paths)
    assert np.array_equal(kspace.mask, mask == 1)
    assert np.array_equal(kspace.data, DATA * mask)
    assert np.array_equal(kspace.maps, maps)


def test_masks_and_maps_in_the_same_file(tmp_path):
    mask = (np.arange(12) % 2)[:, None].repeat(10, axis=1)
    np.savez(tmp_path / "a.npz", kspace=DATA, mask=mask, maps=DATA)
    io.savemat(
        tmp_path / "a.mat",
        {"kspace": DATA.transpose(1, 2, 0), "mask": mask, "maps": DATA.transpose(1, 2, 0)},
    )
    for name in ("a.npz", "a.mat"):
        kspace = read_kspace(tmp_path / name)
        assert np.array_equal(kspace.mask, mask == 1)
        assert np.array_equal(kspace.maps, DATA)
        other = read_kspace(tmp_path / name, mask=np.arange(10) < 7)
        assert other.share == pytest.approx(0.7)


def test_zeros_are_not_measured(tmp_path):
    mask = np.random.default_rng(0).random((12, 10)) < 0.4
    np.save(tmp_path / "a.npy", DATA * mask)
    kspace = read_kspace(tmp_path / "a.npy")
    assert np.array_equal(kspace.mask, mask)
    kspace = read_kspace(tmp_path / "a.npy", mask=np.ones((12, 10)))
    assert np.array_equal(kspace.mask, mask)
    assert "count as not measured" in kspace.facts["warnings"][-1]
    # a few zeros of a scanner that rounds are measured
    rounded = some_kspace((1, 64, 64))
    rounded[0, 5, 7] = rounded[0, 50, 3] = 0
    np.save(tmp_path / "b.npy", rounded)
    assert read_kspace(tmp_path / "b.npy").mask is None
    rounded[0, 5] = 0
    np.save(tmp_path / "b.npy", rounded)
    assert read_kspace(tmp_path / "b.npy").mask[5].sum() == 0


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((12, 10), ("row", "column")),
        ((3, 12, 10), ("coil", "row", "column")),
        ((12, 10, 3), ("coil", "row", "column")),
        ((5, 3, 12, 10), ("frame", "coil", "row", "column")),
        ((12, 10, 3, 5), ("frame", "coil", "row", "column")),
        ((1, 1, 12, 10, 3), ("coil", "row", "column")),
    ],
)
def test_axes_are_guessed_and_said(tmp_path, shape, expected):
    rng = np.random.default_rng(0)
    np.save(tmp_path / "a.npy", rng.standard_normal(shape) + 1j)
    kspace = read_kspace(tmp_path / "a.npy")
    assert kspace.axes == (expected if "coil" in expected else ("coil", *expected))
    assert kspace.size("row") == 12
    guessed = "guessed" in "".join(kspace.facts["warnings"])
    assert guessed == (len(shape) > 2)


def test_axes_can_be_named(tmp_path):
    data = some_kspace((12, 10, 12, 10))
    np.save(tmp_path / "a.npy", data)
    kspace = read_kspace(tmp_path / "a.npy", axes=("frame", "coil", "row", "column"))
    assert np.array_equal(kspace.data, data)
    kspace = read_kspace(
        tmp_path / "a.npy", axes=("coil", "frame", "row", "column"), mask=np.arange(10) % 2
    )
    assert np.array_equal(kspace.at("frame", 3).data[..., 1::2], data[:, 3, :, 1::2])
    assert not kspace.facts["warnings"]
    for axes in (("row", "column"), ("coil", "coil", "row", "column"), ("a", "b", "row", "column")):
        with pytest.raises(BadInput, match="for each of the 4 axes"):
            read_kspace(tmp_path / "a.npy", axes=axes)


def test_fastmri(tmp_path):
    rng = np.random.default_rng(0)
    image = np.zeros((2, 3, 16, 10), complex)
    image[:, :, 4:12] = 1 + rng.standard_normal((2, 3, 8, 10))
    data = to_kspace(image)
    header = xml(
        encoded=(16, 10, 1), extent=(440, 200, 4.5), wanted=(8, 8, 1), wanted_mm=(220, 160, 4.5)
    )
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file["kspace"] = data
        file["ismrmrd_header"] = header
        file.attrs["patient_id"] = (
            "0beb8905d9b7fad304389b9d4263c57d5b069257ea0fdc7bf5f675608a47b406"
        )
    kspace = read_kspace(path)
    assert kspace.axes == ("coil", "slice", "row", "column")
    assert np.allclose(to_image(kspace.data), image.swapaxes(0, 1)[:, :, 4:12], atol=1e-5)
    assert kspace.facts["readout_oversampling"] == 2
    assert kspace.facts["readout_axis"] == "row"
    assert kspace.field_of_view_mm == (220.0, 200.0)
    assert kspace.facts["reconstructed_matrix"] == (8, 8)
    assert kspace.facts["slice_thickness_mm"] == 4.5
    assert np.allclose(kspace.image(np.zeros((2, 8, 10))).spacing, (4.5, 27.5, 20))
    assert "0beb" not in repr(kspace)[:10000]
    # the test sets: columns left out, the mask beside
    mask = np.arange(10) % 3 > 0
    with h5py.File(path, "r+") as file:
        file["kspace"][...] = data * mask
        file["mask"] = mask.astype(np.float32)
    fewer = read_kspace(path)
    assert np.array_equal(fewer.mask, np.broadcast_to(mask, (2, 8, 10)))
    # one coil, no header
    with h5py.File(path, "w") as file:
        file["kspace"] = data[:1, 0]
    single = read_kspace(path)
    assert single.axes == ("coil", "row", "column")
    assert single.data.shape == (1, 16, 10)
    assert "no header" in single.facts["warnings"][0]
    with h5py.File(path, "w") as file:
        file["kspace"] = np.abs(data)
    with pytest.raises(Unsupported, match="not a magnitude"):
        read_kspace(path)


def test_which_array_is_meant(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(
        path, ksp1=DATA[0], ksp8=DATA, img=to_image(DATA[0]), maps8=DATA, mask=np.ones((12, 10))
    )
    with pytest.raises(BadInput, match="one array that can be kspace, got ksp1, ksp8"):
        read_kspace(path)
    assert np.array_equal(read_kspace(path, variable="ksp8", maps=path).maps, DATA)
    with pytest.raises(BadInput, match="an array called ksp9, got ksp1 12x10 complex64"):
        read_kspace(path, variable="ksp9")
    with pytest.raises(BadInput, match="complex k-space in mask, got float64"):
        read_kspace(path, variable="mask")
    np.savez(path, image=np.abs(DATA))
    with pytest.raises(BadInput, match="kspace as an array of complex numbers, got image 3x12x10"):
        read_kspace(path)


def test_paths_that_are_no_scan(tmp_path):
    with pytest.raises(BadInput, match="does not exist"):
        read_kspace(tmp_path / "nothing.h5")
    with pytest.raises(BadInput, match="got a folder"):
        read_kspace(tmp_path)
    for name in ("a.h5", "a.mat", "a.npy", "a.npz", "a.txt"):
        for content in (b"", b"text", bytes(600)):
            (tmp_path / name).write_bytes(content)
            with pytest.raises(Unreadable) as caught:
                read_kspace(tmp_path / name)
            assert name in str(caught.value)
            assert "\n" not in str(caught.value)


class Payload:
    """What must never be made when a file is read."""

    made = False

    def __reduce__(self):
        return (setattr, (Payload, "made", True))


def test_pickles_are_never_loaded(tmp_path):
    objects = np.array([[Payload(), 1]], dtype=object)
    np.save(tmp_path / "a.npy", objects, allow_pickle=True)
    np.savez(tmp_path / "a.npz", kspace=objects)
    for name in ("a.npy", "a.npz"):
        with pytest.raises(Unreadable, match="Python objects: they are never loaded"):
            read_kspace(tmp_path / name)
    assert not Payload.made


def npy_of(shape, dtype="<c8"):
    """The head of an .npy file that claims a shape, without the data."""
    import io as streams

    stream = streams.BytesIO()
    header = {"descr": dtype, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, header)
    return stream.getvalue()


def test_huge_claims_take_no_memory(tmp_path):
    import zipfile

    (tmp_path / "a.npy").write_bytes(npy_of((100000, 100000, 100)))
    with pytest.raises(Unreadable, match="8000000000000 bytes, but the file holds 0"):
        read_kspace(tmp_path / "a.npy")
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("kspace.npy", npy_of((100000, 100000, 100)))
    with pytest.raises(Unsupported, match="voxels, more than"):
        read_kspace(tmp_path / "a.npz")
    for name in ("a.h5", "a.mat"):
        with h5py.File(tmp_path / name, "w") as file:
            file.create_dataset("kspace", (10**6, 10**6, 8), np.complex64, chunks=(64, 64, 8))
        with pytest.raises(Unreadable, match=r"of its bytes the file of \d+ holds 0"):
            read_kspace(tmp_path / name)
        with h5py.File(tmp_path / name, "w") as file:
            stored = file.create_dataset(
                "kspace", (10**6, 10**6, 8), np.complex64, chunks=(64, 64, 8), compression="gzip"
            )
            stored[:64, :64] = 1
        with pytest.raises(Unsupported, match="voxels, more than"):
            read_kspace(tmp_path / name)


def test_links_and_foreign_bytes_in_hdf5_are_not_followed(tmp_path):
    secret = tmp_path / "secret"
    secret.write_bytes(bytes(range(256)) * 4)
    with h5py.File(tmp_path / "b.h5", "w") as file:
        file["kspace"] = DATA
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["kspace"] = h5py.ExternalLink(str(tmp_path / "b.h5"), "/kspace")
        file["soft"] = h5py.SoftLink("/kspace")
        file.create_dataset("raw", (1, 8, 16), np.complex64, external=[(str(secret), 0, 1024)])
        layout = h5py.VirtualLayout((3, 12, 10), np.complex64)
        layout[...] = h5py.VirtualSource(str(tmp_path / "b.h5"), "kspace", (3, 12, 10))
        file.create_virtual_dataset("virtual", layout)
    with pytest.raises(BadInput, match="got no arrays"):
        read_kspace(tmp_path / "a.h5")


def test_bad_samples(tmp_path):
    path = tmp_path / "a.npy"
    for change, error, words in (
        (lambda d: d * np.array([1, 0, 1])[:, None, None], BadInput, "all zero in coil 1 "),
        (lambda d: 0 * d, BadInput, "zero everywhere"),
        (lambda d: np.where(np.eye(12, 10), np.nan, d), BadInput, "30 of 360 values are NaN"),
        (lambda d: d * np.inf, BadInput, "must be finite"),
        (lambda d: d * 1e30, Unreadable, "byte order or type"),
        (lambda d: d.astype(complex) * 1e60, BadInput, "must be finite"),
        (lambda d: np.fft.ifftshift(d, axes=(1, 2)), BadInput, "apply numpy.fft.fftshift"),
        (lambda d: d[None, None, :, :, :] * np.ones((2, 3, 1, 1, 1)), BadInput, "5 axes"),
        (lambda d: d[:, :0], Unsupported, "at least one number"),
    ):
        with np.errstate(all="ignore"):
            np.save(path, change(DATA))
        with pytest.raises(error, match=words) as caught:
            read_kspace(path)
        assert str(caught.value).startswith(str(path))
        assert "\n" not in str(caught.value)


def test_masks_and_maps_that_do_not_fit(tmp_path):
    path = tmp_path / "a.npy"
    np.save(path, DATA)
    for options, words in (
        ({"mask": np.ones((10, 12))}, "12 rows, 10 columns, got the shape .10, 12"),
        ({"mask": np.linspace(0, 1, 10)}, "0 and one other value"),
        ({"mask": np.zeros((12, 10))}, "at least one"),
        ({"maps": DATA[:2]}, r"shape \(3, 12, 10\) of the k-space, .* got \(2, 12, 10\)"),
        ({"maps": DATA[:, :8]}, "got .3, 8, 10"),
        ({"maps": np.ones((3, 12, 10), int)}, "complex numbers, got int64"),
        ({"maps": DATA * [[[1]], [[1]], [[0]]]}, "maps is all zero in coil 2"),
        ({"maps": DATA * np.nan}, "maps must be finite"),
    ):
        with pytest.raises(BadInput, match=words):
            read_kspace(path, **options)
        ((role, array),) = options.items()
        np.save(tmp_path / "other.npy", array)
        with pytest.raises(BadInput, match=r"other\.npy") as caught:
            read_kspace(path, **{role: tmp_path / "other.npy"})
        assert "\n" not in str(caught.value)
    with pytest.raises(BadInput, match="is no file"):
        read_kspace(path, mask=tmp_path / "none.npy")
    (tmp_path / "m.txt").write_text("0 1")
    with pytest.raises(Unreadable, match="expected mask in one of the formats"):
        read_kspace(path, mask=tmp_path / "m.txt")


@settings(max_examples=60)
@given(st.sampled_from(["npy", "npz", "mat", "new.mat", "h5"]), st.data())
def test_truncated_files_of_every_format(tmp_path_factory, kind, data):
    folder = tmp_path_factory.mktemp("cut")
    path = folder / f"a.{kind}"
    if kind == "npy":
        np.save(path, DATA)
    elif kind == "npz":
        np.savez_compressed(path, kspace=DATA)
    elif kind == "mat":
        io.savemat(path, {"kspace": DATA}, do_compression=data.draw(st.booleans()))
    elif kind == "new.mat":
        mat73(path, kspace=DATA)
    else:
        with h5py.File(path, "w") as file:
            file["kspace"] = DATA
    content = path.read_bytes()
    path.write_bytes(content[: data.draw(st.integers(0, len(content) - 1))])
    try:
        kspace = read_kspace(path)
    except CorporisError as error:
        assert "\n" not in str(error)
        assert path.name in str(error)
    else:  # HDF5 may end with bytes that nobody needs
        assert kind in ("new.mat", "h5")
        assert kspace.data.size == DATA.size


def test_the_public_scans(data_dir):
    folder = data_dir / "kspace"
    kspace = read_kspace(folder / "brain_8ch_cartesian_undersampled.npy")
    assert kspace.data.shape == (8, 230, 180)
    assert 0.124 < kspace.share < 0.125
    aorta = read_kspace(folder / "aorta_velocity_kspace_11frames.mat")
    assert aorta.axes == ("frame", "coil", "row", "column")
    assert aorta.data.shape == (11, 1, 160, 160)
    assert aorta.mask is None
    brain = read_kspace(folder / "brain_8ch_full")
    poisson = folder / "masks" / "poisson_pat_5_256_v0.mat"
    with pytest.raises(BadInput, match=r"poisson_pat.*230 rows, 180 columns, got .* 256, 256"):
        read_kspace(folder / "brain_8ch_full", mask=poisson)
    assert brain.mask is None
    with pytest.raises(BadInput, match="complex numbers, got image0 192x192x8 float64"):
        read_kspace(folder / "rat_cardiac_cine_8frames.mat")
