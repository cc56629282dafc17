"""Opening ``.npz`` archives from outside: headers first, no pickles, no surprises in size."""

import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from corporis.errors import Unreadable
from corporis.imaging.guard import check_size, check_values, one_line, parsing, shown

EXPECTED = "an .npz archive of plain arrays"


class Archive(Mapping):
    """The arrays of an ``.npz`` file: shapes known at once, values loaded and checked on demand.

    Parameters
    ----------
    path : Path

    Raises
    ------
    Unreadable
        If it is no sound archive of plain arrays; objects (pickles) are never loaded.
    Unsupported
        If an array claims more than `guard.MAX_VOXELS` values.
    """

    def __init__(self, path: Path):
        self.path = path
        self.shapes: dict[str, tuple[int, ...]] = {}
        self.dtypes: dict[str, np.dtype] = {}
        with parsing(path, EXPECTED), zipfile.ZipFile(path) as archive:
            for member in archive.namelist():
                if not member.endswith(".npy"):
                    continue
                with archive.open(member) as stream:
                    shape, dtype = _header(stream)
                if dtype.hasobject:
                    raise Unreadable(
                        f"{shown(path)}: expected plain arrays, got Python objects in "
                        f"{member[:-4]!r}: they are never loaded, save numbers instead"
                    )
                if shape:
                    check_size(tuple(max(n, 1) for n in shape), path)
                self.shapes[member[:-4]] = shape
                self.dtypes[member[:-4]] = dtype

    def __getitem__(self, name: str) -> np.ndarray:
        if name not in self.shapes:
            raise KeyError(name)
        with parsing(self.path, EXPECTED), np.load(self.path, allow_pickle=False) as archive:
            data = archive[name]
        check_values(data, self.path, name)
        return data

    def __iter__(self) -> Iterator[str]:
        return iter(self.shapes)

    def __len__(self) -> int:
        return len(self.shapes)

    def has(self, *names: str) -> bool:
        """Whether all these arrays are in the archive."""
        return all(name in self.shapes for name in names)

    def vector(self, name: str, length: int) -> np.ndarray:
        """An array of exactly `length` finite numbers, as float64."""
        if self.shapes[name] not in ((length,), () if length == 1 else (length,)):
            raise Unreadable(
                f"{shown(self.path)}: expected {length} numbers in {name}, got the shape "
                f"{self.shapes[name]}: write the file again"
            )
        return np.atleast_1d(self[name]).astype(float)

    def text(self, name: str) -> str:
        """Words or letters, one after the other."""
        if self.dtypes[name].kind != "U":
            raise Unreadable(
                f"{shown(self.path)}: expected text in {name}, got {self.dtypes[name]}: write the "
                "file again"
            )
        with parsing(self.path, EXPECTED), np.load(self.path, allow_pickle=False) as archive:
            return one_line("".join(archive[name].ravel().tolist()))


def _header(stream):
    version = np.lib.format.read_magic(stream)
    if version == (1, 0):
        shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
    else:
        shape, _, dtype = np.lib.format.read_array_header_2_0(stream)
    return shape, dtype
