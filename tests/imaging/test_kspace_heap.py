"""The heap of an HDF5 file, against h5py; references that lie are refused."""

import h5py
import numpy as np
import pytest

from corporis.imaging.kspace_heap import REFERENCE, Heap, layout, text_of
from corporis.imaging.kspace_writer import HEAD

RNG = np.random.default_rng(0)
KIND = np.dtype(
    [("head", HEAD), ("traj", h5py.vlen_dtype(np.float32)), ("data", h5py.vlen_dtype(np.float32))]
)


def write(path, n=70, chunks=None):
    """Readouts of various lengths, and a text."""
    stored = np.empty(n, KIND)
    for i in range(n):
        stored[i]["head"]["scan_counter"] = i
        stored[i]["traj"] = RNG.random(i % 3).astype(np.float32)
        stored[i]["data"] = RNG.random(1 + 9 * i).astype(np.float32)
    with h5py.File(path, "w") as file:
        file.create_dataset("data", data=stored, chunks=chunks)
        file.create_dataset("text", data="a text")
        file.create_dataset("list", data=["a β"], dtype=h5py.string_dtype())
        file.create_dataset("fixed", data=np.bytes_("fixed"))
    return stored


@pytest.mark.parametrize("chunks", [None, (1,), (32,)])
def test_values_are_those_of_the_library(tmp_path, chunks):
    stored = write(tmp_path / "a.h5", chunks=chunks)
    with h5py.File(tmp_path / "a.h5") as file:
        head, offsets, size = layout(file["data"])
        assert head == HEAD
        heap = Heap(tmp_path / "a.h5")
        records = np.ascontiguousarray(heap.records(file["data"], size))
        for name in ("traj", "data"):
            start = offsets[name]
            for record, expected in zip(records, stored[name]):
                reference = record[start : start + 16].view(REFERENCE)[0]
                found = np.array(heap.value(reference, 4)).view(np.float32)
                assert np.array_equal(found, expected)
        assert text_of(file["text"], heap) == b"a text"
        assert text_of(file["list"], heap).decode() == "a β"
        assert text_of(file["fixed"], heap) == b"fixed"
        with pytest.raises(ValueError, match="expected one"):
            text_of(file["data"], heap)


def test_references_that_lie(tmp_path):
    write(tmp_path / "a.h5")
    with h5py.File(tmp_path / "a.h5") as file:
        _, offsets, size = layout(file["data"])
        heap = Heap(tmp_path / "a.h5")
        record = np.array(heap.records(file["data"], size)[-1])
    true = record[offsets["data"] : offsets["data"] + 16].view(REFERENCE)[0]
    assert len(heap.value(true, 4)) == 4 * 622
    for name, value in (
        ("length", 2**31),
        ("address", 2**63),
        ("address", 0),
        ("index", 65535),
        ("length", 10**4),
    ):
        lie = true.copy()
        lie[name] = value
        with pytest.raises(ValueError, match=r"a value of|bytes \d+ to|no heap"):
            heap.value(lie, 4)


def test_lists_that_are_compressed_or_of_another_kind(tmp_path):
    numbers = h5py.vlen_dtype(np.float64)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("data", (5,), KIND, chunks=(5,), compression="gzip")
        other = np.dtype([("head", HEAD), ("traj", numbers), ("data", numbers)])
        file.create_dataset("other", (5,), other)
        file.create_dataset("few", (5,), np.dtype([("head", HEAD)]))
        file.create_dataset("none", (5,), KIND, chunks=(5,))
    with h5py.File(tmp_path / "a.h5") as file:
        heap = Heap(tmp_path / "a.h5")
        with pytest.raises(ValueError, match="compressed"):
            heap.records(file["data"], 372)
        with pytest.raises(ValueError, match="traj is no list of single-precision"):
            layout(file["other"])
        with pytest.raises(ValueError, match="expected head, traj and data"):
            layout(file["few"])
        with pytest.raises(ValueError, match="0 of 1 parts"):
            heap.records(file["none"], 372)
