"""k-space: what a scanner measured, on a raster or along a trajectory, before it is an image."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from corporis.imaging.image import Image
from corporis.imaging.plane import AXIAL, Plane
from corporis.interfaces import Shape

AXES = ("frame", "contrast", "coil", "slice", "row", "column", "shot", "sample")
"""Names of the axes of k-space, in the order in which they always lie."""


@dataclass(frozen=True, eq=False)
class KSpace:
    """Samples of one scan with named axes, and all that is known about how they were taken.

    Frequency 0 lies at index ``n // 2`` of an encoded axis, as does position 0 of the image. On a
    raster, what was not measured is zero; `mask` says which samples were.

    Parameters
    ----------
    data : complex64 array
        Samples, in the scanner's arbitrary unit.
    axes : tuple of str
        One name an axis, in the order of `AXES`. ``coil`` always; ``row`` and ``column`` on a
        raster, ``shot`` and ``sample`` (one readout each) along a trajectory; ``frame``,
        ``contrast`` and ``slice`` where there are several.
    mask : bool array or None
        Which samples were measured, in the shape of `data` without ``coil``; None for all.
    maps : complex array or None
        Coil sensitivities (coil, ...) or several sets of them (set, coil, ...), the dots standing
        for ``slice``, where there is one, and `matrix`.
    noise : complex array or None, (n_coils, n_samples)
        Samples taken without an object, scaled to the variance of `data`.
    trajectory : array or None
        Frequencies in radians a pixel, ``trajectory[..., i]`` along the i-th axis of `matrix`; the
        shape of `data` without ``coil``, and one more axis. None on a raster.
    density : array or None
        Weights of the samples of a trajectory, the shape of `data` without ``coil``.
    matrix : tuple of int or None
        Shape of the image, (rows, columns) or (slices, rows, columns); a raster gives it itself.
    field_of_view_mm : tuple of float or None
        Extent of the image along the axes of `matrix`; None where unknown.
    affine : array or None, (4, 4)
        From (slice, row, column) of the image on `matrix` to RAS+ mm, as that of an `Image`.
    is_volume : bool
        Whether ``slice`` is Fourier-encoded too (a 3-D scan), not a stack of 2-D scans.
    facts : mapping
        Non-identifying facts: ``format``, ``warnings``, ``partial_fourier``, ``zero_filled``, ...
        as `read_kspace` lists them.

    Raises
    ------
    ValueError
        If axes are unknown, repeated or out of order, if a shape does not fit, or if `data` is not
        complex.

    Examples
    --------
    >>> kspace = KSpace(np.ones((8, 6, 4), np.complex64), ("coil", "row", "column"))
    >>> kspace.n_coils, kspace.matrix
    (8, (6, 4))
    >>> half = kspace.with_mask(np.arange(4) % 2)      # every second column
    >>> half.share, half.at("coil", 0).data.real[0, 0].tolist()
    (0.5, [0.0, 1.0, 0.0, 1.0])
    """

    data: np.ndarray
    axes: tuple[str, ...]
    mask: np.ndarray | None = None
    maps: np.ndarray | None = None
    noise: np.ndarray | None = None
    trajectory: np.ndarray | None = None
    density: np.ndarray | None = None
    matrix: Shape | None = None
    field_of_view_mm: tuple[float, ...] | None = None
    affine: np.ndarray | None = None
    is_volume: bool = False
    facts: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self):
        object.__setattr__(self, "axes", tuple(self.axes))
        _check_axes(self.axes, np.shape(self.data), self.is_volume, self.trajectory is not None)
        if np.asarray(self.data).dtype.kind != "c":
            raise ValueError(f"data must be complex, got {np.asarray(self.data).dtype}")
        object.__setattr__(self, "matrix", self._image_shape())
        grid = self.grid
        for name, shape in (("mask", grid), ("density", grid)):
            _check(name, getattr(self, name), shape)
        if self.trajectory is not None:
            _check("trajectory", self.trajectory, (*grid, len(self.matrix)))
        if self.maps is not None:
            wanted = (self.n_coils, *self.map_shape)
            if (
                np.shape(self.maps)[-len(wanted) :] != wanted
                or np.ndim(self.maps) > len(wanted) + 1
            ):
                raise ValueError(
                    f"maps must have the shape {wanted} of the k-space, or several sets of it, "
                    f"got {np.shape(self.maps)}"
                )
        if self.noise is not None and (np.ndim(self.noise) != 2 or len(self.noise) != self.n_coils):
            raise ValueError(
                f"noise must be ({self.n_coils}, n_samples), got {np.shape(self.noise)}"
            )
        extent = self.field_of_view_mm
        if extent is not None and (
            len(extent) != len(self.matrix) or not all(0 < v < np.inf for v in extent)
        ):
            raise ValueError(
                f"field_of_view_mm must be {len(self.matrix)} lengths > 0, got {extent}"
            )
        _check("affine", self.affine, (4, 4))

    def _image_shape(self) -> Shape:
        if not self.is_cartesian:
            if self.matrix is None or len(self.matrix) not in (2, 3):
                raise ValueError(f"matrix must be (slices,) rows, columns, got {self.matrix}")
            return tuple(int(n) for n in self.matrix)
        own = tuple(self.size(a) for a in self.encoded_axes)
        if self.matrix is not None and tuple(self.matrix) != own:
            raise ValueError(f"matrix must be that of the raster, {own}, got {self.matrix}")
        return own

    @property
    def is_cartesian(self) -> bool:
        """Whether the samples lie on a raster."""
        return "row" in self.axes

    @property
    def encoded_axes(self) -> tuple[str, ...]:
        """Axes of a raster along which the scanner encoded by frequency."""
        return ("slice", "row", "column") if self.is_volume else ("row", "column")

    @property
    def grid(self) -> Shape:
        """Shape of `data` without its coils: that of `mask`."""
        return tuple(n for n, a in zip(np.shape(self.data), self.axes) if a != "coil")

    @property
    def map_shape(self) -> Shape:
        """Shape of one coil's sensitivity: the image's, after a stack's ``slice``."""
        stack = (self.size("slice"),) if "slice" in self.axes and not self.is_volume else ()
        return (*stack, *(self.matrix or ()))

    @property
    def n_coils(self) -> int:
        """Number of receive coils."""
        return self.size("coil")

    @property
    def sampled(self) -> np.ndarray:
        """`mask` as an array, also where all samples were measured."""
        return np.ones(self.grid, bool) if self.mask is None else np.asarray(self.mask)

    @property
    def share(self) -> float:
        """Part of the raster that was measured, 0 to 1."""
        return 1.0 if self.mask is None else float(np.mean(self.mask))

    def size(self, axis: str) -> int:
        """Length of an axis; 1 where it is missing."""
        return np.shape(self.data)[self.axes.index(axis)] if axis in self.axes else 1

    def at(self, axis: str, index: int) -> "KSpace":
        """One frame, contrast or slice of a stack alone; ``coil`` keeps its axis, of length 1.

        Raises
        ------
        ValueError
            If there is no such axis, or it belongs to the encoding.
        """
        if axis not in self.axes or axis not in ("frame", "contrast", "coil", "slice"):
            raise ValueError(f"at() takes a frame, contrast, coil or slice, got {axis!r}")
        if axis == "coil":
            one = slice(index, None if index == -1 else index + 1)
            place = self.axes.index(axis)
            maps = self.maps
            if maps is not None:
                maps = np.take(maps, [index], axis=np.ndim(maps) - len(self.map_shape) - 1)
            return replace(
                self,
                data=self.data[(slice(None),) * place + (one,)],
                maps=maps,
                noise=None if self.noise is None else self.noise[one],
            )
        if axis == "slice" and self.is_volume:
            raise ValueError("slices of a volume are encoded together: transform it first")
        kept = tuple(a for a in self.axes if a != axis)
        place = [a for a in self.axes if a != "coil"].index(axis)
        own = (slice(None),) * place + (index,)
        parts: dict[str, Any] = {
            "mask": None if self.mask is None else self.mask[own],
            "trajectory": None if self.trajectory is None else self.trajectory[own],
            "density": None if self.density is None else self.density[own],
        }
        if axis == "slice":
            if self.maps is not None:
                parts["maps"] = np.take(self.maps, index, axis=-1 - len(self.matrix or ()))
            if self.affine is not None:
                parts["affine"] = self.affine.copy()
                count = range(self.size("slice"))[index]
                parts["affine"][:, 3] += count * self.affine[:, 0]
        here = (slice(None),) * self.axes.index(axis) + (index,)
        return replace(self, data=self.data[here], axes=kept, **parts)

    def with_mask(self, mask) -> "KSpace":
        """Only the samples of a mask, the others zero: a faster scan, tried afterwards.

        Parameters
        ----------
        mask : array of 0 and 1
            In the shape of `data`, with or without ``coil`` (then the same for all), or one that is
            the same for all that is missing: (rows, columns), or (columns,) or (rows,) for whole
            lines; where both fit, columns.

        Raises
        ------
        ValueError
            If the shape does not fit, or it holds other values, or none is sampled.
        """
        new = on_grid(np.asarray(mask), self)
        if self.mask is not None:
            new = new & self.mask
        if not new.any():
            raise ValueError("mask must keep at least one measured sample, got none")
        kept = self.data * np.expand_dims(new, self.axes.index("coil"))
        return replace(self, data=kept, mask=None if new.all() else new)

    def with_maps(self, maps) -> "KSpace":
        """With these coil sensitivities; single axes in front are dropped."""
        maps = np.asarray(maps)
        wanted = (self.n_coils, *self.map_shape)
        while maps.ndim > len(wanted) and len(maps) == 1:
            maps = maps[0]
        if maps.shape == wanted[1:] and self.n_coils == 1:
            maps = maps[None]
        return replace(self, maps=maps.astype(np.complex64))

    def image(
        self,
        data: np.ndarray,
        axes: Sequence[str] | None = None,
        facts: Mapping[str, Any] | None = None,
    ) -> Image:
        """A reconstructed image where it lies in the patient.

        Parameters
        ----------
        data : real array
            In the shape of the image: `matrix`, with frames and slices as in `axes`; or that of
            ``facts["reconstructed_matrix"]``, for which the scanner was asked.
        axes : sequence of str, optional
            Names out of ``frame, contrast, slice, row, column``; by default those of this k-space.
            Frames become ``time`` and contrasts ``channel``.
        facts : mapping, optional
            Further facts of the image; the modality is MR.

        Returns
        -------
        Image
            In mm where the field of view is known, else in pixels of the scan, lying as an axial
            slice.

        Raises
        ------
        ValueError
            If the shape fits neither matrix.
        """
        ours = [a for a in self.axes if a in ("frame", "contrast", "slice")]
        if not self.is_cartesian and len(self.matrix or ()) == 3:
            ours.append("slice")
        axes = tuple(axes) if axes is not None else (*ours, "row", "column")
        if len(axes) != np.ndim(data):
            raise ValueError(f"data must have the axes {axes}, got the shape {np.shape(data)}")
        names = {"frame": "time", "contrast": "channel"}
        return Image(
            data,
            tuple(names.get(a, a) for a in axes),
            self._image_affine(np.shape(data), axes),
            length_unit="mm" if self.field_of_view_mm is not None else "pixel",
            times_ms=self.facts.get("times_ms") if "frame" in axes else None,
            slice_thickness_mm=self.facts.get("slice_thickness_mm"),
            facts={"modality": "MR", **(facts or {})},
        )

    def _image_affine(self, shape, axes):
        sizes = [shape[axes.index(a)] if a in axes else 1 for a in ("slice", "row", "column")]
        inner, known = self.facts.get("reconstructed_matrix"), self.field_of_view_mm
        matrix = self.matrix or ()
        affine = self._own_affine()
        if tuple(sizes[-2:]) == tuple(matrix[-2:]):
            return affine
        if inner is None or tuple(sizes[-2:]) != tuple(inner[-2:]):
            raise ValueError(
                f"an image of this k-space has the matrix {matrix}"
                + (f" or {tuple(inner)}" if inner else "")
                + f", got {tuple(sizes[-2:])}"
            )
        if known is None:
            known = matrix
            steps = self.facts.get("reconstructed_steps", (1.0, 1.0))
            extent = [n * step for n, step in zip(inner[-2:], steps)]
        else:
            extent = self.facts["reconstructed_field_of_view_mm"]
        out = affine.copy()
        for column, old, new, old_mm, new_mm in zip(
            (1, 2), matrix[-2:], inner[-2:], known[-2:], extent[-2:]
        ):
            # both matrices have position 0 at n // 2
            middle = affine[:3, column] * (old // 2)
            out[:3, column] = affine[:3, column] * (new_mm / new) / (old_mm / old)
            out[:3, 3] += middle - out[:3, column] * (new // 2)
        return out

    def _own_affine(self):
        if self.affine is not None:
            return np.asarray(self.affine, dtype=float)
        if self.field_of_view_mm is None:
            rows, columns, thickness = 1.0, 1.0, 1.0
        else:
            steps = [v / n for v, n in zip(self.field_of_view_mm, self.matrix or ())]
            thickness = steps[0] if len(steps) == 3 else self.facts.get("slice_thickness_mm")
            rows, columns = steps[-2:]
        plane = Plane(np.zeros((1, 1, 1)), np.zeros(3), np.array(AXIAL), (rows, columns), thickness)
        return plane.affine()


def _check_axes(axes, shape, is_volume, has_trajectory):
    if len(axes) != len(shape):
        raise ValueError(f"axes must name the {len(shape)} axes of data, got {axes}")
    if list(axes) != sorted(set(axes), key=AXES.index) if set(axes) <= set(AXES) else True:
        raise ValueError(f"axes must be names out of {AXES}, in this order, got {axes}")
    kinds = {"row", "column", "shot", "sample"} & set(axes)
    wanted = {"shot", "sample"} if has_trajectory else {"row", "column"}
    if kinds != wanted or "coil" not in axes:
        raise ValueError(
            f"axes must hold coil and {' and '.join(sorted(wanted))} "
            f"{'with' if has_trajectory else 'without'} a trajectory, got {axes}"
        )
    if is_volume and not has_trajectory and "slice" not in axes:
        raise ValueError(f"a volume needs the axis slice, got {axes}")


def _check(name, array, shape):
    if array is not None and np.shape(array) != tuple(shape):
        raise ValueError(f"{name} must have the shape {tuple(shape)}, got {np.shape(array)}")


def on_grid(mask: np.ndarray, kspace: KSpace) -> np.ndarray:
    """A mask of any shape that `KSpace.with_mask` takes as a bool array on the whole grid.

    Raises
    ------
    ValueError
        If the shape does not fit, or it holds other values than 0 and one more.
    """
    given, grid = mask.shape, kspace.grid
    values = np.unique(mask)
    if (
        mask.dtype.kind not in "biuf"
        or len(values) > 2
        or not np.all(np.isfinite(values))
        or (len(values) == 2 and values[0] != 0)
    ):
        found = ", ".join(str(v) for v in values[:4]) + (", ..." if len(values) > 4 else "")
        raise ValueError(f"mask must hold 0 and one other value, got {found}")
    if mask.shape == kspace.data.shape and "coil" in kspace.axes:
        place = kspace.axes.index("coil")
        first = np.take(mask, [0], axis=place)
        if np.any(mask != first):
            raise ValueError("mask must be the same for all coils, got different ones")
        mask = first.squeeze(axis=place)
    while mask.ndim > 1 and mask.ndim >= len(grid) and len(mask) == 1 and mask.shape != grid:
        mask = mask[0]
    if mask.ndim == 1 and len(mask) != grid[-1] and len(mask) == grid[-2]:
        mask = mask[:, None]
    fits = 1 <= mask.ndim <= len(grid) and all(
        n in (1, m) for n, m in zip(mask.shape[::-1], grid[::-1])
    )
    if not fits or mask.size == 1 < np.prod(grid):
        named = ", ".join(
            f"{n} {a}s" for n, a in zip(grid, (a for a in kspace.axes if a != "coil"))
        )
        raise ValueError(f"mask must fit the k-space of {named}, got the shape {given}")
    return np.broadcast_to(mask != 0, grid).copy()
