"""Arrays in ``.npy``, ``.npz``, ``.mat`` and ``.h5`` files: seen by their headers, then loaded.

A `Store` lists what a file holds without loading it. Nothing is unpickled, sizes are compared
with limits before memory is taken, and HDF5 links that lead out of the file are not followed.
"""

import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np

from corporis.errors import BadInput, Unreadable
from corporis.imaging.guard import check_size, one_line, parsing, shown
from corporis.imaging.kspace_mat import variables
from corporis.interfaces import Shape

HDF5 = b"\x89HDF\r\n\x1a\n"
NAMES = {
    "kspace": r"k[_-]?space\w*|ksp\w*|k[_-]?data\w*|y|data|raw\w*",
    "mask": r"u?mask\w*|sampling\w*|pattern\w*|data",
    "maps": r"maps?\w*|s?maps|sens\w*|csm\w*|coil\w*|b1\w*|data",
}
"""What arrays of each role are usually called."""

LARGEST_PART = 2**26
"""Numbers in one part (chunk) of an HDF5 array: it is decoded as a whole."""


@dataclass(frozen=True)
class Store:
    """What a file of arrays holds.

    Parameters
    ----------
    path : Path
    shapes : mapping of str to tuple of int
    dtypes : mapping of str to dtype
    load : callable
        Gives the array of a name.
    is_matlab : bool
        Whether the arrays come in MATLAB's order (rows, columns, ...).
    is_hdf5 : bool
    """

    path: Path
    shapes: Mapping[str, Shape]
    dtypes: Mapping[str, np.dtype]
    load: Callable[[str], np.ndarray]
    is_matlab: bool = False
    is_hdf5: bool = False

    def pick(self, role: str, variable: str | None = None) -> str:
        """The name of the array with a role, ``"kspace"``, ``"mask"`` or ``"maps"``.

        Raises
        ------
        BadInput
            If the wanted variable is not there, or none or several could be meant.
        """
        names = list(self.shapes)
        if variable is not None:
            if variable not in names:
                raise BadInput(
                    f"{shown(self.path)}: expected an array called {one_line(variable, 40)}, got "
                    f"{self.contents()}: choose one of them"
                )
            return variable
        fitting = [n for n in names if self._can_be(n, role)]
        named = [n for n in fitting if re.fullmatch(NAMES[role], n.rsplit("/", 1)[-1].lower())]
        exact = [n for n in named if n.rsplit("/", 1)[-1].lower() == role]
        for choice in (exact, named, fitting):
            if len(choice) == 1:
                return choice[0]
            if choice:
                raise BadInput(
                    f"{shown(self.path)}: expected one array that can be {role}, got "
                    f"{one_line(', '.join(choice), 120)}: name the one that is "
                    "meant (--variable)"
                )
        kind = "0 and 1" if role == "mask" else "complex numbers"
        raise BadInput(
            f"{shown(self.path)}: expected {role} as an array of {kind}, got {self.contents()}: "
            f"give a file that holds {role}"
        )

    def contents(self) -> str:
        """The arrays in words, for an error line."""
        words = [
            f"{n} {'x'.join(map(str, s)) or 'scalar'} {self.dtypes[n]}"
            for n, s in self.shapes.items()
        ]
        return one_line(", ".join(words), 160) or "no arrays"

    def array(self, name: str) -> np.ndarray:
        """One array, its size checked before and its shape after it is loaded."""
        check_size(self.shapes[name], self.path)
        with parsing(self.path, f"the array {one_line(name, 40)}"):
            data = np.asarray(self.load(name))
            if data.shape != tuple(self.shapes[name]):
                raise ValueError(f"shape {data.shape}, header {self.shapes[name]}")
        return data

    def _can_be(self, name, role):
        kind, n_axes = self.dtypes[name].kind, len(self.shapes[name])
        wanted = "biufc" if role == "mask" else "c"  # some tools store all as complex
        return kind in wanted and n_axes >= (1 if role == "mask" else 2)


def open_arrays(path: Path) -> Store | None:
    """The arrays of a file by its first bytes; None where it is of no such format.

    Raises
    ------
    BadInput
        If it does not exist, is damaged or truncated, or holds Python objects.
    """
    with parsing(path, "a file"), path.open("rb") as stream:
        head = stream.read(520)
    if head[:6] == b"\x93NUMPY":
        return _npy(path)
    if head[:4] == b"PK\x03\x04":
        return _npz(path)
    if HDF5 in (head[:8], head[512:520]):
        return _hdf5(path)
    if head[:19] == b"MATLAB 5.0 MAT-file" or (path.suffix.lower() == ".mat" and head):
        return _mat(path)
    return None


def npy_header(stream) -> tuple[Shape, np.dtype]:
    """Shape and type of an array in NumPy's format; the stream stands at its data afterwards."""
    version = np.lib.format.read_magic(stream)
    if version == (1, 0):
        shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
    else:
        shape, _, dtype = np.lib.format.read_array_header_2_0(stream)
    if dtype.hasobject:
        raise Unreadable(
            f"{one_line(getattr(stream, 'name', 'the file'), 200)}: expected plain numbers, got "
            "Python objects: they are never loaded, save an array of numbers instead"
        )
    return tuple(int(n) for n in shape), dtype


def _npy(path):
    with parsing(path, "an .npy array"), path.open("rb") as stream:
        shape, dtype = npy_header(stream)
        held = path.stat().st_size - stream.tell()
    wanted = prod(shape) * dtype.itemsize
    if held != wanted:
        raise Unreadable(
            f"{shown(path)}: the header claims {one_line(shape)} {dtype}, {wanted} bytes, but the "
            f"file holds {held}: copy it again"
        )
    return Store(
        path, {"data": shape}, {"data": dtype}, lambda name: np.load(path, allow_pickle=False)
    )


def _npz(path):
    shapes, dtypes = {}, {}
    with parsing(path, "an .npz archive of plain arrays"), zipfile.ZipFile(path) as archive:
        for member in archive.namelist():
            if member.endswith(".npy"):
                with archive.open(member) as stream:
                    shapes[member[:-4]], dtypes[member[:-4]] = npy_header(stream)

    def load(name):
        with np.load(path, allow_pickle=False) as archive:
            return archive[name]

    return Store(path, shapes, dtypes, load)


def _mat(path):
    with parsing(path, "a MATLAB file of version 5 or 7.3"):
        found = variables(path)
    shapes = {n: v.shape for n, v in found.items()}
    dtypes = {n: v.dtype for n, v in found.items()}
    return Store(path, shapes, dtypes, lambda name: found[name].load(path), is_matlab=True)


def _hdf5(path):
    import h5py

    with parsing(path, "an HDF5 file"), h5py.File(path, "r") as file:
        found = {n: file[n] for n in file if is_inside(file, n)}
        arrays = {n: d for n, d in found.items() if isinstance(d, h5py.Dataset) and plain(d)}
        is_matlab = path.suffix.lower() == ".mat" or any(
            "MATLAB_class" in d.attrs for d in arrays.values()
        )
        turn = -1 if is_matlab else 1
        shapes = {n: tuple(int(v) for v in d.shape)[::turn] for n, d in arrays.items()}
        dtypes = {n: _complex_of(d.dtype) for n, d in arrays.items()}

    def load(name):
        with h5py.File(path, "r") as file:
            stored = file[name][()]
        if stored.dtype.names:
            real, imaginary = (stored[n] for n in stored.dtype.names)
            stored = real.astype(dtypes[name])
            stored.imag = imaginary
        return stored.T if is_matlab else stored

    return Store(path, shapes, dtypes, load, is_matlab, is_hdf5=True)


def is_inside(group, name: str) -> bool:
    """Whether an HDF5 link is a plain one: it does not lead to another place or file."""
    import h5py

    return isinstance(group.get(name, getlink=True), h5py.HardLink)


def plain(dataset) -> bool:
    """Whether an HDF5 data set is an array of numbers that lies in its own file."""
    dtype = _complex_of(dataset.dtype)
    own = dataset.shape is not None and not dataset.external and not dataset.is_virtual
    return own and dtype.kind in "biufc" and _is_there(dataset)


def _is_there(dataset):
    """Whether the bytes that the shape claims are in the file: no need to fill what is missing."""
    path = Path(dataset.file.filename)
    held, size = dataset.id.get_storage_size(), path.stat().st_size
    filtered = dataset.id.get_create_plist().get_nfilters() > 0
    wanted = min(dataset.size, 1) if filtered else dataset.size * dataset.dtype.itemsize
    if not wanted <= held <= size or prod(dataset.chunks or (1,)) > LARGEST_PART:
        raise Unreadable(
            f"{shown(path)}: {one_line(dataset.name, 60)} claims the shape {dataset.shape}, but of "
            f"its bytes the file of {size} holds {held}: copy it again"
        )
    return True


def _complex_of(dtype):
    """MATLAB stores complex numbers as pairs called real and imag."""
    names = dtype.names
    if names and len(names) == 2 and names[0].lower()[0] == "r" and names[1].lower()[0] == "i":
        parts = {dtype[n] for n in names}
        if parts <= {np.dtype("f4")}:
            return np.dtype(np.complex64)
        if parts <= {np.dtype("f4"), np.dtype("f8")}:
            return np.dtype(np.complex128)
    return dtype
