"""Surfaces for ParaView: VTP files, and a PVD list that plays them in time."""

import base64
from pathlib import Path
from xml.sax.saxutils import quoteattr

import numpy as np

from corporis.imaging.output import write_bytes
from corporis.interfaces import Mesh

VTK_TYPES = {
    "float32": "Float32",
    "float64": "Float64",
    "int8": "Int8",
    "int16": "Int16",
    "int32": "Int32",
    "int64": "Int64",
    "uint8": "UInt8",
    "uint16": "UInt16",
    "uint32": "UInt32",
    "uint64": "UInt64",
}


def write_vtp(mesh: Mesh, path: Path | str) -> Path:
    """Write a still surface as VTK PolyData XML (``.vtp``), binary, with its point data.

    Parameters
    ----------
    mesh : Mesh
        Still; of a moving one take ``mesh.at(time)`` or use `write_pvd`. Coordinates are written
        as they are (RAS+ mm).
    path : path
        The file appears complete or not at all.

    Returns
    -------
    Path

    Raises
    ------
    ValueError
        If the mesh moves, or point data have another length or a type VTK does not know.
    OutputError
        If the file cannot be written.
    """
    if mesh.is_moving:
        raise ValueError("write_vtp writes one time: give mesh.at(time) or use write_pvd")
    n_points, n_cells = len(mesh.points), len(mesh.cells)
    values = []
    for name, data in mesh.point_data.items():
        if np.ndim(data) not in (1, 2) or len(data) != n_points:
            raise ValueError(
                f"point data {name!r} must have {n_points} rows or values, got {np.shape(data)}"
            )
        values.append(_array(name, data))
    cells = np.asarray(mesh.cells, dtype=np.int64)
    ends = 3 * np.arange(1, n_cells + 1, dtype=np.int64)
    lines = [
        '<?xml version="1.0"?>',
        '<VTKFile type="PolyData" version="1.0" byte_order="LittleEndian" header_type="UInt64">',
        f'<PolyData><Piece NumberOfPoints="{n_points}" NumberOfPolys="{n_cells}">',
        "<Points>",
        _array("points", mesh.points),
        "</Points>",
        "<Polys>",
        _array("connectivity", cells.reshape(-1)),
        _array("offsets", ends),
        "</Polys>",
        "<PointData>",
        *values,
        "</PointData>",
        "</Piece></PolyData></VTKFile>",
    ]
    return write_bytes(path, ("\n".join(lines) + "\n").encode("ascii"))


def write_pvd(mesh: Mesh, folder: Path | str, name: str) -> Path:
    """Write a moving surface: ``name_000.vtp`` ... and ``name.pvd``, which ParaView plays.

    Parameters
    ----------
    mesh : Mesh
        Still or moving. The time of a step is `times_ms` where known, else its index.
    folder : path
    name : str
        Stem of the files; letters, digits, ``-`` and ``_``.

    Returns
    -------
    Path
        The ``.pvd`` file, written last.

    Raises
    ------
    ValueError
        If `name` has other characters, or `times_ms` is not one time a step.
    OutputError
        If a file cannot be written.
    """
    if not name or not all(c.isalnum() or c in "-_" for c in name):
        raise ValueError(f"name must be letters, digits, - and _, got {name!r}")
    n_times = len(mesh.points) if mesh.is_moving else 1
    times = np.arange(n_times) if mesh.times_ms is None else np.asarray(mesh.times_ms)
    if times.shape != (n_times,):
        raise ValueError(f"times_ms must have shape ({n_times},), got {times.shape}")
    folder = Path(folder)
    sets = []
    for index, time in enumerate(times):
        file = write_vtp(mesh.at(index), folder / f"{name}_{index:03d}.vtp")
        sets.append(f'<DataSet timestep="{float(time)!r}" part="0" file={quoteattr(file.name)}/>')
    lines = [
        '<?xml version="1.0"?>',
        '<VTKFile type="Collection" version="1.0" byte_order="LittleEndian">',
        "<Collection>",
        *sets,
        "</Collection></VTKFile>",
    ]
    return write_bytes(folder / f"{name}.pvd", ("\n".join(lines) + "\n").encode("utf-8"))


def _array(name, values):
    values = np.asarray(values)
    values = values.astype(np.uint8) if values.dtype == bool else values
    if values.dtype.name not in VTK_TYPES:
        raise ValueError(f"VTK has no type for {name!r} of {values.dtype}: give float or int")
    little = np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<"))
    content = np.uint64(little.nbytes).astype("<u8").tobytes() + little.tobytes()
    label = quoteattr(name.encode("ascii", "xmlcharrefreplace").decode("ascii"))
    width = values.shape[1] if values.ndim == 2 else 1
    return (
        f'<DataArray type="{VTK_TYPES[values.dtype.name]}" Name={label} '
        f'NumberOfComponents="{width}" format="binary">'
        f"{base64.b64encode(content).decode('ascii')}</DataArray>"
    )
