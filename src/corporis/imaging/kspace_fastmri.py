"""HDF5 files in the layout of the fastMRI data: slices of multi-coil k-space with a header."""

from typing import Any

import numpy as np

from corporis.errors import Unsupported
from corporis.imaging.guard import parsing, shown
from corporis.imaging.kspace import KSpace
from corporis.imaging.kspace_arrays import Store, is_inside
from corporis.imaging.kspace_header import Header, parse_header
from corporis.imaging.kspace_heap import Heap, text_of
from corporis.imaging.kspace_samples import (
    check_samples,
    is_whole,
    measured,
    shortened,
    without_oversampling,
)

HEADER = "ismrmrd_header"


def is_fastmri(store: Store) -> bool:
    """Whether a file of arrays has this layout: ``kspace`` (slice, (coil,) row, column)."""
    return store.is_hdf5 and not store.is_matlab and len(store.shapes.get("kspace", ())) in (3, 4)


def read_fastmri(store: Store, keep_oversampling: bool = False) -> KSpace:
    """k-space of a fastMRI-like file; readouts run along the rows' index.

    Raises
    ------
    Unsupported
        If ``kspace`` is not complex.
    Unreadable
        If there is a header and it is bad.
    """
    path = store.path
    if store.dtypes["kspace"].kind != "c":
        raise Unsupported(
            f"{shown(path)}: expected complex k-space, got {store.dtypes['kspace']}: give the raw "
            "data, not a magnitude"
        )
    header = _header(path)
    with np.errstate(over="ignore"):  # what is too large becomes infinite, and is refused
        data = store.array("kspace").astype(np.complex64, copy=False)
    if data.ndim == 3:
        data = data[:, None]
    axes = ("coil", "slice", "row", "column")
    data = np.ascontiguousarray(np.moveaxis(data, 1, 0))
    check_samples(data, axes, path)
    mask = measured(data, axes)
    mask = np.ones((data.shape[1], *data.shape[2:]), bool) if mask is None else mask
    facts: dict[str, Any] = {"format": "fastMRI", "readout_axis": "row"}
    warnings = []
    extent = None
    if header is None:
        warnings.append("no header: field of view unknown, lengths are in pixels")
    else:
        facts |= {k: v for k, v in header.facts.items() if k != "in_pixels"}
        (n_x, *_), (x_mm, y_mm, z_mm) = header.encoded.matrix, header.encoded.extent_mm
        wanted = header.wanted
        keep = round(data.shape[2] * wanted.extent_mm[0] / x_mm) if x_mm > 0 else data.shape[2]
        is_longer = n_x == data.shape[2] and 0 < keep < 0.99 * data.shape[2]
        if is_longer and not keep_oversampling and is_whole(mask, 1):
            facts["readout_oversampling"] = data.shape[2] / keep
            data, mask = without_oversampling(data, 2, keep), shortened(mask, 1, keep)
            x_mm *= keep / n_x
        if min(x_mm, y_mm) > 0:
            extent = (x_mm, y_mm)
            if z_mm > 0:
                facts["slice_thickness_mm"] = z_mm
            facts["reconstructed_matrix"] = wanted.matrix[:2]
            facts["reconstructed_field_of_view_mm"] = wanted.extent_mm[:2]
            if min(wanted.extent_mm[:2]) <= 0:
                del facts["reconstructed_matrix"], facts["reconstructed_field_of_view_mm"]
            warnings.append("position in the patient unknown: axial assumed")
    facts["warnings"] = tuple(warnings)
    kspace = KSpace(data, axes, None if mask.all() else mask, field_of_view_mm=extent, facts=facts)
    return kspace.at("slice", 0) if kspace.size("slice") == 1 else kspace


def _header(path) -> Header | None:
    import h5py

    with parsing(path, "an HDF5 file"), h5py.File(path, "r") as file:
        if HEADER not in file or not is_inside(file, HEADER) or file.userblock_size:
            return None
        text = text_of(file[HEADER], Heap(path))
    return parse_header(text, path)
