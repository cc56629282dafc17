"""MATLAB's files of version 5, parsed here: a damaged one gives an error, never a crash.

Only arrays of numbers are seen; cells, structures, objects and functions are passed over.
"""

import struct
import zlib
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np

from corporis.imaging.guard import one_line
from corporis.interfaces import Shape

MATRIX, COMPRESSED = 14, 15
STORED = {
    1: "i1",
    2: "u1",
    3: "i2",
    4: "u2",
    5: "i4",
    6: "u4",
    7: "f4",
    9: "f8",
    12: "i8",
    13: "u8",
}
CLASSES = {
    6: "f8",
    7: "f4",
    8: "i1",
    9: "u1",
    10: "i2",
    11: "u2",
    12: "i4",
    13: "u4",
    14: "i8",
    15: "u8",
}
IS_COMPLEX, IS_LOGICAL = 0x800, 0x200
HEAD = 4096
"""Bytes of an element in which its flags, dimensions and name lie."""


@dataclass(frozen=True)
class Variable:
    """An array of numbers in a file: what it is, and where its element begins.

    Parameters
    ----------
    shape : tuple of int
    dtype : dtype
        As it is loaded.
    start, stop : int
        Bytes of the element in the file.
    is_compressed : bool
    order : {"<", ">"}
        Order of bytes.
    """

    shape: Shape
    dtype: np.dtype
    start: int
    stop: int
    is_compressed: bool
    order: str

    def load(self, path: Path) -> np.ndarray:
        """The array; raises ``ValueError`` where the file does not hold what it claims."""
        with path.open("rb") as stream:
            stream.seek(self.start)
            content = stream.read(self.stop - self.start)
        count = prod(self.shape)
        if self.is_compressed:
            # flags, dimensions and name, then at most two parts of 8 bytes a number
            content = zlib.decompressobj().decompress(content, HEAD + 16 * count + 64)
        _, _, at = _head(content, self.order)
        parts = []
        for _ in range(2 if self.dtype.kind == "c" else 1):
            kind, first, last, at = _element(content, at, self.order)
            if kind not in STORED:
                raise ValueError(f"numbers of the unknown type {kind}")
            stored = np.frombuffer(content[first:last], self.order + STORED[kind])
            if len(stored) != count:
                raise ValueError(f"{len(stored)} numbers for the dimensions {self.shape}")
            parts.append(stored.reshape(self.shape, order="F"))
        if len(parts) == 1:
            return parts[0].astype(self.dtype)
        out = parts[0].astype(self.dtype)
        out.imag = parts[1]
        return out


def variables(path: Path) -> dict[str, Variable]:
    """The arrays of numbers in a file of version 5.

    Raises
    ------
    ValueError, struct.error, zlib.error
        If the file is damaged; the caller makes one line of it.
    """
    found: dict[str, Variable] = {}
    size = path.stat().st_size
    with path.open("rb") as stream:
        head = stream.read(128)
        order = {b"IM": "<", b"MI": ">"}.get(head[126:128])
        if order is None or len(head) < 128:
            raise ValueError("no mark of the byte order")
        at = 128
        while at < size:
            stream.seek(at)
            kind, length = struct.unpack(order + "II", stream.read(8))
            start, stop = at + 8, at + 8 + length
            if stop > size:
                raise ValueError(f"an element of {length} bytes, of which {size - start} are there")
            content = stream.read(min(length, 4 * HEAD))
            if kind == COMPRESSED:
                content = zlib.decompressobj().decompress(content, HEAD)
            elif kind == MATRIX:
                content = struct.pack(order + "II", kind, length) + content
                start = at
            if kind in (MATRIX, COMPRESSED):
                name, described, _ = _head(content, order)
                if described is not None:
                    shape, dtype = described
                    found[name] = Variable(shape, dtype, start, stop, kind == COMPRESSED, order)
            at = stop if kind == COMPRESSED else stop + (-stop) % 8
    return found


def _element(content, at, order):
    """Type, first and last byte of an element, and where the next begins."""
    kind, length = struct.unpack_from(order + "II", content, at)
    if kind >> 16:  # short: type and length share four bytes, the data are the next four
        kind, length = kind & 0xFFFF, kind >> 16
        if length > 4:
            raise ValueError(f"a short element of {length} bytes")
        return kind, at + 4, at + 4 + length, at + 8
    last = at + 8 + length
    return kind, at + 8, last, last + (-last) % 8


def _head(content, order):
    """Name of a matrix, its shape and type (None if no numbers), and where its numbers begin."""
    kind, _ = struct.unpack_from(order + "II", content, 0)
    if kind != MATRIX:
        raise ValueError(f"an element of type {kind}, expected a matrix")
    _, first, _, at = _element(content, 8, order)
    (flags,) = struct.unpack_from(order + "I", content, first)
    _, first, last, at = _element(content, at, order)
    if not 8 <= last - first <= 4 * 32:
        raise ValueError(f"{(last - first) // 4} dimensions")
    shape = struct.unpack_from(f"{order}{(last - first) // 4}i", content, first)
    _, first, last, at = _element(content, at, order)
    if last > min(len(content), HEAD) or min(shape) < 0:
        raise ValueError(f"dimensions {shape} or a name of {last - first} bytes")
    name = one_line(content[first:last].decode("utf-8"), 80)
    number = CLASSES.get(flags & 0xFF)
    if number is None:
        return name, None, at
    dtype = np.dtype(bool if flags & IS_LOGICAL else number)
    if flags & IS_COMPLEX:
        dtype = np.dtype(np.complex64 if number == "f4" else np.complex128)
    return name, (tuple(int(n) for n in shape), dtype), at
