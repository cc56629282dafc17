"""Tables as Parquet, which data frames, databases and R read column by column, rows in groups.

Flat tables of numbers and text without missing values need a small part of the format, so that no
library is asked for: plain pages, compressed with gzip, one row group a call.
"""

import struct
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from corporis import __version__

MARK = b"PAR1"
INTEGER, FLOAT, TEXT = "int64", "float32", "text"
"""Kinds of columns."""
PHYSICAL = {INTEGER: 2, FLOAT: 4, TEXT: 6}
"""Numbers of the types INT64, FLOAT and BYTE_ARRAY in the format."""
PLAIN, RLE, GZIP = 0, 3, 2


class ParquetFile:
    """A table that is written a group of rows at a time.

    Used as a context manager; the file is whole when the block has ended. If it raises, what is
    there is no Parquet file.

    Parameters
    ----------
    path : path
    columns : dict of str
        Kind of each column, `INTEGER`, `FLOAT` or `TEXT`, in their order; at least one.

    Raises
    ------
    ValueError
        If a kind is another, or there is no column.

    References
    ----------
    Apache Parquet: the format, version 2, and Thrift's compact protocol, in which it describes
    itself; https://parquet.apache.org/docs/file-format/

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = Path(folder.name) / "a.parquet"
    >>> with ParquetFile(path, {"nucleus": INTEGER, "class": TEXT}) as table:
    ...     table.add({"nucleus": [1, 2], "class": ["epithelial", ""]})
    >>> content = path.read_bytes()
    >>> content[:4] == content[-4:] == MARK, table.n_rows
    (True, 2)
    >>> folder.cleanup()
    """

    def __init__(self, path: Path | str, columns: Mapping[str, str]):
        if not columns or any(kind not in PHYSICAL for kind in columns.values()):
            raise ValueError(
                f"expected columns of the kinds {', '.join(PHYSICAL)}, got {dict(columns)}"
            )
        self.path, self.columns = Path(path), dict(columns)
        self.n_rows = 0
        self._groups: list[bytes] = []

    def __enter__(self) -> "ParquetFile":
        self._file = open(self.path, "wb")
        self._file.write(MARK)
        return self

    def __exit__(self, kind, value, trace) -> None:
        with self._file:
            if kind is None:
                footer = self._footer()
                self._file.write(footer + struct.pack("<I", len(footer)) + MARK)

    def add(self, values: Mapping[str, Sequence]) -> None:
        """Write a group of rows, one sequence a column; none where the columns are empty.

        Raises
        ------
        ValueError
            If the columns are not those of the table, or differ in length.
        """
        lengths = {len(column) for column in values.values()}
        if set(values) != set(self.columns) or len(lengths) != 1:
            raise ValueError(
                f"expected {len(self.columns)} columns of one length, as the table has, got "
                f"{len(values)} of the lengths {sorted(lengths)}"
            )
        count = lengths.pop()
        if not count:
            return
        chunks, sizes = [], 0
        for name, kind in self.columns.items():
            chunk, size = self._column(name, kind, values[name], count)
            chunks.append(chunk)
            sizes += size
        self._groups.append(
            _struct((1, _list(STRUCT, chunks)), (2, _integer64(sizes)), (3, _integer64(count)))
        )
        self.n_rows += count

    def _column(self, name, kind, values, count):
        """One page with its header; what the footer says of it, and its size before gzip."""
        plain = _plain(kind, values)
        packer = zlib.compressobj(6, zlib.DEFLATED, 31)  # 31: with the head and tail of gzip
        packed = packer.compress(plain) + packer.flush()
        page = _struct((1, _integer(count)), (2, _integer(PLAIN)), (3, _integer(RLE)),
                       (4, _integer(RLE)))  # fmt: skip
        header = _struct((1, _integer(0)), (2, _integer(len(plain))), (3, _integer(len(packed))),
                         (5, (STRUCT, page)))  # fmt: skip
        place = self._file.tell()
        self._file.write(header + packed)
        sizes = [len(header) + n for n in (len(plain), len(packed))]
        about = _struct(
            (1, _integer(PHYSICAL[kind])),
            (2, _list(I32, [_varint(_zigzag(PLAIN)), _varint(_zigzag(RLE))])),
            (3, _list(BINARY, [_text(name)])),
            (4, _integer(GZIP)),
            (5, _integer64(count)),
            (6, _integer64(sizes[0])),
            (7, _integer64(sizes[1])),
            (9, _integer64(place)),
        )
        return _struct((2, _integer64(place)), (3, (STRUCT, about))), sizes[0]

    def _footer(self):
        schema = [_struct((4, _binary("schema")), (5, _integer(len(self.columns))))]
        for name, kind in self.columns.items():
            fields = [(1, _integer(PHYSICAL[kind])), (3, _integer(0)), (4, _binary(name))]
            if kind == TEXT:
                fields.append((6, _integer(0)))  # UTF-8
            schema.append(_struct(*fields))
        return _struct(
            (1, _integer(2)),
            (2, _list(STRUCT, schema)),
            (3, _integer64(self.n_rows)),
            (4, _list(STRUCT, self._groups)),
            (6, _binary(f"corporis version {__version__}")),
        )


def _plain(kind, values) -> bytes:
    """Values one after the other; text with its length before it."""
    if kind == TEXT:
        held = [str(value).encode() for value in values]
        return b"".join(struct.pack("<I", len(text)) + text for text in held)
    return np.asarray(values, "<i8" if kind == INTEGER else "<f4").tobytes()


# Thrift's compact protocol: a field is a pair (type, bytes), a struct the bytes of its fields.
I32, I64, BINARY, LIST, STRUCT = 5, 6, 8, 9, 12


def _varint(number) -> bytes:
    """Seven bits a byte, the lowest first; the high bit says that more follow."""
    held = bytearray()
    while number > 127:
        held.append(number & 127 | 128)
        number >>= 7
    return bytes([*held, number])


def _zigzag(number) -> int:
    return 2 * number if number >= 0 else -2 * number - 1


def _integer(number):
    return I32, _varint(_zigzag(number))


def _integer64(number):
    return I64, _varint(_zigzag(number))


def _text(text) -> bytes:
    held = text.encode()
    return _varint(len(held)) + held


def _binary(text):
    return BINARY, _text(text)


def _list(kind, items):
    size = len(items)
    head = bytes([size << 4 | kind]) if size < 15 else bytes([0xF0 | kind]) + _varint(size)
    return LIST, head + b"".join(items)


def _struct(*fields) -> bytes:
    """Fields (number, (type, bytes)) in rising order, each by its distance from the one before."""
    held, last = b"", 0
    for number, (kind, content) in fields:
        held += bytes([number - last << 4 | kind]) + content
        last = number
    return held + b"\x00"
