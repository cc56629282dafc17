"""Variable-length data of HDF5 files, read by hand and within bounds.

ISMRMRD keeps every readout as a reference into a heap of the file. The library's own conversion
believes what a damaged reference claims, and crashes; here a claim is compared with the bytes
that are there, and what is returned are views of the file, not copies.
"""

import struct
from math import prod
from pathlib import Path

import numpy as np

REFERENCE = np.dtype([("length", "<u4"), ("address", "<u8"), ("index", "<u4")])
"""How a variable-length value stands in a file with addresses of 8 bytes."""


class Heap:
    """The heap of an HDF5 file without a block of its user's before it.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: Path):
        self.bytes = np.memmap(path, np.uint8, "r")
        self._collections: dict[int, dict[int, tuple[int, int]]] = {}

    def value(self, reference, itemsize: int) -> np.ndarray:
        """The bytes of a variable-length value of elements of a size; a view.

        Raises
        ------
        ValueError
            If the reference leads out of the file or claims more than is there.
        """
        wanted = int(reference["length"]) * itemsize
        if not wanted:
            return self.bytes[:0]
        start, size = self._objects(int(reference["address"])).get(int(reference["index"]), (0, 0))
        if wanted > size:
            raise ValueError(f"a value of {wanted} bytes, of which {size} are there")
        return self.bytes[start : start + wanted]

    def records(self, dataset, itemsize: int) -> np.ndarray:
        """The bytes of a one-dimensional data set as stored, (n, itemsize); a copy if chunked.

        Raises
        ------
        ValueError
            If it is filtered, or bytes are missing.
        """
        n = int(prod(dataset.shape))
        if dataset.id.get_create_plist().get_nfilters():
            raise ValueError("a compressed list, expected a plain one: repack it with h5repack")
        if dataset.chunks is None:
            start = dataset.id.get_offset()
            if start is None:
                raise ValueError("a list of which no bytes are there")
            return self._cut(start, n * itemsize).reshape(n, itemsize)
        step = int(dataset.chunks[0])
        found: dict[int, int] = {}

        def note(info):
            found[int(info.chunk_offset[0])] = int(info.byte_offset)

        dataset.id.chunk_iter(note)
        if len(found) != -(-n // step):
            raise ValueError(f"{len(found)} of {-(-n // step)} parts of the list are there")
        parts = [self._cut(found[k], min(step, n - k) * itemsize) for k in sorted(found) if k < n]
        return np.concatenate(parts).reshape(n, itemsize)

    def _cut(self, start, length):
        if start < 0 or start + length > len(self.bytes):
            raise ValueError(f"bytes {start} to {start + length} of a file of {len(self.bytes)}")
        return self.bytes[start : start + length]

    def _objects(self, address):
        """Start and size of each object in the collection at an address."""
        if address not in self._collections:
            mark, version, size = struct.unpack("<4sB3xQ", self._cut(address, 16).tobytes())
            if mark != b"GCOL" or version != 1:
                raise ValueError(f"no heap at the address {address}")
            self._cut(address, size)
            found, at = {}, address + 16
            while at + 16 <= address + size:
                index, length = struct.unpack("<H6xQ", self.bytes[at : at + 16].tobytes())
                if index == 0:  # the free rest
                    break
                if at + 16 + length > address + size:
                    raise ValueError(f"an object of {length} bytes in a heap of {size}")
                found[index] = (at + 16, length)
                at += 16 + length + (-length) % 8
            self._collections[address] = found
        return self._collections[address]


def layout(dataset) -> tuple[np.dtype, dict[str, int], int]:
    """Of a compound data set ``head``, ``traj``, ``data``: the head's type, offsets, total size.

    Raises
    ------
    ValueError
        If ``traj`` and ``data`` are not lists of little-endian single-precision numbers.
    """
    from h5py import h5t

    kind = dataset.id.get_type()
    offsets, head = {}, None
    for i in range(kind.get_nmembers()):
        name = kind.get_member_name(i).decode()
        member = kind.get_member_type(i)
        offsets[name] = kind.get_member_offset(i)
        if name == "head":
            head = member.dtype
            if head.itemsize != member.get_size() or head.hasobject:
                raise ValueError("headers of variable length")
        elif name in ("traj", "data") and not (
            member.get_class() == h5t.VLEN
            and member.get_size() == REFERENCE.itemsize
            and member.get_super().dtype == np.dtype("<f4")
        ):
            raise ValueError(f"{name} is no list of single-precision numbers")
        if offsets[name] + member.get_size() > kind.get_size():
            raise ValueError(f"{name} lies outside its record")
    if head is None or not {"traj", "data"} <= set(offsets):
        raise ValueError(f"records of {', '.join(offsets)}, expected head, traj and data")
    return head, offsets, kind.get_size()


def text_of(dataset, heap: Heap) -> bytes:
    """The bytes of a data set that holds one string, of fixed or variable length.

    Raises
    ------
    ValueError
        If it does not.
    """
    from h5py import h5t

    kind = dataset.id.get_type()
    if dataset.external or dataset.is_virtual or dataset.size != 1:
        raise ValueError(f"text of the shape {dataset.shape}, expected one")
    if kind.get_class() != h5t.STRING:
        raise ValueError("no text")
    if not kind.is_variable_str():
        return heap.records(dataset, kind.get_size()).tobytes().rstrip(b"\0 ")
    (reference,) = heap.records(dataset, REFERENCE.itemsize).view(REFERENCE)[:, 0]
    return heap.value(reference, 1).tobytes().rstrip(b"\0 ")
