"""BART's pairs: any text is parsed or refused, any length of file but the right one is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corporis.errors import BadInput, CorporisError, Unreadable, Unsupported
from corporis.imaging import KSpace, read_kspace, write_cfl
from corporis.imaging.kspace_cfl import parse_dimensions
from imaging.kspace_files import some_kspace


def write(folder, data, dims=None, name="a"):
    """A pair of files, written out byte by byte."""
    data = np.asarray(data, "<c8")
    dims = dims or data.shape
    (folder / f"{name}.hdr").write_text("# Dimensions\n" + " ".join(map(str, dims)) + " \n")
    (folder / f"{name}.cfl").write_bytes(data.ravel(order="F").tobytes())
    return folder / name


@given(st.lists(st.integers(1, 10**12), min_size=1, max_size=16), st.sampled_from(["\n", "\r\n"]))
def test_dimensions_there_and_back(dims, end):
    text = end.join(["# Command", "fft -u 7 a b", "# Dimensions", " ".join(map(str, dims)), "# x"])
    assert parse_dimensions(text) == (*dims, *[1] * (16 - len(dims)))


@given(
    st.one_of(
        st.text(max_size=60),
        st.text("#Dimensions 0123456789-.e\n", max_size=60).map(lambda t: "# Dimensions\n" + t),
    )
)
def test_any_text_is_dimensions_or_one_line(text):
    try:
        dims = parse_dimensions(text)
    except Unreadable as error:
        assert "\n" not in str(error)
        assert len(str(error)) < 300
    else:
        assert len(dims) == 16
        assert min(dims) >= 1


@given(st.data())
def test_a_file_of_any_other_length_is_refused(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("cfl")
    path = write(folder, some_kspace((4, 5, 1, 2)))
    content = (folder / "a.cfl").read_bytes()
    length = data.draw(st.integers(0, len(content) + 20).filter(lambda n: n != len(content)))
    (folder / "a.cfl").write_bytes((content + bytes(20))[:length])
    with pytest.raises(
        Unreadable, match=r"a\.cfl: expected 320 bytes .*, got \d+, .*copy"
    ) as caught:
        read_kspace(path)
    assert "\n" not in str(caught.value)


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_any_bytes_are_one_line(tmp_path_factory, header, content):
    folder = tmp_path_factory.mktemp("cfl")
    (folder / "a.hdr").write_bytes(header)
    (folder / "a.cfl").write_bytes(content)
    with pytest.raises(CorporisError) as caught:
        read_kspace(folder / "a.cfl")
    assert "\n" not in str(caught.value)


def test_dimensions_become_axes(tmp_path):
    dims = [1] * 16
    dims[1], dims[2], dims[3], dims[5], dims[10], dims[13] = 5, 4, 3, 2, 2, 2
    data = some_kspace((5, 4, 3, 2, 2, 2))
    kspace = read_kspace(write(tmp_path, data.reshape(dims)))
    assert kspace.axes == ("frame", "contrast", "coil", "slice", "row", "column")
    assert kspace.data.dtype == np.complex64
    assert kspace.facts["format"] == "BART"
    assert np.array_equal(kspace.data, data.transpose(4, 3, 2, 5, 0, 1))
    volume = read_kspace(write(tmp_path, some_kspace((3, 4, 6, 5)).transpose(2, 3, 1, 0)))
    assert volume.axes == ("coil", "slice", "row", "column")
    assert volume.is_volume
    assert volume.matrix == (4, 6, 5)
    line = read_kspace(write(tmp_path, some_kspace((1, 1, 9, 3)).transpose(2, 0, 1, 3)))
    assert line.data.shape == (3, 9, 1)


def test_there_and_back(tmp_path):
    rng = np.random.default_rng(3)
    for axes, shape, is_volume in (
        (("coil", "row", "column"), (3, 6, 5), False),
        (("frame", "contrast", "coil", "slice", "row", "column"), (2, 3, 2, 4, 6, 5), False),
        (("coil", "slice", "row", "column"), (3, 4, 6, 5), True),
    ):
        kspace = KSpace(some_kspace(shape), axes, is_volume=is_volume)
        kspace = kspace.with_mask(rng.random(kspace.grid) < 0.6)
        path = write_cfl(kspace, tmp_path / "b.hdr")
        assert path == tmp_path / "b.cfl"
        again = read_kspace(path)
        assert again.axes == axes
        assert again.is_volume == is_volume
        assert np.array_equal(again.data, kspace.data)
        assert np.array_equal(again.mask, kspace.mask)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["b.cfl", "b.hdr"]


def test_an_array_is_written_as_it_is(tmp_path):
    write_cfl(some_kspace((1, 6, 5, 2)), tmp_path / "maps.v2")
    assert (tmp_path / "maps.v2.hdr").read_text().split("\n")[1].startswith("1 6 5 2 1 1")
    with pytest.raises(ValueError, match="16"):
        write_cfl(np.ones((1,) * 17, complex), tmp_path / "c")
    points = np.zeros((2, 3, 2))
    along = KSpace(
        np.ones((1, 2, 3), complex), ("coil", "shot", "sample"), trajectory=points, matrix=(4, 4)
    )
    with pytest.raises(ValueError, match="raster"):
        write_cfl(along, tmp_path / "c")


def test_bad_pairs(tmp_path):
    data = some_kspace((6, 5, 1, 2))
    path = write(tmp_path, data)
    (tmp_path / "a.hdr").rename(tmp_path / "b.hdr")
    with pytest.raises(BadInput, match=r"a\.hdr is missing: BART needs it beside a\.cfl"):
        read_kspace(tmp_path / "a.cfl")
    with pytest.raises(BadInput, match=r"b\.cfl is missing"):
        read_kspace(tmp_path / "b.hdr")
    write(tmp_path, data, (60000, 50000, 1, 2))
    with pytest.raises(Unreadable, match=r"expected 48000000000 bytes .* got 480, truncated"):
        read_kspace(path)
    write(tmp_path, data, (6, 5, 0, 2))
    with pytest.raises(Unreadable, match=r"a\.hdr: expected 1 to 16 whole numbers"):
        read_kspace(path)
    write(tmp_path, data.reshape(6, 5, 1, 1, 1, 1, 1, 2))
    with pytest.raises(Unsupported, match=r"dimension 7 .* of length 2"):
        read_kspace(path)
    write(tmp_path, data.reshape(6, 5, 1, 1, 2))
    with pytest.raises(Unsupported, match=r"dimension 4 \(sets of maps\)"):
        read_kspace(path)
    (tmp_path / "a.hdr").write_bytes(bytes(2**17))
    with pytest.raises(Unreadable, match="BART header"):
        read_kspace(path)


def test_wrong_byte_order_is_named(tmp_path):
    data = some_kspace((16, 15, 1, 2))
    path = write(tmp_path, data)
    (tmp_path / "a.cfl").write_bytes(data.astype(">c8").ravel(order="F").tobytes())
    with pytest.raises(Unreadable, match="byte order is wrong"):
        read_kspace(path)
    (tmp_path / "a.cfl").write_bytes(np.random.default_rng(0).bytes(data.nbytes))
    with pytest.raises(CorporisError, match=r"byte order or type|must be finite"):
        read_kspace(path)
