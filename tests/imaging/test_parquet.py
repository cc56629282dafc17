"""Parquet, read back as its specification says, with none of the writer's code."""

import gzip
import struct

import numpy as np
import pytest

from corporis.imaging.parquet import FLOAT, INTEGER, TEXT, ParquetFile


class Thrift:
    """Thrift's compact protocol: structs as dictionaries by the number of the field."""

    def __init__(self, content, place=0):
        self.content, self.place = content, place

    def byte(self):
        self.place += 1
        return self.content[self.place - 1]

    def varint(self):
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def value(self, kind):
        if kind in (5, 6):
            number = self.varint()
            return (number >> 1) ^ -(number & 1)
        if kind == 8:
            size = self.varint()
            self.place += size
            return bytes(self.content[self.place - size : self.place])
        if kind == 9:
            head = self.byte()
            size = head >> 4 if head >> 4 < 15 else self.varint()
            return [self.value(head & 15) for _ in range(size)]
        assert kind == 12
        found, number = {}, 0
        while head := self.byte():
            assert head >> 4, "a long form of a field's number is not expected here"
            number += head >> 4
            found[number] = self.value(head & 15)
        return found


def read(path):
    """Columns by name, and rows of each group."""
    content = path.read_bytes()
    assert content[:4] == content[-4:] == b"PAR1"
    (size,) = struct.unpack("<I", content[-8:-4])
    footer = Thrift(content, len(content) - 8 - size)
    about = footer.value(12)
    assert footer.place == len(content) - 8
    schema = about[2]
    assert schema[0][5] == len(schema) - 1 and about[3] == sum(g[3] for g in about[4])
    columns = {part[4].decode(): [] for part in schema[1:]}
    for group in about[4]:
        assert group[2] == sum(chunk[3][6] for chunk in group[1])
        for part, chunk in zip(schema[1:], group[1], strict=True):
            assert part[3] == 0 and chunk[3][3] == [part[4]] and chunk[3][1] == part[1]
            assert chunk[3][4] == 2 and chunk[3][5] == group[3]
            page = Thrift(content, chunk[3][9])
            header = page.value(12)
            assert header[1] == 0 and header[5][1] == group[3] and header[5][2] == 0
            end = page.place + header[3]
            assert end - chunk[3][9] == chunk[3][7]
            plain = gzip.decompress(content[page.place : end])
            assert len(plain) == header[2]
            columns[part[4].decode()] += values(part, plain, group[3])
    return columns, [group[3] for group in about[4]]


def values(part, plain, count):
    if part[1] == 6:
        assert part[6] == 0  # UTF-8
        found = []
        while plain:
            (size,) = struct.unpack("<I", plain[:4])
            found.append(plain[4 : 4 + size].decode())
            plain = plain[4 + size :]
        assert len(found) == count
        return found
    return np.frombuffer(plain, {2: "<i8", 4: "<f4"}[part[1]], count).tolist()


def test_what_goes_in_comes_out(tmp_path):
    rng = np.random.default_rng(0)
    names = [f"f{k}" for k in range(20)]  # more than fifteen: lists then have another head
    kinds = {"n": INTEGER, "class": TEXT} | dict.fromkeys(names, FLOAT)
    given = {name: [] for name in kinds}
    with ParquetFile(tmp_path / "a.parquet", kinds) as table:
        for count in (3, 0, 700):
            values = {
                "n": rng.integers(-(2**40), 2**40, count),
                "class": [("", "épithélial", "b,\n")[k % 3] for k in range(count)],
                **{name: rng.standard_normal(count).astype(np.float32) for name in names},
            }
            table.add(values)
            for name, column in values.items():
                given[name] += list(column)
    found, groups = read(tmp_path / "a.parquet")
    assert groups == [3, 700] and table.n_rows == 703
    assert found == {name: [v if isinstance(v, str) else v.item() for v in column]
                     for name, column in given.items()}  # fmt: skip


def test_a_table_without_rows_is_whole(tmp_path):
    with ParquetFile(tmp_path / "a.parquet", {"n": INTEGER}):
        pass
    assert read(tmp_path / "a.parquet") == ({"n": []}, [])


def test_a_failed_block_leaves_no_table(tmp_path):
    with pytest.raises(KeyError), ParquetFile(tmp_path / "a.parquet", {"n": INTEGER}) as table:
        table.add({"n": [1]})
        raise KeyError
    assert not (tmp_path / "a.parquet").read_bytes().endswith(b"PAR1")


@pytest.mark.parametrize("values", [{"n": [1]}, {"n": [1], "m": [1, 2]}, {"n": [1], "o": [2]}])
def test_other_columns_are_refused(values, tmp_path):
    with ParquetFile(tmp_path / "a.parquet", {"n": INTEGER, "m": FLOAT}) as table:
        with pytest.raises(ValueError, match="2 columns of one length"):
            table.add(values)
    with pytest.raises(ValueError, match="kinds"):
        ParquetFile(tmp_path / "b.parquet", {"n": "complex"})
    with pytest.raises(ValueError, match="kinds"):
        ParquetFile(tmp_path / "b.parquet", {})
