"""An image: n-dimensional data that knows where it lies in the patient."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

SPATIAL_AXES = ("slice", "row", "column")
OTHER_AXES = ("time", "channel")


@dataclass(frozen=True)
class Image:
    """n-d data with named axes and an affine from voxel index to RAS+ mm.

    Parameters
    ----------
    data : array, n-d
        Intensities; the order of the axes is that of `axes`.
    axes : tuple of str
        One name an axis, out of ``slice, row, column, time, channel``; each at most once.
    affine : array, (4, 4)
        Maps ``(slice, row, column, 1)`` of a voxel's centre to ``(R, A, S, 1)`` in mm, in this
        order whatever the order of `axes`. A missing spatial axis counts as index 0, and its
        column still gives the step to the next slice (length: slice thickness or spacing).
        Oblique orientations are kept as they are. With ``length_unit="pixel"`` the true spacing
        is unknown and lengths are in pixels.
    length_unit : {"mm", "pixel"}
    unit : str
        Unit of the intensities, "" when arbitrary (as in most MR images).
    times_ms : array or None
        Time after the R wave in ms, (n_times,) or (n_slices, n_times).
    slice_thickness_mm : float or None
    facts : mapping
        Modality, series description and other non-identifying facts; ``file``, the file's name,
        is for who gave it (it may name a patient) and never enters a report; ``is_oriented``,
        whether the file says how the axes run in the patient.
    """

    data: np.ndarray
    axes: tuple[str, ...]
    affine: np.ndarray
    length_unit: str = "mm"
    unit: str = ""
    times_ms: np.ndarray | None = None
    slice_thickness_mm: float | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self):
        if len(self.axes) != np.ndim(self.data) or len(set(self.axes)) != len(self.axes):
            raise ValueError(f"axes {self.axes} do not name the {np.ndim(self.data)} data axes")
        unknown = set(self.axes) - set(SPATIAL_AXES) - set(OTHER_AXES)
        if unknown:
            raise ValueError(f"unknown axes {sorted(unknown)}")
        affine = np.asarray(self.affine, dtype=float)
        if affine.shape != (4, 4) or not np.all(np.isfinite(affine)):
            raise ValueError(f"affine must be a finite (4, 4) array, got {affine.shape}")
        if abs(np.linalg.det(affine[:3, :3])) < 1e-12:
            raise ValueError("affine is singular: slice, row and column steps must span space")
        if self.length_unit not in ("mm", "pixel"):
            raise ValueError(f"length_unit must be 'mm' or 'pixel', got {self.length_unit!r}")
        object.__setattr__(self, "affine", affine)

    def size(self, axis: str) -> int:
        """Number of voxels along an axis; 1 where the axis is missing."""
        return np.shape(self.data)[self.axes.index(axis)] if axis in self.axes else 1

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Steps between slices, rows and columns, in `length_unit`."""
        step, row, column = np.linalg.norm(self.affine[:3, :3], axis=0)
        return float(step), float(row), float(column)

    @property
    def normal(self) -> np.ndarray:
        """Unit normal of the image plane, along the slice step."""
        across = np.cross(self.affine[:3, 1], self.affine[:3, 2])
        across /= np.linalg.norm(across)
        return across * np.sign(across @ self.affine[:3, 0])

    def stack(self) -> np.ndarray:
        """The data as (slice, time, row, column), a view where possible; one channel only."""
        if "channel" in self.axes:
            raise ValueError("stack() takes images of one channel")
        order = [a for a in ("slice", "time", "row", "column") if a in self.axes]
        data = np.transpose(self.data, [self.axes.index(a) for a in order])
        for position, axis in enumerate(("slice", "time", "row", "column")):
            if axis not in self.axes:
                data = np.expand_dims(data, position)
        return data

    def to_world(self, index) -> np.ndarray:
        """RAS+ position of (slice, row, column) indices, (..., 3) to (..., 3)."""
        return np.asarray(index) @ self.affine[:3, :3].T + self.affine[:3, 3]

    def to_index(self, position) -> np.ndarray:
        """(slice, row, column) of RAS+ positions, (..., 3) to (..., 3)."""
        return (np.asarray(position) - self.affine[:3, 3]) @ np.linalg.inv(self.affine[:3, :3]).T

    def with_data(self, data, **changes) -> "Image":
        """The same geometry with other data."""
        return replace(self, data=data, **changes)
