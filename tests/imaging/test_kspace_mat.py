"""MATLAB's version 5, against SciPy's reader; and what only a damaged file claims."""

import struct
import zlib

import numpy as np
import pytest
from scipy import io

from corporis.errors import CorporisError
from corporis.imaging.kspace_arrays import open_arrays
from corporis.imaging.kspace_mat import variables
from imaging.kspace_files import some_kspace

RNG = np.random.default_rng(0)
KINDS = ["f8", "f4", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "c8", "c16"]


@pytest.mark.parametrize("compressed", [False, True])
def test_numbers_of_every_type(tmp_path, compressed):
    arrays = {f"a_{k}": (100 * RNG.random((3, 4, 2))).astype(k) for k in KINDS}
    arrays |= {f"z_{k}": (arrays[f"a_{k}"] * 1j).astype(k) for k in ("c8", "c16")}
    arrays |= {"flag": RNG.random((5, 6)) < 0.5, "one": np.array([[7.0]]), "none": np.ones((0, 3))}
    arrays["a_name_of_some_length"] = np.arange(3.0)[None]
    other = {"words": "text", "cells": np.array([1, "x"], dtype=object), "group": {"a": 1.0}}
    path = tmp_path / "a.mat"
    io.savemat(path, arrays | other, do_compression=compressed, long_field_names=True)
    store = open_arrays(path)
    assert set(store.shapes) == set(arrays)
    expected = io.loadmat(path)
    for name, value in arrays.items():
        assert store.shapes[name] == value.shape
        if value.size:
            found = store.array(name)
            assert np.array_equal(found, expected[name]), name
            assert found.dtype == (bool if name == "flag" else value.dtype)


def test_the_public_files_agree_with_scipy(data_dir):
    paths = sorted((data_dir / "kspace").rglob("*.mat"))
    assert len(paths) > 8
    for path in paths:
        store, expected = open_arrays(path), io.loadmat(path)
        assert set(store.shapes) == {k for k in expected if not k.startswith("__")}
        for name in store.shapes:
            assert np.array_equal(store.array(name), expected[name])


def big_endian(name, array):
    """A file as an old workstation wrote it, by hand."""

    def element(kind, content):
        return struct.pack(">II", kind, len(content)) + content + bytes(-len(content) % 8)

    body = element(6, struct.pack(">II", 6, 0))
    body += element(5, struct.pack(f">{array.ndim}i", *array.shape))
    body += element(1, name.encode())
    body += element(4, array.astype(">u2").ravel(order="F").tobytes())  # stored shorter
    return b"MATLAB 5.0 MAT-file".ljust(124) + b"\x01\x00MI" + element(14, body)


def test_big_endian_and_shorter_storage(tmp_path):
    array = np.arange(12.0).reshape(3, 4)
    path = tmp_path / "a.mat"
    path.write_bytes(big_endian("x", array))
    found = open_arrays(path).array("x")
    assert np.array_equal(found, array)
    assert found.dtype == np.float64


def with_body(*elements):
    body = b"".join(struct.pack("<II", k, len(c)) + c + bytes(-len(c) % 8) for k, c in elements)
    return struct.pack("<II", 14, len(body)) + body


FLAGS = (6, struct.pack("<II", 6, 0))


@pytest.mark.parametrize(
    "content",
    [
        with_body(FLAGS, (5, struct.pack("<2i", 2**30, 2**30)), (1, b"x"), (9, bytes(16))),
        with_body(FLAGS, (5, struct.pack("<2i", -1, 4)), (1, b"x"), (9, bytes(16))),
        with_body(FLAGS, (5, struct.pack("<2i", 5, 4)), (1, b"x"), (9, bytes(16))),
        with_body(FLAGS, (5, struct.pack("<2i", 1, 2)), (1, b"x"), (99, bytes(16))),
        with_body(FLAGS, (5, struct.pack("<80i", *[1] * 80)), (1, b"x"), (9, bytes(16))),
        with_body(FLAGS, (5, b""), (1, b"x"), (9, bytes(16))),
        with_body(FLAGS, (5, struct.pack("<2i", 1, 2)), (1, b"\xff"), (9, bytes(16))),
        struct.pack("<II", 14, 2**31) + bytes(100),
        struct.pack("<II", 15, 20) + zlib.compress(bytes(9999))[:20],
        struct.pack("<II", 15, 40) + bytes(40),
        struct.pack("<II", 14, 4),
        b"\x0e",
    ],
)
def test_damaged_elements_are_one_line(tmp_path, content):
    path = tmp_path / "a.mat"
    path.write_bytes(b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM" + content)
    with pytest.raises(CorporisError) as caught:
        store = open_arrays(path)
        store.array("x")
    assert "\n" not in str(caught.value)
    assert "a.mat" in str(caught.value)


def test_an_inflated_element_takes_no_more_than_it_claims(tmp_path):
    whole = with_body(FLAGS, (5, struct.pack("<2i", 1, 2)), (1, b"x"), (9, bytes(10**8)))
    packed = zlib.compress(whole, 9)
    path = tmp_path / "a.mat"
    path.write_bytes(
        b"MATLAB 5.0 MAT-file".ljust(124)
        + b"\x00\x01IM"
        + struct.pack("<II", 15, len(packed))
        + packed
    )
    with pytest.raises(CorporisError, match="numbers for the dimensions"):
        open_arrays(path).array("x")


def test_arrays_are_listed_without_being_loaded(tmp_path):
    io.savemat(tmp_path / "a.mat", {"kspace": some_kspace((3, 12, 10))}, do_compression=True)
    (found,) = variables(tmp_path / "a.mat").values()
    assert (found.shape, found.dtype) == ((3, 12, 10), np.dtype(np.complex64))
